"""Local sensitivities are those of finite differences, whichever way they are found."""

import diffrax
import jax
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import cellsim as cs
from cellsim.ensemble.ensemble import MOST_STEPS
from cellsim.ensemble.outputs import OUTPUTS
from cellsim.parameters import UnknownPath, get, replace
from cellsim.sensitivity import local, runs
from cellsim.sensitivity.outputs import (
    CAPACITY,
    ENERGY,
    LEAST_SALT,
    PLATING_MARGIN,
    STOP_TIME,
    VOLTAGE,
)
from cellsim.sensitivity.runs import run_at

MESH = cs.Mesh(4, 3, 4, 5)
PATHS = ("negative.L", "electrolyte.t_plus", "positive.particle.D_s", "negative.particle.kinetics.k", "c0")
ALL = (VOLTAGE, CAPACITY, ENERGY, STOP_TIME, LEAST_SALT, PLATING_MARGIN)
CHARGE = cs.charge(1.0, until=4.0)
HOW = dict(soc=0.2, rtol=1e-9)


@pytest.fixture(scope="module")
def model():
    cell = cs.replace(cs.load_cell("Chen2020"), "electrolyte.D", 2e-10)
    return cs.SPMe(cell, MESH)


@pytest.fixture(scope="module")
def found(model):
    return local.sensitivities(model, CHARGE, PATHS, ALL, max_steps=600, **HOW)


@pytest.fixture(scope="module")
def differences(model):
    """Of all outputs in all numbers, by central differences of one compiled run."""
    numbers = np.array([float(get(model.cell, local._path(model.cell, path))) for path in PATHS])

    @jax.jit
    def run(numbers):
        cell = model.cell
        for k, path in enumerate(PATHS):
            cell = replace(cell, local._path(cell, path), numbers[k])
        solution = cs.simulate(cs.SPMe(cell, MESH), CHARGE, max_steps=600, **HOW)
        return [output.of(solution) for output in ALL]

    rows = []
    for k in range(len(PATHS)):
        step = 1e-4 * numbers[k] * np.eye(len(PATHS))[k]
        rows.append(
            [(a - b) / (2e-4 * numbers[k]) for a, b in zip(run(numbers + step), run(numbers - step), strict=True)]
        )
    return [np.stack(column) for column in zip(*rows, strict=True)]


@pytest.mark.parametrize("k", range(len(ALL)), ids=[output.name for output in ALL])
def test_they_are_those_of_finite_differences(found, differences, k):
    here, there = found[k].slopes, differences[k]
    size = np.max(np.abs(found[k].scaled)) / np.abs(found[k].numbers)
    wrong = np.abs(here - there) / size.reshape(-1, *[1] * (here.ndim - 1))
    assert np.max(wrong) < 1e-4


def test_every_output_knows_its_value_and_the_numbers_their_units(found):
    by_name = {each.output.name: each for each in found}
    assert by_name["voltage"].is_along_time and by_name["voltage"].value[-1] == pytest.approx(4.0)
    assert by_name["capacity"].value == pytest.approx(-5.0 * by_name["stop_time"].value / 3600, rel=1e-9)
    assert 0 < by_name["plating_margin"].value < 0.2
    assert 0 < by_name["least_salt"].value < 1000
    assert found[0].units == ("m", "-", "m2/s", "(A/m2)(m3/mol)^1.5", "mol/m3")
    assert found[0].paths[1] == "electrolyte.t_plus.value"


def test_the_greatest_comes_first(found):
    ranked = found[ALL.index(PLATING_MARGIN)].ranked
    sizes = [size for _, size in ranked]
    assert sizes == sorted(sizes, reverse=True)
    table = found[ALL.index(PLATING_MARGIN)].table()
    assert table[0][2] == "plating margin [V] per relative change"
    assert [row[0] for row in table[1:]] == [path for path, _ in ranked]


def test_tables_and_pictures(found, tmp_path):
    curves, bars = found[ALL.index(VOLTAGE)], found[ALL.index(ENERGY)]
    curves.to_csv(tmp_path / "curves.csv")
    bars.to_csv(tmp_path / "bars.csv")
    table = np.genfromtxt(tmp_path / "curves.csv", delimiter=",", skip_header=1)
    np.testing.assert_allclose(table[:, 2:], curves.scaled.T, rtol=1e-8)
    lines = (tmp_path / "bars.csv").read_text().splitlines()
    assert lines[0] == "path,unit,value,slope,scaled" and len(lines) == len(PATHS) + 1
    for each in (curves, bars):
        figure = each.plot("A title")
        FigureCanvasAgg(figure).draw()
        assert figure.get_suptitle() == "A title"
        assert all(axes.get_xlabel().endswith("]") or axes.get_ylabel().endswith("]") for axes in figure.axes)


# ---- both ways


@pytest.fixture(scope="module")
def spm():
    return cs.SPM(cs.load_cell("Chen2020"), MESH)


def test_forwards_and_in_reverse_they_are_the_same(spm):
    of = lambda forward: local.sensitivities(
        spm, "Discharge at 1C until 3.2 V", ["negative.L", "area"], [CAPACITY, STOP_TIME], forward=forward, rtol=1e-8
    )
    for one, other in zip(of(True), of(False), strict=True):
        np.testing.assert_allclose(one.slopes, other.slopes, rtol=1e-7)


def test_factors_on_laws_and_the_conditions_of_the_run_are_numbers_too(spm):
    step, wanted = cs.discharge(1.0, duration=1200.0), ["final_voltage", OUTPUTS["capacity"]]
    paths = ["positive.particle.D_s.scale", "positive.particle.D_s", "negative.particle.U.scale", "soc", "T"]
    last, capacity = local.sensitivities(spm, step, paths, wanted, soc=0.8, rtol=1e-9)
    np.testing.assert_allclose(last.numbers, [1.0, float(spm.cell.positive.particle.D_s.value), 1.0, 0.8, 298.15])
    assert last.units == ("-", "m2/s", "-", "-", "K") and last.paths[1] == "positive.particle.D_s.value"
    assert last.scaled[0] == pytest.approx(last.scaled[1], rel=1e-8), "a factor on a number is its relative change"
    assert capacity.output.name == "capacity" and capacity.value == pytest.approx(5 / 3)
    for k, name, h in ((2, "negative.particle.U.scale", 1e-4), (3, "soc", 1e-4), (4, "T", 0.03)):
        at = lambda x, name=name: run_at(spm, step, {"soc": 0.8, name: x}, rtol=1e-9).V[-1]
        difference = float(at(last.numbers[k] + h) - at(last.numbers[k] - h)) / (2 * h)
        assert last.slopes[k] == pytest.approx(difference, rel=1e-4, abs=1e-7), name


def test_a_run_may_take_as_many_time_steps_as_one_of_an_ensemble(spm, monkeypatch):
    asked = []

    def simulate(*_, max_steps, **__):
        asked.append(max_steps)
        raise InterruptedError

    monkeypatch.setattr(runs, "simulate", simulate)
    with pytest.raises(InterruptedError):
        local.sensitivities(spm, "Discharge at 1C", ["area"])
    with pytest.raises(InterruptedError):
        local.curvature(spm, "Discharge at 1C", ["area"], "capacity", [1.0])
    with pytest.raises(InterruptedError):
        local.sensitivities(spm, "Discharge at 1C", ["area"], max_steps=7)
    assert asked == [MOST_STEPS, MOST_STEPS, 7]


# ---- what cannot be asked


def test_paths_must_lead_to_single_numbers(spm):
    with pytest.raises(UnknownPath, match="has no 'Lx'"):
        local.sensitivities(spm, "Discharge at 1C", ["negative.Lx"])
    with pytest.raises(ValueError, match=r"'negative.particle.U.scale' is a factor on all of it"):
        local.sensitivities(spm, "Discharge at 1C", ["negative.particle.U"])
    with pytest.raises(ValueError, match="'negative' is no number and no law"):
        local.sensitivities(spm, "Discharge at 1C", ["negative.scale"])
    with pytest.raises(UnknownPath, match="has no 'kapa'"):
        local.sensitivities(spm, "Discharge at 1C", ["electrolyte.kapa.scale"])
    with pytest.raises(ValueError, match="does not depend on 'soc'"):
        local.sensitivities(spm, "Discharge at 1C", ["soc"], initial=object())
    with pytest.raises(ValueError, match=r"no output 'capazity'. There are: voltage, capacity"):
        local.sensitivities(spm, "Discharge at 1C", ["area"], ["capazity"])


def test_a_run_that_does_not_reach_its_end_has_no_derivatives():
    with pytest.raises(ValueError, match="did not reach its end"):
        local._refuse_unfinished(diffrax.RESULTS.max_steps_reached)
    local._refuse_unfinished(diffrax.RESULTS.event_occurred)
