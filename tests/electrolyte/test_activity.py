"""Activity coefficients: limits, slopes, the integral and the derivative that undo each other, concentration cells."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from cellsim.constants import F, R
from cellsim.electrolyte import Salt
from cellsim.electrolyte.activity import (
    ConcentrationCell,
    Davies,
    DebyeHueckel,
    HalfPowers,
    LnGamma,
    ThermodynamicFactor,
    cell_potential,
    inverse_debye_length,
    ionic_strength,
)
from cellsim.laws import Constant, Custom, Polynomial

WATER = 78.30  # relative permittivity at 25 degC
T = 298.15
SALTS = (Salt(), Salt(2, 1, 2), Salt(1, 2, 1), Salt(2, 1, 1))
every_salt = pytest.mark.parametrize("salt", SALTS, ids=str)
c = np.array([300.0, 700.0, 3000.0])
A = 0.5115 * np.log(10.0)  # of water at 25 degC, per root of mol/L (Robinson and Stokes)
LN_GAMMA = HalfPowers([0.0, -1.1, 0.9, -0.2, 0.05])  # of some salt, zero at infinite dilution


def test_the_ionic_strength_counts_squared_charges():
    assert float(ionic_strength(10.0, Salt())) == pytest.approx(10.0, rel=1e-15)
    assert float(ionic_strength(10.0, Salt(2, 1, 2))) == pytest.approx(30.0, rel=1e-15)
    assert float(ionic_strength(10.0, Salt(2, 1, 1))) == pytest.approx(40.0, rel=1e-15)


def test_the_debye_length_of_a_tenth_molar_solution_in_water_is_a_nanometre():
    assert 1 / float(inverse_debye_length(100.0, WATER, T)) == pytest.approx(0.9614e-9, rel=1e-3)


@every_salt
def test_the_limiting_law_has_the_textbook_slope_in_water(salt):
    charges = abs(salt.z_plus * salt.z_minus)
    law = DebyeHueckel(WATER, salt=salt)
    root = np.sqrt(np.asarray(ionic_strength(c, salt)) / 1000.0)
    np.testing.assert_allclose(law(c, T), -A * charges * root, rtol=1e-3)
    # chi falls as half of ln gamma, whatever the constants
    np.testing.assert_allclose(ThermodynamicFactor(law)(c, T), 1 + 0.5 * np.asarray(law(c, T)), rtol=1e-10)


def test_the_extended_law_becomes_the_limiting_one_in_dilute_solution_and_levels_off():
    limiting, extended = DebyeHueckel(WATER), DebyeHueckel(WATER, a=4e-10)
    assert float(extended(1.0, T) / limiting(1.0, T)) == pytest.approx(1 / (1 + 4e-10 / 9.61e-9), rel=1e-3)
    k = np.asarray(inverse_debye_length(c, WATER, T)) * 4e-10
    np.testing.assert_allclose(extended(c, T), np.asarray(limiting(c, T)) / (1 + k), rtol=1e-10)
    chi = 1 + 0.5 * np.asarray(limiting(c, T)) / (1 + k) ** 2
    np.testing.assert_allclose(ThermodynamicFactor(extended)(c, T), chi, rtol=1e-10)


def test_the_linear_term_adds_its_share_to_chi():
    with_term = ThermodynamicFactor(DebyeHueckel(WATER, a=4e-10, b=2e-4))
    without = ThermodynamicFactor(DebyeHueckel(WATER, a=4e-10))
    np.testing.assert_allclose(with_term(c, T) - without(c, T), 2e-4 * c, rtol=1e-9)


def test_davies_gives_the_tabulated_activity_of_sodium_chloride_at_a_tenth_molar():
    gamma = float(jnp.exp(Davies(WATER)(100.0, T)))
    by_hand = 10 ** (-0.5115 * (np.sqrt(0.1) / (1 + np.sqrt(0.1)) - 0.03))
    assert gamma == pytest.approx(by_hand, rel=1e-3)
    assert gamma == pytest.approx(0.778, abs=0.005)  # measured


@every_salt
def test_all_models_obey_the_limiting_law_where_salt_is_scarce(salt):
    dilute = 0.1
    limit = float(DebyeHueckel(WATER, salt=salt)(dilute, T))
    assert float(Davies(WATER, salt=salt)(dilute, T)) == pytest.approx(limit, rel=0.03)
    assert float(DebyeHueckel(WATER, a=3e-10, salt=salt)(dilute, T)) == pytest.approx(limit, rel=0.03)


def test_half_powers_are_the_sum_they_say_and_chi_is_its_slope():
    x = np.sqrt(c / 1000.0)
    coefficients = np.asarray(LN_GAMMA.coefficients)
    np.testing.assert_allclose(LN_GAMMA(c, T), sum(a * x**k for k, a in enumerate(coefficients)), rtol=1e-11)
    slope = 1 + sum(0.5 * k * a * x**k for k, a in enumerate(coefficients))
    np.testing.assert_allclose(ThermodynamicFactor(LN_GAMMA)(c, T), slope, rtol=1e-11)


def test_a_constant_and_a_polynomial_of_ln_gamma_have_the_chi_of_their_slopes():
    np.testing.assert_array_equal(ThermodynamicFactor(-0.7)(c, T), 1.0)
    polynomial = ThermodynamicFactor(Polynomial([0.0, -0.3, 0.4], unit=1000.0))
    np.testing.assert_allclose(polynomial(c, T), 1 - 0.3e-3 * c + 0.8e-6 * c**2, rtol=1e-12)


def test_integrating_chi_gives_ln_gamma_back_and_its_slope_gives_chi():
    chi = ThermodynamicFactor(LN_GAMMA)
    law = LnGamma(chi, c_ref=250.0)
    np.testing.assert_allclose(law(c, T), LN_GAMMA(c, T) - LN_GAMMA(250.0, T), rtol=1e-10)
    np.testing.assert_allclose(ThermodynamicFactor(law)(c, T), chi(c, T), rtol=1e-10)


def test_the_limiting_law_leads_from_infinite_dilution_to_where_chi_is_known():
    water = DebyeHueckel(WATER, a=3e-10)
    found = LnGamma(ThermodynamicFactor(water))(c, T) + water(1.0, T)
    np.testing.assert_allclose(found, water(c, T), rtol=1e-7)


def test_ln_gamma_may_be_counted_from_any_concentration():
    chi = Constant(1.8)  # no limit of infinite dilution
    law = LnGamma(chi, c_ref=250.0)
    np.testing.assert_allclose(law(c, T), 0.8 * np.log(c / 250.0), rtol=1e-9)
    assert float(law(250.0, T)) == pytest.approx(0.0, abs=1e-11)


# ---- concentration cells


def test_an_ideal_cell_has_nernsts_potential_times_the_anions_share():
    salt = Salt()
    found = cell_potential(Constant(0.4), Constant(1.0), c, 1000.0, T, salt)
    np.testing.assert_allclose(found, 2 * R * T / F * 0.6 * np.log(c / 1000.0), rtol=1e-12, atol=1e-15)


@every_salt
def test_a_cell_at_constant_transference_measures_the_salts_activity(salt):
    chi = ThermodynamicFactor(LN_GAMMA)
    found = cell_potential(Constant(0.3), chi, c, 200.0, T, salt)
    ln_a = lambda c: np.log(c) + np.asarray(LN_GAMMA(c, T))
    unit = salt.nu * R * T / (salt.equivalents * F)
    np.testing.assert_allclose(found, unit * 0.7 * (ln_a(c) - ln_a(200.0)), rtol=1e-9)


@every_salt
def test_chi_comes_back_from_the_potentials_it_makes(salt):
    t_plus, chi = Polynomial([0.4, -5e-5]), ThermodynamicFactor(LN_GAMMA)
    potential = Custom(lambda c, T, laws: cell_potential(*laws, c, 500.0, T, salt), (t_plus, chi))
    found = ConcentrationCell(potential, t_plus, salt)
    np.testing.assert_allclose(jax.jit(lambda law: law(c, T))(found), chi(c, T), rtol=1e-9)


# ---- as laws


LAWS = {
    "limiting": DebyeHueckel(WATER),
    "extended": DebyeHueckel(Polynomial([90.0, -0.002]), a=4e-10, b=1e-4, salt=Salt(2, 1, 2)),
    "Davies": Davies(WATER),
    "half powers": LN_GAMMA,
    "chi of half powers": ThermodynamicFactor(LN_GAMMA),
    "chi of Davies": ThermodynamicFactor(Davies(WATER)),
    "ln gamma of chi": LnGamma(ThermodynamicFactor(Davies(WATER))),
    "cell": ConcentrationCell(HalfPowers([0.0, 0.01, 0.08]), 0.3),
}


@pytest.mark.parametrize("name", list(LAWS))
def test_every_law_is_finite_and_differentiable_in_its_numbers_where_a_solver_may_look(name):
    at = jax.jit(jax.vmap(jax.value_and_grad(lambda law, c, T: law(c, T), argnums=(0, 1, 2)), (None, 0, 0)))
    found = at(LAWS[name], np.array([-1e-3, 0.0, 1e-3, 900.0, 1e4]), np.full(5, 300.0))
    for path, array in jax.tree_util.tree_leaves_with_path(found):
        assert np.all(np.isfinite(array)), jax.tree_util.keystr(path)
    assert LAWS[name](c[:, None], np.array([290.0, 300.0])).shape == (3, 2)


def test_chi_of_a_model_is_differentiable_twice_in_all_its_numbers():
    @jax.jit
    def chi(eps_r, a, b, ln_c):
        law = ThermodynamicFactor(DebyeHueckel(Constant(eps_r * 100), a=a * 1e-10, b=b * 1e-4))
        return law(jnp.exp(ln_c), T)

    check_grads(chi, (0.78, 4.0, 1.5, np.log(c)), order=2, rtol=1e-4)
