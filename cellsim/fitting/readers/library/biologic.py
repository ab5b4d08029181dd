"""Text exports of BioLogic's EC-Lab and BT-Lab (.mpt, .txt), with their heading or without it."""

import re

from cellsim.fitting.readers.format import Format, Role, has_words
from cellsim.fitting.readers.sample import Sample
from cellsim.fitting.readers.table import Table
from cellsim.fitting.readers.text import table_in


def recognises(sample: Sample) -> bool:
    """By its heading, or the names of its columns."""
    if not sample.top:
        return False
    is_named = has_words(sample.top[0], "time/s") and any(
        has_words(sample.top[0], name) for name in ("ecell/v", "ewe/v")
    )
    return is_named or has_words(sample.top[0], "lab ascii file")


def table(sample: Sample) -> Table:
    """Its rows; the heading says how many lines it has."""
    for line in sample.top:
        found = re.match(r"Nb header lines\s*:\s*(\d+)", line)
        if found:
            return table_in(sample, first_line=int(found[1]))
    return table_in(sample)


FORMAT = Format(
    name="BioLogic",
    recognises=recognises,
    table=table,
    columns={
        Role.TIME: ("time",),
        Role.CURRENT: ("i", "<i>"),
        Role.VOLTAGE: ("ecell", "ewe-ece", "<ewe>", "ewe"),
        Role.TEMPERATURE: ("temperature",),
        Role.STEP: ("ns",),
        Role.CYCLE: ("cycle number",),
        Role.CHARGE_IN: ("q charge",),
        Role.CHARGE_OUT: ("q discharge",),
    },
    current_sign=-1,
)
