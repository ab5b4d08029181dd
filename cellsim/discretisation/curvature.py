"""How the Jacobian of rates made of laws changes, seen from both sides: the gradient of sum_i mu_i . J k_i.

The Jacobian is a chain of the slopes of laws at a point. Its change is the sum of the changes of each law's slopes,
between what the directions k are by then (pushed forwards through the laws before) and what the multipliers mu are by
then (pulled back through the laws after), both held. At a point, the sum over all pairs is one direction for each
result of a law: so one directional derivative a result, of a law at a point, holds what is asked, whatever the number
of pairs and the size of the Jacobian.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array

from cellsim.discretisation import operators as op
from cellsim.discretisation.layout import Layout, State
from cellsim.discretisation.local import Fields, Laws, at_fibres, beside, slopes

Pairs = list[Array]  # one array an argument or a result of a law, the pairs (mu_i, k_i) on the first axis


def contracted(laws: Laws, y: State, mus: State, ks: State, layout: Layout) -> Array:
    """A number whose gradient in `y`, and in what the laws are made of, is that of sum_i mu_i . J k_i; `mus` and `ks`
    are stacked along a leading axis."""
    fields = layout.fields
    held = lax.stop_gradient
    exchange = lambda *x: laws.exchange(x[:fields], x[fields])
    of_fibres = at_fibres(y, layout)
    exchanges = exchange(*of_fibres)
    here = (*y.line, *(laws.added(e, layout) for e in exchanges))
    across = lambda *x: laws.across(x[: len(here)], x[len(here) :])
    at_faces = tuple(part for side in beside(here) for part in side)
    outflow = tuple(op.outflow(f) for f in across(*at_faces))
    at = lambda *x: laws.at(x[: len(here)], x[len(here) :])
    at_cells = (*here, *outflow)
    leaving = lambda *x: (laws.leaving(x),)
    along = lambda *x: (laws.along(*x),)
    at_steps = (y.fibre[:-1], y.fibre[1:])
    exchange_by, across_by, at_by, leaving_by = (
        held(slopes(law, x))
        for law, x in ((exchange, of_fibres), (across, at_faces), (at, at_cells), (leaving, exchanges))
    )

    # forwards: the directions
    k_tip = ks.fibre[:, -1]
    k_line = list(jnp.moveaxis(ks.line, 1, 0))
    k_fibres = [*(layout.at_hosts(k) for k in k_line), k_tip]
    k_exchanges = _pushed(exchange_by, k_fibres)
    k_here = [*k_line, *(laws.added(k, layout) for k in k_exchanges)]
    k_faces = [x[:, :-1] for x in k_here] + [x[:, 1:] for x in k_here]
    k_cells = [*k_here, *(jnp.diff(f, prepend=0.0, append=0.0) for f in _pushed(across_by, k_faces))]
    k_steps = [ks.fibre[:, :-1], ks.fibre[:, 1:]]

    # backwards: the multipliers
    mu_at = list(jnp.moveaxis(mus.line, 1, 0))
    per_volume = mus.fibre / laws.volumes[:, None]
    mu_leaving, mu_along = [-per_volume[:, -1]], [per_volume[:, :-1] - per_volume[:, 1:]]
    mu_cells = _pulled(at_by, mu_at)
    mu_across = [x[:, :-1] - x[:, 1:] for x in mu_cells[len(here) :]]
    mu_faces = _pulled(across_by, mu_across)
    rise = lambda left, right: jnp.pad(left, ((0, 0), (0, 1))) + jnp.pad(right, ((0, 0), (1, 0)))
    mu_here = [
        m + rise(*sides)
        for m, *sides in zip(mu_cells[: len(here)], mu_faces[: len(here)], mu_faces[len(here) :], strict=True)
    ]
    from_tips = _pulled(leaving_by, mu_leaving)
    mu_added = [layout.at_hosts(m) for m in mu_here[fields:]]
    mu_exchange = [laws.shared(m) + tip for m, tip in zip(mu_added, from_tips, strict=True)]

    def turned(law: Callable[..., Any], x: Fields, mu: Pairs, k: Pairs) -> Any:
        """The sum over results of the change of `law` at `x` along what all pairs make of it."""
        total = jnp.zeros(())
        for result, m in enumerate(mu):
            along_x = tuple(held(jnp.sum(m * d, axis=0)) for d in k)
            total = total + jnp.sum(jax.jvp(law, x, along_x)[1][result])
        return total

    return (
        turned(exchange, of_fibres, mu_exchange, k_fibres)
        + turned(across, at_faces, mu_across, k_faces)
        + turned(at, at_cells, mu_at, k_cells)
        + turned(leaving, exchanges, mu_leaving, k_exchanges)
        + turned(along, at_steps, mu_along, k_steps)
        + _by_shares(laws, mu_added, k_exchanges)
    )


def _by_shares(laws: Laws, mu_added: Pairs, k_exchanges: Pairs) -> Any:
    """The same of the shares with which the exchanges of fibres are added up."""
    if laws.share is None:
        return 0.0
    held = (lax.stop_gradient(jnp.sum(m * k, axis=0)) for m, k in zip(mu_added, k_exchanges, strict=True))
    return sum(jnp.sum(laws.share * x) for x in held)


def _pushed(by: list[Any], k: Pairs) -> Pairs:
    """Changes of a law's results from those of its arguments, by its slopes."""
    results = len(by[0])
    return [sum(slope[r] * d for slope, d in zip(by, k, strict=True)) for r in range(results)]


def _pulled(by: list[Any], mu: Pairs) -> Pairs:
    """The transpose of `_pushed`."""
    return [sum(slope[r] * m for r, m in enumerate(mu)) for slope in by]
