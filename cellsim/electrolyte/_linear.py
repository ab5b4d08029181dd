"""Small symmetric positive-definite systems, one at every point.

An electrolyte has a handful of species and a cell has many points, so the elimination is written out over the species
and each of its operations goes over all points at once. No pivots are needed where a matrix is positive definite.
"""

from collections.abc import Sequence

import jax.numpy as jnp
from jaxtyping import Array, Float


def solved(A: Sequence[Sequence[Array]], b: Sequence[Array]) -> list[Array]:
    """The x with A x = b, entries of the symmetric positive-definite `A` and of `b` being arrays over points."""
    rows = [[*row, right] for row, right in zip(A, b, strict=True)]
    n = len(rows)
    for i in range(n):  # elimination downwards, then upwards
        for k in range(i + 1, n):
            ratio = rows[k][i] / rows[i][i]
            rows[k] = [below - ratio * above for below, above in zip(rows[k], rows[i], strict=True)]
    x: list[Array] = []
    for i in reversed(range(n)):
        known = [rows[i][j] * x[n - 1 - j] for j in range(i + 1, n)]
        x.append((rows[i][n] - sum(known)) / rows[i][i])
    return x[::-1]


def inverse(A: Float[Array, "*point n n"]) -> Float[Array, "*point n n"]:
    """A^-1 for symmetric positive-definite matrices `A`."""
    n = A.shape[-1]
    entries = [[A[..., i, j, None] for j in range(n)] for i in range(n)]
    return jnp.stack(solved(entries, list(jnp.eye(n))), axis=-2)


def diagonal(x: Float[Array, "*point n"]) -> Float[Array, "*point n n"]:
    """Matrices with `x` on their diagonals."""
    return x[..., None] * jnp.eye(x.shape[-1])
