"""Steps of a protocol."""

from functools import cached_property
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
from cellsim.simulation.control import Demand

Scalar = Float[Array, ""]
Number = Float[ArrayLike, ""]  # numpy's too: they cost nothing before a program takes them
LONGEST_REST = 24 * SECONDS_PER_HOUR  # a rest without a duration


class Amperes(eqx.Module):
    """A current [A], positive discharges."""

    value: Scalar = eqx.field(converter=as_float_array)


class CRate(eqx.Module):
    """A current as a multiple of the one that passes the nominal capacity in an hour, positive discharges."""

    value: Scalar = eqx.field(converter=as_float_array)


class Numbers(NamedTuple):
    """A constant-current step as numbers alone, so that a compiled program serves every step; NaN stands for what the
    cell decides."""

    value: Number  # of the drive
    is_rate: Number  # 1 where the value counts in C, 0 where in A
    direction: Number
    until: Number
    duration: Number

    def demand(self, cell: Cell | Limits) -> Demand:
        """What the step asks of a cell, or of a model with these limits."""
        value, is_rate, direction = (jnp.asarray(x) for x in (self.value, self.is_rate, self.direction))
        I = value * jnp.where(is_rate > 0, cell.capacity, 1.0)
        cut_off = jnp.where(direction < 0, cell.V_max, cell.V_min)
        moves = direction != 0
        longest = 2 * SECONDS_PER_HOUR * cell.capacity / jnp.where(moves & (I != 0), jnp.abs(I), 1.0)
        duration = jnp.where(moves, longest, LONGEST_REST)
        chosen = lambda said, default: jnp.where(jnp.isnan(said), default, said)
        return Demand(I, chosen(self.duration, duration), chosen(self.until, cut_off), direction)


class ConstantCurrent(eqx.Module):
    """A constant current until a voltage [V] or for a duration [s], whichever comes first.

    Without a voltage the cell's own cut-off ends the step: the lower one on discharge, the upper one on charge. Without
    a duration it is given twice the time that the nominal capacity takes. `direction` is 1 for a discharge, -1 for a
    charge, 0 for a rest, which no voltage ends.
    """

    drive: Amperes | CRate
    direction: int = eqx.field(static=True)
    until: Scalar | None = eqx.field(converter=as_float_array, default=None)
    duration: Scalar | None = eqx.field(converter=as_float_array, default=None)
    text: str = eqx.field(static=True, default="")

    @cached_property
    def numbers(self) -> Numbers:
        """The step without its words."""
        number = lambda x: np.asarray(np.nan) if x is None else x
        is_rate = np.asarray(float(isinstance(self.drive, CRate)))
        direction = np.asarray(float(self.direction))
        return Numbers(self.drive.value, is_rate, direction, number(self.until), number(self.duration))

    def demand(self, cell: Cell | Limits) -> Demand:
        """What the step asks of a cell, or of a model with these limits, in numbers."""
        return self.numbers.demand(cell)


def discharge(
    C_rate: float | None = None, I: float | None = None, until: float | None = None, duration: float | None = None
) -> ConstantCurrent:
    """A discharge at `C_rate` or `I` [A], until a voltage [V] or for a duration [s]."""
    return ConstantCurrent(_drive(C_rate, I, 1), 1, until, duration, "discharge")


def charge(
    C_rate: float | None = None, I: float | None = None, until: float | None = None, duration: float | None = None
) -> ConstantCurrent:
    """A charge at `C_rate` or `I` [A], both counted positive, until a voltage [V] or for a duration [s]."""
    return ConstantCurrent(_drive(C_rate, I, -1), -1, until, duration, "charge")


def rest(duration: float | None = None) -> ConstantCurrent:
    """No current for a duration [s], a day by default."""
    return ConstantCurrent(Amperes(0.0), 0, None, duration, "rest")


def current(I: Any, duration: Any) -> ConstantCurrent:
    """A current `I` [A] of either sign for a duration [s], ended by no voltage."""
    return ConstantCurrent(Amperes(I), 0, None, duration, "current")


def _drive(C_rate: float | None, I: float | None, direction: int) -> Amperes | CRate:
    if C_rate is not None and I is None:
        return CRate(direction * C_rate)
    if I is not None and C_rate is None:
        return Amperes(direction * I)
    raise ValueError("give either C_rate or I (in A), not both and not none")
