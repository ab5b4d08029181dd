"""A few electrolytes of the library in a cell; `tests/studies/electrolytes.py` runs all of them."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import cellsim as cs

STUDY = Path(__file__).parents[1] / "studies" / "electrolytes.py"
pytestmark = pytest.mark.xdist_group("electrolytes")


@pytest.fixture(scope="module")
def study():
    spec = importlib.util.spec_from_file_location("electrolytes_study", STUDY)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_lithium_electrolyte_is_run_by_the_study_within_its_measured_range(study):
    assert len(study.names()) >= 23 and "edman2000_peo_litfsi" not in study.names()
    for name in study.names():
        electrolyte = cs.load_electrolyte(name)
        assert electrolyte.outside_measured_range(*study.conditions(electrolyte)) is None


def test_a_transference_number_that_turns_negative_lets_a_cell_run_to_its_cut_off(study):
    run = study.discharged(cs.load_electrolyte("landesfeind2019_emc_fec"), "1C")
    assert run.succeeded and run.stop_reason.startswith("lower cut-off voltage 2.5 V reached")
    assert max(map(abs, run.balance)) < 1e-10
    salt = np.asarray(run.profile("electrolyte concentration"))
    t_plus = np.asarray(run.model.cell.electrolyte.t_plus(salt, run.T[0]))
    assert t_plus.min() < 0 < t_plus.max()


def test_a_slow_electrolyte_stops_a_cell_with_the_sentence_on_depletion(study):
    electrolyte = cs.load_electrolyte("calisol2024_libf4_pc")
    run = study.discharged(electrolyte, "2C")
    assert run.succeeded and "the electrolyte is depleted in the positive electrode" in run.stop_reason
    assert "measured 328 to 1522 mol/m3" in run.outside_measured_range
    assert max(map(abs, run.balance)) < 1e-10


def test_the_voltage_moves_with_every_number_of_a_fitted_electrolyte_as_differences_say(study):
    electrolyte = cs.load_electrolyte("calisol2024_libf4_pc")
    found = study.gradient(electrolyte)
    assert 3.0 < found.voltage < 4.2 and study.is_finite(found.derivative)
    assert study.worst_difference(electrolyte, found) < 1e-5
