"""Every way down ends at the bottom, can be watched and stopped, and goes on from a file."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cellsim.fitting import checkpoint
from cellsim.fitting.methods import BFGS, CONVERGED, STOPPED, GaussNewton, Iterate, LevenbergMarquardt
from cellsim.fitting.problem import Linear, Problem


class Made(Problem):
    """A problem of a function of coordinates, without any cell."""

    def __init__(self, residuals, start):
        self.function, self.start = residuals, np.asarray(start, float)
        self.calls = {"residuals": 0, "jacobians": 0, "gradients": 0}

    def linearised(self, z):
        self.calls["jacobians"] += 1
        z = np.asarray(z, float)
        r = np.asarray(self.function(jnp.asarray(z)))
        return Linear(z, r, np.ones(len(r)), np.asarray(jax.jacfwd(self.function)(jnp.asarray(z))), (), ())

    def value(self, z):
        self.calls["residuals"] += 1
        return 0.5 * float(jnp.sum(self.function(jnp.asarray(z)) ** 2))

    def gradient(self, z):
        self.calls["gradients"] += 1
        cost, slope = jax.value_and_grad(lambda z: 0.5 * jnp.sum(self.function(z) ** 2))(jnp.asarray(z))
        return float(cost), np.asarray(slope)


def valley(z):
    """The residuals of Rosenbrock's function, whose bottom is at (1, 1)."""
    return jnp.stack([1.0 - z[0], 10.0 * (z[1] - z[0] ** 2)])


def decay(z):
    t = jnp.linspace(0.0, 3.0, 40)
    noise = 0.01 * jnp.sin(37.0 * t)
    return 100.0 * (jnp.exp(z[0]) * jnp.exp(-jnp.exp(z[1]) * t) - 2.0 * jnp.exp(-0.7 * t) - noise)


class Log:
    def __init__(self, most=10**9):
        self.points, self.most = [], most

    def __call__(self, iterate):
        self.points.append(iterate)
        return len(self.points) >= self.most


SHARP = [LevenbergMarquardt(tolerance=1e-14), GaussNewton(tolerance=1e-14), BFGS(tolerance=1e-10)]


@pytest.mark.parametrize("method", SHARP, ids=lambda each: type(each).__name__)
def test_the_bottom_of_a_curved_valley_is_found(method):
    log = Log()
    reason = method.run(Made(valley, [-1.2, 1.0]), np.array([-1.2, 1.0]), {}, log)
    assert reason == CONVERGED
    np.testing.assert_allclose(log.points[-1].z, [1.0, 1.0], atol=1e-6)
    assert np.all(np.diff([point.cost for point in log.points]) <= 0)


@pytest.mark.parametrize("method", [LevenbergMarquardt(), GaussNewton(), BFGS()], ids=lambda each: type(each).__name__)
def test_all_ways_lead_to_the_same_least_squares(method):
    log = Log()
    problem = Made(decay, [0.0, 0.5])
    assert method.run(problem, problem.start, {}, log) == CONVERGED
    best = Log()
    LevenbergMarquardt(tolerance=1e-14).run(problem, problem.start, {}, best)
    end = problem.linearised(best.points[-1].z)
    errors = np.sqrt(np.diag(np.linalg.inv(end.J.T @ end.J)))
    assert np.max(np.abs(log.points[-1].z - end.z) / errors) < 0.05


def test_least_squares_needs_few_calls():
    problem = Made(decay, [0.0, 0.5])
    LevenbergMarquardt().run(problem, problem.start, {}, Log())
    assert problem.calls["jacobians"] < 12 and problem.calls["residuals"] == 0


def test_a_number_without_effect_stays_and_hinders_none():
    problem = Made(lambda z: decay(z[:2]), [0.0, 0.5, 0.3])
    log = Log()
    assert LevenbergMarquardt().run(problem, problem.start, {}, log) == CONVERGED
    assert log.points[-1].z[2] == 0.3
    twins = Made(lambda z: decay(jnp.stack([z[0], z[1] + z[2]])), [0.0, 0.2, 0.3])
    log = Log()
    assert LevenbergMarquardt().run(twins, twins.start, {}, log) == CONVERGED
    assert log.points[-1].cost == pytest.approx(problem.linearised(bottom_of(problem)).cost, rel=1e-6)


def bottom_of(problem):
    log = Log()
    LevenbergMarquardt(tolerance=1e-12).run(problem, problem.start, {}, log)
    return log.points[-1].z


def test_a_step_into_what_is_no_number_is_taken_back():
    bad = lambda z: jnp.where(z[0] > 0.9, jnp.nan, 1.0) * decay(z)
    log = Log()
    assert LevenbergMarquardt().run(Made(bad, [-2.0, 1.5]), np.array([-2.0, 1.5]), {}, log) == CONVERGED
    assert all(np.isfinite(point.cost) for point in log.points)


@pytest.mark.parametrize("method", SHARP, ids=lambda each: type(each).__name__)
def test_any_way_stops_when_it_is_told_to(method):
    log = Log(3)
    assert method.run(Made(valley, [-1.2, 1.0]), np.array([-1.2, 1.0]), {}, log) == STOPPED
    assert len(log.points) == 3


def test_a_way_that_was_stopped_goes_on_where_it_was(tmp_path):
    method, start = LevenbergMarquardt(tolerance=1e-14), np.array([-1.2, 1.0])
    whole, first, second = Log(), Log(6), Log()
    method.run(Made(valley, start), start, {}, whole)
    method.run(Made(valley, start), start, {}, first)
    stored = checkpoint.Stored(first.points[-1], np.zeros((6, 3)), start)
    checkpoint.save(tmp_path / "fit.npz", ["a", "b"], stored)
    back = checkpoint.load(tmp_path / "fit.npz", ["a", "b"])
    method.run(Made(valley, start), back.iterate.z, back.iterate.memory, second)
    np.testing.assert_allclose(second.points[0].z, whole.points[5].z, rtol=1e-14)
    np.testing.assert_allclose(second.points[-1].z, whole.points[-1].z, atol=1e-7)
    assert list(tmp_path.iterdir()) == [tmp_path / "fit.npz"]


def test_a_file_of_another_fit_or_of_none_is_refused(tmp_path):
    stored = checkpoint.Stored(Iterate(np.zeros(2), 1.0, {}), np.zeros((1, 3)), np.zeros(2))
    checkpoint.save(tmp_path / "fit.npz", ["a", "b"], stored)
    with pytest.raises(checkpoint.CannotResume, match="a fit of other numbers"):
        checkpoint.load(tmp_path / "fit.npz", ["a", "c"])
    (tmp_path / "junk.npz").write_bytes(b"no archive at all")
    with pytest.raises(checkpoint.CannotResume, match="holds no fit"):
        checkpoint.load(tmp_path / "junk.npz", ["a"])
    with pytest.raises(checkpoint.CannotResume, match="holds no fit"):
        checkpoint.load(tmp_path / "missing.npz", ["a"])
