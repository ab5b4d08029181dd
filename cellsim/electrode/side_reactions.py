"""Side reactions: what passes a wall besides insertion, and what it leaves there.

The current density j_k [A/m2] of a side reaction charges the same double layer as that of insertion and is positive
when lithium leaves the electrode. Its lithium comes from the solution and goes to no particle: it is held on the walls,
in a film or as metal. What is held is a state of every place of the electrode.
"""

import abc
import itertools
from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from cellsim.constants import T_ROOM, F, R
from cellsim.laws import arrhenius_factor
from cellsim.parameters import quantity

Points = Float[ArrayLike, "*#point"]
Scalar = Float[Array, ""]
Amounts = tuple[Any, ...]  # of a reaction's unknowns, one each


class Unknown(NamedTuple):
    """Something that a side reaction leaves: its name, its unit, in words, and a size of it, for the solver."""

    name: str
    unit: str
    long_name: str
    size: float  # in the unit


class Wall(NamedTuple):
    """What a side reaction sees of the walls at a place."""

    c: Points  # salt concentration [mol/m3]
    w: Points  # potential of the solid against the solution, beneath all films [V]
    film: Points  # thickness of all films [m]
    a: Any  # wall area per electrode volume [1/m]
    T: Any  # K


class AbstractSideReaction(eqx.Module):
    """A reaction beside insertion. Every method is of arrays that broadcast together."""

    name: eqx.AbstractClassVar[str]
    unknowns: eqx.AbstractClassVar[tuple[Unknown, ...]]

    @property
    @abc.abstractmethod
    def U(self) -> Any:
        """Equilibrium potential against lithium [V], from which overpotentials are told and heat is counted."""

    @abc.abstractmethod
    def start(self) -> Amounts:
        """The amounts of its unknowns at the beginning."""

    @abc.abstractmethod
    def j(self, wall: Wall, amounts: Amounts) -> Float[Array, "*point"]:
        """Current density [A/m2], which must not fall with `wall.w`; below zero where lithium is taken."""

    @abc.abstractmethod
    def rates(self, wall: Wall, j: Points, amounts: Amounts) -> Amounts:
        """How its unknowns change, per second, at its own current density `j` [A/m2]."""

    @abc.abstractmethod
    def thickness(self, amounts: Amounts) -> Any:
        """Thickness of its film [m]; 0 where it makes none."""

    @abc.abstractmethod
    def resistance(self, amounts: Amounts) -> Any:
        """Resistance of its film [Ohm m2]; None where there is no such thing."""

    @abc.abstractmethod
    def lithium(self, a: Any, amounts: Amounts) -> dict[str, Any]:
        """Lithium that it holds, by the name of what holds it, per electrode volume [mol/m3] of wall area `a` [1/m]."""


# ---- films


class SEIFilm(eqx.Module):
    """The solid-electrolyte interphase (SEI): what solvent, electrons and lithium make together on a wall.

    Every lithium atom in it took one electron. A film without `resistivity` conducts as well as need be; with one it
    stands in series with all reactions beneath it.
    """

    L0: Scalar = quantity("m", 1e-10, 1e-6, "thickness of the film at the beginning")
    V_bar: Scalar = quantity("m3/mol", 1e-6, 1e-3, "molar volume of the film")
    lithium: Scalar = quantity("-", 0.1, 10.0, "lithium atoms in a formula unit of the film", default=1.0)
    resistivity: Scalar | None = quantity("Ohm m", 0.0, 1e9, "resistivity of the film", default=None)
    U: Scalar = quantity("V", -1.0, 5.0, "potential of its formation against lithium", default=0.4)

    def growth(self, j: Points) -> Float[Array, "*point"]:
        """dL/dt [m/s] at the current density `j` [A/m2] of its formation."""
        return -jnp.asarray(j) * self.V_bar / (F * self.lithium)

    def content(self, L: Points, a: Any) -> Float[Array, "*point"]:
        """Lithium [mol/m3] in a film of thickness `L` [m] on walls of area `a` per volume [1/m]."""
        return self.lithium * a * jnp.asarray(L) / self.V_bar


class AbstractSEIGrowth(AbstractSideReaction):
    """A law by which a film grows; the laws differ in what holds it up."""

    name: ClassVar[str] = "SEI"
    unknowns: ClassVar[tuple[Unknown, ...]] = (Unknown("SEI thickness", "m", "Thickness of the SEI", 1e-9),)
    film: eqx.AbstractVar[SEIFilm]

    @property
    def U(self) -> Scalar:
        """That of the film's formation [V]."""
        return self.film.U

    def start(self) -> Amounts:
        """The first thickness."""
        return (self.film.L0,)

    def rates(self, wall: Wall, j: Points, amounts: Amounts) -> Amounts:
        """Growth of the film [m/s]."""
        del wall, amounts
        return (self.film.growth(j),)

    def thickness(self, amounts: Amounts) -> Any:
        """The unknown itself [m]."""
        return amounts[0]

    def resistance(self, amounts: Amounts) -> Any:
        """Of the film [Ohm m2]; None where it conducts."""
        return None if self.film.resistivity is None else self.film.resistivity * amounts[0]

    def lithium(self, a: Any, amounts: Amounts) -> dict[str, Any]:
        """What the film holds [mol/m3]."""
        return {"SEI": self.film.content(amounts[0], a)}


class SolventLimitedSEI(AbstractSEIGrowth):
    """Growth as fast as solvent diffuses through the film, j = -F D_sol c_sol / L, whatever the potential.

    L^2 then grows in proportion to time: L^2 = L0^2 + 2 (V_bar/lithium) D_sol c_sol t.

    Source: Single, Latz & Horstmann, ChemSusChem 11 (2018) 1950, doi:10.1002/cssc.201800077.
    """

    film: SEIFilm
    D_sol: Scalar = quantity("m2/s", 1e-26, 1e-12, "diffusivity of the solvent in the film")
    c_sol: Scalar = quantity("mol/m3", 1.0, 2e4, "concentration of the solvent in the solution")
    E: Scalar = quantity("J/mol", -2e5, 2e5, "activation energy of the growth", default=0.0)
    T_ref: Scalar = quantity("K", 200.0, 500.0, "temperature of `D_sol`", default=T_ROOM)

    def j(self, wall: Wall, amounts: Amounts) -> Float[Array, "*point"]:
        """Current density [A/m2], below zero."""
        D_sol = self.D_sol * arrhenius_factor(self.E, self.T_ref, wall.T)
        j = -F * D_sol * self.c_sol / jnp.asarray(amounts[0])
        return jnp.broadcast_to(j, jnp.broadcast_shapes(j.shape, jnp.shape(wall.w)))


class SolventReductionSEI(AbstractSEIGrowth):
    """Growth by the reduction of solvent at the electrode, to which it diffuses through the film,

    j = -F c_sol / (1/k_w + L/D_sol),    k_w = k exp(-alpha F (w - U)/RT),

    with the kinetics alone (D_sol large) and diffusion alone (k large) as limits.

    Source: Safari, Morcrette, Teyssot & Delacourt, J. Electrochem. Soc. 156 (2009) A145, doi:10.1149/1.3043429.
    """

    film: SEIFilm
    k: Scalar = quantity("m/s", 1e-25, 1e-3, "rate constant of the reduction at the film's potential U")
    D_sol: Scalar = quantity("m2/s", 1e-26, 1e-9, "diffusivity of the solvent in the film")
    c_sol: Scalar = quantity("mol/m3", 1.0, 2e4, "concentration of the solvent in the solution")
    alpha: Scalar = quantity("-", 0.01, 0.99, "cathodic transfer coefficient of the reduction", default=0.5)
    E: Scalar = quantity("J/mol", -2e5, 2e5, "activation energy of the growth", default=0.0)
    T_ref: Scalar = quantity("K", 200.0, 500.0, "temperature of `k` and `D_sol`", default=T_ROOM)

    def j(self, wall: Wall, amounts: Amounts) -> Float[Array, "*point"]:
        """Current density [A/m2], below zero."""
        by_potential = jnp.exp(self.alpha * F * (jnp.asarray(wall.w) - self.film.U) / (R * wall.T))
        series = by_potential / self.k + amounts[0] / self.D_sol  # s/m
        return -F * self.c_sol * arrhenius_factor(self.E, self.T_ref, wall.T) / series


class InterstitialLimitedSEI(AbstractSEIGrowth):
    """Growth as fast as neutral lithium diffuses through the film, of which there is the more beneath it the lower the
    potential: j = -F D_Li c_Li exp(-F w/RT) / L.

    Source: Single, Latz & Horstmann, ChemSusChem 11 (2018) 1950, doi:10.1002/cssc.201800077.
    """

    film: SEIFilm
    D_Li: Scalar = quantity("m2/s", 1e-26, 1e-9, "diffusivity of interstitial lithium in the film")
    c_Li: Scalar = quantity("mol/m3", 1e-3, 1e5, "its concentration in equilibrium with lithium metal")
    E: Scalar = quantity("J/mol", -2e5, 2e5, "activation energy of the growth", default=0.0)
    T_ref: Scalar = quantity("K", 200.0, 500.0, "temperature of `D_Li`", default=T_ROOM)

    def j(self, wall: Wall, amounts: Amounts) -> Float[Array, "*point"]:
        """Current density [A/m2], below zero."""
        D_Li = self.D_Li * arrhenius_factor(self.E, self.T_ref, wall.T)
        return -F * D_Li * self.c_Li / amounts[0] * jnp.exp(-F * jnp.asarray(wall.w) / (R * wall.T))


# ---- plating

PLATED = Unknown("plated lithium", "mol/m3", "Plated lithium that can be stripped, per electrode volume", 100.0)
DEAD = Unknown("dead lithium", "mol/m3", "Plated lithium that cannot be stripped, per electrode volume", 100.0)


class ReversiblePlating(AbstractSideReaction):
    """Deposition of lithium metal on the walls, and its dissolution while there is some,

    j = F k (c_Li exp((1 - alpha_c) F w/RT) - c exp(-alpha_c F w/RT)),

    with c_Li the plated lithium per electrode volume. With a `decay` some of it loses its contact and is dead from then
    on, at a rate that falls as the film on the walls thickens: decay (L_ref / L); at `decay` itself without `L_ref`.

    Source: O'Kane, Campbell, Marzook, Offer & Marinescu, J. Electrochem. Soc. 167 (2020) 090540,
    doi:10.1149/1945-7111/ab90ac, and O'Kane et al., Phys. Chem. Chem. Phys. 24 (2022) 7909, doi:10.1039/D2CP00417H.
    """

    name: ClassVar[str] = "plating"
    unknowns: ClassVar[tuple[Unknown, ...]] = (PLATED, DEAD)
    k: Scalar = quantity("m/s", 1e-16, 1e-4, "rate constant of plating and stripping")
    alpha_c: Scalar = quantity("-", 0.01, 0.99, "cathodic transfer coefficient, of plating", default=0.5)
    decay: Scalar = quantity("1/s", 0.0, 1.0, "rate at which plated lithium dies", default=0.0)
    L_ref: Scalar | None = quantity("m", 1e-10, 1e-6, "thickness of films at which it is `decay`", default=None)
    E: Scalar = quantity("J/mol", -2e5, 2e5, "activation energy of the reaction", default=0.0)
    T_ref: Scalar = quantity("K", 200.0, 500.0, "temperature of `k`", default=T_ROOM)

    @property
    def U(self) -> float:
        """That of lithium [V]."""
        return 0.0

    def start(self) -> Amounts:
        """Nothing is plated."""
        return jnp.zeros(()), jnp.zeros(())

    def j(self, wall: Wall, amounts: Amounts) -> Float[Array, "*point"]:
        """Current density [A/m2]; below zero plates."""
        x = F * jnp.asarray(wall.w) / (R * wall.T)
        k = self.k * arrhenius_factor(self.E, self.T_ref, wall.T)
        return F * k * (amounts[0] * jnp.exp((1.0 - self.alpha_c) * x) - wall.c * jnp.exp(-self.alpha_c * x))

    def rates(self, wall: Wall, j: Points, amounts: Amounts) -> Amounts:
        """Of the lithium that can be stripped and of that which cannot [mol/(m3 s)]."""
        slowed = 1.0 if self.L_ref is None else self.L_ref / wall.film
        dying = self.decay * slowed * amounts[0]
        return -wall.a * jnp.asarray(j) / F - dying, dying

    def thickness(self, amounts: Amounts) -> float:
        """Metal is no film."""
        return 0.0

    def resistance(self, amounts: Amounts) -> None:
        """None."""
        return None

    def lithium(self, a: Any, amounts: Amounts) -> dict[str, Any]:
        """The metal [mol/m3]."""
        return {"plated": amounts[0], "dead": amounts[1]}


class IrreversiblePlating(AbstractSideReaction):
    """Deposition of lithium metal on the walls that never dissolves, j = -F k c exp(-alpha_c F w/RT).

    Source: Yang, Leng, Zhang, Ge & Wang, J. Power Sources 360 (2017) 28, doi:10.1016/j.jpowsour.2017.05.110.
    """

    name: ClassVar[str] = "plating"
    unknowns: ClassVar[tuple[Unknown, ...]] = (DEAD,)
    k: Scalar = quantity("m/s", 1e-16, 1e-4, "rate constant of plating")
    alpha_c: Scalar = quantity("-", 0.01, 0.99, "cathodic transfer coefficient", default=0.5)
    E: Scalar = quantity("J/mol", -2e5, 2e5, "activation energy of the reaction", default=0.0)
    T_ref: Scalar = quantity("K", 200.0, 500.0, "temperature of `k`", default=T_ROOM)

    @property
    def U(self) -> float:
        """That of lithium [V]."""
        return 0.0

    def start(self) -> Amounts:
        """Nothing is plated."""
        return (jnp.zeros(()),)

    def j(self, wall: Wall, amounts: Amounts) -> Float[Array, "*point"]:
        """Current density [A/m2], below zero."""
        del amounts
        k = self.k * arrhenius_factor(self.E, self.T_ref, wall.T)
        return -F * k * wall.c * jnp.exp(-self.alpha_c * F * jnp.asarray(wall.w) / (R * wall.T))

    def rates(self, wall: Wall, j: Points, amounts: Amounts) -> Amounts:
        """Of the metal [mol/(m3 s)]."""
        del amounts
        return (-wall.a * jnp.asarray(j) / F,)

    def thickness(self, amounts: Amounts) -> float:
        """Metal is no film."""
        return 0.0

    def resistance(self, amounts: Amounts) -> None:
        """None."""
        return None

    def lithium(self, a: Any, amounts: Amounts) -> dict[str, Any]:
        """The metal [mol/m3]."""
        return {"dead": amounts[0]}


# ---- several at one wall


def grouped(reactions: tuple[AbstractSideReaction, ...], amounts: Any) -> list[Amounts]:
    """The amounts of all unknowns of several reactions, one after the other, as those of each."""
    ends = [0]
    for reaction in reactions:
        ends.append(ends[-1] + len(reaction.unknowns))
    return [tuple(amounts[start:stop]) for start, stop in itertools.pairwise(ends)]


def unknowns_of(reactions: tuple[AbstractSideReaction, ...]) -> list[Unknown]:
    """Those of all reactions, in their order."""
    return [unknown for reaction in reactions for unknown in reaction.unknowns]
