"""Columns in SI units."""

import datetime
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from cellsim.constants import SECONDS_PER_HOUR, ZERO_CELSIUS
from cellsim.fitting.readers.errors import UnreadableRecord
from cellsim.fitting.readers.format import Role
from cellsim.fitting.readers.names import DENSITY, KINDS, NO_UNIT, Column, unit_of
from cellsim.fitting.readers.numbers import Read, clock_in, numbers_in, stamps_in
from cellsim.fitting.readers.table import Table, at_lines, counted
from cellsim.protocols.units import Kind, Unit

DEFAULTS = {Kind.TIME: "s", Kind.CURRENT: "A", Kind.VOLTAGE: "V", Kind.CHARGE: "Ah", Kind.TEMPERATURE: "K"}
HIGHEST_VOLTAGE = 60.0  # V, of what may still be a cell and not its millivolts
CELL_VOLTAGES = (1.5, 5.5)  # V, of nearly all cells
ROOM = (200.0, 450.0)  # K, temperatures at which a cell is measured
FASTEST, SLOWEST = 200.0, 1e-5  # C-rates between which a current is plausible
CLOCK_RATIOS = {"s": 1.0, "min": 60.0, "h": SECONDS_PER_HOUR, "d": 24 * SECONDS_PER_HOUR, "ms": 1e-3}


class Found(NamedTuple):
    """A column in SI units, NaN where a row has none, and what finding it took."""

    values: Float[np.ndarray, " rows"]
    said: list[str]


def time_in(file: str, table: Table, columns: dict[Role, Column], is_unit_given: bool) -> Found:
    """The times [s], as they are written: numbers with a unit, a clock, or dates.

    A unit that is not told is found from the column of dates, where there is one, and else taken to be seconds.
    Raises `UnreadableRecord`.
    """
    column = columns.get(Role.TIME) or columns.get(Role.CLOCK)
    assert column is not None
    cells = table.columns[column.place]
    plain = numbers_in(cells)
    are_numbers = np.isfinite(plain.values).mean() > 0.5
    if not are_numbers or Role.TIME not in columns:
        read = (None if are_numbers else clock_in(cells)) or stamps_in(cells)
        if read is not None:
            how = read.said or "dates"
            is_dated = (
                read.said.startswith(("seconds since", "milliseconds since", "days since", "dates")) or not read.said
            )
            start = float(np.nanmin(read.values)) if is_dated else 0.0
            begun = f", counted from {_date(start)}" if is_dated else ""
            return Found(read.values - start, [f"Time from column '{column.name}', {how}{begun}."])
    if not are_numbers:
        shown = next((str(cell) for cell in cells if str(cell).strip()), "")
        raise UnreadableRecord(
            file, f"'{shown}' is no time: a number, a clock as 1:02:03, or a date.", int(table.lines[0]), column.name
        )
    unit = _unit(file, column, Kind.TIME)
    said = _written(column, plain)
    stamps = stamps_in(table.columns[columns[Role.CLOCK].place]) if Role.CLOCK in columns else None
    ratio = None if stamps is None else _ratio(plain.values, stamps.values)
    if unit is None:
        name = next((name for name, r in CLOCK_RATIOS.items() if ratio is not None and 0.9 * r < ratio < 1.1 * r), None)
        why = f"taken to be {name}, as the dates in '{columns[Role.CLOCK].name}' have it" if name else "taken to be s"
        said.append(f"Time from column '{column.name}', which has no unit: {why}.")
        return Found(plain.values * CLOCK_RATIOS[name or "s"], said)
    expected = unit.factor / unit.divisor
    other = next((name for name, r in CLOCK_RATIOS.items() if ratio is not None and 0.9 * r < ratio < 1.1 * r), None)
    if other is not None and not 0.8 < (ratio or 1.0) / expected < 1.25 and not is_unit_given:
        raise UnreadableRecord(
            file,
            f"its unit is '{column.unit}', but by the dates in column '{columns[Role.CLOCK].name}' it is in {other}. "
            "Say which: "
            f"units={{'time': '{other}'}}.",
            column=column.name,
        )
    return Found(plain.values * unit.factor / unit.divisor, said)


def _date(seconds: float) -> str:
    return f"{datetime.datetime.fromtimestamp(seconds, datetime.UTC):%Y-%m-%d %H:%M:%S}"


def _ratio(t: np.ndarray, stamps: np.ndarray) -> float | None:
    """Seconds by the dates for each of what `t` counts, over all rows that both have."""
    both = np.flatnonzero(np.isfinite(t) & np.isfinite(stamps))
    if len(both) < 2:
        return None
    first, last = both[0], both[-1]
    passed, counted_by = stamps[last] - stamps[first], t[last] - t[first]
    return float(passed / counted_by) if passed >= 10.0 and counted_by > 0 else None  # dates have whole seconds


def voltage_in(file: str, table: Table, column: Column, is_unit_given: bool) -> Found:
    """The voltages [V]. Raises `UnreadableRecord` where the unit cannot be that of a cell."""
    read = numbers_in(table.columns[column.place])
    _refuse_words(file, table, column, read)
    unit = _unit(file, column, Kind.VOLTAGE)
    said = _written(column, read)
    size = float(np.nanmedian(np.abs(read.values)))
    if unit is None:
        name = "mV" if size > HIGHEST_VOLTAGE else "V"
        said.append(f"Voltage from column '{column.name}', which has no unit: taken to be {name}.")
        return Found(read.values / (1e3 if name == "mV" else 1.0), said)
    values = read.values * unit.factor / unit.divisor
    low, high = np.nanmin(read.values), np.nanmax(read.values)
    is_small = unit.divisor >= 1e3 and CELL_VOLTAGES[0] < low and high < CELL_VOLTAGES[1]
    if (size * unit.factor / unit.divisor > HIGHEST_VOLTAGE or is_small) and not is_unit_given:
        likely = "V" if is_small else "mV"
        raise UnreadableRecord(
            file,
            f"voltages from {low:g} to {high:g} {column.unit} are not those of a cell. If the numbers are in "
            f"{likely}, say "
            f"units={{'voltage': '{likely}'}}; if they are meant, units={{'voltage': '{column.unit}'}}.",
            column=column.name,
        )
    return Found(values, said)


def current_in(
    file: str, table: Table, column: Column, is_unit_given: bool, capacity: float | None, area: float | None
) -> Found:
    """The currents [A] with the sign of the file; those of a density [A/m2] are of the `area` [m2].

    The nominal `capacity` [A.h], where it is known, tells a wrong unit. Raises `UnreadableRecord`.
    """
    read = numbers_in(table.columns[column.place])
    _refuse_words(file, table, column, read)
    density = DENSITY.fullmatch(column.unit)
    if density:
        if area is None:
            raise UnreadableRecord(
                file,
                f"'{column.unit}' is a current density; give the area of the electrode, as area=0.1 (in m2).",
                column=column.name,
            )
        size = {"m": 1e-3, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "k": 1e3, "": 1.0}[density["size"][:-1].lower()]
        per_m2 = size * (1e4 if density["length"].lower() == "cm" else 1.0)
        said = [f"Current from column '{column.name}', a density: times the area of {area:g} m2."]
        return Found(read.values * per_m2 * area, said)
    unit = _unit(file, column, Kind.CURRENT)
    said = _written(column, read)
    values = read.values if unit is None else read.values * unit.factor / unit.divisor
    rate = 0.0 if capacity is None else float(np.nanmax(np.abs(values))) / capacity
    is_odd = rate > FASTEST or 0 < rate < SLOWEST
    likely, factor = ("mA", 1e-3) if rate > FASTEST else ("A", 1.0 if unit is None else unit.divisor / unit.factor)
    if unit is None:
        is_milli = is_odd and rate * 1e-3 < FASTEST and rate > FASTEST
        said.append(f"Current from column '{column.name}', which has no unit: taken to be {'mA' if is_milli else 'A'}.")
        return Found(values * (1e-3 if is_milli else 1.0), said)
    if is_odd and not is_unit_given:
        raise UnreadableRecord(
            file,
            f"currents up to {np.nanmax(np.abs(read.values)):g} {column.unit} are {rate:.3g} C of a cell of "
            f"{capacity:g} A.h. If "
            f"the numbers are in {likely}, say units={{'current': '{likely}'}}; if they are meant, "
            f"units={{'current': '{column.unit}'}}.",
            column=column.name,
        )
    return Found(values, said)


def temperature_in(table: Table, column: Column, is_unit_given: bool) -> Found | None:
    """The temperatures [K], those of rows without one from the rows around; None where the column holds none."""
    read = numbers_in(table.columns[column.place])
    values = read.values
    missing = ~np.isfinite(values)
    if missing.all() or np.all(values[~missing] == 0):
        return (
            None
            if missing.all()
            else Found(np.empty(0), [f"Column '{column.name}' holds nothing but zeros, and was not read."])
        )
    unit = unit_of(column.unit, Kind.TEMPERATURE)
    said: list[str] = []
    middle = float(np.median(values[~missing]))
    celsius = Unit(Kind.TEMPERATURE, offset=ZERO_CELSIUS)
    kelvin = Unit(Kind.TEMPERATURE)
    if unit is None:
        unit, name = (kelvin, "K") if ROOM[0] < middle < ROOM[1] else (celsius, "degC")
        said.append(f"Temperature from column '{column.name}', which has no unit that is known: taken to be {name}.")
    elif not ROOM[0] < unit.worth(middle) < ROOM[1] and not is_unit_given:
        other, name = (celsius, "degC") if ROOM[0] < celsius.worth(middle) < ROOM[1] else (kelvin, "K")
        if not ROOM[0] < other.worth(middle) < ROOM[1]:
            return Found(
                np.empty(0),
                [f"Column '{column.name}' around {middle:g} {column.unit} is no temperature, and was not read."],
            )
        said.append(
            f"Column '{column.name}' says {column.unit}, but numbers around {middle:.4g} are {name}: read as that."
        )
        unit = other
    values = unit.factor * values / unit.divisor + unit.offset
    if missing.any():
        rows = np.arange(len(values))
        values[missing] = np.interp(rows[missing], rows[~missing], values[~missing])
        said.append(
            f"{counted(int(missing.sum()), 'row')} without a temperature ({at_lines(table.lines[missing])}): that of "
            "the rows around."
        )
    return Found(values, said)


def charge_in(table: Table, column: Column) -> np.ndarray:
    """A charge, in whatever unit: only whether it grows is asked."""
    return numbers_in(table.columns[column.place]).values


def whole_in(table: Table, column: Column) -> np.ndarray | None:
    """Whole numbers, as of steps; None where the column holds none."""
    values = numbers_in(table.columns[column.place]).values
    if not np.isfinite(values).all() or np.any(values != np.round(values)) or np.abs(values).max(initial=0) > 2**31:
        return None
    return values.astype(int)


def _unit(file: str, column: Column, kind: Kind) -> Unit | None:
    """The unit of a column, None where it has none. Raises `UnreadableRecord` for one that nobody knows."""
    if column.unit.strip("[]() ") in NO_UNIT:
        return None
    found = unit_of(column.unit, kind)
    if found is None:
        role = next(role.value for role, each in KINDS.items() if each is kind)
        raise UnreadableRecord(
            file,
            f"'{column.unit}' is no unit of {kind.value} that is known. Say it: units={{'{role}': "
            f"'{DEFAULTS[kind]}'}}.",
            column=column.name,
        )
    return found


def _written(column: Column, read: Read) -> list[str]:
    return [f"Column '{column.name}' was read with {read.said}."] if read.said else []


def _refuse_words(file: str, table: Table, column: Column, read: Read) -> None:
    """A column with hardly a number is another one than was meant."""
    is_number = np.isfinite(read.values)
    if is_number.mean() > 0.5:
        return
    k = int(np.flatnonzero(~is_number)[0])
    cell = str(table.columns[column.place][k]).strip()
    what = f"'{cell}' is no number" if cell else "it is empty"
    raise UnreadableRecord(
        file, f"{what}, and so in {int(np.sum(~is_number))} of {len(is_number)} rows.", int(table.lines[k]), column.name
    )
