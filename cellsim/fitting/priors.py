"""What is known of a number before the data: terms of a sum of squares, one for each thing that is known."""

import abc
import math
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from cellsim.fitting.targets import numbers_of
from cellsim.parameters import as_floats


class AbstractPrior(eqx.Module):
    """Knowledge of a number, or of an array of them, whose density is exp(-sum of squares of the residuals / 2)."""

    @abc.abstractmethod
    def residuals(self, value: Float[Array, " values"]) -> Float[Array, " terms"]:
        """How far `value` is from what is expected, in standard deviations."""

    @abc.abstractmethod
    def log_measure(self, value: Float[Array, " values"]) -> Float[Array, ""]:
        """The logarithm of the measure that the density is of: nothing for d(value), -ln(value) for d(ln value)."""


class Normal(AbstractPrior):
    """About `mean`, of several numbers each about its own, with standard deviation `sd`, in the unit of the number."""

    mean: float | tuple[float, ...] = eqx.field(static=True)
    sd: float = eqx.field(static=True)

    def __check_init__(self) -> None:
        if not self.sd > 0:
            raise ValueError(f"a standard deviation is above zero, found {self.sd:g}.")

    def residuals(self, value: Float[Array, " values"]) -> Float[Array, " terms"]:
        """(value - mean) / sd."""
        return (value - jnp.asarray(self.mean)) / self.sd

    def log_measure(self, value: Float[Array, " values"]) -> Float[Array, ""]:
        """Nothing."""
        del value
        return jnp.zeros(())


class LogNormal(AbstractPrior):
    """A positive number about `median`, within a `factor` of it as often as a normal one within its standard
    deviation."""

    median: float = eqx.field(static=True)
    factor: float = eqx.field(static=True)

    def __check_init__(self) -> None:
        if not (self.median > 0 and self.factor > 1):
            raise ValueError(f"needed: a median above 0 and a factor above 1, found {self.median:g}, {self.factor:g}.")

    def residuals(self, value: Float[Array, " values"]) -> Float[Array, " terms"]:
        """ln(value / median) / ln(factor)."""
        return jnp.log(value / self.median) / math.log(self.factor)

    def log_measure(self, value: Float[Array, " values"]) -> Float[Array, ""]:
        """-ln(value)."""
        return -jnp.sum(jnp.log(value))


class Smooth(AbstractPrior):
    """Values along `knots` (at even distances where none are given) that do not bend much: their second divided
    differences, times the square of the mean distance of knots, are about zero with standard deviation `sd`."""

    sd: float = eqx.field(static=True)
    knots: tuple[float, ...] | None = eqx.field(static=True, default=None)

    def __check_init__(self) -> None:
        if not self.sd > 0:
            raise ValueError(f"a standard deviation is above zero, found {self.sd:g}.")

    def residuals(self, value: Float[Array, " values"]) -> Float[Array, " terms"]:
        """The bends at the inner knots."""
        x = np.arange(len(value), dtype=float) if self.knots is None else np.asarray(self.knots)
        if len(x) != len(value):
            raise ValueError(f"{len(x)} knots for {len(value)} values.")
        h = np.diff(x)
        slopes = jnp.diff(value) / h
        bends = 2.0 * jnp.diff(slopes) / (h[1:] + h[:-1])
        return bends * np.mean(h) ** 2 / self.sd

    def log_measure(self, value: Float[Array, " values"]) -> Float[Array, ""]:
        """Nothing."""
        del value
        return jnp.zeros(())


class SmoothLaw(AbstractPrior):
    """Numbers of a `law`, spline knots or the weights of a network alike, for which its curve does not bend much: its
    values at the points `at`, or their logarithms where `is_relative`, are as `Smooth` with `sd` has them."""

    law: Any
    at: tuple[float, ...] = eqx.field(static=True, converter=as_floats)
    sd: float = eqx.field(static=True)
    is_relative: bool = eqx.field(static=True, default=True)
    T: float = eqx.field(static=True, default=298.15)  # K

    def __check_init__(self) -> None:
        if len(self.at) < 3 or np.any(np.diff(self.at) <= 0):
            raise ValueError(f"a curve bends between three points or more that rise, found {self.at}.")
        if not self.sd > 0:
            raise ValueError(f"a standard deviation is above zero, found {self.sd:g}.")

    def residuals(self, value: Float[Array, " values"]) -> Float[Array, " terms"]:
        """The bends at the inner points."""
        curve = numbers_of(self.law)[1](value)(jnp.asarray(self.at), jnp.asarray(self.T))
        return Smooth(self.sd, self.at).residuals(jnp.log(curve) if self.is_relative else curve)

    def log_measure(self, value: Float[Array, " values"]) -> Float[Array, ""]:
        """Nothing."""
        del value
        return jnp.zeros(())


class Both(AbstractPrior):
    """Two things that are known of the same number or array. The measure is that of the first."""

    first: Any
    second: Any

    def residuals(self, value: Float[Array, " values"]) -> Float[Array, " terms"]:
        """Those of the first and those of the second."""
        return jnp.concatenate([self.first.residuals(value), self.second.residuals(value)])

    def log_measure(self, value: Float[Array, " values"]) -> Float[Array, ""]:
        """That of the first."""
        measure: Array = self.first.log_measure(value)
        return measure
