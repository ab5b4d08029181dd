"""Currents held one after the other, as a smooth function of every one of them and of how long it is held."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from cellsim.discretisation.layout import State
from cellsim.protocols.protocol import Protocol
from cellsim.protocols.steps import current
from cellsim.simulation.simulate import simulate
from cellsim.simulation.solution import Solution

POINTS = 13  # of a pulse, crowded at its beginning


class Pulses(NamedTuple):
    """Currents [A], positive discharges, and how long each is held [s]."""

    I: Float[Array, " pulses"]
    duration: Float[Array, " pulses"]

    @property
    def protocol(self) -> Protocol:
        """The same as a protocol that can be run, or written down for an instrument."""
        return Protocol([[current(float(I), float(d)) for I, d in zip(self.I, self.duration, strict=True)]])


class Form(NamedTuple):
    """What pulses may be: `pulses` of them, from `I_low` to `I_high` [A], none shorter than `shortest` [s], together as
    long as `duration` [s]. Coordinates without bounds make pulses of it."""

    pulses: int
    duration: float
    I_low: float
    I_high: float
    shortest: float = 10.0

    def at(self, z: Float[Array, " coordinates"]) -> Pulses:
        """The pulses at coordinates: first of currents, then of durations."""
        I = self.I_low + (self.I_high - self.I_low) * jax.nn.sigmoid(z[: self.pulses])
        free = self.duration - self.pulses * self.shortest
        return Pulses(I, self.shortest + free * jax.nn.softmax(z[self.pulses :]))


def fractions() -> Float[Array, " points"]:
    """Of a pulse, where it is looked at."""
    return jnp.linspace(0.0, 1.0, POINTS) ** 2


def weights(pulses: Pulses) -> Float[Array, "pulses points"]:
    """The time [s] that every point stands for (trapezoidal rule)."""
    width = jnp.diff(fractions())
    share = 0.5 * (jnp.append(width, 0.0) + jnp.append(0.0, width))
    return pulses.duration[:, None] * share


def followed(model: Any, pulses: Pulses, look: Any, *, soc: Any, T: Any, rtol: Any, max_steps: int) -> Any:
    """`look(solution)` of every pulse, one after the other from rest, whatever voltage is reached. One compiled body
    serves them all; differentiable in the model and in the pulses, twice if need be."""
    T = model.T_usual if T is None else jnp.asarray(T)

    def body(y: State, pulse: tuple[Array, Array]) -> tuple[State, Any]:
        I, d = pulse
        held: Solution = simulate(
            model, current(I, d), initial=y, T=T, times=fractions() * d, rtol=rtol, max_steps=max_steps
        )
        return jax.tree.map(lambda x: x[-1], held.states), look(held)

    rest = model.at_rest(model.discretised(T), jnp.asarray(soc))
    return lax.scan(body, rest, (pulses.I, pulses.duration))[1]
