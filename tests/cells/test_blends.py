"""Electrodes of several materials: at rest all are at one potential; sizes of one material."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

import cellsim
from cellsim.cells.balance import at_soc
from cellsim.cells.blends import equilibrium, lithiations
from cellsim.cells.design import Blend, lithium_capacity, materials_by_path
from cellsim.cells.sizes import in_sizes, lognormal

T = 298.15


@pytest.fixture(scope="module")
def electrode():
    return cellsim.load_cell("Chen2020_composite").negative


@pytest.fixture(scope="module")
def particle():
    return cellsim.load_cell("Chen2020").negative.particle


@jax.jit
def filled(electrode, theta):
    return lithiations(electrode, theta, T), equilibrium(electrode, theta, T)


@pytest.mark.parametrize("theta", [0.02, 0.3, 0.6, 0.9])
def test_at_rest_all_materials_are_at_one_potential_and_hold_the_lithium_between_them(electrode, theta):
    each, w = filled(electrode, theta)
    for material, x in zip(electrode.materials, each, strict=True):
        assert float(material.equilibrium(x, T)) == pytest.approx(float(w), abs=1e-10)
    room = np.array([float(m.eps_s * m.c_max) for m in electrode.materials])
    assert room @ np.asarray(each) / room.sum() == pytest.approx(theta, rel=1e-12)


def test_a_material_whose_curve_ends_above_the_others_fills_up_and_waits(electrode):
    low = cellsim.replace(electrode, "particle.materials.1.U", 1.5)  # a plateau far above
    each, w = filled(low, 0.9)
    assert float(each[1]) == pytest.approx(1.0, abs=1e-8)
    assert float(low.materials[0].equilibrium(each[0], T)) == pytest.approx(float(w), abs=1e-10)


def test_the_potential_at_rest_falls_as_the_electrode_fills_and_its_slope_is_right_in_both_modes(electrode):
    w = np.array([float(filled(electrode, x)[1]) for x in np.linspace(0.05, 0.95, 10)])
    assert np.all(np.diff(w) < 0)
    rest = lambda theta, shift: jnp.append(
        lithiations(cellsim.replace(electrode, "particle.materials.0.U.values", shifted(electrode, shift)), theta, T),
        equilibrium(electrode, theta, T),
    )
    check_grads(rest, (jnp.asarray(0.55), jnp.asarray(0.01)), order=1, modes=("fwd", "rev"), rtol=1e-5, atol=1e-6)


def shifted(electrode, shift):
    return electrode.materials[0].U.values + shift


def test_one_material_alone_is_filled_as_it_is(particle):
    plain = cellsim.load_cell("Chen2020").negative
    each, w = filled(plain, 0.4)
    assert each.shape == (1,) and float(each[0]) == 0.4
    assert float(w) == float(particle.equilibrium(0.4, T))


def test_an_electrode_holds_what_its_materials_hold(electrode):
    area = jnp.asarray(0.1)
    alone = [dataclasses.replace(electrode, particle=each) for each in electrode.materials]
    total = float(lithium_capacity(electrode, area))
    assert total == pytest.approx(sum(float(lithium_capacity(one, area)) for one in alone), rel=1e-14)
    assert float(electrode.a) == pytest.approx(sum(float(one.a) for one in alone), rel=1e-14)
    held = sum(float(lithium_capacity(one, area) * one.theta0) for one in alone)
    assert float(electrode.theta0) == pytest.approx(held / total, rel=1e-14)


def test_materials_are_known_by_their_paths():
    cell = cellsim.load_cell("Chen2020_composite")
    paths = list(materials_by_path(cell))
    assert paths == ["negative.particle.materials.0", "negative.particle.materials.1", "positive.particle"]
    changed = cellsim.replace(cell, "negative.particle.materials.1.R_p", 2e-6)
    assert float(changed.negative.materials[1].R_p) == 2e-6
    with pytest.raises(cellsim.parameters.ImplausibleValue, match=r"negative\.particle\.materials\.1\.D_s = 1 m2/s"):
        cellsim.check_cell(cellsim.replace(cell, "negative.particle.materials.1.D_s", 1.0))


def test_a_blend_needs_materials_with_names_of_their_own(particle):
    with pytest.raises(
        ValueError, match="a blend needs materials, each with a `name` of its own; found material, material"
    ):
        Blend((particle, particle))
    with pytest.raises(ValueError, match="found none"):
        Blend(())


def test_a_blend_at_a_state_of_charge_rests_at_one_potential():
    cell = cellsim.load_cell("Chen2020_composite")
    model = cellsim.DFN(cell, cellsim.Mesh(3, 2, 4, 4))
    rest = jax.jit(lambda: model.at_rest(model.discretised(cell.T_ref), jnp.asarray(0.5)))()
    theta = jax.jit(lambda: at_soc(cell, jnp.asarray(0.5), cell.T_ref))()
    each, w = filled(cell.negative, theta.negative)
    np.testing.assert_allclose(rest.fibre[:, :3], each[0], rtol=1e-12)
    np.testing.assert_allclose(rest.fibre[:, 3:6], each[1], rtol=1e-12)
    np.testing.assert_allclose(rest.fibre[:, 6:], theta.positive, rtol=1e-12)
    np.testing.assert_allclose(rest.line[1, :3], w, rtol=1e-12)


# ---- sizes


def test_a_lognormal_distribution_has_the_wall_area_and_the_volume_of_its_closed_form(particle):
    """The mean of 1/R over the volume is exp(spread^2 / 2) over the median."""
    spread = 0.3
    for sizes, tolerance in ((3, 1e-5), (5, 1e-9)):
        blend = lognormal(particle, spread, sizes)
        assert len(blend.materials) == sizes
        assert sum(float(each.eps_s) for each in blend.materials) == pytest.approx(float(particle.eps_s), rel=1e-14)
        a = sum(float(each.a) for each in blend.materials)
        assert a == pytest.approx(float(particle.a) * np.exp(spread**2 / 2), rel=tolerance)


def test_a_distribution_of_one_size_is_the_material_itself(particle):
    (only,) = lognormal(particle, 0.4, 1).materials
    assert float(only.R_p) == float(particle.R_p) and float(only.eps_s) == float(particle.eps_s)


def test_a_distribution_can_be_differentiated_in_its_spread(particle):
    area = lambda spread: sum(each.a for each in lognormal(particle, spread, 4).materials)
    found = float(jax.grad(area)(0.3))
    assert found == pytest.approx(0.3 * float(particle.a) * np.exp(0.045), rel=1e-5)


@pytest.mark.parametrize(
    ("R_p", "fraction", "said"),
    [([1e-6, 2e-6], [0.5, 0.4], "must sum to one, found 0.9"), ([1e-6, 2e-6], [1.0], "each radius needs its fraction")],
)
def test_sizes_whose_fractions_do_not_add_up_are_refused(particle, R_p, fraction, said):
    with pytest.raises(ValueError, match=said):
        in_sizes(particle, R_p, fraction)
