"""`cellsim fit`: a file in, numbers with their errors out, or everything that is wrong at once."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import cellsim as cs
from cellsim.fitting import priors
from cellsim.fitting.costs import Huber
from cellsim.fitting.methods import BFGS
from cellsim.fitting.observables import Capacity, DifferentialCapacity, Temperature, Voltage
from cellsim.fitting.targets import Tied
from cellsim.scenario_fit import METHODS, NAMES_OF_COSTS, load_fit
from cellsim.scenario_fit_data import FOLLOWED

SCENARIOS = sorted((Path(__file__).parents[2] / "scenarios").glob("fit_*.toml"))
GOOD = """\
title = "two numbers"
[cell]
name = "Chen2020"
[model]
name = "SPM"
mesh = "coarse"
[fit]
noise_is_known = true
[fit.free]
"positive.particle.D_s" = [5e-16, 5e-14]
soc = [0.85, 1.0]
[fit.start]
"1C.soc" = 0.93
[[fit.experiments]]
name = "1C"
protocol = ["Discharge at 1C until 2.8 V"]
follow = "current"
soc = 0.95
synthetic = {noise = 1e-3, period = 40.0}
[fit.truth]
"positive.particle.D_s" = 5e-15
"""


@pytest.fixture
def written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(text, name="fit.toml"):
        (tmp_path / name).write_text(text)
        return name

    return write


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The good file, fitted; its folder and what was printed."""
    from contextlib import redirect_stdout
    from io import StringIO

    from cellsim.cli import main

    folder = tmp_path_factory.mktemp("fit")
    (folder / "fit.toml").write_text(GOOD)
    told = StringIO()
    with redirect_stdout(told):
        code = main(["fit", str(folder / "fit.toml"), "--out", str(folder / "out")])
    return folder / "out", code, told.getvalue()


def test_a_fit_writes_numbers_with_errors_residuals_words_and_pictures(done):
    folder, code, told = done
    assert code == 0
    files = {file.name for file in folder.iterdir()}
    assert files == {
        "fit.json",
        "fit.png",
        "residuals.csv",
        "fit_summary.md",
        "convergence.png",
        "correlation.png",
    }
    found = json.loads((folder / "fit.json").read_text())
    D = found["parameters"]["positive.particle.D_s"]
    assert abs(D["value"] - 5e-15) < 4 * D["std_error"] < 1e-15
    assert D["unit"] == "m2/s" and D["initial"] == pytest.approx(4e-15)
    assert found["parameters"]["1C.soc"]["initial"] == pytest.approx(0.93)
    assert found["rmse_V"] == pytest.approx(1e-3, rel=0.25)
    assert found["iterations"] >= 2 and found["wall_s"] > 0 and found["converged"]
    correlation = np.array(found["correlation"])
    assert correlation.shape == (2, 2) and np.allclose(np.diag(correlation), 1.0)
    for file in folder.glob("*.png"):
        assert file.read_bytes().startswith(b"\x89PNG")
    assert "two numbers" in told and "+-" in told and "fit.json" in told
    summary = (folder / "fit_summary.md").read_text()
    for words in ("# two numbers", "| positive.particle.D_s |", "identifiable", "1C"):
        assert words in summary


def test_residuals_are_what_is_fitted_less_what_was_measured(done):
    folder, _, _ = done
    with (folder / "residuals.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert set(rows[0]) == {"experiment", "time_s", "current_A", "measured_V", "fitted_V", "residual_V"}
    off = np.array([float(row["residual_V"]) for row in rows])
    told = json.loads((folder / "fit.json").read_text())["rmse_V"]
    assert np.sqrt(np.mean(off**2)) == pytest.approx(told, rel=1e-6)
    for row in rows[::20]:
        assert float(row["fitted_V"]) - float(row["measured_V"]) == pytest.approx(float(row["residual_V"]), abs=2e-8)


def test_a_record_from_a_file_is_fitted_as_it_is(written, cellsim_command, tmp_path, done):
    folder, _, _ = done
    with (folder / "residuals.csv").open() as file:
        rows = list(csv.DictReader(file))
    lines = ["time_s,current_A,voltage_V"] + [f"{r['time_s']},{r['current_A']},{r['measured_V']}" for r in rows]
    written("\n".join(lines), "record.csv")
    text = GOOD.replace("synthetic = {noise = 1e-3, period = 40.0}", 'file = "record.csv"').replace(
        'protocol = ["Discharge at 1C until 2.8 V"]\nfollow = "current"\n', "noise = 1e-3\n"
    )
    code, _, told = cellsim_command("fit", written(text), "--out", "again", "--quiet")
    assert code == 0, told
    first, again = (json.loads((at / "fit.json").read_text()) for at in (folder, tmp_path / "again"))
    for name, number in first["parameters"].items():
        assert again["parameters"][name]["value"] == pytest.approx(number["value"], rel=1e-3)


def test_a_fit_that_is_interrupted_goes_on_to_the_same_numbers(written, cellsim_command, monkeypatch, tmp_path, done):
    from cellsim.cli.terminal import StatusLine

    said = []

    def interrupted(self, line):
        said.append(line)
        if "step 2:" in line:
            raise KeyboardInterrupt

    file = written(GOOD)
    with monkeypatch.context() as patch:
        patch.setattr(StatusLine, "say", interrupted)
        code, _, err = cellsim_command("fit", file, "--out", "again")
    assert code == 130 and "go on with: cellsim fit fit.toml --out again --resume" in err
    assert [file.name for file in (tmp_path / "again").iterdir()] == [".fit_state.npz"]
    code, _, err = cellsim_command("fit", file, "--out", "again", "--resume", "--quiet")
    assert code == 0, err
    whole, again = (json.loads((at / "fit.json").read_text()) for at in (done[0], tmp_path / "again"))
    assert not (tmp_path / "again" / ".fit_state.npz").exists()
    assert again["iterations"] == whole["iterations"] > 2
    for name, number in whole["parameters"].items():
        assert again["parameters"][name]["value"] == pytest.approx(number["value"], rel=1e-7)
        assert again["parameters"][name]["initial"] == number["initial"]


# ---- what a file can say

FULL = """\
[cell]
name = "Chen2020"
[model]
name = "SPMe"
mesh = "coarse"
thermal = "lumped"
[fit]
cost = {name = "huber", k = 2.0}
method = "bfgs"
each = ["positive.L"]
[fit.free]
"negative.particle.R_p & positive.particle.R_p" = [2e-6, 9e-6]
"positive.L" = [5e-5, 1e-4]
"electrolyte.t_plus" = [-inf, inf]
inductance = [0.0, 1e-5]
[fit.only_in]
inductance = ["EIS"]
[fit.priors]
"electrolyte.t_plus" = {mean = 0.3, sd = 0.1}
[fit.smooth]
"electrolyte.t_plus" = {sd = 0.05, from = 100, to = 2000, points = 5, relative = false}
[[fit.experiments]]
name = "1C"
protocol = ["Discharge at 1C until 3.6 V"]
observe = ["voltage", "temperature", "capacity", "dQ/dV", "profiles"]
temperature_noise = 0.2
capacity_noise = 0.01
levels = [3.7, 3.8, 3.9]
profiles = {file = "profiles.csv", field = "electrolyte concentration", noise = 20.0}
synthetic = {noise = 2e-3, period = 60.0}
[[fit.experiments]]
name = "EIS"
impedance = {from = 1e-2, to = 1e2, count = 9, noise = 0.005}
soc = 0.4
mesh = "fine"
"""
PROFILES = ",1e-5,9e-5\n60.0,1010,990\n120.0,1020,980\n"


def test_a_file_says_all_that_python_does(written):
    written(PROFILES, "profiles.csv")
    file = load_fit(written(FULL))
    assert file.cost == Huber(2.0) and isinstance(file.method, BFGS)
    tied, thick, t_plus, inductance = file.free
    assert tied.target == Tied(("negative.particle.R_p", "positive.particle.R_p"))
    assert thick.each and not tied.each
    assert inductance.of == ("EIS",)
    assert t_plus.low == -np.inf and isinstance(t_plus.prior, priors.Both)
    assert t_plus.prior.second.at == tuple(np.linspace(100, 2000, 5))
    run, spectrum = (each.experiment for each in file.planned)
    observed = (Voltage(2e-3), Temperature(0.2), Capacity(0.01), DifferentialCapacity((3.7, 3.8, 3.9), 0.1))
    assert run.observe[:4] == observed and run.model.is_lumped
    profiles = run.observe[4]
    assert profiles.times == (60.0, 120.0) and profiles.places == (1e-5, 9e-5) and profiles.values[1, 0] == 1020.0
    assert (spectrum.share, spectrum.soc, spectrum.model.mesh) == (0.005, 0.4, cs.Mesh.fine())


@pytest.mark.filterwarnings("ignore::cellsim.OutsideMeasuredRange")
def test_a_record_and_a_spectrum_of_a_file_are_fitted_together_and_written(written, cellsim_command, tmp_path):
    text = GOOD.replace("[fit.truth]", '[[fit.experiments]]\nname = "EIS"\nimpedance = {}\n[fit.truth]')
    code, told, err = cellsim_command("fit", written(text.replace("soc = [0.85", '"1C.soc" = [0.85')), "--out", "both")
    assert code == 2 and "1C" in err
    of_run = text.replace("[fit.start]", '[fit.only_in]\nsoc = ["1C"]\n[fit.start]')
    code, told, err = cellsim_command("fit", written(of_run), "--out", "both")
    assert code == 0, err
    folder = tmp_path / "both"
    assert (folder / "nyquist.png").read_bytes().startswith(b"\x89PNG")
    with (folder / "residuals_impedance.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 31 and {row["experiment"] for row in rows} == {"EIS"}
    found = json.loads((folder / "fit.json").read_text())
    left = found["experiments"]["EIS"]["left"]["Impedance [Ohm]"]
    off = [complex(float(r["fitted_real_Ohm"]), float(r["fitted_imag_Ohm"])) for r in rows]
    there = [complex(float(r["measured_real_Ohm"]), float(r["measured_imag_Ohm"])) for r in rows]
    assert left["rows"] == 62 and left["over_expected"] == pytest.approx(1.0, rel=0.3)
    assert left["rms"] == pytest.approx(np.sqrt(np.mean(np.abs(np.subtract(off, there)) ** 2) / 2), rel=1e-6)
    D = found["parameters"]["positive.particle.D_s"]
    assert abs(D["value"] - 5e-15) < 4 * D["std_error"]
    assert "EIS, Impedance [Ohm]" in told


def test_steps_that_last_as_long_as_in_the_record_are_followed_from_a_file(written):
    steps = '["Discharge at 1C until 3.5 V", "Rest for 5 minutes", "Hold at 3.6 V for 5 minutes"]'
    text = GOOD.replace('["Discharge at 1C until 2.8 V"]\nfollow = "current"', f'{steps}\nfollow = "steps"')
    file = load_fit(written(text))
    (experiment,) = file.experiments()
    assert experiment.is_timed and set(experiment.record.step) == {1, 2, 3}
    data = experiment.prepared(file.truth)
    ends = [float(step.duration) for step in data.protocol.steps]
    last = [np.max(experiment.record.t[experiment.record.step == k]) for k in (1, 2, 3)]
    np.testing.assert_allclose(np.cumsum(ends), last, rtol=1e-9)
    seen = data.solution(file.truth, data.conditions)
    rows = len(experiment.record)
    off = np.asarray(seen.V)[:rows] - experiment.record.V
    assert np.std(off) == pytest.approx(1e-3, rel=0.2) and np.max(np.abs(off)) < 4e-3
    assert float(seen.t_stop) == pytest.approx(last[-1])


BAD = [
    ("", "there is no table [fit]"),
    (GOOD.replace('"positive.particle.D_s" = [5e-16, 5e-14]', '"positiv.L" = [1, 2]'), "Did you mean 'positive'?"),
    (GOOD.replace("[5e-16, 5e-14]", "[5e-14, 5e-16]"), "must be [low, high] with low below high"),
    (GOOD.replace("[5e-16, 5e-14]", '"small"'), "must be [low, high]"),
    (GOOD.replace("synthetic = {noise = 1e-3, period = 40.0}", 'file = "nowhere.csv"'), "there is no file"),
    (GOOD.replace("synthetic = {noise = 1e-3, period = 40.0}", ""), "needs either file"),
    (GOOD.replace("noise = 1e-3", "noise = 3.0"), "noise = 3 V; expected 0 to 1 V"),
    (GOOD.replace("period", "perod"), "Did you mean 'period'?"),
    (GOOD.replace("Discharge at 1C until", "Discharg at 1C until"), "protocol"),
    (GOOD.replace("noise_is_known = true", 'method = "marquart"'), "there is no method 'marquart'"),
    (GOOD.replace("noise_is_known = true", 'cost = "cube"'), "There is: squared, huber, student, relative"),
    (GOOD.replace('"1C.soc" = 0.93', '"2C.soc" = 0.93'), "2C.soc cannot be begun with"),
    (GOOD.replace("[fit.truth]", '[fit.priors]\n"negative.L" = {mean = 1.0, sd = 1.0}\n[fit.truth]'), "it is not free"),
    (GOOD + "\n[protocol]\nsoc = 1.0\n", "[protocol] has no place in a fit file"),
    (GOOD.replace('name = "Chen2020"', 'name = "Chen2021"'), "Did you mean 'chen2020'?"),
    (GOOD.replace("noise_is_known = true", 'cost = {name = "huber", nu = 2}'), "has no 'nu'"),
    (GOOD.replace("noise_is_known = true", 'cost = {name = "huber", k = -1}'), "k is above zero, found -1"),
    (GOOD.replace("noise_is_known = true", "cost = 3"), 'must be a name, as "huber", or a table'),
    (GOOD.replace("noise_is_known = true", 'each = ["negative.L"]'), "[fit.each] negative.L: it is not free"),
    (GOOD.replace("[fit.start]", '[fit.only_in]\nsoc = "1C"\n[fit.start]'), "must be a list of names of experiments"),
    (GOOD.replace("soc = 0.95", 'observe = ["voltag"]'), "Did you mean 'voltage'? It can: voltage, current"),
    (GOOD.replace("soc = 0.95", 'observe = ["dQ/dV"]'), "dQ/dV needs levels"),
    (GOOD.replace("soc = 0.95", 'observe = ["dQ/dV"]\nlevels = [3.6, 3.5]'), "two levels of voltage or more that rise"),
    (GOOD.replace("soc = 0.95", 'observe = ["voltage", "capacity"]'), "a protocol that ends at a voltage"),
    (GOOD.replace("soc = 0.95", 'observe = ["profiles"]'), "profiles needs a table"),
    (GOOD.replace("[fit.truth]", '[[fit.experiments]]\nimpedance = "no.csv"\n[fit.truth]'), "there is no file no.csv"),
    (GOOD.replace("[fit.truth]", "[[fit.experiments]]\nimpedance = {form = 1}\n[fit.truth]"), "Did you mean 'from'?"),
    (GOOD.replace("[fit.truth]", '[fit.smooth]\n"positive.L" = {sd = 1}\n[fit.truth]'), "needs sd, from, to"),
    (GOOD.replace('follow = "current"', 'follow = "me"'), f"must be one of {', '.join(FOLLOWED)}"),
]


@pytest.mark.parametrize(("text", "said"), BAD, ids=[said[:40] for _, said in BAD])
def test_bad_input_exits_with_2_and_one_clear_message(written, cellsim_command, text, said):
    code, out, err = cellsim_command("fit", written(text))
    assert code == 2 and out == ""
    assert said in err and "Traceback" not in err


def test_all_that_is_wrong_is_told_at_once(written, cellsim_command):
    text = GOOD.replace("[5e-16, 5e-14]", "3").replace("period", "perod").replace("noise_is_known", "noise_known")
    code, _, err = cellsim_command("fit", written(text))
    assert code == 2 and err.startswith("cellsim: 3 problems in fit.toml")


def test_a_fit_file_is_no_scenario_and_says_what_it_is(written, cellsim_command):
    code, _, err = cellsim_command("run", written(GOOD))
    assert code == 2 and "this is a fit file, for `cellsim fit fit.toml`" in err


def test_there_is_nothing_to_resume_where_nothing_was_left(written, cellsim_command):
    code, _, err = cellsim_command("fit", written(GOOD), "--resume", "--out", "empty")
    assert code == 2 and "there is no unfinished fit in empty" in err


def test_a_new_fit_file_can_be_read_as_it_is(written, cellsim_command):
    code, out, _ = cellsim_command("new", "--fit", "mine.toml")
    assert code == 0 and "run it with: cellsim fit mine.toml" in out
    file = load_fit("mine.toml")
    assert len(file.free) == 2 and len(file.planned) == 1
    for word in (*METHODS, *NAMES_OF_COSTS):
        assert word in Path("mine.toml").read_text()


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
def test_every_fit_file_that_is_shipped_is_sound_and_says_how_it_is_run(file):
    found = load_fit(file)
    assert found.title and len(found.description) > 80
    assert file.read_text().startswith("# ") and f"cellsim fit scenarios/{file.name}" in file.read_text()
    assert found.free and found.planned


@pytest.fixture(scope="module")
def kokam(tmp_path_factory):
    """The measured discharges that are shipped, with one particle an electrode in the place of the full model."""
    from cellsim.cli import main

    folder = tmp_path_factory.mktemp("kokam")
    text = (SCENARIOS[0].parent / "fit_kokam.toml").read_text()
    (folder / "fit.toml").write_text(text.replace('name = "DFN"', 'name = "SPMe"'))
    (folder / "kokam_discharges.csv").write_bytes((SCENARIOS[0].parent / "kokam_discharges.csv").read_bytes())
    assert main(["fit", str(folder / "fit.toml"), "--out", str(folder / "out"), "--quiet"]) == 0
    return folder / "out"


def test_a_fit_to_a_measured_discharge_tells_it_better_and_one_that_it_has_not_seen(kokam):
    found = json.loads((kokam / "fit.json").read_text())
    fitted, unseen = found["experiments"]["5C"], found["predictions"]["1C"]
    assert 0.055 < fitted["initial_rmse_V"] < 0.075 and fitted["rmse_V"] < 0.75 * fitted["initial_rmse_V"]
    assert 0.12 < unseen["initial_rmse_V"] < 0.15 and unseen["rmse_V"] < 0.65 * unseen["initial_rmse_V"]
    assert set(found["experiments"]) == {"5C"} and (fitted["rows"], unseen["rows"]) == (32, 31)


def test_what_was_predicted_is_written_beside_what_was_fitted(kokam):
    with (kokam / "residuals.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [sum(row["experiment"] == name for row in rows) for name in ("5C", "1C")] == [32, 31]
    assert float(rows[0]["time_s"]) == pytest.approx(2.1)  # the run began before the first row
    summary = (kokam / "fit_summary.md").read_text()
    assert "| 1C (not fitted) | 31 |" in summary and "runs on from row to row" in summary


FROM_FILE = GOOD.replace("synthetic = {noise = 1e-3, period = 40.0}", 'file = "record.csv"')
BAD_FILES = [
    ("between = [10.0, 5.0]", "between must be [from, to] in s"),
    ("read = {colums = {voltage = 1}}", "Did you mean 'columns'?"),
    ("rest_voltage = 4.1", "soc and rest_voltage both say where it begins"),
    ("fitted = false", "there is nothing to fit to"),
    ("step = 7", "there is no step 7; 1 are recognised"),
    ("points = 1", "1 points are fewer than the 2 rows"),
    ("start = 50.0", "t_start = 50 s is after the first row"),
    ("read = {columns = {voltage = 9}}", "9"),
]


@pytest.mark.parametrize(("line", "said"), BAD_FILES, ids=[line for line, _ in BAD_FILES])
def test_a_part_of_a_file_that_is_not_there_is_told(written, cellsim_command, line, said):
    rows = "\n".join(f"{t},5.0,{4.1 - 1e-4 * t}" for t in range(0, 3000, 100))
    written("time_s,current_A,voltage_V\n" + rows, "record.csv")
    code, out, err = cellsim_command("fit", written(FROM_FILE.replace("soc = 0.95\n", f"soc = 0.95\n{line}\n")))
    assert code == 2 and out == "" and said in err and "Traceback" not in err


def test_a_part_of_a_file_is_what_is_fitted(written):
    rows = "\n".join(f"{t},5.0,{4.1 - 1e-4 * t}" for t in range(0, 3000, 10))
    written("time_s,current_A,U\n" + rows, "record.csv")
    line = 'read = {columns = {voltage = "U"}}\nbetween = [500.0, 1500.0]\npoints = 5\nstart = 0.0\n'
    text = FROM_FILE.replace("soc = 0.95\n", line + "rest_voltage = 4.1\n")
    (experiment,) = load_fit(written(text)).experiments()
    assert len(experiment.record) <= 5 and experiment.times[0] == 500.0 and experiment.times[-1] == 1500.0
    assert experiment.soc.V == 4.1
