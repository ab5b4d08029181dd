"""Which numbers of a cell move, and between which bounds."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from cellsim.parameters import get, replace

DECADE = 10.0  # bounds that lie further apart than this, as a ratio, are spanned by the logarithm
NEAREST = 1e-3  # of the span; a start at a bound could not move


class Free(NamedTuple):
    """One number of a cell, by its path, between bounds that it never reaches; in the unit of the number."""

    path: str
    low: float
    high: float

    @property
    def is_logarithmic(self) -> bool:
        """Whether the span between the bounds is one of ratios."""
        return self.low > 0 and self.high / self.low > DECADE

    def value(self, z: Float[Array, ""]) -> Float[Array, ""]:
        """The number at the unbounded coordinate `z`."""
        share = jax.nn.sigmoid(z)
        if self.is_logarithmic:
            return self.low * jnp.exp(share * math.log(self.high / self.low))
        return self.low + share * (self.high - self.low)

    def coordinate(self, value: float) -> float:
        """The unbounded coordinate of a number; one at or beyond a bound is taken just inside."""
        if self.is_logarithmic:
            share = math.log(max(value, self.low) / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        share = min(max(share, NEAREST), 1 - NEAREST)
        return math.log(share / (1 - share))


def coordinates(cell: Any, free: Sequence[Free]) -> Float[Array, " free"]:
    """Where `cell` is, in unbounded coordinates."""
    return jnp.asarray([each.coordinate(float(np.asarray(get(cell, each.path)))) for each in free])


def moved(cell: Any, free: Sequence[Free], z: Float[Array, " free"]) -> Any:
    """`cell` with its free numbers at the unbounded coordinates `z`."""
    for k, each in enumerate(free):
        cell = replace(cell, each.path, each.value(z[k]))
    return cell
