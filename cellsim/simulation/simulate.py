"""`simulate`: a model, a step, and out comes a solution."""

import dataclasses
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from cellsim.constants import SECONDS_PER_HOUR
from cellsim.discretisation.layout import State
from cellsim.models.model import AbstractModel
from cellsim.programs import stored
from cellsim.protocols import language
from cellsim.protocols.protocol import Protocol
from cellsim.protocols.several import How, several
from cellsim.protocols.steps import Numbers, Step
from cellsim.simulation.again import energy_along, energy_until, seen_at
from cellsim.simulation.blocks import POINTS, first_rows, fractions
from cellsim.simulation.circuit import Circuit
from cellsim.simulation.control import Demand
from cellsim.simulation.segment import FIRST_STEP, Segment, Start, Tolerances, advanced
from cellsim.simulation.solution import CannotStart, OutsideMeasuredRange, Solution
from cellsim.simulation.times import StepTimes
from cellsim.solvers.trajectory import Trajectory

STEPS_A_CHUNK = 256  # a longer run goes on with the same compiled program
STEPS_TRACED = 256  # bound on the steps where the number must be known beforehand

Progress = Callable[[float, float], None]


def _has_tallies(model: AbstractModel, initial: State | None) -> bool:
    """Whether a state to start from says what has passed before."""
    return initial is not None and initial.border is not None and len(initial.border) > model.borders


def simulate(
    model: AbstractModel,
    protocol: str | Step | Protocol | Sequence[Any],
    *,
    soc: Any = 1.0,
    T: Any = None,
    initial: State | None = None,
    times: Any = None,
    rtol: Any = 1e-6,
    atol: Any = None,
    max_steps: int | None = None,
    progress: Progress | None = None,
    keep_cycles: int | None = None,
    on_cycle: Callable[[int, Solution], None] | None = None,
    after: Solution | None = None,
) -> Solution:
    """Runs `protocol` on `model`.

    - `protocol`: a step, or the words for one, as "Discharge at 1C until 2.5 V"; or a `Protocol`, or a list of steps
      and words for them, of which a tuple or a list within is a cycle.
    - `soc`: initial state of charge [-] of a cell; 0 and 1 are the cut-off voltages at equilibrium.
    - `T`: temperature [K]; that of the model's parameters by default.
    - `initial`: a state to start from instead of rest (at `soc`).
    - `times`: where the solution is wanted [s since the run began], rising; the run ends with the last of them at the
      latest, and those beyond its stop repeat the final state. Or `StepTimes`, since each step began. By default 101
      fractions of every step, finer at both ends of it.
    - `rtol`, `atol`: relative and absolute tolerance of the time integration, in unknowns of order one; `atol` is
      `rtol` by default.
    - `max_steps`: bound on the number of accepted time steps; none by default. Under JAX's transformations the rejected
      ones count as well, and the bound is 256 by default; a run that it cuts ends at a time without a derivative, so
      look at `stop_reason`.
    - `progress`: called as `progress(fraction, t)` between chunks of steps; not under JAX's transformations.
    - `keep_cycles`: of about how many cycles all fields are kept, the first and the last among them; of all others the
      curves, and the fields at the ends of steps. By default all of up to 100 steps, ten of more.
    - `on_cycle`: called as `on_cycle(number, solution)` when a cycle has ended, with all that is known of it.
    - `after`: an earlier solution of the same protocol, as one that was interrupted or failed; the run goes on after
      the last complete cycle of it, as if it had never stopped. Not under JAX's transformations.

    Pure: works as it stands under `jit`, `vmap`, `grad`, `jacrev`, `jvp`, `jacfwd` and compositions of them. A run that
    fails keeps what it reached and says why in `stop_reason`. A run that leaves the range in which its electrolyte was
    measured warns once, with the range (`OutsideMeasuredRange`; not under transformations). Raises `CannotStart` (not
    under transformations, where such a run takes no time).
    """
    step = language.step(protocol) if isinstance(protocol, str) else protocol
    if not isinstance(step, (Step, Protocol)):
        step = language.protocol(step)
    number = lambda x: x if isinstance(x, jax.Array) else np.asarray(x, dtype=float)
    T = model.T_usual if T is None else number(T)
    tolerances = Tolerances(number(rtol), number(rtol if atol is None else atol))
    is_within = isinstance(times, StepTimes)
    times = None if times is None else times._replace(t=number(times.t)) if is_within else number(times)
    is_alone = after is None and not model.borders and not _has_tallies(model, initial) and not is_within
    if isinstance(step, Protocol) or not (is_alone and step.is_constant_current and step.period is None):
        protocol = step if isinstance(step, Protocol) else Protocol([step])
        how = How(number(soc), T, initial, times, tolerances, max_steps, progress, keep_cycles, on_cycle, after)
        return several(model, protocol, how)
    request = Request(model, step.numbers, number(soc), T, initial, tolerances)
    # also with plain numbers alone: within a function that JAX traces, whatever is computed belongs to the trace
    is_traced = isinstance(jax.device_put(0.0), jax.core.Tracer)
    if is_traced or any(isinstance(x, jax.core.Tracer) for x in jax.tree.leaves((request, times))):
        run = _opened(request, times, max_steps=max_steps or STEPS_TRACED)
        return Solution(
            run.t,
            run.V,
            run.I,
            run.T,
            run.Q,
            run.E,
            run.states,
            run.rest,
            model,
            run.demand,
            run.segment.t,
            run.segment.result,
            run.segment.steps,
            run.segment.rejected,
        )
    solution = _simulate_in_chunks(request, times, max_steps, progress)
    said = solution.outside_measured_range
    if said:
        warnings.warn(said, OutsideMeasuredRange, stacklevel=2)
    return solution


class Request(NamedTuple):
    """All that a run depends on."""

    model: AbstractModel
    step: Numbers
    soc: Any
    T: Any
    initial: State | None
    tolerances: Tolerances


class Opened(NamedTuple):
    """The first piece of a run, which is all of it unless there are many steps, and what is seen of it."""

    rest: State
    can_start: Any
    V_start: Any  # V
    demand: Demand
    segment: Segment
    is_cut: Any  # whether the segment ended for want of steps
    t: Float[Array, " times"]
    V: Float[Array, " times"]
    I: Float[Array, " times"]
    T: Float[Array, " times"]
    Q: Float[Array, " times"]
    E: Float[Array, " times"]
    states: State


@stored(static=("max_steps",))
def _opened(request: Request, times: Any, *, max_steps: int) -> Opened:
    """From the numbers of a run to its curve, in one program."""
    model, T = request.model, jnp.asarray(request.T)
    system = model.discretised(T)
    rest = model.at_rest(system, request.soc)
    y0 = rest if request.initial is None else request.initial
    demand = request.step.demand(model.limits)
    if times is not None:
        demand = eqx.tree_at(lambda d: d.duration, demand, jnp.minimum(demand.duration, times[-1]))
    circuit = Circuit(system, demand)
    start = Start(jnp.asarray(0.0), y0, jnp.asarray(FIRST_STEP))
    segment = advanced(circuit, start, request.tolerances, layout=model.layout, max_steps=max_steps)

    t = segment.t * fractions() if times is None else jnp.minimum(times, segment.t)
    took_time = segment.trajectory.count > 0
    states = jax.vmap(lambda t: _from(y0, took_time, segment.trajectory.at(t)))(t)
    V = jax.vmap(circuit.voltage)(states)
    if times is None:
        E = energy_along(t, V, demand.I)
    else:  # as exact as without them, however few they are
        fine = jnp.sort(jnp.concatenate([segment.t * fractions(), t]))
        voltage = lambda t: circuit.voltage(_from(y0, took_time, segment.trajectory.at(t)))
        E = energy_until(t, fine, energy_along(fine, jax.vmap(voltage)(fine), demand.I))
    return Opened(
        rest,
        model.can_carry(demand.I, T),
        circuit.voltage(y0),
        demand,
        segment,
        segment.result == diffrax.RESULTS.max_steps_reached,
        t,
        V,
        jnp.full_like(V, demand.I),
        jnp.full_like(V, T),
        demand.I * t / SECONDS_PER_HOUR,
        E,
        states,
    )


def _from(y0: State, took_time: Array, y: State) -> State:
    """`y`; of a run that took no time, the state that it began from."""
    return jax.tree.map(lambda a, b: jnp.where(took_time, a, b), y, y0)


def _simulate_in_chunks(request: Request, times: Any, max_steps: int | None, progress: Progress | None) -> Solution:
    """The run as repeated calls of compiled programs, each of a bounded number of steps; most runs need just one."""
    model = request.model
    seen = None if times is None else _padded(times, times[-1])
    run = _opened(request, seen, max_steps=STEPS_A_CHUNK)
    _refuse_impossible(request, run)
    segment, demand = run.segment, run.demand
    parts: list[Trajectory] = []
    steps = rejected = 0
    duration = float(demand.duration)
    is_cut = bool(run.is_cut)
    while True:
        parts.append(segment.trajectory)
        accepted = steps - rejected
        steps += int(segment.steps)
        rejected += int(segment.rejected)
        if max_steps is not None and steps - rejected > max_steps:
            segment = _cut_back(segment, max_steps - accepted)
            steps, is_cut = max_steps + rejected, True
        if progress is not None:
            reached = float(segment.t)
            progress(min(reached / duration, 1.0), reached)
        if not is_cut or (max_steps is not None and steps - rejected >= max_steps):
            break
        ends = np.asarray(segment.trajectory.ts)[: int(segment.trajectory.count) + 1]
        last_step = ends[-1] - ends[-2] if len(ends) > 1 else FIRST_STEP
        start = Start(segment.t, segment.y, jnp.asarray(last_step))
        segment = _advanced(model, jnp.asarray(request.T), demand, start, request.tolerances, max_steps=STEPS_A_CHUNK)
        is_cut = bool(segment.result == diffrax.RESULTS.max_steps_reached)
    found = Solution(
        run.t,
        run.V,
        run.I,
        run.T,
        run.Q,
        run.E,
        run.states,
        run.rest,
        model,
        demand,
        segment.t,
        segment.result,
        segment.steps if len(parts) == 1 and not is_cut else jax.device_put(steps),
        segment.rejected if len(parts) == 1 and not is_cut else jax.device_put(rejected),
        tuple(parts),
    )
    if len(parts) > 1 or is_cut:
        return seen_at(found, fractions() * float(segment.t) if times is None else times)
    if times is None:
        return found
    return found.with_points(tuple(first_rows(x, len(times)) for x in found.points))


def _cut_back(segment: Segment, steps: int) -> Segment:
    """`segment` as if it had ended, unfinished, after its first `steps` accepted steps."""
    t = segment.trajectory.ts[steps]
    y = segment.trajectory.at(t)
    unfinished: Any = diffrax.RESULTS.max_steps_reached
    return dataclasses.replace(segment, t=t, y=y, result=unfinished)


def _padded(times: Any, last: Any) -> np.ndarray:
    """`times` followed by `last` up to a multiple of POINTS, so that few programs serve any number of them."""
    padded = np.full(-(-len(times) // POINTS) * POINTS, float(last))
    padded[: len(times)] = np.asarray(times)
    return padded


def _refuse_impossible(request: Request, run: Opened) -> None:
    demand = run.demand
    can_start, I, duration, V, V_stop, side = (
        float(x)
        for x in jax.device_get((run.can_start, demand.I, demand.duration, run.V_start, demand.V_stop, demand.side))
    )
    if not float(request.model.limits.capacity) and (np.any(np.asarray(request.step.is_rate)) or not duration > 0):
        raise CannotStart(
            f"{request.model.title} has no capacity, so a C-rate means nothing there, and a step must say how long it "
            "lasts: 'Discharge at 5 mA for 2 hours'."
        )
    if not np.isfinite(I) or not duration > 0:
        raise CannotStart(
            f"the step asks for {I:g} A for {duration:g} s; needed: a finite current and a duration above zero."
        )
    if not can_start:
        raise CannotStart(request.model.why_not(I))
    if side and not side * (V - V_stop) > 0:
        fix = "Lower `soc` for a charge" if side < 0 else "Raise `soc` for a discharge"
        raise CannotStart(
            f"the step cannot start: at state of charge {float(request.soc):g} and {I:g} A the voltage is "
            f"{V:.4f} V, already past its end at {V_stop:g} V. {fix}, or change the cut-off."
        )


@stored(static=("max_steps",))
def _advanced(
    model: AbstractModel, T: Array, demand: Demand, start: Start, tolerances: Tolerances, *, max_steps: int
) -> Segment:
    circuit = Circuit(model.discretised(T), demand)
    return advanced(circuit, start, tolerances, layout=model.layout, max_steps=max_steps)
