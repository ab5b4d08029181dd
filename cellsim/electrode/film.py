"""Charge transfer through a film whose resistance is in series with it."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from cellsim.electrode.kinetics import AbstractKinetics, symmetric_overpotential
from cellsim.electrode.roots import increasing_root


def through_film(kinetics: AbstractKinetics, j0: Any, eta: Any, R_film: Any, T: Any) -> Float[Array, "*point"]:
    """The current density j [A/m2] that obeys j = kinetics(eta - R_film j), with `eta` [V] across film and interface
    together and `R_film` in Ohm m2; exactly the kinetics' own where `R_film` is zero.

    The unknown is the overpotential x of the interface itself, between zero and `eta`: x + R_film j(x) = eta.
    """
    j0, eta, R_film, T = jnp.broadcast_arrays(*(jnp.asarray(x, dtype=float) for x in (j0, eta, R_film, T)))
    excess = lambda x: x + R_film * kinetics.j(j0, x, T) - eta
    held = lax.stop_gradient((j0, eta, R_film, T))
    # the overpotential at which the film alone would let the current through; more than that cannot be
    by_film = symmetric_overpotential(held[0], held[1] / jnp.maximum(held[2], 1e-300), held[3])
    guess = jnp.where(jnp.abs(by_film) < jnp.abs(held[1]), by_film, held[1])
    zero = jnp.zeros_like(guess)
    x = increasing_root(excess, guess, jnp.minimum(zero, eta), jnp.maximum(zero, eta))
    return kinetics.j(j0, x, T)


REACH = 1.0  # V beyond the equilibrium and the applied potential, in which the potential beneath a film is looked for


def beneath_film(current: Callable[[Array], Array], w: Any, U: Any, R_film: Any, guess: Any) -> Float[Array, "*point"]:
    """The potential x [V] of a solid against the solution beneath a film of `R_film` [Ohm m2] at `w` [V] across both:
    x + R_film current(x) = w. All reactions there together pass `current(x)` [A/m2], which does not fall with x; most
    of it vanishes at `U` [V], near which, or `w`, the root is looked for from `guess` on."""
    w, U, R_film, guess = jnp.broadcast_arrays(*(jnp.asarray(x, dtype=float) for x in (w, U, R_film, guess)))
    # the unknown is told from below all potentials that are looked at: a relative precision is then one in volts, also
    # where x passes zero
    low, high = lax.stop_gradient((jnp.minimum(w, U) - 2 * REACH, jnp.maximum(w, U) + REACH))
    excess = lambda above: (low + above) + R_film * current(low + above) - w
    return low + increasing_root(excess, guess - low, jnp.full_like(low, REACH), high - low)


def guess_beneath_film(j0: Any, w: Any, U: Any, R_film: Any, T: Any) -> Float[Array, "*point"]:
    """Where to begin with `beneath_film` if insertion at `j0` [A/m2] makes most of the current."""
    eta = jnp.asarray(w) - U
    by_film = symmetric_overpotential(j0, eta / jnp.maximum(R_film, 1e-300), T)
    return U + jnp.where(jnp.abs(by_film) < jnp.abs(eta), by_film, eta)
