"""Steps of a protocol."""

from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from cellsim.cells.design import Cell
from cellsim.constants import SECONDS_PER_HOUR
from cellsim.models.model import Limits
from cellsim.parameters import as_float_array
from cellsim.protocols.controls import AbstractControl, CRate, Current, Power, Profile, Resistance, Voltage
from cellsim.protocols.ends import AbstractEnd, AtVoltage
from cellsim.simulation.control import Demand
from cellsim.simulation.remembered import remembered

Scalar = Float[Array, ""]
Number = Float[ArrayLike, ""]  # numpy's too: they cost nothing before a program takes them
LONGEST_REST = 24 * SECONDS_PER_HOUR  # a rest, or whatever holds no current, without a duration


class Step(eqx.Module):
    """Something held until one of its ends, or for a duration [s], whichever comes first.

    `direction` is 1 for a discharge, -1 for a charge, 0 for neither (a rest, a hold, a profile). A discharge ends at
    the lower cut-off voltage of the cell, a charge at the upper one, where the step names no voltage itself; a profile
    ends at either. Without a duration a C-rate or a current is given twice the time that the nominal capacity takes, a
    profile the time that it covers, all else a day.

    `T` [K] is the ambient temperature during the step. `period` [s] is that of the points which are kept; by default
    they are as dense as the curve needs. `skip_ok` says that the step is left out where it is past its end already, and
    not refused. `tags` mark it.
    """

    control: AbstractControl
    ends: tuple[AbstractEnd, ...] = eqx.field(converter=tuple, default=())
    duration: Scalar | None = eqx.field(converter=as_float_array, default=None)
    direction: int = eqx.field(static=True, default=0)
    T: Scalar | None = eqx.field(converter=as_float_array, default=None)
    period: float | None = eqx.field(static=True, default=None)
    skip_ok: bool = eqx.field(static=True, default=True)
    tags: tuple[str, ...] = eqx.field(static=True, default=())
    text: str = eqx.field(static=True, default="")

    def __str__(self) -> str:
        """The step in words, its own or those that say its numbers; where these are not known, its parts."""
        from cellsim.protocols.wording import words  # which knows steps

        try:
            return self.text or words(self) or repr(self)
        except TypeError:  # the numbers of many steps
            return repr(self)

    @property
    def is_constant_current(self) -> bool:
        """Whether a current is held, and nothing but one voltage or the time ends it."""
        control = self.control
        is_constant = isinstance(control, (Current, CRate)) and not isinstance(control.value, Profile)
        others = [end for end in self.ends if not (isinstance(end, AtVoltage) and end.side in (0, self.direction))]
        return is_constant and not others and len(self.ends) <= 1 and self.T is None

    @remembered
    def numbers(self) -> "Numbers":
        """A step of constant current without its words."""
        number = lambda x: np.asarray(np.nan) if x is None else x
        assert self.is_constant_current and isinstance(self.control, (Current, CRate))
        until = next((end.V for end in self.ends if isinstance(end, AtVoltage)), None)
        is_rate = np.asarray(float(isinstance(self.control, CRate)))
        direction = np.asarray(float(self.direction))
        return Numbers(self.control.value, is_rate, direction, number(until), number(self.duration))

    def demand(self, cell: Cell | Limits) -> Demand:
        """What a step of constant current asks of a cell, or of a model with these limits, in numbers."""
        return self.numbers.demand(cell)


class Numbers(NamedTuple):
    """A step of constant current as numbers alone, so that a compiled program serves every one; NaN stands for what the
    cell decides."""

    value: Number  # of the control
    is_rate: Number  # 1 where the value counts in C, 0 where in A
    direction: Number
    until: Number
    duration: Number

    def demand(self, cell: Cell | Limits) -> Demand:
        """What the step asks of a cell, or of a model with these limits."""
        value, is_rate, direction = (jnp.asarray(x) for x in (self.value, self.is_rate, self.direction))
        I = value * jnp.where(is_rate > 0, cell.capacity, 1.0)
        cut_off = jnp.where(direction < 0, cell.V_max, cell.V_min)
        longest = longest_of(I, direction, cell.capacity)
        chosen = lambda said, default: jnp.where(jnp.isnan(said), default, said)
        return Demand(I, chosen(self.duration, longest), chosen(self.until, cut_off), direction)


def longest_of(I: Any, direction: Any, capacity: Any) -> Scalar:
    """Duration [s] of a current `I` [A] that is given none: twice the time that the nominal capacity [A.h] takes."""
    moves = direction != 0
    time = 2 * SECONDS_PER_HOUR * capacity / jnp.where(moves & (I != 0), jnp.abs(I), 1.0)
    return jnp.where(moves, time, LONGEST_REST)


def discharge(
    C_rate: Any = None,
    I: Any = None,
    until: Any = None,
    duration: Any = None,
    **more: Any,
) -> Step:
    """A discharge at `C_rate` or `I` [A], until a voltage [V] or for a duration [s]; `more` as of a `Step`."""
    return _moving(C_rate, I, 1, until, duration, more)


def charge(
    C_rate: Any = None,
    I: Any = None,
    until: Any = None,
    duration: Any = None,
    **more: Any,
) -> Step:
    """A charge at `C_rate` or `I` [A], both counted positive, until a voltage [V] or for a duration [s]; `more` as of a
    `Step`."""
    return _moving(C_rate, I, -1, until, duration, more)


def rest(duration: Any = None, **more: Any) -> Step:
    """No current for a duration [s], a day by default; `more` as of a `Step`."""
    return Step(Current(0.0), duration=duration, **more)


def current(I: Any, duration: Any, **more: Any) -> Step:
    """A current `I` [A] of either sign, or a `Profile` of it, for a duration [s]; a constant one is ended by no
    voltage. `more` as of a `Step`."""
    return Step(Current(I), duration=duration, **more)


def hold(V: Any, duration: Any = None, until: AbstractEnd | None = None, **more: Any) -> Step:
    """A voltage `V` [V], or a `Profile` of it, for a duration [s] or until an end, as `AtCRate(1 / 50)`."""
    return _ended(Voltage(V), 0, duration, until, more)


def power(P: Any, duration: Any = None, until: AbstractEnd | None = None, **more: Any) -> Step:
    """A power `P` [W], positive discharges, or a `Profile` of it, for a duration [s] or until an end."""
    return _ended(Power(P), _sign(P), duration, until, more)


def resistance(R: Any, duration: Any = None, until: AbstractEnd | None = None, **more: Any) -> Step:
    """A load of resistance `R` [Ohm], for a duration [s] or until an end."""
    return _ended(Resistance(R), _sign(R), duration, until, more)


def _sign(value: Any) -> int:
    """Direction of a power or a resistance: that of its value, a discharge where it is not known."""
    try:
        return 1 if float(value) > 0 else -1
    except TypeError:  # a profile, or a number that JAX traces
        return 0 if isinstance(value, Profile) else 1


def _ended(control: AbstractControl, direction: int, duration: Any, until: Any, more: dict[str, Any]) -> Step:
    ends = () if until is None else (until,)
    return Step(control, duration=duration, **{"ends": ends, "direction": direction, **more})


def _moving(C_rate: Any, I: Any, sign: int, until: Any, duration: Any, more: dict[str, Any]) -> Step:
    if (C_rate is None) == (I is None):
        raise ValueError("give either C_rate or I (in A), not both and not none")
    control = Current(sign * I) if C_rate is None else CRate(sign * C_rate)
    ends = () if until is None else (AtVoltage(until),)
    return Step(control, duration=duration, **{"ends": ends, "direction": sign, **more})
