"""The structured elimination is exact: the same numbers as dense linear algebra of the whole Jacobian."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from cellsim.discretisation.jacobian import by_colours, product
from cellsim.discretisation.layout import Layout, State
from cellsim.solvers import structured

LAYOUTS = {
    "one field": Layout(1, 7, 4, (0, 2, 3, 6)),
    "a cell": Layout(2, 9, 5, (0, 1, 2, 6, 7, 8)),
    "three fields": Layout(3, 8, 3, (1, 4, 5, 7)),
    "fibres in any order": Layout(2, 6, 6, (5, 0, 3)),
    "two nodes": Layout(2, 2, 2, (1,)),
    "several fibres on a node": Layout(2, 7, 4, (0, 1, 2, 0, 1, 2, 5, 6, 6)),
    "a line alone": Layout(3, 8),
}
P = jnp.asarray([6.0, 0.4])


@pytest.fixture(scope="module", params=LAYOUTS)
def case(request, make_problem):
    """Structured and dense: Jacobian, solution and transposed solution for one random problem."""
    layout = LAYOUTS[request.param]
    problem = make_problem(layout, seed=list(LAYOUTS).index(request.param))
    _, unravel = ravel_pytree(problem.y0)
    flat_field = lambda v: ravel_pytree(problem(0.1, unravel(v), P))[0]

    @jax.jit
    def found(y, b, shift):
        _, push = jax.linearize(lambda y: problem(0.1, y, P), y)
        jac = by_colours(push, layout)
        known = structured.factors(jac, shift, layout)
        return jac, structured.solve(known, b, layout), structured.solve_transposed(known, b, layout)

    rng = np.random.default_rng(7)
    b = jax.tree.map(lambda x: jnp.asarray(rng.normal(size=x.shape)), problem.y0)
    dense = np.asarray(jax.jit(jax.jacfwd(flat_field))(ravel_pytree(problem.y0)[0]))
    return layout, problem, b, found, dense


def assembled(jac, layout):
    """The dense matrix of a structured Jacobian."""
    line = np.arange(layout.fields * layout.nodes).reshape(layout.fields, layout.nodes)
    fibre = line.size + np.arange(layout.depth * len(layout.host)).reshape(layout.depth, len(layout.host))
    J = np.zeros((layout.size, layout.size))
    for node in range(layout.nodes):
        for offset, blocks in ((-1, jac.line_left), (0, jac.line_here), (1, jac.line_right)):
            if 0 <= node + offset < layout.nodes:
                J[np.ix_(line[:, node], line[:, node + offset])] = blocks[:, :, node]
    for k, node in enumerate(layout.host):
        for offset, entries in ((-1, jac.fibre_below), (0, jac.fibre_here), (1, jac.fibre_above)):
            for depth in range(layout.depth):
                if 0 <= depth + offset < layout.depth:
                    J[fibre[depth, k], fibre[depth + offset, k]] = entries[depth, k]
        J[fibre[-1, k], line[:, node]] = jac.tip_by_line[:, k]
        for offset in (-1, 0, 1):
            if 0 <= node + offset < layout.nodes:
                J[line[:, node + offset], fibre[-1, k]] = jac.line_by_tip[offset + 1, :, k]
    return J


def test_the_jacobian_by_colours_is_the_dense_one(case):
    layout, problem, b, found, dense = case
    jac, _, _ = found(problem.y0, b, 30.0)
    np.testing.assert_allclose(assembled(jac, layout), dense, rtol=1e-13, atol=1e-13)


def test_entries_that_reach_beyond_the_ends_are_zero(case):
    layout, problem, b, found, _ = case
    jac, _, _ = found(problem.y0, b, 30.0)
    for outside in (jac.line_left[:, :, 0], jac.line_right[:, :, -1], jac.fibre_below[0], jac.fibre_above[-1]):
        assert np.all(np.asarray(outside) == 0)


def test_the_product_with_a_direction_is_the_dense_one(case, flat):
    layout, problem, b, found, dense = case
    jac, _, _ = found(problem.y0, b, 30.0)
    moved = flat(jax.jit(lambda jac: product(jac, b, layout))(jac))
    np.testing.assert_allclose(moved, dense @ flat(b), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("shift", [3e1, 1e3, 1e7])
def test_the_elimination_solves_as_a_dense_solver_does(case, shift, flat):
    layout, problem, b, found, dense = case
    _, x, transposed = found(problem.y0, b, shift)
    matrix = shift * np.eye(layout.size) - dense
    right_side = flat(b)
    for solution, system in ((x, matrix), (transposed, matrix.T)):
        exact = np.linalg.solve(system, right_side)
        assert np.linalg.norm(flat(solution) - exact) < 1e-12 * np.linalg.norm(exact)


def test_many_systems_at_once_are_solved_as_one_by_one(make_problem):
    layout = LAYOUTS["a cell"]
    problem = make_problem(layout, seed=1)
    jac = problem.jacobian(P)
    factors = lambda shift: structured.factors(jac, shift, layout)
    solution = jax.jit(lambda shift: structured.solve(factors(shift), problem.y0, layout))
    shifts = np.array([40.0, 5e2, 1e4])
    together = jax.jit(jax.vmap(solution))(shifts)
    for k, shift in enumerate(shifts):
        for several, one in zip(jax.tree.leaves(together), jax.tree.leaves(solution(shift)), strict=True):
            np.testing.assert_allclose(several[k], one, rtol=1e-12, atol=1e-15)


def test_a_system_without_coupling_is_divided_by_its_shift():
    layout = Layout(2, 4, 3, (0, 3))
    zero = by_colours(lambda y: jax.tree.map(jnp.zeros_like, y), layout)
    b = State(jnp.arange(8.0).reshape(2, 4), jnp.arange(6.0).reshape(3, 2) - 2)
    shift = jnp.asarray(4.0)
    x = structured.solve(structured.factors(zero, shift, layout), b, layout)
    np.testing.assert_array_equal(x.line, b.line / 4)
    np.testing.assert_array_equal(x.fibre, b.fibre / 4)
