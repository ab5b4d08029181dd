"""Smooth limits that keep a fitted law finite where a solver may look but nobody measured.

A stage of a stiff solver, or a line search of a fit, may ask for a salt concentration of zero or slightly below. There
sqrt(c) is not a number and its slope is infinite, and one such value stops the run. Both functions here are smooth,
have bounded slopes, and leave the measured range alone.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

FLOOR_WIDTH = 1e-3  # mol/m3: changes c by 2.5e-7 of itself at 1 mol/m3 and by 2.5e-13 at 1 mol/L


def positive(c: Float[ArrayLike, "*point"], width: Any = FLOOR_WIDTH) -> Float[Array, "*point"]:
    """`c`, smoothly kept above zero: (c + sqrt(c^2 + width^2))/2, which is c + width^2/(4c) for c >> width.

    Written so that large negative `c` does not cancel to zero: the result is positive for every finite `c`.
    """
    c = jnp.asarray(c, dtype=float)
    is_above = c > 0
    reach = jnp.sqrt(c**2 + width**2) + jnp.where(is_above, c, -c)
    return jnp.where(is_above, reach / 2, width**2 / (2 * reach))


def at_least(x: Float[ArrayLike, "*point"], floor: Any, width: Any) -> Float[Array, "*point"]:
    """`x`, smoothly kept above `floor`; forty widths above it the difference is below the last digit of float64."""
    return floor + width * jax.nn.softplus((x - floor) / width)
