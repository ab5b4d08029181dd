"""CSV exports of Arbin's testers; their spreadsheets are read as any."""

from cellsim.fitting.readers.format import Format, Role, has_words
from cellsim.fitting.readers.sample import Sample


def recognises(sample: Sample) -> bool:
    """By its names, which have underscores or blanks by age."""
    names = [line.lower().replace("_", " ").replace('"', "") for line in sample.top[:5]]
    return any(has_words(line, "data point", "test time", "step index", "cycle index") for line in names)


FORMAT = Format(
    name="Arbin",
    recognises=recognises,
    columns={
        Role.TIME: ("test_time", "test time"),
        Role.CURRENT: ("current",),
        Role.VOLTAGE: ("voltage",),
        Role.TEMPERATURE: ("aux_temperature_1", "temperature"),
        Role.STEP: ("step_index", "step index"),
        Role.CYCLE: ("cycle_index", "cycle index"),
        Role.CLOCK: ("date_time", "date time", "datetime"),
    },
    current_sign=-1,
)
