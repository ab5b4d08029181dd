"""Kinetics with free powers: Butler-Volmer's where they are the same, and each power in closed form."""

import equinox as eqx
import jax
import jax.test_util
import numpy as np
import pytest

from cellsim.constants import F
from cellsim.electrode.kinetics import ButlerVolmer
from cellsim.electrode.power_law import PowerLawKinetics
from cellsim.laws import Arrhenius, Polynomial

T, C_MAX = 305.0, 3e4
THETA = np.linspace(0.05, 0.95, 7)


def test_with_powers_of_one_half_they_are_butler_volmers_normalised():
    plain = ButlerVolmer(k=2e-6, E=3e4)
    free = PowerLawKinetics(Arrhenius(2e-6 * C_MAX * 1200.0**0.5, E=3e4), c_ref=1200.0)
    j0 = eqx.filter_jit(plain.j0)(700.0, THETA, C_MAX, T)
    np.testing.assert_allclose(eqx.filter_jit(free.j0)(700.0, THETA, C_MAX, T), j0, rtol=1e-11)
    np.testing.assert_array_equal(free.j(j0, 0.05, T), plain.j(j0, 0.05, T))


def test_each_power_is_that_of_its_fraction():
    rate = Polynomial([2.0, 3.0])
    kinetics = PowerLawKinetics(rate, c_ref=1000.0, of_salt=0.2, of_filled=0.8, of_vacant=0.3)
    expected = (2.0 + 3.0 * THETA) * (500.0 / 1000.0) ** 0.2 * THETA**0.8 * (1 - THETA) ** 0.3
    np.testing.assert_allclose(kinetics.j0(500.0, THETA, C_MAX, T), expected, rtol=1e-9)


def test_a_constant_of_the_standard_is_a_rate_of_faradays_constant_times_it():
    kinetics = PowerLawKinetics(F * 5.2e-6, c_ref=1000.0)
    assert float(kinetics.j0(1000.0, 0.5, C_MAX, T)) == pytest.approx(F * 5.2e-6 * 0.5, rel=1e-10)


def test_nothing_is_infinite_where_a_particle_is_empty_or_full_or_the_salt_is_gone():
    kinetics = PowerLawKinetics(2.0, c_ref=1000.0, of_salt=0.2, of_filled=0.8, of_vacant=0.2)
    total = lambda x: kinetics.j0(x[0], x[1], C_MAX, T)
    for point in ((0.0, 0.5), (-1.0, 0.5), (1000.0, 0.0), (1000.0, 1.0), (1000.0, 1.01)):
        value, slope = jax.value_and_grad(total)(np.array(point))
        assert np.isfinite(float(value)) and np.all(np.isfinite(slope))


def test_every_number_has_the_derivative_of_differences():
    kinetics = PowerLawKinetics(Arrhenius(2.0, E=3e4), c_ref=1000.0, of_salt=0.2, of_filled=0.8, of_vacant=0.3)
    numbers, shape = jax.tree.flatten(kinetics)
    of = lambda *numbers: jax.tree.unflatten(shape, numbers).j0(600.0, 0.3, C_MAX, T)
    jax.test_util.check_grads(of, tuple(numbers), order=1, modes=("fwd", "rev"), rtol=1e-6)


def test_the_overpotential_of_a_current_is_the_one_that_passes_it():
    kinetics = PowerLawKinetics(2.0, c_ref=1000.0)
    j = np.array([-30.0, -1e-3, 0.0, 0.4, 12.0])
    np.testing.assert_allclose(kinetics.j(1.7, kinetics.eta(1.7, j, T), T), j, rtol=1e-12, atol=1e-18)
