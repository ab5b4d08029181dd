"""How sure a fit is, asked in several ways that must agree where the model is nearly linear."""

import jax.numpy as jnp
import numpy as np
import pytest

import cellsim as cs
from cellsim.fitting import priors
from cellsim.fitting.bootstrap import bootstrap
from cellsim.fitting.fit import Fit
from cellsim.fitting.posterior import bands, laplace, log_density, nuts
from cellsim.fitting.problem import Linear, Place, Problem
from cellsim.fitting.profiles import profile


@pytest.fixture(scope="module")
def single(experiments, known):
    """One record, and what moves in it."""
    return cs.fit(cs.load_cell("Chen2020"), experiments[0], known.FREE, is_noise_known=True)


class Straight(Problem):
    """Residuals that are a straight line's: the posterior is known."""

    def __init__(self):
        self.free = (cs.Free("a"), cs.Free("b", prior=priors.Normal(0.5, 0.2)))
        self.places = [Place(free.path, free, None, 0) for free in self.free]
        self.cell, self.data = None, [None]
        self.calls = {"jacobians": 0, "residuals": 0, "gradients": 0}
        self.x = np.linspace(-1.0, 2.0, 12)
        self.y = 1.0 + 0.4 * self.x + 0.3 * np.sin(9.0 * self.x)

    def traced(self, k, z):
        return (z[0] + z[1] * self.x - self.y) / 0.3

    def linearised(self, z):
        J = np.vstack([np.column_stack([np.ones(12), self.x]) / 0.3, [[0.0, 5.0]]])
        r = np.append(np.asarray(self.traced(0, z)), (z[1] - 0.5) / 0.2)
        return Linear(np.asarray(z), r, np.ones(13), J, (), ())


@pytest.fixture(scope="module")
def straight():
    """A fit whose posterior is normal, with a prior on the slope."""
    problem = Straight()
    here = problem.linearised(np.zeros(2))
    here = problem.linearised(-np.linalg.solve(here.J.T @ here.J, here.gradient))
    return Fit(problem, here, {}, np.zeros((1, 3)), "converged", True, 0.0, ())


@pytest.fixture(scope="module")
def sampled(straight):
    pytest.importorskip("blackjax", reason="the extra `fit` is not installed")
    return nuts(straight, 1500, warm_up=200, chains=2, seed=1)


def test_a_profile_has_the_interval_of_the_standard_error_where_the_model_is_nearly_linear(fitted):
    found = profile(fitted, "positive.L", points=7)
    best, error = fitted.values["positive.L"], fitted.std_errors["positive.L"]
    low, high = found.interval()
    assert low == pytest.approx(best - 1.96 * error, abs=0.3 * error)
    assert high == pytest.approx(best + 1.96 * error, abs=0.3 * error)
    assert np.all(np.diff(found.signed_root) > 0)
    assert found.cost[3] == 0.0 and np.all(found.cost >= 0)
    with pytest.raises(ValueError, match="does not move"):
        profile(fitted, "negative.L")


def test_the_draws_of_laplace_have_the_errors_and_correlations_of_the_fit(fitted):
    found = laplace(fitted, 4000)
    for name, error in fitted.std_errors.items():
        assert found.sd[name] == pytest.approx(error, rel=0.1)
        assert found.mean[name] == pytest.approx(fitted.values[name], abs=0.3 * error)
    np.testing.assert_allclose(np.corrcoef(found.flat.T), fitted.correlation, atol=0.06)


def test_fits_to_records_made_anew_scatter_as_the_standard_errors_say(fitted):
    before = dict(fitted.problem.calls)
    found = bootstrap(fitted, 60, seed=4)
    assert fitted.problem.calls == before
    for name, error in fitted.std_errors.items():
        assert found.std_errors[name] == pytest.approx(error, rel=0.3)
    blocks = bootstrap(fitted, 20, block=5, seed=4)
    for name, error in fitted.std_errors.items():
        assert 0.4 * error < blocks.std_errors[name] < 1.8 * error


def test_bands_hold_the_run_and_are_narrow_where_the_data_are(fitted):
    found = bands(fitted, laplace(fitted, 200), draws=40)
    low, middle, high = found["1C"]
    assert np.all(low < high)
    assert np.max(np.abs(middle - fitted.predicted["1C"].found)) < 1e-3
    assert np.median(high - low) < 1.5e-3


def test_the_sampler_finds_a_posterior_that_is_known(straight, sampled):
    assert sampled.diverged == 0
    for name, error in straight.std_errors.items():
        assert sampled.r_hat[name] < 1.01
        assert sampled.effective[name] > 800
        assert sampled.mean[name] == pytest.approx(straight.values[name], abs=0.12 * error)
        assert sampled.sd[name] == pytest.approx(error, rel=0.08)
        low, high = sampled.interval(name)
        assert high - low == pytest.approx(2 * 1.96 * error, rel=0.1)
    correlation = np.corrcoef(sampled.flat.T)[0, 1]
    assert correlation == pytest.approx(straight.correlation[0, 1], abs=0.06)


def test_the_density_goes_down_along_the_gradient_of_the_cost(single):
    """Through the solver, and through the map from coordinates to numbers."""
    density = log_density(single.problem, 1.0)
    z = single.here.z + 0.02
    cost, slope = single.problem.gradient(z)
    there = z - 1e-4 * slope / np.linalg.norm(slope)
    fallen = single.problem.value(z) - single.problem.value(there)
    logs = lambda z: float(np.sum(np.log(single.problem.slopes(z)))) - float(np.log(single.problem.values(z)[0]))
    risen = float(density(jnp.asarray(there)) - density(jnp.asarray(z)))
    assert risen == pytest.approx(fallen + logs(there) - logs(z), rel=1e-5)
    assert fallen == pytest.approx(1e-4 * np.linalg.norm(slope), rel=0.1) and cost > 0
