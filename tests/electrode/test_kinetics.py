"""Charge transfer: limits that are known, inverses, and a film in series."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.integrate
import scipy.special
from jax.test_util import check_grads

from cellsim.constants import F, R
from cellsim.electrode.film import through_film
from cellsim.electrode.kinetics import AsymmetricButlerVolmer, ButlerVolmer, LinearKinetics, MarcusHushChidsey

T = 298.15
THERMAL = F / (R * T)  # 1/V
kinetics = ButlerVolmer(k=2e-6, E=30000.0)
j = eqx.filter_jit(kinetics.j)
j0 = eqx.filter_jit(kinetics.j0)


def test_a_small_overpotential_meets_a_resistance():
    for eta in (1e-3, -1e-3):
        linear = 5.0 * THERMAL * eta
        curvature = (THERMAL * eta / 2) ** 2 / 6  # of sinh
        assert float(j(5.0, eta, T)) / linear == pytest.approx(1 + curvature, rel=1e-6)


def test_a_large_overpotential_multiplies_the_current_tenfold_every_118_millivolts():
    decade = 2 * np.log(10) / THERMAL
    assert decade == pytest.approx(0.1183, abs=1e-4)
    assert float(j(5.0, 0.5 + decade, T) / j(5.0, 0.5, T)) == pytest.approx(10.0, rel=1e-7)
    assert float(j(5.0, 0.5, T)) == pytest.approx(5.0 * np.exp(0.25 * THERMAL), rel=1e-7)


def test_lithium_leaves_the_solid_at_positive_overpotential_and_enters_it_alike():
    eta = np.linspace(0.01, 0.4, 9)
    out, back = np.asarray(j(3.0, eta, T)), np.asarray(j(3.0, -eta, T))
    assert np.all(out > 0) and np.all(np.diff(out) > 0)
    np.testing.assert_allclose(back, -out, rtol=1e-15)
    assert float(j(3.0, 0.0, T)) == 0.0


def test_the_exchange_current_is_greatest_at_half_filling_and_grows_with_the_root_of_the_salt():
    theta = np.linspace(0.01, 0.99, 99)
    found = np.asarray(j0(1000.0, theta, 3e4, T))
    assert theta[np.argmax(found)] == pytest.approx(0.5)
    assert float(j0(1000.0, 0.5, 3e4, T)) == pytest.approx(2e-6 * np.sqrt(1000.0) * 1.5e4, rel=1e-9)
    assert float(j0(1600.0, 0.3, 3e4, T) / j0(400.0, 0.3, 3e4, T)) == pytest.approx(2.0, rel=1e-8)


def test_the_exchange_current_follows_arrhenius():
    ratio = float(j0(1000.0, 0.4, 3e4, 318.15) / j0(1000.0, 0.4, 3e4, 298.15))
    assert ratio == pytest.approx(np.exp(30000.0 / R * (1 / 298.15 - 1 / 318.15)), rel=1e-12)


@pytest.mark.parametrize(("c", "theta"), [(0.0, 0.5), (-5.0, 0.5), (1000.0, -0.01), (1000.0, 1.01)])
def test_the_exchange_current_stays_positive_and_smooth_where_salt_or_vacancies_run_out(c, theta):
    value, slopes = jax.value_and_grad(lambda c, theta: kinetics.j0(c, theta, 3e4, T), (0, 1))(c, theta)
    assert 0 < float(value) < 0.02 * float(j0(1000.0, 0.5, 3e4, T))
    assert np.all(np.isfinite(slopes))


# ---- all laws

LAWS = {
    "Butler-Volmer": ButlerVolmer(k=2e-6, E=30000.0),
    "asymmetric Butler-Volmer": AsymmetricButlerVolmer(k=2e-6, alpha=0.3, E=30000.0),
    "Marcus-Hush-Chidsey": MarcusHushChidsey(k=2e-6, E_reorganisation=8.0 * R * T, E=30000.0),
    "linear": LinearKinetics(k=2e-6, E=30000.0),
}
ETA = np.linspace(-0.3, 0.3, 13)  # V


@pytest.fixture(scope="module", params=LAWS)
def law(request):
    return LAWS[request.param]


@eqx.filter_jit
def current(law, j0, eta, T):
    return law.j(j0, eta, T)


@eqx.filter_jit
def overpotential(law, j0, j, T):
    return law.eta(j0, j, T)


def test_near_equilibrium_every_law_conducts_alike(law):
    conductance = jax.grad(lambda eta: law.j(3.0, eta, T))(0.0)
    assert float(conductance) == pytest.approx(3.0 * THERMAL, rel=1e-13)
    assert float(current(law, 3.0, 0.0, T)) == 0.0


def test_the_current_grows_with_the_overpotential_and_the_overpotential_is_found_again(law):
    for temperature in (263.0, 318.0):
        found = np.asarray(current(law, 3.0, ETA, temperature))
        assert np.all(np.diff(found) > 0)
        np.testing.assert_allclose(overpotential(law, 3.0, found, temperature), ETA, rtol=1e-9, atol=1e-15)


def test_the_inverse_has_the_derivatives_of_the_inverse_to_second_order_in_both_modes(law):
    inverse = lambda x: law.eta(3.0 * x[0], 20.0 * x[1], T * x[2])
    at = jnp.asarray([1.0, -0.7, 1.02])
    check_grads(inverse, (at,), order=2, modes=("fwd", "rev"), rtol=1e-6, atol=1e-7)
    by_leaf = jax.grad(lambda law: law.eta(law.j0(900.0, 0.4, 3e4, T), 20.0, T))(law)
    assert all(np.isfinite(x) for x in jax.tree.leaves(by_leaf)) and float(by_leaf.k) != 0


def test_every_law_shares_the_exchange_current_of_mass_action_where_both_directions_are_alike(law):
    if isinstance(law, AsymmetricButlerVolmer):
        law = eqx.tree_at(lambda law: law.alpha, law, jnp.asarray(0.5))
    for c, theta in ((1000.0, 0.3), (400.0, 0.8)):
        found = float(law.j0(c, theta, 3e4, 310.0))
        assert found == pytest.approx(float(kinetics.j0(c, theta, 3e4, 310.0)), rel=1e-9)


def test_without_asymmetry_the_asymmetric_law_is_the_symmetric_one():
    even = AsymmetricButlerVolmer(k=2e-6, alpha=0.5, E=30000.0)
    np.testing.assert_allclose(current(even, 3.0, ETA, T), j(3.0, ETA, T), rtol=1e-13)


@pytest.mark.parametrize("alpha", [0.3, 0.62])
def test_the_two_directions_of_an_asymmetric_law_have_their_own_tafel_slopes(alpha):
    law = AsymmetricButlerVolmer(k=2e-6, alpha=alpha)
    tenth = lambda sign: float(current(law, 3.0, sign * 0.9, T) / current(law, 3.0, sign * 0.8, T))
    anodic, cathodic = np.log(tenth(1)), np.log(tenth(-1))
    assert anodic == pytest.approx(alpha * 0.1 * THERMAL, rel=1e-9)
    assert cathodic == pytest.approx((1 - alpha) * 0.1 * THERMAL, rel=1e-9)
    x = THERMAL * ETA
    expected = 3.0 * (np.exp(alpha * x) - np.exp(-(1 - alpha) * x))
    np.testing.assert_allclose(current(law, 3.0, ETA, T), expected, rtol=1e-12, atol=1e-14)


def test_an_asymmetric_law_obeys_detailed_balance():
    """Written as rates of both directions, their ratio is the activity of what reacts: where the solution and the
    vacancies grow by a factor, equilibrium moves by RT/F of its logarithm, whatever alpha."""
    law = AsymmetricButlerVolmer(k=2e-6, alpha=0.3)
    c_max = 3e4

    def rates(c, theta, w):  # of leaving and entering, at a potential against a fixed reference
        equilibrium = R * T / F * np.log(c * (1 - theta) / theta)
        j0 = float(law.j0(c, theta, c_max, T))
        x = THERMAL * (w - equilibrium)
        return j0 * np.exp(0.3 * x), j0 * np.exp(-0.7 * x)

    # leaving depends on what leaves alone, entering on salt and vacancies alone
    for c, theta in ((1000.0, 0.3), (250.0, 0.7)):
        out, into = rates(c, theta, 0.11)
        assert out / theta == pytest.approx(rates(1000.0, 0.5, 0.11)[0] / 0.5, rel=1e-6)
        assert into / (c * (1 - theta)) == pytest.approx(rates(1000.0, 0.5, 0.11)[1] / 500.0, rel=1e-6)


def rate_constant(x, energy):
    """The integral over the energies of the conductor, all over RT, of the direction that `x` helps; Chidsey (1991)."""
    integrand = lambda y: np.exp(-((y - energy + x) ** 2) / (4 * energy)) / (1 + np.exp(y))
    return scipy.integrate.quad(integrand, -60 - energy, 60 + energy, limit=400, points=[0.0, energy - x])[0]


@pytest.mark.parametrize("energy", [4.0, 8.0, 20.0])
def test_marcus_hush_chidsey_is_near_the_integral_over_the_energies(energy):
    law = MarcusHushChidsey(k=2e-6, E_reorganisation=energy * R * T)
    x = np.array([-25.0, -9.0, -2.0, 0.5, 4.0, 12.0, 30.0])
    exact = np.array([rate_constant(y, energy) - rate_constant(-y, energy) for y in x])
    # the closed form of the rate at equilibrium, by which the law is divided
    at_rest = np.sqrt(np.pi * energy) / 2 * scipy.special.erfc((energy - np.sqrt(1 + energy**0.5)) / (2 * energy**0.5))
    found = np.asarray(current(law, 1.0, x / THERMAL, T))
    np.testing.assert_allclose(found * at_rest, exact, rtol=0.1)
    np.testing.assert_allclose((found * at_rest)[[0, -1]], exact[[0, -1]], rtol=0.02)
    for y in x[1:-1]:  # detailed balance of the integral itself
        assert rate_constant(y, energy) / rate_constant(-y, energy) == pytest.approx(np.exp(y), rel=1e-6)


def test_marcus_hush_chidsey_passes_less_than_butler_volmer_and_levels_off():
    soft = LAWS["Marcus-Hush-Chidsey"]
    assert np.all(np.abs(current(soft, 3.0, ETA, T)) <= np.abs(j(3.0, ETA, T)))
    np.testing.assert_allclose(current(soft, 1.0, 2.5, T), current(soft, 1.0, 3.0, T), rtol=1e-6)
    assert float(current(soft, 1.0, 3.0, T)) < 1e-3 * float(j(1.0, 0.6, T))
    # a current that cannot pass has an overpotential that is finite all the same
    assert 1.0 < float(overpotential(soft, 1.0, 1e6, T)) < 20.0


def test_marcus_hush_chidsey_obeys_detailed_balance():
    """j is odd, as both directions exchange with the sign of the overpotential in a conductor of even density."""
    found = np.asarray(current(LAWS["Marcus-Hush-Chidsey"], 3.0, ETA, T))
    np.testing.assert_allclose(found, -found[::-1], rtol=1e-13, atol=1e-15)


# ---- a film in series


@eqx.filter_jit
def film(law, j0, eta, R_film, T):
    return through_film(law, j0, eta, R_film, T)


@pytest.mark.parametrize("R_film", [1e-5, 1e-3, 0.1])
def test_film_and_interface_share_the_overpotential(law, R_film):
    eta = np.array([-1.5, -0.2, -1e-3, 1e-6, 0.05, 0.4, 2.0])
    found = np.asarray(film(law, 3.0, eta, R_film, T))
    np.testing.assert_allclose(found, current(law, 3.0, eta - R_film * found, T), rtol=1e-6)
    few = np.abs(eta) < 0.5  # beyond, a law that levels off has no inverse to speak of
    np.testing.assert_allclose((overpotential(law, 3.0, found, T) + R_film * found)[few], eta[few], rtol=1e-9)


def test_without_resistance_a_film_changes_nothing_and_a_small_one_little(law):
    bare = np.asarray(current(law, 3.0, ETA, T))
    np.testing.assert_array_equal(film(law, 3.0, ETA, 0.0, T), bare)
    slope = jax.jacfwd(lambda R_film: through_film(law, 3.0, ETA, R_film, T))(0.0)
    by_eta = np.diag(np.asarray(jax.jacfwd(lambda eta: law.j(3.0, eta, T))(jnp.asarray(ETA))))
    np.testing.assert_allclose(slope, -bare * by_eta, rtol=1e-9, atol=1e-12)


def test_a_thick_film_is_an_ohmic_resistance(law):
    np.testing.assert_allclose(film(law, 1e6, ETA, 0.5, T), ETA / 0.5, rtol=1e-4)


def test_derivatives_through_a_film_are_right_to_second_order(law):
    through = lambda x: through_film(law, 3.0 * x[0], 0.1 * x[1], 1e-3 * x[2], T * x[3])
    check_grads(through, (jnp.asarray([1.0, -0.8, 1.3, 1.02]),), order=2, modes=("fwd", "rev"), rtol=1e-6, atol=1e-6)
