"""Particles that are full at their surface take no more than diffuses into them: a fitted curve goes on beyond full,
and the cell does not."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

import cellsim as cs
from cellsim.electrode.open_circuit import without_sites


def test_nothing_is_added_where_there_are_sites_and_volts_just_beyond():
    assert not np.any(np.asarray(without_sites(jnp.linspace(0.0, 1.0, 101))))
    beyond = np.asarray(without_sites(jnp.array([-1e-3, 1 + 1e-3])))
    assert beyond[0] > 5 and beyond[1] < -5


MODELS: dict[str, Callable[[Any, Any], Any]] = {"DFN": cs.DFN, "SPMe": cs.SPMe, "SPM": cs.SPM}


@pytest.mark.parametrize("name", MODELS)
def test_a_slow_particle_is_filled_to_its_surface_and_not_beyond(name):
    cell = cs.load_cell("Chen2020")
    slow = cs.replace(cell, "positive.particle.D_s", 2e-16)  # 4e-15 m2/s as published
    solution = cs.simulate(MODELS[name](slow, cs.Mesh.coarse()), "Discharge at 1C until 2.5 V")
    surface = np.asarray(solution.profile("positive surface lithiation"))
    assert solution.succeeded and 1 <= surface.max() < 1 + 1e-3
    assert "particles of the positive electrode are full at their surface" in solution.stop_reason
    assert float(solution.V[-1]) == pytest.approx(2.5, abs=1e-6)


def test_a_charge_fills_no_particle_beyond_full(lgm50_coarse):
    slow = cs.replace(lgm50_coarse.cell, "negative.particle.D_s", 2e-15)  # 3.3e-14 m2/s as published
    quick = cs.replace(slow, "negative.particle.kinetics.k", 2e-5)  # 6.5e-7
    solution = cs.simulate(cs.DFN(quick, lgm50_coarse.mesh), "Charge at 1C until 4.4 V", soc=0.2)
    assert 1 <= np.asarray(solution.profile("negative surface lithiation")).max() < 1 + 1e-3
    assert "particles of the negative electrode are full at their surface" in solution.stop_reason


def test_the_working_electrode_of_a_half_cell_says_so_too():
    cell = cs.load_cell("Xu2019")
    slow = cs.replace(cell, "working.particle.D_s", 2e-17)
    solution = cs.simulate(cs.HalfCell(slow), "Discharge at 1C until 2.5 V")  # 3.5 V comes before full
    assert "particles of the working electrode are full at their surface" in solution.stop_reason
