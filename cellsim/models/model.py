"""What a model states of itself, so that simulation, output and plotting serve any.

A model is an immutable tree of parameters on a mesh. At a temperature it becomes a system: a pure set of ordinary
differential equations on a layout, driven by a current, with a voltage. Everything that is specific to it, from its
resting state to the names of its fields, is said here and nowhere else.
"""

import abc
from collections.abc import Mapping
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from cellsim.discretisation import local
from cellsim.discretisation.layout import Layout, State

Scalar = Float[Array, ""]
NEVER = 1e12  # V; the cut-off of a model that has none, finite so that nothing it meets becomes not-a-number


class Profile(NamedTuple):
    """How a profile is called and along what it runs."""

    dims: tuple[str, ...]
    unit: str
    long_name: str


class Panel(NamedTuple):
    """A panel of the figure of profiles: its axis label, with the unit, the profiles that it shows, and how many units
    of the label are one of theirs."""

    label: str
    profiles: tuple[str, ...]
    factor: float = 1.0


class Region(NamedTuple):
    """A layer as a figure shows it: its name, a short one where it is thin, its ends [m], and whether it is shaded."""

    name: str
    short: str
    start: float
    end: float
    is_shaded: bool


class Limits(NamedTuple):
    """What a step takes from a model where it says nothing itself."""

    capacity: Scalar  # A.h, passed in an hour at 1C; zero where a C-rate means nothing
    V_min: Scalar  # V, at which a discharge ends
    V_max: Scalar  # V, at which a charge ends


class AbstractSystem(eqx.Module):
    """A model's equations on its mesh at one temperature; all that depends on the parameters alone is worked out."""

    @property
    @abc.abstractmethod
    def layout(self) -> Layout:
        """Which unknowns live where."""

    @abc.abstractmethod
    def laws(self, I: Scalar) -> local.Laws:
        """What the rate is made of at current `I` [A], positive from x = 0 to the other end through the electrolyte."""

    @abc.abstractmethod
    def terminal_voltage(self, y: State, I: Scalar) -> Scalar:
        """Voltage [V] of the end of the line against its start at current `I` [A]."""

    @abc.abstractmethod
    def coordinates(self) -> dict[str, Array]:
        """Positions [m] along each of the model's `axes`."""

    @abc.abstractmethod
    def profiles(self, y: State, I: Scalar) -> dict[str, Array]:
        """Each of the model's `fields` in the state `y` at current `I` [A]."""

    @abc.abstractmethod
    def losses(self, y: State, I: Scalar) -> dict[str, Scalar]:
        """The voltage [V] as a sum of the terms of the model's `losses`; none where it names none."""

    @abc.abstractmethod
    def heats(self, y: State, I: Scalar) -> dict[str, Scalar]:
        """The heat [W] that is made, by its cause: 'ohmic heat', 'reaction heat' and 'reversible heat'."""

    @abc.abstractmethod
    def inventory(self, y: State, rest: State) -> Any:
        """What a state holds, as a tree of numbers, for the model's `balance`."""

    @property
    @abc.abstractmethod
    def is_affine(self) -> bool:
        """Whether the voltage is an affine function of the current."""

    @abc.abstractmethod
    def at(self, T: Any) -> "AbstractSystem":
        """The same at another temperature `T` [K]."""

    @abc.abstractmethod
    def temperature(self, y: State) -> Scalar:
        """Temperature [K] in the state `y`."""

    @abc.abstractmethod
    def border_rate(self, y: State, I: Scalar) -> Float[Array, " border"]:
        """d(border)/dt [1/s]; empty where the layout has none."""

    @abc.abstractmethod
    def laws_at(self, y: State, I: Scalar) -> local.Laws:
        """What the rate is made of with the border as in `y`."""

    def charged(self, i: Float[Array, " layers"]) -> "AbstractSystem":
        """The same where `i` [A/m2] of what passes its walls charges `double_layers`. Of a system whose double layers
        are states, or that has none, there are none here."""
        del i
        return self

    def double_layers(self, y: State, I: Scalar) -> tuple[Float[Array, " layers"], Float[Array, " layers"]]:
        """Potential difference [V] and capacity [F/m2] of double layers that the equations leave out as too quick."""
        del y, I
        return jnp.zeros(0), jnp.zeros(0)

    def rate(self, y: State, I: Scalar) -> State:
        """d(unknowns)/dt [1/s] at current `I` [A]."""
        inner = local.rate(self.laws_at(y, I), y.inner, self.layout)
        return inner if y.border is None else State(inner.line, inner.fibre, self.border_rate(y, I))


class AbstractIsothermal(AbstractSystem):
    """A system whose temperature is given, and whose layout has no border."""

    T: eqx.AbstractVar[Scalar]  # K

    def temperature(self, y: State) -> Scalar:
        """That of the run [K]."""
        del y
        return self.T

    def border_rate(self, y: State, I: Scalar) -> Float[Array, " border"]:
        """There is no border."""
        del y, I
        return jnp.zeros(0)

    def laws_at(self, y: State, I: Scalar) -> local.Laws:
        """What the rate is made of at current `I` [A]."""
        del y
        return self.laws(I)


class AbstractModel(eqx.Module):
    """A model on its mesh. Unknowns are scaled to order one."""

    # ---- what is solved

    @property
    @abc.abstractmethod
    def layout(self) -> Layout:
        """Which unknowns live where."""

    @property
    @abc.abstractmethod
    def borders(self) -> int:
        """Unknowns of the whole, in the border of its state."""

    @abc.abstractmethod
    def usable(self, T: Any) -> Scalar:
        """Charge [A.h] between the states of charge 1 and 0; not-a-number where there is no such thing."""

    @property
    @abc.abstractmethod
    def T_usual(self) -> Scalar:
        """The temperature of a run that gives none [K]."""

    @property
    @abc.abstractmethod
    def limits(self) -> Limits:
        """Capacity and cut-off voltages."""

    @abc.abstractmethod
    def discretised(self, T: Any) -> AbstractSystem:
        """The equations on the mesh at temperature `T` [K]."""

    @abc.abstractmethod
    def at_rest(self, system: Any, soc: Any) -> State:
        """The state from which a run begins, at state of charge `soc` [-] where there is such a thing."""

    @abc.abstractmethod
    def can_carry(self, I: Any, T: Any) -> Bool[Array, ""]:
        """Whether there is a state to begin with, and a current `I` [A] can pass at all."""

    # ---- what is said of it

    @property
    @abc.abstractmethod
    def title(self) -> str:
        """What is run, in a word or two."""

    @property
    @abc.abstractmethod
    def about(self) -> Mapping[str, str]:
        """What is run, for the summary of a run."""

    @property
    @abc.abstractmethod
    def divisions(self) -> Mapping[str, Any]:
        """The numbers of its mesh, for the summary of a run."""

    @property
    @abc.abstractmethod
    def fields(self) -> Mapping[str, Profile]:
        """The profiles of a solution."""

    @property
    @abc.abstractmethod
    def axes(self) -> Mapping[str, str]:
        """The dimensions along which profiles run, with a sentence each."""

    @property
    @abc.abstractmethod
    def losses(self) -> Mapping[str, str]:
        """The terms of the voltage; empty where it is not taken apart."""

    @property
    @abc.abstractmethod
    def concentrations(self) -> Mapping[str, str]:
        """What is dissolved, and which field says how much [mol/m3]."""

    @property
    @abc.abstractmethod
    def panels(self) -> tuple[Panel, ...]:
        """What the figure of profiles shows."""

    @property
    @abc.abstractmethod
    def regions(self) -> tuple[Region, ...]:
        """The layers along x."""

    @abc.abstractmethod
    def why_not(self, I: float) -> str:
        """Why there is no beginning, where `can_carry` says so."""

    @abc.abstractmethod
    def limitation(self, y: State) -> str:
        """What to add to the reason of a stop in the state `y`: a clause that begins with a colon, or nothing."""

    @abc.abstractmethod
    def balance(self, held: Any, charge: np.ndarray) -> Any:
        """How far a run strayed from what must hold, as a named tuple of numbers, from its inventories and the charge
        [C] passed until then."""

    @abc.abstractmethod
    def ageing(self, held: Any) -> Mapping[str, Any]:
        """What side reactions took along a run, from its inventories, with units in the names; empty where there are
        none."""

    @abc.abstractmethod
    def outside_measured_range(self, line: np.ndarray, T: np.ndarray) -> str | None:
        """A sentence with the range when states with these `line` (states, fields, nodes) leave what was measured."""
