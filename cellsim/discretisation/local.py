"""Rates that are made of laws at a point, and their Jacobian from the slopes of those laws.

A conservation law on a layout is a flux across every face between two nodes, sources at every node, and a flux between
neighbours along every fibre. Each of these laws acts at its own place alone: entry by entry, its slope in one argument
is one directional derivative, so that the whole Jacobian costs a few evaluations of small laws, whatever the mesh.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from cellsim.discretisation import operators as op
from cellsim.discretisation.jacobian import Jacobian
from cellsim.discretisation.layout import Layout, State

Fields = tuple[Array, ...]  # one array a field, or a flux


class Laws(NamedTuple):
    """What a rate is made of. Every entry of a result may depend on the same entry of the arguments only.

    - `exchange(fields, tip)`: of every fibre, quantities that the balance of its node and the faces beside it both
      need, from the fields at the node and the tip of the fibre;
    - `across(left, right)`: fluxes on the faces between neighbouring nodes, from fields and exchanges on either side,
      those of all fibres of a node added up;
    - `at(here, outflow)`: rates of the fields, from fields, added exchanges and the net outflow of every flux;
    - `leaving(exchanges)`: what leaves the tip of each fibre, from its exchanges;
    - `along(inner, outer)`: flux from each unknown of a fibre to the one below it;
    - `volumes`: (depth,) of the unknowns of a fibre;
    - `share`: (fibres,) what the exchanges of a fibre count for where those of a node are added up; all of it if None.
    """

    exchange: Callable[[Fields, Array], Fields]
    across: Callable[[Fields, Fields], Fields]
    at: Callable[[Fields, Fields], Fields]
    leaving: Callable[[Fields], Array]
    along: Callable[[Array, Array], Array]
    volumes: np.ndarray
    share: Array | None = None

    def added(self, exchange: Array, layout: Layout) -> Array:
        """What the fibres of each node exchange together."""
        return layout.at_nodes(self.shared(exchange))

    def shared(self, x: Array) -> Array:
        """Values of fibres times their shares."""
        return x if self.share is None else self.share * x


def on_a_line(across: Callable[[Fields, Fields], Fields], at: Callable[[Fields, Fields], Fields]) -> Laws:
    """The laws of a layout without fibres."""
    return Laws(lambda fields, tip: (), across, at, lambda exchanges: jnp.zeros(0), lambda inner, _: inner, np.ones(1))


def beside(values: Fields) -> tuple[Fields, Fields]:
    """Values at nodes as those to the left and to the right of every face."""
    return tuple(x[:-1] for x in values), tuple(x[1:] for x in values)


def at_fibres(y: State, layout: Layout) -> Fields:
    """What the exchanges of fibres depend on: the fields at their nodes, and their tips."""
    return (*layout.at_hosts(y.line), y.fibre[-1])


def rate(laws: Laws, y: State, layout: Layout) -> State:
    """d(unknowns)/dt; no flux crosses the ends of the line."""
    *fields, tip = at_fibres(y, layout)
    exchanges = laws.exchange(tuple(fields), tip)
    here = (*y.line, *(laws.added(e, layout) for e in exchanges))
    line = laws.at(here, tuple(op.outflow(f) for f in laws.across(*beside(here))))
    inward = laws.along(y.fibre[:-1], y.fibre[1:])
    return State(jnp.stack(line), op.accumulation(inward, laws.leaving(exchanges), laws.volumes))


def slopes(law: Callable[..., Any], arguments: Fields) -> list[Any]:
    """The derivative of `law` in each of its arguments, entry by entry."""

    def in_one(k: int) -> Any:
        of_one = lambda x: law(*arguments[:k], x, *arguments[k + 1 :])
        return jax.jvp(of_one, (arguments[k],), (jnp.ones_like(arguments[k]),))[1]

    return [in_one(k) for k in range(len(arguments))]


def _sum(terms: list[Any]) -> Any:
    return sum(terms[1:], terms[0])


def jacobian(laws: Laws, y: State, layout: Layout) -> Jacobian:
    """d rate / d unknowns."""
    fields = layout.fields
    of_fibres = at_fibres(y, layout)
    exchange = lambda *x: laws.exchange(x[:fields], x[fields])
    exchanges = exchange(*of_fibres)
    here = (*y.line, *(laws.added(e, layout) for e in exchanges))
    left, right = beside(here)
    outflow = tuple(op.outflow(f) for f in laws.across(left, right))
    given = len(here)

    exchange_by = slopes(exchange, of_fibres)
    flux_by = slopes(lambda *x: laws.across(x[:given], x[given:]), (*left, *right))
    rate_by = slopes(lambda *x: laws.at(x[:given], x[given:]), (*here, *outflow))
    leaving_by = slopes(lambda *x: laws.leaving(x), exchanges)

    # the columns are the fields and the tips, which act by way of the exchanges alone, if there are any; the tips of
    # fibres on one node are apart
    extra = range(fields, given)
    passes = layout.passes if extra else ()
    columns = range(fields + len(passes))
    ends = np.cumsum([0, *(len(each.host) for each in passes)])
    added_by = [[laws.added(e, layout) for e in exchange_by[b]] for b in range(fields)]
    for each, start, stop in zip(passes, ends[:-1], ends[1:], strict=True):
        added_by.append([each.at_nodes(laws.shared(e)[start:stop]) for e in exchange_by[-1]])

    def by_column(slope_in: list[Fields], b: int, k: int, side: slice) -> Array:
        """Slope of result `k` in column `b`, from its slopes in fields and exchanges on one side of the faces."""
        ways = [slope_in[m][k] * added_by[b][m - fields][side] for m in extra]
        return _sum([slope_in[b][k], *ways] if b < fields else ways)

    fluxes = range(len(outflow))
    by_left = [[by_column(flux_by[:given], b, g, slice(None, -1)) for g in fluxes] for b in columns]
    by_right = [[by_column(flux_by[given:], b, g, slice(1, None)) for g in fluxes] for b in columns]
    own = [[by_column(rate_by[:given], b, a, slice(None)) for b in columns] for a in range(fields)]
    as_left = lambda x: jnp.pad(x, (0, 1))  # from faces to the nodes on their left
    as_right = lambda x: jnp.pad(x, (1, 0))

    def through(a: int, b: int, slope: Callable[[int, int], Array]) -> Array:
        """Slope of field `a` in column `b` by way of the outflows, whose own is `slope(b, flux)`."""
        return _sum([rate_by[given + g][a] * slope(b, g) for g in fluxes])

    def table(entry: Callable[[int, int], Array]) -> Array:
        return jnp.stack([jnp.stack([entry(a, b) for b in columns]) for a in range(fields)])

    before = table(lambda a, b: through(a, b, lambda b, g: -as_right(by_left[b][g])))
    after = table(lambda a, b: through(a, b, lambda b, g: as_left(by_right[b][g])))
    at_once = lambda b, g: as_left(by_left[b][g]) - as_right(by_right[b][g])
    middle = table(lambda a, b: own[a][b] + through(a, b, at_once))
    # a tip acts on the node before its host, on its host, and on the node after it
    by_tips = [jnp.zeros((3, fields, 0 if extra else len(layout.host)))]
    for column, each in enumerate(passes, start=fields):
        on_previous = jnp.pad(after[:, column, :-1], ((0, 0), (1, 0)))
        on_next = jnp.pad(before[:, column, 1:], ((0, 0), (0, 1)))
        by_tips.append(each.at_hosts(jnp.stack([on_previous, middle[:, column], on_next])))

    out_by = [
        _sum([slope * e for slope, e in zip(leaving_by, exchange_by[b], strict=True)])
        if extra
        else jnp.zeros(len(layout.host))
        for b in range(fields + 1)
    ]
    by_inner, by_outer = slopes(laws.along, (y.fibre[:-1], y.fibre[1:]))
    share = 1.0 / laws.volumes
    up, down = lambda x: jnp.pad(x, ((0, 1), (0, 0))), lambda x: jnp.pad(x, ((1, 0), (0, 0)))
    at_tip = lambda x: jnp.pad(x[None], ((layout.depth - 1, 0), (0, 0)))
    return Jacobian(
        line_left=before[:, :fields],
        line_here=middle[:, :fields],
        line_right=after[:, :fields],
        fibre_below=-down(by_inner) * share[:, None],
        fibre_here=(up(by_inner) - down(by_outer) - at_tip(out_by[-1])) * share[:, None],
        fibre_above=up(by_outer) * share[:, None],
        tip_by_line=-jnp.stack(out_by[:fields]) * share[-1],
        line_by_tip=jnp.concatenate(by_tips, axis=-1),
    )
