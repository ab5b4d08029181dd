"""Steps of a protocol."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.cells.design import Cell
from cellsim.constants import SECONDS_PER_HOUR
from cellsim.parameters import as_float_array
from cellsim.simulation.control import Demand

Scalar = Float[Array, ""]
LONGEST_REST = 24 * SECONDS_PER_HOUR  # a rest without a duration


class Amperes(eqx.Module):
    """A current [A], positive discharges."""

    value: Scalar = eqx.field(converter=as_float_array)

    def current(self, cell: Cell) -> Scalar:
        """Current [A] that is meant for `cell`."""
        del cell
        return self.value


class CRate(eqx.Module):
    """A current as a multiple of the one that passes the nominal capacity in an hour, positive discharges."""

    value: Scalar = eqx.field(converter=as_float_array)

    def current(self, cell: Cell) -> Scalar:
        """Current [A] that is meant for `cell`."""
        return self.value * cell.capacity


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

    def demand(self, cell: Cell) -> Demand:
        """What the step asks of `cell`, in numbers."""
        I = self.drive.current(cell)
        V_stop = self.until
        if V_stop is None:
            V_stop = cell.V_max if self.direction < 0 else cell.V_min
        duration: Any = self.duration
        if duration is None:
            rest = self.direction == 0
            duration = LONGEST_REST if rest else 2 * SECONDS_PER_HOUR * cell.capacity / jnp.abs(I)
        return Demand(I, duration, V_stop, float(self.direction))


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


def _drive(C_rate: float | None, I: float | None, direction: int) -> Amperes | CRate:
    if C_rate is not None and I is None:
        return CRate(direction * C_rate)
    if I is not None and C_rate is None:
        return Amperes(direction * I)
    raise ValueError("give either C_rate or I (in A), not both and not none")
