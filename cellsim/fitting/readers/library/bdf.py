"""Battery Data Format: columns called `Test Time / s`, `Voltage / V`, `Current / A`, or `test_time_second` and so on.

Source: Battery Data Format, Battery Data Alliance (LF Energy), https://github.com/battery-data-alliance.
"""

from cellsim.fitting.readers.format import Format, Role, has_words
from cellsim.fitting.readers.sample import Sample


def recognises(sample: Sample) -> bool:
    """By its names."""
    known = (("test time /", "voltage /"), ("test_time_second", "voltage_volt"))
    return any(has_words(line, *words) for line in sample.top[:5] for words in known)


FORMAT = Format(
    name="Battery Data Format",
    recognises=recognises,
    columns={
        Role.TIME: ("test time", "test_time"),
        Role.CURRENT: ("current", "net current"),
        Role.VOLTAGE: ("voltage",),
        Role.TEMPERATURE: (
            "surface temperature t1",
            "temperature t1",
            "surface_temperature_t1",
            "temperature_t1",
            "ambient temperature",
            "ambient_temperature",
        ),
        Role.STEP: ("step index", "step count", "step_index", "step_count"),
        Role.CYCLE: ("cycle count", "cycle_count"),
        Role.STATE: ("step type", "step_type"),
        Role.CLOCK: ("unix time", "unix_time", "date time", "date_time"),
    },
)
