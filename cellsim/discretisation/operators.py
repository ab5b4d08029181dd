"""Second-order finite-volume operators on lines and spheres."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from cellsim.discretisation.grid import RadialGrid


def half_resistance(width: Float[Array, " cells"], conductivity: Float[Array, " cells"]) -> Float[Array, " cells"]:
    """Resistance of half a cell; those of two neighbours in series keep the order across a jump of the conductivity."""
    return 0.5 * width / conductivity


def across_faces(resistance: Float[Array, " cells"]) -> Float[Array, " faces"]:
    """Resistance from each cell's centre to the next."""
    return resistance[:-1] + resistance[1:]


def face_value(x: Float[Array, " cells"], resistance: Float[Array, " cells"]) -> Float[Array, " faces"]:
    """The value at each inner face that makes the flux from one centre to the face equal to that to the other."""
    return weighted_face_value(x[:-1], x[1:], resistance[:-1], resistance[1:])


def weighted_face_value(left: Array, right: Array, to_left: Array, to_right: Array) -> Float[Array, " faces"]:
    """The same from the values on either side and the resistances to them."""
    return (left * to_right + right * to_left) / (to_left + to_right)


def difference(x: Float[Array, " cells"]) -> Float[Array, " faces"]:
    """Change from each cell to the next."""
    return x[1:] - x[:-1]


def outflow(flux: Float[Array, " faces"]) -> Float[Array, " cells"]:
    """Net outflow of every cell, with closed ends; `flux` is on the inner faces. Sums to zero exactly over the line."""
    return jnp.diff(flux, prepend=0.0, append=0.0)


def divergence(flux: Float[Array, " faces"], width: Float[Array, " cells"]) -> Float[Array, " cells"]:
    """Net outflow per volume, with closed ends."""
    return outflow(flux) / width


def inward_flux(
    inner: Float[Array, "faces particles"],
    outer: Float[Array, "faces particles"],
    D: Float[Array, "faces particles"],
    grid: RadialGrid,
) -> Float[Array, "faces particles"]:
    """What diffuses inwards between neighbouring nodes of spheres of unit radius."""
    return D * (outer - inner) * grid.conductances[:, None]


def accumulation(
    inward: Float[Array, "faces particles"], outflux: Float[Array, " particles"], volumes: np.ndarray
) -> Float[Array, "nodes particles"]:
    """Rate of change at each node of a sphere, with `outflux` leaving at the surface."""
    gained = jnp.concatenate([inward, -outflux[None]]) - jnp.pad(inward, ((1, 0), (0, 0)))
    return gained / volumes[:, None]


def sphere_accumulation(
    theta: Float[Array, "nodes particles"],
    D_face: Float[Array, "faces particles"],
    outflux: Float[Array, " particles"],
    grid: RadialGrid,
) -> Float[Array, "nodes particles"]:
    """Rate of change of `theta` in spheres of unit radius by diffusion, with `outflux` leaving at the surface."""
    return accumulation(inward_flux(theta[:-1], theta[1:], D_face, grid), outflux, grid.volumes)
