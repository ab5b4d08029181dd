"""Roots of increasing functions at many points at once, differentiable to any order."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

MOST_STEPS = 100
PRECISION = 4e-16  # relative


def increasing_root(
    function: Callable[[Array], Array], guess: Float[Array, "*point"], low: Array, high: Array
) -> Float[Array, "*point"]:
    """Where `function`, which acts entry by entry and increases, vanishes between `low` and `high`; the nearer end
    where it does not.

    Newton's method, kept within the interval in which the root must lie, which shrinks with every step. The derivative
    is that of the root, by the implicit function theorem.
    """
    guess, low, high = lax.stop_gradient((guess, low, high))

    def both(x: Array) -> tuple[Array, Array]:
        return jax.jvp(function, (x,), (jnp.ones_like(x),))

    def solve(_: Callable[[Array], Array], guess: Array) -> Array:
        def step(state: Any) -> Any:
            count, x, low, high, _ = state
            value, slope = both(x)
            low, high = jnp.where(value < 0, x, low), jnp.where(value > 0, x, high)
            newton = x - value / slope
            middle = 0.5 * (low + high)
            new = jnp.where((newton >= low) & (newton <= high), newton, middle)  # also where it is no number
            new = jnp.where(value == 0, x, new)
            return count + 1, new, low, high, jnp.abs(new - x) > PRECISION * jnp.abs(new)

        def goes_on(state: Any) -> Array:
            return (state[0] < MOST_STEPS) & jnp.any(state[-1])

        start = (jnp.asarray(0), jnp.clip(guess, low, high), low, high, jnp.ones(guess.shape, bool))
        x: Array = lax.while_loop(goes_on, step, start)[1]
        return x

    def moved(linear: Callable[[Array], Array], change: Array) -> Array:
        slope = linear(jnp.ones_like(change))
        return change / jnp.where(slope == 0, 1.0, slope)  # beyond the reach of the function nothing moves

    return lax.custom_root(function, guess, solve, moved)
