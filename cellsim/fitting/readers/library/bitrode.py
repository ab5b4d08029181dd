"""CSV exports of Bitrode's testers, with a column that excludes rows."""

import dataclasses

import numpy as np

from cellsim.fitting.readers.format import Format, Role, has_words
from cellsim.fitting.readers.sample import Sample
from cellsim.fitting.readers.table import Table, at_lines, counted
from cellsim.fitting.readers.text import table_in


def recognises(sample: Sample) -> bool:
    """By its first column."""
    return any(line.lower().startswith("exclude,") and has_words(line, "voltage") for line in sample.top[:40])


def table(sample: Sample) -> Table:
    """Its rows but those that are marked as excluded."""
    found = table_in(sample)
    is_out = np.array([str(cell).strip().lower() in ("yes", "true", "1") for cell in found.columns[0]])
    if not is_out.any():
        return found
    said = f"{counted(int(is_out.sum()), 'row')} marked as excluded ({at_lines(found.lines[is_out])}) left out."
    return dataclasses.replace(found.kept(~is_out), said=(*found.said, said))


FORMAT = Format(
    name="Bitrode",
    recognises=recognises,
    table=table,
    columns={
        Role.TIME: ("time", "total time"),
        Role.CURRENT: ("current",),
        Role.VOLTAGE: ("voltage",),
        Role.STEP: ("step",),
        Role.CYCLE: ("cycle",),
        Role.STATE: ("mode",),
    },
    current_sign=-1,
)
