"""A border, unknowns of the whole and a feedback, is eliminated exactly."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from cellsim.discretisation.jacobian import Border, Tips, by_colours, product
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
    _, push = jax.linearize(lambda y: problem(0.1, y, P), problem.y0)
    return layout, problem.y0, by_colours(push, layout)


def bordered(y0, jac, case):
    """The Jacobian with a random border, one of its states, and the dense matrix."""
    unknowns, acting, feeds_back = case
    sigma = unknowns + feeds_back
    rng = np.random.default_rng(unknowns + 10 * len(acting))
    stacked = lambda count: jax.tree.map(lambda x: jnp.asarray(0.3 * rng.normal(size=(count, *x.shape))), y0)
    at_tips = lambda rows: State(rows.line, jnp.zeros_like(rows.fibre).at[:, -1].set(rows.fibre[:, -1]))
    rows = at_tips(stacked(sigma))
    corner = jnp.asarray(0.3 * rng.normal(size=(sigma, sigma)))
    border = Border(stacked(len(acting)), Tips(rows.line, rows.fibre[:, -1]), corner, acting, feeds_back)
    if feeds_back:  # a feedback does not depend on itself
        border = dataclasses.replace(border, corner=border.corner.at[-1, -1].set(0.0))
    y = State(y0.line, y0.fibre, jnp.asarray(rng.normal(size=unknowns)))

    flat = lambda rows: np.concatenate([np.asarray(x).reshape(len(x), -1) for x in (rows.line, rows.fibre)], axis=1)
    directions = jnp.eye(ravel_pytree(y0)[0].size)
    unravel = ravel_pytree(y0)[1]
    layout_free = jax.vmap(lambda d: ravel_pytree(product(jac, unravel(d), bordered.layout))[0])(directions).T
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
def test_product_and_both_solutions_are_the_dense_ones(inner, case):
    layout, y0, jac = inner
    bordered.layout = layout
    jac, y, whole = bordered(y0, jac, case)
    b, unravel = ravel_pytree(y)
    shift = jnp.asarray(60.0)

    @jax.jit
    def found(jac, y):
        known = structured.factors(jac, shift, layout)
        solutions = (structured.solve(known, y, layout), structured.solve_transposed(known, y, layout))
        return (product(jac, y, layout), *solutions)

    moved, x, transposed = (np.asarray(ravel_pytree(each)[0]) for each in found(jac, y))
    matrix = shift * np.eye(len(whole)) - whole
    np.testing.assert_allclose(moved, whole @ np.asarray(b), rtol=1e-12, atol=1e-12)
    for solution, system in ((x, matrix), (transposed, matrix.T)):
        exact = np.linalg.solve(system, np.asarray(b))
        assert np.linalg.norm(solution - exact) < 1e-12 * np.linalg.norm(exact)


def test_many_bordered_systems_are_solved_as_one_by_one(inner):
    layout, y0, jac = inner
    bordered.layout = layout
    jac, y, _ = bordered(y0, jac, CASES[3])
    one = lambda shift: structured.solve(structured.factors(jac, jnp.asarray(shift), layout), y, layout)
    shifts = jnp.asarray([40.0, 5e2, 1e4])
    together = jax.jit(jax.vmap(one))(shifts)
    for k, shift in enumerate(shifts):
        for several, each in zip(jax.tree.leaves(together), jax.tree.leaves(one(shift)), strict=True):
            np.testing.assert_allclose(several[k], each, rtol=1e-12, atol=1e-15)
