"""Every cell of the library is tested because it is there."""

import re

import jax
import numpy as np
import pytest

import cellsim
from cellsim import registry
from cellsim.cells import library
from cellsim.cells.design import implausible_laws
from cellsim.parameters import ImplausibleValue, leaves, problems

CELLS = registry.names(library)
WITHOUT_DOI = {"li_pemo_litfsi_li"}  # its electrolyte was never published in a paper


def test_the_library_holds_the_cells_of_the_reference_solutions():
    assert {"chen2020", "marquis2019", "xu2019", "li_peo_litfsi_li"} <= {name.lower() for name in CELLS}


@pytest.mark.parametrize("name", CELLS)
def test_a_published_cell_is_plausible_and_cites_its_paper(name):
    cell = cellsim.load_cell(name, check=False)
    assert problems(cell) == [] and implausible_laws(cell) == []
    for said in (cell.source, registry.module(library, name).__doc__):
        assert bool(re.search(r"doi:10\.\d{4,}/\S+", said)) == (name not in WITHOUT_DOI)
    assert cell.name.lower() == name.lower()


@pytest.mark.parametrize("name", CELLS)
def test_every_number_of_a_cell_is_a_finite_float64_that_can_be_differentiated(name):
    found = leaves(cellsim.load_cell(name))
    assert len(found) > 20
    for leaf in found:
        assert isinstance(leaf.value, jax.Array) and leaf.value.dtype == np.float64, leaf.path
        assert np.all(np.isfinite(leaf.value)), leaf.path


@pytest.mark.parametrize("name", CELLS)
def test_pores_and_active_material_fit_into_an_electrode(name):
    cell = cellsim.load_cell(name)
    for side in {"negative", "positive", "working"} & set(vars(cell)):
        electrode = getattr(cell, side)
        assert float(electrode.eps + sum(each.eps_s for each in electrode.materials)) <= 1 + 1e-12


def test_a_radius_in_micrometres_is_refused_with_its_path():
    cell = cellsim.replace(cellsim.load_cell("Chen2020"), "negative.particle.R_p", np.float64(5.86))
    with pytest.raises(ImplausibleValue, match=r"negative\.particle\.R_p = 5\.86 m; expected"):
        cellsim.check_cell(cell)


def test_a_diffusivity_in_square_centimetres_is_refused_with_its_path():
    cell = cellsim.replace(cellsim.load_cell("Chen2020"), "electrolyte.D", 1e-6)
    with pytest.raises(ImplausibleValue, match=r"electrolyte\.D = 1e-06 m2/s at 1000 mol/m3"):
        cellsim.check_cell(cell)


def test_an_unknown_cell_is_refused_with_a_suggestion():
    with pytest.raises(registry.UnknownName, match=r"Did you mean 'chen2020'"):
        cellsim.load_cell("Chen2002")


def test_a_cell_can_be_loaded_and_checked_within_a_compiled_function():
    thickness = jax.jit(lambda x: cellsim.load_cell("Chen2020").negative.L * x)(2.0)
    assert float(thickness) == pytest.approx(2 * 85.2e-6, rel=1e-12)
