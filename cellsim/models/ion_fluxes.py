"""Fluxes of ions between two places at a given current: Nernst and Planck, with the field eliminated.

The potential enters as psi = F phi/(R T). Driven by the changes u_i + z_i psi of the electrochemical potentials over
R T, with conductances g (R T times Onsager coefficients, over the length of the path), the ions carry the current
density i where

    psi = -(i/F + sum_ij z_i g_ij u_j) / sum_ij z_i g_ij z_j,        J_i = -sum_j g_ij (u_j + z_j psi).

So sum_i z_i F J_i = i to rounding, and nothing flows where all electrochemical potentials are level, whatever the g.

Sources: Newman & Balsara, Electrochemical Systems, 4th ed. (Wiley 2021), chapters 11 and 12; Helfferich, Ion Exchange
(McGraw-Hill 1962), chapter 8.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.constants import F
from cellsim.electrolyte._linear import inverse, solved

AtIons = Float[Array, "faces ions"]
Matrix = Float[Array, "faces ions ions"]
Charges = Float[Array, " ions"]
SMALL = 1e-2  # half the logarithm of a ratio, below which a series is as good as the function


class Passage(NamedTuple):
    """What passes along x between two places, and how the potential differs."""

    J: Float[Array, "faces ions"]  # mol/(m2 s)
    psi: Float[Array, " faces"]  # at the second place less at the first, over R T/F


class Side(NamedTuple):
    """One side of a junction between unlike layers."""

    c: Float[Array, "faces ions"]  # mol/m3, all above zero
    s: Float[Array, " faces"] | None  # `donnan.neutralising` of it; None where it is neutral by itself
    g: Float[Array, "faces ions ions"] | None  # to the junction [mol/(m2 s)]; None for a stirred bath


def log_mean(left: AtIons, right: AtIons) -> AtIons:
    """(right - left)/ln(right/left), with which driving forces give the diffusion of independent ions exactly.

    It vanishes with either value, more slowly than that: no drift empties a place below zero, and an empty one fills.
    """
    half = 0.5 * jnp.log(right / left)
    is_small = jnp.abs(half) < SMALL
    x = jnp.where(is_small, 1.0, half)
    square = half * half
    series = 1 + square / 6 * (1 + square / 20 * (1 + square / 42))
    return jnp.sqrt(left * right) * jnp.where(is_small, series, jnp.sinh(x) / x)


def passage(g: Matrix, u: AtIons, z: Charges, i: Float[Array, ""]) -> Passage:
    """The flux at current density `i` [A/m2] through conductances `g` [mol/(m2 s)] from changes `u` of ln c."""
    # products and sums, not matrix products, so that they become one loop over the faces with what is around them
    carried = jnp.sum(z[:, None] * g, axis=-2)
    psi = -(i / F + jnp.sum(carried * u, axis=-1)) / jnp.sum(carried * z, axis=-1)
    return Passage(-jnp.sum(g * (u + z * psi[:, None])[:, None, :], axis=-1), psi)


def across_junction(left: Side, right: Side, z: Charges, i: Float[Array, ""]) -> Passage:
    """The flux through a junction at which electrochemical potentials are continuous and concentrations may jump.

    Each side is spoken of by the neutral solution that would be in equilibrium with it, whose composition is
    continuous. Both halves of the path then stand in series, each with the conductances of its own layer per root of
    the concentrations in that solution.
    """
    at_left, at_right = (x.c if x.s is None else x.c * jnp.exp(z * x.s[:, None]) for x in (left, right))
    mean = log_mean(at_left, at_right)
    per_unit = [
        side.g * _outer(1 / jnp.sqrt(c)) for side, c in ((left, at_left), (right, at_right)) if side.g is not None
    ]
    together = per_unit[0] if len(per_unit) == 1 else inverse(inverse(per_unit[0]) + inverse(per_unit[1]))
    met = passage(together * _outer(jnp.sqrt(mean)), jnp.log(at_right / at_left), z, i)
    jump = (0.0 if right.s is None else right.s) - (0.0 if left.s is None else left.s)
    return met._replace(psi=met.psi + jump)


def driven(g: Matrix, J: AtIons, c: AtIons) -> AtIons:
    """The changes of the electrochemical potentials over R T along a path on which `J` flows, at concentrations `c`."""
    root = jnp.sqrt(c)
    scaled = g * _outer(1 / root)
    n = root.shape[-1]
    eta = solved([[scaled[:, k, m] for m in range(n)] for k in range(n)], [-(J / root)[:, k] for k in range(n)])
    return jnp.stack(eta, axis=-1) / root


def _outer(x: AtIons) -> Matrix:
    return x[:, :, None] * x[:, None, :]
