"""Work on any number of points by few compiled programs."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

POINTS = 101  # of a run, unless others are asked for
BLOCKS = (32 * POINTS, POINTS)  # points in one call


def in_blocks(function: Callable[[Any], Any], rows: Any) -> Any:
    """`function(rows)` for arrays with an axis of points in front, called with blocks of them: a program is compiled
    for each of `BLOCKS`, not for every number of points. The last block is filled up with its last row."""
    rows = jax.tree.map(np.asarray, rows)
    count, done, parts = len(jax.tree.leaves(rows)[0]), 0, []
    while done < count:
        size = BLOCKS[0] if 2 * (count - done) > BLOCKS[0] else BLOCKS[1]
        index = np.minimum(np.arange(done, done + size), count - 1)
        parts.append(first_rows(function(jax.tree.map(lambda x, index=index: x[index], rows)), count - done))
        done += size
    if len(parts) == 1:
        return parts[0]
    return jax.tree.map(lambda *xs: jax.device_put(np.concatenate([np.asarray(x) for x in xs])), *parts)


def first_rows(tree: Any, count: int) -> Any:
    """At most `count` first rows of every array, cut by numpy: a slice by JAX would compile for every length."""
    return jax.tree.map(lambda x: x if len(x) <= count else jax.device_put(np.asarray(x)[:count]), tree)


def fractions() -> np.ndarray:
    """(POINTS,) from 0 to 1, finer at both ends, where a run changes fastest."""
    u = np.linspace(0.0, 1.0, POINTS)
    return u**3 * (10 - 15 * u + 6 * u**2)
