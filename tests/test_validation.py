"""`cellsim run --validate`: the measured runs of a BPX file against the model."""

import csv
import json

import jax.numpy as jnp
import numpy as np
import pytest

import cellsim
from cellsim.cells.balance import at_soc, open_circuit_voltage
from cellsim.cells.bpx_write import contents
from cellsim.plotting.validation import Compared, validation_figure

pytestmark = pytest.mark.filterwarnings("ignore::cellsim.OutsideMeasuredRange")
T = jnp.asarray(298.15)
LOAD, REST = 600.0, 20000.0  # s
OFF = 5e-3  # V, put upon a run of the model itself


def charge(cell):
    """Charge [C] between the states of charge 1 and 0."""
    return 3600 * float(cellsim.DFN(cell).usable(T))


@pytest.fixture
def file(tmp_path, lgm50_coarse_1C):
    """The LG M50 as a file, whose measured runs are those of the model, one of them shifted, one that ends with a rest
    long enough to reach equilibrium, and one with times that fall."""
    t = np.linspace(0.0, 3000.0, 61)
    V = np.asarray(lgm50_coarse_1C.at(t).V)
    I = np.full(len(t), -5.0)  # the standard counts a discharge negative
    run = lambda I, V: {"Time [s]": t.tolist(), "Current [A]": I.tolist(), "Voltage [V]": V.tolist()}
    cell = cellsim.load_cell("Chen2020")
    content = contents(cell)
    falls = run(I * (1 + 0.5 * np.sin(t)), V)
    falls["Time [s]"][3] = 0.0
    left = at_soc(cell, jnp.asarray(1 - 5.0 * (LOAD + 0.5) / charge(cell)), T)
    rested = float(open_circuit_voltage(cell, left, T))
    loaded = t <= LOAD
    rest = {
        "Time [s]": [*t[loaded], LOAD + 1, LOAD + REST],
        "Current [A]": [*I[loaded], 0.0, 0.0],
        "Voltage [V]": [*V[loaded], rested, rested],
    }
    content["Validation"] = {"itself": run(I, V), "shifted": run(I, V + OFF), "rest": rest, "falls": falls}
    path = tmp_path / "lgm50.json"
    path.write_text(json.dumps(content))
    return path


def test_a_run_of_the_model_is_itself_and_a_shifted_one_is_off_by_its_shift(
    file, tmp_path, cellsim_command, monkeypatch
):
    monkeypatch.setattr("cellsim.output._figures", lambda solution, title: iter(()))
    code, out, _ = cellsim_command(
        "run", "--cell", str(file), "--mesh", "coarse", "--validate", "--out", str(tmp_path / "out")
    )
    assert code == 0
    said = {line.split(":")[0].split()[-1]: line for line in out.splitlines() if line.strip().startswith("validation")}
    assert float(said["itself"].split(": ")[1].split()[0]) < 0.1
    assert float(said["shifted"].split(": ")[1].split()[0]) == pytest.approx(1e3 * OFF, abs=0.1)
    assert "not compared, the times of a profile begin with 0 s and rise" in said["falls"]
    assert {"validation.png", "validation.csv"} <= {file.name for file in (tmp_path / "out").iterdir()}
    rows = list(csv.DictReader((tmp_path / "out" / "validation.csv").open()))
    steady = [row for row in rows if row["run"] != "rest"]
    assert len(steady) == 2 * 61
    assert all(float(row["current_A"]) == 5.0 for row in steady)
    changes = [float(row["found_V"]) - float(row["measured_V"]) for row in rows if row["run"] == "rest"]
    np.testing.assert_allclose([*changes[:-2], changes[-1]], 0.0, atol=5e-4)  # under load, and at rest in the end
    apart = [float(row["found_V"]) - float(row["measured_V"]) for row in rows if row["run"] == "shifted"]
    np.testing.assert_allclose(apart, -OFF, atol=5e-4)


def test_a_cell_without_measured_runs_is_refused(cellsim_command):
    code, out, err = cellsim_command("run", "--cell", "Chen2020", "--validate")
    assert (code, out) == (2, "") and "--validate: Chen2020 has no measured runs" in err


def test_the_mean_square_is_by_time():
    t = np.array([0.0, 1.0, 2.0, 100.0])
    run = Compared("a", t, np.ones(4), np.zeros(4), np.array([9.0, 9.0, 1.0, 1.0]), "")
    assert run.rms == pytest.approx(np.sqrt((81 * 2 + 49.5 + 98) / 149.5), rel=1e-12)


def test_the_picture_shows_every_run_with_units():
    t = np.linspace(0.0, 5000.0, 9)
    runs = [Compared(name, t, np.ones(9), 4 - t / 5000, 4 - t / 4900, "") for name in ("one", "two")]
    figure = validation_figure(runs, "A title")
    assert len(figure.axes) == 4
    assert [axes.get_title() for axes in figure.axes[:2]] == ["one", "two"]
    assert figure.axes[0].get_ylabel() == "Voltage [V]" and figure.axes[2].get_ylabel() == "Difference [mV]"
    assert all(axes.get_xlabel() == "Time [h]" or axes.get_xlabel() == "Time [min]" for axes in figure.axes[2:])
