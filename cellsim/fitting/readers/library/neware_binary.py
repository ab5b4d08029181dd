"""Neware's own files, .nda and .ndax, through the package NewareNDA."""

import warnings

from cellsim.fitting.readers.errors import UnreadableRecord
from cellsim.fitting.readers.extras import imported
from cellsim.fitting.readers.format import Format, Role
from cellsim.fitting.readers.frames import table_from
from cellsim.fitting.readers.sample import Sample
from cellsim.fitting.readers.table import Table


def recognises(sample: Sample) -> bool:
    """By its first bytes, or its ending."""
    return sample.content.startswith(b"NEWARE") or sample.suffix in (".nda", ".ndax")


def table(sample: Sample) -> Table:
    """Its rows. Raises `UnreadableRecord`."""
    sample.refuse_bomb()
    package = imported("NewareNDA", sample.name, "Neware's binary files")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its own use of pandas
            frame = package.read(str(sample.path), log_level="ERROR")
    except Exception as error:  # whatever it meets in a broken file
        raise UnreadableRecord(
            sample.name, f"it is no Neware file that can be read: {error or type(error).__name__}."
        ) from None
    return table_from(frame, sample.name)


FORMAT = Format(
    name="Neware (binary)",
    recognises=recognises,
    table=table,
    columns={
        Role.TIME: ("time",),
        Role.CURRENT: ("current(ma)", "current"),
        Role.VOLTAGE: ("voltage",),
        Role.TEMPERATURE: ("t1",),
        Role.STEP: ("step",),
        Role.CYCLE: ("cycle",),
        Role.STATE: ("status",),
        Role.CLOCK: ("timestamp",),
    },
    units={Role.VOLTAGE: "V", Role.TIME: "s"},
    current_sign=-1,
)
