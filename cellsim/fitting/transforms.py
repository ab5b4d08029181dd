"""Coordinates without bounds for numbers that have some."""

import abc
import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

DECADE = 10.0  # bounds that lie further apart than this, as a ratio, are spanned by the logarithm
NEAREST = 1e-3  # of the span; a start at a bound could not move


class AbstractTransform(eqx.Module):
    """A rising map from all real numbers to those that are allowed."""

    @abc.abstractmethod
    def value(self, z: Any) -> Float[Array, "*shape"]:
        """The numbers at the coordinates `z`."""

    @abc.abstractmethod
    def coordinate(self, value: Any) -> np.ndarray:
        """The coordinates of numbers; those at or beyond a bound are taken just inside."""

    @abc.abstractmethod
    def random(self, share: Any) -> np.ndarray:
        """Coordinates that lie at shares (from 0 to 1) of what is allowed. Raises `ValueError` without both bounds."""


class Unbounded(AbstractTransform):
    """Any number; the coordinate counts in units of `scale`."""

    scale: float = eqx.field(static=True, default=1.0)

    def value(self, z: Any) -> Float[Array, "*shape"]:
        """scale z."""
        return self.scale * jnp.asarray(z)

    def coordinate(self, value: Any) -> np.ndarray:
        """value / scale."""
        return np.asarray(np.asarray(value, float) / self.scale)

    def random(self, share: Any) -> np.ndarray:
        """There is no span to draw from."""
        del share
        raise ValueError("a number without bounds cannot be drawn at random between them: give `low` and `high`.")


class Above(AbstractTransform):
    """Numbers above `low`: the coordinate is the logarithm of the distance."""

    low: float = eqx.field(static=True, default=0.0)

    def value(self, z: Any) -> Float[Array, "*shape"]:
        """low + exp(z)."""
        return self.low + jnp.exp(z)

    def coordinate(self, value: Any) -> np.ndarray:
        """ln(value - low)."""
        distance = np.asarray(value, float) - self.low
        return np.asarray(np.log(np.maximum(distance, 1e-12 * max(abs(self.low), 1e-12))))

    def random(self, share: Any) -> np.ndarray:
        """There is no span to draw from."""
        del share
        raise ValueError(f"a number above {self.low:g} cannot be drawn at random: give `high` too.")


class Between(AbstractTransform):
    """Numbers between two bounds that are never reached: a logistic function of the coordinate, in the number itself
    or, where `is_logarithmic`, in its logarithm."""

    low: float = eqx.field(static=True)
    high: float = eqx.field(static=True)
    is_logarithmic: bool = eqx.field(static=True, default=False)

    def _at(self, share: Any) -> Any:
        if self.is_logarithmic:
            return self.low * jnp.exp(share * math.log(self.high / self.low))
        return self.low + share * (self.high - self.low)

    def value(self, z: Any) -> Float[Array, "*shape"]:
        """The numbers at the coordinates `z`."""
        return self._at(jax.nn.sigmoid(jnp.asarray(z)))

    def coordinate(self, value: Any) -> np.ndarray:
        """The coordinates of numbers; those at or beyond a bound are taken just inside."""
        value = np.asarray(value, float)
        if self.is_logarithmic:
            share = np.log(np.maximum(value, self.low) / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return _logit(share)

    def random(self, share: Any) -> np.ndarray:
        """The coordinates at shares of the span."""
        return _logit(np.asarray(share, float))


def _logit(share: Any) -> np.ndarray:
    inside = np.clip(share, NEAREST, 1 - NEAREST)
    return np.asarray(np.log(inside / (1 - inside)))


def between(low: float, high: float) -> AbstractTransform:
    """The transform for numbers between two bounds, of which the upper one, or both, may be infinite; a span of more
    than a decade is one of ratios. Raises `ValueError` for bounds that leave no room."""
    if not low < high:
        raise ValueError(f"the bounds {low:g} and {high:g} leave no room; low comes first.")
    if math.isinf(high):
        return Unbounded() if math.isinf(low) else Above(low)
    if math.isinf(low):
        raise ValueError(f"an upper bound of {high:g} needs a lower one beside it.")
    return Between(low, high, low > 0 and high / low > DECADE)
