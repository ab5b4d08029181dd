"""Every scenario that is shipped runs, and gives what it gave when it was written."""

import dataclasses
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from cellsim.output import write_optimum
from cellsim.parameters import replace
from cellsim.scenario import load_scenario
from cellsim.settings import Given

FOLDER = Path(__file__).parents[2] / "scenarios"
OTHERS = ("fit_", "study_")  # files that are for other commands
FILES = [file for file in sorted(FOLDER.glob("*.toml")) if not file.stem.startswith(OTHERS)]
POINTS = 513  # evenly in time, for the mean of the voltage


class Norms(NamedTuple):
    """What is compared: charge [A.h], time of the stop [s], root mean square of the voltage [V]."""

    capacity: float
    time: float
    V_rms: float


# On the coarse mesh but for ON_DEFAULT. To record anew, empty this, run, and copy what is printed.
RECORD = {
    "best_transference_4C": Norms(capacity=1.7397542, time=313.15576, V_rms=3.2600808),  # where it starts
    "graphite_half_cell": Norms(capacity=1.718484, time=5307.953, V_rms=0.2980144),
    "iontophoresis": Norms(capacity=0.005, time=3600.0, V_rms=0.7619957),
    "lgm50_1C": Norms(capacity=4.991728, time=3594.044, V_rms=3.518903),
    "lgm50_2C": Norms(capacity=4.784198, time=1722.311, V_rms=3.329844),
    "lgm50_C2": Norms(capacity=5.069144, time=7299.567, V_rms=3.616232),
    "lgm50_CCCV": Norms(capacity=0.07804608, time=47193.87, V_rms=3.779943),
    "lgm50_limiting_current": Norms(capacity=2.366537, time=567.9688, V_rms=3.264515),
    "lithium_polymer_lithium": Norms(capacity=1.666667e-4, time=600.0, V_rms=0.07385242),
    "marquis2019_1C": Norms(capacity=0.8541187, time=4517.712, V_rms=3.658515),
}
ON_DEFAULT = ("lgm50_1C",)  # on the mesh that its file asks for


def solved(name, **changes):
    mesh = {} if name in ON_DEFAULT else {("model", "mesh"): Given("coarse", "this test")}
    others = {("cell", "set", path): Given(value, "this test") for path, value in changes.items()}
    return load_scenario(FOLDER / f"{name}.toml", mesh | others).run()


@pytest.fixture(scope="module")
def limited():
    return solved("lgm50_limiting_current")


@pytest.mark.parametrize("name", [file.stem for file in FILES])
def test_a_scenario_gives_the_norms_that_were_recorded(name):
    solution = solved(name)
    assert solution.succeeded, solution.stop_reason
    V = np.asarray(solution.at(np.linspace(0.0, float(solution.t[-1]), POINTS)).V)
    found = Norms(float(solution.capacity), float(solution.t[-1]), float(np.sqrt(np.mean(V**2))))
    assert name in RECORD, f'    "{name}": {found},'
    np.testing.assert_allclose(found, RECORD[name], rtol=1e-4, err_msg=str(found))


def test_every_scenario_has_a_title_a_description_and_comments():
    assert {file.stem for file in FILES} == set(RECORD)
    for file in FILES:
        scenario = load_scenario(file)
        assert scenario.title and len(scenario.description) > 80, file
        assert file.read_text().startswith("# "), file
        assert f"cellsim run scenarios/{file.name}" in file.read_text(), file


def test_above_the_limiting_current_the_run_says_that_the_electrolyte_is_depleted(limited):
    assert limited.succeeded
    for said in (
        "lower cut-off voltage 2.5 V reached",
        "electrolyte is depleted in the positive electrode",
        "limiting current",
    ):
        assert said in limited.stop_reason
    salt = np.asarray(limited.profile("electrolyte concentration"))[-1]
    assert salt.min() < 0.02 * float(limited.model.cell.c0)
    assert int(np.argmin(salt)) >= limited.model.mesh.negative + limited.model.mesh.separator
    assert float(limited.capacity) < 0.5 * float(limited.model.cell.capacity)


def test_a_higher_transference_number_lifts_the_limiting_current(limited):
    better = solved("lgm50_limiting_current", **{"electrolyte.t_plus": 0.5})
    assert "depleted" not in better.stop_reason
    assert float(better.capacity) > 1.8 * float(limited.capacity)


def test_a_drug_carries_a_quarter_of_the_current_through_the_membrane_and_sodium_none():
    run = solved("iontophoresis")
    i, F = 5.0, 96485.33212
    at_end = {ion: F * np.asarray(run.profile(f"{ion} flux"))[-1] / i for ion in ("drug+", "Na+", "Cl-")}
    np.testing.assert_allclose(at_end["drug+"] + at_end["Na+"] - at_end["Cl-"], 1.0, rtol=1e-9)
    np.testing.assert_allclose(at_end["drug+"], 0.25, atol=0.01)  # everywhere: it has settled; on a coarse mesh
    assert np.max(np.abs(at_end["Na+"])) < 1e-3


def test_five_times_the_current_runs_the_polymer_dry_after_a_minute():
    changes = {("protocol", "steps"): Given(["Discharge at 5 mA for 10 minutes"], "this test")}
    run = load_scenario(FOLDER / "lithium_polymer_lithium.toml", changes).run()
    assert "depleted at the right metal" in run.stop_reason and "limiting current" in run.stop_reason
    assert 55.0 < float(run.t[-1]) < 75.0


# ---- a scenario that looks for a better cell


@pytest.fixture(scope="module")
def improved():
    scenario = load_scenario(FOLDER / "best_transference_4C.toml")
    return scenario, *scenario.improved()


def test_the_best_trade_off_lies_near_where_the_cation_is_fastest(improved):
    _, _, best = improved
    assert best.converged
    assert best.values[0] == pytest.approx(1 / np.log(10), abs=0.02)  # see TradeOffElectrolyte; more at 4C counts
    assert best.goal > 1.3 * best.history[0][0]


def test_the_best_cell_is_better_than_its_neighbours(improved):
    _, better, best = improved
    capacity = lambda share: float(
        dataclasses.replace(
            better,
            model=dataclasses.replace(better.model, cell=replace(better.cell, "electrolyte.share", share)),
        )
        .run()
        .capacity
    )
    here = capacity(best.values[0])
    assert here == pytest.approx(best.goal, rel=1e-6)
    assert here > max(capacity(best.values[0] - 0.02), capacity(best.values[0] + 0.02))


def test_what_was_optimised_is_written(improved, tmp_path):
    scenario, _, best = improved
    files = write_optimum(scenario.cell, scenario.optimise.goal, scenario.optimise.free, best, tmp_path)
    told = json.loads(files[0].read_text())
    share = told["parameters"]["electrolyte.share"]
    assert share["initial"] == pytest.approx(0.25) and share["low"] < share["value"] < share["high"]
    assert told["value"] == best.goal and told["unit"] == "A.h" and len(told["history"]) == len(best.history)
    assert files[1].read_bytes().startswith(b"\x89PNG")
