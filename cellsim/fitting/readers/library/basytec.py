"""Text exports of Basytec's testers: a heading of lines that begin with ~, the last of which names the columns."""

from cellsim.fitting.readers.format import Format, Role, has_words
from cellsim.fitting.readers.sample import Sample


def recognises(sample: Sample) -> bool:
    """By its first lines."""
    return any(line.startswith("~") and has_words(line, "basytec") for line in sample.top[:15])


FORMAT = Format(
    name="Basytec",
    recognises=recognises,
    columns={
        Role.TIME: ("time",),
        Role.CURRENT: ("i",),
        Role.VOLTAGE: ("u",),
        Role.TEMPERATURE: ("t1",),
        Role.STEP: ("line",),
        Role.CYCLE: ("cyc-count",),
        Role.STATE: ("command",),
    },
    current_sign=-1,
)
