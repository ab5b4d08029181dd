"""CSV exports of Novonix's testers: summary and protocol in brackets, and the rows below `[Data]`."""

from cellsim.fitting.readers.format import Format, Role
from cellsim.fitting.readers.sample import Sample
from cellsim.fitting.readers.table import Table
from cellsim.fitting.readers.text import table_in

DATA = "[Data]"


def recognises(sample: Sample) -> bool:
    """By its first lines."""
    return any("novonix" in line.lower() for line in sample.top[:4])


def table(sample: Sample) -> Table:
    """The rows below the last heading of them."""
    below = [k for k, line in enumerate(sample.lines) if line.strip() == DATA]
    return table_in(sample, first_line=below[-1] + 2 if below else 1)


FORMAT = Format(
    name="Novonix",
    recognises=recognises,
    table=table,
    columns={
        Role.TIME: ("run time",),
        Role.CURRENT: ("current",),
        Role.VOLTAGE: ("potential",),
        Role.TEMPERATURE: ("temperature",),
        Role.STEP: ("step number",),
        Role.CYCLE: ("cycle number",),
        Role.CLOCK: ("date and time",),
    },
    current_sign=-1,
)
