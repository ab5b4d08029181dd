"""Exports of Maccor's testers: tabs or commas, currents without a sign, a letter for charge and discharge."""

from cellsim.fitting.readers.format import Format, Role, has_words
from cellsim.fitting.readers.sample import Sample


def recognises(sample: Sample) -> bool:
    """By the names of its first columns."""
    first = ("rec\t", "rec,", "rec#")
    return any(line.lower().startswith(first) and has_words(line, "cyc", "step") for line in sample.top[:40])


FORMAT = Format(
    name="Maccor",
    recognises=recognises,
    columns={
        Role.TIME: ("test", "testtime", "test time"),
        Role.STEP_TIME: ("step", "steptime", "step time"),
        Role.STEP: ("step",),
        Role.CURRENT: ("amps", "current"),
        Role.VOLTAGE: ("volts", "voltage"),
        Role.CYCLE: ("cyc#", "cycle c"),
        Role.STATE: ("state", "md"),
        Role.CLOCK: ("dpt time",),
    },
    current_sign=-1,
)
