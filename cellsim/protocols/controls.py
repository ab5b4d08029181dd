"""What a step holds: a current, a voltage, a power, a resistance, or a relation between time, voltage and current."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float

from cellsim.parameters import as_float_array

Scalar = Float[Array, ""]


class Profile(eqx.Module):
    """A value that changes in time, on straight lines between its points; two points at one time are a jump.

    `t` counts from the start of the step [s], begins with zero and does not fall.
    """

    t: Float[Array, " points"] = eqx.field(converter=as_float_array)
    values: Float[Array, " points"] = eqx.field(converter=as_float_array)

    def __check_init__(self) -> None:
        """Raises `ValueError`, saying what was found and what is needed."""
        t = self.t
        if t.ndim != 1 or t.shape != self.values.shape or len(t) < 2:
            raise ValueError(
                f"a profile needs as many values as times, two at least; found shapes {t.shape} and "
                f"{self.values.shape}."
            )
        if isinstance(t, jax.core.Tracer):
            return
        at = np.asarray(t)
        if at[0] != 0 or np.any(np.diff(at) < 0) or not at[-1] > 0:
            raise ValueError(
                f"the times of a profile begin with 0 s and rise; found {at[0]:g} s first and "
                f"{int(np.sum(np.diff(at) < 0))} falls."
            )


Value = Scalar | Profile


class AbstractControl(eqx.Module):
    """What is held."""


class Current(AbstractControl):
    """A current [A], positive discharges."""

    value: Value = eqx.field(converter=as_float_array)


class CRate(AbstractControl):
    """A current as a multiple of the one that passes the nominal capacity in an hour, positive discharges."""

    value: Value = eqx.field(converter=as_float_array)


class Voltage(AbstractControl):
    """A voltage [V]."""

    value: Value = eqx.field(converter=as_float_array)


class Power(AbstractControl):
    """A power [W], positive discharges."""

    value: Value = eqx.field(converter=as_float_array)


class Resistance(AbstractControl):
    """The resistance [Ohm] of a load, V = R I; negative charges."""

    value: Scalar = eqx.field(converter=as_float_array)


class Relation(AbstractControl):
    """`function(t, V, I)` is zero, of the time in the step [s], the voltage [V] and the current [A].

    It must change with the current, and in one direction only. As a part of compiled programs it must be the same
    object wherever the same is meant: not a lambda in a loop.
    """

    function: Callable[[Any, Any, Any], Any] = eqx.field(static=True)
