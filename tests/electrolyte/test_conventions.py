"""Other conventions of the thermodynamic factor: each against the derivative that defines it, and back."""

import jax
import numpy as np
import pytest

from cellsim.constants import F, R
from cellsim.electrolyte import Salt, frames
from cellsim.electrolyte import conventions as con
from cellsim.laws import Polynomial

T = 300.0
c, h = np.array([50.0, 800.0, 2500.0]), 1e-5
M0, V_SALT, V_SOLVENT = 0.1, 6e-5, 9.2e-5
SOLVENT = frames.SolventByVolume(V_SALT, V_SOLVENT)
c0_pure = 1 / V_SOLVENT
SALTS = (Salt(), Salt(2, 1, 2))
every_salt = pytest.mark.parametrize("salt", SALTS, ids=str)


def c0(c):
    return np.asarray(SOLVENT(c, T))


def m(c):
    return np.asarray(con.molality(c, c0(c), M0))


def ln_gamma_molal(m):
    return -0.9 * np.sqrt(m) / (1 + np.sqrt(m)) + 0.3 * m


def mu(c, nu):
    """Chemical potential of the salt over R T, up to a constant."""
    return nu * (np.log(m(c)) + ln_gamma_molal(m(c)))


def slope_in_ln(f, x):
    """Derivative of `f` in ln x, by differences of fourth order."""
    at = lambda k: f(x * np.exp(k * 1e-3))
    return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / 12e-3


def chi(c):
    return slope_in_ln(lambda c: mu(c, 1), c)


def slope(c):
    return np.asarray(con.molality_slope(SOLVENT, c, T))


def test_the_slope_of_molality_is_one_over_the_solvents_volume_fraction_at_constant_partial_volumes():
    np.testing.assert_allclose(slope(c), 1 / (1 - V_SALT * c), rtol=1e-13)
    np.testing.assert_allclose(slope(c), slope_in_ln(lambda c: np.log(m(c)), c), rtol=1e-10)


def test_chi_follows_from_the_molal_factor_and_back():
    molal = slope_in_ln(lambda m: np.log(m) + ln_gamma_molal(m), m(c))
    np.testing.assert_allclose(con.from_molal(molal, slope(c)), chi(c), rtol=1e-9)
    np.testing.assert_allclose(con.to_molal(con.from_molal(molal, slope(c)), slope(c)), molal, rtol=1e-14)


def test_molar_and_molal_activity_coefficients_make_the_same_chemical_potential():
    gamma_molal = np.exp(ln_gamma_molal(m(c)))
    gamma = con.gamma_from_molal(gamma_molal, c0(c), c0_pure)
    np.testing.assert_allclose(con.gamma_to_molal(gamma, c0(c), c0_pure), gamma_molal, rtol=1e-14)
    np.testing.assert_allclose(c * gamma / (m(c) * gamma_molal), M0 * c0_pure, rtol=1e-13)  # a constant
    by_definition = lambda c: np.log(c * con.gamma_from_molal(np.exp(ln_gamma_molal(m(c))), c0(c), c0_pure))
    np.testing.assert_allclose(slope_in_ln(by_definition, c), chi(c), rtol=1e-9)


@pytest.mark.parametrize("particles", [1, 2, 3])
def test_chi_follows_from_darkens_factor_however_particles_are_counted(particles):
    x = lambda c: np.asarray(con.salt_fraction(c, c0(c), particles))
    darken = slope_in_ln(lambda c: mu(c, 1), c) / slope_in_ln(lambda c: np.log(x(c)), c)
    np.testing.assert_allclose(con.from_darken(darken, x(c), slope(c)), chi(c), rtol=1e-9)
    np.testing.assert_allclose(con.to_darken(chi(c), x(c), slope(c)), darken, rtol=1e-9)


@every_salt
def test_chi_follows_from_the_salts_chemical_potential_and_from_its_excess(salt):
    of_salt = slope_in_ln(lambda c: mu(c, salt.nu), c)
    np.testing.assert_allclose(con.from_salt(of_salt, salt), chi(c), rtol=1e-9)
    np.testing.assert_allclose(con.to_salt(con.from_salt(of_salt, salt), salt), of_salt, rtol=1e-14)
    excess = slope_in_ln(lambda c: np.log(con.gamma_from_molal(np.exp(ln_gamma_molal(m(c))), c0(c), c0_pure)), c)
    np.testing.assert_allclose(con.from_excess(excess), chi(c), rtol=1e-9)
    np.testing.assert_allclose(con.to_excess(con.from_excess(excess)), excess, rtol=1e-13)


@every_salt
def test_the_factors_of_the_ions_are_weighted_by_their_numbers(salt):
    plus, minus = np.array([1.2, 0.8, 3.0]), np.array([0.7, 1.5, 2.0])
    by_hand = (salt.nu_plus * plus + salt.nu_minus * minus) / salt.nu
    np.testing.assert_allclose(con.from_ions(plus, minus, salt), by_hand, rtol=1e-15)
    np.testing.assert_allclose(con.from_ions(plus, plus, salt), plus, rtol=1e-14)


@every_salt
def test_the_product_that_cells_measure_and_the_diffusional_conductivity_are_divided_by_what_they_hold(salt):
    t_plus, kappa = np.array([0.4, 0.2, -0.5]), np.array([0.2, 1.0, 0.4])
    product = con.to_product(chi(c), t_plus)
    np.testing.assert_allclose(product, (1 - t_plus) * chi(c), rtol=1e-15)
    np.testing.assert_allclose(con.from_product(product, t_plus), chi(c), rtol=1e-14)
    driven = con.to_diffusional_conductivity(chi(c), kappa, t_plus, T, salt)
    by_hand = kappa * salt.nu * R * T / (salt.z_plus * salt.nu_plus * F) * (1 - t_plus) * chi(c)
    np.testing.assert_allclose(driven, by_hand, rtol=1e-14)
    np.testing.assert_allclose(con.from_diffusional_conductivity(driven, kappa, t_plus, T, salt), chi(c), rtol=1e-13)


def test_newmans_diffusivity_is_the_volume_fixed_one_at_constant_partial_volumes():
    frame = frames.volume_fixed([V_SOLVENT, 0.4 * V_SALT, 0.6 * V_SALT])
    at = np.stack([c0(c), c, c], axis=-1)
    volume_fixed = frame.diffusivity(2e-10, at, given_in=frames.solvent_fixed())
    np.testing.assert_allclose(con.salt_diffusivity_newman(np.full(3, 2e-10), slope(c)), volume_fixed, rtol=1e-13)


def test_a_molal_law_becomes_a_law_of_concentration_with_its_slopes():
    molal = Polynomial([1.0, -0.2, 0.15])  # of mol/kg
    law = con.FromMolal(molal, SOLVENT, M0)
    np.testing.assert_allclose(law(c, T), np.asarray(molal(m(c), T)) * slope(c), rtol=1e-10)
    found = jax.jit(jax.jacrev(lambda law, c: law(c, T), argnums=(0, 1)))(law, np.array([-1e-3, 0.0, 10.0, 2000.0]))
    for path, array in jax.tree_util.tree_leaves_with_path(found):
        assert np.all(np.isfinite(array)), jax.tree_util.keystr(path)
