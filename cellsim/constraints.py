"""Laws that obey a constraint whatever their numbers, so that a fit may move these freely.

Each wraps another law, of any kind: a spline, a network, a polynomial.
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from cellsim.laws import Law, Points, as_law
from cellsim.limits import positive


class Positive(eqx.Module):
    """unit exp(law): positive. `unit` is the size of the property, where the law inside is zero."""

    law: Law = eqx.field(converter=as_law)
    unit: float = eqx.field(static=True, default=1.0)

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        return self.unit * jnp.exp(self.law(x, T))


class Between(eqx.Module):
    """Between `low` and `high`, half way where the law inside is zero: a logistic function of it."""

    law: Law = eqx.field(converter=as_law)
    low: float = eqx.field(static=True)
    high: float = eqx.field(static=True)

    def __check_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"nothing lies between {self.low} and {self.high}: the first must be the lower one.")

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        return self.low + (self.high - self.low) * jax.nn.sigmoid(self.law(x, T))


class ZeroWhenDilute(eqx.Module):
    """x / unit times the law: proportional to the concentration in a dilute solution, as a conductivity is."""

    law: Law = eqx.field(converter=as_law)
    unit: float = eqx.field(static=True, default=1.0)

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        return positive(x) / self.unit * self.law(x, T)


class OneWhenDilute(eqx.Module):
    """exp(sqrt(x / unit) law): positive, and 1 in an infinitely dilute solution, which it leaves with the root of the
    concentration, as a thermodynamic factor does by the limiting law of Debye and Hueckel."""

    law: Law = eqx.field(converter=as_law)
    unit: float = eqx.field(static=True, default=1.0)

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        return jnp.exp(jnp.sqrt(positive(x) / self.unit) * self.law(x, T))


class PositiveDefinite(eqx.Module):
    """A symmetric positive-definite matrix of size n from n (n + 1)/2 laws, unit A A^T with A lower triangular, row by
    row from `entries`, the exponential of the law on its diagonal. Called as a law is, it gives a matrix at each point.

    Onsager coefficients made of it produce entropy in every motion: the second law holds whatever is learned.
    """

    entries: tuple[Law, ...] = eqx.field(converter=lambda laws: tuple(as_law(each) for each in laws))
    unit: float = eqx.field(static=True, default=1.0)

    def __check_init__(self) -> None:
        if not self.entries or self.size * (self.size + 1) // 2 != len(self.entries):
            raise ValueError(f"{len(self.entries)} laws fill no triangle: 1, 3, 6, 10, ... do.")

    @property
    def size(self) -> int:
        """Rows of the matrix."""
        return (math.isqrt(8 * len(self.entries) + 1) - 1) // 2

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point n n"]:
        values = jnp.stack([entry(x, T) for entry in self.entries], axis=-1)
        rows, columns = np.tril_indices(self.size)
        values = jnp.where(rows == columns, jnp.exp(values), values)
        A = jnp.zeros((*values.shape[:-1], self.size, self.size)).at[..., rows, columns].set(values)
        return self.unit * jnp.sum(A[..., :, None, :] * A[..., None, :, :], axis=-1)  # symmetric to the last digit
