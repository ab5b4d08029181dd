"""The charges that an instrument counted, against its times and currents: they tell a wrong unit."""

import numpy as np

from cellsim.constants import SECONDS_PER_HOUR
from cellsim.fitting.readers.format import Role
from cellsim.fitting.readers.names import NO_UNIT, unit_of
from cellsim.fitting.readers.numbers import numbers_in
from cellsim.fitting.readers.reading import Reading
from cellsim.protocols.units import Kind

# How many times more charge was counted than the times and currents make, and the unit that explains it.
EXPLAINED = {
    3600.0: (Role.TIME, "h"),
    60.0: (Role.TIME, "min"),
    1 / 60: (Role.TIME, "s"),
    1 / 3600: (Role.TIME, "s"),
    1e3: (Role.CURRENT, "A"),
    1e-3: (Role.CURRENT, "mA"),
}
NEAR = 0.1  # of such a factor
ENOUGH = 5  # rows in which a charge was counted


def agreeing(reading: Reading, t: np.ndarray, I: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Times [s] and currents [A] that agree with the charges of the file. Where they differ by what a unit makes, one
    that was but guessed is corrected. Raises `UnreadableRecord` where the file itself says the other unit."""
    ratio = _ratio(reading, t, I)
    factor = next((f for f in EXPLAINED if ratio is not None and abs(ratio / f - 1) < NEAR), None)
    if factor is None:
        return t, I
    role, unit = EXPLAINED[factor]
    column = reading.columns.get(role)
    if column is None or reading.told.has_unit(role):
        return t, I
    more = f"{factor:g} times more" if factor > 1 else f"{1 / factor:g} times less"
    if column.unit.strip("[]() ") not in NO_UNIT:
        raise reading.refused(
            f"by the capacities of the file {more} charge passed than its times and currents make. If the numbers are "
            f"in {unit}, say units={{'{role.value}': '{unit}'}}; if not, units={{'{role.value}': '{column.unit}'}}.",
            column=column,
        )
    reading.say(
        f"By the capacities of the file {more} charge passed: column '{column.name}' was taken to be in {unit}."
    )
    return (factor * t, I) if role is Role.TIME else (t, factor * I)


def _ratio(reading: Reading, t: np.ndarray, I: np.ndarray) -> float | None:
    """The charge that was counted by that which the times and currents make; None where too little was counted."""
    made = np.abs(0.5 * (I[1:] + I[:-1]) * np.diff(t)) / SECONDS_PER_HOUR
    grown = np.zeros_like(made)
    for role in (Role.CHARGE_IN, Role.CHARGE_OUT):
        column = reading.columns.get(role)
        unit = None if column is None else unit_of(column.unit, Kind.CHARGE)
        if column is not None and unit is not None:
            charge = numbers_in(reading.table.columns[column.place]).values * unit.factor / unit.divisor
            steps = np.diff(charge)
            grown += np.where(np.isfinite(steps) & (steps > 0), steps, 0.0)
    counts = (grown > 0) & (made > 0)
    return float(np.sum(grown[counts]) / np.sum(made[counts])) if np.sum(counts) >= ENOUGH else None
