"""The cell that does best, found by the gradient of what a run gives."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cellsim.fitting.free import Free, coordinates, moved

Goal = Callable[[Any], Any]  # of a cell, to the number that is to be as great as it can be
Progress = Callable[[int, float, Sequence[float]], None]
Slope = Callable[[np.ndarray], tuple[float, np.ndarray]]  # a function with its gradient

ARMIJO = 1e-4  # of the decrease that the gradient promises, which a step must bring
SHORTEST = 1e-6  # of a step, before the search gives up
FIRST_STEP = 0.5  # length of the first step, in coordinates of which about eight span the bounds


class Optimum(NamedTuple):
    """The best cell that was found, and the way there."""

    cell: Any
    values: tuple[float, ...]  # of the free numbers
    goal: float
    slopes: tuple[float, ...]  # d goal / d coordinate over the goal: zero at an optimum within the bounds
    converged: bool
    history: tuple[tuple[float, ...], ...]  # a row a step, the start first: the goal, then the free numbers


def maximised(
    goal: Goal,
    cell: Any,
    free: Sequence[Free],
    *,
    steps: int = 40,
    tolerance: float = 1e-4,
    progress: Progress | None = None,
) -> Optimum:
    """The cell whose `goal` is greatest, its `free` numbers moving between their bounds from where `cell` has them.

    By quasi-Newton steps (BFGS) in coordinates that know no bounds, until the relative slope of the goal in each is
    below `tolerance`, or after `steps` of them. Finds a local optimum, which may be at a bound. `progress` is called as
    `progress(step, goal, values)` after every step. Raises `ValueError` for bounds that leave no room, and where the
    goal is not finite or not positive at the start.

    Source: J. Nocedal and S. J. Wright, Numerical Optimization, 2nd ed. (Springer 2006), algorithm 6.1.
    """
    for each in free:
        if not each.low < each.high:
            raise ValueError(f"{each.path}: the bounds {each.low:g} and {each.high:g} leave no room; low comes first.")
    both = jax.jit(jax.value_and_grad(lambda z: goal(moved(cell, free, z))))
    start = np.asarray(coordinates(cell, free))
    scale = float(both(start)[0])
    if not (np.isfinite(scale) and scale > 0):
        raise ValueError(f"the goal is {scale:g} at the start; needed: a finite number above zero.")

    def loss(z: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = both(z)
        return -float(value) / scale, -np.asarray(slope) / scale

    values = lambda z: tuple(float(each.value(jnp.asarray(z[k]))) for k, each in enumerate(free))
    history: list[tuple[float, ...]] = []
    z, slope = start, np.full(len(free), np.inf)
    for point in descent(loss, start, tolerance):
        z, f, slope = point
        history.append((-f * scale, *values(z)))
        if progress is not None and len(history) > 1:
            progress(len(history) - 1, history[-1][0], history[-1][1:])
        if len(history) > steps:
            break
    reached = history[-1][0]
    slopes = tuple(float(s) * scale / reached for s in -slope)
    converged = bool(np.max(np.abs(slope)) < tolerance)
    return Optimum(moved(cell, free, jnp.asarray(z)), values(z), reached, slopes, converged, tuple(history))


def descent(loss: Slope, start: np.ndarray, tolerance: float) -> Iterator[tuple[np.ndarray, float, np.ndarray]]:
    """Points, values and gradients on the way down from `start`, that of the start first; ends where the gradient is
    below `tolerance` or no step leads further down."""
    z, (f, g) = start, loss(start)
    inverse = np.eye(len(z)) * FIRST_STEP / max(float(np.linalg.norm(g)), 1e-300)
    yield z, f, g
    first = True
    while np.max(np.abs(g)) >= tolerance:
        direction = -inverse @ g
        promised = float(g @ direction)
        if promised >= 0:  # rounding has spoilt the approximation
            inverse, direction = np.eye(len(z)), -g
            promised = float(g @ direction)
        length = 1.0
        while True:
            f_new, g_new = loss(z + length * direction)
            if np.isfinite(f_new) and np.all(np.isfinite(g_new)) and f_new <= f + ARMIJO * length * promised:
                break
            length *= 0.5
            if length < SHORTEST:
                return
        step, bend = length * direction, g_new - g
        z, f, g = z + step, f_new, g_new
        yield z, f, g
        curvature = float(step @ bend)
        if curvature > 1e-12 * float(np.linalg.norm(step) * np.linalg.norm(bend)):
            if first:
                inverse = np.eye(len(z)) * curvature / float(bend @ bend)
                first = False
            across = np.eye(len(z)) - np.outer(step, bend) / curvature
            inverse = across @ inverse @ across.T + np.outer(step, step) / curvature
