"""A run of a BPX file against PyBaMM's of the same file; `make studies STUDY=bpx` does it for every example."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

import cellsim
from cellsim.cells import bpx

STUDY = Path(__file__).parents[1] / "studies" / "study_bpx.py"


@pytest.fixture
def study(monkeypatch):
    monkeypatch.syspath_prepend(str(STUDY.parent))
    spec = importlib.util.spec_from_file_location("study_bpx", STUDY)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "study_bpx", module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """The LG M50, written."""
    path = tmp_path_factory.mktemp("bpx") / "lgm50.json"
    bpx.write(cellsim.load_cell("Chen2020"), path)
    return path


@pytest.mark.filterwarnings("ignore::cellsim.OutsideMeasuredRange")
def test_a_cell_that_went_through_a_file_runs_as_it_did(file, lgm50_coarse_1C):
    again = cellsim.simulate(cellsim.DFN(cellsim.load_cell(file), cellsim.Mesh.coarse()), "Discharge at 1C until 2.5 V")
    t = np.linspace(0.0, 3000.0, 61)
    np.testing.assert_allclose(again.at(t).V, lgm50_coarse_1C.at(t).V, atol=2e-5)
    assert float(again.t_stop) == pytest.approx(float(lgm50_coarse_1C.t_stop), rel=1e-5)


@pytest.mark.parametrize("name", ["nmc_pouch_cell_BPX", "blended_electrode", "user-defined_hysteresis"])
def test_an_example_agrees_with_pybamm(name, study):
    pytest.importorskip("pybamm", reason="PyBaMM is not installed: `make bench` installs it")
    example = next((each for each in study.files() if each.stem.endswith(name)), None)
    if example is None:
        pytest.skip(f"the example files are not here: {study.DATA}")
    row = study.row(example, "discharge", 1.0)
    assert row.is_met and row.asked != "runs", row


def test_slow_hysteresis_agrees_with_pybamm_through_a_written_file(study, tmp_path):
    pytest.importorskip("pybamm", reason="PyBaMM is not installed: `make bench` installs it")
    example = next((each for each in study.files() if each.stem.endswith("hysteresis")), None)
    if example is None:
        pytest.skip(f"the example files are not here: {study.DATA}")
    row = study.row(study.with_decay(example, tmp_path), "discharge", 1.0)
    assert row.is_met and row.asked != "runs", row
