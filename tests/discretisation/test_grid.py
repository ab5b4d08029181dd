"""Grids hold the volumes and lengths that they stand for."""

import jax.numpy as jnp
import numpy as np
import pytest

from cellsim.discretisation import operators
from cellsim.discretisation.grid import graded_fractions, radial_grid, surface_fractions

SIZES = (4, 5, 9, 14, 28, 60)


@pytest.mark.parametrize("n", SIZES)
def test_the_shells_of_a_sphere_are_positive_and_add_up_to_its_volume(n):
    grid = radial_grid(n)
    assert np.all(grid.volumes > 0) and np.all(grid.conductances > 0)
    assert np.sum(grid.volumes) == pytest.approx(1 / 3, rel=1e-14)


@pytest.mark.parametrize(("n", "crowding"), [(28, 6.5), (56, 7.0), (12, 5.0)])
def test_nodes_that_crowd_more_are_closer_to_the_surface_and_their_shells_still_hold_the_sphere(n, crowding):
    grid, usual = radial_grid(n, crowding), radial_grid(n)
    assert np.all(grid.volumes > 0) and np.all(grid.conductances > 0)
    assert np.sum(grid.volumes) == pytest.approx(1 / 3, rel=1e-14)
    steps = np.diff(grid.nodes)
    assert steps[0] / steps[-1] == pytest.approx(np.exp(crowding * (n - 2) / (n - 0.5)), rel=1e-9)
    assert steps[-1] < 0.6 * np.diff(usual.nodes)[-1]


@pytest.mark.parametrize("n", SIZES)
def test_nodes_rise_to_the_surface_and_crowd_there(n):
    nodes = radial_grid(n).nodes
    assert 0 < nodes[0] < nodes[1] and nodes[-1] == 1.0
    assert np.all(np.diff(nodes, 2) < 0)


@pytest.mark.parametrize("n", SIZES)
def test_the_content_of_a_quadratic_profile_is_exact(n):
    grid = radial_grid(n)
    assert np.sum(grid.volumes * grid.nodes**2) == pytest.approx(1 / 5, rel=1e-13)


@pytest.mark.parametrize("power", [4, 6])
def test_the_content_of_a_steeper_profile_is_right_to_fourth_order(power):
    def error(n):
        grid = radial_grid(n)
        return abs(np.sum(grid.volumes * grid.nodes**power) - 1 / (power + 3))

    errors = np.array([error(n) for n in (10, 20, 40)])
    spacings = 1 / (np.array([10, 20, 40]) - 0.5)
    orders = np.diff(np.log(errors)) / np.diff(np.log(spacings))
    assert np.all(orders > 3.8), orders


@pytest.mark.parametrize("n", SIZES)
def test_the_quadratic_profile_of_a_constant_current_empties_every_shell_alike(n):
    grid, outflux = radial_grid(n), 0.7
    profile = -0.5 * outflux * grid.nodes[:, None] ** 2  # its outward flux at r is outflux r
    rate = operators.sphere_accumulation(jnp.asarray(profile), jnp.ones((n - 1, 1)), jnp.asarray([outflux]), grid)
    np.testing.assert_allclose(rate, -3 * outflux, rtol=1e-11)


def test_equal_cells_are_equal():
    np.testing.assert_allclose(graded_fractions(7, 0.0, 0.0), np.full(7, 1 / 7), rtol=1e-14)
    np.testing.assert_allclose(graded_fractions(7, 0.0, 0.0), np.full(7, 1 / 7), rtol=1e-13)


@pytest.mark.parametrize("ends", [(1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (0.4, 0.9)])
def test_graded_cells_fill_the_length_and_are_finest_at_the_ends_asked_for(ends):
    width = graded_fractions(24, *ends)
    assert np.all(width > 0) and np.sum(width) == pytest.approx(1.0, rel=1e-14)
    for grading, outermost in zip(ends, (width[0], width[-1]), strict=True):
        if grading > 0:
            assert outermost < (1 - 0.4 * grading) / 24
        else:
            assert outermost > 1 / 24
    np.testing.assert_allclose(graded_fractions(24, *ends[::-1]), width[::-1], rtol=1e-12)


@pytest.mark.parametrize("ends", [(1.0, 0.0), (1.0, 1.0), (0.4, 0.9)])
def test_neighbouring_graded_cells_become_alike_as_the_mesh_is_refined(ends):
    jump = lambda cells: np.max(np.abs(np.diff(np.log(graded_fractions(cells, *ends)))))
    assert jump(20) < 0.2
    assert jump(40) < 0.6 * jump(20)  # first order: the scheme keeps its second


@pytest.mark.parametrize("crowding", [0.0, 1.5, 3.0])
@pytest.mark.parametrize("ends", [(True, True), (True, False), (False, False)])
def test_a_node_on_a_surface_stands_for_half_a_step(ends, crowding):
    fractions = surface_fractions(9, *ends, crowding)
    assert len(fractions) == 9 + sum(ends)
    assert np.sum(fractions) == pytest.approx(1.0, rel=1e-14)
    steps = fractions * (9 + 0.5 * sum(ends))
    if not crowding:
        expected = [0.5] * ends[0] + [1.0] * 9 + [0.5] * ends[1]
        np.testing.assert_allclose(steps, expected, rtol=1e-13)
    else:
        assert np.argmax(steps) in (len(steps) // 2 - 1, len(steps) // 2) and min(steps[0], steps[-1]) < 0.5
    if ends[0] == ends[1]:
        np.testing.assert_allclose(fractions, fractions[::-1], rtol=1e-12)
