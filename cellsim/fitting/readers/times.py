"""Times that rise: what is done where those of a file do not."""

from collections.abc import Collection
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from cellsim.fitting.readers.errors import UnreadableRecord
from cellsim.fitting.readers.table import Table, at_lines, counted

APART = 1e-3  # s, between two rows that a file has at one time
FEW = 0.01  # share of the rows that may lie behind the others
COARSE = 0.2  # share of repeated times above which the clock is too coarse for the rows
GAP = 10.0  # times the intervals before and after
AROUND = 5  # intervals before, and after
SHORTEST_GAP = 60.0  # s


class Ordered(NamedTuple):
    """The rows that are kept, in their order, their times [s], and what was done."""

    rows: Int[np.ndarray, " kept"]
    t: Float[np.ndarray, " kept"]
    said: list[str]


def ordered(
    file: str,
    t: np.ndarray,
    I: np.ndarray,
    V: np.ndarray,
    table: Table,
    steps: np.ndarray | None,
    measured: Collection[str] = (),
) -> Ordered:
    """Rows in the order of time. Times that begin anew with every step are added up; pieces of the file in a wrong
    order are put in order; few rows that lie behind are left out.

    Raises `UnreadableRecord` where times fall otherwise: several records in one file.
    """
    said: list[str] = []
    t = t.copy()
    falls = np.flatnonzero(np.diff(t) < 0) + 1
    if len(falls) and _restarts(t, falls, steps):
        t = _added_up(t, falls)
        said.append(
            f"Time begins anew {counted(len(falls), 'time')}, always with a new step: the times of the steps were "
            "added up."
        )
        falls = falls[:0]
    rows = np.arange(len(t))
    if len(falls):
        starts = np.concatenate([[0], falls])
        ends = np.concatenate([falls, [len(t)]])
        order = np.argsort(t[starts], kind="stable")
        is_apart = np.all(t[ends[order][:-1] - 1] <= t[starts[order][1:]])
        highest = np.maximum.accumulate(t)
        behind = t < np.concatenate([[-np.inf], highest[:-1]])
        ahead = np.concatenate([t[1:] < t[:-1], [False]]) & ~behind
        few = max(1, FEW * len(t))
        if behind.sum() > few and 0 < ahead.sum() <= few:  # one time too late makes all others fall
            without = np.delete(t, np.flatnonzero(ahead))
            if np.all(np.diff(without) >= 0):
                behind = ahead
        if is_apart:
            rows = np.concatenate([np.arange(starts[k], ends[k]) for k in order])
            said.append(
                f"{counted(len(starts), 'piece')} of the file stood in a wrong order "
                f"({at_lines(table.lines[falls])}); they were put in that of time."
            )
        elif behind.sum() <= few:
            rows = rows[~behind]
            said.append(
                f"{counted(int(behind.sum()), 'row')} with a time before that of the row above "
                f"({at_lines(table.lines[behind])}) left out."
            )
        else:
            k = falls[0]
            raise UnreadableRecord(
                file,
                f"time falls from {t[k - 1]:g} to {t[k]:g} s, and {counted(len(falls), 'time')} in "
                f"all.{_several(table, falls, measured)}",
                line=int(table.lines[k]),
            )
    t, I, V = t[rows], I[rows], V[rows]
    same = np.concatenate([[False], (np.diff(t) == 0) & (np.diff(I) == 0) & (np.diff(V) == 0)])
    if same.any():
        said.append(
            f"{counted(int(same.sum()), 'row')} like the row above in all ({at_lines(table.lines[rows[same]])}) left "
            "out."
        )
        t, rows = t[~same], rows[~same]
    return Ordered(rows, _apart(t, said), said)


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


def _several(table: Table, falls: np.ndarray, measured: Collection[str]) -> str:
    """What a user may do where a file holds several records."""
    changing = []
    for name, column in zip(table.names, table.columns, strict=True):
        if name in measured:
            continue
        texts = [str(column[k]) for k in (*(falls - 1), *falls)]
        n = len(falls)
        changes = sum(a != b for a, b in zip(texts[:n], texts[n:], strict=True))
        kinds = len({str(x) for x in column[:: max(len(column) // 5000, 1)]})
        is_steady = len({str(x) for x in column[: falls[0]]}) == 1
        if changes and is_steady and 1 < kinds <= len(falls) + 1:
            changing.append((name, str(column[0])))
    if changing:
        names = ", ".join(f"'{name}'" for name, _ in changing)
        which = ", ".join(f"'{name}': '{value}'" for name, value in changing)
        return f" The file holds several records, told apart by {names}: read one with where={{{which}}}."
    return (
        " Were several records put into one file, or is it a clock of each step, whose column of steps is not "
        "known (columns={'step': ...})?"
    )


def _apart(t: np.ndarray, said: list[str]) -> np.ndarray:
    """Times that rise: rows at one time with other numbers, the two sides of a jump, are moved apart."""
    repeated = np.concatenate([[False], np.diff(t) == 0])
    count = int(repeated.sum())
    if not count:
        return t
    first = np.flatnonzero(~repeated)
    place = np.arange(len(t)) - np.repeat(first, np.diff(np.append(first, len(t))))  # 0, 1, 2 among rows of one time
    size = np.repeat(np.diff(np.append(first, len(t))), np.diff(np.append(first, len(t))))
    distinct = t[first]
    usual = float(np.median(np.diff(distinct))) if len(distinct) > 1 else 1.0
    room = np.repeat(np.append(np.diff(distinct), usual), np.diff(np.append(first, len(t))))
    if count > COARSE * len(t):
        said.append(
            f"{counted(count, 'row')} stood at the time of the row above, for the clock is coarser than the rows: "
            "they were spread until the next time."
        )
        return t + place * room / size
    said.append(
        f"{counted(count, 'row')} stood at the time of the row above, with another current or voltage (a jump): each "
        "was moved by 1 ms or less."
    )
    return t + place * np.minimum(APART, 0.5 * room / size)


def gaps(t: np.ndarray, I: np.ndarray, lines: np.ndarray) -> list[str]:
    """A sentence where time is missing: an interval far longer than those before it and those after it."""
    intervals = np.diff(t)
    if len(intervals) < 2 * AROUND + 1:
        return []
    middles = np.median(np.lib.stride_tricks.sliding_window_view(intervals, AROUND), axis=1)
    before = np.concatenate([np.full(AROUND, np.inf), middles[:-1]])  # of the intervals before each, where they are
    after = np.concatenate([middles[1:], np.full(AROUND, np.inf)])
    usual = np.maximum(np.where(np.isinf(before), 0.0, before), np.where(np.isinf(after), 0.0, after))
    found = np.flatnonzero((intervals > GAP * usual) & (intervals > SHORTEST_GAP))
    if not len(found):
        return []
    longest = found[np.argmax(intervals[found])]
    is_loaded = max(abs(I[longest]), abs(I[longest + 1])) > 1e-3 * np.max(np.abs(I), initial=0.0)
    what = " What passed in it is not known." if is_loaded else ""
    return [
        f"{counted(len(found), 'gap')}, the longest of {intervals[longest]:.4g} s between lines {lines[longest]} and "
        f"{lines[longest + 1]}, where rows are {usual[longest]:.3g} s apart.{what}"
    ]
