"""Laws from tables: cubic splines through values at knots, every value a differentiable leaf.

The splines are continuous with their slope, and monotone wherever the table is: no wiggle between two knots that the
table does not show; or, where a fit moves their values, natural ones. Beyond the outermost knots they go on along the
tangent there. The knots themselves are part of the program, not parameters.

Sources: Fritsch & Carlson, SIAM J. Numer. Anal. 17 (1980) 238, doi:10.1137/0717021; Fritsch & Butland, SIAM J. Sci.
Stat. Comput. 5 (1984) 300, doi:10.1137/0905021.
"""

import abc
import functools
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from cellsim.constraints import Positive
from cellsim.laws import Points
from cellsim.parameters import as_float_array

Knots = tuple[float, ...]


def _as_knots(values: Iterable[Any]) -> Knots:
    """Increasing knots as plain numbers. Raises `ValueError`."""
    knots = tuple(float(value) for value in values)
    if len(knots) < 2 or any(b <= a for a, b in itertools.pairwise(knots)):
        raise ValueError(f"knots must be two or more and increase, found {knots}: unsorted data, or a repeated point?")
    return knots


def _check_shape(values: Any, expected: tuple[int, ...]) -> None:
    if hasattr(values, "shape") and values.shape != expected:
        raise ValueError(f"the table has values of shape {values.shape} at knots that ask for {expected}.")


class AbstractTable(eqx.Module):
    """A cubic spline through `values` at the `knots` of x, the same at every temperature."""

    knots: Knots = eqx.field(static=True, converter=_as_knots)
    values: Float[Array, " knots"] = eqx.field(converter=as_float_array)

    def __check_init__(self) -> None:
        _check_shape(self.values, (len(self.knots),))

    @abc.abstractmethod
    def slopes(self) -> Float[Array, " knots"]:
        """Those of the spline at the knots."""

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        x = jnp.broadcast_to(x, jnp.broadcast_shapes(jnp.shape(x), jnp.shape(T)))
        return _spline(x, self.knots, jnp.asarray(self.values), self.slopes())


class Table(AbstractTable):
    """The monotone cubic spline through `values` at the `knots` of x, the same at every temperature.

    For a temperature dependence put it into an `Arrhenius` law or another law of temperature, or use `GridTable`.
    """

    def slopes(self) -> Float[Array, " knots"]:
        """As steep as keeps the spline monotone wherever the values are."""
        return monotone_slopes(self.knots, self.values)


class NaturalTable(AbstractTable):
    """The natural cubic spline through `values` at the `knots` of x, the same at every temperature: straight beyond the
    knots, with a continuous second derivative everywhere.

    A linear function of its values, without the corners that a monotone one has where it turns: for values that a fit
    moves. Source: C. de Boor, A Practical Guide to Splines, rev. ed. (Springer 2001), chapter IV.
    """

    def slopes(self) -> Float[Array, " knots"]:
        """A linear function of the values."""
        return jnp.asarray(_natural(self.knots)) @ jnp.asarray(self.values)


class MonotoneTable(eqx.Module):
    """A table that rises, or falls, from knot to knot whatever its numbers: `start` at the first knot, and then steps
    of softplus(`steps`), down if `is_falling`. A fit can move every number freely."""

    knots: Knots = eqx.field(static=True, converter=_as_knots)
    start: Float[Array, ""] = eqx.field(converter=as_float_array)
    steps: Float[Array, " gaps"] = eqx.field(converter=as_float_array)
    is_falling: bool = eqx.field(static=True, default=False)

    def __check_init__(self) -> None:
        _check_shape(self.steps, (len(self.knots) - 1,))

    @property
    def values(self) -> Float[Array, " knots"]:
        """The values at the knots."""
        change = jnp.cumsum(jax.nn.softplus(self.steps))
        return self.start + jnp.append(0.0, -change if self.is_falling else change)

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        x = jnp.broadcast_to(x, jnp.broadcast_shapes(jnp.shape(x), jnp.shape(T)))
        values = self.values
        return _spline(x, self.knots, values, monotone_slopes(self.knots, values))


class GridTable(eqx.Module):
    """The bicubic spline through `values` at the `knots` of x (rows) and the temperatures `T_knots` [K] (columns).

    Its slopes along each line of the grid are those of the monotone spline on that line.
    """

    knots: Knots = eqx.field(static=True, converter=_as_knots)
    T_knots: Knots = eqx.field(static=True, converter=_as_knots)
    values: Float[Array, "knots T_knots"] = eqx.field(converter=as_float_array)

    def __check_init__(self) -> None:
        _check_shape(self.values, (len(self.knots), len(self.T_knots)))

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        x, T = jnp.broadcast_arrays(jnp.asarray(x), jnp.asarray(T))
        values = jnp.asarray(self.values)
        by_x = monotone_slopes(self.knots, values.T)  # (T_knots, knots)
        by_T = monotone_slopes(self.T_knots, values)  # (knots, T_knots)
        twist = _mean_slopes(self.T_knots, by_x.T)  # (knots, T_knots): slope in T of the slope in x
        # along T first, on the two lines of x beside the point; then across from one line to the other
        k, outside = _interval(x, self.knots)
        on = lambda line, table, slopes: _spline(T, self.T_knots, table[line], slopes[line])
        ends = [(on(line, values, by_T), on(line, by_x.T, twist)) for line in (k, k + 1)]
        return _cubic(x, outside, np.asarray(self.knots), k, ends)


def positive_table(knots: Iterable[Any], values: ArrayLike | Sequence[float]) -> Positive:
    """A spline through positive `values` that is positive everywhere, whatever a fit does to its numbers: that of their
    logarithms, monotone where they are. Beyond the knots it goes on as an exponential. Raises `ValueError`."""
    return Positive(Table(_as_knots(knots), jnp.log(_checked_positive(values))))


def positive_natural_table(knots: Iterable[Any], values: ArrayLike | Sequence[float]) -> Positive:
    """As `positive_table`, of the `NaturalTable` of the logarithms, which are `law.values`. Raises `ValueError`."""
    return Positive(NaturalTable(_as_knots(knots), jnp.log(_checked_positive(values))))


def positive_grid_table(knots: Iterable[Any], T_knots: Iterable[Any], values: ArrayLike) -> Positive:
    """As `positive_table`, from values on a grid of x (rows) and T [K] (columns). Raises `ValueError`."""
    return Positive(GridTable(_as_knots(knots), _as_knots(T_knots), jnp.log(_checked_positive(values))))


def monotone_table(knots: Iterable[Any], values: ArrayLike | Sequence[float]) -> MonotoneTable:
    """The `MonotoneTable` through `values`, which must rise throughout or fall throughout. Raises `ValueError`."""
    table = np.asarray(values, dtype=float)
    steps = np.diff(table)
    is_falling = bool(steps[0] < 0)
    sizes = -steps if is_falling else steps
    if not np.all(sizes > 0):
        raise ValueError(f"a monotone table needs values that rise or fall from every knot to the next, found {table}.")
    inverse_softplus = sizes + np.log(-np.expm1(-sizes))
    return MonotoneTable(_as_knots(knots), jnp.asarray(table[0]), jnp.asarray(inverse_softplus), is_falling)


def _checked_positive(values: ArrayLike | Sequence[float]) -> Float[Array, "..."]:
    table = np.asarray(values, dtype=float)
    if not np.all(table > 0):
        raise ValueError(f"a positive table needs positive values, found {table.min():g}.")
    return jnp.asarray(table)


# ---- slopes at knots


def monotone_slopes(knots: Knots, values: Float[ArrayLike, "*lines knots"]) -> Float[Array, "*lines knots"]:
    """Slopes at the knots with which the cubic spline is monotone between them wherever the values are: weighted
    harmonic means of the slopes on both sides, zero at an extremum; at the ends from a parabola, limited."""
    h = np.diff(knots)
    d = jnp.diff(jnp.asarray(values), axis=-1) / h
    if len(knots) == 2:
        return jnp.repeat(d, 2, axis=-1)
    left, right = d[..., :-1], d[..., 1:]
    w_left, w_right = h[:-1] + 2 * h[1:], 2 * h[:-1] + h[1:]
    goes_on = left * right > 0
    safe = lambda slope: jnp.where(goes_on, slope, 1.0)
    mean = (w_left + w_right) / (w_left / safe(left) + w_right / safe(right))
    inner = jnp.where(goes_on, mean, 0.0)
    first = _end_slope(h[0], h[1], d[..., 0], d[..., 1])
    last = _end_slope(h[-1], h[-2], d[..., -1], d[..., -2])
    return jnp.concatenate([first[..., None], inner, last[..., None]], axis=-1)


@functools.cache
def _natural(knots: Knots) -> np.ndarray:
    """The matrix that makes of values the slopes at the knots with which the second derivative is continuous, and zero
    at both ends."""
    n, h = len(knots), np.diff(knots)
    left, right = np.zeros((n, n)), np.zeros((n, n))  # left @ slopes = right @ values
    for k in range(n - 1):  # h/2 times the second derivative at both ends of each interval
        chord = (np.eye(n)[k + 1] - np.eye(n)[k]) / h[k]
        for here, other in ((k, k + 1), (k + 1, k)):
            left[here] += (2 * np.eye(n)[here] + np.eye(n)[other]) / h[k]
            right[here] += 3 * chord / h[k]
    slopes: np.ndarray = np.linalg.solve(left, right)
    return slopes


def _end_slope(h0: float, h1: float, d0: Array, d1: Array) -> Array:
    """The slope of the parabola at the end of the table, limited so that the first interval stays monotone."""
    slope = ((2 * h0 + h1) * d0 - h0 * d1) / (h0 + h1)
    too_steep = (d0 * d1 <= 0) & (jnp.abs(slope) > 3 * jnp.abs(d0))
    return jnp.where(slope * d0 <= 0, 0.0, jnp.where(too_steep, 3 * d0, slope))


def _mean_slopes(knots: Knots, values: Float[ArrayLike, "*lines knots"]) -> Float[Array, "*lines knots"]:
    """Slopes of the parabola through each knot and its neighbours, those of the chords at the ends."""
    h = np.diff(knots)
    d = jnp.diff(jnp.asarray(values), axis=-1) / h
    inner = (h[1:] * d[..., :-1] + h[:-1] * d[..., 1:]) / (h[:-1] + h[1:])
    return jnp.concatenate([d[..., :1], inner, d[..., -1:]], axis=-1)


# ---- between knots


def _interval(x: Array, knots: Knots) -> tuple[Array, Array]:
    """The interval in which each `x` lies, the outermost for all beyond it, and how far beyond the knots it is."""
    inner = np.asarray(knots[1:-1])
    k = jnp.sum(x[..., None] >= inner, axis=-1)  # for a few knots quicker than a search
    return k, x - jnp.clip(x, knots[0], knots[-1])


def _spline(x: Array, knots: Knots, values: Array, slopes: Array) -> Array:
    """The cubic spline at `x`; `values` and `slopes` are those of all points, or of each, with the knots last."""
    k, outside = _interval(x, knots)
    at = lambda table, k: table[k] if table.ndim == 1 else jnp.take_along_axis(table, k[..., None], axis=-1)[..., 0]
    ends = [(at(values, line), at(slopes, line)) for line in (k, k + 1)]
    return _cubic(x, outside, np.asarray(knots), k, ends)


def _cubic(x: Array, outside: Array, knots: np.ndarray, k: Array, ends: list[tuple[Array, Array]]) -> Array:
    """Hermite's cubic between values and slopes at both ends of interval `k`, and along the tangent outside."""
    (y0, m0), (y1, m1) = ends
    h = jnp.asarray(np.diff(knots))[k]
    t = (x - outside - jnp.asarray(knots)[k]) / h
    rise = y1 - y0
    inside = y0 + t * (h * m0 + t * (3 * rise - h * (2 * m0 + m1) + t * (h * (m0 + m1) - 2 * rise)))
    return inside + outside * jnp.where(t < 0.5, m0, m1)
