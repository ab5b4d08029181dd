"""Everything that can be compared, by every cost: what is seen of a run is what the run has, and gradients are those of
differences, of runs that stop early too. `make studies STUDY=gradients` asks more of it, in reverse mode too."""

import dataclasses
import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

import cellsim as cs
from cellsim.fitting.costs import COSTS
from cellsim.fitting.experiment import MISSING, TOLERATED
from cellsim.fitting.observables import Capacity, Current, DifferentialCapacity, Profiles, Temperature, Voltage

STUDY = Path(__file__).parents[1] / "studies" / "study_gradients.py"
NAMES = ("voltage", "capacity", "dQ/dV", "profiles", "missing")
LEVELS = (3.55, 3.65, 3.75)


@pytest.fixture(scope="module")
def study():
    sys.path.insert(0, str(STUDY.parent))
    spec = importlib.util.spec_from_file_location("study_gradients", STUDY)
    module = importlib.util.module_from_spec(spec)
    sys.modules["study_gradients"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["study_gradients"]
    sys.path.remove(str(STUDY.parent))


@pytest.fixture(scope="module")
def costs(study):
    """Of a discharge that goes on after the record ends, where the cell can."""
    t, build = np.linspace(0.0, 640.0, 20), cs.Build(cs.SPMe, cs.Mesh(4, 3, 4, 4))
    return study.Costs(study.Asked(t, "Discharge at 2C until 3.2 V", build, NAMES[:-1]))


@pytest.fixture(scope="module")
def slopes(costs):
    """Forwards and by differences, at a start that reaches the end of the record and at one that stops early."""
    return {name: (costs.ahead(costs.start(name)), costs.differences(costs.start(name))) for name in ("whole", "short")}


@pytest.mark.parametrize("start", ["whole", "short"])
@pytest.mark.parametrize("cost", range(len(COSTS)), ids=[each.__name__ for each in COSTS])
def test_the_gradient_of_every_cost_of_everything_compared_is_that_of_differences(slopes, study, cost, start):
    ahead, differences = (x[cost] for x in slopes[start])
    for name, slope, expected in zip(NAMES, ahead, differences, strict=True):
        if (name, start) == ("missing", "whole"):
            assert np.all(slope == 0)
        else:
            assert np.all(np.isfinite(slope)) and np.any(slope != 0)
            assert study.off(slope, expected) < 1e-5, name


def test_what_is_missing_costs_its_share_of_the_record_and_the_slope_leads_back(costs, slopes):
    found, run = costs.with_run(costs.start("short"))
    share = 1 - float(run.t_stop) / float(costs.data.duration) - TOLERATED
    assert share > 0.1
    np.testing.assert_allclose(found[:, -1], 0.5 * float(costs.data.rows) * (MISSING * share) ** 2, rtol=1e-9)
    assert np.all(slopes["short"][0][:, -1, 2] < 0)  # with more charge in it the cell would last longer


def test_the_charge_at_a_cut_off_is_seen_where_it_comes_later_than_the_record_ends(costs):
    _, run = costs.with_run(costs.start("whole"))
    assert float(run.t_stop) > 1.2 * float(costs.data.duration)
    assert float(run.V[-1]) == pytest.approx(3.2, abs=1e-6)
    assert float(run.capacity) == pytest.approx(10.0 * float(run.t_stop) / 3600.0, rel=1e-9)
    for change in (dict(protocol=None), dict(is_timed=True)):
        with pytest.raises(ValueError, match="a protocol that ends at a voltage"):
            costs.experiment._replace(**change).prepared(costs.cell)


# ---- what is seen


def test_what_is_seen_of_a_run_is_what_the_run_has(cccv):
    t = np.linspace(0.0, float(cccv.t[-1]), 60)
    run = cccv.at(t)
    for what, values in ((Voltage(), run.V), (Current(), run.I), (Temperature(), run.T)):
        np.testing.assert_array_equal(what.found(run), values)
    assert float(Capacity().found(run)[0]) == pytest.approx(float(cccv.Q[-1]), rel=1e-6)
    times, places = (t[7], 0.5 * (t[20] + t[21])), (30e-6, 90e-6, 150e-6)
    found = Profiles("electrolyte concentration", times, places, np.zeros((2, 3)), 1.0).found(run)
    there = run["electrolyte concentration"].interp(time=list(times), x=list(places)).values
    np.testing.assert_allclose(np.reshape(found, (2, 3)), there, rtol=1e-9)
    assert np.ptp(there) > 10.0


@pytest.fixture
def discharge(cccv):
    """The first step of it, densely."""
    t = np.linspace(0.0, cccv.step_ends[0].t_end, 2000)
    return cccv.at(t)


def test_the_charge_between_two_voltages_of_a_run_is_that_of_its_curve(discharge):
    of = DifferentialCapacity(LEVELS)
    record = cs.Record(*(np.asarray(x) for x in (discharge.t, discharge.I, discharge.V)))
    at = np.interp(LEVELS, np.asarray(discharge.V)[::-1], np.asarray(discharge.Q)[::-1])
    np.testing.assert_allclose(of.found(discharge), -np.diff(at) / np.diff(LEVELS), rtol=1e-9)
    np.testing.assert_allclose(of.data(record).measured, of.found(discharge), rtol=1e-6)


def test_noise_of_the_voltage_hardly_reaches_the_charge_between_voltages(discharge):
    """It has the noise of the voltage at two levels; a quotient from row to row would be noise alone."""
    t, I, V = (np.asarray(x) for x in (discharge.t, discharge.I, discharge.V))
    of, draw, noise = DifferentialCapacity(LEVELS), np.random.default_rng(2), 1e-3
    clean = of.data(cs.Record(t, I, V)).measured
    noisy = [V + noise * draw.standard_normal(len(t)) for _ in range(40)]
    off = [of.data(cs.Record(t, I, each)).measured - clean for each in noisy]
    assert np.all(np.std(off, axis=0) < 2 * np.sqrt(2) * noise * clean / np.diff(LEVELS))
    assert np.mean(np.diff(noisy[0]) > 0) > 0.1  # where the quotient would even have the wrong sign


def test_rows_of_no_weight_do_not_count_and_wrong_weights_are_refused(costs):
    weight = np.ones(costs.experiment.length)
    weight[3:6] = 0.0
    data = costs.experiment._replace(weight=weight).prepared(costs.cell)
    counted = [int(np.sum(w > 0)) for w in data.weight]
    assert counted == [len(weight) - 3, 1, 2, 6] and float(data.rows) == sum(counted)
    for wrong in (-weight, weight[1:], 0 * weight, weight * np.nan):
        with pytest.raises(ValueError, match="weights are numbers from zero up"):
            costs.experiment._replace(weight=wrong).prepared(costs.cell)


def test_a_temperature_that_was_not_measured_cannot_be_compared(costs):
    bare = dataclasses.replace(costs.experiment.record, T=None)
    with pytest.raises(ValueError, match="has no temperature"):
        costs.experiment._replace(record=bare, observe=(Temperature(),)).prepared(costs.cell)
