"""Cells with metal electrodes: two of them with an electrolyte between (symmetric cells, or blocking ones), or one
against a porous electrode (half cells). Immutable trees in which every number is a differentiable leaf."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optimistix as optx
from jaxtyping import Array, Bool, Float

from cellsim.cells.balance import AT_END
from cellsim.cells.blends import MARGIN, equilibrium
from cellsim.cells.design import VOLUME, Electrode, Separator
from cellsim.cells.heat import Heat, of_a_cube
from cellsim.constants import T_ROOM
from cellsim.electrode.metal import AbstractMetalKinetics, behind_a_film
from cellsim.electrolyte.electrolyte import AbstractElectrolyte
from cellsim.parameters import quantity


class Metal(eqx.Module):
    """A planar electrode of the electrolyte's own metal, or with `Blocking` kinetics of an inert one."""

    kinetics: AbstractMetalKinetics
    C_dl: Float[Array, ""] = quantity("F/m2", 1e-4, 100.0, "double-layer capacity per area", default=0.2)
    R_film: Float[Array, ""] = quantity("Ohm m2", 0.0, 10.0, "resistance of a film on the metal", default=0.0)

    def j(self, c: Any, w: Any, T: Any) -> Float[Array, "*point"]:
        """Faradaic current density [A/m2], positive when the metal dissolves, at salt concentration `c` [mol/m3] and
        potential difference `w` [V] between metal and solution."""
        return behind_a_film(self.kinetics, self.kinetics.j0(c, T), w, self.R_film, T)


class SymmetricDesign(eqx.Module):
    """Two planar electrodes and layers of electrolyte between them: a separator, a free solution (porosity 1), or
    several of them. Heat and temperatures as of a `Cell`."""

    left: Metal
    layers: tuple[Separator, ...]
    right: Metal
    electrolyte: AbstractElectrolyte
    area: Float[Array, ""] = quantity("m2", 1e-7, 1e3, "area of the electrodes", default=1.0)
    c0: Float[Array, ""] = quantity("mol/m3", 1.0, 2e4, "salt concentration at rest", default=1000.0)
    V_limit: Float[Array, ""] = quantity("V", 1e-3, 100.0, "voltage of either sign at which a step ends", default=2.0)
    T_ref: Float[Array, ""] = quantity("K", 200.0, 500.0, "temperature of the published values", default=T_ROOM)
    R_contact: Float[Array, ""] = quantity("Ohm", 0.0, 1e3, "contact resistance in series", default=0.0)
    V_salt: Float[Array, ""] | None = quantity("m3/mol", -1e-3, 1e-3, VOLUME, default=None)
    heat: Heat = None  # type: ignore[assignment]  # of the layers, where none is given
    T_initial: Float[Array, ""] = quantity("K", 200.0, 500.0, "temperature at which a run begins", default=None)
    T_ambient: Float[Array, ""] = quantity("K", 200.0, 500.0, "temperature around the cell", default=None)
    name: str = eqx.field(static=True, default="symmetric cell")
    source: str = eqx.field(static=True, default="")

    def __post_init__(self) -> None:
        _completed(self, sum((layer.L for layer in self.layers[1:]), self.layers[0].L) if self.layers else 0.0)


class HalfCellDesign(eqx.Module):
    """A lithium electrode, a separator, and a porous electrode whose voltage is told against the lithium. Heat and
    temperatures as of a `Cell`."""

    lithium: Metal
    separator: Separator
    working: Electrode
    electrolyte: AbstractElectrolyte
    area: Float[Array, ""] = quantity("m2", 1e-7, 1e3, "area of the electrodes facing each other")
    c0: Float[Array, ""] = quantity("mol/m3", 1.0, 2e4, "salt concentration at rest")
    V_min: Float[Array, ""] = quantity("V", 0.0, 5.5, "lower cut-off voltage, 0 % state of charge at equilibrium")
    V_max: Float[Array, ""] = quantity("V", 0.1, 6.0, "upper cut-off voltage, 100 % state of charge at equilibrium")
    capacity: Float[Array, ""] = quantity("A.h", 1e-9, 1e5, "nominal capacity, which defines the C-rate")
    T_ref: Float[Array, ""] = quantity("K", 200.0, 500.0, "temperature of the published values", default=T_ROOM)
    R_contact: Float[Array, ""] = quantity("Ohm", 0.0, 1e3, "contact resistance in series", default=0.0)
    V_salt: Float[Array, ""] | None = quantity("m3/mol", -1e-3, 1e-3, VOLUME, default=None)
    heat: Heat = None  # type: ignore[assignment]  # of the layers, where none is given
    T_initial: Float[Array, ""] = quantity("K", 200.0, 500.0, "temperature at which a run begins", default=None)
    T_ambient: Float[Array, ""] = quantity("K", 200.0, 500.0, "temperature around the cell", default=None)
    name: str = eqx.field(static=True, default="half cell")
    source: str = eqx.field(static=True, default="")

    def __post_init__(self) -> None:
        _completed(self, self.separator.L + self.working.L)


def _completed(given: Any, L: Any) -> None:
    """Fills in the temperatures, and the heat of layers of thickness `L` [m], where none are given."""
    if given.T_initial is None:
        given.T_initial = given.T_ref
    if given.T_ambient is None:
        given.T_ambient = given.T_initial
    if given.heat is None:
        given.heat = of_a_cube(given.area * L)


# ---- state of charge of a half cell


def lithiation_at(cell: HalfCellDesign, V: Any, T: Any) -> Float[Array, ""]:
    """Lithiation of the working electrode that rests at `V` [V] against lithium; the nearest end where none does."""
    root: optx.Solution = optx.root_find(
        lambda theta, V: equilibrium(cell.working, theta, jnp.asarray(T)) - V,
        optx.Bisection(rtol=1e-14, atol=1e-14, flip=True),  # type: ignore[call-arg]
        jnp.asarray(0.5),
        V,
        options=dict(lower=MARGIN, upper=1.0 - MARGIN),
        max_steps=64,
        throw=False,
    )
    is_end = (root.value < MARGIN + AT_END) | (root.value > 1.0 - MARGIN - AT_END)
    return jnp.where(is_end, jax.lax.stop_gradient(root.value), root.value)  # an end is no root, and moves with nothing


def lithiation_at_soc(cell: HalfCellDesign, soc: Any, T: Any) -> Float[Array, ""]:
    """Lithiation of the working electrode at state of charge `soc` [-]: 0 and 1 are the cut-off voltages at rest."""
    empty, full = lithiation_at(cell, cell.V_min, T), lithiation_at(cell, cell.V_max, T)
    return empty + soc * (full - empty)


def cut_offs_are_met(cell: HalfCellDesign, T: Any) -> Bool[Array, ""]:
    """Whether the working electrode has both cut-off voltages at some lithiation."""
    rest = lambda theta: equilibrium(cell.working, jnp.asarray(theta), jnp.asarray(T))
    return (rest(1.0 - MARGIN) <= cell.V_min) & (rest(MARGIN) >= cell.V_max)
