"""Measures of a cell: gradients of its runs are those of differences."""

import numpy as np
import pytest

import cellsim as cs
from cellsim.ensemble.outputs import OUTPUTS
from cellsim.sensitivity.inputs import LogUniform, Uncertain, Uniform
from cellsim.sensitivity.runs import of_one_cell, with_slopes
from cellsim.sensitivity.screening import derivative_measures

pytestmark = pytest.mark.xdist_group("ensemble")


def test_slopes_of_a_run_in_numbers_factors_and_the_state_of_charge_are_those_of_differences():
    model = cs.SPM(cs.load_cell("Chen2020"), mesh=cs.Mesh(4, 3, 4, 5))
    wanted = (OUTPUTS["capacity"], OUTPUTS["final_voltage"])
    point = of_one_cell(model, cs.discharge(1.0, duration=1800.0, until=2.5), wanted)
    near = np.array([0.0, 1e-4, -1e-4])
    values = {
        "negative.L": 85.2e-6 * (1 + near * [1, 0, 0]),
        "positive.particle.D_s.scale": np.ones(3),
        "soc": 0.9 * (1 + near),
    }
    found, slopes = with_slopes(point, values)
    assert slopes["final_voltage"].shape == (3, 3)
    difference = (found["final_voltage"][1] - found["final_voltage"][2]) / (2 * 0.9e-4)
    assert slopes["final_voltage"][0, 2] == pytest.approx(difference, rel=1e-4)
    np.testing.assert_allclose(found["capacity"], 2.5)
    np.testing.assert_allclose(slopes["capacity"], 0.0, atol=1e-12)
    inputs = [
        Uncertain("negative.L", Uniform(8e-5, 9e-5)),
        Uncertain("positive.particle.D_s.scale", LogUniform(0.5, 2.0)),
        Uncertain("soc", Uniform(0.85, 0.95)),
    ]
    of = derivative_measures(point, inputs, 8)["final_voltage"]
    assert (
        np.all(of.nu > 0)
        and np.all(np.isfinite(of.bound_error))
        and np.argmin(of.bound) == 0
        and np.sum(of.bound) > 0.9
    )
