"""Local sensitivities are those of finite differences, whichever way they are found."""

import diffrax
import jax
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import cellsim as cs
from cellsim.parameters import UnknownPath, get, replace
from cellsim.sensitivity import local
from cellsim.sensitivity.outputs import (
    CAPACITY,
    ENERGY,
    LEAST_SALT,
    PLATING_MARGIN,
    STOP_TIME,
    VOLTAGE,
)

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
    assert by_name["capacity"].value == pytest.approx(-5.0 * by_name["stop time"].value / 3600, rel=1e-9)
    assert 0 < by_name["plating margin"].value < 0.2
    assert 0 < by_name["least salt concentration"].value < 1000
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


# ---- what cannot be asked


def test_paths_must_lead_to_single_numbers(spm):
    with pytest.raises(UnknownPath, match="has no 'Lx'"):
        local.sensitivities(spm, "Discharge at 1C", ["negative.Lx"])
    with pytest.raises(ValueError, match="is no single number"):
        local.sensitivities(spm, "Discharge at 1C", ["negative.particle.U"])


def test_a_run_that_does_not_reach_its_end_has_no_derivatives():
    with pytest.raises(ValueError, match="did not reach its end"):
        local._refuse_unfinished(diffrax.RESULTS.max_steps_reached)
    local._refuse_unfinished(diffrax.RESULTS.event_occurred)
