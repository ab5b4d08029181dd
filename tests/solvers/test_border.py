"""A border, unknowns of the whole and a feedback, is eliminated exactly."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from cellsim.discretisation.jacobian import Border, Tips, product
from cellsim.discretisation.layout import Layout, State
from cellsim.solvers import structured

LAYOUTS = {"a cell": Layout(2, 7, 4, (0, 1, 5, 6)), "a line alone": Layout(3, 6)}
P = jnp.asarray([6.0, 0.4])
# unknowns of the border, which of them (and of the feedback, counted last) act on the inner ones, is there a feedback
CASES = [(1, (0,), False), (0, (0,), True), (2, (2,), True), (3, (0, 3), True), (2, (), False)]


@pytest.fixture(scope="module", params=LAYOUTS)
def inner(request, make_problem):
    layout = LAYOUTS[request.param]
    problem = make_problem(layout, seed=5)
    return layout, problem.y0, problem.jacobian(P)


def bordered(layout, y0, jac, case):
    """The Jacobian with a random border, one of its states, and the dense matrix."""
    unknowns, acting, feeds_back = case
    sigma = unknowns + feeds_back
    rng = np.random.default_rng(unknowns + 10 * len(acting))
    stacked = lambda count: jax.tree.map(lambda x: 0.3 * rng.normal(size=(count, *x.shape)), y0)
    rows = stacked(sigma)
    rows.fibre[:, :-1] = 0.0  # of a fibre only the tip acts
    corner = 0.3 * rng.normal(size=(sigma, sigma))
    if feeds_back:  # a feedback does not depend on itself
        corner[-1, -1] = 0.0
    columns, line, tip, corner = jax.tree.map(jnp.asarray, (stacked(len(acting)), rows.line, rows.fibre[:, -1], corner))
    border = Border(columns, Tips(line, tip), corner, acting, feeds_back)
    y = State(y0.line, y0.fibre, jnp.asarray(rng.normal(size=unknowns)))

    flat = lambda rows: np.concatenate([np.asarray(x).reshape(len(x), -1) for x in (rows.line, rows.fibre)], axis=1)
    numbers, unravel = ravel_pytree(y0)
    of_one = lambda d: ravel_pytree(product(jac, unravel(d), layout))[0]
    layout_free = np.asarray(jax.jit(jax.vmap(of_one))(np.eye(numbers.size))).T
    size = len(layout_free)
    whole = np.zeros((size + sigma, size + sigma))
    whole[:size, :size] = layout_free
    for k, place in enumerate(acting):
        whole[:size, size + place] = flat(border.columns)[k]
    whole[size:, :size] = flat(rows)
    whole[size:, size:] = border.corner
    if feeds_back:  # put what the feedback is in its place
        kept = np.delete(np.arange(size + sigma), size + sigma - 1)
        whole = whole[np.ix_(kept, kept)] + np.outer(whole[kept, -1], whole[-1, kept])
    return dataclasses.replace(jac, border=border), y, whole


@pytest.mark.parametrize("case", CASES)
def test_product_and_both_solutions_are_the_dense_ones(inner, case, flat):
    layout, y0, jac = inner
    jac, y, whole = bordered(layout, y0, jac, case)
    b = flat(y)
    shift = 60.0

    @jax.jit
    def found(jac, y):
        known = structured.factors(jac, jnp.asarray(shift), layout)
        solutions = (structured.solve(known, y, layout), structured.solve_transposed(known, y, layout))
        return (product(jac, y, layout), *solutions)

    moved, x, transposed = map(flat, found(jac, y))
    matrix = shift * np.eye(len(whole)) - whole
    np.testing.assert_allclose(moved, whole @ b, rtol=1e-12, atol=1e-12)
    for solution, system in ((x, matrix), (transposed, matrix.T)):
        exact = np.linalg.solve(system, b)
        assert np.linalg.norm(solution - exact) < 1e-12 * np.linalg.norm(exact)


def test_many_bordered_systems_are_solved_as_one_by_one(inner):
    layout, y0, jac = inner
    jac, y, _ = bordered(layout, y0, jac, CASES[3])
    one = jax.jit(lambda shift: structured.solve(structured.factors(jac, jnp.asarray(shift), layout), y, layout))
    shifts = np.array([40.0, 5e2, 1e4])
    together = jax.jit(jax.vmap(one))(shifts)
    for k, shift in enumerate(shifts):
        for several, each in zip(jax.tree.leaves(together), jax.tree.leaves(one(shift)), strict=True):
            np.testing.assert_allclose(several[k], each, rtol=1e-12, atol=1e-15)
