"""A vector field with its Jacobian, and sums of states."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array

from cellsim.discretisation.jacobian import Jacobian, by_colours
from cellsim.discretisation.layout import Layout, State


class Field(NamedTuple):
    """A vector field `rate(t, y, args)` with its Jacobian. Hashable: part of what a compiled program is keyed by.

    `jacobian(t, y, args)` gives d rate / dy, and d rate / dt or None where time does not appear. Without it both are
    found by directional derivatives, one a colour of the layout. `contracted(t, y, args, mus, ks)` is a number whose
    gradient in `t`, `y` and `args` is that of sum_i mu_i . J k_i; without it the products are differentiated. `varies`
    says whether time appears in the rate.
    """

    rate: Callable[[Any, State, Any], State]
    jacobian: Callable[[Any, State, Any], tuple[Jacobian, State | None]] | None = None
    contracted: Callable[[Any, State, Any, State, State], Array] | None = None
    varies: bool = False

    def linear_part(self, t: Array, y: State, args: Any, layout: Layout) -> tuple[Jacobian, State | None]:
        """d rate / dy and d rate / dt."""
        if self.jacobian is not None:
            return self.jacobian(t, y, args)
        _, push = jax.linearize(lambda t, y: self.rate(t, y, args), t, y)
        still, stop = jax.tree.map(jnp.zeros_like, y), jnp.zeros_like(t)
        return by_colours(lambda direction: push(stop, direction), layout), push(jnp.ones_like(t), still)


def weighted(weights: Array, parts: State) -> State:
    """Sum over the leading axis of `parts` with `weights`; written out, which makes it one pass over memory."""
    return jax.tree.map(lambda x: sum((weights[j] * x[j] for j in range(1, len(x))), weights[0] * x[0]), parts)


def plus(*terms: State) -> State:
    return jax.tree.map(lambda *xs: sum(xs[1:], xs[0]), *terms)


def times(factor: Array, y: State | None) -> State:
    return jax.tree.map(lambda x: factor * x, y)


def filled(x: Any, dx: Any) -> Any:
    """The tangent `dx` of `x`, zero where there is none."""
    fill = lambda x, dx: jnp.zeros_like(x) if dx is None and x is not None else dx
    return jax.tree.map(fill, x, dx, is_leaf=lambda x: x is None)


def put(rows: State, new: State, i: Array) -> State:
    """`rows` with `new` as number `i`."""
    return jax.tree.map(lambda xs, x: lax.dynamic_update_index_in_dim(xs, x, i, 0), rows, new)


def tied(values: Any, moving: Any) -> Any:
    """`values`, which JAX takes for functions of the numbers of `moving`. What a loop carries then moves, and is mapped
    over, from its first pass on; otherwise JAX traces the body of the loop again to find that out."""
    some = next(x for x in jax.tree.leaves(moving) if x.size).ravel()[0]
    return jax.tree.map(lambda x: jnp.where(jnp.asarray(True), x, some.astype(x.dtype)), values)
