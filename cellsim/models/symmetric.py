"""Two planar metal electrodes with a concentrated electrolyte between them: symmetric cells, and blocking ones.

Polarisation, Sand's time, limiting currents, and the resistances of an electrolyte and its interfaces. Salt moves as
in the cell models; a node lies on each surface, with the double layer's w = phi_s - phi_e as a state, so that the model
is a set of ordinary differential equations. The current is positive from left to right: it dissolves the left metal and
deposits on the right one, and the voltage, of the right metal against the left one, is then negative.

Source: Newman & Balsara, Electrochemical Systems, 4th ed. (Wiley 2021), chapters 11, 12 and 17.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from cellsim.cells.metal import SymmetricDesign
from cellsim.constants import F
from cellsim.discretisation import local
from cellsim.discretisation import operators as op
from cellsim.discretisation.grid import surface_fractions
from cellsim.discretisation.layout import Layout, State
from cellsim.discretisation.local import Fields
from cellsim.limits import positive
from cellsim.models import binary
from cellsim.models.model import AbstractIsothermal, AbstractModel, Limits, Panel, Profile, Region

Scalar = Float[Array, ""]
DEPLETED = 0.02  # of the resting salt concentration: so little that the electrolyte limits the current
GONE = 0.5  # mol/m3, over which the conductivity vanishes; at 15 mol/m3 it is changed by 1e-13 of itself

FIELDS = {
    "electrolyte concentration": Profile(("x",), "mol/m3", "Salt concentration in the electrolyte"),
    "electrolyte potential": Profile(("x",), "V", "Electrolyte potential, reference electrode of the metal"),
    "salt flux": Profile(("x_face",), "mol/(m2 s)", "Flux of salt along x"),
    "interfacial current density": Profile(("x_metal",), "A/m2", "Faradaic current density of the metals"),
    "interfacial potential difference": Profile(("x_metal",), "V", "Potential of the metal against the solution"),
}
AXES = {
    **dict.fromkeys(("x", "x_face"), "Distance from the left metal"),
    "x_metal": "Place of the surfaces of the metals",
}
LOSSES = {
    "open circuit": "Open-circuit voltage, of two like metals in one solution",
    "left electrode": "Charge transfer and film, left metal",
    "right electrode": "Charge transfer and film, right metal",
    "electrolyte ohmic": "Ohmic drop in the electrolyte",
    "electrolyte concentration": "Concentration overpotential of the electrolyte",
    "contact": "Ohmic drop in the contacts",
}


class LayerMesh(NamedTuple):
    """Cells of each layer (one number serves all), which crowd towards the ends of every layer: uniform at 0."""

    cells: tuple[int, ...] = (80,)
    crowding: float = 2.0


class SymmetricCell(AbstractModel):
    """Metal, electrolyte, metal on a mesh. The unknowns are of order one: concentration over `cell.c0`, w in volts."""

    cell: SymmetricDesign
    mesh: LayerMesh = eqx.field(static=True, default=LayerMesh())

    def __check_init__(self) -> None:
        """Raises `ValueError`, saying what was found and what is needed."""
        if not self.cell.layers:
            raise ValueError("a symmetric cell needs a layer of electrolyte between its metals, found none.")
        if len(self.mesh.cells) not in (1, len(self.cell.layers)):
            raise ValueError(
                f"the mesh gives cells for {len(self.mesh.cells)} layers, the cell has {len(self.cell.layers)}; one "
                "number serves all."
            )

    # ---- what is solved

    @property
    def cells(self) -> tuple[int, ...]:
        """Cells of each layer, those on the surfaces not counted."""
        cells, layers = self.mesh.cells, len(self.cell.layers)
        return cells if len(cells) == layers else cells * layers

    @property
    def layout(self) -> Layout:
        """Two fields (salt concentration; w, idle between the surfaces) on the nodes, the first and last of which lie
        on the metals; no fibres."""
        return Layout(2, sum(self.cells) + 2)

    @property
    def borders(self) -> int:
        """None."""
        return 0

    def usable(self, T: Any) -> Scalar:
        """There are no states of charge to lie between."""
        del T
        return jnp.asarray(jnp.nan)

    @property
    def T_usual(self) -> Scalar:
        """The temperature at which a run of the cell begins [K]."""
        return self.cell.T_initial

    @property
    def limits(self) -> Limits:
        """No capacity, so that only currents in A mean something; the voltage limit, of either sign."""
        return Limits(jnp.zeros(()), -self.cell.V_limit, self.cell.V_limit)

    def discretised(self, T: Any) -> "DiscreteSymmetricCell":
        """The equations on the mesh at temperature `T` [K]."""
        return DiscreteSymmetricCell(self, T)

    def at_rest(self, system: "DiscreteSymmetricCell", soc: Any) -> State:
        """An even solution, no charge in the double layers; there is no state of charge."""
        del soc
        nodes = self.layout.nodes
        return State(jnp.stack([jnp.ones(nodes), jnp.zeros(nodes)]), jnp.zeros((1, 0)))

    def can_carry(self, I: Any, T: Any) -> Bool[Array, ""]:
        """Always."""
        del T
        return jnp.isfinite(I)

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
        """Cells of each layer, and how they crowd."""
        return {"cells": list(self.cells), "crowding": self.mesh.crowding}

    @property
    def fields(self) -> Mapping[str, Profile]:
        """`FIELDS`."""
        return FIELDS

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
        """Concentration and potential."""
        return (
            Panel("Salt concentration [mol/m³]", ("electrolyte concentration",)),
            Panel("Electrolyte potential [V]", ("electrolyte potential",)),
        )

    @property
    def regions(self) -> tuple[Region, ...]:
        """The layers; porous ones are shaded."""
        ends = np.cumsum([0.0, *(float(layer.L) for layer in self.cell.layers)])
        name = lambda layer: "separator" if float(layer.eps) < 1 else "electrolyte"
        return tuple(
            Region(name(layer), name(layer)[:3] + ".", start, end, float(layer.eps) < 1)
            for layer, start, end in zip(self.cell.layers, ends[:-1], ends[1:], strict=True)
        )

    def why_not(self, I: float) -> str:
        """That the current is none."""
        return f"the step asks for {I:g} A; needed: a finite current."

    def limitation(self, y: State) -> str:
        """What to add when the salt has run out at a metal."""
        c0 = float(self.cell.c0)
        c = np.asarray(y.line)[0] * c0
        at = int(np.argmin(c))
        if c[at] > DEPLETED * c0:
            return ""
        where = "left" if at < len(c) // 2 else "right"
        return (
            f": the electrolyte is depleted at the {where} metal (salt down to {max(float(c[at]), 0.0):.2g} mol/m3 "
            f"from {c0:.4g}), so the current is above what the electrolyte can carry (limiting current)"
        )

    def balance(self, held: "Held", charge: np.ndarray) -> "Balance":
        """Conservation of salt, which every current takes from one metal and gives to the other."""
        del charge
        salt = np.asarray(held.salt)
        return Balance(float(np.max(np.abs(salt - salt[0])) / salt[0]))

    def ageing(self, held: Any) -> Mapping[str, Any]:
        """There are no side reactions."""
        del held
        return {}

    def outside_measured_range(self, line: np.ndarray, T: np.ndarray) -> str | None:
        """A sentence with the range when the electrolyte left the one in which it was measured, else None."""
        return self.cell.electrolyte.outside_measured_range(line[:, 0] * float(self.cell.c0), T)


class Held(NamedTuple):
    """What a state holds."""

    salt: Scalar  # mol


class Balance(NamedTuple):
    """How far a run strayed from what must hold, relative; only rounding may show."""

    salt_relative_drift: float


class DiscreteSymmetricCell(AbstractIsothermal):
    """The equations on the mesh; all that depends on the parameters alone is worked out once."""

    cell: SymmetricDesign
    T: Scalar
    width: Float[Array, " nodes"]
    volume: Float[Array, " nodes"]  # of solution, per area [m]
    to_left: Float[Array, " nodes"]  # pore length from the node to the face on its left [m]
    to_right: Float[Array, " nodes"]
    C_dl: Float[Array, " nodes"]
    cells: tuple[int, ...] = eqx.field(static=True)

    def __init__(self, model: SymmetricCell, T: Any):
        self.cell, self.T, self.cells = model.cell, jnp.asarray(T), model.cells
        layers, last = self.cell.layers, len(self.cells) - 1
        widths = [
            surface_fractions(n, k == 0, k == last, model.mesh.crowding) * layer.L
            for k, (n, layer) in enumerate(zip(self.cells, layers, strict=True))
        ]
        of_layers = lambda values: jnp.concatenate(
            [jnp.broadcast_to(x, w.shape) for x, w in zip(values, widths, strict=True)]
        )
        self.width = jnp.concatenate(widths)
        self.volume = self.width * of_layers([layer.eps for layer in layers])
        half = op.half_resistance(self.width, of_layers([layer.kappa_factor for layer in layers]))
        # the nodes on the surfaces have all of their cell on one side
        is_first, is_last = self._is_surface
        self.to_left = jnp.where(is_first, 0.0, jnp.where(is_last, 2 * half, half))
        self.to_right = jnp.where(is_last, 0.0, jnp.where(is_first, 2 * half, half))
        self.C_dl = jnp.where(is_first, self.cell.left.C_dl, self.cell.right.C_dl)

    @property
    def layout(self) -> Layout:
        """That of the model."""
        return Layout(2, sum(self.cells) + 2)

    @property
    def _is_surface(self) -> tuple[np.ndarray, np.ndarray]:
        """Whether a node is that on the left metal, and whether it is that on the right one."""
        nodes = np.arange(sum(self.cells) + 2)
        return nodes == 0, nodes == nodes[-1]

    # ---- equations

    def faradaic(self, c: Float[Array, " nodes"], w: Float[Array, " nodes"]) -> Float[Array, " nodes"]:
        """Faradaic current density [A/m2], positive when a metal dissolves; zero between the surfaces."""
        left, right = self.cell.left, self.cell.right
        j = left.j(c[:1], w[:1], self.T), right.j(c[-1:], w[-1:], self.T)
        return jnp.concatenate([j[0], jnp.zeros(c.shape[0] - 2), j[1]])

    def solution(self, left: Fields, right: Fields) -> binary.Between:
        """The solution between neighbouring nodes, from (c / c0, w) on either side."""
        c_l, c_r = left[0] * self.cell.c0, right[0] * self.cell.c0
        between = binary.between(self.cell.electrolyte, c_l, c_r, self.to_right[:-1], self.to_left[1:], self.T)
        # whatever a law says there, where no salt is left nothing conducts, and the voltage tells that it has run out
        conducting = jnp.expm1(-positive(c_l) / GONE) * jnp.expm1(-positive(c_r) / GONE)
        return between._replace(R_e=between.R_e / conducting)

    def salt_flux(self, left: Fields, right: Fields, i: Scalar) -> Float[Array, " faces"]:
        """Flux of salt [mol/(m2 s)] between neighbouring nodes at current density `i` [A/m2]."""
        c_l, c_r = left[0] * self.cell.c0, right[0] * self.cell.c0
        electrolyte, path = self.cell.electrolyte, self.to_right[:-1] + self.to_left[1:]
        t_plus = self.solution(left, right).t_plus
        migrating = t_plus * i / (electrolyte.salt.equivalents * F)
        flux = migrating + binary.diffusion(electrolyte, c_l, c_r, path, self.T)
        if self.cell.V_salt is None:
            return flux
        c = op.weighted_face_value(c_l, c_r, self.to_right[:-1], self.to_left[1:])
        return flux + binary.carried(c, t_plus, i, self.cell.V_salt, electrolyte)

    @property
    def is_affine(self) -> bool:
        """It is."""
        return True

    def at(self, T: Any) -> Any:
        """The same at temperature `T` [K]."""
        return eqx.tree_at(lambda s: s.T, self, jnp.asarray(T))

    def laws(self, I: Scalar) -> local.Laws:
        """What the rate is made of at current `I` [A]."""
        i = I / self.cell.area
        is_first, is_last = self._is_surface
        i_n = jnp.where(is_first, i, jnp.where(is_last, -i, 0.0))  # of the metals, double layers included

        def across(left: Fields, right: Fields) -> Fields:
            return (self.salt_flux(left, right, i),)

        def at(here: Fields, outflow: Fields) -> Fields:
            (c, w), (salt_out,) = here, outflow
            j = self.faradaic(c * self.cell.c0, w)
            dw = jnp.where(is_first | is_last, (i_n - j) / self.C_dl, 0.0)
            dc = (i_n / (self.cell.electrolyte.salt.equivalents * F) - salt_out) / self.volume
            return dc / self.cell.c0, dw

        return local.on_a_line(across, at)

    # ---- what can be read off a state

    def terminal_voltage(self, y: State, I: Scalar) -> Scalar:
        """Potential of the right metal less that of the left one [V] at current `I` [A]; affine in `I`."""
        solution, w = self.solution(*local.beside(tuple(y.line))), y.line[1]
        rise = jnp.sum(solution.diffusion_potential - I / self.cell.area * solution.R_e)
        return w[-1] - w[0] + rise - I * self.cell.R_contact

    def coordinates(self) -> dict[str, Array]:
        """Positions [m] along each of `AXES`."""
        faces = jnp.concatenate([jnp.zeros(1), jnp.cumsum(self.width)])
        ends = jnp.stack([faces[0], faces[-1]])
        inner = 0.5 * (faces[1:] + faces[:-1])[1:-1]
        return {"x": jnp.concatenate([ends[:1], inner, ends[1:]]), "x_face": faces, "x_metal": ends}

    def profiles(self, y: State, I: Scalar) -> dict[str, Array]:
        """Each of `FIELDS`."""
        i, beside = I / self.cell.area, local.beside(tuple(y.line))
        solution, (c, w) = self.solution(*beside), (y.line[0] * self.cell.c0, y.line[1])
        steps = solution.diffusion_potential - i * solution.R_e
        entering = jnp.full(1, i / (self.cell.electrolyte.salt.equivalents * F))  # with the cations
        ends = lambda x: jnp.stack([x[0], x[-1]])
        return {
            "electrolyte concentration": c,
            "electrolyte potential": -w[0] + jnp.concatenate([jnp.zeros(1), jnp.cumsum(steps)]),
            "salt flux": jnp.concatenate([entering, self.salt_flux(*beside, i), entering]),
            "interfacial current density": ends(self.faradaic(c, w)),
            "interfacial potential difference": ends(w),
        }

    def losses(self, y: State, I: Scalar) -> dict[str, Scalar]:
        """The voltage [V] as the sum of the terms of `LOSSES`."""
        solution, w = self.solution(*local.beside(tuple(y.line))), y.line[1]
        return {
            "open circuit": jnp.zeros(()),
            "left electrode": -w[0],
            "right electrode": w[-1],
            "electrolyte ohmic": -I / self.cell.area * jnp.sum(solution.R_e),
            "electrolyte concentration": jnp.sum(solution.diffusion_potential),
            "contact": -I * self.cell.R_contact,
        }

    def heats(self, y: State, I: Scalar) -> dict[str, Scalar]:
        """Heat [W] by its cause. What one metal takes up reversibly the other gives off."""
        i, (c, w) = I / self.cell.area, (y.line[0] * self.cell.c0, y.line[1])
        solution = self.solution(*local.beside(tuple(y.line)))
        ohmic = jnp.sum(i * (i * solution.R_e - solution.diffusion_potential))
        return {
            "ohmic heat": self.cell.area * ohmic + I**2 * self.cell.R_contact,
            "reaction heat": self.cell.area * jnp.sum(self.faradaic(c, w) * w),
            "reversible heat": jnp.zeros(()),
        }

    def inventory(self, y: State, rest: State) -> Held:
        """What the state holds."""
        del rest
        return Held(self.cell.area * jnp.sum(self.volume * y.line[0]) * self.cell.c0)
