"""Profiles from CSV files: a column of times, a column of what is held, and a header with their units.

    time_s,current_A        time [s], Power [kW]        Time / s; Voltage / mV

Positive currents and powers discharge. Columns of other kinds are left alone. Lines that begin with # are comments; the
last one before the numbers may be the header. Times are counted from the first row: a file cut out of a longer
record, whose clock does not begin at zero, runs from its first row.
"""

import difflib
import re
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, NoReturn

import jax
import numpy as np

from cellsim import files
from cellsim.protocols import units
from cellsim.protocols.controls import Profile
from cellsim.protocols.units import Kind, Unit

HELD = (Kind.CURRENT, Kind.RATE, Kind.POWER, Kind.VOLTAGE)
WRITTEN = {
    Kind.TIME: ("time_s", ("time", "t", "elapsed time", "total time")),
    Kind.CURRENT: ("current_A", ("current", "i")),
    Kind.RATE: ("c_rate", ("c rate", "crate")),
    Kind.POWER: ("power_W", ("power", "p")),
    Kind.VOLTAGE: ("voltage_V", ("voltage", "v", "u", "e", "terminal voltage", "cell voltage")),
}
MOST_BYTES = 500 * files.MEGABYTE
MOST_POINTS = 5_000_000  # a gigabyte in a compiled program is no profile any more


class UnreadableProfile(ValueError):
    """A file that holds no profile, with the row that is wrong."""


class FromFile(NamedTuple):
    """What a file says is held, in A, V, W, Ohm or C, and the time [s] on its own clock at which it begins."""

    kind: Kind
    profile: Profile
    begins: float


class Column(NamedTuple):
    """A column of the file that is understood."""

    place: int
    header: str
    name: str
    unit: Unit


def profile_in(folder: str | Path, name: str, which: str | None = None) -> FromFile:
    """The profile in the file `name`, which is looked for in `folder`; `which` is the quantity that is held (current,
    power, voltage, C-rate) where the file has several. Raises `UnreadableProfile`."""
    path = _found(Path(folder), name)
    status = path.stat()
    return _read(path.resolve(), status.st_mtime_ns, status.st_size, which)


def _found(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.csv"):
        if files.is_file(path):
            return path
    try:
        beside = sorted(each.name for each in folder.iterdir() if each.suffix.lower() in (".csv", ".txt"))
    except OSError:
        raise UnreadableProfile(f"there is no folder '{folder}' to look for {name} in.") from None
    near = difflib.get_close_matches(name, beside, n=1, cutoff=0.5)
    meant = f" Did you mean '{near[0]}'?" if near else ""
    raise UnreadableProfile(f"there is no file '{_short(name)}' in the folder '{folder}'.{meant}")


@lru_cache(maxsize=32)
def _read(path: Path, modified: int, size: int, which: str | None) -> FromFile:
    del modified, size  # they tell a changed file from the one that is kept
    try:
        lines = files.text(path, MOST_BYTES).splitlines()
    except (OSError, ValueError) as error:
        raise UnreadableProfile(f"{path.name} cannot be read: {files.said(error)}.") from None
    at, header, separator = _header(path.name, lines)
    t_column, column = _columns(path.name, at + 1, header, which)
    body = lines[at + 1 :] if not lines[at].lstrip().startswith("#") else lines[_first_row(lines) :]
    first = len(lines) - len(body)
    numbers = [first + k + 1 for k, line in enumerate(body) if line.split("#")[0].strip()]
    if len(numbers) < 2:
        rows = "1 row" if numbers else "no row"
        raise UnreadableProfile(f"{path.name} holds {rows} of numbers; a profile needs two at least.")
    try:
        table = np.loadtxt(
            body, delimiter=separator, usecols=(t_column.place, column.place), comments="#", ndmin=2, quotechar='"'
        )
    except ValueError:
        _refuse_rows(path.name, body, first, separator, (t_column, column))
    _check(path.name, table, numbers, (t_column, column))
    t, values = _worth(t_column.unit, table[:, 0]), _worth(column.unit, table[:, 1])
    with jax.ensure_compile_time_eval():  # kept for later calls, so its numbers must not belong to a trace
        return FromFile(column.unit.kind, Profile(t - t[0], values), float(t[0]))


def _worth(unit: Unit, numbers: np.ndarray) -> np.ndarray:
    return numbers * unit.factor / unit.divisor


# ---- the header


def _first_row(lines: list[str]) -> int:
    """The first line that is neither empty nor a comment."""
    return next((k for k, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")), len(lines))


def _header(file: str, lines: list[str]) -> tuple[int, list[str], str | None]:
    """The index of the line that names the columns, its names, and what separates them."""
    at = _first_row(lines)
    if at == len(lines):
        raise UnreadableProfile(f"{file} holds no rows.")
    first = re.split(r"[,;\t ]", lines[at].strip())[0].strip('"')
    if _is_number(first):
        comments = [k for k in range(at) if _separator(lines[k].strip("# ,;\t"))]
        if not comments:
            raise UnreadableProfile(
                f"{file}, row {at + 1}: '{_short(lines[at])}' stands where the header is expected. Begin the file with "
                "the names and units of its columns, as 'time_s,current_A'."
            )
        at = comments[-1]
    line = lines[at].lstrip("# ")
    separator = _separator(line)
    return at, [name.strip().strip('"').strip() for name in line.split(separator)], separator


def _separator(line: str) -> str | None:
    return next((mark for mark in ";\t," if mark in line), None)


def _columns(file: str, row: int, header: list[str], which: str | None) -> tuple[Column, Column]:
    known = [column for column in (_column(k, name) for k, name in enumerate(header)) if column is not None]
    time = _chosen(file, row, [column for column in known if column.unit.kind is Kind.TIME], Kind.TIME, header)
    held = [column for column in known if column.unit.kind in HELD]
    if which is not None:
        kind = next(kind for kind, (written, names) in WRITTEN.items() if which.lower().replace("-", " ") in names)
        return time, _chosen(file, row, [column for column in held if column.unit.kind is kind], kind, header)
    kinds = list(dict.fromkeys(column.unit.kind for column in held))
    if len(kinds) > 1:
        names = " and ".join(f"'{column.header}'" for column in held)
        of = WRITTEN[kinds[0]][1][0]
        raise UnreadableProfile(f"{file}, row {row}: {names} could each be held. Say which: 'Run {of} of {file}'.")
    return time, _chosen(file, row, held, kinds[0] if kinds else Kind.CURRENT, header)


def _column(index: int, header: str) -> Column | None:
    """A column by its name and unit: `time_s`, `Time [s]`, `Time / s`, `Current(A)`; None where no unit is told."""
    if re.fullmatch(r"c[\s_-]*rate(?:[\s_/\[(-]+[c1-]?[\])]*)?", header, re.IGNORECASE):
        return Column(index, header, "c rate", units.UNITS["C"])
    parts = re.fullmatch(r"(.*?)[\s_]*(?:\[\s*([^\])]+?)\s*\]|\(\s*([^\])]+?)\s*\)|[/_\s]\s*([^\s_/\[\]()]+))", header)
    if parts is None:
        return None
    unit = units.named(parts[2] or parts[3] or parts[4])
    return None if unit is None else Column(index, header, re.sub(r"[\s_]+", " ", parts[1]).strip().lower(), unit)


def _chosen(file: str, row: int, found: list[Column], kind: Kind, header: list[str]) -> Column:
    """The one column among those found, or the one with the common name."""
    written, names = WRITTEN[kind]
    if len(found) > 1:
        found = [column for column in found if column.name in names] or found
    if len(found) == 1:
        return found[0]
    there = ", ".join(f"'{name}'" for name in header)
    noun = kind.value.split(" ", 1)[1]
    if found:
        several = " and ".join(f"'{column.header}'" for column in found)
        raise UnreadableProfile(f"{file}, row {row}: {several} are both {kind.value}; leave one, as '{written}'.")
    bare = [name for name in header if re.sub(r"[\s_]+", " ", name).lower() in names]
    if bare:
        raise UnreadableProfile(f"{file}, row {row}: column '{bare[0]}' has no unit. Did you mean '{written}'?")
    other = "" if kind is Kind.TIME else ", or voltage_V, power_W or c_rate,"
    raise UnreadableProfile(
        f"{file}, row {row}: the header has no {noun} with its unit, '{written}'{other} among {there}."
    )


# ---- the rows


def _check(file: str, table: np.ndarray, numbers: list[int], columns: tuple[Column, Column]) -> None:
    """Refuses the first row that cannot be meant."""
    bad = np.argwhere(~np.isfinite(table))
    if len(bad):
        k, j = bad[0]
        raise UnreadableProfile(f"{file}, row {numbers[k]}: {columns[j].header} is {table[k, j]:g}, not a number.")
    steps = np.diff(table[:, 0])
    wrong = np.flatnonzero(steps <= 0)
    if not len(wrong):
        return
    k = wrong[0]
    before, after = table[k, 0], table[k + 1, 0]
    rows = f"{file}, row {numbers[k + 1]}: {columns[0].header}"
    if before == after:
        raise UnreadableProfile(
            f"{rows} is {after:g} as in row {numbers[k]}; a time stands once. Write a jump as two rows a little apart."
        )
    raise UnreadableProfile(f"{rows} falls from {before:g} to {after:g}; the rows must be in the order of time.")


def _refuse_rows(
    file: str, body: list[str], first: int, separator: str | None, columns: tuple[Column, Column]
) -> NoReturn:
    """Names the first row that could not be read as numbers."""
    for k, line in enumerate(body):
        cells = line.split("#")[0].strip().split(separator) if line.split("#")[0].strip() else None
        for column in columns if cells is not None else ():
            assert cells is not None
            cell = cells[column.place].strip().strip('"') if column.place < len(cells) else ""
            if not _is_number(cell):
                what = f"is '{_short(cell)}', not a number" if cell else "is empty"
                raise UnreadableProfile(f"{file}, row {first + k + 1}: {column.header} {what}.")
    raise UnreadableProfile(f"{file}: its rows are not columns of numbers.")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."


# ---- again and again


def repeated(profile: Profile, duration: float) -> Profile:
    """`profile`, begun anew whenever it is over, until it covers `duration` [s]; its end and its beginning meet in a
    jump, or in one point where they are equal. Raises `UnreadableProfile` where that is too much to keep."""
    t, values = np.asarray(profile.t), np.asarray(profile.values)
    count = int(np.ceil(duration / t[-1] * (1 - 1e-12)))
    if count <= 1:
        return profile
    if count * len(t) > MOST_POINTS:
        raise UnreadableProfile(f"{count} times {len(t)} points are more than can be kept ({MOST_POINTS}).")
    again = slice(1 if values[0] == values[-1] else 0, None)
    rounds = np.arange(1, count)[:, None] * t[-1]
    times = np.concatenate([t, (rounds + t[again]).ravel()])
    return Profile(times, np.concatenate([values, np.tile(values[again], count - 1)]))
