"""A cell of one temperature, raised by its own heat and lowered by its surroundings; around any model of a cell.

    (rho c_p V) dT/dt = ohmic + reaction + reversible heat - h A (T - T_ambient)

The temperature is an unknown of the whole, in the border of the state; every property of the model is taken at it.

Source: Bernardi, Pawlikowski & Newman, J. Electrochem. Soc. 132 (1985) 5, doi:10.1149/1.2113792.
"""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from cellsim.discretisation import local
from cellsim.discretisation.layout import Layout, State
from cellsim.models.model import AbstractModel, AbstractSystem, Limits, Panel, Profile, Region

Scalar = Float[Array, ""]


class Lumped(AbstractModel):
    """`model` of a cell with one temperature for all of it. The temperature of a run is that of the surroundings, at
    which the cell begins too, unless its `T_initial` and `T_ambient` differ: then it begins warmer by as much."""

    model: AbstractModel

    def __check_init__(self) -> None:
        """Raises `ValueError` for a model that does not know its heat."""
        if getattr(getattr(self.model, "cell", None), "heat", None) is None:
            raise ValueError(
                f"{type(self.model).__name__} of {self.model.title} has no heat data, so its temperature is given. "
                "Needed: the model of a cell with `cell.heat`."
            )

    @property
    def cell(self) -> Any:
        """The cell."""
        return self.model.cell  # type: ignore[attr-defined]

    @property
    def layout(self) -> Layout:
        """That of the model."""
        return self.model.layout

    @property
    def borders(self) -> int:
        """The temperature."""
        return 1

    @property
    def T_usual(self) -> Scalar:
        """The temperature around the cell [K]."""
        return self.cell.T_ambient

    @property
    def limits(self) -> Limits:
        """Those of the model."""
        return self.model.limits

    def usable(self, T: Any) -> Scalar:
        """Charge [A.h] between the states of charge 1 and 0."""
        return self.model.usable(T)

    def discretised(self, T: Any) -> "LumpedSystem":
        """The equations in surroundings at `T` [K]."""
        return LumpedSystem(self.model.discretised(T), self.cell.heat, self.cell.T_ref, jnp.asarray(T))

    def at_rest(self, system: "LumpedSystem", soc: Any) -> State:
        """The model's state at rest at the temperature at which the cell begins."""
        T = system.T + self.cell.T_initial - self.cell.T_ambient
        own = self.model.at_rest(system.inner.at(T), soc)
        return system.with_temperature(own, T)

    def can_carry(self, I: Any, T: Any) -> Bool[Array, ""]:
        """What the model says."""
        return self.model.can_carry(I, T)

    @property
    def title(self) -> str:
        """That of the model."""
        return self.model.title

    @property
    def about(self) -> Mapping[str, str]:
        """What the model says, and how heat is treated."""
        return {**self.model.about, "thermal": "lumped"}

    @property
    def divisions(self) -> Mapping[str, Any]:
        """Those of the model."""
        return self.model.divisions

    @property
    def fields(self) -> Mapping[str, Profile]:
        """Those of the model, and the heats."""
        return {**self.model.fields, **HEATS}

    @property
    def axes(self) -> Mapping[str, str]:
        """Those of the model."""
        return self.model.axes

    @property
    def losses(self) -> Mapping[str, str]:
        """Those of the model."""
        return self.model.losses

    @property
    def concentrations(self) -> Mapping[str, str]:
        """What the model says."""
        return self.model.concentrations

    @property
    def panels(self) -> tuple[Panel, ...]:
        """Those of the model."""
        return self.model.panels

    @property
    def regions(self) -> tuple[Region, ...]:
        """Those of the model."""
        return self.model.regions

    def why_not(self, I: float) -> str:
        """What the model says."""
        return self.model.why_not(I)

    def limitation(self, y: State) -> str:
        """What the model says."""
        return self.model.limitation(y)

    def balance(self, held: Any, charge: np.ndarray) -> Any:
        """What the model says."""
        return self.model.balance(held, charge)

    def ageing(self, held: Any) -> Mapping[str, Any]:
        """What the model says."""
        return self.model.ageing(held)

    def outside_measured_range(self, line: np.ndarray, T: np.ndarray) -> str | None:
        """What the model says."""
        return self.model.outside_measured_range(line, T)


HEATS = {
    "ohmic heat": Profile((), "W", "Heat of the currents in electrolyte, solids and contacts"),
    "reaction heat": Profile((), "W", "Irreversible heat of the reactions"),
    "reversible heat": Profile((), "W", "Reversible heat of the reactions, taken up where negative"),
}


class LumpedSystem(AbstractSystem):
    """A system at the temperature in the border of its state, in surroundings at `T`. The unknown is the temperature
    over `unit`."""

    inner: AbstractSystem
    heat: Any
    unit: Scalar  # K
    T: Scalar  # K, of the surroundings

    @property
    def layout(self) -> Layout:
        """That of the system."""
        return self.inner.layout

    @property
    def is_affine(self) -> bool:
        """As the system is."""
        return self.inner.is_affine

    def temperature(self, y: State) -> Scalar:
        """Temperature [K] of the cell."""
        assert y.border is not None
        return y.border[0] * self.unit

    def with_temperature(self, own: State, T: Scalar) -> State:
        """The state of a system at temperature `T` [K]."""
        return State(own.line, own.fibre, jnp.stack([T / self.unit]))

    def at(self, T: Any) -> "LumpedSystem":
        """The same in surroundings at `T` [K]."""
        return eqx.tree_at(lambda s: s.T, self, jnp.asarray(T))

    def parts(self, y: State) -> tuple[AbstractSystem, State]:
        """The system at the temperature of the state, and its own part of the state."""
        return self.inner.at(self.temperature(y)), y.inner

    def laws(self, I: Scalar) -> local.Laws:
        """What the rate is made of at the temperature of the surroundings."""
        return self.inner.laws(I)

    def laws_at(self, y: State, I: Scalar) -> local.Laws:
        """What the rate is made of at the temperature of the state."""
        inner, own = self.parts(y)
        return inner.laws_at(own, I)

    def border_rate(self, y: State, I: Scalar) -> Float[Array, " border"]:
        """The heat balance, [1/s] of `unit`."""
        inner, own = self.parts(y)
        T = self.temperature(y)
        made = sum(inner.heats(own, I).values(), jnp.zeros(()))
        return jnp.stack([(made - self.heat.loss(T, self.T)) / (self.heat.capacity(T) * self.unit)])

    def terminal_voltage(self, y: State, I: Scalar) -> Scalar:
        """Voltage [V] at the temperature of the state."""
        inner, own = self.parts(y)
        return inner.terminal_voltage(own, I)

    def charged(self, i: Float[Array, " layers"]) -> "LumpedSystem":
        """The same where `i` [A/m2] charges double layers of the system."""
        return eqx.tree_at(lambda s: s.inner, self, self.inner.charged(i))

    def double_layers(self, y: State, I: Scalar) -> tuple[Float[Array, " layers"], Float[Array, " layers"]]:
        """Those of the system, at the temperature of the state."""
        inner, own = self.parts(y)
        return inner.double_layers(own, I)

    def coordinates(self) -> dict[str, Array]:
        """Those of the system."""
        return self.inner.coordinates()

    def heats(self, y: State, I: Scalar) -> dict[str, Scalar]:
        """Those of the system, at the temperature of the state."""
        inner, own = self.parts(y)
        return inner.heats(own, I)

    def profiles(self, y: State, I: Scalar) -> dict[str, Array]:
        """Those of the system, and the heats [W]."""
        inner, own = self.parts(y)
        return {**inner.profiles(own, I), **inner.heats(own, I)}

    def losses(self, y: State, I: Scalar) -> dict[str, Scalar]:
        """Those of the system."""
        inner, own = self.parts(y)
        return inner.losses(own, I)

    def inventory(self, y: State, rest: State) -> Any:
        """What the system says."""
        inner, own = self.parts(y)
        return inner.inventory(own, rest.inner)
