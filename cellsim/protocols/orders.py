"""A step as numbers alone, so that one compiled program serves every step of a protocol."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from cellsim.models.model import Limits
from cellsim.protocols import controls, ends
from cellsim.protocols.steps import LONGEST_REST, Step, longest_of
from cellsim.simulation.control import OBSERVABLES, Ends, Function, Setpoint

Scalar = Float[Array, ""]
LEAST_ENDS = 4  # rows for the ends of a step, so that few programs serve most protocols
KINDS: tuple[type[controls.AbstractControl], ...] = (
    controls.Current,
    controls.CRate,
    controls.Voltage,
    controls.Power,
    controls.Resistance,
    controls.Relation,
)
# what each kind makes a target of: weights of V, I and V I
WEIGHTS = np.array([[0, 1, 0], [0, 1, 0], [1, 0, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0]], dtype=float)
END_KINDS: tuple[type[ends.AbstractEnd], ...] = (
    ends.AtVoltage,
    ends.AtCurrent,
    ends.AtCRate,
    ends.AfterCharge,
    ends.AfterEnergy,
    ends.AtSOC,
    ends.AtTemperature,
    ends.AtVoltageRate,
    ends.When,
)
ON = {name: k for k, name in enumerate(OBSERVABLES)}
# what each kind of end watches
WATCHED = ("V", "|I|", "|I|", "charge of the step", "energy of the step", "Q", "T", "|dV/dt|")


class Shape(NamedTuple):
    """What the steps of a protocol have in common: part of what a compiled program is keyed by."""

    ends: int
    points: int  # of profiles; none where no step has one
    relations: tuple[Function, ...]
    conditions: tuple[Function, ...]
    watches_rate: bool
    watches_soc: bool


class Orders(NamedTuple):
    """Numbers of a step; NaN stands for what the model decides."""

    kind: Any  # place among KINDS
    relation: Any  # place among the relations of the shape, or -1
    value: Any  # a number, or times and values
    is_profile: Any
    direction: Any
    duration: Any
    T: Any
    end_kind: Any  # (ends,) place among END_KINDS, or -1
    end_level: Any  # (ends,)
    end_side: Any  # (ends,)
    end_condition: Any  # (ends,) place among the conditions of the shape


class Beginning(NamedTuple):
    """What a step's ends refer to: what has passed when it begins, and what a state of charge means."""

    Q: Any  # A.h passed since the run began
    E: Any  # W.h
    soc: Any  # state of charge when the run began
    usable: Any  # A.h between the cut-off voltages at equilibrium


def shape_of(steps: Sequence[Step]) -> Shape:
    """What the programs for `steps` are made for."""
    found = [end for step in steps for end in step.ends]
    profiles = [p for p in map(profile_of, steps) if p is not None]
    relations = [step.control.function for step in steps if isinstance(step.control, controls.Relation)]
    conditions = [end.function for end in found if isinstance(end, ends.When)]
    return Shape(
        ends=max(LEAST_ENDS, *(len(step.ends) for step in steps)),
        points=1 << max(len(p.t) - 1 for p in profiles).bit_length() if profiles else 0,
        relations=tuple(dict.fromkeys(relations)),
        conditions=tuple(dict.fromkeys(conditions)),
        watches_rate=any(isinstance(end, ends.AtVoltageRate) for end in found),
        watches_soc=any(isinstance(end, ends.AtSOC) for end in found),
    )


def profile_of(step: Step) -> controls.Profile | None:
    """The profile that a step follows, if it does."""
    value = getattr(step.control, "value", None)
    return value if isinstance(value, controls.Profile) else None


def orders_of(step: Step, shape: Shape) -> Orders:
    """The numbers of a step."""
    number = lambda x: np.asarray(np.nan) if x is None else x
    control, profile = step.control, profile_of(step)
    is_relation = isinstance(control, controls.Relation)
    value = np.asarray(0.0) if is_relation else control.value  # type: ignore[attr-defined]
    duration = step.duration
    if profile is not None and duration is None:
        duration = profile.t[-1]
    if shape.points:
        value = _padded(profile, value, shape.points)
    rows = [_end(end, shape) for end in step.ends] + [(-1.0, 0.0, 0.0, 0.0)] * (shape.ends - len(step.ends))
    kind, level, side, condition = zip(*rows, strict=True)
    stacked = np.asarray if all(isinstance(x, (float, np.ndarray)) for x in level) else jnp.stack
    return Orders(
        kind=np.asarray(KINDS.index(type(control))),
        relation=np.asarray(float(shape.relations.index(control.function)) if is_relation else -1.0),  # type: ignore[attr-defined]
        value=value,
        is_profile=np.asarray(float(profile is not None)),
        direction=np.asarray(float(step.direction)),
        duration=number(duration),
        T=number(step.T),
        end_kind=np.asarray(kind),
        end_level=stacked([jnp.asarray(x) for x in level] if stacked is jnp.stack else level),
        end_side=np.asarray(side),
        end_condition=np.asarray(condition),
    )


def _padded(profile: controls.Profile | None, value: Any, points: int) -> tuple[Any, Any]:
    """Times and values of `points` points: those of the profile and its last one over and over, or a constant."""
    if profile is None:
        return np.concatenate([[0.0], np.full(points - 1, 1e30)]), jnp.broadcast_to(value, (points,))
    more = points - len(profile.t)
    extended = lambda x: jnp.concatenate([x, jnp.broadcast_to(x[-1], (more,))])
    return extended(profile.t), extended(profile.values)


def _end(end: ends.AbstractEnd, shape: Shape) -> tuple[float, Any, float, float]:
    """Kind, level, side and condition."""
    kind = float(END_KINDS.index(type(end)))
    if isinstance(end, ends.When):
        return kind, 0.0, 1.0, float(shape.conditions.index(end.function))
    field = {ends.AtVoltage: "V", ends.AtCurrent: "I", ends.AtCRate: "C_rate", ends.AfterCharge: "Q"}
    field |= {ends.AfterEnergy: "E", ends.AtSOC: "soc", ends.AtTemperature: "T", ends.AtVoltageRate: "dVdt"}
    default = -1.0 if isinstance(end, (ends.AfterCharge, ends.AfterEnergy)) else 1.0
    return kind, getattr(end, field[type(end)]), float(getattr(end, "side", default)), 0.0


def setpoint(orders: Orders, shape: Shape, limits: Limits, start: Beginning) -> Setpoint:
    """What the step asks of a model with these limits when it begins at `start`."""
    kind, direction = orders.kind, jnp.asarray(orders.direction)
    weights = jnp.asarray(WEIGHTS)[kind]
    is_load = kind == KINDS.index(controls.Resistance)
    factor = jnp.where(kind == KINDS.index(controls.CRate), limits.capacity, 1.0)
    factor = jnp.where(is_load, 0.0, factor)
    varies = isinstance(orders.value, tuple)
    values = orders.value[1] if varies else jnp.asarray(orders.value)
    load = values[0] if varies else values  # a load is constant, and holds V - R I = 0
    weights = weights.at[1].add(jnp.where(is_load, -load, 0.0))
    target = (jnp.asarray(orders.value[0]), factor * values) if varies else factor * values
    I = jnp.where(kind <= 1, (target[1][0] if isinstance(target, tuple) else target), 0.0)
    longest = jnp.where(kind <= 1, longest_of(I, direction, limits.capacity), LONGEST_REST)
    duration = jnp.where(jnp.isnan(orders.duration), longest, orders.duration)
    return Setpoint(
        weights, target, jnp.asarray(orders.relation), duration, _ends(orders, shape, limits, start), shape.relations
    )


def _ends(orders: Orders, shape: Shape, limits: Limits, start: Beginning) -> Ends:
    """The rows of the ends, and two for the cut-off voltages where they apply."""
    kind, direction = orders.end_kind, jnp.asarray(orders.direction)
    given = jnp.asarray(orders.end_side)
    follows = jnp.where(direction == 0, 1.0, direction)
    side = jnp.where(given == 0, follows, given)
    level = jnp.asarray(orders.end_level)
    level = jnp.where(kind == END_KINDS.index(ends.AtCRate), level * limits.capacity, level)
    # a state of charge is a charge that has passed: soc = soc0 - Q / usable
    is_soc = kind == END_KINDS.index(ends.AtSOC)
    level = jnp.where(is_soc, (start.soc - level) * start.usable, level)
    side = jnp.where(is_soc, -side, side)
    is_used = kind >= 0
    columns = np.array([ON[name] for name in WATCHED])
    width = len(OBSERVABLES) + len(shape.conditions)
    is_condition = kind == END_KINDS.index(ends.When)
    place = jnp.asarray(columns)[jnp.clip(kind, 0, len(columns) - 1).astype(int)]
    place = jnp.where(is_condition, len(OBSERVABLES) + orders.end_condition, place).astype(int)
    one_hot = (jnp.arange(width)[None] == place[:, None]) * jnp.where(is_used, side, 0.0)[:, None]
    levels = jnp.where(is_used, side * level, -1.0)

    has_voltage = jnp.any(kind == END_KINDS.index(ends.AtVoltage))
    is_held = orders.kind == KINDS.index(controls.Voltage)
    applies = ~has_voltage & ~is_held
    is_profile = orders.is_profile > 0
    lower = applies & ((direction > 0) | is_profile)
    upper = applies & ((direction < 0) | is_profile)
    cut_offs = jnp.zeros((2, width)).at[:, ON["V"]].set(jnp.stack([jnp.where(lower, 1.0, 0.0), -1.0 * upper]))
    at = jnp.stack([jnp.where(lower, limits.V_min, -1.0), jnp.where(upper, -limits.V_max, -1.0)])
    return Ends(
        jnp.concatenate([one_hot, cut_offs]),
        jnp.concatenate([levels, at]),
        jnp.asarray(start.Q),
        jnp.asarray(start.E),
        shape.conditions,
        shape.watches_rate,
    )


def words_of(step: Step, shape: Shape, limits: Limits) -> tuple[str, ...]:
    """What each row of a step's ends is called, in the order of `Ends`."""
    own = [_words(end, step.direction) for end in step.ends]
    none = ["an end"] * (shape.ends - len(own))
    low, high = (x if isinstance(x, jax.core.Tracer) else f"{float(x):g} V" for x in (limits.V_min, limits.V_max))
    return (*own, *none, f"lower cut-off voltage {low}", f"upper cut-off voltage {high}", "the greatest possible power")


def _words(end: ends.AbstractEnd, direction: int) -> str:
    if any(isinstance(x, jax.core.Tracer) for x in jax.tree.leaves(end)):
        return type(end).__name__
    if isinstance(end, ends.AtVoltage):
        side = end.side or direction
        return f"{ {1: 'lower cut-off ', -1: 'upper cut-off '}.get(side, '') }voltage {end.words}"
    return end.words
