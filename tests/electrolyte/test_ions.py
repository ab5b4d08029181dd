"""Ions on their own: forces, mobilities, conductivity, and the diffusion of their salt, against closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from cellsim.constants import F, R
from cellsim.electrolyte import Salt, ions

T = 298.15
SALTS = (Salt(), Salt(2, 1, 2), Salt(1, 2, 1), Salt(2, 1, 1), Salt(3, 2, 3))
every_salt = pytest.mark.parametrize("salt", SALTS, ids=str)
# four ions at three compositions and temperatures
Z = np.array([1, 2, -1, -2])
C = np.array([[100.0, 50.0, 150.0, 25.0], [1.0, 0.5, 1.0, 0.5], [800.0, 0.1, 600.2, 100.0]])
D = np.array([[1.0, 0.7, 2.0, 1.1], [0.9, 0.6, 1.7, 1.0], [1.3, 0.8, 2.2, 1.2]]) * 1e-9
TEMPERATURES = np.array([280.0, 298.15, 330.0])


def test_the_electrochemical_potential_is_the_chemical_and_the_electric_work():
    ln_a, phi, mu0 = np.log(C / 1000.0), np.array([0.0, 0.1, -0.2]), np.array([1e3, 0.0, -2e3, 5.0])
    found = ions.electrochemical_potential(ln_a, Z, phi, TEMPERATURES, mu0)
    for k in range(3):
        for i in range(4):
            by_hand = mu0[i] + R * TEMPERATURES[k] * np.log(C[k, i] / 1000.0) + Z[i] * F * phi[k]
            assert float(found[k, i]) == pytest.approx(by_hand, rel=1e-14)


def test_in_equilibrium_with_a_field_the_forces_vanish_where_concentrations_follow_boltzmann():
    grad_phi = np.array([10.0, -3.0, 0.0])
    boltzmann = -Z * F * grad_phi[:, None] / (R * TEMPERATURES[:, None])
    np.testing.assert_allclose(ions.driving_force(boltzmann, Z, grad_phi, TEMPERATURES), 0.0, atol=1e-9)


def test_a_field_alone_moves_an_ion_by_its_electrophoretic_mobility():
    u = ions.mobility(D, TEMPERATURES)
    field = np.array([50.0, -20.0, 7.0])
    force = ions.driving_force(np.zeros_like(C), Z, -field, TEMPERATURES)
    velocity = ions.drift_velocity(u, force)
    np.testing.assert_allclose(velocity, ions.electrophoretic_mobility(u, Z) * field[:, None], rtol=1e-14)
    assert np.all(np.sign(velocity) == np.sign(Z * field[:, None]))


def test_a_gradient_alone_moves_independent_ions_by_ficks_law():
    grad_c = np.array([[3.0, -2.0, 1.0, 5.0]] * 3)
    force = ions.driving_force(grad_c / C, Z, np.zeros(3), TEMPERATURES)
    flux = C * ions.drift_velocity(ions.mobility(D, TEMPERATURES), force)
    np.testing.assert_allclose(flux, -D * grad_c, rtol=1e-14)


def test_mobilities_and_diffusivities_are_inverses_of_each_other():
    u = ions.mobility(D, TEMPERATURES)
    np.testing.assert_allclose(ions.diffusivity(u, TEMPERATURES), D, rtol=1e-12)
    np.testing.assert_allclose(ions.thermodynamic_mobility(ions.electrophoretic_mobility(u, Z), Z), u, rtol=1e-12)


def test_the_conductivity_is_the_current_of_all_ions_in_a_field():
    u = ions.mobility(D, TEMPERATURES)
    current = np.sum(Z * F * C * np.asarray(ions.electrophoretic_mobility(u, Z)) * 1.0, axis=-1)
    np.testing.assert_allclose(ions.conductivity(C, Z, u), current, rtol=1e-14)
    by_hand = F**2 / (R * TEMPERATURES) * np.sum(C * Z**2 * D, axis=-1)
    np.testing.assert_allclose(ions.conductivity_NE(C, Z, D, TEMPERATURES), by_hand, rtol=1e-13)


def test_transference_numbers_add_up_to_one_and_a_species_without_charge_carries_nothing():
    np.testing.assert_allclose(jnp.sum(ions.transference_NE(C, Z, D), axis=-1), 1.0, rtol=1e-15)
    neutral = ions.transference_NE(C, np.array([1, 0, -1, -2]), D)
    assert np.all(neutral[:, 1] == 0)


@every_salt
def test_the_transference_number_of_a_salt_is_that_of_nernst_and_einstein(salt):
    D_plus, D_minus = 1.3e-10, 2.9e-10
    found = ions.transference_NE(salt.ions(np.array([1.0, 900.0])), salt.z, np.array([D_plus, D_minus]))
    by_hand = salt.z_plus * D_plus / (salt.z_plus * D_plus - salt.z_minus * D_minus)
    np.testing.assert_allclose(found, [[by_hand, 1 - by_hand]] * 2, rtol=1e-14)
    if salt.z_plus == -salt.z_minus:
        assert by_hand == pytest.approx(D_plus / (D_plus + D_minus), rel=1e-15)


def test_conductivity_and_transference_numbers_give_the_ion_diffusivities_back():
    kappa, t = ions.conductivity_NE(C, Z, D, TEMPERATURES), ions.transference_NE(C, Z, D)
    np.testing.assert_allclose(ions.diffusivities_NE(kappa, t, C, Z, TEMPERATURES), D, rtol=1e-12)


@every_salt
def test_the_salt_diffuses_as_nernst_and_hartley_say_with_no_current(salt):
    """The diffusion potential holds the faster ion back until both move alike."""
    D = np.array([1.3e-10, 2.9e-10])
    grad_c, chi = 40.0, 1.7
    nu, z = salt.stoichiometry, salt.z
    # J_i = -D_i nu_i (grad c chi + z_i F/(RT) c grad phi), with chi shared by both ions, and no current
    drift = -grad_c * chi * np.sum(z * nu * D) / np.sum(z**2 * nu * D)
    J = -D * nu * (grad_c * chi + z * drift)
    found = ions.ambipolar_diffusivity(*D, salt.z, chi)
    np.testing.assert_allclose(J / nu, -float(found) * grad_c, rtol=1e-14)
    t_plus = ions.transference_NE(nu, z, D)[0]
    np.testing.assert_allclose(ions.diffusivities_NH(found, t_plus, z, chi), D, rtol=1e-12)


def test_equal_ions_diffuse_as_their_salt_and_the_slow_one_rules_when_they_differ():
    assert float(ions.ambipolar_diffusivity(2e-10, 2e-10, np.array([1, -1]))) == pytest.approx(2e-10, rel=1e-15)
    assert float(ions.ambipolar_diffusivity(1e-15, 1e-9, np.array([1, -1]))) == pytest.approx(2e-15, rel=2e-6)


def test_the_haven_ratio_is_one_for_independent_ions_and_below_for_a_lower_conductivity():
    kappa_NE = ions.conductivity_NE(C, Z, D, TEMPERATURES)
    np.testing.assert_array_equal(ions.haven_ratio(kappa_NE, kappa_NE), 1.0)
    assert float(ions.haven_ratio(0.9, 1.5)) == pytest.approx(0.6, rel=1e-15)


def test_potassium_chloride_in_water_has_its_tabulated_limiting_conductivities():
    """Robinson and Stokes give 73.50 and 76.35 S cm2/mol at 25 degC, and 1.957e-9, 2.033e-9 m2/s follow."""
    lambda_i = np.array([73.50, 76.35]) * 1e-4
    z = np.array([1, -1])
    D = ions.diffusivity_of_ionic_conductivity(lambda_i, z, T)
    np.testing.assert_allclose(D, [1.957e-9, 2.033e-9], rtol=5e-4)
    np.testing.assert_allclose(ions.ionic_conductivity(D, z, T), lambda_i, rtol=1e-12)
    assert float(ions.independent_migration(lambda_i, np.array([1, 1]))) == pytest.approx(149.85e-4, rel=1e-14)


@every_salt
def test_molar_and_equivalent_conductivities_of_independent_ions_add_up(salt):
    D, c = np.array([0.8e-9, 2.0e-9]), 3.0
    kappa = ions.conductivity_NE(salt.ions(c), salt.z, D, T)
    molar = ions.molar_conductivity(kappa, c)
    of_ions = ions.ionic_conductivity(D, salt.z, T)
    assert float(molar) == pytest.approx(float(ions.independent_migration(of_ions, salt.stoichiometry)), rel=1e-13)
    per_charge = ions.equivalent_conductivity(kappa, c, salt.equivalents)
    assert float(per_charge) == pytest.approx(float(np.sum(np.asarray(of_ions) / np.abs(salt.z))), rel=1e-13)


def test_a_salt_whose_charges_cannot_balance_is_refused():
    assert Salt(2, 1, 2).z_minus == -1 and Salt(1, 2, 1).z_minus == -2 and Salt(3, 2, 3).z_minus == -2
    with pytest.raises(ValueError, match="3 positive charges cannot be shared by 2 anions"):
        _ = Salt(3, 1, 2).z_minus


def test_conductivity_and_transference_are_differentiable_both_ways_in_all_they_depend_on():
    @jax.jit
    def both(c, D, T):
        return ions.conductivity_NE(c, Z, D * 1e-9, T), ions.transference_NE(c, Z, D)

    check_grads(both, (C[:1], D[:1] * 1e9, TEMPERATURES[:1]), order=1, rtol=1e-6)
