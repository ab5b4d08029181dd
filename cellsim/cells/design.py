"""The parts of a cell: immutable trees in which every number is a differentiable leaf."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from cellsim.cells.heat import Heat, of_a_cube
from cellsim.cells.notes import Notes
from cellsim.cells.porous import Bruggeman
from cellsim.constants import SECONDS_PER_HOUR, T_ROOM, F
from cellsim.electrode.film import through_film
from cellsim.electrode.hysteresis import Branches, OneState
from cellsim.electrode.kinetics import AbstractKinetics
from cellsim.electrode.open_circuit import without_sites
from cellsim.electrode.side_reactions import AbstractSideReaction, unknowns_of
from cellsim.electrolyte.electrolyte import PROPERTIES, AbstractElectrolyte
from cellsim.laws import Law, law
from cellsim.parameters import Quantity, quantity
from cellsim.programs import stored

Factor = Callable[[Any], Any]
VOLUME = "partial molar volume of the salt, by which it moves the solution; none: it does not"
Points = Float[ArrayLike, "*#point"]


class Particle(eqx.Module):
    """Spheres of an insertion material."""

    R_p: Float[Array, ""] = quantity("m", 1e-8, 1e-3, "particle radius")
    eps_s: Float[Array, ""] = quantity("-", 0.01, 0.99, "volume fraction of active material")
    c_max: Float[Array, ""] = quantity("mol/m3", 1e3, 4e5, "lithium concentration when full")
    D_s: Law = law("m2/s", 1e-20, 1e-8, "solid diffusivity of (lithiation, T)")
    U: Law = law("V", -1.0, 6.0, "open-circuit potential of (lithiation, T) at the reference temperature")
    kinetics: AbstractKinetics
    theta0: Float[Array, ""] = quantity("-", 0.0, 1.0, "lithiation in the published state, which sets the inventory")
    dUdT: Law = law("V/K", -0.01, 0.01, "entropic coefficient of (lithiation, T)", default=0.0)
    T_ref: Float[Array, ""] = quantity("K", 200.0, 500.0, "temperature of `U`", default=T_ROOM)
    R_film: Float[Array, ""] | None = quantity("Ohm m2", 0.0, 1.0, "resistance of a film on the walls", default=None)
    hysteresis: OneState | None = None
    name: str = eqx.field(static=True, default="material")

    def __check_init__(self) -> None:
        """Raises `ValueError` for hysteresis without branches."""
        if self.hysteresis is not None and not isinstance(self.U, Branches):
            raise ValueError(
                f"hysteresis moves the open-circuit potential between two branches, but U of {self.name} is one curve "
                f"({type(self.U).__name__}). Needed: U=Branches(lithiation, delithiation)."
            )

    @property
    def a(self) -> Float[Array, ""]:
        """Wall area per electrode volume [1/m]."""
        return 3.0 * self.eps_s / self.R_p

    def equilibrium(self, theta: Points, T: Points, h: Points | None = None) -> Float[Array, "*point"]:
        """Equilibrium potential [V] against lithium at lithiation `theta` [-] and temperature `T` [K], and at the state
        of hysteresis `h` [-] where one is given, else in the mean of both branches; beyond full and empty there are no
        sites, whatever `U` says there."""
        U = self.U.at(theta, T, h) if isinstance(self.U, Branches) and h is not None else self.U(theta, T)
        return U + (T - self.T_ref) * self.dUdT(theta, T) + without_sites(theta)

    def j(self, c: Points, theta: Points, eta: Points, T: Points) -> Float[Array, "*point"]:
        """Faradaic current density [A/m2] of the wall, positive when lithium leaves, at salt concentration `c`
        [mol/m3] and surface lithiation `theta` [-], where the potential difference to the solution is `eta` [V] above
        that of equilibrium."""
        j0 = self.kinetics.j0(c, theta, self.c_max, T)
        if self.R_film is None:
            return self.kinetics.j(j0, eta, T)
        return through_film(self.kinetics, j0, eta, self.R_film, T)

    def eta(self, c: Points, theta: Points, j: Points, T: Points) -> Float[Array, "*point"]:
        """The potential difference to the solution over that of equilibrium [V] at which the wall passes `j` [A/m2]."""
        eta = self.kinetics.eta(self.kinetics.j0(c, theta, self.c_max, T), j, T)
        return eta if self.R_film is None else eta + self.R_film * j


class Blend(eqx.Module):
    """Several insertion materials that share the pores and the solid of an electrode, or one material in several sizes.

    Each takes the current that its own surface asks for at the potential that all of them share.
    """

    materials: tuple[Particle, ...]

    def __check_init__(self) -> None:
        """Raises `ValueError` without a material, or where two have one name."""
        names = [each.name for each in self.materials]
        if not names or len(set(names)) < len(names):
            raise ValueError(
                f"a blend needs materials, each with a `name` of its own; found {', '.join(names) or 'none'}."
            )


class Electrode(eqx.Module):
    """A porous insertion electrode, of one material or a blend, on all walls of which `side_reactions` may happen."""

    L: Float[Array, ""] = quantity("m", 1e-7, 5e-3, "thickness")
    eps: Float[Array, ""] = quantity("-", 0.01, 1.0, "porosity")
    sigma: Float[Array, ""] = quantity("S/m", 1e-4, 1e8, "electronic conductivity of the solid")
    particle: Particle | Blend
    transport: Factor = Bruggeman(1.5)  # of the pores
    conduction: Factor = Bruggeman(1.5)  # of the solid
    C_dl: Float[Array, ""] = quantity("F/m2", 1e-4, 100.0, "double-layer capacity per wall area", default=0.2)
    side_reactions: tuple[AbstractSideReaction, ...] = ()

    def __check_init__(self) -> None:
        """Raises `ValueError` where two side reactions leave the same."""
        names = [unknown.name for unknown in unknowns_of(self.side_reactions)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            kinds = ", ".join(type(each).__name__ for each in self.side_reactions)
            raise ValueError(
                f"the side reactions of an electrode must leave different things, but {kinds} all leave "
                f"{' and '.join(twice)}. Needed: one law for each."
            )

    @property
    def materials(self) -> tuple[Particle, ...]:
        """What it is made of."""
        return self.particle.materials if isinstance(self.particle, Blend) else (self.particle,)

    @property
    def a(self) -> Float[Array, ""]:
        """Wall area of all materials per electrode volume [1/m]."""
        return _sum([each.a for each in self.materials])

    @property
    def theta0(self) -> Float[Array, ""]:
        """Lithiation of all materials together in the published state [-]."""
        return self.together([each.theta0 for each in self.materials])

    def together(self, theta: Sequence[Any] | Float[Array, " materials"]) -> Float[Array, ""]:
        """Lithiation of all materials together where each has its own in `theta` [-]."""
        filled = _sum([each.eps_s * each.c_max * x for each, x in zip(self.materials, theta, strict=True)])
        return filled / _sum([each.eps_s * each.c_max for each in self.materials])

    @property
    def kappa_factor(self) -> Float[Array, ""]:
        """Effective over bulk ionic conductivity and salt diffusivity [-]."""
        return self.transport(self.eps)

    @property
    def sigma_eff(self) -> Float[Array, ""]:
        """Effective electronic conductivity [S/m]; all that is not pore conducts, binder and additives too."""
        return self.sigma * self.conduction(1.0 - self.eps)


class Separator(eqx.Module):
    """A porous separator."""

    L: Float[Array, ""] = quantity("m", 1e-7, 5e-3, "thickness")
    eps: Float[Array, ""] = quantity("-", 0.01, 1.0, "porosity")
    transport: Factor = Bruggeman(1.5)

    @property
    def kappa_factor(self) -> Float[Array, ""]:
        """Effective over bulk ionic conductivity and salt diffusivity [-]."""
        return self.transport(self.eps)


class Window(eqx.Module):
    """Lithiations of both electrodes between which a cell is used, where its source defines the state of charge so.

    Those of a blend are as many as its materials. Between the ends the lithium in an electrode changes in proportion to
    the state of charge, and its materials share it at one potential.
    """

    negative_empty: Float[Array, "*materials"] = quantity("-", 0.0, 1.0, "lithiation of the negative side, discharged")
    negative_full: Float[Array, "*materials"] = quantity("-", 0.0, 1.0, "lithiation of the negative side, charged")
    positive_empty: Float[Array, "*materials"] = quantity("-", 0.0, 1.0, "lithiation of the positive side, discharged")
    positive_full: Float[Array, "*materials"] = quantity("-", 0.0, 1.0, "lithiation of the positive side, charged")


class Cell(eqx.Module):
    """Two porous electrodes, a separator, and an electrolyte between two current collectors.

    Where no `heat` is given it is that of a cube as large as the layers; a run that says no temperature takes
    `T_initial`, and `T_ambient` around the cell, both `T_ref` unless given. Where there is a `window` a state of charge
    of 0 and 1 are its ends, else the cut-off voltages at equilibrium; a run that says none begins at `soc_initial`.
    """

    negative: Electrode
    separator: Separator
    positive: Electrode
    electrolyte: AbstractElectrolyte
    area: Float[Array, ""] = quantity("m2", 1e-7, 1e3, "area of the electrodes facing each other, all layers together")
    c0: Float[Array, ""] = quantity("mol/m3", 1.0, 2e4, "salt concentration at rest")
    V_min: Float[Array, ""] = quantity("V", 0.0, 5.5, "lower cut-off voltage, 0 % state of charge at equilibrium")
    V_max: Float[Array, ""] = quantity("V", 0.5, 6.0, "upper cut-off voltage, 100 % state of charge at equilibrium")
    capacity: Float[Array, ""] = quantity("A.h", 1e-9, 1e5, "nominal capacity, which defines the C-rate")
    T_ref: Float[Array, ""] = quantity("K", 200.0, 500.0, "temperature of the published values", default=T_ROOM)
    R_contact: Float[Array, ""] = quantity("Ohm", 0.0, 1e3, "contact resistance in series", default=0.0)
    heat: Heat = None  # type: ignore[assignment]  # of the layers, where none is given
    window: Window | None = None
    T_initial: Float[Array, ""] = quantity("K", 200.0, 500.0, "temperature at which a run begins", default=None)
    T_ambient: Float[Array, ""] = quantity("K", 200.0, 500.0, "temperature around the cell", default=None)
    V_salt: Float[Array, ""] | None = quantity("m3/mol", -1e-3, 1e-3, VOLUME, default=None)
    soc_initial: Float[Array, ""] = quantity("-", 0.0, 1.0, "state of charge at which a run begins", default=1.0)
    name: str = eqx.field(static=True, default="cell")
    source: str = eqx.field(static=True, default="")
    notes: Notes | None = eqx.field(static=True, default=None)

    def __post_init__(self) -> None:
        given: Any = self
        if given.T_initial is None:
            self.T_initial = self.T_ref
        if given.T_ambient is None:
            self.T_ambient = self.T_initial
        if given.heat is None:
            self.heat = of_a_cube(self.area * (self.negative.L + self.separator.L + self.positive.L))


def lithium_capacity(electrode: Electrode, area: Float[Array, ""]) -> Float[Array, ""]:
    """Charge [A.h] that fills the empty electrode."""
    return _sum([area * electrode.L * p.eps_s * p.c_max * F / SECONDS_PER_HOUR for p in electrode.materials])


def _sum(terms: list[Any]) -> Any:
    return sum(terms[1:], terms[0])


def materials_by_path(cell: Any) -> dict[str, Particle]:
    """Every material of the porous electrodes, by its path in the cell."""
    found = {}
    for side in ("negative", "positive", "working"):
        electrode = getattr(cell, side, None)
        if electrode is None:
            continue
        is_blend = isinstance(electrode.particle, Blend)
        for k, particle in enumerate(electrode.materials):
            found[f"{side}.particle" + (f".materials.{k}" if is_blend else "")] = particle
    return found


def implausible_laws(cell: Any) -> list[str]:
    """One line for every law whose value at the resting state lies outside the range that its field says."""
    if any(isinstance(x, jax.core.Tracer) for x in jax.tree.leaves(cell)):
        return []  # a cell made or changed under a transformation is not judged
    found = []
    for ((part, name), about), value in zip(_laws(cell).items(), map(float, _laws_at_rest(cell)), strict=True):
        if not about.low <= value <= about.high:
            at = float(_at_rest(cell, part))
            where = {"electrolyte": f"at {at:g} mol/m3", "heat": f"at {at:g} K"}.get(part, f"at lithiation {at:g}")
            found.append(
                f"{part}.{name} = {value:g} {about.unit} {where}; expected {about.low:g} to {about.high:g} "
                f"{about.unit}."
            )
    return found


@stored
def _laws_at_rest(cell: Any) -> list[Float[Array, ""]]:
    return [getattr(_parts(cell)[part], name)(_at_rest(cell, part), cell.T_ref) for part, name in _laws(cell)]


def _at_rest(cell: Any, part: str) -> Float[Array, ""]:
    """What the laws of a part are a function of, in the resting cell: salt concentration, temperature or lithiation."""
    if part in ("electrolyte", "heat"):
        return cell.c0 if part == "electrolyte" else cell.T_ref
    return _parts(cell)[part.removesuffix(".kinetics")].theta0


def _laws(cell: Any) -> dict[tuple[str, str], Quantity]:
    """What the values of every law must be like, by its part and its name."""
    fields = ((name, field) for name, part in _parts(cell).items() for field in dataclasses.fields(part))
    laws = {(name, field.name): field.metadata["law"] for name, field in fields if "law" in field.metadata}
    return laws | {("electrolyte", name): about for name, about in PROPERTIES.items()}  # whatever they are made of


def _parts(cell: Any) -> dict[str, Any]:
    """The parts with laws: of a half cell there is one electrode, of a symmetric one none."""
    parts = {"electrolyte": cell.electrolyte} | ({"heat": cell.heat} if hasattr(cell, "heat") else {})
    for path, material in materials_by_path(cell).items():
        parts |= {path: material, f"{path}.kinetics": material.kinetics}
    return parts
