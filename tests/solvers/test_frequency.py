"""The response at a frequency is that of dense complex linear algebra, and so are its derivatives."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree
from jax.test_util import check_grads

from cellsim.discretisation.jacobian import Border, Tips, product
from cellsim.discretisation.layout import Layout, State
from cellsim.solvers.frequency import Linear, transfer

LAYOUTS = {
    "a cell": Layout(2, 7, 4, (0, 1, 2, 5, 6)),
    "several fibres on a node": Layout(3, 5, 4, (0, 1, 0, 1, 4)),
    "a line alone": Layout(2, 6),
    "a cell with a border": Layout(2, 7, 4, (0, 1, 5, 6)),
}
P = jnp.asarray([6.0, 0.4])
OMEGA = np.array([1e-3, 0.3, 40.0, 1e5])


def random_linear(layout, make_problem, border):
    """A random system of two inputs and three outputs."""
    problem = make_problem(layout, seed=3)
    J = problem.jacobian(P)
    rng = np.random.default_rng(8)
    stacked = lambda count, like: jax.tree.map(lambda x: jnp.asarray(rng.normal(size=(count, *x.shape))), like)
    y = problem.y0
    if border:
        rows = stacked(border, y)
        inner = stacked(border, y), Tips(rows.line, rows.fibre[:, -1]), jnp.asarray(rng.normal(size=(border, border)))
        J = dataclasses.replace(J, border=Border(*inner, tuple(range(border)), False))
        y = State(y.line, y.fibre, jnp.zeros(border))
    return Linear(J, stacked(2, y), stacked(3, y), jnp.asarray(rng.normal(size=(3, 2)))), y


@pytest.fixture(scope="module", params=LAYOUTS)
def case(request, make_problem):
    layout = LAYOUTS[request.param]
    return layout, *random_linear(layout, make_problem, 2 * ("border" in request.param))


@pytest.fixture(scope="module")
def bordered(make_problem):
    """The case that has everything."""
    layout = LAYOUTS["a cell with a border"]
    return layout, random_linear(layout, make_problem, 2)[0]


@pytest.fixture(scope="module")
def of_frequencies():
    return jax.jit(jax.vmap(transfer, in_axes=(None, 0, None)), static_argnums=2)


def dense(linear, y, omega, layout):
    flat, unravel = ravel_pytree(y)
    of_one = lambda d: ravel_pytree(product(linear.J, unravel(d), layout))[0]
    J = np.asarray(jax.jit(jax.vmap(of_one))(np.eye(flat.size))).T
    rows = lambda tree: np.concatenate([np.asarray(x).reshape(len(x), -1) for x in jax.tree.leaves(tree)], axis=1)
    x = np.linalg.solve(1j * omega * np.eye(flat.size) - J, rows(linear.B).T)
    return np.asarray(linear.D) + rows(linear.C) @ x


def test_the_response_is_the_dense_one(case, of_frequencies):
    layout, linear, y = case
    found = of_frequencies(linear, OMEGA, layout)
    for omega, G in zip(OMEGA, found, strict=True):
        exact = dense(linear, y, omega, layout)
        assert np.linalg.norm(G - exact) < 1e-11 * np.linalg.norm(exact)


def test_derivatives_in_the_matrices_and_in_the_frequency_are_right_forwards_and_in_reverse(bordered):
    layout, linear = bordered

    def cost(linear, omega):
        G = transfer(linear, omega, layout)
        return jnp.sum(jnp.log(G.real**2 + 2 * G.imag**2)) + jnp.sum(G.real * jnp.array([1.0, -2.0]))

    check_grads(jax.jit(cost), (linear, jnp.asarray(2.0)), 1, modes=("fwd", "rev"), rtol=1e-5)
