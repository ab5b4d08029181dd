"""Electrodes of several materials at rest: all of them at one potential."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.cells.design import Electrode, Particle
from cellsim.electrode.roots import increasing_root

Scalar = Float[Array, ""]
MARGIN = 1e-9  # published curves may diverge at exactly empty or full


Curve = Callable[[Any], Any]  # potential [V] of a lithiation [-]


def lithiations(electrode: Electrode, theta: Any, T: Any) -> Float[Array, " materials"]:
    """The lithiation of each material when those of all together are at rest at `theta` [-] and `T` [K], each in its
    first state of hysteresis if it has one."""
    if len(electrode.materials) == 1:
        return jnp.asarray(theta)[None]
    begins = lambda material: None if material.hysteresis is None else material.hysteresis.h0
    curves = [_curve(each, T, begins(each)) for each in electrode.materials]
    w = _shared_potential(electrode.materials, curves, theta)
    return jnp.stack([_lithiation(curve, w) for curve in curves])


def equilibrium(electrode: Electrode, theta: Any, T: Any) -> Scalar:
    """Potential [V] against lithium of the electrode at rest, at lithiation `theta` [-] of all materials together; in
    the mean of branches."""
    if len(electrode.materials) == 1:
        return electrode.materials[0].equilibrium(theta, T)
    return _shared_potential(electrode.materials, [_curve(each, T) for each in electrode.materials], theta)


def _curve(material: Particle, T: Any, h: Any = None) -> Curve:
    return lambda theta: material.equilibrium(theta, T, h)


def _lithiation(curve: Curve, w: Scalar) -> Scalar:
    """The lithiation at which a material rests at `w` [V]: full below its curve, and empty above."""
    half = jnp.full_like(w, 0.5)
    return increasing_root(lambda theta: w - curve(theta), half, half * 0 + MARGIN, half * 2 - MARGIN)


def _shared_potential(materials: tuple[Particle, ...], curves: list[Curve], theta: Any) -> Scalar:
    """The potential [V] at which the lithiations of all materials add up to `theta` of what they can hold."""
    theta = jnp.asarray(theta)
    room = jnp.stack([each.eps_s * each.c_max for each in materials])
    share = room / jnp.sum(room)
    highest, lowest = (jnp.stack([curve(jnp.asarray(end)) for curve in curves]) for end in (MARGIN, 1 - MARGIN))

    def missing(w: Array) -> Array:
        return theta - sum(share[k] * _lithiation(curve, w) for k, curve in enumerate(curves))

    low, high = jnp.min(lowest), jnp.max(highest)
    return increasing_root(missing, 0.5 * (low + high), low, high)
