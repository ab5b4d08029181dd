"""Global measures against functions whose indices are known."""

import importlib.util
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from cellsim.sensitivity import propagation, screening
from cellsim.sensitivity.inputs import LogNormal, LogUniform, Normal, Uncertain, Uniform, correlated, values_at
from cellsim.sensitivity.propagation import at_random, latin_hypercube, low_discrepancy, propagated
from cellsim.sensitivity.screening import derivative_measures, effects_of, morris, trajectories
from cellsim.sensitivity.sobol import as_rows, indices_of, saltelli, sobol
from cellsim.statistics import student_t

spec = importlib.util.spec_from_file_location("functions", Path(__file__).parent / "functions.py")
known = importlib.util.module_from_spec(spec)
spec.loader.exec_module(known)

PI = np.pi
ISHIGAMI = [Uncertain(name, Uniform(-PI, PI)) for name in "abc"]
G = [Uncertain(name, Uniform(0.0, 1.0)) for name in "abcd"]
CASES = {
    "Ishigami": (ISHIGAMI, known.ishigami, known.ishigami_indices()),
    "g-function": (G, known.g_function, known.g_indices()),
}
runs_of = lambda function: lambda values: {"y": function(list(values.values()))}


@pytest.mark.parametrize("name", CASES)
def test_indices_of_sobol_are_the_analytic_ones_within_their_intervals(name):
    inputs, function, (first, total) = CASES[name]
    found = sobol(runs_of(function), inputs, 2048, seed=1)
    of = found.indices["y"]
    assert found.runs == 2048 * (len(inputs) + 2) and found.lost == 0
    room = 1e-3  # intervals shrink to nothing where an index is zero
    for estimate, low, high, true in (
        (of.first, of.first_low, of.first_high, first),
        (of.total, of.total_low, of.total_high, total),
    ):
        assert np.all((low - room < true) & (true < high + room)), (estimate, low, high, true)
        np.testing.assert_allclose(estimate, true, atol=0.03)
        assert np.all(high - low < 0.2)


def test_the_estimates_are_those_of_scipy():
    from scipy.stats import sobol_indices

    inputs, function, _ = CASES["Ishigami"]
    y = function(list(values_at(inputs, saltelli(3, 256)).values()))
    A, B, mixed = y[:256], y[256:512], y[512:].reshape(3, 1, 256)
    theirs = sobol_indices(func={"f_A": A[None], "f_B": B[None], "f_AB": mixed}, n=256)
    of = indices_of(y, 3)
    np.testing.assert_allclose(of.first, theirs.first_order, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(of.total, theirs.total_order, rtol=1e-10, atol=1e-12)


def test_indices_along_an_axis_are_those_of_each_place():
    inputs, function, _ = CASES["Ishigami"]
    points = saltelli(3, 256)
    y = function(list(values_at(inputs, points).values()))
    along = np.stack([y, np.full_like(y, 3.0), 1e6 + 2 * y], axis=1)
    of, alone = indices_of(along, 3), indices_of(y, 3)
    np.testing.assert_allclose(of.first[:, 0], alone.first, rtol=1e-12)
    np.testing.assert_allclose(of.total[:, 2], alone.total, rtol=1e-6)
    assert np.all(of.first[:, 1] == 0) and np.all(of.total[:, 1] == 0), "what does not vary depends on nothing"


def test_a_run_that_fails_takes_its_base_sample_with_it():
    inputs, function, (first, _) = CASES["g-function"]

    def runs(values):
        y = known.g_function(list(values.values()))
        y[5] = y[1024 + 9] = np.nan  # a row of A, and one of B
        return {"y": y}

    found = sobol(runs, inputs, 1024)
    assert (found.samples, found.lost) == (1022, 2)
    np.testing.assert_allclose(found.indices["y"].first, first, atol=0.05)
    rows = as_rows(found)
    assert [row["parameter"] for row in rows] == ["a", "b", "c", "d"] and rows[0]["total_low"] < rows[0]["total"]
    with pytest.raises(ValueError, match="power of two"):
        sobol(runs, inputs, 1000)


@pytest.mark.parametrize("name", CASES)
def test_effects_of_morris_are_the_exact_ones_within_their_intervals(name):
    inputs, function, _ = CASES[name]
    found = morris(runs_of(function), inputs, 200, seed=3)
    scale = lambda u: list(values_at(inputs, u[None]).values())
    exact = known.mean_sizes(lambda x: float(np.squeeze(function(x))), len(inputs), scale)
    of = found.effects["y"]
    assert np.all(np.abs(of.mu_star - exact) < 1.3 * found.reach * of.mu_star_error + 1e-9), (of.mu_star, exact)
    assert found.runs == 200 * (len(inputs) + 1)


def test_effects_of_a_linear_function_are_its_slopes():
    ways = trajectories(3, 8, seed=2)
    of = effects_of(ways, np.stack([ways @ [1.0, -2.0, 0.0], ways @ [0.0, 5.0, 1.0]], axis=-1))
    np.testing.assert_allclose(of.mu, [[1.0, 0.0], [-2.0, 5.0], [0.0, 1.0]], atol=1e-12)
    np.testing.assert_allclose(of.mu_star, np.abs(of.mu), atol=1e-12)
    np.testing.assert_allclose(of.sigma, 0.0, atol=1e-12)
    assert np.all((ways > -1e-12) & (ways < 1 + 1e-12))
    with pytest.raises(ValueError, match="even number"):
        trajectories(3, 8, levels=3)


def test_every_level_of_the_grid_is_as_likely():
    ways = trajectories(2, 4000, seed=0)
    count = np.bincount(np.round(3 * ways.ravel()).astype(int), minlength=4) / ways.size
    np.testing.assert_allclose(count, 0.25, atol=0.01)


def test_derivative_measures_bound_the_total_indices():
    inputs, _, (_, total) = CASES["Ishigami"]
    point = lambda v: {"y": jnp.sin(v["a"]) + 7 * jnp.sin(v["b"]) ** 2 + 0.1 * v["c"] ** 4 * jnp.sin(v["a"])}
    of = derivative_measures(point, inputs, 1024)["y"]
    exact = [0.5 + 0.1 * PI**4 / 5 + 0.005 * PI**8 / 9, 24.5, 0.08 * PI**6 / 7]  # E (dy/dx)^2
    np.testing.assert_allclose(of.nu, exact, rtol=0.02)
    assert np.all(of.bound >= total)


BOUNDED = {
    "Ishigami": (
        ISHIGAMI,
        lambda v: {"y": jnp.sin(v["a"]) + 7 * jnp.sin(v["b"]) ** 2 + 0.1 * v["c"] ** 4 * jnp.sin(v["a"])},
        # 4 E (dy/dx)^2 over the variance: the inputs span 2 pi
        4 * np.array([0.5 + 0.1 * PI**4 / 5 + 0.005 * PI**8 / 9, 24.5, 0.08 * PI**6 / 7]),
        0.5 * (1 + 0.1 * PI**4 / 5) ** 2 + 49 / 8 + 0.01 * PI**8 * (1 / 18 - 1 / 50),
    ),
    "a sum": (  # slopes that are always the same: all of the error is that of the variance
        G[:3],
        lambda v: {"y": v["a"] + v["b"] + v["c"]},
        np.ones(3) / PI**2,
        3 / 12,
    ),
}


@pytest.mark.parametrize("samples", (16, 64))
@pytest.mark.parametrize("name", BOUNDED)
def test_intervals_of_a_bound_cover_what_it_is_of_endless_samples(name, samples):
    inputs, point, share, variance = BOUNDED[name]
    studies = [derivative_measures(point, inputs, samples, seed=seed)["y"] for seed in range(150)]
    bound, error = (np.array([getattr(each, field) for each in studies]) for field in ("bound", "bound_error"))
    reach = student_t(0.95, samples - 1) * error / bound
    covered = np.mean(np.abs(np.log(bound * variance / share)) < reach, axis=0)
    assert np.all(covered > 0.89), covered  # of 150 intervals of 95 %, three standard errors below


def test_a_bound_from_hardly_any_samples_has_no_error_that_is_known():
    inputs = [Uncertain("a", Uniform(0.0, 1.0))]
    of = lambda y, n: derivative_measures(lambda v: {"y": y(v["a"])}, inputs, n)["y"].bound_error
    assert np.isinf(of(lambda a: a, 2)) and np.isfinite(of(lambda a: a, 4))
    assert of(lambda a: 0 * a, 8) == 0, "what does not vary has the bound zero"
    assert np.isinf(of(lambda a: jnp.where(a > 0.75, a, 0.0), 4)), "one sample makes all of the variance"


def test_the_bound_of_a_linear_function_of_normal_inputs_is_its_index():
    inputs = [Uncertain("a", Normal(1.0, 2.0)), Uncertain("b", LogNormal(3.0, 1.5))]
    of = derivative_measures(lambda v: {"y": 3 * v["a"] + 5 * jnp.log(v["b"])}, inputs, 1024)["y"]
    share = np.array([36.0, 25 * np.log(1.5) ** 2])
    np.testing.assert_allclose(of.bound, share / share.sum(), rtol=0.01)


@pytest.mark.parametrize("sampling", (at_random, latin_hypercube, low_discrepancy), ids=lambda each: each.__name__)
def test_propagation_finds_the_distribution_of_a_sum(sampling):
    inputs = [Uncertain("a", Normal(1.0, 0.3)), Uncertain("b", Uniform(0.0, 1.0))]
    found = propagated(lambda v: {"y": v["a"] + v["b"]}, inputs, 4096, sampling=sampling, seed=5)
    of = found.spreads["y"]
    assert abs(of.mean - 1.5) < 4 * found.mean_error("y")
    assert of.std == pytest.approx(np.sqrt(0.09 + 1 / 12), rel=0.03)
    np.testing.assert_allclose(of.quantiles[2], 1.5, atol=0.03)
    assert np.all(np.diff(of.quantiles) > 0)


def test_points_that_are_spread_evenly_know_the_mean_better():
    inputs = [Uncertain("a", Normal(0.0, 1.0)), Uncertain("b", Uniform(0.0, 1.0))]
    runs = lambda v: {"y": v["a"] + v["b"]}
    error = lambda sampling: np.std(
        [propagated(runs, inputs, 64, sampling=sampling, seed=s).spreads["y"].mean for s in range(40)]
    )
    assert error(latin_hypercube) < 0.3 * error(at_random)


def test_correlated_inputs_keep_their_own_distributions_and_go_together():
    inputs = [Uncertain("a", Normal(0.0, 1.0)), Uncertain("b", LogUniform(1.0, 100.0))]
    R = np.array([[1.0, 0.8], [0.8, 1.0]])
    found = propagated(lambda v: {"y": v["a"] - np.log(v["b"])}, inputs, 8192, correlation=R)
    a, b = found.points["a"], found.points["b"]
    assert np.mean(a) == pytest.approx(0.0, abs=0.02) and np.std(a) == pytest.approx(1.0, rel=0.02)
    np.testing.assert_allclose(np.quantile(np.log10(b), [0.1, 0.5, 0.9]), [0.2, 1.0, 1.8], atol=0.04)
    # the rank correlation of a Gaussian copula is 6/pi asin(rho/2)
    ranks = propagation.spread_of(a[:, None], b).rank_correlation
    assert float(ranks[0]) == pytest.approx(6 / PI * np.arcsin(0.4), abs=0.02)
    with pytest.raises(ValueError, match="eigenvalue"):
        correlated(np.full((2, 3), 0.5), [[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]])
    with pytest.raises(ValueError, match="symmetric 2 x 2"):
        correlated(np.full((2, 2), 0.5), [[1, 0.9], [0.5, 1]])


def test_runs_that_fail_are_counted_and_left_out():
    def runs(values):
        y = values["a"].copy()
        y[:3] = np.nan
        return {"y": y, "curve": np.stack([y, 2 * y], axis=1)}

    inputs = [Uncertain("a", Uniform(0.0, 1.0))]
    found = propagated(runs, inputs, 64)
    assert (found.samples, found.lost) == (61, 3) and found.spreads["curve"].quantiles.shape == (5, 2)
    screened = morris(runs, inputs, 10)
    assert (screened.trajectories, screened.lost) == (8, 2)
    assert [row["output"] for row in screening.as_rows(screened)] == ["y"], "curves are no rows of a table"
    with pytest.raises(ValueError, match="shape"):
        propagated(lambda v: {"y": np.zeros(3)}, inputs, 64)


@pytest.mark.parametrize(
    "make",
    (lambda: Uniform(1.0, 1.0), lambda: LogUniform(0.0, 1.0), lambda: Normal(0.0, 0.0), lambda: LogNormal(1.0, 0.9)),
)
def test_distributions_that_are_none_are_refused(make):
    with pytest.raises(ValueError, match=r"found|bounds"):
        make()
