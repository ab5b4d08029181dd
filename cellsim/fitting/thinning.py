"""Fewer rows of a record, with its knees."""

from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int

from cellsim.fitting.record import Record
from cellsim.fitting.segments import JUMP
from cellsim.polylines import needed_points

I_TOLERANCE = 2e-3  # of the greatest current
T_TOLERANCE = 0.1  # K
TRIES = 24  # halvings, to find the tolerance for a number of rows
FINEST, COARSEST = 1e-3, 1e4  # times the tolerance that is looked for between


def thinned(record: Record, *, points: int | None = None, V_tolerance: float = 1e-3) -> Record:
    """The record with the fewest rows between which straight lines pass all others within `V_tolerance` [V], and within
    a five-hundredth of the greatest current and 0.1 K; or, with `points`, at most so many rows, with the smallest
    tolerances that allow it.

    The first and the last row, both sides of every jump of the current (a hundredth of the greatest), and both sides of
    every step that the instrument numbered are kept as they are. `said` has the tolerances that were kept to.

    Raises `ValueError` where that alone is more than `points`.
    """
    fixed = _fixed(record)
    scaled = _scaled(record, V_tolerance)
    if points is None:
        kept = _kept(record.t, scaled, fixed, 1.0)
    else:
        if points < len(fixed):
            raise ValueError(
                f"{points} points are fewer than the {len(fixed)} rows at both sides of the jumps and steps of this "
                "record; ask for more, or take a part of it: record.between(0, 3600)."
            )
        kept = _at_most(record.t, scaled, fixed, points)
    off_V, off_I = (_off(record.t, x, kept) for x in (record.V, record.I))
    said = (
        f"Thinned from {len(record)} to {len(kept)} rows: straight lines between them are within "
        f"{1e3 * off_V:.3g} mV and {off_I:.3g} A of all."
    )
    return record.rows(kept, said)


def _fixed(record: Record) -> Int[np.ndarray, " fixed"]:
    """Rows that are kept in any case."""
    jumps = np.abs(np.diff(record.I)) > JUMP * np.max(np.abs(record.I), initial=0.0)
    for numbers in (record.step, record.cycle):
        if numbers is not None:
            jumps |= numbers[1:] != numbers[:-1]
    before = np.flatnonzero(jumps)
    return np.unique(np.concatenate([[0], before, before + 1, [len(record) - 1]])).astype(int)


def _scaled(record: Record, V_tolerance: float) -> Float[np.ndarray, "rows columns"]:
    """What is to be passed, in units of what it may be off by."""
    most = float(np.max(np.abs(record.I), initial=0.0)) or 1.0
    columns = [record.V / V_tolerance, record.I / (I_TOLERANCE * most)]
    if record.T is not None:
        columns.append(record.T / T_TOLERANCE)
    return np.column_stack(columns)


def _kept(t: np.ndarray, scaled: np.ndarray, fixed: np.ndarray, tolerance: float) -> Int[np.ndarray, " kept"]:
    """The rows that are needed between each two that are kept in any case."""
    found = [fixed]
    for a, b in pairwise(fixed):
        if b > a + 1:
            part = slice(a, b + 1)
            found.append(a + np.array(needed_points(t[part] - t[a], scaled[part], tolerance, np.inf)))
    return np.unique(np.concatenate(found))


def _at_most(t: np.ndarray, scaled: np.ndarray, fixed: np.ndarray, points: int) -> Int[np.ndarray, " kept"]:
    """As many rows as `points` allows, by halving a range of tolerances."""
    low, high = np.log(FINEST), np.log(COARSEST)
    best = fixed
    for _ in range(TRIES):
        middle = 0.5 * (low + high)
        kept = _kept(t, scaled, fixed, float(np.exp(middle)))
        if len(kept) <= points:
            best, high = kept, middle
        else:
            low = middle
        if len(best) == points or high - low < 0.01:
            break
    return best


def _off(t: np.ndarray, x: np.ndarray, kept: np.ndarray) -> float:
    """How far `x` strays from the straight lines between the rows that are kept."""
    return float(np.max(np.abs(x - np.interp(t, t[kept], x[kept])), initial=0.0))
