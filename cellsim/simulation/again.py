"""A solution looked at again: what is seen at other times than those at which it was first looked at."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from cellsim.constants import SECONDS_PER_HOUR
from cellsim.discretisation.layout import State
from cellsim.models.model import AbstractModel
from cellsim.programs import stored
from cellsim.simulation.blocks import BLOCKS, POINTS, fractions, in_blocks
from cellsim.simulation.circuit import AbstractCircuit, Circuit, Controlled
from cellsim.simulation.control import Demand, Observed, Setpoint
from cellsim.simulation.solution import Solution
from cellsim.simulation.times import StepTimes
from cellsim.solvers.trajectory import Trajectory

Scalar = Float[Array, ""]
MOST_FIELDS = 1000  # points of a step with a period; of more, the fields are kept at as many as of any other step


def unit_of(model: AbstractModel) -> Array:
    """In what the charge is tallied [A.h]."""
    capacity = model.limits.capacity
    return jnp.where(capacity > 0, capacity, 1.0)


def circuit_of(model: AbstractModel, T: Any, demand: Demand | Setpoint) -> AbstractCircuit:
    """A model at `T` [K] under a demand."""
    system = model.discretised(T)
    if isinstance(demand, Demand):
        return Circuit(system, demand)
    return Controlled(system, demand, unit_of(model), model.borders)


def looking_at(solution: Solution) -> Callable[[Any], tuple[State, Observed]]:
    """A function that gives states, and what is seen of them, at times [s] of a run or of a leg of one."""
    assert solution.dense is not None and solution.demand is not None
    model, demand, start = solution.model, solution.demand, float(solution.t_start)
    y0 = jax.tree.map(lambda x: np.asarray(x)[0], solution.states)
    T = np.asarray(solution.T)[0] if solution.ambient is None else np.asarray(solution.ambient)
    parts = jax.device_put(tuple(_whole(part) for part in solution.dense))

    def at(times: Any) -> tuple[State, Observed]:
        t = np.minimum(np.asarray(times, dtype=float), float(solution.t_stop)) - start
        return in_blocks(lambda t: _looked_up(model, T, demand, parts, y0, t), t)

    return at


def energy_along(t: Array, V: Array, I: Scalar) -> Array:
    """Energy [W.h] delivered at a constant current until each time, by the trapezoidal rule."""
    return jnp.append(0.0, jnp.cumsum(jnp.diff(t) * 0.5 * (V[1:] + V[:-1]))) * I / SECONDS_PER_HOUR


def energy_until(times: Array, t: Array, energy: Array) -> Array:
    """Energy at `times`, from that along the times `t`, among which they are."""
    return energy[jnp.searchsorted(t, lax.stop_gradient(times), side="left")]


def seen_at(solution: Solution, times: Any) -> Solution:
    """A run, or a leg of one, at other times [s], those beyond its stop moved to the stop."""
    t = np.minimum(np.asarray(times, dtype=float), float(solution.t_stop))
    look = looking_at(solution)
    states, seen = look(t)
    E = seen.E
    if isinstance(solution.demand, Demand):
        fine, place = np.unique(np.append(fractions() * float(solution.t_stop), t), return_inverse=True)
        E = energy_along(jnp.asarray(fine), look(fine)[1].V, solution.demand.I)[place[POINTS:]]
    found = (jax.device_put(t), seen.V, seen.I, seen.T, seen.Q, E, states)
    return solution.with_points(found, rows=None, period=None)


def sampled(leg: Solution, period: float) -> Solution:
    """A leg with a point every `period` [s] of it and one at its end; of very many, the fields at some alone."""
    start, stop = float(leg.t_start), float(leg.t_stop)
    before_end = max(int(np.ceil((stop - start) / period - 1e-9)), 1)
    times = np.append(start + period * np.arange(before_end), stop)
    rows = np.arange(len(times))
    if len(times) > MOST_FIELDS:
        rows = np.unique(np.round(np.linspace(0, len(times) - 1, POINTS)).astype(int))
    parts = []
    for first in range(0, len(times), BLOCKS[0]):
        part = seen_at(leg, times[first : first + BLOCKS[0]])
        here = rows[(rows >= first) & (rows < first + BLOCKS[0])] - first
        states = jax.tree.map(lambda x, here=here: np.asarray(x)[here], part.states)
        parts.append(dataclasses.replace(part, states=states, rows=here))
    # the last state is the very one from which the next step begins
    last = jax.tree.map(lambda x: np.asarray(x)[-1:], leg.states)
    states = jax.tree.map(lambda x, end: np.concatenate([x[:-1], end]), parts[-1].states, last)
    parts[-1] = dataclasses.replace(parts[-1], states=states)
    found = along(leg, parts)
    return dataclasses.replace(found, rows=None if len(rows) == len(times) else found.rows, period=period)


def joined(solution: Solution, times: Any) -> Solution:
    """A run of several steps at other times [s]; where two steps meet, the later one is seen. Raises `ValueError` for
    times since steps that are not in their order, and where a step keeps no dense output."""
    ends = np.array([float(leg.t_stop) for leg in solution.legs])
    if isinstance(times, StepTimes):
        asked = np.asarray(times.step) - 1
        if np.any(np.diff(asked) < 0) or asked[0] < 0:
            raise ValueError("times since steps began must come in the order of the steps, which are numbered from 1.")
        place = np.minimum(asked, len(ends) - 1)
        times = np.where(asked > place, np.inf, solution.t_start + np.append(0.0, ends)[place] + np.asarray(times.t))
        times = np.minimum(times, ends[place])
    else:
        times = np.minimum(np.asarray(times, dtype=float), float(solution.t_stop))
        place = np.minimum(np.searchsorted(ends, times, side="right"), len(ends) - 1)
    found = []
    for k in np.unique(place):
        leg = solution.legs[k]
        if leg.dense is None:
            raise ValueError(
                f"step {k + 1} keeps no dense output: of a long protocol only some cycles do (`keep_cycles`)."
            )
        found.append(leg.at(times[place == k]))
    return along(solution, found)


def along(solution: Solution, pieces: Sequence[Solution]) -> Solution:
    """`solution` seen at the times of `pieces`, one after the other."""
    together = jax.tree.map(
        lambda *xs: jax.device_put(np.concatenate([np.asarray(x) for x in xs])), *[each.points for each in pieces]
    )
    starts = np.cumsum([0, *(len(each.t) for each in pieces[:-1])])
    rows = None
    if any(each.rows is not None for each in pieces):
        rows = np.concatenate([start + each.rows_of_fields for start, each in zip(starts, pieces, strict=True)])
    return solution.with_points(together, rows=rows)


def trimmed(part: Trajectory) -> Trajectory:
    """A trajectory in the memory of the machine, without its padding."""
    count = int(part.count)
    ts: Any = np.asarray(part.ts)[: count + 1].copy()
    rows = lambda x: np.asarray(x)[:count].copy()  # a view would hold the padding as well
    return Trajectory(ts, jax.tree.map(rows, part.steps), count, len(part.ts) - 1)


def _whole(part: Trajectory) -> Trajectory:
    """A trimmed trajectory with padding, so that one program serves all."""
    if part.room is None:
        return part
    more = part.room - len(jax.tree.leaves(part.steps)[0])
    rows = lambda x: np.pad(x, [(0, more)] + [(0, 0)] * (x.ndim - 1))
    ts: Any = np.pad(part.ts, (0, part.room + 1 - len(part.ts)), constant_values=np.inf)
    return Trajectory(ts, jax.tree.map(rows, part.steps), np.asarray(part.count))


@stored
def _looked_up(
    model: AbstractModel, T: Any, demand: Demand | Setpoint, parts: tuple[Trajectory, ...], y0: State, t: Any
) -> tuple[State, Observed]:
    """What is seen at times `t` from the trajectories of consecutive chunks."""
    states = jax.vmap(parts[0].at)(t)
    for part in parts[1:]:
        later = t >= part.ts[0]
        pick = lambda old, new, later=later: jnp.where(later.reshape(-1, *[1] * (old.ndim - 1)), new, old)
        states = jax.tree.map(pick, states, jax.vmap(part.at)(jnp.maximum(t, part.ts[0])))
    took_time = parts[0].count > 0
    states = jax.tree.map(lambda a, b: jnp.where(took_time, a, b), states, y0)
    circuit = circuit_of(model, T, demand)
    seen = jax.vmap(circuit.observed)(t, states)
    wide = lambda x: jnp.broadcast_to(x, t.shape)
    return states, Observed(*(wide(x) for x in seen))
