"""Open-circuit curves."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from cellsim.limits import positive
from cellsim.parameters import as_float_array

Points = Float[ArrayLike, "*#point"]
NEAREST = 1e-6  # of the lithiation to a pole; nearer it is smooth and finite
STEEP = 1e7  # V; ten volts for a thousandth of the lithiation too much, which no cut-off leaves room for


def without_sites(theta: Points) -> Float[Array, "*point"]:
    """What is added to a curve [V] beyond full and beyond empty, where fitted ones go on as if there were sites: it
    falls steeply above a lithiation of 1, rises steeply below 0, and is nothing between."""
    theta = jnp.asarray(theta)
    over = theta - jnp.clip(theta, 0.0, 1.0)
    return -STEEP * over * jnp.abs(over)


class StepsAndTails(eqx.Module):
    """A straight line, steps between phases, and exponential tails, the form in which most curves are published:

    U(theta) = U0 + slope theta + sum_k height_k tanh(steepness_k (theta - centre_k)) + sum_k tail_k exp(rate_k theta)
    """

    U0: Float[Array, ""] = eqx.field(converter=as_float_array)  # [V]
    slope: Float[Array, ""] = eqx.field(converter=as_float_array)  # [V]
    height: Float[Array, " steps"] = eqx.field(converter=as_float_array)  # [V]
    steepness: Float[Array, " steps"] = eqx.field(converter=as_float_array)
    centre: Float[Array, " steps"] = eqx.field(converter=as_float_array)
    tail: Float[Array, " tails"] = eqx.field(converter=as_float_array, default=())  # [V]
    rate: Float[Array, " tails"] = eqx.field(converter=as_float_array, default=())

    def __call__(self, theta: Points, T: Points) -> Float[Array, "*point"]:
        """Open-circuit potential [V] against lithium at lithiation `theta` [-]."""
        theta = jnp.broadcast_to(theta, jnp.broadcast_shapes(jnp.shape(theta), jnp.shape(T)))
        return self.U0 + self.slope * theta + _steps(jnp.tanh, self, theta) + _tails(self, theta)


class PolynomialAndPoles(eqx.Module):
    """A polynomial that turns up where the material is empty and down where it is full,

    U(theta) = sum_k coefficients_k theta^k + pole (1/theta - 1/(1 - theta)).
    """

    coefficients: Float[Array, " powers"] = eqx.field(converter=as_float_array)  # [V], lowest power first
    pole: Float[Array, ""] = eqx.field(converter=as_float_array)  # [V]

    def __call__(self, theta: Points, T: Points) -> Float[Array, "*point"]:
        """Open-circuit potential [V] against lithium at lithiation `theta` [-]."""
        theta = jnp.broadcast_to(theta, jnp.broadcast_shapes(jnp.shape(theta), jnp.shape(T)))
        value = jnp.zeros_like(theta)
        for k in range(self.coefficients.shape[0] - 1, -1, -1):
            value = value * theta + self.coefficients[k]
        away = lambda x: 1.0 / positive(x, NEAREST)
        return value + self.pole * (away(theta) - away(1.0 - theta))


class StepSlopes(eqx.Module):
    """The derivative form of `StepsAndTails`, in which entropic coefficients are published:

    dU/dT(theta) = sum_k height_k sech(steepness_k (theta - centre_k))^2 + sum_k tail_k exp(rate_k theta)
    """

    height: Float[Array, " steps"] = eqx.field(converter=as_float_array)  # [V/K]
    steepness: Float[Array, " steps"] = eqx.field(converter=as_float_array)
    centre: Float[Array, " steps"] = eqx.field(converter=as_float_array)
    tail: Float[Array, " tails"] = eqx.field(converter=as_float_array, default=())  # [V/K]
    rate: Float[Array, " tails"] = eqx.field(converter=as_float_array, default=())

    def __call__(self, theta: Points, T: Any) -> Float[Array, "*point"]:
        """Entropic coefficient [V/K] at lithiation `theta` [-]."""
        theta = jnp.broadcast_to(theta, jnp.broadcast_shapes(jnp.shape(theta), jnp.shape(T)))
        return _steps(lambda x: 1 - jnp.tanh(x) ** 2, self, theta) + _tails(self, theta)


# The terms are added one by one: so small a sum is faster as one pass over `theta` than as a matrix product.


def _steps(shape: Callable[[Array], Array], curve: Any, theta: Array) -> Array:
    total = jnp.zeros_like(theta)
    for k in range(curve.height.shape[0]):
        total = total + curve.height[k] * shape(curve.steepness[k] * (theta - curve.centre[k]))
    return total


def _tails(curve: Any, theta: Array) -> Array:
    total = jnp.zeros_like(theta)
    for k in range(curve.tail.shape[0]):
        total = total + curve.tail[k] * jnp.exp(curve.rate[k] * theta)
    return total
