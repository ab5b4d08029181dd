"""Estimators of transport coefficients: exact as formulas, and right within their errors on simulated ions.

The full study, over 200 seeds with long trajectories, is `make studies`.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cellsim.constants import K_B, N_A, F, R
from cellsim.electrolyte.langevin import LangevinIons, ion_pairs
from cellsim.electrolyte.molecular import (
    Sample,
    collective_displacement,
    conductivity,
    einstein,
    flux_correlation,
    green_kubo,
    jackknife,
    seen_from,
)

FS = 1e-15  # s
RANDOM = np.random.default_rng(8)
SALT = Sample(species=(0, 1, 1, 0, 1, 1), z=[2, -1], V=1e-26, T=300.0)  # two cations, four anions
SEEDS = 16


def summed(values):
    """Over the particles of each species, by hand."""
    return np.stack([values[:, [0, 3]].sum(axis=1), values[:, [1, 2, 4, 5]].sum(axis=1)], axis=1)


# ---- formulas


def test_a_flux_correlation_is_the_mean_product_of_fluxes_some_time_apart():
    v = RANDOM.standard_normal((40, 6, 3))
    J, lags = summed(v), 7
    found = jax.jit(lambda v: flux_correlation(v, SALT, lags))(v)
    for lag in range(lags + 1):
        C = np.mean([np.einsum("ix,jx->ij", J[k], J[k + lag]) for k in range(40 - lags)], axis=0)
        np.testing.assert_allclose(found[lag], 0.5 * (C + C.T), rtol=1e-12)


def test_a_collective_displacement_is_the_mean_product_of_displacements():
    x = 5.0 + np.cumsum(RANDOM.standard_normal((40, 6, 3)), axis=0)
    X = summed(x)
    found = jax.jit(lambda x: collective_displacement(x, SALT, np.array([2, 5, 9])))(x)
    for lag, M in zip((2, 5, 9), found, strict=True):
        d = [X[k + lag] - X[k] for k in range(40 - 9)]
        np.testing.assert_allclose(M, np.mean([np.einsum("ix,jx->ij", a, a) for a in d], axis=0), rtol=1e-11)


def test_velocities_that_stay_the_same_give_the_coefficients_of_that_motion():
    """With v constant the correlation is constant too: its integral is v^2 t_cut, and half the slope of the squared
    displacement at the middle of the window is v^2 times that time. So all formulas can be worked out by hand."""
    v0 = RANDOM.standard_normal((6, 3))
    dt, steps = 2.0, 200
    velocities, positions = np.broadcast_to(v0, (steps, 6, 3)), np.arange(steps)[:, None, None] * dt * v0
    J = summed(v0[None])[0]
    own = np.array([np.sum(v0[[0, 3]] ** 2), np.sum(v0[[1, 2, 4, 5]] ** 2)])
    big = Sample(SALT.species, SALT.z, 1e12, 300.0)  # so large that nothing seems wrapped
    for found, time in (
        (jax.jit(lambda v: green_kubo(v, dt, big, t_cut=16.0, blocks=5))(velocities), 16.0),
        (jax.jit(lambda x: einstein(x, dt, big, window=(8.0, 24.0), blocks=5))(positions), 16.0),
    ):
        to_L = time / (3 * 1e12 * K_B * 300.0 * N_A**2)
        L, L_self = to_L * J @ J.T, to_L * own
        c = np.array([2.0, 4.0]) / (N_A * 1e12)
        z = np.array([2.0, -1.0])
        np.testing.assert_allclose(found.L.value, L, rtol=1e-9)
        np.testing.assert_allclose(found.L_distinct.value, L - np.diag(L_self), rtol=1e-9)
        np.testing.assert_allclose(found.D_self.value, time * own / (3 * np.array([2.0, 4.0])), rtol=1e-9)
        np.testing.assert_allclose(found.kappa.value, F**2 * z @ L @ z, rtol=1e-9)
        np.testing.assert_allclose(found.t.value, z * (L @ z) / (z @ L @ z), rtol=1e-9)
        ideal = F**2 / (R * 300.0) * np.sum(z**2 * c * found.D_self.value)
        np.testing.assert_allclose(found.H.value, found.kappa.value / ideal, rtol=1e-9)
        np.testing.assert_allclose(np.sum(found.t.value), 1.0, rtol=1e-12)
        assert np.all(found.L.standard_error < 1e-9 * np.abs(found.L.value)), "all blocks are alike"


def test_the_jackknife_of_a_mean_is_the_standard_error_of_the_mean_and_follows_a_ratio():
    a, b = RANDOM.standard_normal(30), 9.0 + RANDOM.standard_normal(30)
    (mean, ratio), (error, ratio_error) = jackknife(lambda m: (m[0], m[0] / m[1]), (jnp.asarray(a), jnp.asarray(b)))
    assert float(mean) == pytest.approx(np.mean(a), rel=1e-13)
    assert float(error) == pytest.approx(np.std(a, ddof=1) / np.sqrt(30), rel=1e-12)
    slope = np.std(a / np.mean(b) - np.mean(a) * b / np.mean(b) ** 2, ddof=1) / np.sqrt(30)
    assert float(ratio) == pytest.approx(np.mean(a) / np.mean(b), rel=1e-13)
    assert float(ratio_error) == pytest.approx(slope, rel=0.01)


def test_seen_from_the_solvent_the_solvent_rests():
    v = RANDOM.standard_normal((5, 6, 3))
    reference = np.array([False, False, True, True, False, True])
    seen = np.asarray(seen_from(v, reference))
    np.testing.assert_allclose(seen[:, reference].mean(axis=1), 0.0, atol=1e-15)
    np.testing.assert_allclose(seen - v, np.broadcast_to(seen[:, :1] - v[:, :1], v.shape), atol=1e-15)
    np.testing.assert_allclose(seen_from(v + 7.0, reference), seen, atol=1e-13)


# ---- simulated ions


def exact(ions):
    z, L = np.asarray(ions.sample.z), np.asarray(ions.L)
    ideal = np.diag(np.asarray(ions.sample.c * ions.D_self / (R * ions.sample.T)))
    ratio = float(z @ L @ z / (z @ ideal @ z))
    return {
        "L": L,
        "L_distinct": L - ideal,
        "D_self": np.asarray(ions.D_self),
        "kappa": float(conductivity(ions.L, ions.sample.z)),
        "t": z * (L @ z) / (z @ L @ z),
        "H": ratio,
    }


@pytest.fixture(scope="module", params=[0.0, 0.6], ids=["free ions", "paired ions"])
def sampled(request):
    """Ions, and the estimates of both methods over some seeds. Correlations last 10 fs, in pairs up to 25 fs."""
    ions = ion_pairs(3, friction=(1e-11, 1.25e-11), relaxation_time=10 * FS, coupling=request.param)
    last = 64 * FS if request.param == 0 else 160 * FS

    def one(key):
        x, v = ions.trajectory(key, 20_000, 4 * FS)
        by_positions = einstein(x[::4], 16 * FS, ions.sample, window=(last, 1.5 * last))
        return {"Green-Kubo": green_kubo(v, 4 * FS, ions.sample, t_cut=last), "Einstein": by_positions}

    return ions, jax.jit(lambda keys: jax.lax.map(one, keys))(jax.random.split(jax.random.key(5), SEEDS))


@pytest.mark.parametrize("method", ["Green-Kubo", "Einstein"])
def test_the_intervals_hold_the_exact_coefficients_and_the_mean_is_not_biased(sampled, method):
    ions, estimates = sampled
    held = []
    for name, true in exact(ions).items():
        estimate = getattr(estimates[method], name)
        held.append(np.ravel((estimate.low < true) & (true < estimate.high)))
        spread = np.std(estimate.value, axis=0, ddof=1)
        assert np.all(np.abs(np.mean(estimate.value, axis=0) - true) < 4 * spread / np.sqrt(SEEDS)), name
        np.testing.assert_allclose(np.mean(estimate.standard_error, axis=0), spread, rtol=0.6, err_msg=name)
    assert 0.88 < np.mean(np.concatenate(held)) < 0.995


@pytest.mark.parametrize("method", ["Green-Kubo", "Einstein"])
def test_pairs_conduct_less_than_their_diffusion_would_have_it(sampled, method):
    ions, estimates = sampled
    H = estimates[method].H
    if exact(ions)["H"] == pytest.approx(1.0):
        assert abs(float(np.mean(H.value)) - 1) < 0.1
    else:
        assert np.all(H.high < 1.0), "in every single trajectory"
        assert np.all(estimates[method].L_distinct.low[:, 0, 1] > 0), "cation and anion go together"


def test_a_salt_of_a_divalent_cation_with_two_bound_anions_is_estimated_alike():
    cluster = np.array([[2.0, -0.7, -0.7], [-0.7, 1.0, 0.0], [-0.7, 0.0, 1.0]])
    friction = 1e-11 * np.kron(np.eye(2), cluster)
    sample = Sample((0, 1, 1, 0, 1, 1), z=[2, -1], V=6 / N_A / 1500.0, T=320.0)
    ions = LangevinIons(sample, 1e-25 * np.ones(6), friction)
    slowest = float(ions.relaxation_times()[-1])
    _, v = jax.jit(lambda key: ions.trajectory(key, 30_000, 2 * FS))(jax.random.key(3))
    found = jax.jit(lambda v: green_kubo(v, 2 * FS, sample, t_cut=6 * slowest))(v)
    for name, true in exact(ions).items():
        low, high = getattr(found, name).interval(0.999)
        assert np.all((low < true) & (true < high)), name
    assert float(found.H.high) < 1


# ---- what cannot be meant


def test_trajectories_that_cannot_tell_are_refused_with_the_reason():
    v = RANDOM.standard_normal((100, 6, 3))
    with pytest.raises(ValueError, match="100 times in 20 blocks are 5 times a block"):
        green_kubo(v, 1.0, SALT, t_cut=4.0)
    with pytest.raises(ValueError, match="5 particles, and the sample 6"):
        green_kubo(v[:, :5], 1.0, SALT, t_cut=4.0, blocks=4)
    with pytest.raises(ValueError, match="wrapped at the walls"):
        einstein(v * 1e-8, 1.0, SALT, window=(1.0, 4.0), blocks=4)
    with pytest.raises(ValueError, match="holds no two times"):
        einstein(v * 1e-12, 1.0, SALT, window=(4.0, 4.0), blocks=4)
    with pytest.raises(ValueError, match=r"numbered \[0, 2\], with 2 charges"):
        Sample((0, 2), z=[1, -1], V=1e-26, T=300.0)
