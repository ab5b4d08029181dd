"""A protocol on a model: its steps in turn, what is kept of them, and the solution that they make together."""

import dataclasses
import warnings
from collections.abc import Callable, Sequence
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
from cellsim.simulation.again import along, sampled, trimmed
from cellsim.simulation.chain import Legs, joined
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
    after: Solution | None


def several(model: AbstractModel, protocol: Protocol, how: How) -> Solution:
    """The solution of a protocol. Raises `CannotStart` (not under JAX's transformations)."""
    protocol = _with_voltage_end(protocol)
    is_traced = isinstance(jax.device_put(0.0), jax.core.Tracer)
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
    if how.after is not None:
        raise ValueError(
            "under JAX's transformations no run goes on after an earlier one; give its last state as `initial`."
        )
    start, legs, seen = run.traced(
        model, protocol, how.soc, how.T, how.initial, how.tolerances, how.max_steps or STEPS_TRACED, how.times
    )
    is_bad = (legs.result != diffrax.RESULTS.successful) & (legs.result != diffrax.RESULTS.event_occurred)
    decisive = jnp.where(jnp.any(is_bad), jnp.argmax(is_bad), len(protocol.steps) - 1)
    result = jax.tree.map(lambda x: x[decisive], legs.result)
    shape = orders.shape_of(protocol.steps)
    chain = run.chain_of(legs, protocol.steps, protocol.cycle_of_step, protocol.tags, model.limits, shape)
    counts = jnp.sum(legs.steps), jnp.sum(legs.rejected)
    return Solution(*seen, start.rest, model, None, legs.t[-1], result, *counts, chain=chain)


def _in_turn(model: AbstractModel, protocol: Protocol, how: How) -> Solution:
    shape = orders.shape_of(protocol.steps)
    begun = run.begun_once(model, how.soc, how.T, how.initial, shape=shape)
    if not bool(begun.can_start):
        raise CannotStart(model.why_not(0.0))
    _refuse_rates_without_capacity(model, protocol)
    cycles = len(protocol.cycles)
    keep = how.keep_cycles
    if keep is None:
        keep = default_keep(protocol)
    legs = [] if how.after is None else finished(how.after, protocol)
    until = Watch(protocol.until, [len(cycle.steps) for cycle in protocol.cycles])
    is_over = False
    for k in range(len(legs)):
        is_over = until.is_over(legs[: k + 1])
    if legs:
        begun = begun._replace(y=_state_after(legs[-1], begun.y))
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
        skip_cycles=cycles if is_over else cycle_of(legs[-1]) if legs else 0,
        t_start=float(legs[-1].t_stop) if legs else 0.0,
        taken=sum(int(leg.steps) - int(leg.rejected) for leg in legs),
        progress=how.progress,
    )
    of_cycle: list[Solution] = []
    for each in steps:
        if each.is_skipped and (not each.step.skip_ok or len(protocol.steps) == 1):
            raise CannotStart(_why_skipped(model, each, shape))
        legs.append(_leg(model, each, begun, shape))
        of_cycle.append(legs[-1])
        is_over = until.is_over(legs)
        if len(of_cycle) == len(protocol.cycles[each.cycle - 1].steps) or is_over:
            if how.on_cycle is not None:
                how.on_cycle(each.cycle, together(of_cycle))
            of_cycle = []
            legs = [leg if is_kept(cycle_of(leg), each.cycle, keep, cycles) else thinned(leg) for leg in legs]
        if is_over:
            break
    solution = together(legs)
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


def _why_skipped(model: AbstractModel, each: Done, shape: orders.Shape) -> str:
    words = orders.words_of(each.step, shape, model.limits)
    passed = words[int(np.argmin(np.asarray(each.pieces[0].margins_at_start)))]
    return (
        f"step {each.number} ('{run.text_of(each.step)}') cannot start: {passed} is passed already at "
        f"{float(each.pieces[0].seen.V[0]):.4f} V. Change the step's end, the state of charge, or the step before."
    )


def _leg(model: AbstractModel, each: Done, begun: Begun, shape: orders.Shape) -> Solution:
    """One step as a solution of its own, times counted since the run began."""
    pieces = each.pieces
    seen = pieces[0].seen
    if len(pieces) > 1:
        seen = jax.tree.map(
            lambda *xs: jax.device_put(np.concatenate([np.asarray(x) for x in xs])), *[p.seen for p in pieces]
        )
    count = lambda of: sum(int(of(p.segment)) for p in pieces)
    steps, rejected = count(lambda s: s.steps), count(lambda s: s.rejected)
    last, row = pieces[-1].segment, lambda x: np.asarray(x)[None]
    ends = lambda x: np.asarray(x)[[0, -1]]
    became = Legs(
        row(each.t_end),
        ends(seen.V)[1:],
        ends(seen.Q),
        ends(seen.E),
        jax.tree.map(row, last.result),
        row(pieces[-1].end),
        row(steps),
        row(rejected),
    )
    chain = run.chain_of(
        became, [each.step], [each.cycle], [each.tags], model.limits, shape, t_start=each.t_start, first=each.number
    )
    leg = Solution(
        jax.device_put(np.asarray(seen.t) + each.t_start),
        *seen[1:],
        begun.rest,
        model,
        pieces[0].setpoint,
        jax.device_put(np.asarray(each.t_end)),
        last.result,
        last.steps if len(pieces) == 1 else jax.device_put(steps),
        last.rejected if len(pieces) == 1 else jax.device_put(rejected),
        tuple(trimmed(p.segment.trajectory) for p in pieces),
        chain=chain,
        t_start=each.t_start,
        ambient=pieces[0].T,
    )
    return leg if each.step.period is None else sampled(leg, each.step.period)


def together(legs: Sequence[Solution]) -> Solution:
    """The solution of all steps that were run. Points without fields (of cycles whose fields are not kept) are in
    the curves of the legs alone."""
    last = legs[-1]
    assert all(leg.chain is not None for leg in legs)
    whole = dataclasses.replace(
        last,
        demand=None,
        steps=jax.device_put(sum(int(leg.steps) for leg in legs)),
        rejected=jax.device_put(sum(int(leg.rejected) for leg in legs)),
        dense=None,
        chain=joined([leg.chain for leg in legs if leg.chain is not None]),
        legs=tuple(legs),
        t_start=legs[0].t_start,
        period=None,
    )
    return along(whole, legs)


# ---- what is kept


def default_keep(protocol: Protocol) -> int:
    """Of how many cycles all fields are kept where nobody says it."""
    return len(protocol.cycles) if len(protocol.steps) <= MANY_STEPS else FEW_CYCLES


def is_kept(cycle: int, reached: int, keep: int, cycles: int) -> bool:
    """Whether all fields of a cycle are kept, of about `keep` of all `cycles`, when number `reached` has ended."""
    every = 1 if keep >= cycles else -(-cycles // max(keep - 1, 1))
    return cycle == 1 or cycle == reached or cycle % every == 0


def thinned(leg: Solution) -> Solution:
    """The curves of a step, and the fields at its ends alone."""
    if leg.dense is None:
        return leg
    states = jax.tree.map(lambda x: jax.device_put(np.asarray(x)[[0, -1]]), leg.states)
    return dataclasses.replace(leg, states=states, dense=None, rows=np.array([0, len(leg.t) - 1]))


# ---- going on after an earlier run


def cycle_of(leg: Solution) -> int:
    """The number of the cycle that a step belongs to."""
    assert leg.chain is not None
    return leg.chain.cycles[0]


def finished(after: Solution, protocol: Protocol) -> list[Solution]:
    """The steps of the complete cycles of an earlier solution. Raises `ValueError` where it is of another protocol."""
    legs: list[Solution] = []
    for number, cycle in enumerate(protocol.cycles, start=1):
        of = list(after.legs[len(legs) : len(legs) + len(cycle.steps)])
        for leg, step in zip(of, cycle.steps, strict=False):
            assert leg.chain is not None
            found, asked = (leg.chain.texts[0], cycle_of(leg)), (run.text_of(step), number)
            if found != asked:
                raise ValueError(
                    f"`after` is a solution of another protocol: its step {leg.chain.first} is '{found[0]}' of cycle "
                    f"{found[1]}, that of the protocol is '{asked[0]}' of cycle {asked[1]}."
                )
        if len(of) < len(cycle.steps) or not all(leg.succeeded for leg in of):
            break
        legs += of
    else:
        if len(after.legs) > len(legs):
            raise ValueError(
                f"`after` has {len(after.legs)} steps, the protocol {len(legs)}: is it a solution of another one?"
            )
    return legs


def _state_after(leg: Solution, like: State) -> State:
    """The state at the end of a step. Raises `ValueError` where it is none like that."""
    last = jax.tree.map(lambda x: jax.device_put(np.asarray(x)[-1]), leg.states)
    found, needed = ([x.shape for x in jax.tree.leaves(y)] for y in (last, like))
    if found != needed:
        raise ValueError(f"`after` has states of {found} unknowns, the model {needed}: has its mesh changed?")
    return last


class Watch:
    """Whether a protocol is over before its last cycle."""

    def __init__(self, until: Until, steps_of_cycle: list[int]):
        self.until = until
        self.ends = np.cumsum(steps_of_cycle)
        self.first: float | None = None

    def is_over(self, legs: list[Solution]) -> bool:
        """Asked after every step."""
        until, last = self.until, legs[-1]
        if until.V is not None and float(np.asarray(last.V)[-1]) <= until.V * (1 + 1e-9):
            return True
        if until.duration is not None and float(last.t_stop) >= until.duration:
            return True
        if len(legs) not in self.ends:
            return False
        charge = lambda leg: float(np.asarray(leg.Q)[-1] - np.asarray(leg.Q)[0])
        passed = [charge(leg) for leg in legs if cycle_of(leg) == cycle_of(last)]
        capacity = sum(max(x, 0.0) for x in passed)
        if capacity <= 0:
            return False
        self.first = capacity if self.first is None else self.first
        is_below = until.capacity is not None and capacity < until.capacity
        return is_below or (until.retention is not None and capacity < until.retention * self.first)
