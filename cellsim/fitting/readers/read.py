"""From a file to a record."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cellsim.fitting.readers.charges import agreeing
from cellsim.fitting.readers.errors import UnreadableRecord
from cellsim.fitting.readers.format import Role, format_called, format_of
from cellsim.fitting.readers.names import listed, understood
from cellsim.fitting.readers.quantities import current_in, numbering_in, temperature_in, time_in, voltage_in
from cellsim.fitting.readers.reading import Reading, Told
from cellsim.fitting.readers.sample import Sample
from cellsim.fitting.readers.signs import signed
from cellsim.fitting.readers.table import at_lines, counted
from cellsim.fitting.readers.times import missing, ordered
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
    told = Told(columns or {}, units or {}, where or {}, current, current_sign, capacity, area)
    reading = _opened(Sample(path), format, told)
    t, V, I = time_in(reading), voltage_in(reading), current_in(reading)
    whole = _complete(reading, t, I, V)
    t, I, V = t[whole], I[whole], V[whole]
    _refuse_exchanged(reading, I, V)
    step, cycle = numbering_in(reading, Role.STEP), numbering_in(reading, Role.CYCLE)
    rows, t = ordered(reading, t, I, V, _steps(step, cycle))
    reading.keep(rows)
    pick = lambda x: None if x is None else x[rows]
    if len(t) < 2:
        raise reading.refused(f"{counted(len(t), 'row')} left; a record needs two at least.")
    t, I = agreeing(reading, t, I[rows])
    V = V[rows]
    I = signed(reading, I, V) + 0.0  # no minus zero
    T = temperature_in(reading)
    missing(reading, t, I)
    reading.say(f"{counted(len(t), 'row')} over {t[-1] - t[0]:.6g} s.")
    return Record(t, I, V, T, pick(step), pick(cycle), name or Path(path).stem, tuple(reading.said))


def _opened(sample: Sample, format: str | None, told: Told) -> Reading:
    """A file with the rows that are asked for and the columns that are understood."""
    form = format_of(sample) if format is None else format_called(format, sample.name)
    table = form.table(sample)
    reading = Reading(sample.name, form, told, table, {}, [f"Read as {form.name}.", *sample.said, *table.said])
    _choose_rows(reading)
    columns, said = understood(sample.name, reading.table, form, told.columns, told.units)
    step_time = columns.pop(Role.STEP_TIME, None)
    if step_time is not None and not {Role.TIME, Role.CLOCK} & set(columns):
        columns[Role.TIME] = step_time
    reading.columns = columns
    _check_needed(reading)
    of = lambda column: f"'{column.name}'" + (f" in {column.unit}" if column.unit.strip("[]() -1") else "")
    reading.say(f"Columns: {', '.join(f'{role.value} from {of(column)}' for role, column in columns.items())}.")
    reading.said += said
    return reading


def _choose_rows(reading: Reading) -> None:
    """Leaves the rows with the values that are asked for."""
    table, where = reading.table, reading.told.where
    if not len(table):
        raise reading.refused("there are no rows of numbers.")
    for name, value in where.items():
        if name not in table.names:
            near = suggestion(name, table.names)
            raise reading.refused(f"there is no column '{name}'.{near} There are: {listed(table)}.")
        column = reading.table.columns[table.names.index(name)]
        keep = np.array([_is(cell, value) for cell in column])
        if not keep.any():
            there = list(dict.fromkeys(str(cell) for cell in column))
            shown = ", ".join(there[:12]) + (", ..." if len(there) > 12 else "")
            raise UnreadableRecord(reading.file, f"no row has {value}; there are: {shown}.", column=name)
        reading.keep(keep)
    if where:
        which = " and ".join(f"{name} is {value}" for name, value in where.items())
        reading.say(f"{counted(len(reading.table), 'row')} where {which}.")


def _is(cell: Any, value: Any) -> bool:
    if str(cell).strip() == str(value).strip():
        return True
    try:
        return float(cell) == float(value)
    except (TypeError, ValueError):
        return False


def _check_needed(reading: Reading) -> None:
    """Refuses a table without times, voltages or currents."""
    found, table = reading.columns, reading.table
    missing = [] if Role.TIME in found or Role.CLOCK in found else ["time"]
    missing += [] if Role.VOLTAGE in found else ["voltage"]
    if missing:
        how = ", ".join(f"'{name}': {k}" for k, name in enumerate(("time", "voltage", "current"), 1))
        ask = "Name them" if table.has_header else "The file has no header; give the numbers of the columns"
        there = f"there is no {' and no '.join(missing)} among the columns {listed(table)}"
        raise reading.refused(f"{there}. {ask}, as columns={{{how}}}.")
    has_both = Role.CURRENT_IN in found and Role.CURRENT_OUT in found
    if not (has_both or Role.CURRENT in found or reading.told.current is not None):
        raise reading.refused(
            f"there is no current among the columns {listed(table)}. Name it, as columns={{'current': 'I'}}; or where "
            "it was constant, give it: current=5.0 (in A, positive on discharge)."
        )


def _complete(reading: Reading, t: np.ndarray, I: np.ndarray, V: np.ndarray) -> np.ndarray:
    """Leaves the rows with a time, a current and a voltage, and says how many had none; more than half is refused."""
    keep = np.isfinite(t) & np.isfinite(I) & np.isfinite(V)
    out = ~keep
    if not out.any():
        return keep
    what = " or ".join(name for name, x in (("time", t), ("current", I), ("voltage", V)) if not np.isfinite(x).all())
    if out.mean() > MOST_LOST:
        first = int(np.flatnonzero(out)[0])
        raise reading.refused(f"{int(out.sum())} of {len(out)} rows hold no number for {what}.", row=first)
    lines = at_lines(reading.table.lines[out])
    reading.say(f"{counted(int(out.sum()), 'row')} of {len(out)} without a number for {what} ({lines}) left out.")
    reading.keep(keep)
    return keep


def _steps(*numberings: np.ndarray | None) -> np.ndarray | None:
    """A number that changes wherever the step or the cycle does; None where neither is known."""
    known = [x for x in numberings if x is not None]
    if not known:
        return None
    changes = np.any([np.diff(x, prepend=x[0]) != 0 for x in known], axis=0)
    return np.cumsum(changes)


def _refuse_exchanged(reading: Reading, I: np.ndarray, V: np.ndarray) -> None:
    """Refuses a voltage that is negative or jumps like a current, beside a current that goes like a voltage."""
    if Role.CURRENT not in reading.columns or len(I) < 3:
        return
    steepest = np.abs(np.diff(I)).max()
    goes_like_voltage = 1.5 < I.min() and I.max() < 5.5 and np.ptp(I) > 0.05 and steepest < 0.6 * np.ptp(I)
    is_no_voltage = V.min() <= 0.1 or np.ptp(V) < 1e-3 * np.abs(V).max()
    if goes_like_voltage and is_no_voltage:
        voltage, current = reading.columns[Role.VOLTAGE], reading.columns[Role.CURRENT]
        raise reading.refused(
            f"the voltage ('{voltage.name}') lies between {V.min():.4g} and {V.max():.4g}, and the current "
            f"('{current.name}') goes from {I[0]:.4g} to {I[-1]:.4g} as a voltage does: are the two columns exchanged? "
            f"If so, say columns={{'voltage': '{current.name}', 'current': '{voltage.name}'}}.",
            column=voltage,
        )
