"""The model of a half cell: lithium metal, a separator, and a porous electrode whose voltage is told against lithium.

The equations are those of the Doyle-Fuller-Newman model, term for term. In place of its negative electrode there is the
flat surface of the metal under a skin of solution a nanometre thick, which is one cell of the mesh: its wall is that
surface, and the law of the metal says what passes it. A positive current discharges: it dissolves lithium, which the
working electrode takes up, whichever way that is used in a full cell.

Sources: Doyle, Fuller & Newman, J. Electrochem. Soc. 140 (1993) 1526, doi:10.1149/1.2221597; Newman & Balsara,
Electrochemical Systems, 4th ed. (Wiley 2021), chapters 11, 12 and 22.
"""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from cellsim.cells.balance import Lithiation
from cellsim.cells.design import Cell, Electrode, Particle, lithium_capacity
from cellsim.cells.metal import HalfCellDesign, cut_offs_are_met, lithiation_at_soc
from cellsim.cells.porous import Bruggeman
from cellsim.constants import F
from cellsim.discretisation import local
from cellsim.discretisation.layout import Layout, State
from cellsim.discretisation.local import Fields
from cellsim.laws import Constant
from cellsim.models import ageing, observables
from cellsim.models.dfn import DiscreteDFN
from cellsim.models.full_cell import DEPLETED, sites_are_gone
from cellsim.models.mesh import Mesh
from cellsim.models.model import AbstractIsothermal, AbstractModel, Limits, Panel, Profile, Region
from cellsim.models.side_reactions import unknowns

Scalar = Float[Array, ""]
SKIN = 1e-9  # m of solution that the cell of the mesh at the metal holds; a ten-thousandth of what the others do
SIGMA = 1e7  # S/m; a metal is no resistance

# What a half cell shows, by its name in a full cell. Of the lithium there is a surface instead of the profiles.
AS_IN_A_CELL = {
    "electrolyte concentration": "electrolyte concentration",
    "electrolyte potential": "electrolyte potential",
    "ionic current density": "ionic current density",
    "working electrode potential": "positive electrode potential",
    "working surface lithiation": "positive surface lithiation",
    "working mean lithiation": "positive mean lithiation",
    "working interfacial current density": "positive interfacial current density",
    "working overpotential": "positive overpotential",
    "working particle lithiation": "positive particle lithiation",
}
DIMS = {"x": "x", "x_face": "x_face", "x_p": "x_w", "r_p": "r_w"}


def _as_working(name: str) -> str:
    """The name of something of the positive electrode as that of the working one."""
    return name.replace("positive", "working")


def _renamed(about: Profile) -> Profile:
    """A profile of the positive electrode as that of the working one."""
    dims, words = tuple(DIMS[dim] for dim in about.dims), about.long_name
    return Profile(dims, about.unit, words.replace("positive ", "").replace(", walls", "").replace(", electrode", ""))


FIELDS = {
    **{name: _renamed(observables.PROFILES[there]) for name, there in AS_IN_A_CELL.items()},
    "lithium interfacial current density": Profile(("x_metal",), "A/m2", "Faradaic current density, lithium"),
    "lithium overpotential": Profile(("x_metal",), "V", "Overpotential of charge transfer and film, lithium"),
}
AXES = {
    **dict.fromkeys(("x", "x_face", "x_w"), "Distance from the lithium"),
    "x_metal": "Place of the surface of the lithium",
    "r_w": "Radius within a particle",
}
LOSSES = {
    "open circuit": "Open-circuit voltage at the mean lithiation",
    "working particle diffusion": "Diffusion in the particles",
    "lithium reaction": "Charge transfer and film, lithium",
    "working reaction": "Charge transfer, working electrode",
    "electrolyte ohmic": "Ohmic drop in the electrolyte",
    "electrolyte concentration": "Concentration overpotential of the electrolyte",
    "solid ohmic": "Ohmic drop in the solid and contacts",
}


class HalfCell(AbstractModel):
    """A half cell on a mesh, of which the cells of the negative electrode are not used. The unknowns are of order one:
    salt concentration over `cell.c0`, w in volts, lithiation."""

    cell: HalfCellDesign
    mesh: Mesh = eqx.field(static=True, default=Mesh())

    @property
    def layout(self) -> Layout:
        """That of a full cell whose negative electrode is a single cell of the mesh."""
        working = self.cell.working
        remembers = sum(each.hysteresis is not None for each in working.materials)
        mesh = self._mesh
        nodes = 1 + mesh.separator + mesh.positive
        host = tuple(range(1 + mesh.separator, nodes)) * len(working.materials)
        return Layout(2 + remembers + len(unknowns(working)), nodes, mesh.radial, (0, *host))

    @property
    def _mesh(self) -> Mesh:
        return self.mesh._replace(negative=1)

    @property
    def borders(self) -> int:
        """None."""
        return 0

    def usable(self, T: Any) -> Scalar:
        """Charge [A.h] between the states of charge 1 and 0."""
        full, empty = (lithiation_at_soc(self.cell, jnp.asarray(soc), T) for soc in (1.0, 0.0))
        return lithium_capacity(self.cell.working, self.cell.area) * (empty - full)

    @property
    def T_usual(self) -> Scalar:
        """The temperature at which a run of the cell begins [K]."""
        return self.cell.T_initial

    @property
    def limits(self) -> Limits:
        """Nominal capacity and cut-off voltages of the cell."""
        return Limits(self.cell.capacity, self.cell.V_min, self.cell.V_max)

    def discretised(self, T: Any) -> "DiscreteHalfCell":
        """The equations on the mesh at temperature `T` [K]."""
        return DiscreteHalfCell(self.cell, self._mesh, T)

    def at_rest(self, system: "DiscreteHalfCell", soc: Any) -> State:
        """The state in equilibrium at state of charge `soc` [-]; 0 and 1 are the cut-off voltages."""
        theta = lithiation_at_soc(self.cell, soc, system.porous.T)
        return system.porous.at_rest(Lithiation(jnp.asarray(0.5), theta))

    def can_carry(self, I: Any, T: Any) -> Bool[Array, ""]:
        """Whether the working electrode has both cut-off voltages at some lithiation."""
        del I
        return cut_offs_are_met(self.cell, T)

    # ---- what is said of it

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
        """Those of the mesh that are used."""
        mesh = self.mesh
        return dict(separator=mesh.separator, working=mesh.positive, radial=mesh.radial, grading=mesh.grading)

    @property
    def fields(self) -> Mapping[str, Profile]:
        """`FIELDS`, and what the working electrode remembers."""
        own = observables.remembered("positive", self.cell.working)
        return FIELDS | {_as_working(name): _renamed(about) for name, about in own.items()}

    @property
    def axes(self) -> Mapping[str, str]:
        """`AXES`."""
        return AXES

    @property
    def losses(self) -> Mapping[str, str]:
        """`LOSSES`."""
        return LOSSES

    @property
    def concentrations(self) -> Mapping[str, str]:
        """The salt."""
        return {"salt": "electrolyte concentration"}

    @property
    def panels(self) -> tuple[Panel, ...]:
        """Salt, electrolyte potential, surface lithiation, interfacial current."""
        return (
            Panel("Salt concentration [mol/m³]", ("electrolyte concentration",)),
            Panel("Electrolyte potential [V]", ("electrolyte potential",)),
            Panel("Surface lithiation [-]", ("working surface lithiation",)),
            Panel("Interfacial current density [A/m²]", ("working interfacial current density",)),
        )

    @property
    def regions(self) -> tuple[Region, ...]:
        """Separator and working electrode."""
        s, w = np.cumsum([float(self.cell.separator.L), float(self.cell.working.L)])
        return Region("separator", "sep.", 0.0, s, False), Region("working electrode", "work.", s, w, True)

    def why_not(self, I: float) -> str:
        """Why the cell has no state of charge."""
        del I
        cell = self.cell
        return (
            f"the cell has no state of charge: at no lithiation has the working electrode of {cell.name} its cut-off "
            f"voltages {float(cell.V_min):g} V and {float(cell.V_max):g} V against lithium. Likely cause: a changed "
            "cut-off, or the open-circuit curve of another material."
        )

    def limitation(self, y: State) -> str:
        """What to add when the salt has run out somewhere, or the sites at the surface of particles have."""
        c0 = float(self.cell.c0)
        c = np.asarray(y.line)[0] * c0
        at = int(np.argmin(c))
        if c[at] > DEPLETED * c0:
            return sites_are_gone("working", np.asarray(y.fibre)[-1])
        where = "at the lithium" if not at else "in the separator" if at <= self.mesh.separator else "in the electrode"
        return (
            f": the electrolyte is depleted {where} (salt down to {max(float(c[at]), 0.0):.2g} mol/m3 from {c0:.4g}), "
            "so the current is above what the electrolyte can carry (limiting current)"
        )

    def balance(self, held: observables.Inventory, charge: np.ndarray) -> observables.Balance:
        """Conservation of lithium, salt and charge, double layers counted, and what the metal gave."""
        salt, solid = np.asarray(held.salt), np.asarray(held.solid_positive)
        solid = solid + ageing.held_by("positive", held.side)
        lithium = salt + solid - np.asarray(held.layer_positive) / F - charge / F
        taken = F * (solid - solid[0]) - np.asarray(held.layer_positive - held.layer_positive[0])
        passed = max(float(np.max(np.abs(charge))), 1e-12)
        drift = lambda x: float(np.max(np.abs(x - x[0])) / abs(x[0]))
        return observables.Balance(drift(lithium), drift(salt), float(np.max(np.abs(taken - charge))) / passed)

    def ageing(self, held: Any) -> Mapping[str, Any]:
        """What side reactions took: `ageing.taken`."""
        return {name.replace("positive", "working"): x for name, x in ageing.taken(held).items()}

    def outside_measured_range(self, line: np.ndarray, T: np.ndarray) -> str | None:
        """A sentence with the range when the electrolyte left the one in which it was measured, else None."""
        return self.cell.electrolyte.outside_measured_range(line[:, 0] * float(self.cell.c0), T)


def _as_full_cell(cell: HalfCellDesign) -> Cell:
    """The half cell as a full one, for all but the law of its metal. The skin over the metal has the pores of the
    separator and a wall as large as the cell. The particles behind that wall are idle: nothing enters them."""
    working, separator, of = cell.working, cell.separator, jnp.asarray
    idle = Particle(
        R_p=of(1.5 * SKIN),
        eps_s=of(0.5),  # so that the wall per volume, 3 eps_s/R_p, is 1/SKIN
        c_max=of(1e5),
        D_s=Constant(of(1e-20)),
        U=Constant(of(0.0)),  # of lithium against lithium
        kinetics=working.materials[0].kinetics,
        theta0=of(0.5),
    )
    metal = Electrode(
        L=of(SKIN),
        eps=separator.eps,
        sigma=of(SIGMA),
        particle=idle,
        transport=separator.transport,
        conduction=Bruggeman(of(0.0)),
        C_dl=cell.lithium.C_dl,
    )
    same = {name: getattr(cell, name) for name in ("separator", "electrolyte", "area", "c0", "V_min", "V_max")}
    same |= {
        name: getattr(cell, name) for name in ("capacity", "T_ref", "R_contact", "V_salt", "heat", "name", "source")
    }
    return Cell(negative=metal, positive=working, **same)


class DiscreteHalfCell(AbstractIsothermal):
    """The equations of a half cell on its mesh: those of a full cell, but at the metal."""

    cell: HalfCellDesign
    porous: DiscreteDFN  # the cell as a full one

    def __init__(self, cell: HalfCellDesign, mesh: Mesh, T: Any):
        self.cell = cell
        self.porous = DiscreteDFN(_as_full_cell(cell), mesh, T)

    @property
    def layout(self) -> Layout:
        """That of the model."""
        return self.porous.layout

    @property  # type: ignore[misc]  # a property where others have a field
    def T(self) -> Scalar:  # type: ignore[override]
        """Temperature of the run [K]."""
        return self.porous.T

    def metal_current(self, c: Float[Array, " nodes"], w: Float[Array, " nodes"]) -> Float[Array, "1"]:
        """Faradaic current density [A/m2] of the lithium, positive when it dissolves, from c / c0 and w."""
        return self.cell.lithium.j(c[:1] * self.cell.c0, w[:1], self.porous.T)

    @property
    def is_affine(self) -> bool:
        """It is."""
        return True

    def at(self, T: Any) -> Any:
        """The same at temperature `T` [K]."""
        return eqx.tree_at(lambda s: s.porous, self, self.porous.at(T))

    def laws(self, I: Scalar) -> local.Laws:
        """What the rate is made of at cell current `I` [A]."""
        full = self.porous.laws(I)

        def exchange(fields: Fields, theta: Array) -> Fields:
            j, *others = full.exchange(fields, theta)
            return jnp.concatenate([self.metal_current(*fields[:2]), j[1:]]), *others

        def leaving(exchanges: Fields) -> Array:
            return jnp.concatenate([jnp.zeros(1), full.leaving(exchanges)[1:]])

        return full._replace(exchange=exchange, leaving=leaving)

    def terminal_voltage(self, y: State, I: Scalar) -> Scalar:
        """Voltage [V] of the working electrode against the lithium at cell current `I` [A]; affine in `I`."""
        return self.porous.terminal_voltage(y, I)

    # ---- what can be read off a state

    def coordinates(self) -> dict[str, Array]:
        """Positions [m] along each of `AXES`."""
        along = observables.coordinates(self.porous)
        return {**{here: along[there] for there, here in DIMS.items()}, "x_metal": jnp.zeros(1)}

    def profiles(self, y: State, I: Scalar) -> dict[str, Array]:
        """Each of the model's `fields`."""
        full = observables.profiles(self.porous, y, I)
        return {
            **{name: full[there] for name, there in AS_IN_A_CELL.items()},
            **{_as_working(name): full[name] for name in observables.remembered("positive", self.cell.working)},
            "lithium interfacial current density": self.metal_current(y.line[0], y.line[1]),
            "lithium overpotential": y.line[1, :1],
        }

    def losses(self, y: State, I: Scalar) -> dict[str, Scalar]:
        """Each of `LOSSES` [V]."""
        full = observables.losses(self.porous, y, I)
        del full["negative particle diffusion"]  # there is none
        return {name: full[name.replace("working", "positive").replace("lithium", "negative")] for name in LOSSES}

    def heats(self, y: State, I: Scalar) -> dict[str, Scalar]:
        """Heat [W] by its cause; all of the entropy is in the curve of the working electrode against the metal."""
        at_metal = self.metal_current(y.line[0], y.line[1])
        return observables.heats(self.porous, y, I, lambda j: jnp.concatenate([at_metal, j[1:]]))

    def inventory(self, y: State, rest: State) -> observables.Inventory:
        """What the state holds; the solid of the negative electrode stands for nothing."""
        return observables.inventory(self.porous, y, rest)
