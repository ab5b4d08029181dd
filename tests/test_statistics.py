"""Student's t and the intervals made with it."""

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats

from cellsim.statistics import Estimate, student_t


@pytest.mark.parametrize("dof", [1, 2, 3, 4, 7, 19, 40, 333])
@pytest.mark.parametrize("confidence", [0.5, 0.68, 0.95, 0.999])
def test_the_quantiles_are_those_of_students_t(confidence, dof):
    expected = scipy.stats.t.ppf(0.5 + confidence / 2, dof)
    assert student_t(confidence, dof) == pytest.approx(expected, rel=1e-10)


def test_an_interval_reaches_equally_far_to_both_sides_and_grows_with_the_confidence():
    estimate = Estimate(jnp.array([1.0, -2.0]), jnp.array([0.1, 0.3]), 9)
    np.testing.assert_allclose(estimate.high - estimate.value, estimate.value - estimate.low, rtol=1e-14)
    np.testing.assert_allclose(estimate.high - estimate.value, 2.2621571628 * estimate.standard_error, rtol=1e-9)
    low, high = estimate.interval(0.99)
    assert np.all(low < estimate.low) and np.all(high > estimate.high)


def test_no_degree_of_freedom_is_an_error_that_says_so():
    with pytest.raises(ValueError, match="0 degrees of freedom"):
        student_t(0.95, 0)
    with pytest.raises(ValueError, match=r"confidence 1\.0"):
        student_t(1.0, 5)
