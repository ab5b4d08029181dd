"""What models of a cell between two porous electrodes have in common: all that is said of the cell, and its rest."""

import abc
from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from cellsim.cells.balance import at_soc, cut_offs_are_reached
from cellsim.cells.design import Cell, lithium_capacity
from cellsim.discretisation.layout import State
from cellsim.models.mesh import Mesh
from cellsim.models.model import AbstractModel, Limits, Panel, Profile, Region

Scalar = Float[Array, ""]
DEPLETED = 0.02  # of the resting salt concentration: so little that the electrolyte limits the current


def sites_are_gone(electrode: str, surface: np.ndarray) -> str:
    """What to add to the reason of a stop where particles of an electrode are full or empty at their surface, by their
    lithiation there; else nothing."""
    if 0.0 < surface.min() and surface.max() < 1.0:
        return ""
    state, moves = ("full", "into") if surface.max() >= 1.0 else ("empty", "out of")
    return (
        f": particles of the {electrode} electrode are {state} at their surface, so the current is above what "
        f"diffuses {moves} them"
    )


class AbstractFullCell(AbstractModel):
    """A cell on a mesh. The first field of its line is the salt concentration over `cell.c0`."""

    cell: eqx.AbstractVar[Cell]
    mesh: eqx.AbstractVar[Mesh]

    @property
    def T_usual(self) -> Scalar:
        """The temperature at which a run of the cell begins [K]."""
        return self.cell.T_initial

    @property
    def limits(self) -> Limits:
        """Nominal capacity and cut-off voltages of the cell."""
        return Limits(self.cell.capacity, self.cell.V_min, self.cell.V_max)

    def at_rest(self, system: Any, soc: Any) -> State:
        """The state in equilibrium at state of charge `soc` [-], as `cells.balance.at_soc` has it."""
        rest: State = system.at_rest(at_soc(self.cell, soc, system.T))
        return rest

    def can_carry(self, I: Any, T: Any) -> Bool[Array, ""]:
        """Whether the cell, with the lithium it holds, can rest at its cut-off voltages."""
        del I
        return cut_offs_are_reached(self.cell, T)

    @property
    def borders(self) -> int:
        """No unknowns of the whole."""
        return 0

    def usable(self, T: Any) -> Scalar:
        """Charge [A.h] between the states of charge 1 and 0."""
        full, empty = (at_soc(self.cell, jnp.asarray(soc), T) for soc in (1.0, 0.0))
        return lithium_capacity(self.cell.negative, self.cell.area) * (full.negative - empty.negative)

    @property
    def title(self) -> str:
        """The name of the cell."""
        return self.cell.name

    @property
    def about(self) -> Mapping[str, str]:
        """Cell and electrolyte."""
        return {"cell": self.cell.name, "electrolyte": self.cell.electrolyte.name}

    @property
    def divisions(self) -> Mapping[str, Any]:
        """Those of the mesh."""
        return self.mesh._asdict()

    @property
    def fields(self) -> Mapping[str, Profile]:
        """`observables.fields` of the cell."""
        return observables_of_a_cell().fields(self.cell)

    @property
    def axes(self) -> Mapping[str, str]:
        """`observables.axes` of the cell."""
        return observables_of_a_cell().axes(self.cell)

    @property
    def losses(self) -> Mapping[str, str]:
        """`observables.LOSSES`."""
        return observables_of_a_cell().LOSSES

    @property
    def concentrations(self) -> Mapping[str, str]:
        """The salt."""
        return {"salt": "electrolyte concentration"}

    @property
    def panels(self) -> tuple[Panel, ...]:
        """`observables.PANELS`, and what side reactions leave."""
        shown: tuple[Panel, ...] = observables_of_a_cell().PANELS + observables_of_a_cell().ageing.panels(self.cell)
        return shown

    @property
    def regions(self) -> tuple[Region, ...]:
        """Electrodes and separator."""
        cell = self.cell
        n, s, p = np.cumsum([float(cell.negative.L), float(cell.separator.L), float(cell.positive.L)])
        return (
            Region("negative", "neg.", 0.0, n, True),
            Region("separator", "sep.", n, s, False),
            Region("positive", "pos.", s, p, True),
        )

    def why_not(self, I: float) -> str:
        """Why the cell has no state of charge."""
        del I
        cell = self.cell
        return (
            f"the cell has no state of charge: with the lithium it holds, {cell.name} cannot rest at its cut-off "
            f"voltages {float(cell.V_min):g} V and {float(cell.V_max):g} V. Likely cause: a changed capacity, "
            "lithiation or cut-off; check negative.particle.theta0 and positive.particle.theta0."
        )

    @property
    @abc.abstractmethod
    def negative_particles(self) -> int:
        """How many of the particles, which come first, are in the negative electrode."""

    def limitation(self, y: State) -> str:
        """What to add when the salt has run out somewhere, or the sites at the surface of particles have."""
        return self._of_salt(y) or self._of_sites(y)

    def _of_sites(self, y: State) -> str:
        surface, n = np.asarray(y.fibre)[-1], self.negative_particles
        return sites_are_gone("negative", surface[:n]) or sites_are_gone("positive", surface[n:])

    def _of_salt(self, y: State) -> str:
        c0 = float(self.cell.c0)
        c = np.asarray(y.line)[0] * c0
        at = int(np.argmin(c))
        if c[at] > DEPLETED * c0:
            return ""
        n, s = self.mesh.negative, self.mesh.separator
        where = "negative electrode" if at < n else "separator" if at < n + s else "positive electrode"
        return (
            f": the electrolyte is depleted in the {where} (salt down to {max(float(c[at]), 0.0):.2g} mol/m3 from "
            f"{c0:.4g}), so the current is above what the electrolyte can carry (limiting current)"
        )

    def balance(self, held: Any, charge: np.ndarray) -> Any:
        """Conservation of lithium, salt and charge, double layers counted: an `observables.Balance`."""
        return observables_of_a_cell().balance(held, charge)

    def ageing(self, held: Any) -> Mapping[str, Any]:
        """What side reactions took: `ageing.taken`."""
        taken: dict[str, Any] = observables_of_a_cell().ageing.taken(held)
        return taken

    def outside_measured_range(self, line: np.ndarray, T: np.ndarray) -> str | None:
        """A sentence with the range when the electrolyte left the one in which it was measured, else None."""
        return self.cell.electrolyte.outside_measured_range(line[:, 0] * float(self.cell.c0), T)


def observables_of_a_cell() -> Any:
    """What can be read off a state, in a module that knows the class of one of these models."""
    from cellsim.models import observables

    return observables
