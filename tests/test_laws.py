"""Laws: their values, and the exact derivatives with respect to their coefficients."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from cellsim.constants import R
from cellsim.laws import (
    Arrhenius,
    AtLeast,
    Constant,
    Custom,
    Polynomial,
    Product,
    Sum,
    arrhenius_factor,
    as_law,
    law,
)

COEFFICIENTS = np.array([0.7, -1.3, 0.25, 0.04])
x = np.array([-1.0, 0.0, 0.4, 2.5])


@jax.jit
def slopes(law, at: float, T: float):
    """Derivatives of a law's value at one point with respect to its leaves, its state and its temperature."""
    return jax.grad(lambda law, at, T: law(at, T), argnums=(0, 1, 2))(law, at, T)


def test_a_constant_is_the_same_at_every_point_and_temperature():
    values = Constant(3.5)(np.zeros((3, 1)), np.full((1, 2), 300.0))
    np.testing.assert_array_equal(values, np.full((3, 2), 3.5))
    assert Constant(2)(0.0, 300.0).dtype == np.float64


def test_a_constant_moves_one_to_one_with_its_value_and_not_at_all_with_state_or_temperature():
    by_leaf, by_x, by_T = slopes(Constant(3.5), 0.3, 300.0)
    assert (float(by_leaf.value), float(by_x), float(by_T)) == (1.0, 0.0, 0.0)


def test_a_polynomial_equals_numpys_with_the_lowest_power_first():
    np.testing.assert_allclose(Polynomial(COEFFICIENTS)(x, 300.0), np.polyval(COEFFICIENTS[::-1], x), rtol=1e-15)


def test_a_polynomial_counts_in_the_unit_of_the_published_fit():
    law = Polynomial(COEFFICIENTS, unit=1000.0)
    np.testing.assert_allclose(law(1000.0 * x, 300.0), np.polyval(COEFFICIENTS[::-1], x), rtol=1e-15)


def test_a_polynomial_takes_the_shape_of_state_and_temperature_together():
    values = Polynomial(COEFFICIENTS)(x[:, None], np.array([[290.0, 300.0]]))
    assert values.shape == (4, 2)
    np.testing.assert_array_equal(values[:, 0], values[:, 1])


def test_the_slopes_of_a_polynomial_are_the_powers_of_its_state_and_its_derivative_polynomial():
    by_leaf, by_x, by_T = slopes(Polynomial(COEFFICIENTS, unit=10.0), 4.0, 300.0)
    np.testing.assert_allclose(by_leaf.coefficients, 0.4 ** np.arange(4), rtol=1e-15)
    assert float(by_x) == pytest.approx(np.polyval(np.polyder(COEFFICIENTS[::-1]), 0.4) / 10.0, rel=1e-14)
    assert float(by_T) == 0.0


def test_a_polynomial_of_one_coefficient_is_a_constant():
    np.testing.assert_array_equal(Polynomial([2.0])(x, 300.0), np.full(4, 2.0))


def test_arrhenius_leaves_the_law_alone_at_its_reference_temperature_and_defaults_to_25_degrees():
    law = Arrhenius(Polynomial(COEFFICIENTS), E=3e4)
    assert float(law.T_ref) == 298.15
    np.testing.assert_array_equal(law(x, 298.15), law.law(x, 298.15))


def test_arrhenius_speeds_a_process_up_by_its_activation_energy():
    law = Arrhenius(Constant(2.0), E=35e3, T_ref=296.0)
    T = np.array([270.0, 296.0, 320.0])
    np.testing.assert_allclose(law(0.5, T), 2.0 * np.exp(35e3 / R * (1 / 296.0 - 1 / T)), rtol=1e-15)
    assert float(arrhenius_factor(0.0, 298.15, 350.0)) == 1.0


def test_the_slopes_of_arrhenius_are_exact():
    E, T_ref, T = 35e3, 296.0, 320.0
    law = Arrhenius(Constant(2.0), E=E, T_ref=T_ref)
    value = float(law(0.5, T))
    by_leaf, _, by_T = slopes(law, 0.5, T)
    assert float(by_leaf.law.value) == pytest.approx(value / 2.0, rel=1e-14)
    assert float(by_leaf.E) == pytest.approx(value * (1 / T_ref - 1 / T) / R, rel=1e-12)
    assert float(by_leaf.T_ref) == pytest.approx(-value * E / (R * T_ref**2), rel=1e-13)
    assert float(by_T) == pytest.approx(value * E / (R * T**2), rel=1e-13)


def test_a_product_multiplies_laws_and_numbers_and_its_slopes_obey_the_rule():
    law = Product(Polynomial(COEFFICIENTS), 3.0)
    np.testing.assert_allclose(law(x[:, None], np.array([290.0, 300.0]))[:, 1], 3 * law.first(x, 300.0), rtol=1e-15)
    by_leaf, by_x, _ = slopes(law, 0.4, 300.0)
    assert float(by_leaf.second.value) == pytest.approx(np.polyval(COEFFICIENTS[::-1], 0.4), rel=1e-14)
    assert float(by_x) == pytest.approx(3 * np.polyval(np.polyder(COEFFICIENTS[::-1]), 0.4), rel=1e-14)


def test_a_sum_of_laws_is_the_sum_of_their_values_and_takes_a_number_as_a_law():
    law = Sum(Polynomial(COEFFICIENTS), 3.0)
    x = jnp.asarray([0.1, 0.7])
    np.testing.assert_allclose(law(x, 300.0), Polynomial(COEFFICIENTS)(x, 300.0) + 3.0, rtol=1e-15)


def test_a_function_of_ones_own_is_a_law_and_its_parameters_are_leaves():
    def hill(x, T, parameters):
        return parameters["top"] * x / (parameters["half"] + x) * T / 300.0

    law = Custom(hill, {"top": jnp.asarray(5.0), "half": jnp.asarray(2.0)})
    np.testing.assert_allclose(law(np.array([0.0, 2.0]), 330.0), [0.0, 2.75], rtol=1e-15)
    by_leaf, by_x, by_T = slopes(law, 3.0, 300.0)
    assert float(by_leaf.parameters["top"]) == pytest.approx(0.6, rel=1e-14)
    assert float(by_leaf.parameters["half"]) == pytest.approx(-5.0 * 3.0 / 25.0, rel=1e-14)
    assert float(by_x) == pytest.approx(5.0 * 2.0 / 25.0, rel=1e-14)
    assert float(by_T) == pytest.approx(3.0 / 300.0, rel=1e-14)


def test_a_function_without_parameters_that_ignores_its_state_still_fills_the_points():
    law = Custom(lambda x, T, parameters: 7.0)
    assert law(np.zeros((2, 1)), np.full(3, 300.0)).shape == (2, 3)


def test_a_number_in_the_place_of_a_law_becomes_a_constant_and_a_law_stays_itself():
    polynomial = Polynomial(COEFFICIENTS)
    assert as_law(polynomial) is polynomial
    assert isinstance(as_law(0.4), Constant)

    class Solid(eqx.Module):
        D_s: object = law("m2/s", 1e-20, 1e-6, "solid diffusivity")

    assert float(Solid(3e-14).D_s(0.5, 300.0)) == 3e-14
    assert Solid.__dataclass_fields__["D_s"].metadata["law"].unit == "m2/s"


def test_two_polynomials_of_different_values_share_one_compiled_program():
    compiled = []

    @jax.jit
    def evaluate(law, x):
        compiled.append(1)
        return law(x, 300.0)

    first, second = evaluate(Polynomial([1.0, 2.0]), 3.0), evaluate(Polynomial([4.0, 5.0]), 3.0)
    assert (float(first), float(second)) == (7.0, 19.0)
    assert len(compiled) == 1


def test_a_floor_leaves_a_law_alone_from_five_times_its_height_and_holds_it_below():
    fit = Polynomial([1.0, -1.0])  # 1 - x
    held = AtLeast(fit, floor=1e-3)
    above = np.linspace(-2.0, 1.0 - 5e-3, 50)
    np.testing.assert_allclose(held(above, 300.0), fit(above, 300.0), rtol=1e-15)
    below = held(np.array([1.0, 1.001, 2.0, 1e6]), 300.0)
    assert np.all(below >= 1e-3) and np.all(below < 1.1e-3)


def test_the_slopes_of_a_law_with_a_floor_are_its_own_above_and_vanish_below():
    held = AtLeast(Polynomial([1.0, -1.0]), floor=1e-3)
    by_leaf, by_x, _ = slopes(held, 0.5, 300.0)
    np.testing.assert_allclose(by_leaf.law.coefficients, [1.0, 0.5], rtol=1e-14)
    assert float(by_x) == pytest.approx(-1.0, rel=1e-14)
    by_leaf, by_x, _ = slopes(held, 1e6, 300.0)
    assert float(by_x) == 0.0 and np.all(np.isfinite(by_leaf.law.coefficients))
    check_grads(lambda x: held(x, 300.0), (1.0 - 1.05e-3,), order=2, modes=["fwd", "rev"], eps=1e-7)
