"""What passes the walls of an electrode with side reactions, and what these leave there."""

from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.cells.design import Electrode, Particle
from cellsim.electrode.film import beneath_film, guess_beneath_film
from cellsim.electrode.side_reactions import Unknown, Wall, grouped, unknowns_of

Points = Float[Array, " particles"]


class Passing(NamedTuple):
    """What passes the walls of a material of an electrode."""

    insertion: Points  # current density of the lithium that leaves the particles [A/m2]
    side: tuple[Points, ...]  # of each side reaction [A/m2]
    rates: tuple[Points, ...]  # of the unknowns of all of them, over their sizes [1/s]
    wall: Wall

    @property
    def of_side(self) -> Points:
        """Current density of all side reactions [A/m2]."""
        return sum(self.side, jnp.zeros_like(self.insertion))

    def rate(self, k: int) -> Points:
        """That of unknown `k`; none where there are fewer."""
        return self.rates[k] if k < len(self.rates) else jnp.zeros_like(self.insertion)


class Found(NamedTuple):
    """What the walls pass, and where they are."""

    c: Points  # salt concentration [mol/m3]
    w: Points  # potential of the solid against the solution [V]
    theta: Points  # surface lithiation
    U: Points  # equilibrium potential of insertion [V]
    amounts: tuple[Points, ...]  # of the unknowns of the side reactions, in their own units


def passing(electrode: Electrode, material: Particle, at: Found, T: Any) -> Passing:
    """What passes the walls of a `material` of an `electrode` at temperature `T` [K].

    All reactions happen beneath the films of all of them, so that where films resist one potential there is shared: one
    equation for each place."""
    reactions, own = electrode.side_reactions, grouped(electrode.side_reactions, at.amounts)
    pairs = list(zip(reactions, own, strict=True))
    film = sum((reaction.thickness(amounts) for reaction, amounts in pairs), jnp.zeros_like(at.w))
    j0 = material.kinetics.j0(at.c, at.theta, material.c_max, T)
    beneath = lambda x: Wall(at.c, x, film, electrode.a, T)
    insertion = lambda x: material.kinetics.j(j0, x - at.U, T)
    side = lambda x: tuple(reaction.j(beneath(x), amounts) for reaction, amounts in pairs)

    resisting = [reaction.resistance(amounts) for reaction, amounts in pairs]
    resisting = [R for R in (material.R_film, *resisting) if R is not None]
    w = at.w
    if resisting:
        R_film = sum(resisting[1:], resisting[0])
        all_of = lambda x: sum(side(x), insertion(x))
        w = beneath_film(all_of, w, at.U, R_film, guess_beneath_film(j0, w, at.U, R_film, T))
    wall, currents = beneath(w), side(w)
    rates = [
        rate
        for (reaction, amounts), j in zip(pairs, currents, strict=True)
        for rate in reaction.rates(wall, j, amounts)
    ]
    scaled = [rate / unknown.size for rate, unknown in zip(rates, unknowns(electrode), strict=True)]
    return Passing(insertion(w), currents, tuple(scaled), wall)


def unknowns(electrode: Electrode) -> list[Unknown]:
    """What the side reactions of an electrode leave there."""
    return unknowns_of(electrode.side_reactions)


def begins(electrode: Electrode) -> list[Any]:
    """The amounts of `unknowns` at the beginning, over their sizes."""
    amounts = [amount for reaction in electrode.side_reactions for amount in reaction.start()]
    return [amount / unknown.size for amount, unknown in zip(amounts, unknowns(electrode), strict=True)]
