"""Kinetics of a metal against closed forms, and the film in front of it against the equation that it solves."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from cellsim.cells.metal import Metal
from cellsim.constants import F, R
from cellsim.electrode.metal import Blocking, Deposition, behind_a_film

T = 298.15
VT = R * T / F
W = np.array([-2.0, -0.3, -0.02, -1e-9, 0.0, 1e-9, 0.02, 0.3, 2.0])


def test_a_symmetric_reaction_is_a_hyperbolic_sine_of_either_charge_number():
    for n in (1, 2):
        j = Deposition(30.0, n=n).j(7.0, W[2:-2], T)
        np.testing.assert_allclose(j, 14.0 * np.sinh(n * W[2:-2] / (2 * VT)), rtol=1e-10)


def test_the_branches_of_an_asymmetric_reaction_have_its_transfer_coefficients():
    kinetics = Deposition(30.0, alpha_a=0.3)
    ln = lambda eta: np.log(abs(float(kinetics.j(1.0, eta, T))))
    assert ln(0.9) - ln(0.8) == pytest.approx(0.3 * 0.1 / VT, rel=1e-10)
    assert ln(-0.9) - ln(-0.8) == pytest.approx(0.7 * 0.1 / VT, rel=1e-10)
    slope = jax.grad(lambda eta: kinetics.j(1.0, eta, T))(0.0)
    assert float(slope) == pytest.approx(1 / VT, rel=1e-10)


def test_the_exchange_current_has_its_order_and_its_activation_energy():
    kinetics = Deposition(20.0, order=0.3, E=4e4)
    assert float(kinetics.j0(1000.0, T)) == pytest.approx(20.0, rel=1e-10)
    assert float(kinetics.j0(2000.0, T)) == pytest.approx(20.0 * 2**0.3, rel=1e-10)
    assert float(kinetics.j0(1000.0, 320.0)) == pytest.approx(20 * np.exp(4e4 / R * (1 / T - 1 / 320.0)), rel=1e-10)


def test_nothing_reacts_at_a_blocking_electrode():
    assert np.all(np.asarray(Metal(Blocking(), R_film=0.1).j(1000.0, W, T)) == 0)


@pytest.mark.parametrize("alpha_a", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("R_film", [0.0, 1e-6, 1e-2, 5.0])
@pytest.mark.parametrize("j0", [1e-6, 1.0, 300.0])
def test_film_and_reaction_in_series_share_the_voltage(alpha_a, R_film, j0):
    kinetics = Deposition(30.0, alpha_a=alpha_a)
    w = W if R_film * j0 > 1e-10 else W[1:-1]
    j = np.asarray(behind_a_film(kinetics, j0, w, R_film, T))
    eta = w - R_film * j
    residual = eta + R_film * np.asarray(kinetics.j(j0, eta, T)) - w
    slope = 1 + R_film * np.asarray(jax.vmap(jax.grad(lambda eta: kinetics.j(j0, eta, T)))(eta))
    assert np.max(np.abs(residual / slope)) < 1e-13
    assert np.all(j * w >= 0) and np.all(np.diff(j) > 0)


def test_a_thick_film_is_a_resistance_and_no_film_is_none():
    kinetics = Deposition(30.0)
    assert float(behind_a_film(kinetics, 1e6, 0.5, 3.0, T)) == pytest.approx(0.5 / 3.0, rel=1e-6)
    np.testing.assert_allclose(behind_a_film(kinetics, 7.0, W, 0.0, T), kinetics.j(7.0, W, T), rtol=1e-12)


@pytest.mark.parametrize("w", [-0.4, -0.03, 0.6])
def test_first_and_second_derivatives_through_a_film_are_those_of_the_implicit_function(w):
    def j(x):
        return Metal(Deposition(x[0], alpha_a=x[1]), R_film=x[2]).j(x[3], x[4], T) / 10.0

    check_grads(j, (jnp.array([12.0, 0.4, 3e-3, 800.0, w]),), order=1, modes=("fwd", "rev"), rtol=1e-5, eps=1e-6)
    # and in closed form: dj/dw = g/(1 + R g), d2j/dw2 = h/(1 + R g)^3 with g, h the derivatives of j(eta)
    kinetics, R_film, j0 = Deposition(12.0, alpha_a=0.4), 3e-3, 11.0
    of_w = lambda w: behind_a_film(kinetics, j0, w, R_film, T)
    eta = w - R_film * of_w(w)
    g = jax.grad(lambda eta: kinetics.j(j0, eta, T))(eta)
    h = jax.grad(jax.grad(lambda eta: kinetics.j(j0, eta, T)))(eta)
    assert float(jax.grad(of_w)(w)) == pytest.approx(float(g / (1 + R_film * g)), rel=1e-10)
    assert float(jax.grad(jax.grad(of_w))(w)) == pytest.approx(float(h / (1 + R_film * g) ** 3), rel=1e-9, abs=1e-9)
