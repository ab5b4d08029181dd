"""Rodas5P has the order and the stability that it was built for, and its derivative by hand is that of the step."""

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.integrate
from jax.flatten_util import ravel_pytree

from cellsim.discretisation.layout import Layout, State
from cellsim.solvers.field import Field
from cellsim.solvers.rodas5p import DENSE
from cellsim.solvers.rosenbrock import Rodas5P, RodasInterpolation, increments

LAYOUT = Layout(2, 3, 3, (0, 2))
END = 1.0
STEPS = (4, 8, 16, 32, 64, 128)
pytestmark = pytest.mark.xdist_group("rodas")


def solver_of(field, layout):
    """Compiled: equal steps over the span, the end value and values within."""

    @jax.jit
    def run(y0, p, steps, end, within):
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(field),
            Rodas5P(layout),
            0.0,
            end,
            end / steps,
            y0,
            args=p,
            stepsize_controller=diffrax.ConstantStepSize(),
            saveat=diffrax.SaveAt(t1=True, dense=True),
            max_steps=160,
        )
        return ravel_pytree(solution.ys)[0], jax.vmap(lambda t: ravel_pytree(solution.evaluate(t))[0])(within)

    return run


@pytest.fixture(scope="module")
def converging(make_problem):
    """By stiffness: errors of end value and dense output for ever more steps, against an independent integrator."""
    problem = make_problem(LAYOUT, seed=3)
    v0, unravel = ravel_pytree(problem.y0)
    field = jax.jit(lambda t, v, p: ravel_pytree(problem(t, unravel(v), p))[0])
    run = solver_of(problem, LAYOUT)
    within = np.linspace(0.0, END, 23)
    found = {}
    for name, stiffness in (("gentle", 2.0), ("stiff", 150.0)):
        p = jnp.asarray([stiffness, 0.5])
        exact = lambda v, ends, times, p=p: (
            scipy.integrate.solve_ivp(field, ends, v, "DOP853", times, args=(p,), rtol=1e-13, atol=1e-14).y.T
        )
        start = exact(v0, (-0.3, 0.0), [0.0])[0]  # past the fast transient
        there = exact(start, (0.0, END), within)
        errors = []
        for n in STEPS:
            end, dense = run(unravel(jnp.asarray(start)), p, float(n), END, within)
            errors.append((np.max(np.abs(end - there[-1])), np.max(np.abs(dense - there))))
        found[name] = np.array(errors).T
    return found


def orders(errors):
    """Between neighbouring numbers of steps, up to where the independent integrator is the worse one."""
    usable = errors > 3e-13
    assert usable[:3].all(), errors
    return np.log2(errors[:-1] / errors[1:])[usable[1:]]


@pytest.mark.parametrize("name", ["gentle", "stiff"])
def test_the_end_value_is_right_to_fifth_order(converging, name):
    ends, _ = converging[name]
    assert orders(ends)[-1] > 4.7, (ends, orders(ends))


@pytest.mark.parametrize("name", ["gentle", "stiff"])
def test_the_dense_output_is_right_to_fourth_order(converging, name):
    _, inside = converging[name]
    assert orders(inside)[-1] > 3.8, (inside, orders(inside))


@pytest.fixture(scope="module")
def forced():
    """y' = -p0 (y - p1 sin t) + p1 cos t, whose solution from zero is p1 sin t; compiled."""
    layout = Layout(1, 2, 2, (0,))
    field = lambda t, y, p: jax.tree.map(lambda x: -p[0] * (x - p[1] * jnp.sin(t)) + p[1] * jnp.cos(t), y)
    return solver_of(field, layout), State(jnp.ones((1, 2)), jnp.ones((2, 1)))


def test_what_is_infinitely_stiff_has_decayed_after_one_huge_step(forced):
    run, ones = forced
    left = [np.max(np.abs(run(ones, jnp.asarray([rate, 0.0]), 1.0, 1.0, jnp.zeros(1))[0])) for rate in (1e4, 1e6, 1e8)]
    assert left[0] < 1e-2 and left[2] < 1e-6
    assert np.all(np.diff(np.log10(left)) < -1.9), "the stability function vanishes at infinity"


def test_a_state_that_follows_a_force_is_not_left_behind_however_stiff_it_is(forced):
    """Prothero & Robinson's problem, on which methods of low stage order fail."""
    run, ones = forced
    zero = jax.tree.map(jnp.zeros_like, ones)
    for rate in (1e2, 1e4, 1e6):
        end, _ = run(zero, jnp.asarray([rate, 1.0]), 8.0, 1.0, jnp.zeros(1))
        assert np.max(np.abs(end - np.sin(1.0))) < 1e-7, rate


def test_the_dense_output_begins_and_ends_at_the_states_of_the_step():
    rng = np.random.default_rng(0)
    state = lambda *rows: State(
        jnp.asarray(rng.normal(size=(*rows, 2, 3))), jnp.asarray(rng.normal(size=(*rows, 3, 2)))
    )
    y0, y1 = state(), state()
    curve = RodasInterpolation(0.2, 0.3, y0, y1, state(len(DENSE)))
    for t, there in ((0.2, y0), (0.3, y1)):
        for found, expected in zip(jax.tree.leaves(curve.evaluate(t)), jax.tree.leaves(there), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-14)


# ---- the derivative of a step

ARGUMENTS = ("time", "step size", "state", "parameters")


@pytest.fixture(scope="module")
def step(make_problem):
    """The increments of one step as a flat function of time, step size, state and parameters; its derivatives."""
    problem = make_problem(LAYOUT, seed=6)
    v0, unravel = ravel_pytree(problem.y0)
    k = lambda t, h, v, p: increments(t, h, unravel(v), p, field=Field(problem), layout=LAYOUT)
    flat = lambda t, h, v, p: jnp.concatenate([x.ravel() for x in jax.tree.leaves(k(t, h, v, p))])
    at = (jnp.asarray(0.3), jnp.asarray(0.05), v0, jnp.asarray([8.0, 0.5]))
    pushed = jax.jit(lambda at, tangents: jax.jvp(flat, at, tangents))
    pulled = lambda at, cotangent: jax.vjp(flat, *at)[1](cotangent)
    return at, jax.jit(flat), pushed, pulled


@pytest.fixture(scope="module")
def pulled_back(step):
    return jax.jit(step[3])


@pytest.mark.parametrize("argument", range(4), ids=ARGUMENTS)
def test_the_derivative_of_a_step_is_that_of_its_formula(step, argument):
    at, flat, pushed, _ = step
    rng, e = np.random.default_rng(argument), 1e-5
    direction = jnp.asarray(rng.normal(size=np.shape(at[argument])))
    tangents = tuple(direction if k == argument else jnp.zeros_like(x) for k, x in enumerate(at))
    moved = lambda e: flat(*(x + e * dx for x, dx in zip(at, tangents, strict=True)))
    expected = (8 * (moved(e) - moved(-e)) - (moved(2 * e) - moved(-2 * e))) / (12 * e)
    _, found = pushed(at, tangents)
    assert np.linalg.norm(expected) > 1e-3
    assert np.linalg.norm(found - expected) < 1e-7 * np.linalg.norm(expected)


def test_reverse_mode_is_the_transpose_of_forward_mode(step, pulled_back):
    at, _, pushed, _ = step
    rng = np.random.default_rng(0)
    for argument in range(4):
        tangents = tuple(
            jnp.asarray(rng.normal(size=np.shape(x))) if k == argument else jnp.zeros_like(x) for k, x in enumerate(at)
        )
        out, forwards = pushed(at, tangents)
        cotangent = jnp.asarray(rng.normal(size=out.shape))
        backwards = pulled_back(at, cotangent)
        there = float(jnp.vdot(cotangent, forwards))
        assert float(jnp.vdot(backwards[argument], tangents[argument])) == pytest.approx(there, rel=1e-11)


def test_derivatives_of_many_steps_at_once_are_those_of_each(step, pulled_back):
    at, flat, _, pulled = step
    t, h, v, p = at
    places = (jnp.stack([t, t, 2 * t]), jnp.asarray([0.01, 0.05, 0.2]), jnp.stack([v, 0.5 * v, v + 0.1]))
    cotangent = jnp.asarray(np.random.default_rng(1).normal(size=flat(*at).shape))
    together = jax.jit(jax.vmap(lambda t, h, v: pulled((t, h, v, p), cotangent)))(*places)
    for k in range(3):
        alone = pulled_back((places[0][k], places[1][k], places[2][k], p), cotangent)
        for several, one in zip(together, alone, strict=True):
            np.testing.assert_allclose(several[k], one, rtol=1e-9, atol=1e-12)
