"""A slab of solution or membrane with any number of ions: Nernst-Planck transport, electroneutral, at a given current.

Diffusion and junction potentials, separation by a current, delivery of ions through a charged membrane (iontophoresis),
plating and stripping. Ions move on their own or drag each other along (Onsager coefficients); solutions are ideal.
The field follows from the current, so that the model is a set of ordinary differential equations like that of a cell.

Sources: Nernst, Z. Phys. Chem. 4 (1889) 129; Planck, Ann. Phys. 275 (1890) 161; Newman & Balsara, Electrochemical
Systems, 4th ed. (Wiley 2021), chapters 11 and 12; Helfferich, Ion Exchange (McGraw-Hill 1962), chapter 8.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from cellsim.constants import T_ROOM, F, R
from cellsim.discretisation import local
from cellsim.discretisation.grid import graded_fractions
from cellsim.discretisation.layout import Layout, State
from cellsim.discretisation.local import Fields
from cellsim.electrolyte.donnan import neutralising
from cellsim.electrolyte.mobilities import AbstractMobility
from cellsim.limits import positive
from cellsim.models.ion_fluxes import Passage, Side, across_junction, log_mean, passage
from cellsim.models.model import NEVER, AbstractIsothermal, AbstractModel, Limits, Panel, Profile, Region
from cellsim.models.slab_parts import AbstractEnd, Bath, Closed, Electrode, Layer
from cellsim.parameters import quantity

Scalar = Float[Array, ""]
FLOOR = 1e-8  # of an ion's scale; logarithms are those of the concentration down to here
NEUTRAL = 1e-6  # relative charge that rounding of an input may leave
DEPLETED = 0.02  # of what was there, of an ion that carries the current at an electrode


class Ion(NamedTuple):
    """An ion, or with `z` zero a neutral solute."""

    name: str
    z: int


class SlabMesh(NamedTuple):
    """Cells of each layer (one number serves all), refined towards the ends of every layer from 0 (uniform) to 1."""

    cells: tuple[int, ...] = (20,)
    grading: float = 0.0


class Slab(AbstractModel):
    """Layers between two ends. A positive current flows along x, from the left end to the right one.

    The last ion's concentration follows from electroneutrality: name an abundant one last. The voltage is the potential
    of the right end less that of the left one: between electrodes reversible to the ion `reference`, or, without one,
    the electrostatic potential, in the baths or in the solution at the walls.
    """

    ions: tuple[Ion, ...] = eqx.field(static=True)
    mobility: AbstractMobility
    layers: tuple[Layer, ...]
    left: AbstractEnd
    right: AbstractEnd
    area: Scalar = quantity("m2", 1e-12, 1e4, "area", default=1.0)
    T_ref: Scalar = quantity("K", 200.0, 500.0, "temperature", default=T_ROOM)
    reference: str | None = eqx.field(static=True, default=None)
    mesh: SlabMesh = eqx.field(static=True, default=SlabMesh())
    name: str = eqx.field(static=True, default="slab")

    def __check_init__(self) -> None:
        """Raises `ValueError`, saying what was found and what is needed."""
        z = self.z
        if not (np.any(z > 0) and np.any(z < 0) and z[-1]):
            raise ValueError(
                f"a slab needs cations and anions, a charged one last; found {', '.join(map(str, self.ions))}. Fixed "
                "charges are no ions: they are a layer's `fixed_charge`."
            )
        if self.reference is not None and self.reference not in [ion.name for ion in self.ions if ion.z]:
            raise ValueError(f"the reference electrodes answer to '{self.reference}', which is no ion of the slab.")
        if len(self.mesh.cells) not in (1, len(self.layers)):
            raise ValueError(
                f"the mesh gives cells for {len(self.mesh.cells)} layers, the slab has {len(self.layers)}; one number "
                "serves all."
            )
        for where, c, fixed in self._compositions():
            if c.shape != z.shape:
                raise ValueError(f"{where}: {z.size} numbers are needed, one for each ion, found {c.shape}.")
            if isinstance(c, jax.core.Tracer) or isinstance(fixed, jax.core.Tracer):
                continue  # what is made under a transformation is not judged
            charge = float(np.asarray(c) @ z + np.asarray(fixed))
            if abs(charge) > NEUTRAL * (float(np.abs(z) @ np.asarray(c)) + abs(float(fixed))):
                raise ValueError(
                    f"{where} is not neutral: its ions and fixed charges add up to {charge:g} mol/m3. Beside fixed "
                    "charges, `electrolyte.donnan.equilibrium` gives a composition that is."
                )
        for side, end in (("left", self.left), ("right", self.right)):
            if not isinstance(end, Electrode) or isinstance(end.share, jax.core.Tracer):
                continue
            share = np.asarray(end.share)
            if share.shape != z.shape or abs(float(np.sum(share)) - 1) > NEUTRAL or np.any(share[z == 0]):
                raise ValueError(
                    f"{side}: the shares of the current are one for each ion, none for neutral ones, and sum to one; "
                    f"found {share}."
                )

    def _compositions(self) -> list[tuple[str, Any, Any]]:
        """Where a composition is given, what it is, and the fixed charge there."""
        found = [(f"layers.{k} ({x.name})", x.c0, _charge(x)) for k, x in enumerate(self.layers)]
        ends = (("left", self.left), ("right", self.right))
        return found + [(f"the {side} bath", end.c, 0.0) for side, end in ends if isinstance(end, Bath)]

    # ---- what is solved

    @property
    def z(self) -> np.ndarray:
        """Charge numbers."""
        return np.array([ion.z for ion in self.ions], dtype=float)

    @property
    def cells(self) -> tuple[int, ...]:
        """Cells of each layer."""
        cells = self.mesh.cells
        return cells if len(cells) == len(self.layers) else cells * len(self.layers)

    @property
    def scale(self) -> Float[Array, " ions"]:
        """The unit of each ion's unknown [mol/m3]: the most that there is of it in any layer or bath."""
        most = jnp.max(jnp.stack([c for _, c, _ in self._compositions()]), axis=0)
        return jnp.where(most > 0, most, 1.0)

    @property
    def layout(self) -> Layout:
        """A field for every ion but the last; no fibres."""
        return Layout(len(self.ions) - 1, sum(self.cells))

    @property
    def borders(self) -> int:
        """None."""
        return 0

    def usable(self, T: Any) -> Scalar:
        """Charge [A.h] between the states of charge 1 and 0."""
        del T
        return jnp.asarray(jnp.nan)

    @property
    def T_usual(self) -> Scalar:
        """`T_ref`."""
        return self.T_ref

    @property
    def limits(self) -> Limits:
        """No capacity, so that only currents in A mean something, and no cut-off voltage."""
        return Limits(jnp.zeros(()), jnp.asarray(-NEVER), jnp.asarray(NEVER))

    def discretised(self, T: Any) -> "DiscreteSlab":
        """The equations on the mesh at temperature `T` [K]."""
        return DiscreteSlab(self, T)

    def at_rest(self, system: "DiscreteSlab", soc: Any) -> State:
        """The initial compositions of the layers; a slab has no state of charge."""
        del soc
        return system.scaled(self.on_nodes([layer.c0 for layer in self.layers]))

    def on_nodes(self, values: Sequence[Any]) -> Array:
        """Values on all nodes, (nodes, ...), from one for each layer."""
        return jnp.concatenate(
            [jnp.broadcast_to(x, (n, *jnp.shape(x))) for x, n in zip(values, self.cells, strict=True)]
        )

    def can_carry(self, I: Any, T: Any) -> Bool[Array, ""]:
        """Whether both ends let the current through."""
        del T
        return self.left.lets_through(I) & self.right.lets_through(I)

    # ---- what is said of it

    @property
    def title(self) -> str:
        """Its name."""
        return self.name

    @property
    def about(self) -> Mapping[str, str]:
        """Name, ions and layers."""
        return {
            "slab": self.name,
            "ions": ", ".join(ion.name for ion in self.ions),
            "layers": ", ".join(layer.name for layer in self.layers),
        }

    @property
    def divisions(self) -> Mapping[str, Any]:
        """Cells of each layer, and how they are graded."""
        return {"cells": list(self.cells), "grading": self.mesh.grading}

    @property
    def fields(self) -> Mapping[str, Profile]:
        """Concentration and flux of each ion, and the potential."""
        names = [ion.name for ion in self.ions]
        return {
            **{f"{name} concentration": Profile(("x",), "mol/m3", f"Concentration of {name}") for name in names},
            "electric potential": Profile(("x",), "V", "Electric potential against that at the left end"),
            **{f"{name} flux": Profile(("x_face",), "mol/(m2 s)", f"Flux of {name} along x") for name in names},
        }

    @property
    def axes(self) -> Mapping[str, str]:
        """Middles of cells, and faces with both ends."""
        return dict.fromkeys(("x", "x_face"), "Distance from the left end")

    @property
    def losses(self) -> Mapping[str, str]:
        """None: the voltage is not taken apart."""
        return {}

    @property
    def concentrations(self) -> Mapping[str, str]:
        """Every ion."""
        return {ion.name: f"{ion.name} concentration" for ion in self.ions}

    @property
    def panels(self) -> tuple[Panel, ...]:
        """The concentration of each ion, and the potential."""
        ions = [Panel(f"{name} [mol/m³]", (field,)) for name, field in self.concentrations.items()]
        return (*ions, Panel("Electric potential [V]", ("electric potential",)))

    @property
    def regions(self) -> tuple[Region, ...]:
        """The layers; those with fixed charge are shaded."""
        ends = np.cumsum([0.0, *(float(layer.L) for layer in self.layers)])
        return tuple(
            Region(layer.name, layer.name[:4], start, end, layer.fixed_charge is not None)
            for layer, start, end in zip(self.layers, ends[:-1], ends[1:], strict=True)
        )

    def why_not(self, I: float) -> str:
        """That a closed end is in the way."""
        where = " and the ".join(side for side in ("left", "right") if isinstance(getattr(self, side), Closed))
        return (
            f"the step asks for {I:g} A, but the slab is closed on the {where} and lets no current through. Needed: a "
            "rest, or a bath or an electrode there."
        )

    def limitation(self, y: State) -> str:
        """What to add when an ion that carries the current at an electrode has run out somewhere."""
        scale = np.asarray(self.scale)
        least = self._all(np.asarray(y.line), scale).min(axis=0)
        for k, ion in enumerate(self.ions):
            carries = any(isinstance(end, Electrode) and float(end.share[k]) > 0 for end in (self.left, self.right))
            if carries and least[k] <= DEPLETED * scale[k]:
                return (
                    f": {ion.name} has run out (down to {max(float(least[k]), 0.0):.2g} mol/m3 from {scale[k]:.4g}), "
                    "so the current is above what the slab can carry (limiting current)"
                )
        return ""

    def balance(self, held: "Held", charge: np.ndarray) -> "Balance":
        """Conservation of ions where no bath feeds them, and electroneutrality."""
        amount, ends = np.asarray(held.amount), (self.left, self.right)
        strayed = float("nan")
        if not any(isinstance(end, Bath) for end in ends):
            shares = [np.asarray(end.share) if isinstance(end, Electrode) else 0 * self.z for end in ends]
            passed = charge[:, None] * (shares[0] - shares[1]) / (F * np.where(self.z, self.z, 1.0))
            size = np.max(np.abs(amount), axis=0) + np.max(np.abs(passed), axis=0)
            strayed = float(np.max(np.abs(amount - amount[0] - passed) / size))
        return Balance(strayed, float(np.max(np.asarray(held.imbalance))))

    def ageing(self, held: Any) -> Mapping[str, Any]:
        """There are no side reactions."""
        del held
        return {}

    def outside_measured_range(self, line: np.ndarray, T: np.ndarray) -> str | None:
        """What the mobility says of the concentrations."""
        scale = np.asarray(self.scale)
        return self.mobility.outside_measured_range(np.stack([self._all(each, scale) for each in line]), T)

    def _all(self, line: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """Concentrations (nodes, ions) from the unknowns (fields, nodes), as plain numbers."""
        some = line.T * scale[:-1]
        fixed = np.repeat([float(_charge(layer)) for layer in self.layers], self.cells)
        return np.column_stack([some, -(fixed + some @ self.z[:-1]) / self.z[-1]])


def _charge(layer: Layer) -> Any:
    """Fixed charge [mol/m3]."""
    return jnp.zeros(()) if layer.fixed_charge is None else layer.fixed_charge


class Held(NamedTuple):
    """What a state of a slab holds."""

    amount: Float[Array, " ions"]  # mol
    imbalance: Scalar  # worst charge of a cell, over the charge of its ions


class Balance(NamedTuple):
    """How far a run strayed from what must hold, relative; only rounding may show. Nothing is known of the ions of a
    slab with a bath, which may give and take any."""

    ion_relative_drift: float
    electroneutrality_relative_error: float


class DiscreteSlab(AbstractIsothermal):
    """The equations of a slab on its mesh; all that depends on the parameters alone is worked out once."""

    slab: Slab
    T: Scalar
    width: Float[Array, " nodes"]
    volume: Float[Array, " nodes"]  # of solution, per area [m]
    fixed: Float[Array, " nodes"]  # charge [mol/m3]
    factor: Float[Array, "nodes ions"]
    scale: Float[Array, " ions"]
    left: AbstractEnd
    right: AbstractEnd

    def __init__(self, slab: Slab, T: Any):
        self.slab, self.T = slab, jnp.asarray(T)
        g, layers = slab.mesh.grading, slab.layers
        self.width = jnp.concatenate([x.L * graded_fractions(n, g, g) for x, n in zip(layers, slab.cells, strict=True)])
        self.volume = self.width * slab.on_nodes([layer.eps for layer in layers])
        self.fixed = slab.on_nodes([_charge(layer) for layer in layers])
        self.factor = slab.on_nodes([jnp.broadcast_to(layer.factor, (len(slab.ions),)) for layer in layers])
        self.scale = slab.scale
        self.left, self.right = (
            Bath(self.above_zero(end.c)) if isinstance(end, Bath) else end for end in (slab.left, slab.right)
        )

    @property
    def layout(self) -> Layout:
        """That of the model."""
        return self.slab.layout

    @property
    def z(self) -> Float[Array, " ions"]:
        """Charge numbers."""
        return jnp.asarray(self.slab.z)

    @property
    def junctions(self) -> np.ndarray:
        """The faces between layers."""
        return np.cumsum(self.slab.cells)[:-1] - 1

    def scaled(self, c: Float[Array, "nodes ions"]) -> State:
        """The solver's unknowns from concentrations [mol/m3]; the last ion follows from the others."""
        return State((c / self.scale)[:, :-1].T, jnp.zeros((self.layout.depth, 0)))

    def composition(self, fields: Fields, fixed: Float[Array, " points"]) -> Float[Array, "points ions"]:
        """Concentrations of all ions [mol/m3], the last from electroneutrality."""
        some = jnp.stack(fields, axis=-1) * self.scale[:-1]
        last = -(fixed + jnp.sum(some * self.z[:-1], axis=-1)) / self.z[-1]
        return jnp.concatenate([some, last[:, None]], axis=-1)

    # ---- fluxes

    def above_zero(self, c: Float[Array, "*points ions"]) -> Float[Array, "*points ions"]:
        """Concentrations as laws and logarithms need them."""
        return positive(c, FLOOR * self.scale)

    def conductances(self, c: Array, factor: Array, path: Array) -> Float[Array, "points ions ions"]:
        """R T L_ij over the length of a path [mol/(m2 s)], where mobilities are `factor` of the free ones."""
        root = jnp.sqrt(factor)
        hindered = self.slab.mobility.L(c, self.T) * root[:, :, None] * root[:, None, :]
        return R * self.T * hindered / path[:, None, None]

    def between(self, left: Fields, right: Fields, i: Scalar) -> Passage:
        """What passes between neighbouring cells, from the unknowns on either side, at current density `i` [A/m2]."""
        c_l = self.above_zero(self.composition(left, self.fixed[:-1]))
        c_r = self.above_zero(self.composition(right, self.fixed[1:]))
        path = 0.5 * (self.width[:-1] + self.width[1:])
        g = self.conductances(log_mean(c_l, c_r), self.factor[:-1], path)
        within = passage(g, jnp.log(c_r / c_l), self.z, i)
        at = self.junctions
        if not at.size:
            return within
        are_charged = [layer.fixed_charge is not None for layer in self.slab.layers]
        before = self.side(c_l[at], at, any(are_charged[:-1]))
        after = self.side(c_r[at], at + 1, any(are_charged[1:]))
        met = across_junction(before, after, self.z, i)
        return Passage(*(x.at[at].set(y) for x, y in zip(within, met, strict=True)))

    def side(self, c: Float[Array, "points ions"], nodes: np.ndarray, is_charged: bool) -> Side:
        """The half cells of `nodes` at concentrations `c` [mol/m3]; `is_charged` if any has fixed charge."""
        g = self.conductances(c, self.factor[nodes], 0.5 * self.width[nodes])
        return Side(c, neutralising(c, self.slab.z) if is_charged else None, g)

    def at_ends(self, fields: Fields) -> tuple[Side, Side]:
        """The half cells at both ends."""
        nodes = np.array([0, self.layout.nodes - 1])
        c = self.above_zero(self.composition(tuple(x[nodes] for x in fields), self.fixed[nodes]))
        is_charged = any(self.slab.layers[k].fixed_charge is not None for k in (0, -1))
        both = self.side(c, nodes, is_charged)
        first, last = (jax.tree.map(lambda x, k=k: x[k : k + 1], both) for k in (0, 1))
        return first, last

    def through_ends(self, fields: Fields, i: Scalar) -> tuple[Passage, Passage]:
        """What passes between the left end and the first cell, and between the last cell and the right end."""
        first, last = self.at_ends(fields)
        return self.left.passage(first, self.z, i, True), self.right.passage(last, self.z, i, False)

    @property
    def is_affine(self) -> bool:
        """Not in general: the field bends what passes an end."""
        return False

    def at(self, T: Any) -> Any:
        """The same at temperature `T` [K]."""
        return DiscreteSlab(self.slab, T)

    def laws(self, I: Scalar) -> local.Laws:
        """What the rate is made of at current `I` [A]."""
        i = I / self.slab.area
        own, others = range(self.layout.fields), self.layout.nodes - 1

        def across(left: Fields, right: Fields) -> Fields:
            J = self.between(left, right, i).J
            return tuple(J[:, k] for k in own)

        def at(here: Fields, outflow: Fields) -> Fields:
            start, end = self.through_ends(here, i)
            entering = lambda k: jnp.pad(start.J[:, k], (0, others)) - jnp.pad(end.J[:, k], (others, 0))
            return tuple((entering(k) - outflow[k]) / (self.volume * self.scale[k]) for k in own)

        return local.on_a_line(across, at)

    # ---- what can be read off a state

    def passages(self, y: State, i: Scalar) -> Passage:
        """What passes from the left end to the first cell, from cell to cell, and from the last cell to the right end,
        at current density `i` [A/m2]."""
        fields = tuple(y.line)
        start, end = self.through_ends(fields, i)
        inner = self.between(*local.beside(fields), i)
        return Passage(*(jnp.concatenate(parts) for parts in zip(start, inner, end, strict=True)))

    def terminal_voltage(self, y: State, I: Scalar) -> Scalar:
        """Potential of the right end less that of the left one [V] at current `I` [A]."""
        slab, i = self.slab, I / self.slab.area
        rise = jnp.sum(self.passages(y, i).psi)
        if slab.reference is not None:
            k = [ion.name for ion in slab.ions].index(slab.reference)
            first, last = self.at_ends(tuple(y.line))
            ln_c = self.right.ln_c(last, self.z, i, False) - self.left.ln_c(first, self.z, i, True)
            rise = rise + ln_c[0, k] / slab.ions[k].z
        return R * self.T / F * rise

    def coordinates(self) -> dict[str, Array]:
        """Positions [m] of the middles of the cells and of the faces."""
        faces = jnp.concatenate([jnp.zeros(1), jnp.cumsum(self.width)])
        return {"x": 0.5 * (faces[1:] + faces[:-1]), "x_face": faces}

    def profiles(self, y: State, I: Scalar) -> dict[str, Array]:
        """Concentrations, potential and fluxes."""
        c = self.composition(tuple(y.line), self.fixed)
        passed = self.passages(y, I / self.slab.area)
        names = [ion.name for ion in self.slab.ions]
        return {
            **{f"{name} concentration": c[:, k] for k, name in enumerate(names)},
            "electric potential": R * self.T / F * jnp.cumsum(passed.psi)[:-1],
            **{f"{name} flux": passed.J[:, k] for k, name in enumerate(names)},
        }

    def losses(self, y: State, I: Scalar) -> dict[str, Scalar]:
        """None."""
        del y, I
        return {}

    def heats(self, y: State, I: Scalar) -> dict[str, Scalar]:
        """None is accounted for: a slab has one temperature."""
        del y, I
        return {}

    def inventory(self, y: State, rest: State) -> Held:
        """What the state holds."""
        del rest
        c = self.composition(tuple(y.line), self.fixed)
        charge = jnp.abs(c @ self.z + self.fixed) / (jnp.abs(c) @ jnp.abs(self.z) + jnp.abs(self.fixed))
        return Held(self.slab.area * self.volume @ c, jnp.max(charge))
