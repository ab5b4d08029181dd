"""Solutions beside fixed charges, against closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from cellsim.constants import F, R
from cellsim.electrolyte.donnan import equilibrium, neutralising

T = 298.15


@pytest.mark.parametrize("fixed", [-3000.0, -50.0, 0.0, 1e-3, 800.0])
def test_one_salt_beside_a_fixed_charge_follows_donnan(fixed):
    c = jnp.array([100.0, 100.0])
    found = equilibrium(c, np.array([1, -1]), fixed, T)
    root = np.sqrt(100.0**2 + (fixed / 2) ** 2)
    np.testing.assert_allclose(found.c, [root - fixed / 2, root + fixed / 2], rtol=1e-12)
    assert float(found.phi) == pytest.approx(R * T / F * np.arcsinh(fixed / 200.0), abs=1e-15)


@pytest.mark.parametrize("z", [(1, -1, 1), (2, -1, 1), (1, -3, 2), (2, -2, 1), (3, -1, 0)])
@pytest.mark.parametrize("fixed", [-2000.0, -1.0, 30.0, 4000.0])
def test_any_mixture_is_neutral_and_in_equilibrium_with_the_bath(z, fixed):
    z = np.array(z)
    c = np.array([40.0, 0.0, 7.0])
    c[1] = -(z[0] * c[0] + z[2] * c[2]) / z[1]
    found = equilibrium(c, z, fixed, T)
    charge = float(np.sum(z * np.asarray(found.c))) + fixed
    assert abs(charge) < 1e-11 * (float(np.sum(np.abs(z) * np.asarray(found.c))) + abs(fixed))
    np.testing.assert_allclose(
        R * T * np.log(np.asarray(found.c) / c) + z * F * float(found.phi), 0.0, atol=1e-9
    )  # J/mol


@pytest.mark.parametrize("z", [(1, -1, 1), (2, -1, 1)])
def test_the_way_back_finds_the_neutral_solution(z):
    z = np.array(z)
    c = np.array([40.0, 0.0, 7.0])
    c[1] = -(z[0] * c[0] + z[2] * c[2]) / z[1]
    inside = equilibrium(c, z, -300.0, T)
    back = neutralising(inside.c, z)
    np.testing.assert_allclose(inside.c * jnp.exp(z * back), c, rtol=1e-12)


def test_first_and_second_derivatives_are_those_of_the_solution():
    z = np.array([2, -1, 1])

    def of(x):
        return neutralising(jnp.array([3.0, 13.0, 7.0]) * x[:3], z, -5.0 * x[3])

    check_grads(jax.jit(of), (jnp.ones(4),), order=2, modes=("fwd", "rev"), rtol=1e-5, atol=1e-6)
