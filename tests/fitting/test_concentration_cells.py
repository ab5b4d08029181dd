"""Potentials of concentration cells as something that is compared: those of the electrolyte of a run."""

import dataclasses

import jax
import numpy as np
import pytest

import cellsim as cs
from cellsim.electrolyte.measurements import cell_slope
from cellsim.fitting.concentration_cells import ConcentrationCells

C_1, C_2, U = (500.0, 500.0), (1000.0, 250.0), (0.02, -0.02)


@pytest.fixture(scope="module")
def potentials(lgm50_coarse_1C):
    """Those of a cell, by a run of it."""
    return lambda cells, cell: cells.found(dataclasses.replace(lgm50_coarse_1C, model=cs.DFN(cell)))


@pytest.fixture(scope="module")
def cell(lgm50_coarse):
    return lgm50_coarse.cell


def test_of_constant_properties_they_are_logarithms_with_one_less_t_plus_or_without(potentials, cell):
    ln_c = np.log(np.array(C_2) / np.array(C_1))
    for is_without, t_plus in ((False, 0.2594), (True, 0.0)):
        cells = ConcentrationCells(C_1, C_2, U, T=310.0, is_without_transference=is_without)
        slope = float(cell_slope(t_plus, 1.0, 310.0))
        np.testing.assert_allclose(potentials(cells, cell), slope * ln_c, rtol=1e-12)


def test_their_slope_in_t_plus_is_that_of_the_logarithm(potentials, cell):
    cells = ConcentrationCells(C_1, C_2, U, T=310.0)
    slope = jax.jacfwd(lambda t: potentials(cells, cs.replace(cell, "electrolyte.t_plus", t)))(0.4)
    np.testing.assert_allclose(slope, -float(cell_slope(0.0, 1.0, 310.0)) * np.log([2.0, 0.5]), rtol=1e-12)


def test_what_is_measured_has_its_own_noise_and_no_place_in_the_record():
    data = ConcentrationCells(C_1, C_2, U, sigma=3e-4).data(cs.Record(np.zeros(2), np.zeros(2), np.zeros(2)))
    np.testing.assert_array_equal(data.measured, U)
    np.testing.assert_array_equal(data.sigma, 3e-4)
    assert not ConcentrationCells(C_1, C_2, U).is_along_record


@pytest.mark.parametrize(
    ("c_1", "c_2", "said"),
    [((500.0,), C_2, "2 potentials for 1 and 2 concentrations"), ((500.0, 0.0), C_2, "needs salt on both sides")],
)
def test_what_makes_no_cell_is_refused(c_1, c_2, said):
    with pytest.raises(ValueError, match=said):
        ConcentrationCells(c_1, c_2, U)
