"""Small neural networks as laws of (x, T); their weights are differentiable leaves.

Alone such a law is any number; `cellsim.constraints` make it a conductivity, a diffusivity, a transference number or a
thermodynamic factor (see `cellsim.electrolyte.learned`).
"""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from cellsim.constants import T_ROOM
from cellsim.laws import Points
from cellsim.parameters import as_float_array


class Layer(eqx.Module):
    """weight @ inputs + bias."""

    weight: Float[Array, "outputs inputs"] = eqx.field(converter=as_float_array)
    bias: Float[Array, " outputs"] = eqx.field(converter=as_float_array)

    def __call__(self, inputs: Float[Array, "*point inputs"]) -> Float[Array, "*point outputs"]:
        return inputs @ self.weight.T + self.bias


class Network(eqx.Module):
    """Layers with tanh between them, of x / x_scale - 1 and (T - T_ref) / T_scale; one number comes out.

    The scales make both inputs numbers of order one: x from 0 to 2 `x_scale`, T within `T_scale` of `T_ref` [K].
    """

    layers: tuple[Layer, ...]
    x_scale: float = eqx.field(static=True)
    T_ref: float = eqx.field(static=True, default=T_ROOM)
    T_scale: float = eqx.field(static=True, default=30.0)

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        x, T = jnp.broadcast_arrays(jnp.asarray(x, dtype=float), jnp.asarray(T, dtype=float))
        signal = jnp.stack([x / self.x_scale - 1.0, (T - self.T_ref) / self.T_scale], axis=-1)
        for layer in self.layers[:-1]:
            signal = jnp.tanh(layer(signal))
        return self.layers[-1](signal)[..., 0]


def network(
    key: PRNGKeyArray,
    *,
    x_scale: float,
    T_ref: float = T_ROOM,
    T_scale: float = 30.0,
    hidden: tuple[int, ...] = (8, 8),
) -> Network:
    """A network with `hidden` neurons in its inner layers and random weights drawn from `key` (`jax.random.key(seed)`),
    scaled down in the last layer so that a constrained law starts near its middle."""
    sizes = (2, *hidden, 1)
    keys = jax.random.split(key, len(sizes) - 1)
    weights = [
        jax.random.normal(each, (outputs, inputs)) / jnp.sqrt(inputs)
        for (inputs, outputs), each in zip(itertools.pairwise(sizes), keys, strict=True)
    ]
    weights[-1] = 0.1 * weights[-1]
    return Network(tuple(Layer(weight, jnp.zeros(len(weight))) for weight in weights), x_scale, T_ref, T_scale)
