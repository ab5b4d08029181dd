"""A protocol on a model: its steps in turn, what is kept of them, and the solution that they make together."""

import dataclasses
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import diffrax
import jax
import jax.numpy as jnp
import numpy as np

from cellsim.discretisation.layout import State
from cellsim.models.model import AbstractModel
from cellsim.protocols import orders, run
from cellsim.protocols.ends import AtVoltage
from cellsim.protocols.protocol import Protocol, Until
from cellsim.protocols.run import Begun, Done
from cellsim.simulation.again import along, trimmed
from cellsim.simulation.chain import Legs
from cellsim.simulation.segment import Tolerances
from cellsim.simulation.solution import CannotStart, OutsideMeasuredRange, Solution

STEPS_A_PIECE = 256  # a longer step goes on with the same compiled program
MANY_STEPS, FEW_CYCLES = 100, 10  # of how many steps all is kept, and of how many cycles else
STEPS_TRACED = 256  # bound on the steps where the number must be known beforehand


class How(NamedTuple):
    """How a protocol is run; see `simulate`."""

    soc: Any
    T: Any
    initial: State | None
    times: Any
    tolerances: Tolerances
    max_steps: int | None
    progress: Callable[[float, float], None] | None
    keep_cycles: int | None
    on_cycle: Callable[[int, Solution], None] | None


def several(model: AbstractModel, protocol: Protocol, how: How) -> Solution:
    """The solution of a protocol. Raises `CannotStart` (not under JAX's transformations)."""
    protocol = _with_voltage_end(protocol)
    is_traced = isinstance(jnp.zeros(()), jax.core.Tracer)
    if is_traced or any(isinstance(x, jax.core.Tracer) for x in jax.tree.leaves((model, protocol, how))):
        return _traced(model, protocol, how)
    return _in_turn(model, protocol, how)


def _with_voltage_end(protocol: Protocol) -> Protocol:
    """The protocol with its own lowest voltage as an end of every step."""
    V = protocol.until.V
    if V is None:
        return protocol
    ended = lambda step: dataclasses.replace(step, ends=(*step.ends, AtVoltage(V, 1)))
    cycles = [dataclasses.replace(cycle, steps=tuple(map(ended, cycle.steps))) for cycle in protocol.cycles]
    return Protocol(cycles, protocol.until)


def _traced(model: AbstractModel, protocol: Protocol, how: How) -> Solution:
    if how.times is not None:
        raise ValueError(
            "under JAX's transformations `times` are for a single step of constant current; of a protocol read the "
            "points that the solution has, 201 a step."
        )
    start, legs, seen = run.traced(
        model, protocol, how.soc, how.T, how.initial, how.tolerances, how.max_steps or STEPS_TRACED
    )
    is_bad = (legs.result != diffrax.RESULTS.successful) & (legs.result != diffrax.RESULTS.event_occurred)
    decisive = jnp.where(jnp.any(is_bad), jnp.argmax(is_bad), len(protocol.steps) - 1)
    result = jax.tree.map(lambda x: x[decisive], legs.result)
    chain = run.chain_of(legs, protocol.steps, protocol.cycle_of_step, model.limits)
    counts = jnp.sum(legs.steps), jnp.sum(legs.rejected)
    return Solution(*seen, start.rest, model, None, legs.t[-1], result, *counts, chain=chain)


def _in_turn(model: AbstractModel, protocol: Protocol, how: How) -> Solution:
    shape = orders.shape_of(protocol.steps)
    begun = run.begun_once(model, how.soc, how.T, how.initial, shape=shape)
    if not bool(begun.can_start):
        raise CannotStart(model.why_not(0.0))
    _refuse_rates_without_capacity(model, protocol)
    keep = how.keep_cycles
    if keep is None:
        keep = len(protocol.cycles) if len(protocol.steps) <= MANY_STEPS else FEW_CYCLES
    legs: list[Solution] = []
    done: list[Done] = []
    of_cycle: list[int] = []
    steps = run.one_by_one(
        model,
        protocol,
        begun,
        how.soc,
        how.T,
        how.tolerances,
        shape,
        steps_a_piece=STEPS_A_PIECE,
        max_steps=how.max_steps,
        progress=how.progress,
    )
    until = Watch(protocol.until)
    for each in steps:
        if each.is_skipped and not each.step.skip_ok:
            raise CannotStart(_why_skipped(model, each, shape, protocol))
        cycle = len(protocol.cycles[each.cycle - 1].steps)
        legs.append(_leg(model, each, begun))
        done.append(each._replace(pieces=each.pieces[-1:]))
        of_cycle.append(len(legs) - 1)
        is_last_of_cycle = len(of_cycle) == cycle
        is_over = until.is_over(each, is_last_of_cycle, legs)
        if is_last_of_cycle or is_over:
            if how.on_cycle is not None:
                part = [legs[k] for k in of_cycle]
                how.on_cycle(each.cycle, _together(model, protocol, begun, [done[k] for k in of_cycle], part))
            of_cycle = []
            _thin(legs, done, keep, len(protocol.cycles))
        if is_over:
            break
    if len(legs) == 1 and legs[0].t_stop == 0 and done[0].is_skipped and len(protocol.steps) == 1:
        raise CannotStart(_why_skipped(model, done[0], shape, protocol))
    solution = _together(model, protocol, begun, done, legs)
    if how.times is not None:
        solution = solution.at(how.times)
    said = solution.outside_measured_range
    if said:
        warnings.warn(said, OutsideMeasuredRange, stacklevel=4)
    return solution


def _refuse_rates_without_capacity(model: AbstractModel, protocol: Protocol) -> None:
    from cellsim.protocols.controls import CRate

    if not float(model.limits.capacity) and any(isinstance(step.control, CRate) for step in protocol.steps):
        raise CannotStart(
            f"{model.title} has no capacity, so a C-rate means nothing there. Give currents in A: 'Discharge at 5 mA "
            "for 2 hours'."
        )


def _why_skipped(model: AbstractModel, each: Done, shape: orders.Shape, protocol: Protocol) -> str:
    del protocol
    words = orders.words_of(each.step, shape, model.limits)
    passed = words[int(np.argmin(np.asarray(each.pieces[0].margins_at_start)))]
    return (
        f"step {each.number} ('{each.step.text}') cannot start: {passed} is passed already at "
        f"{float(each.pieces[0].seen.V[0]):.4f} V. Change the step's end, the state of charge, or the step before."
    )


def _leg(model: AbstractModel, each: Done, begun: Begun) -> Solution:
    """One step as a solution of its own, times counted since the run began."""
    pieces = each.pieces
    seen = pieces[0].seen
    if len(pieces) > 1:
        seen = jax.tree.map(
            lambda *xs: jax.device_put(np.concatenate([np.asarray(x) for x in xs])), *[p.seen for p in pieces]
        )
    last = pieces[-1].segment
    count = lambda of: jnp.asarray(sum(int(of(p.segment)) for p in pieces))
    return Solution(
        jax.device_put(np.asarray(seen.t) + each.t_start),
        *seen[1:],
        begun.rest,
        model,
        pieces[0].setpoint,
        jax.device_put(np.asarray(each.t_end)),
        last.result,
        count(lambda s: s.steps),
        count(lambda s: s.rejected),
        tuple(trimmed(p.segment.trajectory) for p in pieces),
        chain=run.chain_of(_legs([each]), [each.step], [each.cycle], model.limits),
        t_start=each.t_start,
        ambient=pieces[0].T,
    )


def _legs(done: list[Done]) -> Legs:
    """The table of what became of steps."""
    first, ends = done[0].pieces[0].seen, [each.pieces[-1] for each in done]
    last = lambda of: np.array([float(of(p.seen)[-1]) for p in ends])
    from_start = lambda x0, of: np.append(float(x0), last(of))
    result: Any = jax.tree.map(lambda *xs: np.stack([np.asarray(x) for x in xs]), *[p.segment.result for p in ends])
    return Legs(
        np.array([each.t_end for each in done]),
        last(lambda s: s.V),
        from_start(first.Q[0], lambda s: s.Q),
        from_start(first.E[0], lambda s: s.E),
        result,
        np.array([int(p.end) for p in ends]),
        np.array([int(p.segment.steps) for p in ends]),
        np.array([int(p.segment.rejected) for p in ends]),
    )


def _together(
    model: AbstractModel, protocol: Protocol, begun: Begun, done: list[Done], legs: list[Solution]
) -> Solution:
    """The solution of all steps that were run. Points without fields (of cycles whose fields are not kept) are in
    the curves of the legs alone."""
    del protocol
    chain = run.chain_of(_legs(done), [each.step for each in done], [each.cycle for each in done], model.limits)
    last = legs[-1]
    whole = Solution(
        last.t,
        last.V,
        last.I,
        last.T,
        last.Q,
        last.E,
        last.states,
        begun.rest,
        model,
        None,
        last.t_stop,
        last.result,
        jnp.asarray(sum(int(leg.steps) for leg in legs)),
        jnp.asarray(sum(int(leg.rejected) for leg in legs)),
        chain=chain,
        legs=tuple(legs),
    )
    return along(whole, legs)


def _thin(legs: list[Solution], done: list[Done], keep: int, cycles: int) -> None:
    """Keeps the fields of about `keep` cycles, of all others the curves, and the fields at the ends of their steps."""
    every = 1 if keep >= cycles else -(-cycles // max(keep - 1, 1))
    reached = done[-1].cycle
    for k, each in enumerate(done):
        is_kept = each.cycle == 1 or each.cycle == reached or each.cycle % every == 0
        if is_kept or legs[k].dense is None:
            continue
        rows = np.array([0, len(legs[k].t) - 1])
        states = jax.tree.map(lambda x, rows=rows: jax.device_put(np.asarray(x)[rows]), legs[k].states)
        legs[k] = dataclasses.replace(legs[k], states=states, dense=None, rows=rows)
        seen = each.pieces[-1].seen._replace(states=None)
        segment = dataclasses.replace(each.pieces[-1].segment, trajectory=None)
        done[k] = each._replace(pieces=(each.pieces[-1]._replace(seen=seen, segment=segment),), start=None)


class Watch:
    """Whether a protocol is over before its last cycle."""

    def __init__(self, until: Until):
        self.until = until
        self.first: float | None = None
        self.cycle_began = 0

    def is_over(self, each: Done, is_end_of_cycle: bool, legs: list[Solution]) -> bool:
        """Asked after every step."""
        until, piece = self.until, each.pieces[-1]
        if until.V is not None and float(piece.seen.V[-1]) <= until.V * (1 + 1e-9):
            return True
        if until.duration is not None and each.t_end >= until.duration:
            return True
        if not is_end_of_cycle:
            return False
        passed = [float(leg.capacity) for leg in legs[self.cycle_began :]]
        self.cycle_began = len(legs)
        capacity = sum(max(x, 0.0) for x in passed)
        if capacity <= 0:
            return False
        self.first = capacity if self.first is None else self.first
        is_below = until.capacity is not None and capacity < until.capacity
        return is_below or (until.retention is not None and capacity < until.retention * self.first)
