"""A run between the points at which it was seen."""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float


def between(t: Float[Array, " points"], values: Float[Array, " points"], times: Any) -> Float[Array, " times"]:
    """`values` at `times`, on a cubic between two points whose slopes are those of parabolas through three; where two
    points have one time the values jump, and the later one counts. Beyond the ends, the ends.

    Source: C. de Boor, A Practical Guide to Splines (Springer 2001), chapter IV (Bessel's slopes).
    """
    width = jnp.diff(t)
    is_open = width > 0
    slope = jnp.diff(values) / jnp.where(is_open, width, 1.0)
    before, after = is_open[:-1], is_open[1:]
    both = (width[1:] * slope[:-1] + width[:-1] * slope[1:]) / jnp.where(before | after, width[1:] + width[:-1], 1.0)
    inner = jnp.where(before & after, both, jnp.where(after, slope[1:], slope[:-1]))
    # at an end, and at a jump, that of the parabola through the three points on its side
    start, stop = 2 * slope - jnp.append(inner, slope[-1]), 2 * slope - jnp.append(slope[0], inner)
    is_first, is_last = jnp.append(True, ~before), jnp.append(~after, True)
    left = jnp.where(is_first, start, jnp.append(slope[0], inner))
    right = jnp.where(is_last, stop, jnp.append(inner, slope[-1]))
    x = jnp.clip(times, t[0], t[-1])
    k = jnp.clip(jnp.searchsorted(t, x, side="right") - 1, 0, len(t) - 2)
    h = width[k]
    s = jnp.where(h > 0, (x - t[k]) / jnp.where(h > 0, h, 1.0), 1.0)
    rise = s * s * (3 - 2 * s)
    bend = h * s * (1 - s) * ((1 - s) * left[k] - s * right[k])
    return values[k] + rise * (values[k + 1] - values[k]) + bend
