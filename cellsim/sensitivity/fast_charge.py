"""The fastest charge that does no harm: currents of stages by gradient through the simulation."""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from cellsim.constants import SECONDS_PER_HOUR
from cellsim.ensemble.outputs import SALT, against_lithium
from cellsim.fitting.optimise import descent
from cellsim.sensitivity.pulses import Pulses, followed
from cellsim.simulation.solution import Solution

Watch = Callable[[Solution], Any]  # a number at every time, that must not fall below a floor
STIFFNESS = 30.0  # of the penalty, per square of what is missing over the softness, in units of the time of charging


def plating_margin(solution: Solution) -> Float[Array, " times"]:
    """Smallest potential [V] of the negative electrode against lithium beside it, at every time."""
    return jnp.min(against_lithium(solution), axis=1)


def salt_left(solution: Solution) -> Float[Array, " times"]:
    """Smallest concentration of salt [mol/m3], at every time."""
    return jnp.min(solution.profile(SALT), axis=1)


@dataclasses.dataclass(frozen=True)
class Limit:
    """What must stay above `floor`, and how much below it counts as much as a unit of `softness`. The watch must be the
    same object wherever the same is meant."""

    watch: Watch
    floor: float
    softness: float


PLATING = Limit(plating_margin, 0.0, 2e-3)
DEPLETION = Limit(salt_left, 100.0, 20.0)


@dataclasses.dataclass(frozen=True, eq=False)
class Charge:
    """Stages that were found, each passing the same charge."""

    stages: Pulses
    time: float  # s, of all
    watched: Float[np.ndarray, "stages points"]
    V: Float[np.ndarray, "stages points"]  # V
    history: tuple[float, ...]  # the time over that of the start, with the penalty, step by step


def stages_of(currents: Any, charge: Any) -> Pulses:
    """Stages of equal charge, `charge` [A.h] together, at `currents` [A] (positive numbers)."""
    each = charge * SECONDS_PER_HOUR / len(currents)
    return Pulses(-currents, each / currents)


@partial(jax.jit, static_argnames=("limit", "max_steps"))
def _followed(model: Any, stages: Pulses, soc: Any, T: Any, limit: Limit, max_steps: int) -> tuple[Array, Array]:
    look = lambda held: (limit.watch(held), held.V)
    found: tuple[Array, Array] = followed(model, stages, look, soc=soc, T=T, rtol=1e-6, max_steps=max_steps)
    return found


def fast_charge(
    model: Any,
    charge: float,
    stages: int = 5,
    *,
    limit: Limit = PLATING,
    soc: float = 0.0,
    T: Any = None,
    I_low: float,
    I_high: float,
    V_high: float = np.inf,
    steps: int = 30,
    max_steps: int = 100,
) -> Charge:
    """The currents from `I_low` to `I_high` [A] of stages that pass `charge` [A.h] in the shortest time while what is
    watched stays above its floor, and the voltage below `V_high` [V]; by quasi-Newton steps from the mildest current.
    The penalty is soft: what is watched may end a small part of its softness below the floor."""
    slowest = charge * SECONDS_PER_HOUR / I_low

    def currents(z: Array) -> Array:
        return I_low * (I_high / I_low) ** jax.nn.sigmoid(z)

    def loss(z: Array) -> Any:
        pulses = stages_of(currents(z), charge)
        watched, V = _followed(model, pulses, jnp.asarray(soc), T, limit, max_steps)
        below = jax.nn.relu((limit.floor - watched) / limit.softness)
        above = jax.nn.relu((V - V_high) / 5e-3) if np.isfinite(V_high) else 0.0
        value = jnp.sum(pulses.duration) / slowest + STIFFNESS * jnp.mean(below**2 + above**2)
        return value, value

    slopes = jax.jit(jax.jacfwd(loss, has_aux=True))

    def both(z: np.ndarray) -> tuple[float, np.ndarray]:
        slope, value = slopes(jnp.asarray(z))
        return float(value), np.asarray(slope)

    history: list[float] = []
    best = np.full(stages, -3.0)
    for z, f, _ in descent(both, best, 1e-4):
        best = z
        history.append(f)
        if len(history) > steps:
            break
    pulses = stages_of(currents(jnp.asarray(best)), charge)
    watched, V = _followed(model, pulses, jnp.asarray(soc), T, limit, max_steps)
    time = float(jnp.sum(pulses.duration))
    return Charge(pulses, time, np.asarray(watched), np.asarray(V), tuple(history))
