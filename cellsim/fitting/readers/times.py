"""Times that rise: what is done where those of a file do not."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from cellsim.fitting.readers.reading import Reading
from cellsim.fitting.readers.table import at_lines, counted

APART = 1e-3  # s, between two rows that a file has at one time
FEW = 0.01  # share of the rows that may lie behind the others
COARSE = 0.2  # share of repeated times above which the clock is too coarse for the rows
GAP = 10.0  # times the intervals before and after
AROUND = 5  # intervals before, and after
SHORTEST_GAP = 60.0  # s


class Ordered(NamedTuple):
    """The rows that are kept, in their order, and their times [s], which rise."""

    rows: Int[np.ndarray, " kept"]
    t: Float[np.ndarray, " kept"]


def ordered(reading: Reading, t: np.ndarray, I: np.ndarray, V: np.ndarray, steps: np.ndarray | None) -> Ordered:
    """Rows in the order of time. Times that begin anew with every step are added up; pieces of the file in a wrong
    order are put in order; few rows that lie behind are left out; equal ones too, and rows at one time with other
    numbers are moved apart. `steps` changes where a step begins, where that is known.

    Raises `UnreadableRecord` where times fall otherwise: several records in one file.
    """
    t = t.copy()
    falls = np.flatnonzero(np.diff(t) < 0) + 1
    if len(falls) and _restarts(t, falls, steps):
        t = _added_up(t, falls)
        times = counted(len(falls), "time")
        reading.say(f"Time begins anew {times}, always with a new step: the times of the steps were added up.")
        falls = falls[:0]
    rows = _rising(reading, t, falls) if len(falls) else np.arange(len(t))
    t, I, V = t[rows], I[rows], V[rows]
    same = np.concatenate([[False], (np.diff(t) == 0) & (np.diff(I) == 0) & (np.diff(V) == 0)])
    if same.any():
        lines = at_lines(reading.table.lines[rows[same]])
        reading.say(f"{counted(int(same.sum()), 'row')} like the row above in all ({lines}) left out.")
        t, rows = t[~same], rows[~same]
    return Ordered(rows, _apart(reading, t))


def _rising(reading: Reading, t: np.ndarray, falls: np.ndarray) -> Int[np.ndarray, " kept"]:
    """Rows in an order in which times do not fall, or few rows fewer."""
    lines = reading.table.lines
    starts, ends = np.concatenate([[0], falls]), np.concatenate([falls, [len(t)]])
    order = np.argsort(t[starts], kind="stable")
    if np.all(t[ends[order][:-1] - 1] <= t[starts[order][1:]]):
        pieces = f"{counted(len(starts), 'piece')} of the file stood in a wrong order ({at_lines(lines[falls])})"
        reading.say(f"{pieces}; they were put in that of time.")
        return np.concatenate([np.arange(starts[k], ends[k]) for k in order])
    behind = _behind(t)
    if behind.sum() <= _few(t):
        many = counted(int(behind.sum()), "row")
        reading.say(f"{many} with a time before that of the row above ({at_lines(lines[behind])}) left out.")
        return np.flatnonzero(~behind)
    k = int(falls[0])
    fall = f"time falls from {t[k - 1]:g} to {t[k]:g} s, and {counted(len(falls), 'time')} in all."
    raise reading.refused(f"{fall}{_several(reading, falls)}", row=k)


def _behind(t: np.ndarray) -> np.ndarray:
    """Which rows lie before one above them; or those few that run ahead, where leaving them out puts all in order."""
    behind = t < np.concatenate([[-np.inf], np.maximum.accumulate(t)[:-1]])
    ahead = np.concatenate([t[1:] < t[:-1], [False]]) & ~behind
    is_better = behind.sum() > _few(t) and 0 < ahead.sum() <= _few(t)
    return ahead if is_better and np.all(np.diff(t[~ahead]) >= 0) else behind


def _few(t: np.ndarray) -> float:
    return max(1.0, FEW * len(t))


def _restarts(t: np.ndarray, falls: np.ndarray, steps: np.ndarray | None) -> bool:
    """Whether the clock is one of each step."""
    if steps is None:
        return False
    interval = np.median(np.diff(t)[np.diff(t) > 0]) if np.any(np.diff(t) > 0) else 0.0
    return bool(np.all(steps[falls] != steps[falls - 1]) and np.all(t[falls] <= 10 * interval))


def _added_up(t: np.ndarray, falls: np.ndarray) -> np.ndarray:
    before = np.zeros_like(t)
    before[falls] = t[falls - 1]
    return t + np.cumsum(before)


def _several(reading: Reading, falls: np.ndarray) -> str:
    """What a user may do where a file holds several records."""
    measured = {column.name for column in reading.columns.values()}
    telling = []
    for name, column in zip(reading.table.names, reading.table.columns, strict=True):
        if name in measured:
            continue
        changes = any(str(column[k]) != str(column[k - 1]) for k in falls)
        is_steady = len({str(x) for x in column[: falls[0]]}) == 1
        if changes and is_steady and len({str(x) for x in column}) <= len(falls) + 1:
            telling.append((name, str(column[0])))
    if telling:
        names = ", ".join(f"'{name}'" for name, _ in telling)
        which = ", ".join(f"'{name}': '{value}'" for name, value in telling)
        return f" The file holds several records, told apart by {names}: read one with where={{{which}}}."
    return (
        " Were several records put into one file, or is it a clock of each step, whose column of steps is not known "
        "(columns={'step': ...})?"
    )


def _apart(reading: Reading, t: np.ndarray) -> np.ndarray:
    """Times that rise: rows at one time with other numbers, the two sides of a jump, are moved apart."""
    repeated = np.concatenate([[False], np.diff(t) == 0])
    if not repeated.any():
        return t
    first = np.flatnonzero(~repeated)
    size = np.diff(np.append(first, len(t)))  # how many rows have each time
    place = np.arange(len(t)) - np.repeat(first, size)  # 0, 1, 2 among rows of one time
    intervals = np.diff(t[first])
    usual = float(np.median(intervals)) if len(intervals) else 1.0
    room = np.repeat(np.append(intervals, usual) / size, size)
    many = f"{counted(int(repeated.sum()), 'row')} stood at the time of the row above"
    if repeated.sum() > COARSE * len(t):
        reading.say(f"{many}, for the clock is coarser than the rows: they were spread until the next time.")
        return t + place * room
    reading.say(f"{many}, with another current or voltage (a jump): each was moved by 1 ms or less.")
    return t + place * np.minimum(APART, 0.5 * room)


def missing(reading: Reading, t: np.ndarray, I: np.ndarray) -> None:
    """Says where time is missing: an interval far longer than those before it and those after it."""
    intervals = np.diff(t)
    if len(intervals) < 2 * AROUND + 1:
        return
    middles = np.median(np.lib.stride_tricks.sliding_window_view(intervals, AROUND), axis=1)
    before = np.concatenate([np.full(AROUND, np.inf), middles[:-1]])  # of the intervals before each, where they are
    after = np.concatenate([middles[1:], np.full(AROUND, np.inf)])
    usual = np.maximum(np.where(np.isinf(before), 0.0, before), np.where(np.isinf(after), 0.0, after))
    found = np.flatnonzero((intervals > GAP * usual) & (intervals > SHORTEST_GAP))
    if not len(found):
        return
    longest = found[np.argmax(intervals[found])]
    is_loaded = max(abs(I[longest]), abs(I[longest + 1])) > 1e-3 * np.max(np.abs(I), initial=0.0)
    what = " What passed in it is not known." if is_loaded else ""
    lines = reading.table.lines[longest : longest + 2]
    reading.say(
        f"{counted(len(found), 'gap')}, the longest of {intervals[longest]:.4g} s between lines {lines[0]} and "
        f"{lines[1]}, where rows are {usual[longest]:.3g} s apart.{what}"
    )
