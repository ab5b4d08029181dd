"""Steps one after the other: each a segment of one compiled program, whatever it holds and whatever ends it."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from cellsim.discretisation.layout import State
from cellsim.models.model import AbstractModel, Limits
from cellsim.programs import stored
from cellsim.protocols import orders as numbers
from cellsim.protocols import wording
from cellsim.protocols.orders import Beginning, Orders, Shape
from cellsim.protocols.protocol import Protocol
from cellsim.protocols.steps import Step
from cellsim.simulation.again import unit_of
from cellsim.simulation.blocks import fractions
from cellsim.simulation.chain import Chain, Legs
from cellsim.simulation.circuit import Controlled
from cellsim.simulation.control import Setpoint
from cellsim.simulation.segment import FIRST_STEP, Segment, Start, Tolerances, advanced, came_to
from cellsim.simulation.times import StepTimes
from cellsim.solvers.field import tied
from cellsim.solvers.trajectory import Trajectory

Scalar = Float[Array, ""]


class Seen(NamedTuple):
    """A stretch of a run, at some times."""

    t: Array  # s
    V: Array
    I: Array
    T: Array
    Q: Array
    E: Array
    states: Any


class Leg(NamedTuple):
    """One step, or a piece of it."""

    segment: Segment
    setpoint: Setpoint
    T: Scalar
    margins_at_start: Float[Array, " ends"]
    end: Any
    seen: Seen

    @property
    def is_cut(self) -> bool:
        """Whether it ended for want of steps."""
        return came_to(self.segment.result, diffrax.RESULTS.max_steps_reached)


class Begun(NamedTuple):
    """Where a run begins."""

    rest: State
    y: State
    can_start: Any
    usable: Any  # A.h


def begun(model: AbstractModel, soc: Any, T: Any, initial: State | None, shape: Shape) -> Begun:
    """The state at rest, with nothing passed yet, or a given one."""
    T, soc = jnp.asarray(T), jnp.asarray(soc)
    rest = model.at_rest(model.discretised(T), soc)
    nothing = jnp.zeros(2)
    own = jnp.zeros(0) if rest.border is None else rest.border
    rest = State(rest.line, rest.fibre, jnp.concatenate([own, nothing]))
    y = rest
    if initial is not None:
        held = jnp.zeros(0) if initial.border is None else initial.border
        missing = model.borders + 2 - len(held)
        y = State(initial.line, initial.fibre, jnp.concatenate([held, jnp.zeros(missing)]))
    usable = model.usable(T) if shape.watches_soc else jnp.ones(())
    return Begun(rest, y, model.can_carry(jnp.zeros(()), T), usable)


begun_once = stored(begun, static=("shape",))


def leg(
    model: AbstractModel,
    orders: Orders,
    T: Any,
    start: Start,
    passed: Beginning,
    tolerances: Tolerances,
    shape: Shape,
    max_steps: int,
    times: Any = None,
    longest: Any = None,
) -> Leg:
    """One step from `start`, or what `max_steps` reach of it. `passed`: charge and energy when the step began. `times`:
    where it is looked at [s] instead of at fractions of it; those outside of it are moved to its ends. `longest`: a
    bound on its duration [s]."""
    T = jnp.where(jnp.isnan(orders.T), T, orders.T)
    system = model.discretised(T)
    unit = unit_of(model)
    setpoint = numbers.setpoint(orders, shape, model.limits, passed)
    if longest is not None:
        setpoint = dataclasses.replace(setpoint, duration=jnp.minimum(setpoint.duration, longest))
    circuit = Controlled(system, setpoint, unit, model.borders)
    at_start = circuit.margins(start.t, start.y)
    segment = advanced(circuit, start, tolerances, layout=model.layout, max_steps=max_steps)
    end = jnp.argmin(circuit.margins(segment.t, segment.y))
    if times is not None:
        seen = seen_along(circuit, segment.trajectory, start.y, jnp.clip(times, start.t, segment.t))
        return Leg(segment, setpoint, T, at_start, end, seen)
    t = start.t + (segment.t - start.t) * fractions()
    seen = seen_along(circuit, segment.trajectory, start.y, t)
    # the very state from which the next step begins: a run taken up again there is the same to the last bit
    states = jax.tree.map(lambda x, last: x.at[-1].set(last), seen.states, segment.y)
    return Leg(segment, setpoint, T, at_start, end, seen._replace(states=states))


leg_once = stored(leg, static=("shape", "max_steps"))


def seen_along(circuit: Controlled, trajectory: Trajectory, y0: State, t: Any) -> Seen:
    """What is seen at times `t` [s] along a trajectory; `y0` where it took no time."""
    took_time = trajectory.count > 0
    states = jax.tree.map(lambda a, b: jnp.where(took_time, a, b), jax.vmap(trajectory.at)(t), y0)
    seen = jax.vmap(circuit.observed)(t, states)
    return Seen(t, seen.V, seen.I, seen.T, seen.Q, seen.E, states)


@stored
def _cut_back(model: AbstractModel, piece: Leg, start: Start, steps: Any) -> Leg:
    """A piece as if it had ended, unfinished, after its first `steps` accepted steps."""
    segment, path = piece.segment, piece.segment.trajectory
    t = path.ts[steps]
    unfinished: Any = diffrax.RESULTS.max_steps_reached
    cut = Segment(t, path.at(t), unfinished, steps + segment.rejected, segment.rejected, path)
    circuit = Controlled(model.discretised(piece.T), piece.setpoint, unit_of(model), model.borders)
    seen = seen_along(circuit, path, start.y, start.t + (t - start.t) * fractions())
    return piece._replace(segment=cut, seen=seen)


def passed_at(model: AbstractModel, y: State) -> tuple[Any, Any]:
    """Charge [A.h] and energy [W.h] that a state has tallied."""
    assert y.border is not None
    unit = unit_of(model)
    return y.border[model.borders] * unit, y.border[model.borders + 1] * unit


def numbers_passed_at(model: AbstractModel, y: State) -> tuple[np.ndarray, np.ndarray]:
    """The same of a state whose numbers are there."""
    capacity = float(model.limits.capacity)
    charge, energy = np.asarray(y.border)[model.borders :] * (capacity if capacity > 0 else 1.0)
    return np.asarray(charge), np.asarray(energy)


# ---- all at once, under a transformation


def traced(
    model: AbstractModel,
    protocol: Protocol,
    soc: Any,
    T: Any,
    initial: State | None,
    tolerances: Tolerances,
    max_steps: int,
    times: Any = None,
) -> tuple[Begun, Legs, Seen]:
    """Every step, as one program; a step after one that failed takes no time. It is seen at `times` [s], those beyond
    its stop moved to the stop, or at fractions of each step."""
    steps = protocol.steps
    within = times if isinstance(times, StepTimes) else None
    shape = numbers.shape_of(steps)
    start = begun(model, soc, T, initial, shape)
    rows = jax.tree.map(
        lambda *xs: jnp.stack([jnp.asarray(x) for x in xs]), *[numbers.orders_of(step, shape) for step in steps]
    )

    @jax.checkpoint
    def body(carry: tuple[State, Scalar, Any, Any], row: tuple[Array, Orders]) -> tuple[Any, tuple[Legs, Any]]:
        y, t0, has_failed, known = carry
        number, orders = row
        Q, E = passed_at(model, y)
        orders = orders._replace(duration=jnp.where(has_failed, 0.0, orders.duration))
        at = Start(jnp.zeros(()), y, jnp.asarray(FIRST_STEP))
        since = None if times is None else times - t0 if within is None else jnp.asarray(within.t)
        longest = None if since is None or within is not None else jnp.maximum(since[-1], 0.0)
        passed = Beginning(Q, E, soc, start.usable)
        found = leg(model, orders, T, at, passed, tolerances, shape, max_steps, since, longest)
        segment, seen = found.segment, found.seen
        is_good = (segment.result == diffrax.RESULTS.successful) | (segment.result == diffrax.RESULTS.event_occurred)
        Q, E = passed_at(model, segment.y)
        t1 = t0 + segment.t
        V, seen = seen.V[-1], seen._replace(t=t0 + seen.t)
        if since is not None:
            circuit = Controlled(model.discretised(found.T), found.setpoint, unit_of(model), model.borders)
            V = circuit.observed(segment.t, segment.y).V
            if within is not None:
                is_here = jnp.asarray(within.step) == number
            else:  # where two steps meet the later one is seen, unless it takes no time
                is_here = (since >= 0) & (segment.trajectory.count > 0) | (t0 == 0)
            known = jax.tree.map(lambda new, old: jnp.where(_along(is_here, new), new, old), seen, known)
        became = Legs(t1, V, Q, E, segment.result, found.end, segment.steps, segment.rejected)
        return (segment.y, t1, has_failed | ~is_good, known), (became, seen if since is None else None)

    known = None if times is None else _nothing_seen(start.y, len(times if within is None else within.t))
    carry = tied((start.y, jnp.zeros(()), jnp.asarray(False), known), start.y)
    (_, _, _, known), (legs, seen) = lax.scan(body, carry, (jnp.arange(1, len(steps) + 1), rows))
    Q, E = passed_at(model, start.y)
    legs = legs._replace(Q=jnp.append(Q, legs.Q), E=jnp.append(E, legs.E))
    if known is not None:
        return start, legs, known
    flat: Seen = jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), seen)
    return start, legs, flat


def _along(mask: Array, x: Array) -> Array:
    """`mask` over the first axis of `x`."""
    return mask.reshape(-1, *[1] * (x.ndim - 1))


def _nothing_seen(y: State, count: int) -> Seen:
    """Room for what is seen at `count` times."""
    rows = jax.tree.map(lambda x: jnp.zeros((count, *x.shape)), y)
    row = jnp.zeros(count)
    return Seen(row, row, row, row, row, row, rows)


# ---- one by one


class Done(NamedTuple):
    """A step that was run: its place, its pieces, and when it began."""

    number: int  # from 1
    cycle: int  # from 1
    step: Step
    tags: tuple[str, ...]  # of the step and its cycle
    t_start: float  # s, since the run began
    pieces: tuple[Leg, ...]
    start: Any
    is_skipped: bool

    @property
    def t_end(self) -> float:
        """When it ended, since the run began [s]."""
        return self.t_start + float(self.pieces[-1].segment.t)


Report = Callable[[Done], None]


def one_by_one(
    model: AbstractModel,
    protocol: Protocol,
    begun: Begun,
    soc: Any,
    T: Any,
    tolerances: Tolerances,
    shape: Shape,
    *,
    steps_a_piece: int,
    max_steps: int | None,
    skip_cycles: int = 0,
    t_start: float = 0.0,
    taken: int = 0,
    progress: Callable[[float, float], None] | None = None,
) -> Iterator[Done]:
    """Every step in its turn, in pieces of a bounded number of time steps; ends where one fails. `skip_cycles` were
    done before, until `t_start` [s], with `taken` time steps."""
    y, t0 = begun.y, t_start
    places = list(zip(protocol.cycle_of_step, protocol.steps, protocol.tags, strict=True))
    made: dict[int, Orders] = {}
    for number, (cycle, step, tags) in enumerate(places, start=1):
        if cycle <= skip_cycles:
            continue
        if id(step) not in made:
            made[id(step)] = numbers.orders_of(step, shape)
        orders = made[id(step)]
        passed = Beginning(*numbers_passed_at(model, y), soc, begun.usable)
        pieces: list[Leg] = []
        # of the very type that the next piece begins with: another one would be another program
        at = Start(np.asarray(0.0), y, np.asarray(FIRST_STEP))
        while True:
            piece = leg_once(model, orders, T, at, passed, tolerances, shape=shape, max_steps=steps_a_piece)
            allowed = None if max_steps is None else max(max_steps - taken, 1)
            if allowed is not None and int(piece.segment.trajectory.count) > allowed:
                piece = _cut_back(model, piece, at, allowed)
            pieces.append(piece)
            segment = piece.segment
            taken += int(segment.steps) - int(segment.rejected)
            if progress is not None:
                share = min(float(segment.t) / max(float(piece.setpoint.duration), 1e-12), 1.0)
                progress((number - 1 + share) / len(places), t0 + float(segment.t))
            if not piece.is_cut or (max_steps is not None and taken >= max_steps):
                break
            ts, count = np.asarray(segment.trajectory.ts), int(segment.trajectory.count)
            at = Start(segment.t, segment.y, np.asarray(ts[count] - ts[count - 1] if count else FIRST_STEP))
        is_skipped = len(pieces) == 1 and float(np.min(np.asarray(pieces[0].margins_at_start))) <= 0
        done = Done(number, cycle, step, tags, t0, tuple(pieces), y, is_skipped)
        yield done
        y, t0 = pieces[-1].segment.y, done.t_end
        if not came_to(pieces[-1].segment.result, diffrax.RESULTS.successful, diffrax.RESULTS.event_occurred):
            return


def chain_of(
    legs: Legs,
    steps: Sequence[Step],
    cycles: Sequence[int],
    tags: Sequence[tuple[str, ...]],
    limits: Limits,
    shape: Shape,
    *,
    t_start: Any = 0.0,
    first: int = 1,
) -> Chain:
    """What became of steps, with the words that tell of it."""
    words = tuple(numbers.words_of(step, shape, limits) for step in steps)
    return Chain(legs, tuple(map(text_of, steps)), tuple(cycles), words, tuple(tags), t_start, first)


def text_of(step: Step) -> str:
    """A step in words."""
    return step.text or wording.words(step)
