"""Double layers: against an independent code that has them too, and the limit in which they vanish."""

import numpy as np
import pytest

import cellsim

NAMES = ("Chen2020", "Marquis2019")


def grouped(mesh):
    return [pytest.param(name, marks=pytest.mark.xdist_group(f"{name} {mesh}"), id=name) for name in NAMES]


@pytest.fixture
def error(reference, run, voltage_at):
    def of(name, mesh):
        table = reference.table("dfn_surface_form", f"{name}_1C_differential_ref.csv")
        solution = run(name, mesh, float(table["current_A"][0]), 1.0)
        return table["time_s"], voltage_at(solution, table["time_s"]) - table["voltage_V"]

    return of


def rms(x):
    return float(np.sqrt(np.mean(x**2)))


@pytest.mark.parametrize("name", grouped("default"))
def test_layers_charge_as_in_an_independent_code(name, error):
    t, wrong = error(name, cellsim.Mesh.default())
    assert rms(wrong[(t >= 10) & (t <= 0.98 * t[-1])]) <= 0.1e-3
    assert rms(wrong[(t >= 1) & (t <= 10)]) <= 1.5e-3


@pytest.mark.parametrize("name", grouped("fine"))
def test_on_the_fine_mesh_the_first_seconds_are_right_too(name, error):
    t, wrong = error(name, cellsim.Mesh.fine())
    assert rms(wrong[(t >= 10) & (t <= 0.98 * t[-1])]) <= 0.1e-3
    assert rms(wrong[(t >= 1) & (t <= 10)]) <= 0.3e-3


@pytest.mark.parametrize("name", grouped("default"))
def test_in_the_first_instant_only_the_ohmic_drop_shows(name, error):
    t, wrong = error(name, cellsim.Mesh.default())
    assert t[0] == 0
    assert abs(wrong[0]) <= 0.1e-3


@pytest.mark.parametrize("name", grouped("default"))
def test_small_layers_are_without_effect_after_the_first_second(name, run, voltage_at):
    I = float(cellsim.load_cell(name).capacity)
    sizes = [(("negative.C_dl", C), ("positive.C_dl", C)) for C in (0.2, 0.002)]
    usual, small = (run(name, cellsim.Mesh.default(), I, 1.0, changes) for changes in sizes)
    t = np.concatenate([np.geomspace(1, 60, 100), np.linspace(60, 0.98 * float(usual.t_stop), 400)])
    assert np.max(np.abs(voltage_at(usual, t) - voltage_at(small, t))) <= 0.1e-3
    early = np.array([0.01, 0.02])
    assert np.min(np.abs(voltage_at(usual, early) - voltage_at(small, early))) > 1e-3, "they do act before"
