"""Regression of temperature laws from noisy data: parameters within their errors, and the true law chosen."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cellsim.constants import R
from cellsim.electrolyte.temperature import VFT, WLF, as_vft
from cellsim.electrolyte.temperature_fit import akaike_weights, best, fit_arrhenius, fit_vft, fit_wlf
from cellsim.laws import Arrhenius
from cellsim.statistics import student_t

SEEDS = 500
T = jnp.linspace(300.0, 370.0, 30)
WLF_TRUE = (np.log(2e-3), 4.4, 120.0)  # of kappa [S/m] at 320 K
VFT_LAW = VFT(30.0, 1200.0, 200.0)
FITS = {
    "Arrhenius": fit_arrhenius,
    "VFT": fit_vft,
    "VFT with T^-1/2": lambda T, y, **more: fit_vft(T, y, power=-0.5, **more),
}


def data_sets(law, noise):
    """Data of `law` that differ in their noise."""
    return law(0.0, T) * jnp.exp(noise * jax.random.normal(jax.random.key(0), (SEEDS, len(T))))


@jax.jit
def criteria(data):
    return jax.vmap(lambda y: jnp.stack([fit(T, y).aicc for fit in FITS.values()]))(data)


def coverage(fits, true):
    """How often the 95 % interval of each parameter holds the true value."""
    half = student_t(0.95, len(T) - len(true)) * np.asarray(jax.vmap(lambda fit: fit.standard_errors)(fits))
    return np.mean(np.abs(np.asarray(fits.values) - np.asarray(true)) < half, axis=0)


def shares_chosen(law, noise):
    """How often each model has the smallest AICc."""
    chosen = np.argmin(criteria(data_sets(law, noise)), axis=1)
    return {name: float(np.mean(chosen == k)) for k, name in enumerate(FITS)}


@pytest.mark.parametrize(
    ("fit", "law", "true"),
    [
        (fit_arrhenius, Arrhenius(1.1, 3e4), (np.log(1.1), 3e4)),
        (fit_vft, VFT_LAW, (np.log(30.0), 1200.0, 200.0)),
        (FITS["VFT with T^-1/2"], VFT(600.0, 1200.0, 200.0, -0.5), (np.log(600.0), 1200.0, 200.0)),
        (lambda T, y: fit_wlf(T, y, T_ref=320.0), WLF(2e-3, *WLF_TRUE[1:], 320.0), WLF_TRUE),
    ],
    ids=["Arrhenius", "VFT", "VFT with T^-1/2", "WLF"],
)
def test_the_intervals_hold_the_true_parameters_as_often_as_they_say(fit, law, true):
    """2 % noise: 95 % within 3.3 standard deviations of the count over the seeds."""
    fits = jax.jit(jax.vmap(lambda y: fit(T, y)))(data_sets(law, 0.02))
    assert np.all(np.abs(coverage(fits, true) - 0.95) < 3.3 * np.sqrt(0.95 * 0.05 / SEEDS)), coverage(fits, true)
    spread, error = np.std(fits.values, axis=0), np.mean(jax.vmap(lambda fit: fit.standard_errors)(fits), axis=0)
    np.testing.assert_allclose(error, spread, rtol=0.1)
    assert np.all(np.abs(np.mean(fits.values, axis=0) - np.asarray(true)) < 0.15 * spread), "hardly any bias"


def test_the_true_law_is_chosen_by_aicc():
    """Curvature is seen in every data set; the T^-1/2 prefactor shows in data of 0.03 % only; and a straight line is
    taken for a curved one as often as the criterion allows, in one of nine data sets."""
    curved = shares_chosen(VFT_LAW, 0.02)
    assert curved["Arrhenius"] == 0.0
    assert shares_chosen(Arrhenius(1.1, 3e4), 0.02)["Arrhenius"] > 0.85
    assert shares_chosen(VFT_LAW, 3e-4)["VFT"] > 0.99
    assert shares_chosen(VFT(600.0, 1200.0, 200.0, -0.5), 3e-4)["VFT with T^-1/2"] > 0.99


def test_exact_data_give_exact_parameters():
    found = fit_vft(T, VFT_LAW(0.0, T))
    np.testing.assert_allclose(found.values, (np.log(30.0), 1200.0, 200.0), rtol=1e-9)
    np.testing.assert_allclose(found.law(0.0, T), VFT_LAW(0.0, T), rtol=1e-11)
    found = fit_arrhenius(T, Arrhenius(1.1, 3e4, 320.0)(0.0, T), T_ref=320.0)
    np.testing.assert_allclose(found.values, (np.log(1.1), 3e4), rtol=1e-11)


def test_vft_and_wlf_are_one_curve_with_one_criterion_and_mapped_parameters():
    y = VFT_LAW(0.0, T) * jnp.exp(0.02 * jax.random.normal(jax.random.key(5), T.shape))
    vft, wlf = fit_vft(T, y), fit_wlf(T, y, T_ref=345.0)
    mapped = as_vft(wlf.law)
    np.testing.assert_allclose((mapped.B, mapped.T0), (vft.law.B, vft.law.T0), rtol=1e-11)
    np.testing.assert_allclose(wlf.law(0.0, T), vft.law(0.0, T), rtol=1e-11)
    assert float(wlf.aicc) == float(vft.aicc)
    assert float(wlf["C2"].standard_error) == pytest.approx(float(vft["T0"].standard_error), rel=1e-10)


def test_the_covariance_is_that_of_linear_regression_where_the_law_is_linear():
    y = Arrhenius(1.1, 3e4)(0.0, T) * jnp.exp(0.05 * jax.random.normal(jax.random.key(2), T.shape))
    found = fit_arrhenius(T, y)
    x = (1 / 298.15 - 1 / np.asarray(T)) / R
    (slope, level), covariance = np.polyfit(x, np.log(y), 1, cov=True)
    np.testing.assert_allclose(found.values, (level, slope), rtol=1e-10)
    np.testing.assert_allclose(found.covariance, covariance[::-1, ::-1], rtol=1e-8)
    np.testing.assert_allclose(np.diagonal(found.correlation), 1.0, rtol=1e-14)


def test_a_point_of_double_weight_counts_as_two_points():
    y = VFT_LAW(0.0, T) * jnp.exp(0.02 * jax.random.normal(jax.random.key(3), T.shape))
    weighted = fit_vft(T, y, weights=jnp.ones_like(T).at[4].set(2.0))
    repeated = fit_vft(jnp.append(T, T[4]), jnp.append(y, y[4]))
    np.testing.assert_allclose(weighted.values, repeated.values, rtol=1e-8)
    assert float(weighted.rss) == pytest.approx(float(repeated.rss), rel=1e-10)


def test_akaikes_criterion_is_that_of_the_gaussian_likelihood():
    y = VFT_LAW(0.0, T) * jnp.exp(0.02 * jax.random.normal(jax.random.key(3), T.shape))
    found = fit_vft(T, y)
    residual = np.log(found.law(0.0, T)) - np.log(y)
    n, k, variance = len(T), 4, np.mean(residual**2)
    ln_likelihood = np.sum(-0.5 * np.log(2 * np.pi * variance) - residual**2 / (2 * variance))
    assert float(found.aicc) == pytest.approx(-2 * ln_likelihood + 2 * k * n / (n - k - 1), rel=1e-10)


def test_the_best_fit_is_picked_and_weighed_against_the_others():
    y = VFT_LAW(0.0, T) * jnp.exp(0.02 * jax.random.normal(jax.random.key(3), T.shape))
    straight, curved = fit_arrhenius(T, y), fit_vft(T, y)
    assert best([straight, curved]) is curved
    weights = akaike_weights([straight, curved])
    assert float(jnp.sum(weights)) == pytest.approx(1.0) and float(weights[1]) > 0.999
    assert float(weights[0] / weights[1]) == pytest.approx(float(jnp.exp((curved.aicc - straight.aicc) / 2)), rel=1e-9)


def test_a_fit_tells_how_its_parameters_move_with_the_data():
    y = VFT_LAW(0.0, T)
    slope = jax.jit(jax.grad(lambda y: fit_vft(T, y).values[2]))(y)
    step = 1e-4 * y[7]
    shifted = [fit_vft(T, y.at[7].add(sign * step)).values[2] for sign in (1, -1)]
    assert float(slope[7]) == pytest.approx(float((shifted[0] - shifted[1]) / (2 * step)), rel=1e-4)


def test_data_that_cannot_tell_are_refused_with_the_reason():
    with pytest.raises(ValueError, match="5 points are too few for 3 parameters"):
        fit_vft(T[:5], T[:5])
    with pytest.raises(ValueError, match="2 different temperatures cannot tell 3 parameters"):
        fit_vft(jnp.tile(T[:2], 4), jnp.ones(8))
    with pytest.raises(ValueError, match=r"values of the property must be positive, found -3"):
        fit_arrhenius(T, jnp.full_like(T, -3.0))
    with pytest.raises(KeyError, match="no 'T_g'; it has ln_A, B, T0"):
        fit_vft(T, VFT_LAW(0.0, T))["T_g"]
