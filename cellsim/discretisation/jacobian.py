"""The Jacobian of a layout: its non-zero entries, its product with a direction, and how to find it by colours."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Inexact

from cellsim.discretisation.layout import Layout, State


class Border(eqx.Module):
    """What the unknowns of the whole, and a feedback, do to a rate: the rim of its Jacobian.

    A feedback is one more quantity on which the rate depends and which itself follows from the unknowns, as the current
    does from the voltage that is held. With sigma the border's unknowns and, last, the feedback:

        d rate(inner) = ... + columns . d sigma          (of those of sigma that act there; the others are not kept)
        d (rate(border), feedback) = rows . d inner + corner . d sigma

    Of the fibres only the tips act on the border and on the feedback.

    More axes may follow: those of many Jacobians at once.
    """

    columns: State  # (acting, ...)
    rows: "Tips"  # (sigma, ...)
    corner: Inexact[Array, "sigma sigma *many"]
    acting: tuple[int, ...] = eqx.field(static=True)
    feeds_back: bool = eqx.field(static=True)

    @property
    def unknowns(self) -> int:
        """Of the border, the feedback not counted."""
        return int(self.corner.shape[0]) - self.feeds_back


class Tips(eqx.Module):
    """Rows of numbers, one for every unknown of the line and for the tip of every fibre."""

    line: Inexact[Array, "rows fields nodes *many"]
    tip: Inexact[Array, "rows fibres *many"]


class Jacobian(eqx.Module):
    """The non-zero entries of a layout's Jacobian. `line_*[a, b, n]` is d rate(a, n) / d field(b, n-1 | n | n+1).

    More axes may follow: those of many Jacobians at once.
    """

    line_left: Inexact[Array, "fields fields nodes *many"]
    line_here: Inexact[Array, "fields fields nodes *many"]
    line_right: Inexact[Array, "fields fields nodes *many"]
    fibre_below: Inexact[Array, "depth fibres *many"]
    fibre_here: Inexact[Array, "depth fibres *many"]
    fibre_above: Inexact[Array, "depth fibres *many"]
    tip_by_line: Inexact[Array, "fields fibres *many"]  # d rate(tip) / d fields of the host
    # d rate(fields of the node before, of the host, of the one after) / d tip
    line_by_tip: Inexact[Array, "3 fields fibres *many"]
    border: Border | None = None


def along(columns: State, x: State) -> Array:
    """The products of `columns` (stacked in front) with `x`, (columns, *many)."""
    each = lambda column, x: jnp.sum(column * x, axis=(1, 2))
    return each(columns.line, x.line) + each(columns.fibre, x.fibre)


def seen(rows: Tips, x: State) -> Array:
    """The products of `rows` with `x`, (rows, *many)."""
    return jnp.sum(rows.line * x.line, axis=(1, 2)) + jnp.sum(rows.tip * x.fibre[-1:], axis=1)


def added_at_tips(x: State, rows: Tips, factors: Array) -> State:
    """`x` and the sum of `rows`, each times its factor."""
    of = lambda rows: sum((rows[k] * factors[k] for k in range(1, len(rows))), rows[0] * factors[0])
    fibre = x.fibre.at[-1].add(of(rows.tip)) if x.fibre.size else x.fibre
    return State(x.line + of(rows.line), fibre)


def combined(columns: State, factors: Array) -> State:
    """The sum of `columns` (stacked in front), each times its factor."""
    of = lambda x: sum((x[k] * factors[k] for k in range(1, len(x))), x[0] * factors[0])
    return State(of(columns.line), of(columns.fibre))


def applied(matrix: Array, x: Array) -> Array:
    """A small matrix (rows, columns, *many) times a vector (columns, *many), written out."""
    return sum((matrix[:, k] * x[k] for k in range(1, len(x))), matrix[:, 0] * x[0])


def _shifted(x: Array, by: int, axis: int) -> Array:
    """`x` moved by one place along `axis`, up for +1 and down for -1; zero comes in."""
    kept = lax.slice_in_dim(x, 0, -1, axis=axis) if by > 0 else lax.slice_in_dim(x, 1, None, axis=axis)
    widths = [(0, 0)] * x.ndim
    widths[axis] = (1, 0) if by > 0 else (0, 1)
    return jnp.pad(kept, widths)


def spread(by_tip: Inexact[Array, "3 fields fibres *many"], layout: Layout) -> tuple[Array, Array, Array]:
    """What tips do to the line, (fields, nodes, *many): that of the node after, of the node itself, and of the one
    before."""
    after, own, before = (layout.at_nodes(x, axis=1) for x in by_tip)
    return _shifted(after, -1, axis=1), own, _shifted(before, 1, axis=1)


def product(jac: Jacobian, x: State, layout: Layout) -> State:
    """The Jacobian times the direction `x`; many at once along axes that follow."""
    line, fibre = x.line, x.fibre
    before, after = _shifted(line, 1, axis=1), _shifted(line, -1, axis=1)
    by_line = [
        jac.line_left[:, b] * before[b] + jac.line_here[:, b] * line[b] + jac.line_right[:, b] * after[b]
        for b in range(layout.fields)
    ]
    hosts = layout.at_hosts(line, axis=1)
    tips = sum((jac.tip_by_line[b] * hosts[b] for b in range(1, layout.fields)), jac.tip_by_line[0] * hosts[0])
    down = jac.fibre_below * _shifted(fibre, 1, axis=0) + jac.fibre_here * fibre
    down = down + jac.fibre_above * _shifted(fibre, -1, axis=0)
    below_tip = [(layout.depth - 1, 0)] + [(0, 0)] * (fibre.ndim - 1)
    inner = State(
        sum((*by_line[1:], *spread(jac.line_by_tip * fibre[-1], layout)), by_line[0]),
        down + jnp.pad(tips[None], below_tip),
    )
    return inner if jac.border is None else _with_border(jac.border, x, inner)


def _with_border(border: Border, x: State, inner: State) -> State:
    """The product of the whole from that of what is within the border."""
    sigma = x.border
    assert sigma is not None
    by_inner = seen(border.rows, x)
    if border.feeds_back:
        feedback = by_inner[-1] + applied(border.corner[-1:, :-1], sigma)[0] if len(sigma) else by_inner[-1]
        sigma = jnp.concatenate([sigma, feedback[None]])
    outer = (by_inner + applied(border.corner, sigma))[: border.unknowns]
    if border.acting:
        added = combined(border.columns, sigma[np.asarray(border.acting)])
        inner = State(inner.line + added.line, inner.fibre + added.fibre)
    return State(inner.line, inner.fibre, outer)


def by_colours(push: Callable[[State], State], layout: Layout) -> Jacobian:
    """The Jacobian whose product with a direction is `push`; one product a colour."""
    seeds = layout.seeds()
    out = jax.vmap(push)(seeds)
    fields, nodes = layout.fields, layout.nodes
    host = np.asarray(layout.host, dtype=int)

    of_fields, of_tips = slice(None, 3 * fields), slice(3 * fields, None)
    tip_colour = layout.tip_colour_masks()
    by_field = out.line[of_fields].reshape(fields, 3, fields, nodes)  # column field, colour, row field, row node
    colour_of = np.arange(nodes) % 3

    def neighbour(offset: int) -> Array:
        pick = np.stack([(colour_of + offset) % 3 == k for k in range(3)]).astype(float)
        exists = (np.arange(nodes) + offset >= 0) & (np.arange(nodes) + offset < nodes)
        return jnp.einsum("bkan,kn->abn", by_field, pick * exists)

    masks = layout.fibre_colour_masks()
    inner = out.fibre[:3]  # the colours of field 0, on which the inner unknowns ride

    def down(offset: int) -> Array:
        """d rate(k) / d value(k + offset), from the colour of the column, the tip's column from its own colour."""
        column = np.zeros_like(masks)
        tip = np.zeros(masks.shape[1:])
        rows = np.arange(layout.depth)
        valid = (rows + offset >= 0) & (rows + offset < layout.depth)
        column[:, valid] = masks[:, rows[valid] + offset]
        tip[valid & (rows + offset == layout.depth - 1)] = 1.0
        return jnp.sum(inner * column, axis=0) + jnp.sum(out.fibre[of_tips] * tip_colour[:, None, :], axis=0) * tip

    def beside(offset: int) -> Array:
        """d rate(host + offset) / d tip, from the colour of the tip."""
        exists = (host + offset >= 0) & (host + offset < nodes)
        rows = out.line[of_tips][:, :, np.clip(host + offset, 0, nodes - 1)]
        return jnp.sum(rows * (tip_colour * exists)[:, None, :], axis=0)

    tip_rows = out.fibre[of_fields, -1].reshape(fields, 3, len(host))
    host_colour = np.stack([host % 3 == k for k in range(3)]).astype(float)
    return Jacobian(
        line_left=neighbour(-1),
        line_here=neighbour(0),
        line_right=neighbour(1),
        fibre_below=down(-1),
        fibre_here=down(0),
        fibre_above=down(1),
        tip_by_line=jnp.sum(tip_rows * host_colour, axis=1),
        line_by_tip=jnp.stack([beside(-1), beside(0), beside(1)]),
    )
