"""Porous media: closed forms."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import cellsim
from cellsim.cells.porous import Bruggeman, MacMullin, Tortuosity, TortuosityTensor
from cellsim.electrolyte.anisotropy import at_given_field, direction

share = jnp.asarray


def test_bruggeman_is_a_power_of_the_volume_fraction():
    assert float(Bruggeman(1.5)(share(0.25))) == pytest.approx(0.125, rel=1e-15)
    assert float(Bruggeman(0.0)(share(0.25))) == 1.0


def test_a_tortuosity_lengthens_the_path():
    assert float(Tortuosity(2.5)(share(0.4))) == pytest.approx(0.16, rel=1e-15)


def test_a_macmullin_number_holds_the_volume_fraction_already():
    assert float(MacMullin(8.0)(share(0.4))) == float(MacMullin(8.0)(share(0.1))) == 0.125


def test_the_three_say_the_same_of_the_same_medium():
    eps, b = 0.3, 1.7
    tau = eps ** (1 - b)
    assert float(Tortuosity(tau)(share(eps))) == pytest.approx(float(Bruggeman(b)(share(eps))), rel=1e-14)
    assert float(MacMullin(tau / eps)(share(eps))) == pytest.approx(float(Bruggeman(b)(share(eps))), rel=1e-14)


def test_a_tortuosity_tensor_is_the_tortuosity_along_its_axes_and_the_tensor_between_them():
    tau = np.array([1.5, 2.0, 6.0])
    along = {(0.0, 0.0): 6.0, (np.pi / 2, 0.0): 1.5, (np.pi / 2, np.pi / 2): 2.0}
    for (tilt, azimuth), expected in along.items():
        found = TortuosityTensor(tau, tilt, azimuth)(share(0.4))
        assert float(found) == pytest.approx(float(Tortuosity(expected)(share(0.4))), rel=1e-14)
    between = TortuosityTensor(tau, 0.6, 0.3)(share(0.4))
    tensor = 0.4 * at_given_field(jnp.diag(1 / tau), direction(0.6, 0.3))
    assert float(between) == pytest.approx(float(tensor), rel=1e-14)


def test_flakes_that_stand_up_carry_more_ions_through_the_layer_than_flakes_that_lie():
    electrode = cellsim.load_cell("Chen2020").negative
    standing = lambda tilt: (
        dataclasses.replace(electrode, transport=TortuosityTensor([2.0, 2.0, 8.0], tilt)).kappa_factor
    )
    slope = jax.grad(standing)
    assert float(standing(jnp.pi / 2)) == pytest.approx(4 * float(standing(0.0)), rel=1e-14)
    assert float(slope(jnp.asarray(0.5))) > 0 and float(slope(jnp.asarray(0.0))) == 0


def test_all_of_the_solid_conducts_not_the_active_material_alone():
    electrode = cellsim.load_cell("Marquis2019").negative
    expected = 100.0 * 0.7**1.5
    assert float(electrode.sigma_eff) == pytest.approx(expected, rel=1e-14)
    less_active = cellsim.replace(electrode, "particle.eps_s", 0.2)
    assert float(less_active.sigma_eff) == pytest.approx(expected, rel=1e-14)


def test_the_pores_of_each_layer_carry_ions_by_their_own_factor():
    cell = cellsim.load_cell("Chen2020")
    assert float(cell.negative.kappa_factor) == pytest.approx(0.25**1.5, rel=1e-14)
    assert float(cell.separator.kappa_factor) == pytest.approx(0.47**1.5, rel=1e-14)
    measured = dataclasses.replace(cell.separator, transport=MacMullin(5.0))
    assert float(measured.kappa_factor) == 0.2


def test_the_wall_area_is_that_of_spheres():
    particle = cellsim.load_cell("Chen2020").negative.particle
    assert float(particle.a) == pytest.approx(3 * 0.75 / 5.86e-6, rel=1e-14)
