"""What is compared: things that can be read off a run and off a record alike."""

import abc
import dataclasses
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from cellsim.fitting.record import Record
from cellsim.parameters import as_floats
from cellsim.simulation.solution import Solution

VOLTAGE_NOISE = 1e-3  # V, where nobody says it
CURRENT_NOISE = 1e-3  # A
TEMPERATURE_NOISE = 0.5  # K


@dataclasses.dataclass(frozen=True)
class Data:
    """What was measured of one thing: values, the standard deviation and the weight of each, and where they are."""

    measured: Float[np.ndarray, " rows"]
    sigma: Float[np.ndarray, " rows"]
    weight: Float[np.ndarray, " rows"]


class AbstractResidual(eqx.Module):
    """One thing that is compared. It says what was measured, and what a run has in its place."""

    @abc.abstractmethod
    def data(self, record: Record) -> Data:
        """What the record has. Raises `ValueError` where it has it not."""

    @abc.abstractmethod
    def found(self, solution: Solution) -> Float[Array, " rows"]:
        """The same of a run that is seen at the times of the record; as many numbers as there are `data`. The times may
        be more than those of the record: its last one is repeated."""

    @property
    @abc.abstractmethod
    def is_along_record(self) -> bool:
        """Whether there is a row for every row of the record."""

    @property
    @abc.abstractmethod
    def label(self) -> str:
        """What it is, with its unit."""


def _along(values: Any, sigma: float) -> Data:
    values = np.asarray(values, float)
    return Data(values, np.full(len(values), sigma), np.ones(len(values)))


class Voltage(AbstractResidual):
    """The terminal voltage, with noise of `sigma` [V]."""

    sigma: float = eqx.field(static=True, default=VOLTAGE_NOISE)

    def data(self, record: Record) -> Data:
        """That of the record."""
        return _along(record.V, self.sigma)

    def found(self, solution: Solution) -> Float[Array, " rows"]:
        """That of the run."""
        return solution.V

    @property
    def is_along_record(self) -> bool:
        """It is."""
        return True

    @property
    def label(self) -> str:
        """Its unit."""
        return "Voltage [V]"


class Current(AbstractResidual):
    """The current, with noise of `sigma` [A]: what a cell tells while its voltage is held."""

    sigma: float = eqx.field(static=True, default=CURRENT_NOISE)

    def data(self, record: Record) -> Data:
        """That of the record."""
        return _along(record.I, self.sigma)

    def found(self, solution: Solution) -> Float[Array, " rows"]:
        """That of the run."""
        return solution.I

    @property
    def is_along_record(self) -> bool:
        """It is."""
        return True

    @property
    def label(self) -> str:
        """Its unit."""
        return "Current [A]"


class Temperature(AbstractResidual):
    """The temperature, with noise of `sigma` [K]; of a model with a temperature of its own."""

    sigma: float = eqx.field(static=True, default=TEMPERATURE_NOISE)

    def data(self, record: Record) -> Data:
        """That of the record. Raises `ValueError` where it has none."""
        if record.T is None:
            raise ValueError(f"the record {record.name or 'without a name'} has no temperature to compare with.")
        return _along(record.T, self.sigma)

    def found(self, solution: Solution) -> Float[Array, " rows"]:
        """That of the run."""
        return solution.T

    @property
    def is_along_record(self) -> bool:
        """It is."""
        return True

    @property
    def label(self) -> str:
        """Its unit."""
        return "Temperature [K]"


class Capacity(AbstractResidual):
    """The charge [A.h] that has passed at the end, with noise of `sigma` [A.h]; of a run that ends at a voltage.
    Without a `value` it is the integral of the record's current."""

    sigma: float = eqx.field(static=True, default=1e-3)
    value: float | None = eqx.field(static=True, default=None)

    def data(self, record: Record) -> Data:
        """One number."""
        passed = float(np.trapezoid(record.I, record.t)) / 3600.0 if self.value is None else self.value
        return _along([passed], self.sigma)

    def found(self, solution: Solution) -> Float[Array, " rows"]:
        """One number."""
        return solution.capacity[None]

    @property
    def is_along_record(self) -> bool:
        """It is one number."""
        return False

    @property
    def label(self) -> str:
        """Its unit."""
        return "Charge passed [A.h]"


class DifferentialCapacity(AbstractResidual):
    """|dQ/dV| [A.h/V] of a stretch in which the voltage runs one way, on `levels` [V] that rise: the charge that passes
    between neighbouring levels, over their distance. `sigma` [A.h/V]."""

    levels: tuple[float, ...] = eqx.field(static=True, converter=as_floats)
    sigma: float = eqx.field(static=True, default=0.1)

    def __check_init__(self) -> None:
        if len(self.levels) < 2 or np.any(np.diff(self.levels) <= 0):
            raise ValueError(f"needed: two levels of voltage or more that rise, found {self.levels}.")

    def _of(self, Q: Any, V: Any) -> Any:
        order = jnp.argsort(V)
        at = jnp.interp(jnp.asarray(self.levels), V[order], Q[order])
        return jnp.abs(jnp.diff(at)) / np.diff(self.levels)

    def data(self, record: Record) -> Data:
        """That of the record, by the trapezoidal rule. Raises `ValueError` for levels outside of it."""
        low, high = float(np.min(record.V)), float(np.max(record.V))
        if self.levels[0] < low or self.levels[-1] > high:
            raise ValueError(
                f"levels from {self.levels[0]:g} to {self.levels[-1]:g} V for a record from {low:.4g} to {high:.4g} V."
            )
        steps = np.diff(record.t) * 0.5 * (record.I[1:] + record.I[:-1])
        Q = np.concatenate([[0.0], np.cumsum(steps)]) / 3600.0
        return _along(np.asarray(self._of(jnp.asarray(Q), jnp.asarray(record.V))), self.sigma)

    def found(self, solution: Solution) -> Float[Array, " rows"]:
        """That of the run."""
        return self._of(solution.Q, solution.V)

    @property
    def is_along_record(self) -> bool:
        """It is along the levels."""
        return False

    @property
    def label(self) -> str:
        """Its unit."""
        return "|dQ/dV| [A.h/V]"


class Profiles(AbstractResidual):
    """A field of the model, by its name as `electrolyte concentration`, measured at some times [s] and places [m] (MRI,
    NMR): `values` has a row a time and a column a place. `sigma` is in the unit of the field."""

    field: str = eqx.field(static=True)
    times: tuple[float, ...] = eqx.field(static=True, converter=as_floats)
    places: tuple[float, ...] = eqx.field(static=True, converter=as_floats)
    values: Float[np.ndarray, "times places"]
    sigma: float = eqx.field(static=True)

    def __check_init__(self) -> None:
        shape = np.shape(self.values)
        if shape != (len(self.times), len(self.places)):
            raise ValueError(f"values of shape {shape} for {len(self.times)} times and {len(self.places)} places.")

    def data(self, record: Record) -> Data:
        """All values, time by time. Raises `ValueError` for times outside of the record."""
        end = float(record.t[-1] - record.t[0])
        if self.times and not 0 <= min(self.times) <= max(self.times) <= end * (1 + 1e-9):
            raise ValueError(f"profiles at {self.times} s in a record of {end:g} s.")
        return _along(np.asarray(self.values).ravel(), self.sigma)

    def found(self, solution: Solution) -> Float[Array, " rows"]:
        """The field of the run on straight lines between its nodes and its times."""
        (dimension,) = solution.model.fields[self.field].dims
        x = solution.coordinates[dimension]
        profile = solution.profile(self.field)
        k = jnp.clip(jnp.searchsorted(solution.t, jnp.asarray(self.times), side="right") - 1, 0, len(solution.t) - 2)
        span = solution.t[k + 1] - solution.t[k]
        share = jnp.clip((jnp.asarray(self.times) - solution.t[k]) / jnp.where(span > 0, span, 1.0), 0.0, 1.0)
        at = profile[k] + share[:, None] * (profile[k + 1] - profile[k])
        return jnp.concatenate([jnp.interp(jnp.asarray(self.places), x, row) for row in at])

    @property
    def is_along_record(self) -> bool:
        """It is at times of its own."""
        return False

    @property
    def label(self) -> str:
        """The name of the field."""
        return self.field
