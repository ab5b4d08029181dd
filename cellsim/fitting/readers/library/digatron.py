"""CSV exports of Digatron's testers: a heading, names, and a line of units below them."""

from cellsim.fitting.readers.format import Format, Role, has_words
from cellsim.fitting.readers.sample import Sample


def recognises(sample: Sample) -> bool:
    """By the names of its columns."""
    return any(has_words(line, "prog time", "ahaccu", "status") for line in sample.top[:60])


FORMAT = Format(
    name="Digatron",
    recognises=recognises,
    columns={
        Role.TIME: ("prog time",),
        Role.CURRENT: ("current",),
        Role.VOLTAGE: ("voltage",),
        Role.TEMPERATURE: ("logtempmid", "logtemp001"),
        Role.STEP: ("step",),
        Role.CYCLE: ("cycle",),
        Role.STATE: ("status",),
    },
    units={Role.TEMPERATURE: "degC"},  # the line of units has the kind of sensor there
    current_sign=-1,
)
