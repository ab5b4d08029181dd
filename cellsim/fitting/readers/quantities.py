"""Columns in SI units, NaN where a row has no number."""

import datetime

import numpy as np
from jaxtyping import Float, Int

from cellsim.constants import SECONDS_PER_HOUR, ZERO_CELSIUS
from cellsim.fitting.readers.format import Role
from cellsim.fitting.readers.names import DENSITY, KINDS, NO_UNIT, Column, unit_of
from cellsim.fitting.readers.numbers import Read, clock_in, numbers_in, stamps_in
from cellsim.fitting.readers.reading import Reading
from cellsim.fitting.readers.table import at_lines, counted
from cellsim.protocols.units import Kind, Unit

DEFAULTS = {Kind.TIME: "s", Kind.CURRENT: "A", Kind.VOLTAGE: "V", Kind.CHARGE: "Ah", Kind.TEMPERATURE: "K"}
HIGHEST_VOLTAGE = 60.0  # V, of what may still be a cell and not its millivolts
CELL_VOLTAGES = (1.5, 5.5)  # V, of nearly all cells
ROOM = (200.0, 450.0)  # K, temperatures at which a cell is measured
FASTEST, SLOWEST = 200.0, 1e-5  # C-rates between which a current is plausible
CLOCK_RATIOS = {"s": 1.0, "min": 60.0, "h": SECONDS_PER_HOUR, "d": 24 * SECONDS_PER_HOUR, "ms": 1e-3}
SINCE_1970 = 5e8  # s, beyond which a time is a date
SIZES = {"m": 1e-3, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "k": 1e3, "": 1.0}
CELSIUS, KELVIN = Unit(Kind.TEMPERATURE, offset=ZERO_CELSIUS), Unit(Kind.TEMPERATURE)

Rows = Float[np.ndarray, " rows"]


# ---- time


def time_in(reading: Reading) -> Rows:
    """The times [s], as they are written: numbers with a unit, a clock, or dates, which are counted from the first.

    A unit that is not told is found from the column of dates, where there is one, and else taken to be seconds.
    Raises `UnreadableRecord`.
    """
    columns = reading.columns
    column = columns.get(Role.TIME) or columns[Role.CLOCK]
    cells = reading.table.columns[column.place]
    plain = numbers_in(cells)
    if np.isfinite(plain.values).mean() > 0.5 and Role.TIME in columns:
        t = plain.values * _seconds(reading, column, plain)
        return t if not np.nanmin(t) > SINCE_1970 else _counted(reading, column, Read(t, "seconds since 1970"))
    dated = stamps_in(cells)
    clock = None if dated is not None else clock_in(cells)
    if clock is not None:
        reading.say(f"Time from column '{column.name}', {clock.said}.")
        return clock.values
    if dated is None:
        shown = next((str(cell) for cell in cells if str(cell).strip()), "")
        raise reading.refused(f"'{shown}' is no time: a number, a clock as 1:02:03, or a date.", 0, column)
    return _counted(reading, column, dated)


def _counted(reading: Reading, column: Column, dated: Read) -> Rows:
    """Seconds since the first of some dates."""
    start = float(np.nanmin(dated.values))
    date = datetime.datetime.fromtimestamp(start, datetime.UTC)
    reading.say(f"Time from column '{column.name}', {dated.said or 'dates'}, counted from {date:%Y-%m-%d %H:%M:%S}.")
    return dated.values - start


def _seconds(reading: Reading, column: Column, read: Read) -> float:
    """What a number in the column of times is worth [s]."""
    unit = _unit(reading, column, Kind.TIME)
    _say_how(reading, column, read)
    clock = reading.columns.get(Role.CLOCK)
    stamps = None if clock is None else stamps_in(reading.table.columns[clock.place])
    ratio = None if stamps is None else _ratio(read.values, stamps.values)
    by_dates = next((name for name, r in CLOCK_RATIOS.items() if ratio is not None and 0.9 * r < ratio < 1.1 * r), None)
    if unit is None:
        why = "" if by_dates is None or clock is None else f", as the dates in '{clock.name}' have it"
        name = by_dates or "s"
        reading.say(f"Time from column '{column.name}', which has no unit: taken to be {name}{why}.")
        return CLOCK_RATIOS[name]
    expected = unit.factor / unit.divisor
    agrees = by_dates is None or 0.8 < CLOCK_RATIOS[by_dates] / expected < 1.25
    if not agrees and clock is not None and not reading.told.has_unit(Role.TIME):
        raise reading.refused(
            f"its unit is '{column.unit}', but by the dates in column '{clock.name}' it is in {by_dates}. Say which: "
            f"units={{'time': '{by_dates}'}}.",
            column=column,
        )
    return expected


def _ratio(t: np.ndarray, stamps: np.ndarray) -> float | None:
    """Seconds by the dates for each of what `t` counts, over all rows that both have."""
    both = np.flatnonzero(np.isfinite(t) & np.isfinite(stamps))
    if len(both) < 2:
        return None
    passed, counts = stamps[both[-1]] - stamps[both[0]], t[both[-1]] - t[both[0]]
    return float(passed / counts) if passed >= 10.0 and counts > 0 else None  # dates have whole seconds


# ---- voltage


def voltage_in(reading: Reading) -> Rows:
    """The voltages [V]. Raises `UnreadableRecord` where the unit cannot be that of a cell."""
    column = reading.columns[Role.VOLTAGE]
    read = _read(reading, column)
    unit = _unit(reading, column, Kind.VOLTAGE)
    size = float(np.nanmedian(np.abs(read.values)))
    if unit is None:
        name = "mV" if size > HIGHEST_VOLTAGE else "V"
        reading.say(f"Voltage from column '{column.name}', which has no unit: taken to be {name}.")
        return read.values / (1e3 if name == "mV" else 1.0)
    low, high = np.nanmin(read.values), np.nanmax(read.values)
    is_small = unit.divisor >= 1e3 and CELL_VOLTAGES[0] < low and high < CELL_VOLTAGES[1]
    is_odd = is_small or size * unit.factor / unit.divisor > HIGHEST_VOLTAGE
    if is_odd and not reading.told.has_unit(Role.VOLTAGE):
        likely = "V" if is_small else "mV"
        raise reading.refused(
            f"voltages from {low:g} to {high:g} {column.unit} are not those of a cell. If the numbers are in {likely}, "
            f"say units={{'voltage': '{likely}'}}; if they are meant, units={{'voltage': '{column.unit}'}}.",
            column=column,
        )
    return read.values * unit.factor / unit.divisor


# ---- current


def current_in(reading: Reading) -> Rows:
    """The currents [A] with the sign of the file; a constant one as it was told, positive on discharge; of two columns
    the discharge less the charge. Raises `UnreadableRecord`."""
    told, columns = reading.told.current, reading.columns
    if told is not None:
        reading.say(f"The current is {told:g} A throughout, as told.")
        return np.full(len(reading.table), float(told))
    if Role.CURRENT in columns:
        return _current(reading, Role.CURRENT)
    into, out = (np.abs(_current(reading, role)) for role in (Role.CURRENT_IN, Role.CURRENT_OUT))
    names = [columns[role].name for role in (Role.CURRENT_OUT, Role.CURRENT_IN)]
    reading.say(f"Current from two columns: that of '{names[0]}' less that of '{names[1]}'.")
    is_missing = np.isnan(into) & np.isnan(out)  # where one is empty the other passes
    return np.where(is_missing, np.nan, np.nan_to_num(out) - np.nan_to_num(into))


def _current(reading: Reading, role: Role) -> Rows:
    """The currents [A] of one column; those of a density are of the area that was told. The nominal capacity, where it
    is known, tells a wrong unit."""
    column, capacity = reading.columns[role], reading.told.capacity
    read = _read(reading, column, is_often_empty=role is not Role.CURRENT)
    if DENSITY.fullmatch(column.unit):
        return read.values * _per_density(reading, column)
    unit = _unit(reading, column, Kind.CURRENT)
    values = read.values if unit is None else read.values * unit.factor / unit.divisor
    most = float(np.nanmax(np.abs(values)))
    rate = 0.0 if capacity is None else most / capacity
    if unit is None:
        is_milli = rate > FASTEST > 1e-3 * rate
        reading.say(f"Current from column '{column.name}', which has no unit: taken to be {'mA' if is_milli else 'A'}.")
        return values * (1e-3 if is_milli else 1.0)
    is_odd = rate > FASTEST or 0 < rate < SLOWEST
    if is_odd and not reading.told.has_unit(role, Role.CURRENT):
        likely = "mA" if rate > FASTEST else "A"
        raise reading.refused(
            f"currents up to {most * unit.divisor / unit.factor:g} {column.unit} are {rate:.3g} C of a cell of "
            f"{capacity:g} A.h. If the numbers are in {likely}, say units={{'current': '{likely}'}}; if they are "
            f"meant, units={{'current': '{column.unit}'}}.",
            column=column,
        )
    return values


def _per_density(reading: Reading, column: Column) -> float:
    """The current [A] of a current density of one in the column's unit."""
    density, area = DENSITY.fullmatch(column.unit), reading.told.area
    assert density is not None
    if area is None:
        raise reading.refused(
            f"'{column.unit}' is a current density; give the area of the electrode, as area=0.1 (in m2).", column=column
        )
    reading.say(f"Current from column '{column.name}', a density: times the area of {area:g} m2.")
    per_m2 = 1e4 if density["length"].lower() == "cm" else 1.0
    return SIZES[density["size"][:-1].lower()] * per_m2 * area


# ---- temperature, and numbers of steps


def temperature_in(reading: Reading) -> Rows | None:
    """The temperatures [K], those of rows without one from the rows around; None where there is no column of any."""
    column = reading.columns.get(Role.TEMPERATURE)
    if column is None:
        return None
    values = numbers_in(reading.table.columns[column.place]).values
    missing = ~np.isfinite(values)
    if np.all(missing | (values == 0)):
        reading.say(f"Column '{column.name}' holds no temperature{'' if missing.all() else ' but zeros'}: not read.")
        return None
    unit = _unit_of_temperature(reading, column, float(np.median(values[~missing])))
    if unit is None:
        return None
    values = unit.factor * values / unit.divisor + unit.offset
    if missing.any():
        rows = np.arange(len(values))
        values[missing] = np.interp(rows[missing], rows[~missing], values[~missing])
        lines = at_lines(reading.table.lines[missing])
        reading.say(f"{counted(int(missing.sum()), 'row')} without a temperature ({lines}): that of the rows around.")
    return values


def _unit_of_temperature(reading: Reading, column: Column, middle: float) -> Unit | None:
    """The unit in which the `middle` number is the temperature of a room or an oven; None where it is in none."""
    unit = unit_of(column.unit, Kind.TEMPERATURE)
    is_plausible = lambda unit: ROOM[0] < unit.worth(middle) < ROOM[1]
    if unit is not None and (is_plausible(unit) or reading.told.has_unit(Role.TEMPERATURE)):
        return unit
    other, name = (KELVIN, "K") if is_plausible(KELVIN) else (CELSIUS, "degC")
    if not is_plausible(other):
        reading.say(f"Column '{column.name}' around {middle:g} {column.unit} is no temperature, and was not read.")
        return None
    if unit is None:
        reading.say(f"Temperature from column '{column.name}', which has no unit that is known: taken to be {name}.")
    else:
        reading.say(
            f"Column '{column.name}' says {column.unit}, but numbers around {middle:.4g} are {name}: read as that."
        )
    return other


def numbering_in(reading: Reading, role: Role) -> Int[np.ndarray, " rows"] | None:
    """The numbers of steps or of cycles; None where there is no column of whole numbers."""
    column = reading.columns.get(role)
    if column is None:
        return None
    values = numbers_in(reading.table.columns[column.place]).values
    if np.isfinite(values).all() and np.all(values == np.round(values)) and np.abs(values).max(initial=0) < 2**31:
        return values.astype(int)
    reading.say(f"Column '{column.name}' holds no whole numbers, and gives no {role.value}s.")
    return None


# ---- cells to numbers


def _read(reading: Reading, column: Column, is_often_empty: bool = False) -> Read:
    """The numbers of a column; one with hardly any is another one than was meant, and is refused."""
    read = numbers_in(reading.table.columns[column.place])
    is_number = np.isfinite(read.values)
    if is_number.mean() <= (0.0 if is_often_empty else 0.5):
        k = int(np.flatnonzero(~is_number)[0])
        cell = str(reading.table.columns[column.place][k]).strip()
        what = f"'{cell}' is no number" if cell else "it is empty"
        many = f"{int(np.sum(~is_number))} of {len(is_number)} rows"
        raise reading.refused(f"{what}, and so in {many}.", k, column)
    _say_how(reading, column, read)
    return read


def _say_how(reading: Reading, column: Column, read: Read) -> None:
    if read.said:
        reading.say(f"Column '{column.name}' was read with {read.said}.")


def _unit(reading: Reading, column: Column, kind: Kind) -> Unit | None:
    """The unit of a column, None where it has none. Raises `UnreadableRecord` for one that nobody knows."""
    if column.unit.strip("[]() ") in NO_UNIT:
        return None
    found = unit_of(column.unit, kind)
    if found is None:
        role = next(role.value for role, each in KINDS.items() if each is kind)
        raise reading.refused(
            f"'{column.unit}' is no unit of {kind.value} that is known. Say it: "
            f"units={{'{role}': '{DEFAULTS[kind]}'}}.",
            column=column,
        )
    return found
