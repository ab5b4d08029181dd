"""`cellsim sensitivity`: a study from a file to its tables and pictures, and what is said of one that is none."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from cellsim.parameters import UnknownPath
from cellsim.scenario_study import Study, load_study
from cellsim.settings import BadInput

pytestmark = pytest.mark.xdist_group("ensemble")
FOLDER = Path(__file__).parents[1] / "scenarios"
PNG = b"\x89PNG"
HEAD = """
title = "a study"
[cell]
name = "Chen2020"
[model]
name = "SPM"
mesh = "coarse"
[protocol]
steps = ["Discharge at 2C until 2.5 V"]
[sensitivity]
outputs = ["capacity", "energy"]
curve_until = 1500
curve_points = 5
"""
LOCAL = HEAD.split("curve_until")[0]
INPUTS = """
[sensitivity.inputs]
"negative.L" = [8e-5, 9e-5]
"positive.particle.D_s.scale" = { lognormal = [1.0, 1.3] }
soc = [0.9, 1.0]
"""


@pytest.fixture
def study(tmp_path, cellsim_command):
    def run(*lines, inputs=INPUTS, head=HEAD):
        file = tmp_path / "study.toml"
        file.write_text("\n".join([head.lstrip(), *lines, inputs]))
        return cellsim_command("sensitivity", str(file), "--out", str(tmp_path / "out")), tmp_path / "out"

    return run


def table(file):
    with file.open(newline="") as opened:
        return list(csv.DictReader(opened))


def test_a_study_by_sobol_writes_shares_with_intervals(study):
    (code, out, err), folder = study('kind = "sobol"', "samples = 16")
    assert code == 0, err
    rows = table(folder / "sensitivity.csv")
    assert {row["output"] for row in rows} == {"capacity", "energy"} and len(rows) == 6
    assert all(float(row["total_low"]) <= float(row["total"]) <= float(row["total_high"]) for row in rows)
    told = json.loads((folder / "sensitivity.json").read_text())
    assert told["kind"] == "sobol" and told["runs"] == 16 * 5 and told["lost"] == 0
    along = table(folder / "sensitivity_voltage.csv")
    assert [float(row["time_s"]) for row in along] == [0.0, 375.0, 750.0, 1125.0, 1500.0]
    assert "total_soc" in along[0]
    for picture in ("sensitivity.png", "sensitivity_voltage.png"):
        assert (folder / picture).read_bytes().startswith(PNG)
    assert "soc" in out and "80 runs" in out


def test_a_study_by_morris_ranks_the_inputs(study):
    (code, out, err), folder = study('kind = "morris"', "samples = 4")
    assert code == 0, err
    rows = table(folder / "sensitivity.csv")
    sizes = [float(row["mu_star"]) for row in rows if row["output"] == "capacity"]
    assert sizes == sorted(sizes, reverse=True) and len(sizes) == 3
    assert float(next(row for row in rows if row["parameter"] == "soc")["mu"]) > 0, "a fuller cell gives more"
    assert (folder / "sensitivity.png").read_bytes().startswith(PNG)


def test_tolerances_make_bands(study):
    lines = (
        'kind = "monte-carlo"',
        "samples = 24",
        'correlations = [["negative.L", "soc", 0.5]]',
    )
    (code, out, err), folder = study(*lines)
    assert code == 0, err
    (capacity, energy) = table(folder / "sensitivity.csv")
    assert float(capacity["quantile_2.5"]) < float(capacity["mean"]) < float(capacity["quantile_97.5"])
    along = table(folder / "sensitivity_voltage.csv")
    assert len(along) == 5 and float(along[0]["quantile_2.5_V"]) < float(along[0]["quantile_97.5_V"])
    assert "+-" in out


def test_a_local_study_ranks_derivatives(study):
    lines = ('kind = "local"', 'parameters = ["negative.L", "positive.particle.R_p"]')
    (code, out, err), folder = study(*lines, inputs="", head=LOCAL)
    assert code == 0, err
    rows = table(folder / "sensitivity.csv")
    assert {row["parameter"] for row in rows} == {"negative.L", "positive.particle.R_p"} and len(rows) == 4
    for row in rows:
        assert float(row["scaled"]) == pytest.approx(float(row["slope"]) * float(row["value"]), rel=1e-6)
    ranked = [row["rms_V"] for row in json.loads((folder / "sensitivity.json").read_text())["voltage"]]
    assert ranked == sorted(ranked, reverse=True) and len(ranked) == 2
    assert (folder / "sensitivity.png").read_bytes().startswith(PNG)


def test_a_local_study_knows_factors_and_the_state_of_charge(study):
    lines = ('kind = "local"', 'parameters = ["electrolyte.kappa.scale", "soc"]')
    (code, out, err), folder = study(*lines, inputs="", head=LOCAL)
    assert code == 0, err
    rows = table(folder / "sensitivity.csv")
    assert {(row["parameter"], row["value"]) for row in rows} == {("electrolyte.kappa.scale", "1"), ("soc", "1")}
    assert all(float(row["scaled"]) > 0 for row in rows if row["parameter"] == "soc"), "a fuller cell gives more"


def test_a_path_that_only_the_run_misses_is_one_sentence(study, monkeypatch):
    def run(self, progress=None):
        raise UnknownPath("unknown parameter 'x'")

    monkeypatch.setattr(Study, "run", run)
    (code, _, err), _ = study('kind = "morris"')
    assert code == 2 and "unknown parameter 'x'" in err and "Traceback" not in err


WRONG = """
kind = "sobel"
samples = 100
sampling = "random"
parameters = ["negative.L"]
outputs = ["capazity"]
correlations = [["negative.L", "positive.l", 0.5], ["negative.L", "negative.L"]]
[sensitivity.inputs]
"negative.l" = [8e-5, 9e-5]
"positive.L" = [75, 80]
"electrolyte.kappa" = [1.0, 1.2]
"separator.L" = [2e-5, 1e-5]
"electrolyte.t_plus" = { normal = 0.3 }
"""


def test_all_that_is_wrong_is_said_at_once(study):
    (code, out, err), folder = study(
        inputs=WRONG.replace('kind = "sobel"', 'kind = "sobol"').replace('outputs = ["capazity"]', "")
    )
    assert code == 2 and not folder.exists() and "Traceback" not in err
    for said in (
        "must be a power of two",
        'is for kind = "local"',
        'is for kind = "monte-carlo"',
        "Did you mean 'L'",
        "75 m is implausible; expected",
        "Given in um?",
        "'electrolyte.kappa.scale' is a factor on all of it",
        "the bounds 2e-05 and 1e-05 leave no room",
        "must be [low, high], or one of",
    ):
        assert said in err, (said, err)


def test_a_local_study_refuses_what_only_others_read(study, tmp_path, cellsim_command):
    others = ("samples = 8", "seed = 1", "cores = 1", 'sampling = "random"')
    (code, _, err), folder = study('kind = "local"', 'parameters = ["area"]', *others)
    assert code == 2 and not folder.exists() and "1 problem in" in err
    said = (
        "[sensitivity] samples, sampling, seed, curve_until, curve_points, cores and [sensitivity.inputs]: not for kind"
    )
    assert said in err and "choose another kind: morris, sobol, monte-carlo" in err
    (code, _, err), _ = study(inputs='parameters = ["area"]\nseed = 0', head=LOCAL)
    assert code == 2 and '[sensitivity] seed: not for kind = "local", the default' in err
    code, out, _ = cellsim_command("check", str(tmp_path / "study.toml"))
    assert code == 2 and not out
    code, _, _ = cellsim_command("new", "study", str(tmp_path / "new.toml"))
    code, out, _ = cellsim_command("check", str(tmp_path / "new.toml"))
    assert code == 0 and "a study of morris sensitivity" in out
    (code, _, err), _ = study('kind = "sobel"')
    assert code == 2 and "choose another kind" not in err, "nobody knows what was meant"


def test_unknown_kinds_outputs_and_tables_get_suggestions(study, tmp_path, cellsim_command):
    (code, _, err), _ = study('kind = "sobel"')
    assert code == 2 and "Did you mean 'sobol'?" in err
    file = tmp_path / "other.toml"
    file.write_text(HEAD.replace('"energy"', '"enregy"'))
    code, _, err = cellsim_command("sensitivity", str(file))
    assert code == 2 and "Did you mean 'energy'?" in err and "needs parameters" in err
    file.write_text(HEAD.split("[sensitivity]")[0])
    code, _, err = cellsim_command("sensitivity", str(file))
    assert code == 2 and "there is no table [sensitivity]" in err
    file.write_text(HEAD)
    code, _, err = cellsim_command("run", str(file))
    assert code == 2 and "for `cellsim sensitivity" in err


@pytest.mark.parametrize("file", sorted(FOLDER.glob("study_*.toml")), ids=lambda file: file.stem)
def test_the_studies_that_are_shipped_can_begin(file):
    study = load_study(file)
    assert study.title and len(study.scenario.description) > 80
    assert file.read_text().startswith("# ") and f"cellsim sensitivity scenarios/{file.name}" in file.read_text()
    assert study.times is not None and np.all(np.diff(study.times) > 0)


def test_a_study_whose_correlations_cannot_be_is_refused(tmp_path):
    file = tmp_path / "study.toml"
    D = "positive.particle.D_s.scale"
    rows = f'[["negative.L", "soc", 0.9], ["negative.L", "{D}", 0.9], ["soc", "{D}", -0.9]]'
    file.write_text(HEAD + f'kind = "monte-carlo"\ncorrelations = {rows}\n{INPUTS}')
    with pytest.raises(BadInput, match="eigenvalue"):
        load_study(file)
