"""Fluxes between two places: what they carry, where they vanish, and how they stand in series."""

import jax.numpy as jnp
import numpy as np
import pytest

from cellsim.constants import F
from cellsim.electrolyte.donnan import equilibrium, neutralising
from cellsim.models.ion_fluxes import Side, across_junction, driven, log_mean, passage

Z = jnp.array([1.0, 2.0, -1.0])
FACES = 5
rng = np.random.default_rng(3)
A = rng.normal(size=(FACES, 3, 3))
G = jnp.asarray(1e-6 * (A @ A.transpose(0, 2, 1) + 3 * np.eye(3)))
U = jnp.asarray(rng.normal(size=(FACES, 3)))


def neutral(rng, points=FACES):
    c = rng.uniform(1.0, 100.0, (points, 3))
    c[:, 2] = c[:, 0] + 2 * c[:, 1]
    return jnp.asarray(c)


def test_the_logarithmic_mean_is_what_its_name_says_near_and_far():
    left = jnp.array([[1.0, 1.0, 1.0, 1.0, 5.0]])
    right = jnp.array([[1.0, 1.0 + 1e-9, 1.0198, 1.021, 5e-9]])
    expected = [1.0, 1.0 + 5e-10, 0.0198 / np.log(1.0198), 0.021 / np.log(1.021), (5 - 5e-9) / np.log(1e9)]
    np.testing.assert_allclose(log_mean(left, right)[0], expected, rtol=2e-13)


@pytest.mark.parametrize("i", [0.0, 3.0, -200.0])
def test_the_ions_carry_the_current_and_nothing_else(i):
    met = passage(G, U, Z, jnp.asarray(i))
    carried = F * np.asarray(met.J) @ np.asarray(Z)
    assert np.max(np.abs(carried - i)) < 1e-13 * F * float(np.max(np.abs(met.J)))


def test_nothing_flows_where_electrochemical_potentials_are_level_whatever_the_mobilities():
    psi = jnp.linspace(-1.0, 2.0, FACES)
    met = passage(G, -Z * psi[:, None], Z, jnp.asarray(0.0))
    assert float(np.max(np.abs(met.J))) < 1e-15 * 1e1
    np.testing.assert_allclose(met.psi, psi, atol=1e-14)


def test_forces_and_fluxes_are_inverse_to_each_other():
    met = passage(G, U, Z, jnp.asarray(5.0))
    eta = driven(G, met.J, neutral(rng))
    np.testing.assert_allclose(eta, U + Z * met.psi[:, None], rtol=1e-11, atol=1e-12)


def test_a_junction_within_one_solution_is_no_junction():
    c_l, c_r = neutral(rng), neutral(rng)
    mean = log_mean(c_l, c_r)
    D = jnp.array([2.0, 1.0, 1.5])
    g = lambda c: 1e-7 * jnp.eye(3) * (c * D)[:, :, None]
    plain = passage(g(mean), jnp.log(c_r / c_l), Z, jnp.asarray(2.0))
    met = across_junction(Side(c_l, None, 2 * g(c_l)), Side(c_r, None, 2 * g(c_r)), Z, jnp.asarray(2.0))
    np.testing.assert_allclose(met.J, plain.J, rtol=1e-12)
    np.testing.assert_allclose(met.psi, plain.psi, rtol=1e-12)


def test_a_membrane_in_donnan_equilibrium_takes_up_nothing_and_shows_the_donnan_potential():
    bath = neutral(rng, 1)
    inside = equilibrium(bath, Z, -500.0, 298.15)
    member = Side(inside.c, neutralising(inside.c, Z), G[:1] * jnp.sqrt(inside.c[:, :, None] * inside.c[:, None]))
    met = across_junction(Side(bath, None, None), member, Z, jnp.asarray(0.0))
    assert float(np.max(np.abs(met.J))) < 1e-13 * float(np.max(member.g))
    assert float(met.psi[0]) == pytest.approx(float(inside.phi[0]) * F / (8.31446261815324 * 298.15), abs=1e-12)


def test_an_empty_place_fills_and_is_never_drained_however_strong_the_field():
    """The flux into a place goes to its diffusive value as it empties, also where the field drives ions out of it."""
    D, c_r = jnp.array([1.0, 1.0, 1.0]), 100.0
    for c_l in (1e-3, 1e-12, 1e-200):
        left = jnp.array([[c_l, 1e-30, c_r]])
        right = jnp.array([[c_r, 1e-30, c_r]])
        g = jnp.eye(3) * (log_mean(left, right) * D)[:, :, None]
        met = passage(g, jnp.log(right / left), Z, jnp.asarray(F * 5.0 * c_r))  # a field of some units of R T/F
        field = float(met.psi[0])
        mean = (c_r - c_l) / np.log(c_r / c_l)
        assert field < -1
        assert float(met.J[0, 0]) == pytest.approx(-(c_r - c_l) - mean * field, rel=1e-10)
    assert -float(met.J[0, 0]) > 0.9 * c_r
