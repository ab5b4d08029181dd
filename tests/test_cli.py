"""The command line, as somebody at a terminal and as a script in a pipe meet it."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import cellsim as cs
from cellsim import registry
from cellsim.cells import library as cell_library
from cellsim.cli.new import COMMANDS as RUN_BY
from cellsim.cli.new import template
from cellsim.cli.stopwatch import covered
from cellsim.cli.terminal import StatusLine, table
from cellsim.electrolyte import library as electrolyte_library
from cellsim.scenario import load_scenario

COMMANDS = ["run", "fit", "impedance", "sensitivity", "list", "describe", "cite", "read", "new", "check", "completion"]
FILES = {"timeseries.csv", "summary.json", "solution.nc", "voltage.png", "profiles.png", "particles.png", "losses.png"}
COARSE = ("--cell", "Chen2020", "--mesh", "coarse")


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def without_pictures(monkeypatch):
    """For runs whose pictures nobody looks at."""
    monkeypatch.setattr("cellsim.output._figures", lambda solution, title: iter(()))


class Terminal(io.StringIO):
    def isatty(self):
        return True


def in_a_pipe(*words):
    """The command in a process of its own, found whether or not the package is installed."""
    paths = [str(Path(cs.__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    return subprocess.run(
        [sys.executable, "-m", "cellsim", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
    )


# ---- run


def test_a_run_writes_its_files_and_closes_with_a_table(cellsim_command, in_an_empty_folder):
    code, out, err = cellsim_command("run", *COARSE, "--protocol", "Discharge at 1C until 2.5 V", "--out", "there")
    assert code == 0
    assert {file.name for file in (in_an_empty_folder / "there").iterdir()} == FILES
    for said in (
        "lower cut-off voltage 2.5 V reached",
        "capacity",
        "A.h",
        "energy",
        "W.h",
        "salt",
        "lithium",
        "time steps",
    ):
        assert said in out
    for said in ("wall time", "compile", "solve", "there: timeseries.csv"):
        assert said in out
    assert "\x1b" not in out + err and "\r" not in out + err
    assert err.count("\n") == 1 and "warning" in err and "outside its measured range" in err
    told = json.loads((in_an_empty_folder / "there" / "summary.json").read_text())
    assert (
        told["command"]
        == "cellsim run --cell Chen2020 --mesh coarse --protocol 'Discharge at 1C until 2.5 V' --out there"
    )
    assert told["cellsim_version"] == cs.__version__
    assert set(told["wall_seconds"]) == {"set_up", "compile", "solve", "output", "total"}
    assert all(seconds >= 0 for seconds in told["wall_seconds"].values())

    code, out, _ = cellsim_command("cite", "there")
    assert code == 0 and "ab9050" in out and "Rodas5P" in out


def test_options_reach_the_run_and_quiet_prints_nothing(cellsim_command, in_an_empty_folder, without_pictures):
    code, out, err = cellsim_command(
        *("run", *COARSE, "--protocol", "Charge at 1C for 5 minutes", "--soc", "0.25", "--ambient-temperature", "30"),
        *("--set", "c0=1100", "--set", "electrolyte.t_plus=0.4", "--rtol", "1e-5", "--quiet"),
    )
    assert (code, out, err) == (0, "", "")
    told = json.loads((in_an_empty_folder / "out" / "Chen2020" / "summary.json").read_text())
    assert told["initial_soc"] == 0.25
    assert told["temperature_K"] == pytest.approx(303.15)
    assert told["changed_parameters"] == {"c0": 1100.0, "electrolyte.t_plus": 0.4}
    assert told["tolerances"] == {"rtol": 1e-5, "atol": pytest.approx(1e-5)}
    assert told["steps"][0]["stop_reason"].startswith("duration of 300 s completed")
    assert told["capacity_Ah"] == pytest.approx(-5.0 / 12, rel=1e-9)


def test_a_scenario_writes_to_a_folder_of_its_name_unless_told_otherwise(
    cellsim_command, in_an_empty_folder, without_pictures
):
    file = in_an_empty_folder / "mine.toml"
    file.write_text('title = "Mine"\n[cell]\nname = "Chen2020"\n[protocol]\nsteps = ["Discharge at 1C for 1 minute"]\n')
    code, out, _ = cellsim_command("run", "mine.toml", "--mesh", "coarse")
    assert code == 0 and out.startswith("Mine\n")
    assert (in_an_empty_folder / "out" / "mine" / "summary.json").is_file()


def test_a_failed_solve_exits_with_1_and_leaves_what_was_reached(cellsim_command, in_an_empty_folder, without_pictures):
    code, out, err = cellsim_command("run", *COARSE, "--max-steps", "20", "--out", "part")
    assert code == 1
    assert "failed: the number of time steps was used up" in out
    assert "what was reached is in part" in err and "Traceback" not in err
    rows = np.genfromtxt(in_an_empty_folder / "part" / "timeseries.csv", delimiter=",", names=True)
    assert np.all(np.isfinite(rows["voltage_V"])) and len(rows) > 5
    assert json.loads((in_an_empty_folder / "part" / "summary.json").read_text())["succeeded"] is False


def test_a_disk_that_takes_no_more_is_told_and_exits_with_1(cellsim_command, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cellsim.output.write_fields", full)
    code, out, err = cellsim_command("run", *COARSE)
    assert (code, out) == (1, "")
    assert "could not all be written" in err and "No space left" in err


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        (None, ["case.toml"], "there is no such file"),
        ("[cell\n", ["case.toml"], "line 1"),
        ("[cell]\nnam = 'Chen2020'\n", ["case.toml"], "Did you mean 'name'?"),
        ("[cell]\nname = 'Chen2020'\n[cell.set]\nnegative.L = 85\n", ["case.toml"], "wrong unit?"),
        ("[cell]\nname = 'Chan2020'\n", ["case.toml"], "Did you mean 'chen2020'?"),
        (None, [], "nothing to run"),
        (None, ["--cell", "Chan2020"], "Did you mean 'chen2020'?"),
        (None, ["--cell", "Chen2020", "--set", "negative.L=85"], "85 um are 8.5e-05 m"),
        (None, ["--cell", "Chen2020", "--set", "negative.L=85um"], "must be a number in m, found the text '85um'"),
        (None, ["--cell", "Chen2020", "--set", "negative.L"], "must be PATH=VALUE"),
        (None, ["--cell", "Chen2020", "--set", "negative.Lx=1e-4"], "negative has no 'Lx'. Did you mean 'L'?"),
        (
            None,
            ["--cell", "Chen2020", "--model", "SPN"],
            "--model: there is no model 'SPN' in this version. Did you mean 'SPM'?",
        ),
        (None, ["--cell", "Chen2020", "--thermal", "lumpy"], "There is: isothermal, lumped."),
        (None, ["--cell", "Chen2020", "--cycles", "0"], "--cycles"),
        (None, ["--cell", "Chen2020", "--mesh", "finest"], "Did you mean 'fine'?"),
        (None, ["--cell", "Chen2020", "--soc", "80"], "--soc = 80; expected 0 to 1. Given in percent?"),
        (None, ["--cell", "Chen2020", "--ambient-temperature", "298"], "Given in K?"),
        (None, ["--cell", "Chen2020", "--protocol", "Discharge at 1 B"], "is not a known unit"),
        (None, ["--cell", "Chen2020", "--protocol", "Discharge"], "says no current"),
        (None, ["--cell", "Chen2020", "--mesh", "coarse", "--soc", "0"], "the step cannot start"),
        (None, ["--cell", "Chen2020", "--out", "file/below"], "cannot write to the folder"),
        (None, ["--cell"], "expected one argument"),
        (None, ["--cell", "Chen2020", "--soc", "full"], "invalid float value"),
        (None, ["--speed", "9"], "unrecognized arguments"),
    ],
)
def test_bad_input_exits_with_2_and_one_clear_message(cellsim_command, in_an_empty_folder, text, words, said):
    (in_an_empty_folder / "file").write_text("no folder")
    if text is not None:
        (in_an_empty_folder / "case.toml").write_text(text)
    code, out, err = cellsim_command("run", *words)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err


def test_what_is_wrong_in_a_file_and_beside_it_is_told_at_once(cellsim_command, in_an_empty_folder):
    (in_an_empty_folder / "case.toml").write_text("[cell]\nname = 'Chen2020'\n[solver]\nrtoll = 1\n")
    code, _, err = cellsim_command("run", "case.toml", "--soc", "80", "--set", "x")
    assert code == 2
    assert "3 problems in case.toml" in err
    assert "rtoll" in err and "--soc = 80" in err and "--set x" in err


def test_an_implausible_value_that_is_meant_goes_through(cellsim_command, in_an_empty_folder, without_pictures):
    words = ("run", *COARSE, "--protocol", "Discharge at C/100 for 1 s", "--set", "positive.sigma=1e9", "--quiet")
    assert cellsim_command(*words)[0] == 2
    assert cellsim_command(*words, "--no-check")[0] == 0


def test_an_interrupt_leaves_with_130_and_a_line(cellsim_command, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("cellsim.cli.run.run", interrupted)
    code, out, err = cellsim_command("run", *COARSE)
    assert (code, out) == (130, "")
    assert err.count("\n") == 1 and "interrupted" in err


# ---- the other commands


@pytest.mark.parametrize(
    ("kind", "some"),
    [
        ("cells", ["chen2020", "marquis2019", "LG M50"]),
        ("electrolytes", ["nyman2008", "landesfeind2019_ec_emc", "EC:EMC", "LiPF6", "-10 to 50", "kappa, D"]),
        ("ions", ["Li+", "SO42-", "lambda [S m2/mol]", "1.029e-09"]),
        ("models", ["DFN", "Doyle-Fuller-Newman", "SPMe", "single-particle model with electrolyte", "SPM "]),
        ("steps", ["Discharge at 1C until 2.5 V", "Rest for 1 hour"]),
    ],
)
def test_a_list_names_what_there_is_with_a_line_on_each(cellsim_command, kind, some):
    code, out, err = cellsim_command("list", kind)
    assert (code, err) == (0, "")
    assert all(each in out for each in some)


def test_every_step_that_is_listed_can_be_read(tmp_path):
    from cellsim.cli.steps import STEPS
    from cellsim.protocols.language import step

    for name in ("US06.csv", "log.csv"):
        (tmp_path / name).write_text("time_s,power_W\n0,1\n10,2\n")
    assert [step(text, tmp_path).text for text, _ in STEPS] == [text for text, _ in STEPS]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (
            "discharge at c/2 until 3 V",
            {
                "holds": "a current of 0.5 C; 1 C passes the nominal capacity in an hour, positive discharges",
                "direction": "discharge",
                "ends": "the voltage falls to 3 V",
                "or": "4 h are over, twice the time of the nominal capacity",
                "temperature": "that of the run",
                "points": "as dense as the curve needs",
                "past its end at the start": "it is left out",
                "in other words": "Discharge at C/2 until 3 V",
            },
        ),
        (
            "Charge at 4.2 V until 50 mA or 45 degC at 10 degC (10 s period) (no skip) [RPT]",
            {
                "holds": "a voltage of 4.2 V",
                "direction": "neither charge nor discharge",
                "ends": "the size of the current falls to 0.05 A",
                "or": "24 h are over",
                "temperature": "10 degC",
                "points": "every 10 s",
                "past its end at the start": "an error",
                "tags": "RPT",
                "in other words": "Hold at 4.2 V until 0.05 A or until >45 degC at 10 degC (10 s period) (no skip) "
                "[RPT]",
            },
        ),
        ("Charge at 5 A", {"or": "twice the time is over in which it passes the nominal capacity"}),
        ("Charge at 5 W", {"ends": "the voltage rises to the upper cut-off of the cell", "or": "24 h are over"}),
        ("Rest until dV/dt < 1 mV/h", {"ends": "the voltage changes by no more than 1 mV/h", "or": "24 h are over"}),
        ("Rest", {"holds": "no current", "ends": "24 h are over"}),
    ],
)
def test_describing_a_step_tells_what_it_means_in_numbers(cellsim_command, text, rows):
    code, out, err = cellsim_command("describe", text)
    assert (code, err) == (0, "")
    assert out.startswith(f"{text}\n")
    said = dict(re.split(r"\s{2,}", line.strip(), maxsplit=1) for line in out.splitlines()[2:])
    assert {key: said[key] for key in rows} == rows


def test_describing_a_profile_tells_its_range(cellsim_command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text("time_s,power_kW\n100,1\n110,-0.5\n")
    code, out, _ = cellsim_command("describe", "Run a.csv")
    assert code == 0
    assert "a power profile, -500 to 1000 W, 250 W in the mean; 2 points over 10 s" in out
    assert "the voltage reaches a cut-off of the cell" in out and "the profile is over" in out


def test_describing_what_is_no_step_points_at_the_word(cellsim_command):
    code, out, err = cellsim_command("describe", "Dischage at 1C")
    assert (code, out) == (2, "")
    assert "Did you mean 'Discharge'?\n    Dischage at 1C\n    ^^^^^^^^\n" in err
    assert "there is no figure of 'Rest'" in cellsim_command("describe", "Rest", "--out", "there")[2]


@pytest.mark.parametrize("name", sorted(registry.names(cell_library)))
def test_every_cell_is_described(cellsim_command, name):
    code, out, err = cellsim_command("describe", name)
    assert code == 0, err
    assert cs.load_cell(name).source in out


def test_a_half_cell_has_no_measured_runs_to_compare_with(cellsim_command):
    code, _, err = cellsim_command("run", "--cell", "Xu2019", "--protocol", "Discharge at 1C", "--validate")
    assert code == 2
    assert "no measured runs" in err


@pytest.mark.parametrize("name", ["Chen2020", "marquis2019"])
def test_describing_a_cell_shows_every_parameter_with_its_path_value_unit_and_meaning(cellsim_command, name):
    from cellsim.parameters import leaves

    code, out, _ = cellsim_command("describe", name)
    assert code == 0
    cell = cs.load_cell(name)
    shown = {line.split()[0] for line in out.splitlines() if line.startswith("  ")}
    assert {leaf.path for leaf in leaves(cell)} <= shown
    assert {"electrolyte.kappa", "negative.particle.D_s", "positive.particle.U"} <= shown
    assert cell.source in out
    (line,) = [line for line in out.splitlines() if line.startswith("  negative.L ")]
    assert line.split() == ["negative.L", f"{float(cell.negative.L):.6g}", "m", "thickness"]


def test_describing_an_electrolyte_shows_its_four_functions_its_source_and_its_range(cellsim_command):
    code, out, _ = cellsim_command("describe", "nyman2008")
    assert code == 0
    electrolyte = cs.load_electrolyte("nyman2008")
    assert electrolyte.source in out
    assert "200 to 2000 mol/m3" in out
    for header in ("kappa [S/m]", "D [m2/s]", "t_plus [-]", "chi [-]"):
        assert header in out
    assert f"{float(electrolyte.kappa(2000.0, 298.15)):.4g}" in out


@pytest.mark.parametrize("name", registry.names(electrolyte_library))
def test_every_electrolyte_is_listed_described_and_cited(cellsim_command, name):
    electrolyte = cs.load_electrolyte(name)
    (line,) = [line for line in cellsim_command("list", "electrolytes")[1].splitlines() if line.startswith(f"{name} ")]
    about = registry.module(electrolyte_library, name).ABOUT
    assert about.salt in line and about.solvent in line and (", ".join(about.measured) or "none") in line
    code, out, err = cellsim_command("describe", name)
    assert (code, err) == (0, "")
    assert electrolyte.name in out and electrolyte.source in out
    assert f"{electrolyte.c_range[0]:g} to {electrolyte.c_range[1]:g} mol/m3" in out
    for which, origin in about.origin.items():
        assert any(line.split()[:1] == [which] and line.endswith(origin) for line in out.splitlines())
    at = [float(x) for x in re.findall(r"^At ([-\d.]+) degC$", out, re.MULTILINE)]
    assert 1 <= len(at) <= 3
    assert all(electrolyte.T_range[0] <= x + 273.15 <= electrolyte.T_range[1] for x in at)
    code, out, _ = cellsim_command("cite", name)
    assert code == 0 and electrolyte.source.rstrip(".") in out


def test_a_fit_is_described_with_its_standard_errors(cellsim_command):
    out = cellsim_command("describe", "calisol2024_libf4_pc")[1]
    assert "with standard errors, from 120 points" in out
    assert re.search(r"p4 +479\.599 +\+/- 12", out)


def test_describing_a_cell_shows_its_electrolyte(cellsim_command):
    out = cellsim_command("describe", "Chen2020")[1]
    assert "Its electrolyte, LiPF6 in EC:EMC 3:7 by weight (Nyman 2008)" in out
    assert "cellsim describe nyman2008" in out and "kappa [S/m]" in out
    assert f"{float(cs.load_electrolyte('nyman2008').kappa(2000.0, 298.15)):.4g}" in out


@pytest.mark.parametrize(
    ("name", "out", "file"),
    [
        ("edman2000_peo_litfsi", "there/peo.png", "there/peo.png"),
        ("nyman2008", "there", "there/nyman2008.png"),
        ("Nyman2008", "a.svg", "a.svg"),
        ("Chen2020", "there", "there/Chen2020.png"),
    ],
)
def test_the_figure_of_an_electrolyte_is_written_where_it_is_asked_for(
    cellsim_command, in_an_empty_folder, name, out, file
):
    code, said, err = cellsim_command("describe", name, "--out", out)
    assert (code, err) == (0, "")
    assert f"Figure: {file}" in said and "kappa" in said
    picture = (in_an_empty_folder / file).read_bytes()
    assert picture.startswith(b"\x89PNG") if file.endswith("png") else b"<svg" in picture
    assert len(picture) > 10_000


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nyman2008", "--out", "picture.jpeg"], "must be a folder, or a file in .png, .pdf, .svg"),
        (["DFN", "--out", "there"], "there is no figure of DFN"),
        (["Li+", "--out", "there"], "there is no figure of Li+"),
        (["nyman2008", "--out", "file/below"], "cannot write to"),
    ],
)
def test_a_figure_that_cannot_be_written_is_told_before_anything_is_printed(
    cellsim_command, in_an_empty_folder, words, said
):
    (in_an_empty_folder / "file").write_text("no folder")
    code, out, err = cellsim_command("describe", *words)
    assert (code, out) == (2, "")
    assert said in err and "Traceback" not in err


def test_an_ion_in_water_is_described_and_cited(cellsim_command):
    code, out, _ = cellsim_command("describe", "Li+")
    assert code == 0 and "0.003866 S m2/mol" in out and "1.02946e-09 m2/s" in out and "Vanysek" in out
    assert "Vanysek" in cellsim_command("cite", "SO42-")[1]


def test_an_electrolyte_is_put_into_a_cell_by_its_name(cellsim_command, in_an_empty_folder, without_pictures):
    code, out, err = cellsim_command(
        *("run", *COARSE, "--protocol", "Discharge at 1C for 10 s", "--out", "there"),
        *("--set", "electrolyte=Valoen2005", "--set", "electrolyte.t_plus=0.4"),
    )
    assert code == 0 and err == ""  # the salt stays inside the measured range: nothing to warn of
    told = json.loads((in_an_empty_folder / "there" / "summary.json").read_text())
    assert told["electrolyte"] == cs.load_electrolyte("valoen2005").name
    assert told["changed_parameters"] == {"electrolyte.t_plus": 0.4}
    assert any("1.1872737" in each["reference"] for each in told["citations"])
    code, _, err = cellsim_command("run", *COARSE, "--set", "electrolyte=valoen2006")
    assert code == 2
    assert "--set electrolyte: there is no electrolyte 'valoen2006'. Did you mean 'valoen2005'?" in err
    code, _, err = cellsim_command("run", *COARSE, "--set", "electrolyte=3")
    assert code == 2 and "--set electrolyte" in err and "text" in err


def test_describing_a_model_shows_its_equations_sources_and_fields(cellsim_command):
    code, out, _ = cellsim_command("describe", "dfn")
    assert code == 0
    assert "Doyle" in out and "electrolyte concentration" in out and "coarse" in out


@pytest.mark.parametrize("name", ["Chen2020", "nyman2008", "DFN", "SPM", "SPMe"])
def test_whatever_has_a_name_can_be_cited(cellsim_command, name):
    code, out, _ = cellsim_command("cite", name)
    assert code == 0 and "doi:" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["list", "cell"], "Did you mean 'cells'?"),
        (["describe", "Nyman2009"], "Did you mean 'nyman2008'?"),
        (["cite", "Chen2021"], "Did you mean 'chen2020'?"),
        (["cite", "."], "it has no summary.json"),
        (["simulate"], "invalid choice"),
    ],
)
def test_an_unknown_name_exits_with_2_and_a_suggestion(cellsim_command, words, said):
    code, out, err = cellsim_command(*words)
    assert (code, out) == (2, "")
    assert said in err


def test_a_new_scenario_can_be_run_as_it_is_and_is_never_written_over(cellsim_command, in_an_empty_folder):
    code, out, _ = cellsim_command("new")
    file = in_an_empty_folder / "scenario.toml"
    assert code == 0 and "cellsim run scenario.toml" in out
    scenario = load_scenario(file)
    assert (scenario.cell.name, scenario.protocol.steps[0].text) == ("Chen2020", "Discharge at 1C until 2.5 V")
    file.write_text("mine")
    code, _, err = cellsim_command("new")
    assert code == 2 and "left alone" in err
    assert file.read_text() == "mine"
    assert cellsim_command("new", "nowhere/x.toml")[0] == 2


@pytest.mark.parametrize("kind", RUN_BY)
def test_a_new_file_of_every_kind_is_sound_and_says_what_runs_it(cellsim_command, in_an_empty_folder, kind):
    code, out, _ = cellsim_command("new", kind, "mine.toml")
    assert code == 0 and f"run it with: cellsim {RUN_BY[kind]} mine.toml" in out
    code, out, err = cellsim_command("check", "mine.toml")
    assert (code, err) == (0, "") and f"mine.toml: a {kind}" in out and f"cellsim {RUN_BY[kind]} mine.toml" in out
    assert cellsim_command("new", kind)[0] == 0 and (in_an_empty_folder / f"{kind}.toml").is_file()


def test_a_kind_of_file_that_is_none_is_refused(cellsim_command, in_an_empty_folder):
    code, _, err = cellsim_command("new", "sketch", "mine.toml")
    assert code == 2 and "found sketch mine.toml" in err and "scenario, fit, study" in err
    assert not list(in_an_empty_folder.iterdir())


def test_files_are_checked_without_being_run_and_all_that_is_wrong_is_told(cellsim_command, in_an_empty_folder):
    (in_an_empty_folder / "bad.toml").write_text('[cell]\nname = "Chen202"\n[protocol]\nsteps = ["Discharge at 1X"]\n')
    (in_an_empty_folder / "bad.json").write_text("{")
    code, out, err = cellsim_command("check", "lgm50_1C", "bad.toml", "bad.json", "nowhere.toml")
    assert code == 2
    assert "lgm50_1C.toml: a scenario" in out  # what is sound is told beside what is not
    assert "'chen2020'" in err and "1X" in err and "bad.json" in err and "there is no such file" in err
    assert {file.name for file in in_an_empty_folder.iterdir()} == {"bad.toml", "bad.json"}  # nothing was run


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_shell_completes_every_command(cellsim_command, shell):
    code, out, _ = cellsim_command("completion", shell)
    assert code == 0 and all(command in out for command in COMMANDS) and "--ambient-temperature" in out


def test_a_shell_that_is_unknown_is_named_with_the_known_ones(cellsim_command):
    code, _, err = cellsim_command("completion", "bsh")
    assert code == 2 and "Did you mean 'bash'?" in err and "zsh" in err


def test_every_key_that_the_template_offers_is_a_key(in_an_empty_folder):
    offered = "\n".join(
        line.removeprefix("# ") if " = " in line else line for line in template("scenario").splitlines()
    )
    file = in_an_empty_folder / "all.toml"
    file.write_text(offered)
    scenario = load_scenario(file)
    assert scenario.max_steps == 10000 and dict(scenario.changes) == {"negative.L": 85.2e-6, "electrolyte.t_plus": 0.4}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_examples(cellsim_command, name):
    code, out, _ = cellsim_command(name, "--help")
    assert code == 0
    assert "examples:" in out and f"cellsim {name}" in out


def test_the_command_alone_shows_its_help_and_the_version_is_that_of_the_package(cellsim_command):
    code, out, _ = cellsim_command()
    assert code == 2 and all(name in out for name in COMMANDS)
    assert cellsim_command("--version")[:2] == (0, f"cellsim {cs.__version__}\n")


# ---- a terminal and a pipe


def test_a_pipe_sees_no_escape_codes_and_no_bar_and_the_exit_code_is_that_of_the_run(in_an_empty_folder):
    words = ["run", *COARSE, "--protocol", "Discharge at 1C for 1 minute", "--out", "there"]
    done = in_a_pipe(*words)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Chen2020: Discharge at 1C for 1 minute\n")
    for text in (done.stdout, done.stderr):
        assert "\x1b" not in text and "\r" not in text and "preparing" not in text
    assert {file.name for file in (in_an_empty_folder / "there").iterdir()} == FILES
    wrong = in_a_pipe("run", "nothing.toml")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr == "cellsim: 1 problem in nothing.toml:\n  there is no such file.\n"


def test_a_terminal_sees_what_is_going_on_and_an_empty_line_in_the_end(monkeypatch):
    monkeypatch.setattr("cellsim.cli.terminal.REFRESH", 0.01)
    terminal = Terminal()
    with StatusLine(terminal) as status:
        while "preparing" not in terminal.getvalue():
            pass
        status.progress(0.5, 1800.0)
        while "50 %" not in terminal.getvalue():
            pass
    assert "#" * 15 + "." * 15 in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_neither_a_pipe_nor_a_quiet_terminal_sees_a_status_line():
    for stream, quiet in ((io.StringIO(), False), (Terminal(), True)):
        with StatusLine(stream, quiet) as status:
            status.progress(0.5, 1.0)
        assert stream.getvalue() == ""


def test_colour_is_for_the_title_and_only_where_it_is_welcome():
    rows = [("stopped", "here " * 60), ("time", "1 s")]
    assert "\x1b" not in table("Title", rows, colourful=False)
    assert table("Title", rows, colourful=True).startswith("\x1b[1mTitle\x1b[0m\n")
    assert all(len(line) <= 120 for line in table("Title", rows, colourful=False).splitlines())


def test_time_that_overlapping_traces_cover_is_counted_once():
    assert covered([], 0.0, 1.0) == 0.0
    assert covered([(0.0, 2.0), (1.0, 3.0), (1.2, 1.4)], 0.0, 10.0) == 3.0
    assert covered([(5.0, 6.0), (0.0, 2.0)], 1.0, 5.5) == 1.5
