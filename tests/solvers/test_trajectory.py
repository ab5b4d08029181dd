"""A trajectory is a differentiable function of its start and of its parameters, to any order, in both modes."""

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from cellsim.discretisation.layout import Layout
from cellsim.solvers.field import Field
from cellsim.solvers.rosenbrock import Rodas5P
from cellsim.solvers.trajectory import differentiable, recorded

LAYOUT = Layout(2, 3, 3, (0, 2))
TIMES = jnp.asarray([0.0, 0.07, 0.31, 0.6, 0.6])  # the start, within steps, and the end twice
END, STEPS, MAX_STEPS = 0.6, 7, 10
pytestmark = pytest.mark.xdist_group("trajectory")


@pytest.fixture(scope="module")
def run(make_problem):
    """Values at `TIMES` as a function of one vector, initial state and parameters; equal steps, so that finite
    differences see the same function."""
    problem = make_problem(LAYOUT, seed=9)
    x0, unravel = ravel_pytree((problem.y0, jnp.asarray([6.0, 0.6])))

    def integrate(y0, p, keeps_increments):
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(problem),
            Rodas5P(LAYOUT, keeps_increments=keeps_increments),
            0.0,
            END,
            END / STEPS,
            y0,
            args=p,
            stepsize_controller=diffrax.ConstantStepSize(),
            saveat=diffrax.SaveAt(t1=True, dense=True),
            adjoint=diffrax.ForwardMode(),
            max_steps=MAX_STEPS,
        )
        return recorded(solution.interpolation), solution.stats["num_steps"]

    def trajectory(x):
        y0, p = unravel(x)
        return differentiable(y0, p, integrate=integrate, field=Field(problem), layout=LAYOUT)[0]

    def values(x):
        found = trajectory(x)
        return jax.vmap(lambda t: ravel_pytree(found.at(t))[0])(TIMES)

    return values, trajectory, x0


@pytest.fixture(scope="module")
def central_differences(run):
    values, _, x0 = run
    values, h = jax.jit(values), 1e-5
    columns = [(values(x0 + h * e) - values(x0 - h * e)) / (2 * h) for e in np.eye(len(x0))]
    return np.stack(columns, axis=-1)


@pytest.fixture(scope="module")
def forward(run):
    values, _, x0 = run
    return jax.jit(jax.jacfwd(values))(x0)


def test_forward_mode_agrees_with_finite_differences(forward, central_differences):
    np.testing.assert_allclose(forward, central_differences, rtol=1e-6, atol=2e-9)


def test_reverse_mode_agrees_with_forward_mode(run, forward):
    values, _, x0 = run
    np.testing.assert_allclose(jax.jit(jax.jacrev(values))(x0), forward, rtol=1e-10, atol=1e-13)


def test_second_derivatives_agree_with_finite_differences_of_the_gradient(run):
    values, _, x0 = run
    loss = lambda x: jnp.sum(jnp.sin(values(x)) * (1 + TIMES[:, None]))
    gradient = jax.jit(jax.grad(loss))
    direction = jnp.asarray(np.random.default_rng(2).normal(size=x0.shape))
    h = 1e-5
    expected = (gradient(x0 + h * direction) - gradient(x0 - h * direction)) / (2 * h)
    product = jax.jit(lambda x, d: jax.jvp(jax.grad(loss), (x,), (d,))[1])(x0, direction)
    np.testing.assert_allclose(product, expected, rtol=1e-6, atol=1e-8)


@pytest.fixture(scope="module")
def found(run):
    _, trajectory, x0 = run
    return jax.jit(trajectory)(x0)


def test_the_state_at_a_time_moves_with_the_rate_of_change(found):
    at = jax.jit(lambda t: ravel_pytree(found.at(t))[0])
    for t in (0.07, 0.31):
        slope = jax.jvp(at, (jnp.asarray(t),), (jnp.ones(()),))[1]
        np.testing.assert_allclose(slope, (at(t + 1e-6) - at(t - 1e-6)) / 2e-6, rtol=1e-6, atol=1e-8)


def test_rows_beyond_the_last_step_are_never_looked_up(found):
    assert int(found.count) == STEPS < MAX_STEPS
    end = ravel_pytree(found.at(jnp.asarray(END)))[0]
    last = jax.tree.map(lambda x: x[STEPS - 1], found.steps.y1)
    np.testing.assert_allclose(end, ravel_pytree(last)[0], rtol=1e-13)
