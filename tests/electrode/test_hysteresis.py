"""Open-circuit hysteresis: two branches, and the state that moves between them."""

import jax.numpy as jnp
import numpy as np
import pytest

from cellsim.constants import F
from cellsim.electrode.hysteresis import Branches, OneState
from cellsim.laws import Polynomial

T = 298.15
branches = Branches(Polynomial([0.5, -0.4]), Polynomial([0.8, -0.5]))
THETA = jnp.linspace(0.05, 0.95, 7)


def test_at_the_ends_of_the_state_the_potential_is_that_of_a_branch_and_the_law_is_the_mean():
    np.testing.assert_allclose(branches.at(THETA, T, -1.0), branches.lithiation(THETA, T), rtol=1e-15)
    np.testing.assert_allclose(branches.at(THETA, T, 1.0), branches.delithiation(THETA, T), rtol=1e-15)
    np.testing.assert_allclose(branches.at(THETA, T, 0.0), branches(THETA, T), rtol=1e-15)
    mean = 0.5 * (branches.lithiation(THETA, T) + branches.delithiation(THETA, T))
    np.testing.assert_allclose(branches(THETA, T), mean, rtol=1e-15)


def test_the_state_nears_the_branch_of_its_current_by_the_change_of_the_lithiation():
    """Per change of the mean lithiation, -3 j / (F c_max R_p) a second, it moves by the decay times what is left."""
    law, R_p, c_max = OneState(decay=25.0), 2e-6, 3e4
    for j in (0.7, -0.7):
        filling = -3 * j / (F * c_max * R_p)
        for h in (-1.0, -0.2, 0.6, 1.0):
            per_change = float(law.rate(h, j, R_p, c_max)) / abs(filling)
            assert per_change == pytest.approx(25.0 * (np.sign(j) - h), abs=1e-10)
    assert float(law.rate(0.4, 0.0, R_p, c_max)) == 0.0, "a rest leaves it as it is"
