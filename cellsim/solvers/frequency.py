"""The response of a linear system on a layout to an input of one frequency, and its derivatives.

With dx/dt = J x + B u and z = C x + D u, an input u exp(i omega t) gives an output G u exp(i omega t) with

    G = C x + D,    (i omega - J) x = B.

With the adjoint (i omega - J)^T a = C^T the same number is

    G = C x + D + a (B + J x - i omega x),

which neither a change of x nor one of a moves. So the derivative of G in whatever the matrices depend on is that of
this product alone, with x and a as they are: two solutions a frequency, however many parameters there are.
"""

from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Complex, Float

from cellsim.discretisation.jacobian import Jacobian, product
from cellsim.discretisation.layout import Layout, State
from cellsim.solvers import structured


class Linear(eqx.Module):
    """dx/dt = J x + B u, z = C x + D u."""

    J: Jacobian
    B: State  # one an input, stacked in front
    C: State  # one an output
    D: Float[Array, "outputs inputs"]


@partial(jax.custom_jvp, nondiff_argnums=(2,))
def transfer(linear: Linear, omega: Float[Array, ""], layout: Layout) -> Complex[Array, "outputs inputs"]:
    """The outputs that unit inputs of angular frequency `omega` [1/s] give."""
    return linear.D + _products(linear.C, responses(linear, omega, layout))


@transfer.defjvp
def _transfer_jvp(layout: Layout, primals: Any, tangents: Any) -> tuple[Array, Array]:
    linear, omega = primals
    x, adjoint = responses(linear, omega, layout), adjoints(linear, omega, layout)

    def stationary(linear: Linear, omega: Array) -> Array:
        moved = jax.vmap(lambda x: product(linear.J, x, layout))(x)
        missing = jax.tree.map(lambda b, moved, x: b + moved - 1j * omega * x, linear.B, moved, x)
        return linear.D + _products(linear.C, x) + _products(adjoint, missing)

    return jax.jvp(stationary, primals, tangents)


def responses(linear: Linear, omega: Float[Array, ""], layout: Layout) -> State:
    """The x of (i omega - J) x = B, one an input. Differentiable any number of times."""
    return _each(lambda b: _solution(linear.J, omega, b, layout, False), linear.B)


def adjoints(linear: Linear, omega: Float[Array, ""], layout: Layout) -> State:
    """The a of (i omega - J)^T a = C^T, one an output."""
    return _each(lambda c: _solution(linear.J, omega, c, layout, True), linear.C)


@partial(jax.custom_jvp, nondiff_argnums=(3, 4))
def _solution(J: Jacobian, omega: Array, b: State, layout: Layout, is_turned: bool) -> State:
    """The solution with (i omega - J), or with its transpose."""
    known = structured.factors(J, 1j * omega, layout)
    return (structured.solve_transposed if is_turned else structured.solve)(known, b, layout)


@_solution.defjvp
def _solution_jvp(layout: Layout, is_turned: bool, primals: Any, tangents: Any) -> tuple[State, State]:
    J, omega, b = primals
    known = structured.factors(*lax.stop_gradient((J, 1j * omega)), layout)
    solves = [
        lambda _, b: structured.solve(known, b, layout),
        lambda _, b: structured.solve_transposed(known, b, layout),
    ]
    if is_turned:
        solves.reverse()

    def matrix(J: Jacobian, omega: Array, x: State) -> State:
        of = lambda x: jax.tree.map(lambda x, moved: 1j * omega * x - moved, x, product(J, x, layout))
        return jax.linear_transpose(of, b)(x)[0] if is_turned else of(x)

    x = _solution(J, omega, b, layout, is_turned)
    _, moved = jax.jvp(lambda J, omega: matrix(J, omega, x), (J, omega), tangents[:2])
    right = jax.tree.map(lambda b_dot, moved: b_dot - moved, tangents[2], moved)
    return x, lax.custom_linear_solve(lambda x: matrix(J, omega, x), right, *solves)


def _each(function: Any, rows: State) -> State:
    """`function` of every row, as complex numbers; they are few, and stacking leaves systems innermost."""
    count = rows.line.shape[0]
    found = [function(jax.tree.map(lambda x, k=k: x[k] + 0j, rows)) for k in range(count)]
    return jax.tree.map(lambda *xs: jnp.stack(xs), *found)


def _products(rows: State, columns: State) -> Array:
    """Every row times every column."""
    flat = lambda tree: jnp.concatenate([x.reshape(x.shape[0], -1) for x in jax.tree.leaves(tree)], axis=1)
    return flat(rows) @ flat(columns).T
