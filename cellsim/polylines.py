"""Curves of few points."""

import math

import numpy as np


def needed_points(t: np.ndarray, values: np.ndarray, tolerance: float, widest: float) -> list[int]:
    """Indices of few points between which straight lines pass all others within `tolerance`, none `widest` apart;
    `values` has a column for each line.

    From each kept point the next one is the farthest in sight: the slopes that pass all points between narrow down, and
    the line to the next must be one of them.
    """
    kept = [0]
    times, rows = t.tolist(), values.tolist()  # numbers of Python: arrays of one or two are slow
    wide = [(-math.inf, math.inf)] * values.shape[1]
    sight = wide
    for k in range(1, len(times)):
        start = kept[-1]
        if k > start + 1:
            span = times[k] - times[start]
            slopes = [(y - y0) / span for y, y0 in zip(rows[k], rows[start], strict=True)]
            is_seen = all(low <= slope <= high for slope, (low, high) in zip(slopes, sight, strict=True))
            if not is_seen or span > widest:
                start = k - 1
                kept.append(start)
                sight = wide
        span = times[k] - times[start]
        rises = [y - y0 for y, y0 in zip(rows[k], rows[start], strict=True)]
        sight = [
            (max(low, (rise - tolerance) / span), min(high, (rise + tolerance) / span))
            for rise, (low, high) in zip(rises, sight, strict=True)
        ]
    return [*kept, len(times) - 1]
