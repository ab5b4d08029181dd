"""Laws under a constraint: it holds for any numbers inside."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from cellsim.constraints import Between, OneWhenDilute, Positive, PositiveDefinite, ZeroWhenDilute
from cellsim.laws import Polynomial
from cellsim.networks import network

T = 300.0
c = np.linspace(0.0, 4000.0, 41)
wild = Polynomial([-3.0, 7.0, -2.0], unit=1000.0)  # from -7 to 3.1


def test_a_positive_law_is_the_exponential_of_another_in_its_unit():
    np.testing.assert_allclose(Positive(wild, 1e-10)(c, T), 1e-10 * np.exp(wild(c, T)), rtol=1e-15)
    assert float(Positive(0.0, 3.0)(5.0, T)) == 3.0


def test_a_law_between_two_bounds_keeps_to_them():
    values = np.asarray(Between(wild, -0.5, 0.4)(c, T))
    assert np.all((values > -0.5) & (values < 0.4))
    assert float(Between(0.0, -0.5, 0.4)(5.0, T)) == pytest.approx(-0.05, rel=1e-15)
    with pytest.raises(ValueError, match=r"between 1\.0 and 0\.0"):
        Between(wild, 1.0, 0.0)


def test_a_conductivity_vanishes_in_proportion_to_the_salt():
    law = ZeroWhenDilute(Positive(wild), 1000.0)
    at = np.array([1e-1, 1.0, 10.0])
    np.testing.assert_allclose(law(at, T) / at, np.exp(wild(at, T)) / 1000.0, rtol=3e-5)
    assert 0 < float(law(0.0, T)) < 1e-6 and 0 < float(law(-100.0, T)) < 1e-9


def test_a_thermodynamic_factor_is_one_without_salt_and_leaves_it_with_the_root():
    law = OneWhenDilute(wild, 1000.0)
    assert float(law(0.0, T)) == pytest.approx(1.0, abs=3e-3)
    np.testing.assert_allclose(np.log(law(c[1:], T)), np.sqrt(c[1:] / 1000.0) * np.asarray(wild(c[1:], T)), rtol=1e-9)
    assert np.isfinite(jax.grad(lambda c: law(c, T))(0.0))


@pytest.mark.parametrize("law", [Positive(wild), Between(wild, 0.0, 1.0), ZeroWhenDilute(wild), OneWhenDilute(wild)])
def test_derivatives_go_through_a_constraint_in_both_modes(law):
    check_grads(lambda law, c: law(c, T), (law, 0.7), order=1, modes=("fwd", "rev"), rtol=1e-6)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_positive_definite_law_is_so_for_any_numbers(size):
    keys = jax.random.split(jax.random.key(4), size * (size + 1) // 2)
    law = PositiveDefinite([network(key, x_scale=1000.0) for key in keys], 1e-9)
    law = jax.tree.map(lambda leaf: 5.0 * leaf, law)
    L = np.asarray(jax.jit(lambda law: law(c[:, None], np.array([280.0, 320.0])))(law))
    assert law.size == size and L.shape == (41, 2, size, size)
    np.testing.assert_array_equal(L, np.swapaxes(L, -1, -2))
    assert np.all(np.linalg.eigvalsh(L / 1e-9) > 0)
    assert all(
        np.any(np.asarray(g) != 0) for g in jax.tree.leaves(jax.jit(jax.grad(lambda law: jnp.sum(law(c, T))))(law))
    )


def test_a_positive_definite_law_is_the_product_of_its_triangle():
    a, b, d = 0.3, -2.0, -0.4
    A = np.array([[np.exp(a), 0.0], [b, np.exp(d)]])
    np.testing.assert_allclose(PositiveDefinite([a, b, d])(1.0, T), A @ A.T, rtol=1e-14)
    with pytest.raises(ValueError, match="2 laws fill no triangle"):
        PositiveDefinite([a, b])
