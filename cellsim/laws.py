"""Laws: functions of a point's state and its temperature, whose coefficients are differentiable leaves.

Any law can stand wherever a material property is asked for: an electrolyte conductivity, a solid diffusivity, an
open-circuit potential. All take arrays that broadcast together and return one of that shape.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from cellsim.constants import T_ROOM, R
from cellsim.limits import at_least
from cellsim.parameters import Quantity, as_float_array, quantity

Points = Float[ArrayLike, "*#point"]
Law = Callable[[Any, Any], Any]


class Constant(eqx.Module):
    """The same value everywhere."""

    value: Float[Array, ""] = eqx.field(converter=as_float_array)

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        return jnp.broadcast_to(self.value, jnp.broadcast_shapes(jnp.shape(x), jnp.shape(T)))


class Polynomial(eqx.Module):
    """A polynomial in x / unit, lowest power first; `unit` is what the published fit counts in (1000 mol/m3, say)."""

    coefficients: Float[Array, " powers"] = eqx.field(converter=as_float_array)
    unit: float = eqx.field(static=True, default=1.0)

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        x = jnp.broadcast_to(x, jnp.broadcast_shapes(jnp.shape(x), jnp.shape(T))) / self.unit
        value = jnp.zeros_like(x)
        for k in range(self.coefficients.shape[0] - 1, -1, -1):
            value = value * x + self.coefficients[k]
        return value


class Arrhenius(eqx.Module):
    """Another law, known at `T_ref`, with an activation energy: law(x, T) exp(E/R (1/T_ref - 1/T))."""

    law: Law = eqx.field(converter=lambda value: as_law(value))
    E: Float[Array, ""] = quantity("J/mol", -2e5, 2e5, "activation energy")
    T_ref: Float[Array, ""] = quantity("K", 200.0, 500.0, "temperature at which the law was measured", default=T_ROOM)

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        return self.law(x, T) * arrhenius_factor(self.E, self.T_ref, T)


class Product(eqx.Module):
    """The product of two laws, one of which may be a number."""

    first: Law = eqx.field(converter=lambda value: as_law(value))
    second: Law = eqx.field(converter=lambda value: as_law(value))

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        return self.first(x, T) * self.second(x, T)


def scaled(here: Any, factor: Any) -> Any:
    """A number, or a law of any kind, times a number."""
    return here * factor if eqx.is_array_like(here) else Product(here, factor)


class Sum(eqx.Module):
    """The sum of two laws, one of which may be a number."""

    first: Law = eqx.field(converter=lambda value: as_law(value))
    second: Law = eqx.field(converter=lambda value: as_law(value))

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        return self.first(x, T) + self.second(x, T)


class AtLeast(eqx.Module):
    """Another law, smoothly kept above `floor` where a fit that is extrapolated falls to zero or below.

    What lies five times as high as the floor or higher is left alone to the last digit.
    """

    law: Law
    floor: float = eqx.field(static=True)  # in the law's unit; no coefficient of the fit

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        return at_least(self.law(x, T), self.floor, self.floor / 10)


class Custom(eqx.Module):
    """A function of your own, `function(x, T, parameters)`; every number in `parameters` is a differentiable leaf."""

    function: Callable[[Any, Any, Any], Any] = eqx.field(static=True)
    parameters: Any = None

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        value = self.function(x, T, self.parameters)
        return jnp.broadcast_to(value, jnp.broadcast_shapes(jnp.shape(x), jnp.shape(T)))


def arrhenius_factor(E: Points, T_ref: Points, T: Points) -> Float[Array, "*point"]:
    """exp(E/R (1/T_ref - 1/T)) [-]: how much faster a process of activation energy `E` [J/mol] is at `T` [K]."""
    return jnp.exp(E / R * (1 / T_ref - 1 / T))


class Plain(eqx.Module):
    """A function of (x, T) as a law without parameters."""

    function: Callable[[Any, Any], Any] = eqx.field(static=True)

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        return jnp.broadcast_to(self.function(x, T), jnp.broadcast_shapes(jnp.shape(x), jnp.shape(T)))


def as_law(value: Any) -> Any:
    """`value` if it is a law, the law of that function, or the constant law of that number."""
    if isinstance(value, (eqx.Module, jax.tree_util.Partial)):
        return value
    return Plain(value) if callable(value) else Constant(value)


def law(unit: str, low: float, high: float, doc: str, **kwargs: Any) -> Any:
    """A field for a law whose values are in `unit`, plausible from `low` to `high`; a number becomes a `Constant`."""
    return eqx.field(converter=as_law, metadata={"law": Quantity(unit, low, high, doc)}, **kwargs)
