"""Cells with metal electrodes: two of them with an electrolyte between (symmetric cells, or blocking ones), or one
against a porous electrode (half cells). Immutable trees in which every number is a differentiable leaf."""

from typing import Any

import equinox as eqx
from jaxtyping import Array, Float

from cellsim.cells.design import Electrode, Separator
from cellsim.constants import T_ROOM
from cellsim.electrode.metal import AbstractMetalKinetics, behind_a_film
from cellsim.electrolyte.electrolyte import AbstractElectrolyte
from cellsim.parameters import quantity

Points = Float[Array, "*#point"]


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
    several of them."""

    left: Metal
    layers: tuple[Separator, ...]
    right: Metal
    electrolyte: AbstractElectrolyte
    area: Float[Array, ""] = quantity("m2", 1e-7, 1e3, "area of the electrodes", default=1.0)
    c0: Float[Array, ""] = quantity("mol/m3", 1.0, 2e4, "salt concentration at rest", default=1000.0)
    V_limit: Float[Array, ""] = quantity("V", 1e-3, 100.0, "voltage of either sign at which a step ends", default=2.0)
    T_ref: Float[Array, ""] = quantity("K", 200.0, 500.0, "temperature of the published values", default=T_ROOM)
    R_contact: Float[Array, ""] = quantity("Ohm", 0.0, 1e3, "contact resistance in series", default=0.0)
    name: str = eqx.field(static=True, default="symmetric cell")
    source: str = eqx.field(static=True, default="")


class HalfCellDesign(eqx.Module):
    """A lithium electrode, a separator, and a porous electrode whose voltage is told against the lithium."""

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
    name: str = eqx.field(static=True, default="half cell")
    source: str = eqx.field(static=True, default="")
