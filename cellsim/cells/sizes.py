"""Particles of one material in several sizes, as the materials of a blend."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from cellsim.cells.design import Blend, Particle
from cellsim.parameters import as_float_array

WHOLE = 1e-9  # by which volume fractions may miss their sum


def in_sizes(particle: Particle, R_p: Sequence[Any] | Any, fraction: Sequence[Any] | Any) -> Blend:
    """`particle` in the radii `R_p` [m], each with its `fraction` [-] of the material's volume; they sum to one.

    Raises `ValueError` where they do not. A size has the number of its place as its name.
    """
    R_p, fraction = as_float_array(R_p), as_float_array(fraction)
    if R_p.shape != fraction.shape or R_p.ndim != 1:
        raise ValueError(f"each radius needs its fraction; found {R_p.shape} radii and {fraction.shape} fractions.")
    if not isinstance(fraction, jax.core.Tracer) and abs(float(np.sum(fraction)) - 1) > WHOLE:
        raise ValueError(f"the fractions of the volume must sum to one, found {float(np.sum(fraction)):g}.")
    sized = (
        dataclasses.replace(particle, R_p=R_p[k], eps_s=particle.eps_s * fraction[k], name=f"size {k + 1}")
        for k in range(R_p.shape[0])
    )
    return Blend(tuple(sized))


def lognormal(particle: Particle, spread: Any, sizes: int = 3) -> Blend:
    """`particle` in a log-normal distribution of its volume over the radius, in a few `sizes`.

    The median is `particle.R_p`, and `spread` [-] is the standard deviation of ln R. Sizes and fractions are those of
    Gauss-Hermite quadrature: the means of powers of R, the wall area among them, converge with few of them.
    """
    x, weight = np.polynomial.hermite_e.hermegauss(sizes)
    return in_sizes(particle, particle.R_p * jnp.exp(jnp.asarray(spread) * x), weight / np.sum(weight))
