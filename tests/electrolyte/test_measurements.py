"""What experiments measure: closed forms against the transport equations integrated, ideal limits, and inverses."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.integrate
from jax.test_util import check_grads

from cellsim.constants import F, R
from cellsim.electrolyte import Electrolyte, Salt
from cellsim.electrolyte import measurements as m
from cellsim.electrolyte.load import load_electrolyte
from cellsim.laws import Polynomial

T, L, C0 = 298.15, 3e-4, 1000.0  # K, m, mol/m3
KAPPA, D, T_PLUS, CHI = 0.8, 2.5e-10, 0.3, 1.6
SALTS = {
    "1:1": Salt(),
    "2:1 of a divalent cation": Salt(2, 1, 2),
    "1:2 of a divalent anion": Salt(1, 2, 1),
    "2:2": Salt(2, 1, 1),
}
every_salt = pytest.mark.parametrize("salt", SALTS.values(), ids=SALTS)


def charge_of_anion(salt):
    return salt.equivalents / salt.nu_minus


def ideal(salt, D_plus, D_minus, c=C0):
    """kappa, D and t_plus of ions that do not know of each other: Nernst-Einstein and Nernst-Hartley."""
    z_plus, z_minus = salt.z_plus, charge_of_anion(salt)
    c_plus, c_minus = salt.nu_plus * c, salt.nu_minus * c
    kappa = F**2 / (R * T) * (z_plus**2 * c_plus * D_plus + z_minus**2 * c_minus * D_minus)
    total = z_plus * D_plus + z_minus * D_minus
    return kappa, (z_plus + z_minus) * D_plus * D_minus / total, z_plus * D_plus / total


# ---- steady current


@every_salt
def test_the_steady_state_is_that_of_the_transport_equations_integrated(salt):
    """Both equations from one electrode to the other, the flux of salt being what dissolves."""
    i = 0.6 * float(m.limiting_current(D, T_PLUS, C0, L, salt))
    c_left, c_right = (float(c) for c in m.steady_concentrations(i, D, T_PLUS, C0, L, salt))
    charge = salt.z_plus * salt.nu_plus * F

    def slopes(x, y):
        c, _ = y
        dc = -(1 - T_PLUS) * i / (charge * D)  # N = i / charge
        return dc, -i / KAPPA + salt.nu * R * T / charge * (1 - T_PLUS) * CHI * dc / c

    end = scipy.integrate.solve_ivp(slopes, (0, L), (c_left, 0.0), rtol=1e-12, atol=1e-12).y[:, -1]
    assert c_right == pytest.approx(end[0], rel=1e-10)
    assert 0.5 * (c_left + c_right) == pytest.approx(C0, rel=1e-12), "salt is conserved"
    assert float(m.steady_voltage(i, KAPPA, D, T_PLUS, CHI, C0, T, L, salt)) == pytest.approx(-end[1], rel=1e-9)


@every_salt
def test_the_newman_number_is_what_a_small_voltage_feels_beyond_the_ohmic_drop(salt):
    Ne = float(m.newman_number(KAPPA, D, T_PLUS, CHI, C0, T, salt))
    i = 1e-4
    V = float(m.steady_voltage(i, KAPPA, D, T_PLUS, CHI, C0, T, L, salt))
    assert V / (i * L / KAPPA) == pytest.approx(1 + Ne, rel=1e-8)
    assert float(m.steady_current_fraction(Ne)) == pytest.approx(1 / (1 + Ne), rel=1e-14)
    assert float(m.newman_number_from(m.steady_current_fraction(Ne))) == pytest.approx(Ne, rel=1e-12)


def test_the_newman_number_of_a_1_1_salt_has_the_factor_two():
    expected = 2 * KAPPA * R * T * (1 - T_PLUS) ** 2 * CHI / (F**2 * D * C0)
    assert float(m.newman_number(KAPPA, D, T_PLUS, CHI, C0, T)) == pytest.approx(expected, rel=1e-13)
    electrolyte = Electrolyte(KAPPA, D, T_PLUS, CHI)
    assert float(m.newman_number_of(electrolyte, C0, T)) == pytest.approx(expected, rel=1e-13)


@every_salt
def test_in_an_ideal_solution_the_current_fraction_is_the_transference_number(salt):
    """Bruce and Vincent's claim, for any charges."""
    kappa, D_salt, t_plus = ideal(salt, 1.3e-10, 4.1e-10)
    Ne = m.newman_number(kappa, D_salt, t_plus, 1.0, C0, T, salt)
    assert float(m.steady_current_fraction(Ne)) == pytest.approx(t_plus, rel=1e-13)
    corrected = m.t_plus_from_current_fraction(t_plus, kappa, D_salt, 1.0, C0, T, salt)
    assert float(corrected) == pytest.approx(t_plus, rel=1e-13)


@every_salt
@pytest.mark.parametrize("t_plus", [-0.4, 0.0, 0.3, 0.9])
def test_the_correction_of_bruce_and_vincent_recovers_any_transference_number(salt, t_plus):
    fraction = m.steady_current_fraction(m.newman_number(KAPPA, D, t_plus, CHI, C0, T, salt))
    assert 0 < float(fraction) < 1, "even where t_plus is negative"
    found = m.t_plus_from_current_fraction(fraction, KAPPA, D, CHI, C0, T, salt)
    assert float(found) == pytest.approx(t_plus, abs=1e-12)


def test_bruce_and_vincent_take_the_interfaces_out_of_both_currents():
    V, R_solution, fraction, R_0, R_ss = 0.01, 40.0, 0.23, 55.0, 90.0
    I_0, I_ss = m.bruce_vincent_currents(V, R_solution, fraction, R_0, R_ss)
    assert float(m.bruce_vincent(V, I_0, I_ss, R_0, R_ss)) == pytest.approx(fraction, rel=1e-13)
    assert float(I_ss / I_0) != pytest.approx(fraction, rel=0.5), "without the correction it is another number"
    I_0, I_ss = m.bruce_vincent_currents(V, R_solution, fraction)
    assert float(m.bruce_vincent(V, I_0, I_ss)) == pytest.approx(float(I_ss / I_0), rel=1e-14)


@every_salt
def test_at_the_limiting_current_the_salt_just_runs_out(salt):
    i = m.limiting_current(D, T_PLUS, C0, L, salt)
    c_left, c_right = m.steady_concentrations(i, D, T_PLUS, C0, L, salt)
    assert float(c_right) == pytest.approx(0.0, abs=1e-9) and float(c_left) == pytest.approx(2 * C0, rel=1e-12)
    assert float(i) == pytest.approx(2 * salt.z_plus * salt.nu_plus * F * D * C0 / ((1 - T_PLUS) * L), rel=1e-13)


@every_salt
def test_the_limiting_current_of_constant_laws_is_the_closed_form(salt):
    electrolyte = Electrolyte(KAPPA, D, T_PLUS, CHI, salt=salt)
    found = m.limiting_current_of(electrolyte, C0, T, L)
    assert float(found) == pytest.approx(float(m.limiting_current(D, T_PLUS, C0, L, salt)), rel=1e-12)


def test_the_limiting_current_of_a_published_electrolyte_conserves_its_salt():
    """The profile that belongs to it, integrated from the plating electrode, holds c0 on average."""
    electrolyte = load_electrolyte("nyman2008")
    i = float(m.limiting_current_of(electrolyte, C0, T, L))

    def slopes(x, y):
        g = float(electrolyte.D(y[0], T) / (1 - electrolyte.t_plus(y[0], T)))
        return i / (F * g), y[0]

    end = scipy.integrate.solve_ivp(slopes, (0, L), (1e-9, 0.0), rtol=1e-9, atol=1e-9).y[:, -1]
    assert end[1] / L == pytest.approx(C0, rel=1e-6)
    slope = jax.grad(lambda c0: m.limiting_current_of(electrolyte, c0, T, L))(C0)
    nearby = [float(m.limiting_current_of(electrolyte, C0 + h, T, L)) for h in (1.0, -1.0)]
    assert float(slope) == pytest.approx((nearby[0] - nearby[1]) / 2, rel=1e-6)


def test_a_limiting_current_that_would_need_a_brine_is_not_a_number():
    falling = Electrolyte(KAPPA, Polynomial([1e-10, -1e-13]), T_PLUS)  # no diffusion beyond 1 mol/L
    assert np.isnan(float(m.limiting_current_of(falling, 900.0, T, L)))


# ---- Hittorf


@every_salt
def test_hittorfs_compartment_gains_the_salt_that_migration_does_not_take_away(salt):
    """Of each charge that passes, the electrode dissolves 1/(z+ nu+ F) of salt's cations, and t_plus of them leave."""
    Q = 120.0
    gained = Q / (salt.z_plus * salt.nu_plus * F) - T_PLUS * Q / (salt.z_plus * salt.nu_plus * F)
    assert float(m.hittorf_gain(T_PLUS, Q, salt)) == pytest.approx(gained, rel=1e-13)
    assert float(m.hittorf(m.hittorf_gain(-0.4, Q, salt), Q, salt)) == pytest.approx(-0.4, abs=1e-12)


# ---- concentration cells


@every_salt
def test_a_concentration_cell_of_constant_properties_is_a_logarithm(salt):
    electrolyte = Electrolyte(KAPPA, D, T_PLUS, CHI, salt=salt)
    unit = salt.nu * R * T / (salt.z_plus * salt.nu_plus * F)
    U = m.concentration_cell(electrolyte, 300.0, np.array([300.0, 1200.0]), T)
    np.testing.assert_allclose(U, [0.0, unit * (1 - T_PLUS) * CHI * np.log(4.0)], rtol=1e-12, atol=1e-17)
    without = m.concentration_cell_without_transference(electrolyte, 300.0, 1200.0, T)
    assert float(without) == pytest.approx(unit * CHI * np.log(4.0), rel=1e-12)


def test_a_concentration_cell_is_the_integral_over_the_laws_and_adds_up():
    electrolyte = load_electrolyte("landesfeind2019_ec_emc")
    slope = lambda u: float(m.cell_slope(electrolyte.t_plus(np.exp(u), T), electrolyte.chi(np.exp(u), T), T))
    expected = scipy.integrate.quad(slope, np.log(200.0), np.log(2000.0), epsabs=1e-13, epsrel=1e-12)[0]
    cell = jax.jit(lambda a, b: m.concentration_cell(electrolyte, a, b, T))
    assert float(cell(200.0, 2000.0)) == pytest.approx(expected, rel=1e-10)
    assert float(cell(200.0, 700.0) + cell(700.0, 2000.0)) == pytest.approx(expected, rel=1e-10)
    assert float(cell(2000.0, 200.0)) == pytest.approx(-expected, rel=1e-12)


@every_salt
def test_transference_number_and_thermodynamic_factor_come_back_from_the_slope_of_a_cell(salt):
    electrolyte = Electrolyte(KAPPA, D, T_PLUS, Polynomial([1.0, 0.7], unit=1000.0), salt=salt)
    at = 800.0
    over_ln_c = lambda cell: at * jax.grad(lambda c: cell(electrolyte, 500.0, c, T))(at)
    chi = float(electrolyte.chi(at, T))
    slope, without = over_ln_c(m.concentration_cell), over_ln_c(m.concentration_cell_without_transference)
    assert float(slope) == pytest.approx(float(m.cell_slope(T_PLUS, chi, T, salt)), rel=1e-10)
    assert float(m.t_plus_from_cells(slope, without)) == pytest.approx(T_PLUS, rel=1e-10)
    assert float(m.t_plus_from_cell(m.cell_slope(T_PLUS, chi, T, salt), chi, T, salt)) == pytest.approx(
        T_PLUS, rel=1e-12
    )
    assert float(m.chi_from_cell(m.cell_slope(T_PLUS, chi, T, salt), T_PLUS, T, salt)) == pytest.approx(chi, rel=1e-12)


# ---- in time


def diffused(c, t, flux_left=0.0, cells_length=L):
    """A profile after `t`, by the exponential of the finite-volume operator; `flux_left` of salt leaves at the left."""
    n = len(c)
    h = cells_length / n
    A = (np.diag(np.full(n - 1, 1.0), 1) + np.diag(np.full(n - 1, 1.0), -1)) * D / h**2
    A -= np.diag(A.sum(axis=1))
    rate, modes = np.linalg.eigh(A)
    source = np.zeros(n)
    source[0] = -flux_left / h
    safe = np.where(np.abs(rate * t) > 1e-12, rate, 1.0)
    gain = np.where(np.abs(rate * t) > 1e-12, np.expm1(rate * t) / safe, t)
    return modes @ (np.exp(rate * t) * (modes.T @ c) + gain * (modes.T @ source))


def test_a_difference_between_blocked_ends_falls_by_e_in_the_relaxation_time():
    tau = float(m.relaxation_time(D, L))
    assert tau == pytest.approx(L**2 / (np.pi**2 * D), rel=1e-14)
    late = m.relaxing_difference(np.array([2.0, 3.0]) * tau, D, L)
    assert float(late[0] / late[1]) == pytest.approx(np.e, rel=1e-6)


def test_the_relaxation_of_a_straight_profile_is_its_series_at_all_times():
    tau = float(m.relaxation_time(D, L))
    t = np.array([0.0, 1e-6, 1e-3, 0.05, 0.098, 0.0987, 0.0988, 0.2, 1.0, 4.0]) * tau
    k = 2 * np.arange(200_000) + 1
    series = [8 / np.pi**2 * np.sum(np.exp(-(k**2) * x / tau) / k**2) for x in t]
    np.testing.assert_allclose(m.relaxing_difference(t, D, L), series, atol=2e-6)  # the tail of the series at t = 0
    np.testing.assert_allclose(m.relaxing_difference(t[3:], D, L), series[3:], rtol=1e-11)
    check_grads(lambda D: m.relaxing_difference(t[1:], D * 1e-10, L), (2.5,), order=1, modes=("fwd", "rev"), rtol=1e-6)


def test_any_profile_relaxes_as_the_diffusion_equation_has_it():
    x = (np.arange(200) + 0.5) / 200
    c = C0 * (1 + 0.4 * x + 0.3 * np.sin(7 * x))
    tau = float(m.relaxation_time(D, L))
    for t in (0.02 * tau, 0.3 * tau, 2.0 * tau):
        found = np.asarray(m.relaxing_profile(c, t, D, L))
        np.testing.assert_allclose(found, diffused(c, t), rtol=5e-5)  # finite volumes are of second order
        assert np.mean(found) == pytest.approx(np.mean(c), rel=1e-12), "no salt is lost"
    np.testing.assert_allclose(m.relaxing_profile(c, 0.0, D, L), c, rtol=1e-12)
    mode = 1 + 0.1 * np.cos(3 * np.pi * x)
    decayed = 1 + 0.1 * np.exp(-9 * 0.5) * np.cos(3 * np.pi * x)
    np.testing.assert_allclose(m.relaxing_profile(mode, 0.5 * tau, D, L), decayed, rtol=1e-12)
    assert m.relaxing_profile(c, np.array([1.0, 2.0, 3.0]), D, L).shape == (3, 200)


def test_the_diffusivity_comes_back_from_the_late_decay_of_the_potential():
    tau = float(m.relaxation_time(D, L))
    t = np.linspace(2.0, 5.0, 20) * tau
    U = -0.03 * np.asarray(m.relaxing_difference(t, D, L))
    assert float(m.diffusivity_from_relaxation(t, U, L)) == pytest.approx(D, rel=1e-7)
    assert float(m.diffusivity_from_relaxation(t, 5.0 * np.exp(-t / tau), L)) == pytest.approx(D, rel=1e-12)


@every_salt
def test_sands_time_is_when_the_diffusion_equation_has_used_up_the_salt(salt):
    i = 60.0
    tau = float(m.sand_time(i, D, T_PLUS, C0, salt))
    assert abs(float(m.depleting_concentration(0.0, tau, i, D, T_PLUS, C0, salt))) < 1e-9 * C0
    length = 12 * np.sqrt(D * tau)  # as good as infinite
    flux = (1 - T_PLUS) * i / (salt.z_plus * salt.nu_plus * F)
    profile = diffused(np.full(400, C0), 0.7 * tau, flux, length)
    x = (np.arange(400) + 0.5) * length / 400
    expected = m.depleting_concentration(x, 0.7 * tau, i, D, T_PLUS, C0, salt)
    np.testing.assert_allclose(profile, expected, atol=3e-4 * C0)


@every_salt
def test_sands_relation_is_inverted_for_current_and_diffusivity(salt):
    tau = m.sand_time(35.0, D, T_PLUS, C0, salt)
    expected = np.pi * D * (salt.z_plus * salt.nu_plus * F * C0 / (2 * 35.0 * (1 - T_PLUS))) ** 2
    assert float(tau) == pytest.approx(expected, rel=1e-13)
    assert float(m.sand_current(tau, D, T_PLUS, C0, salt)) == pytest.approx(35.0, rel=1e-12)
    assert float(m.diffusivity_from_sand(tau, 35.0, T_PLUS, C0, salt)) == pytest.approx(D, rel=1e-12)


def test_every_relation_is_differentiable_and_takes_arrays():
    def told(x):
        kappa, D, t_plus, chi = x[0], x[1] * 1e-10, x[2], x[3]
        return jnp.stack([
            m.newman_number(kappa, D, t_plus, chi, C0, T),
            m.steady_voltage(1.0, kappa, D, t_plus, chi, C0, T, L),
            m.t_plus_from_current_fraction(0.3, kappa, D, chi, C0, T),
            jnp.log(m.sand_time(30.0, D, t_plus, C0)),
            m.limiting_current(D, t_plus, C0, L),
        ])  # fmt: skip

    check_grads(told, (jnp.array([KAPPA, 2.5, T_PLUS, CHI]),), order=1, modes=("fwd", "rev"), rtol=1e-6)
    assert m.newman_number(np.ones((4, 1)), np.full(3, D), T_PLUS, CHI, C0, T).shape == (4, 3)
