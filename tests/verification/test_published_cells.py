"""A sample of `make studies STUDY=references`: published cells against an independent code, and where it failed."""

import numpy as np
import pytest

import cellsim

pytestmark = [pytest.mark.optimised, pytest.mark.filterwarnings("ignore::cellsim.OutsideMeasuredRange")]


def grouped(*cases):
    return [
        pytest.param(*case, marks=pytest.mark.xdist_group(f"{case[0]} default"), id="-".join(case)) for case in cases
    ]


def run(name, kind, rate, mesh):
    """A run at the temperature at which one of the cell begins, from where the references do."""
    cell = cellsim.load_cell(name)
    step = (cellsim.discharge if kind == "dis" else cellsim.charge)(C_rate=float(rate))
    return cellsim.simulate(cellsim.DFN(cell, mesh), step, soc=1.0 if kind == "dis" else 0.1)


@pytest.mark.parametrize(
    ("name", "kind", "rate"),
    grouped(
        ("Ecker2015", "dis", "1"),
        ("Ecker2015", "chg", "1"),
        ("Prada2013", "dis", "0.2"),
        ("Prada2013", "dis", "1"),
        ("Prada2013", "chg", "1"),
    ),
)
def test_the_default_mesh_is_within_a_third_of_a_millivolt(name, kind, rate, reference, voltage_at):
    t, V, _ = reference.curve(name, kind, rate)
    solution = run(name, kind, rate, cellsim.Mesh.default())
    late = (t >= 0.01 * t[-1]) & (t <= 0.98 * t[-1])
    error = (voltage_at(solution, t) - V)[late]
    assert float(np.sqrt(np.mean(error**2))) <= 0.3e-3
    assert float(solution.t_stop) == pytest.approx(t[-1], rel=5e-4 if kind == "dis" else 3e-3)


@pytest.mark.parametrize(
    ("name", "kind", "rate"),
    grouped(
        ("Ecker2015", "dis", "0.1"),
        ("Ecker2015", "dis", "0.2"),
        ("ORegan2022", "dis", "1"),
        ("ORegan2022", "chg", "1"),
        ("NCA_Kim2011", "dis", "1"),
        ("Chayambuka2022", "dis", "1"),
    ),
)
def test_cases_without_a_reference_end_at_their_cut_off_and_keep_what_is_conserved(name, kind, rate):
    solution = run(name, kind, rate, cellsim.Mesh.default())
    cell = solution.model.cell
    limit = cell.V_min if kind == "dis" else cell.V_max
    assert solution.succeeded and "cut-off" in solution.stop_reason
    assert float(solution.V[-1]) == pytest.approx(float(limit), abs=1e-6)
    assert max(map(abs, solution.balance)) < 1e-9
    passed = abs(float(solution.capacity)) / float(cell.capacity)
    assert 0.6 < passed < 1.2
