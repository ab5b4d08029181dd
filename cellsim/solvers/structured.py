"""Linear algebra of a layout: exact elimination of (shift I - J).

Each fibre is tridiagonal and is eliminated up to its tip; what is left of the tips joins the blocks of the line, which
is block-tridiagonal. Work and memory are linear in the number of unknowns. A solve is linear in its right-hand side and
made of scans, so JAX transposes it, which is what reverse-mode differentiation needs.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from cellsim.discretisation.jacobian import Jacobian, spread
from cellsim.discretisation.layout import Layout, State


# Unknowns a pass of a loop: the chain of dependent operations then waits less for memory.
LINE_PASS, FIBRE_PASS = 4, 5


class Factors(eqx.Module):
    """(shift I - J) eliminated: what a solve needs."""

    fibre_below: Float[Array, "depth fibres"]
    fibre_pivot: Float[Array, "depth fibres"]  # reciprocals
    fibre_above: Float[Array, "depth fibres"]  # above over pivot
    tip_by_line: Float[Array, "fields fibres"]
    line_by_tip: Float[Array, "3 fields fibres"]
    line_left: Float[Array, "nodes fields fields"]
    line_pivot: Float[Array, "nodes fields fields"]  # inverses
    line_right: Float[Array, "nodes fields fields"]  # inverse pivot times right block


def _product(a: Array, b: Array) -> Array:
    """Product of small matrices, written out so that a loop over nodes stays one kernel."""
    return jnp.sum(a[:, :, None] * b[None, :, :], axis=1)


def _applied(a: Array, x: Array) -> Array:
    return jnp.sum(a * x[None, :], axis=1)


def _inverse(a: Array) -> Array:
    """Inverse of one small matrix by Gauss-Jordan elimination; the pivots of a line block do not vanish."""
    size = a.shape[0]
    if size == 2:
        det = 1.0 / (a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0])
        return jnp.stack([jnp.stack([a[1, 1], -a[0, 1]]), jnp.stack([-a[1, 0], a[0, 0]])]) * det
    work = jnp.concatenate([a, jnp.eye(size)], axis=1)
    for k in range(size):
        row = work[k] / work[k, k]
        work = work - work[:, k, None] * row[None, :]
        work = work.at[k].set(row)
    return work[:, size:]


def factors(jac: Jacobian, shift: Float[Array, ""], layout: Layout) -> Factors:
    """Eliminates (shift I - J) for a Jacobian J [1/s] and a positive shift [1/s]."""
    def up_the_fibre(above: Array, row: tuple[Array, Array, Array]) -> tuple[Array, tuple[Array, Array]]:
        below, here, next_above = row
        pivot = 1.0 / (here - below * above)
        above = pivot * next_above
        return above, (pivot, above)

    below, above = -jac.fibre_below, -jac.fibre_above
    start = jnp.zeros_like(below[0])
    _, (pivot, above) = lax.scan(up_the_fibre, start, (below, shift - jac.fibre_here, above))

    eye = jnp.eye(layout.fields)
    tips = jac.line_by_tip[:, :, None, :] * jac.tip_by_line[None, None, :, :] * pivot[-1]
    by_next, by_own, by_previous = spread(tips, layout)
    here = shift * eye[:, :, None] - jac.line_here - by_own

    def along_the_line(right: Array, block: tuple[Array, Array, Array]) -> tuple[Array, tuple[Array, Array]]:
        left, here, next_right = block
        pivot = _inverse(here - _product(left, right))
        right = _product(pivot, next_right)
        return right, (pivot, right)

    first = lambda blocks: jnp.moveaxis(blocks, -1, 0)
    left, right = first(-jac.line_left - by_previous), first(-jac.line_right - by_next)
    _, (line_pivot, right) = lax.scan(along_the_line, jnp.zeros_like(eye), (left, first(here), right), unroll=LINE_PASS)
    return Factors(below, pivot, above, jac.tip_by_line, jac.line_by_tip, left, line_pivot, right)


def solve(known: Factors, b: State, layout: Layout) -> State:
    """The x of (shift I - J) x = b; linear in `b`."""
    def up_the_fibre(value: Array, row: tuple[Array, Array, Array]) -> tuple[Array, Array]:
        below, pivot, right_side = row
        value = pivot * (right_side - below * value)
        return value, value

    _, reduced = lax.scan(up_the_fibre, jnp.zeros_like(b.fibre[0]), (known.fibre_below, known.fibre_pivot, b.fibre), unroll=FIBRE_PASS)
    line = sum(spread(known.line_by_tip * reduced[-1], layout), b.line)

    def along_the_line(value: Array, block: tuple[Array, Array, Array]) -> tuple[Array, Array]:
        left, pivot, right_side = block
        value = _applied(pivot, right_side - _applied(left, value))
        return value, value

    _, line = lax.scan(along_the_line, jnp.zeros(layout.fields), (known.line_left, known.line_pivot, line.T), unroll=LINE_PASS)

    def back_along_the_line(value: Array, block: tuple[Array, Array]) -> tuple[Array, Array]:
        partial, right = block
        value = partial - _applied(right, value)
        return value, value

    _, line = lax.scan(back_along_the_line, jnp.zeros(layout.fields), (line, known.line_right), reverse=True, unroll=LINE_PASS)
    line = line.T

    tip = reduced[-1] + known.fibre_pivot[-1] * jnp.sum(known.tip_by_line * layout.at_hosts(line), axis=0)

    def down_the_fibre(value: Array, row: tuple[Array, Array]) -> tuple[Array, Array]:
        partial, above = row
        value = partial - above * value
        return value, value

    _, inner = lax.scan(down_the_fibre, tip, (reduced[:-1], known.fibre_above[:-1]), reverse=True, unroll=FIBRE_PASS)
    return State(line, jnp.concatenate([inner, tip[None]]))
