"""How much a difference between model and data costs.

A cost turns differences into residuals whose sum of squares, halved, is what is minimised. So every optimiser of
least squares serves every cost, and the gradient of the cost is exact in all of them.
"""

import abc
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float


class AbstractCost(eqx.Module):
    """A cost of differences, each with the standard deviation that is expected of it."""

    @abc.abstractmethod
    def residuals(
        self, found: Float[Array, " rows"], measured: Float[Array, " rows"], sigma: Float[Array, " rows"]
    ) -> Float[Array, " rows"]:
        """Residuals [-] whose squares add up to twice the cost."""


class Squared(AbstractCost):
    """The square of the difference over its standard deviation: right where the noise is normal."""

    def residuals(
        self, found: Float[Array, " rows"], measured: Float[Array, " rows"], sigma: Float[Array, " rows"]
    ) -> Float[Array, " rows"]:
        """(found - measured) / sigma."""
        return (found - measured) / sigma


class Huber(AbstractCost):
    """The square of small differences, and of those beyond `k` standard deviations no more than their size.

    Source: P. J. Huber, Ann. Math. Statist. 35 (1964) 73, doi:10.1214/aoms/1177703732.
    """

    k: float = eqx.field(static=True, default=1.345)  # 95 % as efficient as least squares where the noise is normal

    def __check_init__(self) -> None:
        if not self.k > 0:
            raise ValueError(f"k is above zero, found {self.k:g}.")

    def residuals(
        self, found: Float[Array, " rows"], measured: Float[Array, " rows"], sigma: Float[Array, " rows"]
    ) -> Float[Array, " rows"]:
        """r within k, sign(r) (2 k |r| - k^2)^0.5 beyond, with r = (found - measured) / sigma."""
        r = (found - measured) / sigma
        size = jnp.maximum(jnp.abs(r), self.k)  # so that the root that is not taken has a slope
        return jnp.where(jnp.abs(r) <= self.k, r, jnp.sign(r) * jnp.sqrt(2 * self.k * size - self.k**2))


class StudentT(AbstractCost):
    """The logarithm of Student's t density: differences far out count as outliers, and hardly pull.

    Source: K. L. Lange, R. J. A. Little and J. M. G. Taylor, J. Am. Stat. Assoc. 84 (1989) 881.
    """

    nu: float = eqx.field(static=True, default=4.0)  # degrees of freedom

    def __check_init__(self) -> None:
        if not self.nu > 0:
            raise ValueError(f"degrees of freedom are above zero, found {self.nu:g}.")

    def residuals(
        self, found: Float[Array, " rows"], measured: Float[Array, " rows"], sigma: Float[Array, " rows"]
    ) -> Float[Array, " rows"]:
        """sign(r) ((nu + 1) ln(1 + r^2 / nu))^0.5 with r = (found - measured) / sigma."""
        r = (found - measured) / sigma
        x = r * r / self.nu
        is_small = x < 1e-4
        away = jnp.where(is_small, 1.0, x)
        ratio = jnp.where(is_small, 1.0 - x / 2 + x * x / 3, jnp.log1p(away) / away)  # ln(1 + x) / x
        return r * jnp.sqrt((self.nu + 1) / self.nu * ratio)


class Relative(AbstractCost):
    """The square of the difference over a `share` of the measured value, but of no less than `floor` (in the unit of
    what is measured): where errors grow with the value."""

    share: float = eqx.field(static=True, default=0.01)
    floor: float = eqx.field(static=True, default=1e-6)

    def __check_init__(self) -> None:
        if not (self.share > 0 and self.floor > 0):
            raise ValueError(f"share and floor are above zero, found {self.share:g} and {self.floor:g}.")

    def residuals(
        self, found: Float[Array, " rows"], measured: Float[Array, " rows"], sigma: Float[Array, " rows"]
    ) -> Float[Array, " rows"]:
        """(found - measured) / (share |measured|), or over the floor where that is greater."""
        del sigma
        return (found - measured) / jnp.maximum(self.share * jnp.abs(measured), self.floor)


COSTS: tuple[type[Any], ...] = (Squared, Huber, StudentT, Relative)
