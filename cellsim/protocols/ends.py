"""What ends a step before its time."""

import abc
from collections.abc import Callable
from typing import Any

import equinox as eqx
from jaxtyping import Array, Float

from cellsim.parameters import as_float_array

Scalar = Float[Array, ""]
RATES_OF_VOLTAGE = {"V/s": 1.0, "mV/s": 1e-3, "uV/s": 1e-6, "mV/h": 1e-3 / 3600}  # in V/s, the greatest first


class AbstractEnd(eqx.Module):
    """A level that a quantity reaches."""

    @property
    @abc.abstractmethod
    def words(self) -> str:
        """The level with its unit, as in 'until 2.5 V'."""


class AtVoltage(AbstractEnd):
    """The voltage reaches `V` [V]: from above with `side` 1, from below with -1; with 0 the direction of the step
    decides, from above on discharge and from below on charge."""

    V: Scalar = eqx.field(converter=as_float_array)
    side: int = eqx.field(static=True, default=0)

    @property
    def words(self) -> str:
        """The level with its unit."""
        return f"{float(self.V):g} V"


class AtCurrent(AbstractEnd):
    """The size of the current falls to `I` [A], or with `side` -1 rises to it."""

    I: Scalar = eqx.field(converter=as_float_array)
    side: int = eqx.field(static=True, default=1)

    @property
    def words(self) -> str:
        """The level with its unit."""
        return f"{float(self.I):g} A"


class AtCRate(AbstractEnd):
    """The size of the current falls to `C_rate` times the one that passes the nominal capacity in an hour, or with
    `side` -1 rises to it."""

    C_rate: Scalar = eqx.field(converter=as_float_array)
    side: int = eqx.field(static=True, default=1)

    @property
    def words(self) -> str:
        """The level with its unit."""
        return f"{float(self.C_rate):g} C"


class AfterCharge(AbstractEnd):
    """The step has passed `Q` [A.h], whatever the direction."""

    Q: Scalar = eqx.field(converter=as_float_array)

    @property
    def words(self) -> str:
        """The level with its unit."""
        return f"{float(self.Q):g} A.h"


class AfterEnergy(AbstractEnd):
    """The step has delivered or taken up `E` [W.h]."""

    E: Scalar = eqx.field(converter=as_float_array)

    @property
    def words(self) -> str:
        """The level with its unit."""
        return f"{float(self.E):g} W.h"


class AtSOC(AbstractEnd):
    """The state of charge reaches `soc` [-]: from above with `side` 1, from below with -1; with 0 the direction of the
    step decides. 0 and 1 are the cut-off voltages at equilibrium."""

    soc: Scalar = eqx.field(converter=as_float_array)
    side: int = eqx.field(static=True, default=0)

    @property
    def words(self) -> str:
        """The level with its unit."""
        return f"{100 * float(self.soc):g} % state of charge"


class AtTemperature(AbstractEnd):
    """The temperature rises to `T` [K], or with `side` 1 falls to it."""

    T: Scalar = eqx.field(converter=as_float_array)
    side: int = eqx.field(static=True, default=-1)

    @property
    def words(self) -> str:
        """The level with its unit."""
        return f"{float(self.T):g} K"


class AtVoltageRate(AbstractEnd):
    """The size of dV/dt falls to `dVdt` [V/s], as at the end of a rest."""

    dVdt: Scalar = eqx.field(converter=as_float_array)

    @property
    def words(self) -> str:
        """The level with its unit."""
        value = float(self.dVdt)
        for unit, worth in RATES_OF_VOLTAGE.items():
            if value >= (1 - 1e-9) * worth:
                return f"{value / worth:g} {unit}"
        return f"{value:g} V/s"


class When(AbstractEnd):
    """`function(t, V, I)` falls through zero, of the time in the step [s], the voltage [V] and the current [A].

    As a part of compiled programs it must be the same object wherever the same is meant: not a lambda in a loop.
    """

    function: Callable[[Any, Any, Any], Any] = eqx.field(static=True)
    name: str = eqx.field(static=True, default="a condition")

    @property
    def words(self) -> str:
        """Its name."""
        return self.name
