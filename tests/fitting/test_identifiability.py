"""What cannot be told is told: directions without effect, in words."""

import numpy as np
import pytest

from cellsim.fitting.fisher import correlation_of, fisher
from cellsim.fitting.identifiability import identifiability
from cellsim.fitting.problem import Linear

RATIO = [True] * 10


def linear(J, r=None, variance=None):
    rows, free = J.shape
    r = np.zeros(rows) if r is None else r
    return Linear(np.zeros(free), r, np.ones(rows) if variance is None else variance, J, (), ())


@pytest.fixture
def draw():
    return np.random.default_rng(3)


def seen_only(draw, combinations, free):
    """Slopes in the logarithms of `free` numbers of which only products of powers are seen."""
    return draw.standard_normal((40, len(combinations))) * 100.0 @ np.array(combinations).reshape(-1, free)


def test_a_diffusivity_over_the_square_of_a_radius_is_named(draw):
    J = seen_only(draw, [[1.0, -2.0]], 2)
    found = identifiability(["D_s", "R_p"], J, RATIO)
    assert found.said == ("only the ratio of D_s to R_p^2 is seen.",)
    assert len(found.fix) == 1 and not found.is_complete
    assert "Fix" in found.report()


def test_a_product_is_named(draw):
    found = identifiability(["a", "b"], seen_only(draw, [[1.0, 1.0]], 2), RATIO)
    assert found.said == ("only the product of a and b is seen.",) or "product of b and a" in found.said[0]


def test_a_difference_is_told_in_brackets(draw):
    found = identifiability(["1 - t_plus", "chi"], seen_only(draw, [[2.0, 1.0]], 2), RATIO)
    assert found.said == ("only the product of chi and (1 - t_plus)^2 is seen.",) or found.said == (
        "only the product of (1 - t_plus) and chi^0.5 is seen.",
    )


def test_a_combination_is_known_of_numbers_that_are_not(draw):
    """Of a and b only the product is seen: the logarithm of it has the error of linear regression, a has none."""
    J = seen_only(draw, [[1.0, 1.0]], 2)
    known = fisher(linear(J), True)
    assert np.all(np.isinf(np.diag(known.covariance)))
    slopes = np.array([[1.0, 1.0], [1.0, 0.0], [1.0, -1.0]])
    variance = known.variance_of(slopes)
    assert variance[0] == pytest.approx(1 / np.sum(J[:, 0] ** 2), rel=1e-9)
    assert np.isinf(variance[1]) and np.isinf(variance[2])


def test_with_fewer_rows_than_numbers_something_is_unseen(draw):
    known = fisher(linear(draw.standard_normal((1, 3))), True)
    assert known.unseen.shape == (2, 3) and np.isinf(known.variance_of(np.array([1.0, 0.0, 0.0])))


def test_three_that_scale_together_and_a_lonely_one_are_told_apart(draw):
    J = seen_only(draw, [[1.0, 0.0, -2.0, 0.0, 0.0], [0.0, 1.0, -1.0, 0.0, 0.0], [0, 0, 0, 1.0, 0]], 5)
    found = identifiability(["D_s", "k", "R_p", "L", "idle"], J, RATIO)
    said = " ".join(found.said)
    assert "idle is not seen at all" in said
    assert "only" in said and "are seen" in said and "L" not in said.replace("idle", "")
    assert set(found.fix) >= {"idle"} and len(found.fix) == 2


def test_what_is_well_known_is_said_to_be(draw):
    found = identifiability(["a", "b"], 100.0 * draw.standard_normal((50, 2)), RATIO)
    assert found.is_complete and "All parameters are identifiable" in found.report()
    assert np.all(np.diff(found.singular_values) <= 0)


def test_a_direction_that_is_known_badly_is_named_with_its_error(draw):
    Q, _ = np.linalg.qr(draw.standard_normal((30, 2)))
    J = Q @ np.diag([100.0, 1.0]) @ np.array([[1.0, 1.0], [1.0, -1.0]]) / np.sqrt(2)
    found = identifiability(["t_plus", "chi"], J, RATIO)
    assert "known within 1e+02 % only" in found.said[0] and "t_plus" in found.said[0] and "chi" in found.said[0]


def test_the_covariance_is_that_of_linear_regression(draw):
    J, r = draw.standard_normal((60, 3)), draw.standard_normal(60)
    known = fisher(linear(J, r), True)
    np.testing.assert_allclose(known.covariance, np.linalg.inv(J.T @ J), rtol=1e-10)
    found = fisher(linear(J, r), False)
    np.testing.assert_allclose(found.covariance, np.linalg.inv(J.T @ J) * (r @ r) / 57, rtol=1e-10)


def test_rows_that_are_counted_by_time_keep_the_errors_that_their_noise_gives(draw):
    """Weighted by anything, a linear fit has the covariance (J'WJ)^-1 J'W^2 J (J'WJ)^-1 of its white noise."""
    J, weight = draw.standard_normal((400, 2)), draw.uniform(0.2, 3.0, 400)
    truth, found = np.array([1.0, -2.0]), []
    for _ in range(2000):
        y = J @ truth + draw.standard_normal(400)
        found.append(np.linalg.lstsq(J * np.sqrt(weight)[:, None], y * np.sqrt(weight), rcond=None)[0])
    told = fisher(linear(J * np.sqrt(weight)[:, None], np.sqrt(weight), weight), True).covariance
    np.testing.assert_allclose(np.diag(told), np.var(found, axis=0), rtol=0.1)


def test_what_is_not_seen_has_no_error_and_no_correlation(draw):
    J = np.column_stack([draw.standard_normal(30), np.zeros(30), draw.standard_normal(30)])
    covariance = fisher(linear(J), True).covariance
    assert np.isinf(covariance[1, 1]) and np.isfinite(covariance[0, 0])
    correlation = correlation_of(covariance)
    np.testing.assert_allclose(np.diag(correlation), 1.0)
    assert correlation[0, 1] == 0.0 and abs(correlation[0, 2]) < 1
