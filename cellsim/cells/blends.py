"""Electrodes of several materials at rest: all of them at one potential."""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.cells.design import Electrode, Particle
from cellsim.electrode.roots import increasing_root

Scalar = Float[Array, ""]
MARGIN = 1e-9  # published curves may diverge at exactly empty or full


def lithiations(electrode: Electrode, theta: Any, T: Any) -> Float[Array, " materials"]:
    """The lithiation of each material when those of all together are at rest at `theta` [-] and `T` [K]."""
    if len(electrode.materials) == 1:
        return jnp.asarray(theta)[None]
    w = _shared_potential(electrode, theta, T)
    return jnp.stack([_lithiation(each, w, T) for each in electrode.materials])


def equilibrium(electrode: Electrode, theta: Any, T: Any) -> Scalar:
    """Potential [V] against lithium of the electrode at rest, at lithiation `theta` [-] of all materials together."""
    if len(electrode.materials) == 1:
        return electrode.materials[0].equilibrium(theta, T)
    return _shared_potential(electrode, theta, T)


def _lithiation(material: Particle, w: Scalar, T: Any) -> Scalar:
    """The lithiation at which `material` rests at `w` [V]: full below its curve, and empty above."""
    half = jnp.full_like(w, 0.5)
    return increasing_root(lambda theta: w - material.equilibrium(theta, T), half, half * 0 + MARGIN, half * 2 - MARGIN)


def _shared_potential(electrode: Electrode, theta: Any, T: Any) -> Scalar:
    """The potential [V] at which the lithiations of all materials add up to `theta` of what they can hold."""
    theta = jnp.asarray(theta)
    materials = electrode.materials
    room = jnp.stack([each.eps_s * each.c_max for each in materials])
    share = room / jnp.sum(room)
    ends = [each.equilibrium(jnp.asarray([MARGIN, 1 - MARGIN]), T) for each in materials]
    highest, lowest = (jnp.stack([end[k] for end in ends]) for k in (0, 1))

    def missing(w: Array) -> Array:
        return theta - sum(share[k] * _lithiation(each, w, T) for k, each in enumerate(materials))

    low, high = jnp.min(lowest), jnp.max(highest)
    return increasing_root(missing, 0.5 * (low + high), low, high)
