"""Second-order finite-volume operators on lines and spheres."""

import jax.numpy as jnp
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
    left, right = resistance[:-1], resistance[1:]
    return (x[:-1] * right + x[1:] * left) / (left + right)


def difference(x: Float[Array, " cells"]) -> Float[Array, " faces"]:
    """Change from each cell to the next."""
    return x[1:] - x[:-1]


def mean(x: Float[Array, " cells"]) -> Float[Array, " faces"]:
    """Mean of each cell's value and the next."""
    return 0.5 * (x[1:] + x[:-1])


def divergence(flux: Float[Array, " faces"], width: Float[Array, " cells"]) -> Float[Array, " cells"]:
    """Net outflow per volume, with closed ends; `flux` is on the inner faces. Sums to zero exactly over the line."""
    return jnp.diff(flux, prepend=0.0, append=0.0) / width


def sphere_accumulation(
    theta: Float[Array, "nodes particles"],
    D_face: Float[Array, "faces particles"],
    outflux: Float[Array, " particles"],
    grid: RadialGrid,
) -> Float[Array, "nodes particles"]:
    """Rate of change of `theta` in spheres of unit radius by diffusion, with `outflux` leaving at the surface."""
    inward = D_face * (theta[1:] - theta[:-1]) * grid.conductances[:, None]
    gained = jnp.concatenate([inward, -outflux[None]]) - jnp.concatenate([jnp.zeros_like(outflux)[None], inward])
    return gained / grid.volumes[:, None]
