"""The fastest charge that does no harm: currents of stages by gradient through the simulation."""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

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
SOFTNESS = 5e-3  # V, of the limit of the voltage
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


class Task(NamedTuple):
    """What is charged, and within which bounds: numbers alone, so that one compiled program serves every task."""

    model: Any
    charge: Any  # A.h
    soc: Any
    T: Any  # K; None for that of the model
    I_low: Any  # A
    I_high: Any  # A
    V_high: Any  # V; infinite where no voltage is too high
    rtol: Any

    def stages(self, z: Float[Array, " stages"]) -> Pulses:
        """The stages at coordinates without bounds."""
        return stages_of(self.I_low * (self.I_high / self.I_low) ** jax.nn.sigmoid(z), self.charge)


@partial(jax.jit, static_argnames=("limit", "max_steps"))
def _followed(task: Task, stages: Pulses, limit: Limit, max_steps: int) -> tuple[Array, Array]:
    look = lambda held: (limit.watch(held), held.V)
    how = dict(soc=task.soc, T=task.T, rtol=task.rtol, max_steps=max_steps)
    found: tuple[Array, Array] = followed(task.model, stages, look, **how)
    return found


@partial(jax.jit, static_argnames=("limit", "max_steps"))
def _slopes(task: Task, z: Float[Array, " stages"], limit: Limit, max_steps: int) -> tuple[Array, Array]:
    """How the time over the longest, with its penalty, changes with the coordinates; and what it is."""

    def loss(z: Array) -> tuple[Array, Array]:
        stages = task.stages(z)
        watched, V = _followed(task, stages, limit, max_steps)
        below = jax.nn.relu((limit.floor - watched) / limit.softness)
        above = jax.nn.relu((V - task.V_high) / SOFTNESS)
        longest = task.charge * SECONDS_PER_HOUR / task.I_low
        value = jnp.sum(stages.duration) / longest + STIFFNESS * jnp.mean(below**2 + above**2)
        return value, value

    found: tuple[Array, Array] = jax.jacfwd(loss, has_aux=True)(z)
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
    V_high: float | None = None,
    start: Any = None,
    steps: int = 30,
    rtol: float = 1e-6,
    max_steps: int = 100,
    progress: Callable[[int, float], None] | None = None,
) -> Charge:
    """The currents from `I_low` to `I_high` [A] of stages that pass `charge` [A.h] in the shortest time while what is
    watched stays above its floor, and the voltage below `V_high`; by quasi-Newton steps.

    - `V_high` [V]: the upper cut-off of the cell where nothing is said; infinite where no voltage is too high.
    - `start`: currents [A] of the stages from which the search begins, between `I_low` and `I_high`; by default near
      `I_low`, the mildest. It ends at a local optimum.
    - `rtol`, `max_steps`: of the time integration of a stage.
    - `progress`: called as `progress(step, value)` with the time over that of the start, and its penalty.

    The penalty is soft: what is watched may end a small part of its softness below the floor. Raises `ValueError` for a
    start that is none, and where a run fails there.
    """
    best = _coordinates(start, stages, I_low, I_high)
    V_high = model.limits.V_max if V_high is None else V_high
    task = Task(model, charge, jnp.asarray(soc, float), T, I_low, I_high, V_high, rtol)

    def both(z: np.ndarray) -> tuple[float, np.ndarray]:
        slope, value = _slopes(task, jnp.asarray(z), limit, max_steps)
        return float(value), np.asarray(slope)

    history: list[float] = []
    for z, f, slope in descent(both, best, 1e-4):
        if not (np.isfinite(f) and np.all(np.isfinite(slope))):
            raise ValueError("the time is not finite at the start: a run fails there. Begin with smaller currents.")
        best = z
        history.append(f)
        if progress is not None:
            progress(len(history) - 1, f)
        if len(history) > steps:
            break
    pulses = task.stages(jnp.asarray(best))
    watched, V = _followed(task, pulses, limit, max_steps)
    time = float(jnp.sum(pulses.duration))
    return Charge(pulses, time, np.asarray(watched), np.asarray(V), tuple(history))


def _coordinates(start: Any, stages: int, I_low: float, I_high: float) -> Float[np.ndarray, " stages"]:
    """Where the search begins, without bounds. Raises `ValueError`."""
    if start is None:
        return np.full(stages, -3.0)
    I = np.asarray(start, float)
    if I.shape != (stages,) or not np.all((I_low < I) & (I < I_high)):
        raise ValueError(
            f"`start` needs {stages} currents above {I_low:g} and below {I_high:g} A, positive numbers; found {start}."
        )
    share = np.log(I / I_low) / np.log(I_high / I_low)
    return np.asarray(np.log(share / (1 - share)))
