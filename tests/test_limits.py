"""The smooth limits under the fitted laws."""

import jax
import numpy as np
import pytest

from cellsim import limits

positive, at_least = jax.jit(limits.positive), jax.jit(limits.at_least)


def test_concentrations_of_one_mole_per_cubic_metre_and_more_are_changed_by_less_than_a_millionth():
    c = np.geomspace(1.0, 1e4, 50)
    np.testing.assert_allclose(positive(c), c, rtol=0.999e-6)
    np.testing.assert_allclose(positive(c) - c, 1e-6 / (4 * c), rtol=1e-3, atol=4e-12)  # width^2/(4c), to 2 ulp


def test_the_floor_is_positive_however_negative_the_concentration():
    c = -np.geomspace(1e-6, 1e12, 40)
    assert np.all(np.asarray(positive(c)) > 0)
    assert float(positive(0.0)) == pytest.approx(0.5e-3, rel=1e-15)


def test_the_floor_rises_with_the_concentration_with_a_slope_of_one_half_at_zero_and_never_above_one():
    c = np.concatenate([-np.geomspace(1e-6, 1e3, 30)[::-1], [0.0], np.geomspace(1e-6, 1e3, 30)])
    slope = np.asarray(jax.jit(jax.vmap(jax.grad(positive)))(c))
    expected = 0.5 * (1 + c / np.sqrt(c**2 + 1e-6))
    np.testing.assert_allclose(slope, expected, rtol=1e-9, atol=1e-10)
    assert slope[30] == 0.5
    assert np.all(slope > 0) and np.all(slope <= 1)


def test_a_quantity_well_above_its_floor_is_left_alone_and_one_below_it_is_held():
    assert float(at_least(30.0, 5.0, 0.5)) == 30.0
    assert float(at_least(5.0, 5.0, 0.5)) == pytest.approx(5.0 + 0.5 * np.log(2), rel=1e-14)
    assert float(at_least(-1e6, 5.0, 0.5)) == 5.0
    assert float(jax.grad(at_least)(5.0, 5.0, 0.5)) == pytest.approx(0.5, rel=1e-14)
