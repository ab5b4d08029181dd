"""Cells as people and programs write them, as numbers: decimal commas, thousands, clocks, dates."""

import datetime
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from cellsim.fitting.readers.table import counted

DAY = 86400.0  # s
GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+")
CLOCK = re.compile(r"(?:(\d+)\s*(?:d|days?,?|[.\s-])\s*)?(\d+):(\d\d)(?::(\d\d(?:[.,]\d*)?))?", re.IGNORECASE)
FORMATS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%d.%m.%Y %H:%M:%S",
    "%d-%m-%Y %H:%M:%S",
    "%d-%b-%y %H:%M:%S",
    "%d-%b-%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M",
    "%Y-%m-%d %H:%M",
)


class Read(NamedTuple):
    """Numbers, NaN where a cell holds none, and a sentence on how they were written where that is worth one."""

    values: Float[np.ndarray, " rows"]
    said: str = ""


def numbers_in(cells: Sequence[Any] | np.ndarray) -> Read:
    """The numbers in a column."""
    if isinstance(cells, np.ndarray) and cells.dtype.kind in "fiub":
        return Read(cells.astype(float))
    if not all(isinstance(cell, str) for cell in cells):
        cells = ["" if cell is None else str(cell) for cell in cells]
    try:
        return Read(np.array([cell.strip() or "nan" for cell in cells], dtype=float))
    except ValueError:
        pass
    plain, said = _with_points([re.sub(r"[\s'\u00a0\u202f]", "", cell) for cell in cells])
    return Read(np.array([_float(cell) for cell in plain]), said)


def _with_points(cells: list[str]) -> tuple[list[str], str]:
    """Cells with decimal points and no other marks."""
    with_comma = [cell for cell in cells if "," in cell]
    if not with_comma:
        return cells, ""
    both = [cell for cell in with_comma if "." in cell]
    if both:
        if both[0].rfind(",") > both[0].rfind("."):
            return [
                cell.replace(".", "").replace(",", ".") for cell in cells
            ], "decimal commas, and points between thousands"
        return [cell.replace(",", "") for cell in cells], "commas between thousands"
    others = [cell for cell in cells if cell and "," not in cell]
    is_grouped = all(GROUPED.fullmatch(cell) for cell in with_comma)
    small = all(re.fullmatch(r"[+-]?\d{1,3}", cell) for cell in others) and bool(others)
    if is_grouped and (small or any(cell.count(",") > 1 for cell in with_comma)):
        return [cell.replace(",", "") for cell in cells], "commas between thousands"
    if any("." in cell for cell in others):
        return [cell.replace(",", ".") for cell in cells], "decimal commas in some rows and points in others"
    return [cell.replace(",", ".") for cell in cells], "decimal commas"


def _float(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return np.nan


# ---- clocks and dates


def clock_in(cells: Sequence[Any] | np.ndarray) -> Read | None:
    """Durations [s] written as `1d 02:03:04.5`, `26:03:04` or `2:03`; None where the column is none of it.

    Hours that begin anew at midnight are counted on.
    """
    if isinstance(cells, np.ndarray) or not len(cells):
        return None
    texts = [_as_clock(cell) for cell in cells]
    found = [CLOCK.fullmatch(text.strip()) for text in texts]
    if sum(match is not None for match in found) < 0.5 * len(texts):
        return None
    values = np.array([np.nan if match is None else _duration(match) for match in found])
    falls = np.flatnonzero(np.diff(values) < -0.5 * DAY)
    if len(falls) and np.nanmax(values) < DAY:
        values[1:] += DAY * np.cumsum(np.diff(values) < -0.5 * DAY)
        return Read(values, f"a clock that passes midnight ({counted(len(falls), 'time')})")
    return Read(values, "a clock (hours, minutes, seconds)")


def _as_clock(cell: Any) -> str:
    if isinstance(cell, datetime.timedelta):
        seconds = cell.total_seconds()
        return f"{int(seconds // 3600)}:{int(seconds // 60) % 60:02d}:{seconds % 60:09.6f}"
    if isinstance(cell, datetime.time):
        return cell.isoformat()
    return "" if cell is None else str(cell)


def _duration(match: re.Match[str]) -> float:
    days, hours, minutes, seconds = match.groups()
    rest = 0.0 if seconds is None else float(seconds.replace(",", "."))
    return DAY * float(days or 0) + 3600.0 * float(hours) + 60.0 * float(minutes) + rest


def stamps_in(cells: Sequence[Any] | np.ndarray) -> Read | None:
    """Seconds since 1970 of a column of dates and times of day, or of numbers that count them; None where it is none.

    Of a date that can be read with the month or with the day first, the reading that keeps time from falling is taken,
    and else that with the month first, which is said.
    """
    if isinstance(cells, np.ndarray):
        if cells.dtype.kind == "M":
            seconds = cells.astype("datetime64[us]").astype("int64") / 1e6
            return Read(np.where(np.isnat(cells), np.nan, seconds))
        return _counted(cells.astype(float)) if cells.dtype.kind in "fiu" else None
    dates = [cell for cell in cells if isinstance(cell, datetime.datetime)]
    if dates and len(dates) >= 0.5 * len(cells):
        return Read(np.array([_epoch(cell) if isinstance(cell, datetime.datetime) else np.nan for cell in cells]))
    texts = ["" if cell is None else str(cell).strip() for cell in cells]
    first = next((text for text in texts if text), "")
    if not first:
        return None
    if re.fullmatch(r"[\d.,eE+]+", first):
        return _counted(numbers_in(texts).values)
    readings = []
    for form in FORMATS:
        for more in ("", ".%f", " %p"):
            whole = form.replace("%H", "%I") + more if more == " %p" else form + more
            if _parsed(first, whole) is not None:
                values = np.array([_parsed_or_nan(text, (whole, form + ".%f", form)) for text in texts])
                readings.append((whole, values))
    iso = _iso(first)
    if not readings and iso is not None:
        readings.append(("ISO 8601", np.array([np.nan if (x := _iso(text)) is None else x for text in texts])))
    if not readings:
        return None
    missing = [int(np.sum(np.isnan(values))) for _, values in readings]
    readings = [each for each, count in zip(readings, missing, strict=True) if count == min(missing)]
    rising = [each for each in readings if np.all(np.diff(each[1][np.isfinite(each[1])]) >= 0)] or readings
    spans = [float(np.ptp(values[np.isfinite(values)])) if np.isfinite(values).any() else 0.0 for _, values in rising]
    best = int(np.argmin(spans))
    is_open = len(rising) > 1 and not np.isclose(spans[0], spans[1])
    return Read(
        rising[best][1],
        f"dates with {'the month' if rising[best][0].startswith('%m') else 'the day'} first" if is_open else "",
    )


def _counted(values: np.ndarray) -> Read | None:
    """Numbers that count time since 1970, or the days of a spreadsheet since 1900."""
    some = values[np.isfinite(values)]
    if not len(some):
        return None
    low, high = float(some.min()), float(some.max())
    if 5e8 < low and high < 4e9:
        return Read(values, "seconds since 1970")
    if 5e11 < low and high < 4e12:
        return Read(values / 1e3, "milliseconds since 1970")
    if 3e4 < low and high < 8e4:
        return Read((values - 25569.0) * DAY, "days since 1900")
    return None


def _parsed(text: str, form: str) -> float | None:
    try:
        return _epoch(datetime.datetime.strptime(text, form))
    except ValueError:
        return None


def _parsed_or_nan(text: str, forms: tuple[str, ...]) -> float:
    """Instruments leave out a fraction that is zero."""
    return next((value for form in forms if (value := _parsed(text, form)) is not None), np.nan)


def _iso(text: str) -> float | None:
    try:
        return _epoch(datetime.datetime.fromisoformat(text))
    except ValueError:
        return None


def _epoch(moment: datetime.datetime) -> float:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)  # local times differ from it, their differences do not
    return moment.timestamp()
