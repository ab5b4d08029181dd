"""Every cost is half a sum of squares, right in value and slope, and bends as its name says."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from cellsim.fitting.costs import COSTS, Huber, Relative, Squared, StudentT


def of(cost, r):
    r = jnp.asarray(r, float)
    return cost.residuals(4.0 + 0.1 * r, jnp.full_like(r, 4.0), jnp.full_like(r, 0.1))


@pytest.mark.parametrize("kind", COSTS, ids=lambda each: each.__name__)
def test_the_slope_of_every_cost_is_that_of_differences_forwards_and_backwards(kind):
    check_grads(lambda r: 0.5 * jnp.sum(of(kind(), r) ** 2), (jnp.asarray([-8.0, -0.7, 0.3, 1.1, 5.0]),), 1, rtol=1e-6)


@pytest.mark.parametrize("kind", COSTS, ids=lambda each: each.__name__)
def test_no_difference_costs_nothing_and_a_greater_one_more(kind):
    r = of(kind(), np.linspace(-50.0, 50.0, 1001))
    assert float(of(kind(), [0.0])[0]) == 0.0
    assert np.all(np.diff(np.asarray(r)) > 0)
    slope = jax.grad(lambda x: of(kind(), x[None])[0])(jnp.asarray(0.0))
    assert np.isfinite(slope) and slope > 0


def test_small_differences_cost_the_same_by_all_that_know_the_noise():
    r = np.array([0.01, -0.02])
    np.testing.assert_allclose(of(Squared(), r), r, rtol=1e-9)
    np.testing.assert_allclose(of(Huber(), r), r, rtol=1e-9)
    np.testing.assert_allclose(of(StudentT(1e6), r), r, rtol=1e-5)


def test_huber_grows_with_the_size_and_student_with_its_logarithm():
    far = np.array([100.0, 200.0])
    huber, student = (0.5 * np.asarray(of(cost, far)) ** 2 for cost in (Huber(1.0), StudentT(4.0)))
    np.testing.assert_allclose(huber, far - 0.5, rtol=1e-12)
    np.testing.assert_allclose(student, 2.5 * np.log1p(far**2 / 4.0), rtol=1e-12)


def test_a_relative_cost_counts_shares_down_to_its_floor():
    cost = Relative(0.01, 0.5)
    found = cost.residuals(jnp.asarray([102.0, 1.5]), jnp.asarray([100.0, 1.0]), jnp.asarray([1.0, 1.0]))
    np.testing.assert_allclose(found, [2.0, 1.0], rtol=1e-12)


@pytest.mark.parametrize("wrong", [lambda: Huber(0.0), lambda: StudentT(-1.0), lambda: Relative(0.0)])
def test_senseless_numbers_are_refused(wrong):
    with pytest.raises(ValueError, match="above zero"):
        wrong()
