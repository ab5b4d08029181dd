"""`cellsim impedance`, as somebody at a terminal meets it."""

import json

import numpy as np
import pytest

import cellsim as cs
from cellsim.fitting.spectra import load_spectrum

COARSE = ("--cell", "Chen2020", "--mesh", "coarse", "--model", "SPM")
FILES = {"impedance.csv", "nyquist.png", "bode.png", "summary.json"}


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def without_pictures(monkeypatch):
    """For spectra whose pictures nobody looks at."""
    for name in ("nyquist_figure", "bode_figure", "residuals_figure"):
        monkeypatch.setattr(f"cellsim.plotting.{name}", lambda *_: Blank())


class Blank:
    """A picture of nothing."""

    def savefig(self, path, format):
        path.write_bytes(b"")


def test_it_writes_its_files_and_closes_with_a_table(cellsim_command, in_an_empty_folder):
    code, out, err = cellsim_command("impedance", *COARSE, "--frequencies", "1e-3:1e3:13", "--out", "there")
    assert (code, err) == (0, "")
    there = in_an_empty_folder / "there"
    assert {file.name for file in there.iterdir()} == FILES
    table = (there / "impedance.csv").read_text().splitlines()
    assert table[0] == "frequency_Hz,z_real_Ohm,z_imag_Ohm" and len(table) == 14
    expected = cs.impedance(cs.SPM(cs.load_cell("Chen2020"), cs.Mesh.coarse()), np.geomspace(1e-3, 1e3, 13), soc=0.5)
    np.testing.assert_allclose(load_spectrum(there / "impedance.csv").Z, expected.Z, rtol=1e-8)
    told = json.loads((there / "summary.json").read_text())
    assert set(told["files"]) == FILES and told["soc"] == 0.5 and told["model"] == "SPM" and told["frequencies"] == 13
    assert told["temperature_K"] == pytest.approx(298.15)
    for said in ("state of charge 0.5, at rest at 3.75", "Ohm at 1000 Hz", "0.001 to 1000 Hz", "there: impedance.csv"):
        assert said in out
    assert "\x1b" not in out and "\r" not in out


def test_options_reach_it_and_quiet_prints_nothing(cellsim_command, in_an_empty_folder, without_pictures):
    code, out, err = cellsim_command(
        *("impedance", *COARSE, "--soc", "0.2", "--ambient-temperature", "10", "--set", "positive.C_dl=0.5"),
        *("--frequencies", "1:100:3", "--quiet"),
    )
    assert (code, out, err) == (0, "", "")
    there = in_an_empty_folder / "out" / "Chen2020_impedance"
    told = json.loads((there / "summary.json").read_text())
    assert told["soc"] == 0.2 and told["temperature_K"] == pytest.approx(283.15)
    assert told["changed_parameters"] == {"positive.C_dl": 0.5}


def test_a_measured_spectrum_is_compared_and_tested(cellsim_command, in_an_empty_folder):
    f = np.geomspace(1e-2, 1e3, 25)
    model = cs.SPM(cs.load_cell("Chen2020"), cs.Mesh.coarse())
    cs.Spectrum(f, 1.1 * cs.impedance(model, f, soc=0.5).Z).to_csv(in_an_empty_folder / "measured.csv")
    code, out, _ = cellsim_command("impedance", *COARSE, "--data", "measured.csv", "--out", "there")
    assert code == 0
    assert "9.09 % (RMS), 9.09 % at most" in out and "Kramers-Kronig  obeyed" in out
    told = json.loads((in_an_empty_folder / "there" / "summary.json").read_text())
    assert told["frequencies"] == 25 and "kramers_kronig.png" in told["files"]
    assert told["data"]["rms_relative_deviation"] == pytest.approx(0.1 / 1.1, rel=1e-6)
    assert told["data"]["kramers_kronig"]["consistent"] is True


def test_a_scenario_says_what_of_and_at_which_frequencies(cellsim_command, in_an_empty_folder, without_pictures):
    (in_an_empty_folder / "li.toml").write_text(
        '[cell]\nname = "li_peo_litfsi_li"\n[model]\nmesh = "coarse"\n[impedance]\nfrequencies = [0.01, 1.0, 100.0]\n'
    )
    code, out, _ = cellsim_command("impedance", "li.toml")
    assert code == 0 and "SymmetricCell" in out and "state of charge" not in out
    assert (in_an_empty_folder / "out" / "li" / "impedance.csv").read_text().count("\n") == 4


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "nothing to compute: give --cell NAME"),
        (("--cell", "Chen202"), "Did you mean 'chen2020'?"),
        ((*COARSE, "--frequencies", "1e3"), "--frequencies: needed is LOW:HIGH:COUNT"),
        ((*COARSE, "--frequencies", "1e3:1:5"), "0 < LOW < HIGH"),
        ((*COARSE, "--data", "none.csv"), "--data: none.csv cannot be read: No such file"),
        ((*COARSE, "--soc", "2"), "expected 0 to 1"),
        ((*COARSE, "--set", "V_max=9"), "cannot rest at its cut-off"),
    ],
)
def test_bad_input_is_one_clear_message(cellsim_command, words, said):
    code, out, err = cellsim_command("impedance", *words, *(("--no-check",) if "V_max=9" in words else ()))
    assert code == 2 and out == ""
    assert said in err and "Traceback" not in err


def test_all_that_is_wrong_is_said_at_once(cellsim_command):
    code, _, err = cellsim_command(
        "impedance", "--cell", "Chen202", "--frequencies", "x", "--data", "none.csv", "--set", "no=1"
    )
    assert code == 2 and err.startswith("cellsim: 3 problems in the command line")
