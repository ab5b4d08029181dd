"""Onsager coefficients: what they say of a solution, the ideal limit, the way back, and the second law."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from cellsim.constants import F, R
from cellsim.electrolyte import Electrolyte, Salt, ions, onsager

SALTS = (Salt(), Salt(2, 1, 2), Salt(1, 2, 1), Salt(2, 1, 1), Salt(3, 2, 3))
every_salt = pytest.mark.parametrize("salt", SALTS, ids=str)
c = np.array([0.01, 300.0, 2000.0])
T = np.array([270.0, 298.15, 350.0])
kappa, t_plus = np.array([1e-4, 0.8, 0.3]), np.array([0.4, 0.25, -0.6])
D, chi = np.array([4e-10, 2e-10, 5e-11]), np.array([1.0, 1.4, 6.0])
Z3 = np.array([1, 2, -1])
C3 = np.array([[500.0, 20.0, 540.0], [3.0, 1.0, 5.0]])
D3 = np.array([1.0e-10, 0.6e-10, 2.5e-10])


def correlated(c3=C3, T=300.0):
    """Coefficients of three ions that drag each other along."""
    below = np.array([[-0.3, 0.8, 0.5], [-0.01, 0.05, 0.02]])
    return onsager.positive_definite(np.log(D3), below, c3, T)


@every_salt
def test_the_ideal_limit_is_nernst_einstein_and_nernst_hartley_exactly(salt):
    ion_D = np.array([1.1e-10, 3.7e-10])
    L = onsager.ideal(salt.ions(c), ion_D, T)
    np.testing.assert_allclose(
        onsager.conductivity(L, salt.z), ions.conductivity_NE(salt.ions(c), salt.z, ion_D, T), rtol=1e-14
    )
    np.testing.assert_allclose(
        onsager.transference(L, salt.z), ions.transference_NE(salt.ions(c), salt.z, ion_D), rtol=1e-14
    )
    of_salt = onsager.OfSalt(L[:, 0, 0], L[:, 0, 1], L[:, 1, 1])
    np.testing.assert_allclose(of_salt.D(c, chi, T, salt), ions.ambipolar_diffusivity(*ion_D, salt.z, chi), rtol=1e-14)


@every_salt
def test_what_is_measured_on_a_salt_comes_back_from_its_coefficients(salt):
    L = onsager.salt_coefficients(c, kappa, t_plus, D, chi, T, salt)
    np.testing.assert_allclose(L.kappa(salt), kappa, rtol=1e-12)
    np.testing.assert_allclose(L.t_plus(salt), t_plus, rtol=1e-12)
    np.testing.assert_allclose(L.D(c, chi, T, salt), D, rtol=1e-12)
    np.testing.assert_allclose(L.chi(c, D, T, salt), chi, rtol=1e-12)
    again = onsager.salt_coefficients(c, L.kappa(salt), L.t_plus(salt), L.D(c, chi, T, salt), chi, T, salt)
    for found, was in zip(again, L, strict=True):
        np.testing.assert_allclose(found, was, rtol=1e-12)


@every_salt
def test_the_formulas_of_a_salt_are_those_of_any_number_of_ions(salt):
    L = onsager.salt_coefficients(c, kappa, t_plus, D, chi, T, salt)
    np.testing.assert_allclose(onsager.conductivity(L.matrix, salt.z), kappa, rtol=1e-12)
    np.testing.assert_allclose(onsager.transference(L.matrix, salt.z)[:, 0], t_plus, rtol=1e-12)


@every_salt
def test_the_fluxes_are_those_of_a_cell_current_by_transference_and_salt_by_diffusion(salt):
    """The fluxes of a cell's equations, with the potential of a reference electrode of the cation's metal."""
    L = onsager.salt_coefficients(c, kappa, t_plus, D, chi, T, salt).matrix
    grad_ln_c, i = np.array([3.0, -2.0, 5.0]), np.array([1.0, 40.0, -7.0])
    grad_mu_salt = salt.nu * R * T * chi * grad_ln_c
    grad_phi = -i / kappa + salt.nu * R * T / (salt.equivalents * F) * (1 - t_plus) * chi * grad_ln_c
    grad_mu_plus = salt.z_plus * F * grad_phi
    grad_mu = np.stack([grad_mu_plus, (grad_mu_salt - salt.nu_plus * grad_mu_plus) / salt.nu_minus], axis=-1)
    J = np.asarray(onsager.fluxes(L, grad_mu))
    np.testing.assert_allclose(F * J @ salt.z, i, rtol=1e-9)
    N = J[:, 0] / salt.nu_plus
    np.testing.assert_allclose(N, -D * c * grad_ln_c + t_plus * i / (salt.equivalents * F), rtol=1e-10)


def test_a_field_drives_the_current_and_shares_it_by_transference():
    L, field = correlated(), 30.0
    grad_mu = np.broadcast_to(-Z3 * F * field, (2, 3))
    current = F * Z3 * np.asarray(onsager.fluxes(L, grad_mu))
    np.testing.assert_allclose(current.sum(axis=-1), onsager.conductivity(L, Z3) * field, rtol=1e-13)
    np.testing.assert_allclose(
        current / current.sum(axis=-1, keepdims=True), onsager.transference(L, Z3), rtol=1e-12, atol=1e-15
    )


def test_ions_of_any_number_obey_nernst_and_einstein_in_the_ideal_limit():
    L = onsager.ideal(C3, D3, 300.0)
    np.testing.assert_allclose(onsager.conductivity(L, Z3), ions.conductivity_NE(C3, Z3, D3, 300.0), rtol=1e-14)
    np.testing.assert_allclose(onsager.transference(L, Z3), ions.transference_NE(C3, Z3, D3), rtol=1e-14)
    grad_mu = np.array([[1.0, -2.0, 3.0], [0.1, 0.0, 7.0]])
    np.testing.assert_allclose(onsager.fluxes(L, grad_mu), -C3 * D3 / (R * 300.0) * grad_mu, rtol=1e-14)


def test_self_and_distinct_parts_add_up_and_independent_ions_have_no_distinct_part():
    L = correlated()
    D_self = 1.2 * D3
    total = onsager.self_part(C3, D_self, 300.0) + onsager.distinct_part(L, C3, D_self, 300.0)
    np.testing.assert_allclose(total, L, rtol=1e-15)
    np.testing.assert_array_equal(onsager.distinct_part(onsager.ideal(C3, D3, 300.0), C3, D3, 300.0), 0.0)


def test_attraction_of_unlike_ions_lowers_the_conductivity_below_nernst_and_einstein():
    L = onsager.positive_definite(np.log(D3[:2]), np.array([0.6]), np.array([800.0, 800.0]), 300.0)
    z, D_self = np.array([1, -1]), D3[:2]
    kappa_NE = ions.conductivity_NE(np.array([800.0, 800.0]), z, D_self, 300.0)
    H = ions.haven_ratio(onsager.conductivity(L, z), kappa_NE)
    r = 0.6 / np.sqrt(1.36)
    assert float(H) == pytest.approx(1 - 2 * r * np.sqrt(D_self[0] * D_self[1]) / D_self.sum(), rel=1e-13)


# ---- the second law


def test_the_learned_form_has_its_diagonal_and_its_correlation_and_none_at_zero():
    L = onsager.positive_definite(np.log(D3), np.zeros(3), C3, 300.0)
    np.testing.assert_allclose(L, onsager.ideal(C3, D3, 300.0), rtol=1e-13)
    L = correlated()
    np.testing.assert_allclose(np.einsum("...ii->...i", L), C3 * D3 / (R * 300.0), rtol=1e-13)
    np.testing.assert_allclose(L, np.swapaxes(L, -1, -2), rtol=1e-13)


@pytest.mark.parametrize("ions_in_all", [1, 2, 4])
def test_the_learned_form_is_positive_definite_whatever_its_numbers(ions_in_all):
    rng = np.random.default_rng(ions_in_all)
    points = 200
    pairs = ions_in_all * (ions_in_all - 1) // 2
    ln_D, below = rng.normal(-23, 5, (points, ions_in_all)), rng.normal(0, 20, (points, pairs))
    ln_c = rng.normal(3, 3, (points, ions_in_all))
    L = onsager.positive_definite(ln_D, below, np.exp(ln_c), 300.0)
    size = np.sqrt(np.einsum("...ii->...i", L))
    scaled = np.asarray(L) / size[..., :, None] / size[..., None, :]
    assert np.linalg.eigvalsh(scaled).min() > 0
    forces = rng.normal(size=(points, ions_in_all)) / size
    assert np.all(onsager.dissipation(L, forces) > 0)


def test_a_wrong_number_of_entries_below_the_diagonal_is_refused():
    with pytest.raises(ValueError, match="3 ions have 3 entries below the diagonal, found 2"):
        onsager.positive_definite(np.log(D3), np.zeros(2), C3, 300.0)


@every_salt
def test_a_salt_obeys_the_second_law_where_kappa_and_D_over_chi_are_positive_whatever_t_plus(salt):
    for t in (-3.0, 0.0, 0.3, 1.0, 4.0):
        onsager.check_second_law(onsager.salt_coefficients(c, kappa, t, D, chi, T, salt).matrix, salt.ions(c))
    for wrong in ({"kappa": -kappa}, {"D": -D}, {"chi": -chi}):
        numbers = {"kappa": kappa, "D": D, "chi": chi, **wrong}
        L = onsager.salt_coefficients(c, numbers["kappa"], t_plus, numbers["D"], numbers["chi"], T, salt)
        with pytest.raises(onsager.SecondLawViolated):
            onsager.check_second_law(L.matrix, salt.ions(c))


def test_a_violation_names_the_composition_and_its_index_and_the_likely_cause():
    L = np.array(correlated())
    onsager.check_second_law(L, C3)
    L[1, 0, 2] = L[1, 2, 0] = 1.01 * np.sqrt(L[1, 0, 0] * L[1, 2, 2])
    with pytest.raises(onsager.SecondLawViolated, match=r"at index 1, c = \(3, 1, 5\) mol/m3") as caught:
        onsager.check_second_law(L, C3)
    assert "least eigenvalue is -" in str(caught.value) and "distinct part" in str(caught.value)
    with pytest.raises(onsager.SecondLawViolated, match=r"definite at c = \(3, 1, 5\)"):
        onsager.check_second_law(L[1], C3[1])
    L[1, 0, 2] = np.nan
    L[1, 2, 0] = np.nan
    with pytest.raises(onsager.SecondLawViolated):
        onsager.check_second_law(L, C3)


def test_coefficients_that_are_not_symmetric_are_refused_as_such():
    L = np.array(correlated())
    L[0, 0, 1] *= 1.1
    with pytest.raises(ValueError, match=r"L\[0, 1\] = .* and L\[1, 0\] = .* at index 0, c = \(500, 20, 540\)"):
        onsager.check_second_law(L, C3)


def test_an_electrolyte_that_contradicts_the_second_law_is_named_with_the_concentration():
    sound = Electrolyte(kappa=1.0, D=1e-10, t_plus=0.3, chi=lambda c, T: 1 - 0.8 * c / 1000)
    onsager.check_electrolyte(sound, np.array([1.0, 1000.0]), 298.15)
    with pytest.raises(onsager.SecondLawViolated, match=r"index 2, c = \(1500, 1500\)"):
        onsager.check_electrolyte(sound, np.array([1.0, 1000.0, 1500.0, 2000.0]), 298.15)


def test_traced_values_are_not_judged():
    wrong = jnp.array([[1.0, 2.0], [2.0, 1.0]])
    with pytest.raises(onsager.SecondLawViolated):
        onsager.check_second_law(wrong, np.ones(2))

    @jax.jit
    def passed(L):
        onsager.check_second_law(L, np.ones(2))
        return L

    np.testing.assert_array_equal(passed(wrong), wrong)


# ---- derivatives


def test_coefficients_are_differentiable_both_ways_in_all_they_depend_on():
    salt = Salt(2, 1, 2)

    @jax.jit
    def of_measured(kappa, t_plus, D, chi):
        L = onsager.salt_coefficients(c[1:], kappa, t_plus, D * 1e-10, chi, T[1:], salt)
        return jnp.log(L.plus), L.cross * 1e8, jnp.log(L.minus)

    check_grads(of_measured, (kappa[1:], t_plus[1:], D[1:] * 1e10, chi[1:]), order=1, rtol=1e-6)

    @jax.jit
    def of_learned(ln_D, below):
        L = onsager.positive_definite(ln_D, below, C3[0], 300.0)
        return jnp.log(onsager.conductivity(L, Z3)), onsager.transference(L, Z3)

    check_grads(of_learned, (np.log(D3), np.array([-0.3, 0.8, 0.5])), order=1, rtol=1e-6)
