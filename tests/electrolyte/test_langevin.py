"""Simulated ions: their exact coefficients, and that they move as the theory of the Langevin equation says."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg

from cellsim.constants import K_B, N_A, R
from cellsim.electrolyte.langevin import LangevinIons, ion_pairs
from cellsim.electrolyte.molecular import Sample, conductivity

FS = 1e-15  # s
kT = K_B * 298.15
FRICTION = (1.0e-11, 1.6e-11)  # kg/s


@pytest.mark.parametrize("coupling", [-0.5, 0.0, 0.6, 0.95])
def test_the_coefficients_of_pairs_are_those_in_closed_form(coupling):
    ions = ion_pairs(3, friction=FRICTION, relaxation_time=10 * FS, coupling=coupling, c=800.0)
    D = kT / np.array(FRICTION) / (1 - coupling**2)
    between = coupling * np.sqrt(D[0] * D[1])
    L = 800.0 / (R * 298.15) * np.array([[D[0], between], [between, D[1]]])
    np.testing.assert_allclose(ions.sample.c, 800.0, rtol=1e-14)
    np.testing.assert_allclose(ions.D_self, D, rtol=1e-12)
    np.testing.assert_allclose(ions.L, L, rtol=1e-12, atol=1e-28)
    H = conductivity(ions.L, ions.sample.z) / conductivity(jnp.diag(jnp.diagonal(ions.L)), ions.sample.z)
    assert float(H) == pytest.approx(1 - 2 * between / D.sum(), rel=1e-12)


def test_the_velocities_forget_in_the_times_of_the_modes():
    ions = ion_pairs(2, friction=FRICTION, relaxation_time=10 * FS, coupling=0.6)
    np.testing.assert_allclose(ions.relaxation_times() / FS, [6.25, 6.25, 25.0, 25.0], rtol=1e-12)


def test_one_step_has_the_covariance_of_the_stochastic_equation():
    """Displacement and velocity of many pairs after a step, against the integrals of the matrix exponential by which
    Van Loan solves the stochastic equation."""
    count, dt = 20_000, 7 * FS
    ions = ion_pairs(1, friction=FRICTION, relaxation_time=10 * FS, coupling=0.6)
    mass, G = np.asarray(ions.mass), np.asarray(ions.friction)
    # in units of 10 fs and of the length of thermal motion, so that the matrices are of order one
    unit = np.sqrt(kT / mass[0]) * 10 * FS
    A = np.block([[np.zeros((2, 2)), np.eye(2)], [np.zeros((2, 2)), -G / mass[:, None] * 10 * FS]])
    B = scipy.linalg.block_diag(np.zeros((2, 2)), 2 * kT * G / np.outer(mass, mass)) * (10 * FS) ** 3 / unit**2
    step = dt / (10 * FS)
    big = scipy.linalg.expm(np.block([[-A, B], [np.zeros((4, 4)), A.T]]) * step)
    E, noise = big[4:, 4:].T, big[4:, 4:].T @ big[:4, 4:]
    start = scipy.linalg.block_diag(np.zeros((2, 2)), np.diag(kT / mass) * (10 * FS) ** 2 / unit**2)
    expected = E @ start @ E.T + noise
    keys = jax.random.split(jax.random.key(0), count)
    x, v = jax.jit(jax.vmap(lambda key: ions.trajectory(key, 2, dt)))(keys)
    after = np.concatenate([np.asarray(x[:, 1]), np.asarray(v[:, 1]) * 10 * FS], axis=1) / unit  # pair, 4, direction
    found = np.einsum("nax,nbx->ab", after, after) / (3 * count)
    scale = np.sqrt(np.outer(np.diagonal(expected), np.diagonal(expected)))
    np.testing.assert_allclose(found / scale, expected / scale, atol=5 * np.sqrt(2 / (3 * count)))
    np.testing.assert_allclose(x[:, 0], 0.0)


def test_the_first_velocities_are_maxwells():
    ions = ion_pairs(1, friction=FRICTION, relaxation_time=10 * FS)
    keys = jax.random.split(jax.random.key(1), 5000)
    _, v = jax.jit(jax.vmap(lambda key: ions.trajectory(key, 1, FS)))(keys)
    energy = np.asarray(ions.mass)[:, None] * np.asarray(v[:, 0]) ** 2
    assert np.mean(energy) == pytest.approx(kT, rel=5 * np.sqrt(2 / energy.size))


def test_any_friction_of_any_salt_gives_its_inverse():
    A = np.random.default_rng(2).standard_normal((6, 6))
    friction = 1e-11 * (A @ A.T + np.eye(6))
    sample = Sample(species=(0, 1, 1, 0, 1, 1), z=[2, -1], V=1e-26, T=350.0)
    ions = LangevinIons(sample, 1e-25 * np.ones(6), 0.5 * (friction + friction.T))
    M = np.linalg.inv(friction)
    of = {0: [0, 3], 1: [1, 2, 4, 5]}
    for i, j in ((0, 0), (0, 1), (1, 1)):
        assert float(ions.L[i, j]) == pytest.approx(M[np.ix_(of[i], of[j])].sum() / (1e-26 * N_A**2), rel=1e-12)
    assert float(ions.D_self[1]) == pytest.approx(K_B * 350.0 * np.mean(np.diagonal(M)[of[1]]), rel=1e-12)


def test_friction_that_drives_is_refused():
    with pytest.raises(ValueError, match="symmetric and positive definite"):
        ion_pairs(1, friction=FRICTION, relaxation_time=FS, coupling=1.1)
