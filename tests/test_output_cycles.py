"""The files and words of a run of several cycles."""

import csv
import json

import numpy as np
import pytest

from cellsim import output
from cellsim.output import write_run
from cellsim.simulation.chain import CycleSummary


@pytest.fixture(scope="module")
def written(lgm50_coarse_cycles, tmp_path_factory):
    directory = tmp_path_factory.mktemp("cycles")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(output, "_figures", lambda solution, title: iter(()))
        write_run(lgm50_coarse_cycles, directory)
    return directory


def test_the_table_of_cycles_holds_what_the_solution_says(written, lgm50_coarse_cycles):
    with (written / "cycles.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == [
        "cycle",
        "t_end_s",
        "discharge_capacity_Ah",
        "charge_capacity_Ah",
        "discharge_energy_Wh",
        "charge_energy_Wh",
        "coulombic_efficiency",
        "energy_efficiency",
        "V_end_V",
        "tags",
    ]
    assert len(rows) == 3
    for row, cycle in zip(rows, lgm50_coarse_cycles.cycles, strict=True):
        assert [float(x) for x in row[:-1]] == pytest.approx(list(cycle[:-1]), rel=1e-9)


def test_what_the_table_has_no_number_for_is_left_empty(tmp_path):
    nothing = float("nan")
    cycle = CycleSummary(1, 10.0, 0.5, 0.0, 1.0, 0.0, nothing, nothing, 3.7, ("check, slow", "x"))
    output.write_cycles([cycle], tmp_path / "cycles.csv")
    assert (tmp_path / "cycles.csv").read_text().splitlines()[1] == "1,10,0.5,0,1,0,,,3.7,check  slow x"


def test_charge_out_less_charge_in_is_the_capacity(written, lgm50_coarse_cycles):
    told = json.loads((written / "summary.json").read_text())
    steps = lgm50_coarse_cycles.step_ends
    assert told["charge_out_Ah"] == pytest.approx(sum(step.charge for step in steps if step.charge > 0), rel=1e-14)
    assert told["charge_in_Ah"] > 2
    assert told["charge_out_Ah"] - told["charge_in_Ah"] == pytest.approx(told["capacity_Ah"], abs=1e-12)
    assert told["energy_out_Wh"] - told["energy_in_Wh"] == pytest.approx(told["energy_Wh"], abs=1e-11)
    assert "cycles.csv" in told["files"]


def test_a_single_step_has_no_table_of_cycles(lgm50_coarse_1C, tmp_path, monkeypatch):
    monkeypatch.setattr(output, "_figures", lambda solution, title: iter(()))
    assert "cycles.csv" not in [file.name for file in write_run(lgm50_coarse_1C, tmp_path)]
    told = json.loads((tmp_path / "summary.json").read_text())
    assert (told["charge_out_Ah"], told["charge_in_Ah"]) == (told["capacity_Ah"], 0.0)


def test_rows_are_those_of_the_steps_one_after_the_other(written, lgm50_coarse_cycles):
    rows = np.genfromtxt(written / "timeseries.csv", delimiter=",", names=True)
    assert set(rows["step"]) == set(range(1, 10))
    assert np.all(rows["cycle"] == (rows["step"] - 1) // 3 + 1)
    for end in lgm50_coarse_cycles.step_ends:
        of = rows[rows["step"] == end.step]
        assert (of["time_s"][0], of["time_s"][-1]) == pytest.approx((end.t_start, end.t_end), rel=1e-9)
        assert of["voltage_V"][-1] == pytest.approx(end.V_end, rel=1e-9)
    assert "-0," not in (written / "timeseries.csv").read_text()


CYCLED = ("--protocol", "Discharge at C/4 for 2 minutes", "--protocol", "Charge at C/4 for 1 minute")


def test_the_closing_table_says_charge_out_in_and_net(cellsim_command, tmp_path, monkeypatch):
    monkeypatch.setattr(output, "_figures", lambda solution, title: iter(()))
    command = ("run", "--cell", "Chen2020", "--mesh", "coarse", "--soc", "0.5", "--out", str(tmp_path))
    code, out, _ = cellsim_command(*command, *CYCLED)
    assert code == 0
    assert out.startswith("Chen2020: Discharge at C/4 for 2 minutes and 1 more step\n")
    assert "charge      0.0416667 A.h out, 0.0208333 A.h in, net 0.0208333 A.h out\n" in out
    assert "energy      0.1" in out and "W.h in, net 0.0" in out
    assert "capacity" not in out
    code, out, _ = cellsim_command(*command, "--protocol", "Rest for 1 minute", *CYCLED[2:])
    assert "capacity    -0.0208333 A.h\n" in out
