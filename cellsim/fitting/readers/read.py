"""From a file to a record."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cellsim.fitting.readers.charges import checked
from cellsim.fitting.readers.errors import UnreadableRecord
from cellsim.fitting.readers.format import Format, Role, format_called, format_of
from cellsim.fitting.readers.names import Column, listed, understood
from cellsim.fitting.readers.quantities import charge_in, current_in, temperature_in, time_in, voltage_in, whole_in
from cellsim.fitting.readers.sample import Sample
from cellsim.fitting.readers.signs import Evidence, signed, states_in
from cellsim.fitting.readers.table import Table, at_lines, counted
from cellsim.fitting.readers.times import gaps, ordered
from cellsim.fitting.record import Record
from cellsim.registry import suggestion

MOST_LOST = 0.5  # share of the rows without numbers, above which a file is not read


def read_record(
    path: str | Path,
    *,
    columns: Mapping[str, str | int] | None = None,
    units: Mapping[str, str] | None = None,
    format: str | None = None,
    where: Mapping[str, Any] | None = None,
    current: float | None = None,
    current_sign: int | None = None,
    capacity: float | None = None,
    area: float | None = None,
    name: str | None = None,
) -> Record:
    """The record in a file of a cycler, or in a table with columns of any names, in SI units and positive on discharge.

    The format, the columns, their units and the sign of the current are found from the file; `record.said` tells how,
    and what was repaired or left out. What is said here wins over what is found:

    - `columns`: the name of a column, or its number from 1, for "time", "current", "voltage", "temperature", "step",
      "cycle", "state" (charge or discharge in words), "clock", "charge current" and others.
    - `units`: as `{"current": "mA"}`.
    - `format`: a name of `cellsim.fitting.readers.formats()`, as "maccor".
    - `where`: of a file with several records, the value in a column, as `{"cell": "A7", "cycle": 3}`.
    - `current` [A]: of a file without a current, positive on discharge.
    - `current_sign`: 1 where the file counts discharge positive, -1 where charge.
    - `capacity` [A.h]: the nominal one, which tells a wrong unit of the current.
    - `area` [m2]: of a file with a current density.

    Raises `UnreadableRecord`, with the file, the line or the column, what was found and what is needed.
    """
    sample = Sample(path)
    form = format_of(sample) if format is None else format_called(format, sample.name)
    table = form.table(sample)
    said = (
        [f"Read as {form.name}.", *sample.said, *table.said]
        if sample.suffix
        else [f"Read as {form.name}.", *table.said]
    )
    table = _chosen_rows(sample.name, table, where or {}, said)
    units = dict(units or {})
    found, more = understood(sample.name, table, form, dict(columns or {}), units)
    if (step_time := found.pop(Role.STEP_TIME, None)) is not None and not {Role.TIME, Role.CLOCK} & set(found):
        found[Role.TIME] = step_time
    _check_needed(sample.name, table, form, found, current)
    said += [_listed(found), *more]
    is_given = lambda role: role.value in {key.strip().lower().replace("_", " ") for key in units}
    t = time_in(sample.name, table, found, is_given(Role.TIME))
    V = voltage_in(sample.name, table, found[Role.VOLTAGE], is_given(Role.VOLTAGE))
    said += [*t.said, *V.said]
    I = _current(sample.name, table, found, current, is_given, capacity, area, said)
    keep = _complete(sample.name, table, t.values, I, V.values, said)
    table, t_kept, I, V_kept = table.kept(keep), t.values[keep], I[keep], V.values[keep]
    _refuse_exchanged(sample.name, I, V_kept, found)
    whole: dict[Role, np.ndarray | None] = {
        role: whole_in(table, found[role]) for role in (Role.STEP, Role.CYCLE) if role in found
    }
    said += [
        f"Column '{found[role].name}' holds no whole numbers, and gives no {role.value}s."
        for role, x in whole.items()
        if x is None
    ]
    rows, times, more = ordered(
        sample.name, t_kept, I, V_kept, table, _places(whole), {column.name for column in found.values()}
    )
    said += more
    table, I, V_kept = table.kept(rows), I[rows], V_kept[rows]
    if len(times) < 2:
        raise UnreadableRecord(sample.name, f"{counted(len(times), 'row')} left; a record needs two at least.")
    given = [role for role in found if is_given(role)]
    times, I = checked(sample.name, times, I, table, found, given, said)
    I = _signed(sample.name, table, form, found, I, V_kept, current, current_sign, said)
    T = None
    if Role.TEMPERATURE in found:
        warm = temperature_in(table, found[Role.TEMPERATURE], is_given(Role.TEMPERATURE))
        if warm is not None:
            T = warm.values if len(warm.values) else None
            said += warm.said
    said += gaps(times, I, table.lines)
    at = lambda role: None if (numbers := whole.get(role)) is None else numbers[rows]
    said.append(f"{counted(len(times), 'row')} over {times[-1] - times[0]:.6g} s.")
    return Record(times, I, V_kept, T, at(Role.STEP), at(Role.CYCLE), name or sample.path.stem, tuple(said))


# ---- columns


def _listed(found: dict[Role, Column]) -> str:
    of = lambda column: f"'{column.name}'" + (f" in {column.unit}" if column.unit.strip("[]() -1") else "")
    return f"Columns: {', '.join(f'{role.value} from {of(column)}' for role, column in found.items())}."


def _chosen_rows(file: str, table: Table, where: Mapping[str, Any], said: list[str]) -> Table:
    """The rows with these values in these columns."""
    if not len(table):
        raise UnreadableRecord(file, "there are no rows of numbers.")
    for name, value in where.items():
        if name not in table.names:
            raise UnreadableRecord(
                file, f"there is no column '{name}'.{suggestion(name, table.names)} There are: {listed(table)}."
            )
        column = table.columns[table.names.index(name)]
        keep = np.array([_is(cell, value) for cell in column])
        if not keep.any():
            there = list(dict.fromkeys(str(cell) for cell in column))
            shown = ", ".join(there[:12]) + (", ..." if len(there) > 12 else "")
            raise UnreadableRecord(file, f"no row has {value}; there are: {shown}.", column=name)
        table = table.kept(keep)
    if where:
        said.append(
            f"{counted(len(table), 'row')} where {' and '.join(f'{name} is {value}' for name, value in where.items())}."
        )
    return table


def _is(cell: Any, value: Any) -> bool:
    if str(cell).strip() == str(value).strip():
        return True
    try:
        return float(cell) == float(value)
    except (TypeError, ValueError):
        return False


def _check_needed(file: str, table: Table, form: Format, found: dict[Role, Column], current: float | None) -> None:
    """Refuses a table without times, voltages or currents."""
    both = Role.CURRENT_IN in found and Role.CURRENT_OUT in found
    missing = [] if Role.TIME in found or Role.CLOCK in found else ["time"]
    missing += [] if Role.VOLTAGE in found else ["voltage"]
    if not missing and (Role.CURRENT in found or both or current is not None):
        return
    if not missing:
        raise UnreadableRecord(
            file,
            f"there is no current among the columns {listed(table)}. Name it, as columns={{'current': 'I'}}; or "
            "where it was "
            "constant, give it: current=5.0 (in A, positive on discharge).",
        )
    names = " and no ".join(missing)
    how = ", ".join(f"'{name}': {k}" for k, name in enumerate(("time", "voltage", "current"), 1))
    why = "" if table.has_header else " The file has no header; give the numbers of the columns"
    raise UnreadableRecord(
        file, f"there is no {names} among the columns {listed(table)}.{why or ' Name them'}, as columns={{{how}}}."
    )


def _current(
    file: str,
    table: Table,
    found: dict[Role, Column],
    current: float | None,
    is_given: Any,
    capacity: float | None,
    area: float | None,
    said: list[str],
) -> np.ndarray:
    """The currents with the sign of the file; a constant one as it was given, of two columns their difference."""
    if current is not None:
        said.append(f"The current is {current:g} A throughout, as told.")
        return np.full(len(table), float(current))
    of = lambda role: current_in(file, table, found[role], is_given(role) or is_given(Role.CURRENT), capacity, area)
    if Role.CURRENT in found:
        I = of(Role.CURRENT)
        said += I.said
        return I.values
    into, out = of(Role.CURRENT_IN), of(Role.CURRENT_OUT)
    said += [*into.said, *out.said]
    said.append(
        f"Current from two columns: that of '{found[Role.CURRENT_OUT].name}' less that of "
        f"'{found[Role.CURRENT_IN].name}'."
    )
    return np.abs(np.nan_to_num(out.values)) - np.abs(np.nan_to_num(into.values))


def _signed(
    file: str,
    table: Table,
    form: Format,
    found: dict[Role, Column],
    I: np.ndarray,
    V: np.ndarray,
    current: float | None,
    current_sign: int | None,
    said: list[str],
) -> np.ndarray:
    """The current, positive on discharge."""
    if current is not None or Role.CURRENT not in found:
        return I
    column = lambda role: None if role not in found else table.columns[found[role].place]
    charge = lambda role: None if role not in found else charge_in(table, found[role])
    state = None if (cells := column(Role.STATE)) is None else states_in(cells)
    known = Evidence(state, charge(Role.CHARGE_IN), charge(Role.CHARGE_OUT))
    result = signed(file, I, V, known, current_sign, form.current_sign, table)
    said += result.said
    return result.I + 0.0  # no minus zero


# ---- rows


def _complete(file: str, table: Table, t: np.ndarray, I: np.ndarray, V: np.ndarray, said: list[str]) -> np.ndarray:
    """The rows with a time, a current and a voltage; what was left out is said, more than half is refused."""
    keep = np.isfinite(t) & np.isfinite(I) & np.isfinite(V)
    out = ~keep
    if not out.any():
        return keep
    lacking = [what for what, x in (("time", t), ("current", I), ("voltage", V)) if not np.isfinite(x).all()]
    if out.mean() > MOST_LOST:
        raise UnreadableRecord(
            file,
            f"{int(out.sum())} of {len(out)} rows hold no number for {' or '.join(lacking)}.",
            line=int(table.lines[np.flatnonzero(out)[0]]),
        )
    said.append(
        f"{counted(int(out.sum()), 'row')} of {len(out)} without a number for {' or '.join(lacking)} "
        f"({at_lines(table.lines[out])}) left out."
    )
    return keep


def _places(whole: dict[Role, np.ndarray | None]) -> np.ndarray | None:
    """A number that changes wherever the step or the cycle does."""
    known = [x for x in whole.values() if x is not None]
    if not known:
        return None
    changes = np.zeros(len(known[0]), dtype=bool)
    for x in known:
        changes[1:] |= x[1:] != x[:-1]
    return np.cumsum(changes)


def _refuse_exchanged(file: str, I: np.ndarray, V: np.ndarray, found: dict[Role, Column]) -> None:
    """Refuses a voltage that is negative or jumps like a current, beside a current that goes like a voltage."""
    if Role.CURRENT not in found or len(I) < 3:
        return
    goes_like_voltage = (
        1.5 < I.min() and I.max() < 5.5 and np.ptp(I) > 0.05 and np.abs(np.diff(I)).max() < 0.6 * np.ptp(I)
    )
    no_voltage = V.min() <= 0.1 or np.ptp(V) < 1e-3 * np.abs(V).max()
    if goes_like_voltage and no_voltage:
        raise UnreadableRecord(
            file,
            f"the voltage ('{found[Role.VOLTAGE].name}') lies between {V.min():.4g} and {V.max():.4g}, and the current "
            f"('{found[Role.CURRENT].name}') goes from {I[0]:.4g} to {I[-1]:.4g} as a voltage does: are the two "
            "columns "
            f"exchanged? If so, say columns={{'voltage': '{found[Role.CURRENT].name}', 'current': "
            f"'{found[Role.VOLTAGE].name}'}}.",
            column=found[Role.VOLTAGE].name,
        )
