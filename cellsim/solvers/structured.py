"""Linear algebra of a layout: exact elimination of W = shift I - J, and solutions with W and with its transpose.

Each fibre is tridiagonal and is eliminated up to its tip; what is left of the tips joins the blocks of the line, which
is block-tridiagonal. A border of a few unknowns of the whole is eliminated last, as a small matrix. Work and memory are
linear in the number of unknowns. Several systems at once (tangents, cells)
are solved with their number as the innermost axis, on which vector units work, whatever axis JAX maps over. With a
shift on the imaginary axis all of it is complex: the response at a frequency.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.custom_batching import custom_vmap
from jaxtyping import Array, Inexact

from cellsim.discretisation.jacobian import Border, Jacobian, Tips, added_at_tips, along, applied, combined, seen
from cellsim.discretisation.layout import Layout, State

# Unknowns a pass of a loop: the chain of dependent operations then waits less for memory.
LINE_PASS, FIBRE_PASS = 4, 5


class Factors(eqx.Module):
    """W eliminated: what a solve needs."""

    fibre_below: Inexact[Array, "depth fibres *many"]
    fibre_pivot: Inexact[Array, "depth fibres *many"]  # reciprocals
    fibre_above: Inexact[Array, "depth fibres *many"]  # above over pivot
    tip_by_line: Inexact[Array, "fields fibres *#many"]
    line_by_tip: Inexact[Array, "3 fields fibres *#many"]
    line_left: Inexact[Array, "nodes fields fields *many"]
    line_pivot: Inexact[Array, "nodes fields fields *many"]  # inverses
    line_right: Inexact[Array, "nodes fields fields *many"]  # inverse pivot times right block
    rim: "Rim | None" = None


class Rim(eqx.Module):
    """The border eliminated: with E = [[W, -columns], [-rows, D]] the whole, D the shift (of the feedback 1) less the
    corner."""

    solved_columns: State  # W^-1 columns
    rows: Tips
    inverse: Inexact[Array, "sigma sigma *many"]  # of D - rows W^-1 columns
    acting: tuple[int, ...] = eqx.field(static=True)

    def whole(self, outer: Array) -> Array:
        """Right-hand sides of sigma from those of the border: none for the feedback."""
        return jnp.pad(outer, [(0, self.inverse.shape[0] - len(outer)), *[(0, 0)] * (outer.ndim - 1)])


def innermost(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` of arrays with an innermost axis of systems, as one of a single system that JAX may map over."""

    @custom_vmap
    def one(*arguments: Any) -> Any:
        out = function(*jax.tree.map(lambda x: x[..., None], arguments))
        return jax.tree.map(lambda x: x[..., 0], out)

    @one.def_vmap
    def many(size: int, is_mapped: Any, *arguments: Any) -> tuple[Any, Any]:
        inner = lambda x, mapped: jnp.moveaxis(x, 0, -1) if mapped else x[..., None]
        out = function(*jax.tree.map(inner, tuple(arguments), tuple(is_mapped)))
        widest = lambda x: jnp.broadcast_to(x, (*x.shape[:-1], size))
        return jax.tree.map(lambda x: jnp.moveaxis(widest(x), -1, 0), out), jax.tree.map(lambda _: True, out)

    return one


def _product(a: Array, b: Array) -> Array:
    """Product of small matrices, (row, column, many), written out so that a loop over nodes stays one kernel."""
    return sum((a[:, k, None] * b[None, k] for k in range(1, a.shape[1])), a[:, 0, None] * b[None, 0])


def _applied(a: Array, x: Array) -> Array:
    return sum((a[:, k] * x[k] for k in range(1, a.shape[1])), a[:, 0] * x[0])


def _applied_transposed(a: Array, x: Array) -> Array:
    return sum((a[k] * x[k] for k in range(1, a.shape[0])), a[0] * x[0])


def _inverse(a: Array) -> Array:
    """Inverses of small matrices by Gauss-Jordan elimination; the pivots of a line block do not vanish."""
    size = a.shape[0]
    if size == 2:
        det = 1.0 / (a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0])
        return jnp.stack([jnp.stack([a[1, 1], -a[0, 1]]), jnp.stack([-a[1, 0], a[0, 0]])]) * det
    eye = jnp.broadcast_to(jnp.eye(size)[:, :, None], a.shape)
    work = jnp.concatenate([a, eye], axis=1)
    for k in range(size):
        row = work[k] / work[k, k]
        work = work - work[:, k, None] * row[None]
        work = work.at[k].set(row)
    return work[:, size:]


def _hosts(x: Array, layout: Layout) -> Array:
    """Rows of the hosts, (nodes, ..., many) to (..., fibres, many)."""
    return jnp.moveaxis(layout.at_hosts(x, axis=0), 0, -2)


def _spread(by_tip: Array, layout: Layout) -> tuple[Array, Array, Array]:
    """What tips do to the line, from (3, ..., fibres, many) to three of (nodes, ..., many): from the tip of the node
    after, of the node itself, and of the one before."""
    after, own, before = (jnp.moveaxis(layout.at_nodes(x, axis=-2), -2, 0) for x in by_tip)
    end = [(0, 0)] * (after.ndim - 1)
    return jnp.pad(after[1:], ((0, 1), *end)), own, jnp.pad(before[:-1], ((1, 0), *end))


def factors(jac: Jacobian, shift: Inexact[Array, ""], layout: Layout) -> Factors:
    """Eliminates (shift I - J) for a Jacobian J [1/s] and a shift [1/s] that is positive, or imaginary."""
    jac = _as(jnp.result_type(jac.line_here, shift), jac)

    def all_of(jac: Jacobian, shift: Array) -> Factors:
        core = _factors(jac, shift, layout)
        if jac.border is None:
            return core
        return dataclasses.replace(core, rim=_rim(core, jac.border, shift, layout))

    return innermost(all_of)(jac, jnp.asarray(shift))


def _as(dtype: Any, tree: Any) -> Any:
    """The numbers of `tree` as real or complex ones."""
    return jax.tree.map(lambda x: x.astype(dtype), tree)


def _rim(core: Factors, border: Border, shift: Inexact[Array, " many"], layout: Layout) -> Rim:
    systems = max(x.shape[-1] for x in (core.fibre_pivot, core.line_pivot, border.corner))
    border, shift = jax.tree.map(lambda x: jnp.broadcast_to(x, (*x.shape[:-1], systems)), (border, shift))
    size = border.corner.shape[0]
    own = [shift] * border.unknowns + [jnp.ones_like(shift)] * border.feeds_back
    diagonal = jnp.stack([x * jnp.eye(size)[k][:, None] for k, x in enumerate(own)])
    left = diagonal - border.corner
    columns = border.columns
    if border.acting:
        columns = State(*jax.vmap(lambda x: _within(core, x.line, x.fibre, layout))(columns))
        by_column = jax.vmap(lambda x: seen(border.rows, x), out_axes=1)(columns)
        for k, place in enumerate(border.acting):
            left = left.at[:, place].add(-by_column[:, k])
    return Rim(columns, border.rows, _inverse(left), border.acting)


def _factors(jac: Jacobian, shift: Inexact[Array, " many"], layout: Layout) -> Factors:
    def up_the_fibre(above: Array, row: tuple[Array, Array, Array]) -> tuple[Array, tuple[Array, Array]]:
        below, here, next_above = row
        pivot = 1.0 / (here - below * above)
        above = pivot * next_above
        return above, (pivot, above)

    below, here, above = jnp.broadcast_arrays(-jac.fibre_below, shift - jac.fibre_here, -jac.fibre_above)
    _, (pivot, above) = lax.scan(up_the_fibre, jnp.zeros_like(here[0]), (below, here, above))

    eye = jnp.eye(layout.fields)[:, :, None]
    tips = jac.line_by_tip[:, :, None] * jac.tip_by_line[None, None] * pivot[-1]
    by_next, by_own, by_previous = _spread(tips, layout)
    first = lambda blocks: jnp.moveaxis(blocks, -2, 0)
    blocks = jnp.broadcast_arrays(
        -first(jac.line_left) - by_previous,
        shift * eye - first(jac.line_here) - by_own,
        -first(jac.line_right) - by_next,
    )

    def along_the_line(right: Array, block: tuple[Array, ...]) -> tuple[Array, tuple[Array, Array]]:
        left, here, next_right = block
        pivot = _inverse(here - _product(left, right))
        right = _product(pivot, next_right)
        return right, (pivot, right)

    _, (line_pivot, right) = lax.scan(along_the_line, jnp.zeros_like(blocks[0][0]), tuple(blocks), unroll=LINE_PASS)
    return Factors(below, pivot, above, jac.tip_by_line, jac.line_by_tip, blocks[0], line_pivot, right)


def _loop(step: Callable[..., Any], like: Array, rows: Any, reverse: bool = False, unroll: int = LINE_PASS) -> Array:
    """Values found one from the other along the leading axis of `rows`."""

    def both(value: Array, row: Any) -> tuple[Array, Array]:
        value = step(value, *row)
        return value, value

    return lax.scan(both, jnp.zeros_like(like), rows, reverse=reverse, unroll=unroll)[1]


def solved(known: Factors, b: State, layout: Layout) -> State:
    """The x of W x = b, systems innermost."""
    line, fibre = _within(known, b.line, b.fibre, layout)
    if known.rim is None:
        return State(line, fibre)
    rim = known.rim
    sigma = applied(rim.inverse, rim.whole(_border(b)) + seen(rim.rows, State(line, fibre)))
    if rim.acting:
        added = combined(rim.solved_columns, sigma[np.asarray(rim.acting)])
        line, fibre = line + added.line, fibre + added.fibre
    return State(line, fibre, sigma[: len(_border(b))])


def solved_transposed(known: Factors, b: State, layout: Layout) -> State:
    """The x of W^T x = b, systems innermost."""
    if known.rim is None:
        return State(*_within_transposed(known, b.line, b.fibre, layout))
    rim = known.rim
    outer = rim.whole(_border(b))
    if rim.acting:
        outer = outer.at[np.asarray(rim.acting)].add(along(rim.solved_columns, b))
    sigma = applied(jnp.swapaxes(rim.inverse, 0, 1), outer)
    b_and_rows = added_at_tips(b, rim.rows, sigma)
    inner = _within_transposed(known, b_and_rows.line, b_and_rows.fibre, layout)
    return State(*inner, sigma[: len(_border(b))])


def _border(b: State) -> Array:
    assert b.border is not None
    return b.border


def _within(known: Factors, b_line: Array, b_fibre: Array, layout: Layout) -> tuple[Array, Array]:
    reduced = _loop(
        lambda x, below, pivot, b: pivot * (b - below * x),
        b_fibre[0],
        (known.fibre_below, known.fibre_pivot, b_fibre),
        unroll=FIBRE_PASS,
    )
    line = sum(_spread(known.line_by_tip * reduced[-1], layout), jnp.moveaxis(b_line, 1, 0))
    line = _loop(
        lambda x, left, pivot, b: _applied(pivot, b - _applied(left, x)),
        line[0],
        (known.line_left, known.line_pivot, line),
    )
    line = _loop(lambda x, part, right: part - _applied(right, x), line[0], (line, known.line_right), reverse=True)
    tip = reduced[-1] + known.fibre_pivot[-1] * jnp.sum(known.tip_by_line * _hosts(line, layout), axis=0)

    def down_the_fibre(x: Array, row: tuple[Array, Array]) -> tuple[Array, Array]:
        x = row[0] - row[1] * x
        return x, x

    rows = (reduced[:-1], known.fibre_above[:-1])
    _, inner = lax.scan(down_the_fibre, tip, rows, reverse=True, unroll=FIBRE_PASS)
    return jnp.moveaxis(line, 0, 1), jnp.concatenate([inner, tip[None]])


def _within_transposed(known: Factors, b_line: Array, b_fibre: Array, layout: Layout) -> tuple[Array, Array]:
    """The same elimination read backwards: W = (lower)(upper) turned over."""

    def fibres(b: Array) -> Array:
        shifted = jnp.pad(known.fibre_above[:-1], ((1, 0), (0, 0), (0, 0)))
        partial = _loop(lambda x, above, b: b - above * x, b[0], (shifted, b), unroll=FIBRE_PASS)
        below = jnp.pad(known.fibre_below[1:], ((0, 1), (0, 0), (0, 0)))
        step = lambda x, below, pivot, b: pivot * (b - below * x)
        return _loop(step, b[0], (below, known.fibre_pivot, partial), reverse=True, unroll=FIBRE_PASS)

    pulled = fibres(b_fibre)[-1]
    own = jnp.moveaxis(layout.at_nodes(known.tip_by_line * pulled, axis=-2), -2, 0)
    line = jnp.moveaxis(b_line, 1, 0) + own
    end = ((0, 0),) * 3
    right = jnp.pad(known.line_right[:-1], ((1, 0), *end))
    line = _loop(lambda x, right, b: b - _applied_transposed(right, x), line[0], (right, line))
    left = jnp.pad(known.line_left[1:], ((0, 1), *end))
    step = lambda x, left, pivot, b: _applied_transposed(pivot, b - _applied_transposed(left, x))
    line = _loop(step, line[0], (left, known.line_pivot, line), reverse=True)

    beside = jnp.pad(line, ((1, 1), (0, 0), (0, 0)))
    places = (beside[:-2], line, beside[2:])  # the node before each host, the host, the node after
    tips = [jnp.sum(known.line_by_tip[k] * _hosts(x, layout), axis=0) for k, x in enumerate(places)]
    fibre = fibres(b_fibre.at[-1].add(tips[0] + tips[1] + tips[2]))
    return jnp.moveaxis(line, 0, 1), fibre


def _by(core: Callable[..., State], known: Factors, b: State, layout: Layout) -> State:
    def on_all(known: Factors, b: State) -> State:
        systems = max(x.shape[-1] for x in (known.fibre_pivot, b.line, b.fibre))
        return core(known, jax.tree.map(lambda x: jnp.broadcast_to(x, (*x.shape[:-1], systems)), b), layout)

    return innermost(on_all)(known, _as(jnp.result_type(known.line_pivot, b.line), b))


def solve(known: Factors, b: State, layout: Layout) -> State:
    """The x of (shift I - J) x = b from the factors of the matrix."""
    return _by(solved, known, b, layout)


def solve_transposed(known: Factors, b: State, layout: Layout) -> State:
    """The same with the transpose of the matrix, not conjugated."""
    return _by(solved_transposed, known, b, layout)
