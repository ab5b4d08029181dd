"""Charge transfer through a film whose resistance is in series with it."""

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
