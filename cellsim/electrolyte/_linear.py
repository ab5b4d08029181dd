"""Small symmetric positive-definite systems, one at every point.

An electrolyte has a handful of species and a cell has many points, so the elimination is written out over the species
and each of its operations goes over all points at once. No pivots are needed where a matrix is positive definite.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float


def solved(A: Float[Array, "*point n n"], b: Float[Array, "*point n columns"]) -> Float[Array, "*point n columns"]:
    """A^-1 b for symmetric positive-definite matrices `A`."""
    n = A.shape[-1]
    rows = [jnp.concatenate([A[..., i, :], b[..., i, :]], axis=-1) for i in range(n)]
    for i in range(n):
        rows[i] = rows[i] / rows[i][..., i : i + 1]
        rows = [row if k == i else row - row[..., i : i + 1] * rows[i] for k, row in enumerate(rows)]
    return jnp.stack(rows, axis=-2)[..., n:]


def inverse(A: Float[Array, "*point n n"]) -> Float[Array, "*point n n"]:
    """A^-1 for symmetric positive-definite matrices `A`."""
    return solved(A, jnp.broadcast_to(jnp.eye(A.shape[-1]), A.shape))


def diagonal(x: Float[Array, "*point n"]) -> Float[Array, "*point n n"]:
    """Matrices with `x` on their diagonals."""
    return x[..., None] * jnp.eye(x.shape[-1])
