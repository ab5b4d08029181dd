"""`simulate`: a model, a step, and out comes a solution."""

import dataclasses
from collections.abc import Callable
from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from cellsim.cells.balance import at_soc, cut_offs_are_reached
from cellsim.discretisation.layout import State
from cellsim.models.dfn import DFN
from cellsim.protocols import language
from cellsim.protocols.steps import ConstantCurrent
from cellsim.simulation.control import Demand
from cellsim.simulation.segment import FIRST_STEP, Circuit, Segment, Start, Tolerances, advanced
from cellsim.simulation.solution import Solution
from cellsim.solvers.trajectory import Trajectory

STEPS_A_CHUNK = 256  # a longer run goes on with the same compiled program
STEPS_TRACED = 512  # bound on the steps where the number must be known beforehand
POINTS = 201
TIMES_BUCKET = 128  # times asked for are padded to a multiple of this, so that their number rarely recompiles

Progress = Callable[[float, float], None]


class CannotStart(ValueError):
    """A step whose end is already passed when it begins, or a state of charge that the cell does not have."""


def simulate(
    model: DFN,
    protocol: str | ConstantCurrent,
    *,
    soc: Any = 1.0,
    T: Any = None,
    initial: State | None = None,
    times: Any = None,
    rtol: Any = 1e-6,
    atol: Any = None,
    max_steps: int | None = None,
    progress: Progress | None = None,
) -> Solution:
    """Runs `protocol` on `model`.

    - `protocol`: a step, or the words for one, as "Discharge at 1C until 2.5 V".
    - `soc`: initial state of charge [-]; 0 and 1 are the cut-off voltages at equilibrium.
    - `T`: temperature [K]; the cell's reference temperature by default.
    - `initial`: a state to start from instead of rest at `soc`.
    - `times`: where the solution is wanted [s], rising; the run ends with the last of them at the latest, and those
      beyond its stop repeat the final state. By default 201 fractions of the time to the stop, finer at both ends.
    - `rtol`, `atol`: relative and absolute tolerance of the time integration, in unknowns of order one; `atol` is
      `rtol` by default.
    - `max_steps`: bound on the number of accepted time steps; none by default. Under JAX's transformations the rejected
      ones count as well, and the bound is 512 by default.
    - `progress`: called as `progress(fraction, t)` between chunks of steps; not under JAX's transformations.

    Pure: works as it stands under `jit`, `vmap`, `grad`, `jacrev`, `jvp`, `jacfwd` and compositions of them. A run that
    fails keeps what it reached and says why in `stop_reason`. Raises `CannotStart` (not under transformations, where
    such a run takes no time).
    """
    step = language.step(protocol) if isinstance(protocol, str) else protocol
    as_array = lambda x: jnp.asarray(x, dtype=float)
    T = model.cell.T_ref if T is None else as_array(T)
    tolerances = Tolerances(as_array(rtol), as_array(rtol if atol is None else atol))
    demand = step.demand(model.cell)
    if times is not None:
        times = as_array(times)
        demand = eqx.tree_at(lambda d: d.duration, demand, jnp.minimum(demand.duration, times[-1]))
    rest, valid = _at_rest(model, as_array(soc), T)
    y0 = rest if initial is None else initial
    start = Start(as_array(0.0), y0, as_array(FIRST_STEP))
    arrays = (model, demand, start, tolerances, times)
    if any(isinstance(x, jax.core.Tracer) for x in jax.tree.leaves(arrays)):
        return _simulate_traced(model, T, demand, rest, start, tolerances, times, max_steps or STEPS_TRACED)
    _refuse_impossible(model, demand, start, T, valid, soc)
    return _simulate_in_chunks(model, T, demand, rest, start, tolerances, times, max_steps, progress)


def _simulate_traced(
    model: DFN,
    T: Array,
    demand: Demand,
    rest: State,
    start: Start,
    tolerances: Tolerances,
    times: Any,
    max_steps: int,
) -> Solution:
    """The whole run as one piece that JAX transforms, with a fixed number of points."""
    segment = _advanced(model, T, demand, start, tolerances, max_steps=max_steps)
    t = segment.t * _fractions() if times is None else jnp.minimum(times, segment.t)
    states = jax.vmap(segment.trajectory.at)(t)
    took_time = segment.trajectory.count > 0
    states = jax.tree.map(lambda a, b: jnp.where(took_time, a, b), states, start.y)
    V = _voltages(model, T, demand, states)
    return Solution(
        t,
        V,
        jnp.full_like(V, demand.I),
        jnp.full_like(V, T),
        states,
        rest,
        model,
        demand,
        segment.t,
        segment.result,
        segment.steps,
        segment.rejected,
    )


def _simulate_in_chunks(
    model: DFN,
    T: Array,
    demand: Demand,
    rest: State,
    start: Start,
    tolerances: Tolerances,
    times: Any,
    max_steps: int | None,
    progress: Progress | None,
) -> Solution:
    """The run as repeated calls of one compiled program, each of a bounded number of steps."""
    parts: list[Trajectory] = []
    steps = rejected = 0
    duration = float(demand.duration)
    while True:
        segment: Segment = _advanced(model, T, demand, start, tolerances, max_steps=STEPS_A_CHUNK)
        parts.append(segment.trajectory)
        accepted = steps - rejected
        steps += int(segment.steps)
        rejected += int(segment.rejected)
        if max_steps is not None and steps - rejected > max_steps:
            segment = _cut_back(segment, max_steps - accepted)
            steps = max_steps + rejected
        t = float(segment.t)
        if progress is not None:
            progress(min(t / duration, 1.0), t)
        unfinished = bool(segment.result == diffrax.RESULTS.max_steps_reached)
        if not unfinished or (max_steps is not None and steps - rejected >= max_steps):
            break
        ends = np.asarray(segment.trajectory.ts)[: int(segment.trajectory.count) + 1]
        last_step = ends[-1] - ends[-2] if len(ends) > 1 else FIRST_STEP
        start = Start(segment.t, segment.y, jnp.asarray(last_step))
    wanted = _fractions() * float(segment.t) if times is None else times
    states, V, at = _observed(model, T, demand, tuple(parts), segment.t, wanted)
    return Solution(
        at,
        V,
        jnp.full_like(V, demand.I),
        jnp.full_like(V, T),
        states,
        rest,
        model,
        demand,
        segment.t,
        segment.result,
        jnp.asarray(steps),
        jnp.asarray(rejected),
        tuple(parts),
    )


def _cut_back(segment: Segment, steps: int) -> Segment:
    """`segment` as if it had ended, unfinished, after its first `steps` accepted steps."""
    t = segment.trajectory.ts[steps]
    y = segment.trajectory.at(t)
    unfinished: Any = diffrax.RESULTS.max_steps_reached
    return dataclasses.replace(segment, t=t, y=y, result=unfinished)


def seen_at(solution: Solution, times: Any) -> Solution:
    """`solution` at other times [s], those beyond its stop moved to the stop."""
    assert solution.dense is not None
    T = solution.T[0]
    states, V, t = _observed(solution.model, T, solution.demand, solution.dense, solution.t_stop, times)
    changed = lambda s: (s.t, s.V, s.I, s.T, s.states)
    new = (t, V, jnp.full_like(V, solution.demand.I), jnp.full_like(V, T), states)
    return eqx.tree_at(changed, solution, new)


def _observed(
    model: DFN, T: Array, demand: Demand, parts: tuple[Trajectory, ...], stop: Array, times: Any
) -> tuple[State, Array, Array]:
    """States, voltages and the times themselves, those beyond `stop` moved to it."""
    t = np.minimum(np.asarray(times, dtype=float), float(stop))
    padded = np.full(-(-len(t) // TIMES_BUCKET) * TIMES_BUCKET, float(stop))
    padded[: len(t)] = t
    states, V = _looked_up(model, T, demand, parts, jnp.asarray(padded))
    cut = lambda x: np.asarray(x)[: len(t)]  # by numpy: a slice by JAX would compile for every length
    return jax.tree.map(lambda x: jnp.asarray(cut(x)), states), jnp.asarray(cut(V)), jnp.asarray(t)


def _fractions() -> np.ndarray:
    """(POINTS,) from 0 to 1, finer at both ends, where a run changes fastest."""
    u = np.linspace(0.0, 1.0, POINTS)
    return u**3 * (10 - 15 * u + 6 * u**2)


def _refuse_impossible(model: DFN, demand: Demand, start: Start, T: Array, valid: Array, soc: Any) -> None:
    cell = model.cell
    if not bool(valid):
        raise CannotStart(
            f"the cell has no state of charge: with the lithium it holds, {cell.name} cannot rest at its cut-off "
            f"voltages {float(cell.V_min):g} V and {float(cell.V_max):g} V. Likely cause: a changed capacity, "
            "lithiation or cut-off; check negative.particle.theta0 and positive.particle.theta0."
        )
    if not np.isfinite(float(demand.I)) or not float(demand.duration) > 0:
        raise CannotStart(
            f"the step asks for {float(demand.I):g} A for {float(demand.duration):g} s; needed: a finite current and a "
            "duration above zero."
        )
    V = float(_voltages(model, T, demand, jax.tree.map(lambda x: x[None], start.y))[0])
    if not float(demand.margin(jnp.asarray(V))) > 0:
        fix = "Lower `soc` for a charge" if float(demand.side) < 0 else "Raise `soc` for a discharge"
        raise CannotStart(
            f"the step cannot start: at state of charge {float(soc):g} and {float(demand.I):g} A the voltage is "
            f"{V:.4f} V, already past its end at {float(demand.V_stop):g} V. {fix}, or change the cut-off."
        )


@eqx.filter_jit
def _at_rest(model: DFN, soc: Array, T: Array) -> tuple[State, Array]:
    return model.discretised(T).at_rest(at_soc(model.cell, soc, T)), cut_offs_are_reached(model.cell, T)


@eqx.filter_jit
def _advanced(model: DFN, T: Array, demand: Demand, start: Start, tolerances: Tolerances, *, max_steps: int) -> Segment:
    circuit = Circuit(model.discretised(T), demand)
    return advanced(circuit, start, tolerances, layout=model.layout, max_steps=max_steps)


@eqx.filter_jit
def _voltages(model: DFN, T: Array, demand: Demand, states: State) -> Float[Array, " times"]:
    circuit = Circuit(model.discretised(T), demand)
    return jax.vmap(circuit.voltage)(states)


@eqx.filter_jit
def _looked_up(model: DFN, T: Array, demand: Demand, parts: tuple[Trajectory, ...], t: Array) -> tuple[State, Array]:
    """States and voltages at times `t` from the trajectories of consecutive chunks."""
    states = jax.vmap(parts[0].at)(t)
    for part in parts[1:]:
        later = t >= part.ts[0]
        pick = lambda old, new, later=later: jnp.where(later.reshape(-1, *[1] * (old.ndim - 1)), new, old)
        states = jax.tree.map(pick, states, jax.vmap(part.at)(jnp.maximum(t, part.ts[0])))
    return states, _voltages(model, T, demand, states)
