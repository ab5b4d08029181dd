"""How sure a fit is, asked in several ways that must agree where the model is nearly linear."""

import numpy as np
import pytest

import cellsim as cs
from cellsim.fitting.bootstrap import bootstrap
from cellsim.fitting.posterior import bands, laplace, log_density, nuts
from cellsim.fitting.profiles import profile


@pytest.fixture(scope="module")
def single(experiments, known):
    """One record, and what moves in it."""
    return cs.fit(cs.load_cell("Chen2020"), experiments[0], known.FREE, is_noise_known=True)


@pytest.fixture(scope="module")
def sampled(single):
    pytest.importorskip("blackjax", reason="the extra `fit` is not installed")
    return nuts(single, 250, warm_up=100, chains=2, seed=1)


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


def test_the_density_is_greatest_near_the_fit_and_its_curvature_is_that_of_the_fit(single):
    density = log_density(single.problem, 1.0)
    errors = np.sqrt(np.diag(single.fisher.covariance))
    k = single.names.index("positive.L")
    root = np.linalg.cholesky(single.fisher.covariance)
    at = lambda shift: float(density(single.here.z + root @ (np.eye(3)[k] * shift)))
    bend = at(0.5) - 2 * at(0.0) + at(-0.5)
    assert bend / 0.25 == pytest.approx(-1.0, abs=0.1)
    assert errors[k] > 0


def test_draws_with_gradients_through_the_solver_agree_with_laplace(single, sampled):
    assert sampled.diverged <= 2
    for name, error in single.std_errors.items():
        assert sampled.r_hat[name] < 1.05
        assert sampled.effective[name] > 60
        assert sampled.mean[name] == pytest.approx(single.values[name], abs=0.5 * error)
        assert sampled.sd[name] == pytest.approx(error, rel=0.25)
        low, high = sampled.interval(name)
        assert low < single.values[name] < high
