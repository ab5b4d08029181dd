"""CSV exports of PEC's testers: a heading of the test, its results, and the rows."""

from cellsim.fitting.readers.format import Format, Role, has_words
from cellsim.fitting.readers.sample import Sample


def recognises(sample: Sample) -> bool:
    """By its heading."""
    return any(has_words(line, "testregime") for line in sample.top[:40])


FORMAT = Format(
    name="PEC",
    recognises=recognises,
    columns={
        Role.TIME: ("total time",),
        Role.CURRENT: ("current",),
        Role.VOLTAGE: ("voltage",),
        Role.TEMPERATURE: ("cell surface temperature", "ambient temperature"),
        Role.STEP: ("step",),
        Role.CYCLE: ("cycle",),
        Role.CLOCK: ("real time",),
    },
    current_sign=-1,
)
