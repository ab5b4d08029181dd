"""Double layers: against an independent code that has them too, and the limit in which they vanish."""

import numpy as np
import pytest

import cellsim

pytestmark = pytest.mark.optimised
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


@pytest.mark.parametrize(
    ("name", "mesh"),
    [
        pytest.param(name, mesh, marks=pytest.mark.xdist_group(f"{name} {mesh}"), id=f"{name}-{mesh}")
        for name in NAMES
        for mesh in ("default", "fine")
    ],
)
def test_in_the_first_instant_the_ohmic_drop_is_within_half_a_cell_at_the_separator(name, mesh, error):
    """Before the layers charge, the whole current enters the pores in a sheet without thickness: a mesh knows where to
    half a cell, so that this one instant is of first order. The bar is the drop over those two half cells."""
    mesh = getattr(cellsim.Mesh, mesh)()
    t, wrong = error(name, mesh)
    assert t[0] == 0
    cell = cellsim.load_cell(name)
    kappa = float(cell.electrolyte.kappa(cell.c0, cell.T_ref))
    half_cells = [
        float(electrode.L / electrode.kappa_factor) / 2 / cells
        for electrode, cells in ((cell.negative, mesh.negative), (cell.positive, mesh.positive))
    ]
    assert abs(wrong[0]) <= float(cell.capacity / cell.area) * sum(half_cells) / kappa


@pytest.mark.parametrize("name", grouped("default"))
def test_double_layers_are_without_effect_after_the_first_second_in_proportion_to_their_size(name, run, voltage_at):
    """They do act again in the last knee, where the voltage falls fast: 0.3 mV at 98 % of the time, in the reference
    too."""
    I = float(cellsim.load_cell(name).capacity)
    usual, tenth, small = (
        run(name, cellsim.Mesh.default(), I, 1.0, (("negative.C_dl", C), ("positive.C_dl", C)), rtol=1e-8)
        for C in (0.2, 0.02, 0.002)
    )
    end = float(usual.t_stop)
    t = np.concatenate([np.geomspace(1, 60, 100), np.linspace(60, 0.98 * end, 400)])
    V, V_tenth, V_small = (voltage_at(solution, t) for solution in (usual, tenth, small))
    assert rms(V - V_small) <= 0.1e-3
    assert np.max(np.abs(V - V_small)[t <= 0.9 * end]) <= 0.1e-3
    assert np.max(np.abs(V_tenth - V_small)) <= 0.15 * np.max(np.abs(V - V_small))
    early = np.array([0.01, 0.02])
    assert np.min(np.abs(voltage_at(usual, early) - voltage_at(small, early))) > 1e-3, "they do act before"
