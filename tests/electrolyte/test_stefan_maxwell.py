"""Stefan-Maxwell diffusivities: the closed forms of a salt, the balance of forces, and round trips."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from cellsim.constants import F, R
from cellsim.electrolyte import Salt, ions, onsager
from cellsim.electrolyte import stefan_maxwell as sm

SALTS = (Salt(), Salt(2, 1, 2), Salt(1, 2, 1), Salt(2, 1, 1), Salt(3, 2, 3))
every_salt = pytest.mark.parametrize("salt", SALTS, ids=str)
T = np.array([280.0, 298.15, 330.0])
c, c0, chi = np.array([0.5, 400.0, 2500.0]), np.array([11500.0, 10800.0, 8000.0]), np.array([1.0, 1.3, 5.0])
# the last has a negative transference number and ions that push each other on: neither is forbidden
D = sm.Binary(np.array([2e-10, 1e-10, -3e-11]), np.array([3e-10, 4e-10, 1e-10]), np.array([1e-11, 5e-12, 4e-12]))
# solvent and four ions at two compositions
Z4 = np.array([1, 2, -1, -2])
C4 = np.array([[11000.0, 300.0, 100.0, 400.0, 50.0], [9000.0, 1.0, 2.0, 3.0, 1.0]])


def friction_of_five():
    rng = np.random.default_rng(2)
    D = 10 ** rng.uniform(-11, -9, (2, 5, 5))
    return sm.friction(D + np.swapaxes(D, -1, -2), C4, 300.0)


def resistivity(D, c, c0, T, salt):
    """1/kappa in Newman's closed form."""
    z_plus, z_minus = salt.z
    t_minus = -z_minus * D.D_0minus / (z_plus * D.D_0plus - z_minus * D.D_0minus)
    with_solvent = c0 * t_minus / (salt.nu_plus * c * D.D_0minus)
    return -R * T / ((c0 + salt.nu * c) * z_plus * z_minus * F**2) * (1 / D.D_plusminus + with_solvent)


@every_salt
def test_a_salt_has_the_conductivity_transference_number_and_diffusivity_of_the_closed_forms(salt):
    found = sm.transport(D, c, c0, chi, T, salt)
    np.testing.assert_allclose(found.kappa * resistivity(D, c, c0, T, salt), 1.0, rtol=1e-13)
    t_plus = salt.z_plus * D.D_0plus / (salt.z_plus * D.D_0plus - salt.z_minus * D.D_0minus)
    np.testing.assert_allclose(found.t_plus, t_plus, rtol=1e-13)
    thermodynamic = sm.thermodynamic_diffusivity(D, salt)
    np.testing.assert_allclose(found.D, thermodynamic * (c0 + salt.nu * c) / c0 * chi, rtol=1e-13)


@every_salt
def test_what_is_measured_and_the_diffusivities_are_inverses_of_each_other(salt):
    there = sm.transport(D, c, c0, chi, T, salt)
    for found, was in zip(sm.binary(there, c, c0, chi, T, salt), D, strict=True):
        np.testing.assert_allclose(found, was, rtol=1e-12)
    measured = sm.Transport(np.array([0.01, 0.9, 0.3]), np.array([0.3, 0.2, -0.4]), np.array([4e-10, 2e-10, 8e-11]))
    back = sm.transport(sm.binary(measured, c, c0, chi, T, salt), c, c0, chi, T, salt)
    for found, was in zip(back, measured, strict=True):
        np.testing.assert_allclose(found, was, rtol=1e-12)


@every_salt
def test_the_formulas_of_a_salt_are_those_of_any_number_of_ions(salt):
    species = sm.species(c, c0, salt)
    L = sm.onsager_coefficients(sm.friction(sm.pairs(D), species, T), species)
    np.testing.assert_allclose(sm.onsager_of_salt(D, c, c0, T, salt).matrix, L, rtol=1e-12)


def test_friction_and_diffusivities_are_inverses_and_none_is_infinite_diffusivity():
    K = friction_of_five()
    np.testing.assert_allclose(sm.friction(sm.diffusivities(K, C4, 300.0), C4, 300.0), K, rtol=1e-13)
    np.testing.assert_array_equal(sm.friction(np.full((5, 5), np.inf), C4, 300.0), 0.0)
    without = np.array(K)
    without[:, 1, 3] = without[:, 3, 1] = 0.0
    assert np.all(np.isinf(sm.diffusivities(without, C4, 300.0)[:, 1, 3]))


def test_friction_of_many_ions_and_their_onsager_coefficients_are_inverses_of_each_other():
    K = friction_of_five()
    L = sm.onsager_coefficients(K, C4)
    onsager.check_second_law(L, C4[:, 1:])
    size = np.asarray(K).max(axis=(-2, -1), keepdims=True)
    np.testing.assert_allclose(sm.friction_of(L, C4) / size, K / size, atol=1e-14)
    np.testing.assert_allclose(sm.onsager_coefficients(sm.friction_of(L, C4), C4), L, rtol=1e-12)


def test_the_fluxes_balance_every_force_by_friction_and_no_net_force_is_left():
    K, c_ions = friction_of_five(), C4[:, 1:]
    grad_mu = np.array([[1.0, -2.0, 0.5, 3.0], [0.2, 0.1, -4.0, 1.0]]) * 1e4
    v = np.concatenate([np.zeros((2, 1)), onsager.fluxes(sm.onsager_coefficients(K, C4), grad_mu) / c_ions], axis=-1)
    felt = np.einsum("pij,pij->pi", K, v[:, None, :] - v[:, :, None])
    np.testing.assert_allclose(felt[:, 1:], c_ions * grad_mu, rtol=1e-11)
    np.testing.assert_allclose(felt.sum(axis=-1), 0.0, atol=1e-9 * np.abs(felt).max())


def test_ions_that_do_not_rub_on_each_other_obey_nernst_and_einstein():
    D_ions = np.array([1e-10, 0.7e-10, 2e-10, 0.9e-10])
    pairs = np.full((5, 5), np.inf)
    pairs[0, 1:] = pairs[1:, 0] = D_ions
    L = sm.onsager_coefficients(sm.friction(pairs, C4, 300.0), C4)
    as_if_alone = D_ions * C4.sum(axis=-1, keepdims=True) / C4[:, :1]  # c_tot/c0 is one in a dilute solution
    np.testing.assert_allclose(L, onsager.ideal(C4[:, 1:], as_if_alone, 300.0), rtol=1e-14)
    kappa_NE = ions.conductivity_NE(C4[:, 1:], Z4, as_if_alone, 300.0)
    np.testing.assert_allclose(onsager.conductivity(L, Z4), kappa_NE, rtol=1e-13)


def test_friction_between_the_ions_of_a_salt_lowers_its_conductivity_and_nothing_else():
    salt = Salt()
    loose = sm.transport(D._replace(D_plusminus=np.full(3, np.inf)), c, c0, chi, T, salt)
    tight = sm.transport(D, c, c0, chi, T, salt)
    assert np.all(tight.kappa[:2] < loose.kappa[:2])
    np.testing.assert_allclose(tight.t_plus, loose.t_plus, rtol=1e-13)
    np.testing.assert_allclose(tight.D, loose.D, rtol=1e-13)


def test_both_ways_are_differentiable_forward_and_reverse():
    salt = Salt(2, 1, 2)

    @jax.jit
    def there(D_0plus, D_0minus, D_plusminus, c0, T):
        scaled = sm.Binary(D_0plus * 1e-10, D_0minus * 1e-10, D_plusminus * 1e-12)
        return jax.tree.map(lambda x: jnp.log(jnp.abs(x)), sm.transport(scaled, c, c0, chi, T, salt))

    check_grads(there, (D[0] * 1e10, D[1] * 1e10, D[2] * 1e12, c0, T), order=1, rtol=1e-5)

    @jax.jit
    def back(kappa, t_plus, D):
        measured = sm.Transport(kappa, t_plus, D * 1e-10)
        found = sm.binary(measured, c[1:], c0[1:], chi[1:], T[1:], salt)
        return jax.tree.map(lambda x: jnp.log(jnp.abs(x)), found)

    check_grads(back, (np.array([0.9, 0.3]), np.array([0.2, -0.4]), np.array([2.0, 0.8])), order=1, rtol=1e-5)
