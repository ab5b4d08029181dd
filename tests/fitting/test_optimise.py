"""A better cell is found by gradient, within bounds."""

import jax.numpy as jnp
import numpy as np
import pytest

from cellsim.fitting.free import Free, coordinates, moved
from cellsim.fitting.optimise import descent, maximised

CELL = {"a": jnp.asarray(2.0), "b": jnp.asarray(1e-10), "rest": jnp.asarray(5.0)}
FREE = (Free("a", 1.0, 4.0), Free("b", 1e-12, 1e-8))


def test_coordinates_and_numbers_are_inverse_to_each_other():
    z = coordinates(CELL, FREE)
    back = moved(CELL, FREE, z)
    assert float(back["a"]) == pytest.approx(2.0, rel=1e-13)
    assert float(back["b"]) == pytest.approx(1e-10, rel=1e-12)
    assert back["rest"] is CELL["rest"]


@pytest.mark.parametrize("z", [-700.0, -3.0, 0.0, 5.0, 700.0])
def test_no_coordinate_leaves_the_bounds(z):
    for free in FREE:
        assert free.low <= float(free.value(jnp.asarray(z))) <= free.high * (1 + 1e-15)


def test_a_start_at_a_bound_can_still_move():
    cell = {**CELL, "a": jnp.asarray(4.0)}
    assert 3.9 < float(moved(cell, FREE, coordinates(cell, FREE))["a"]) < 4.0


def test_the_optimum_within_the_bounds_is_found_over_many_decades():
    goal = lambda cell: jnp.exp(-((cell["a"] - 3.1) ** 2) - 0.3 * (jnp.log(cell["b"] / 3e-11)) ** 2 - cell["a"] / 50)
    seen = []
    best = maximised(goal, CELL, FREE, tolerance=1e-8, progress=lambda *row: seen.append(row))
    assert best.converged
    assert best.values[0] == pytest.approx(3.1 - 0.01, abs=1e-6)
    assert best.values[1] == pytest.approx(3e-11, rel=1e-5)
    goals = [row[0] for row in best.history]
    assert np.all(np.diff(goals) >= 0) and best.goal == goals[-1]
    assert [row[0] for row in seen] == list(range(1, len(best.history)))
    assert max(map(abs, best.slopes)) < 1e-7


def test_an_optimum_at_a_bound_is_approached_and_its_slope_tells_so():
    best = maximised(lambda cell: cell["a"] ** 2, CELL, FREE[:1], steps=30)
    assert best.values[0] > 3.95


def test_the_valley_of_rosenbrock_is_followed_to_its_end():
    def loss(z):
        x, y = z
        value = (1 - x) ** 2 + 100 * (y - x * x) ** 2
        return value, np.array([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)])

    *_, (z, f, _) = descent(loss, np.array([-1.2, 1.0]), 1e-9)
    np.testing.assert_allclose(z, [1.0, 1.0], atol=1e-8)
    assert f < 1e-16


def test_what_is_not_finite_is_stepped_back_from():
    loss = lambda z: (float(np.log(z[0]) ** 2), 2 * np.log(z) / z) if z[0] > 0 else (np.nan, z)
    *_, (z, _, _) = descent(loss, np.array([6.0]), 1e-10)
    assert z[0] == pytest.approx(1.0, abs=1e-9)


def test_bounds_without_room_and_a_goal_of_nothing_are_refused():
    with pytest.raises(ValueError, match="leave no room"):
        maximised(lambda cell: cell["a"], CELL, [Free("a", 2.0, 2.0)])
    with pytest.raises(ValueError, match="the goal is 0 at the start"):
        maximised(lambda cell: 0.0 * cell["a"], CELL, FREE[:1])
