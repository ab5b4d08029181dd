"""A run that was interrupted goes on to the same result."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import cellsim as cs
from cellsim import resume

CYCLES = 12
SCENARIO = f"""
title = "Short cycles"
[cell]
name = "Chen2020"
[model]
mesh = "coarse"
[protocol]
steps = ["Discharge at C/2 for 4 minutes", "Charge at C/4 until 4.1 V or for 5 minutes", "Rest for 1 minute"]
cycles = {CYCLES}
[output]
dir = "there"
"""
# all fields of two cycles are kept, so that most of them are thinned as in a long run
KEPT = 2


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """A long run in small."""
    monkeypatch.setattr("cellsim.output._figures", lambda solution, title: iter(()))
    for place in ("cellsim.resume.default_keep", "cellsim.protocols.several.default_keep"):
        monkeypatch.setattr(place, lambda protocol: KEPT)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with the scenario, in which commands are given."""
    there = tmp_path / "work"
    there.mkdir()
    (there / "short.toml").write_text(SCENARIO)
    monkeypatch.chdir(there)
    return there


@pytest.fixture
def interrupted(folder, cellsim_command, monkeypatch):
    """A run that somebody interrupts as its fifth cycle ends; the folder, and what was said."""
    record = resume.Record.__call__

    def impatient(self, number, solution):
        if number == 5:
            raise KeyboardInterrupt
        record(self, number, solution)

    with monkeypatch.context() as patched:
        patched.setattr(resume.Record, "__call__", impatient)
        code, out, err = cellsim_command("run", "short.toml")
    assert (code, out) == (130, "")
    return folder / "there", err


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The files of the run that nobody interrupts."""
    from cellsim.cli import main

    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("cellsim.output._figures", lambda solution, title: iter(()))
        for place in ("cellsim.resume.default_keep", "cellsim.protocols.several.default_keep"):
            patched.setattr(place, lambda protocol: KEPT)
        patched.chdir(folder)
        (folder / "short.toml").write_text(SCENARIO)
        assert main(["run", "short.toml"]) == 0
    return folder / "there"


def told(directory):
    summary = json.loads((directory / "summary.json").read_text())
    return {key: value for key, value in summary.items() if key != "wall_seconds"}


def is_the_same(directory, whole):
    """Whether the files are those of the run that nobody interrupted, and nothing else is left."""
    assert (directory / "timeseries.csv").read_bytes() == (whole / "timeseries.csv").read_bytes()
    assert told(directory) == told(whole)
    return sorted(each.name for each in directory.iterdir()) == sorted(each.name for each in whole.iterdir())


def test_a_run_whose_process_is_killed_goes_on_to_the_same_result(folder, whole, cellsim_command, monkeypatch):
    paths = [str(Path(cs.__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    command = [sys.executable, "-m", "cellsim", "run", "short.toml"]
    killed = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    fourth = folder / "there" / ".resume" / "cycle_00004.npz"
    since = time.monotonic()
    while not fourth.exists() and killed.poll() is None and time.monotonic() - since < 120:
        time.sleep(0.01)
    killed.kill()
    killed.wait()
    assert fourth.exists()
    assert not (folder / "there" / "summary.json").exists()
    monkeypatch.chdir(folder.parent)  # from wherever, and wherever the folder of the run was moved to
    (folder / "there").rename(folder / "elsewhere")
    code, out, err = cellsim_command("run", "--resume", "work/elsewhere")
    assert (code, err) == (0, "")
    assert "Short cycles" in out
    assert is_the_same(folder / "elsewhere", whole)


def test_an_interrupt_says_how_to_go_on_and_so_it_does(interrupted, whole, cellsim_command):
    directory, said = interrupted
    assert said == (
        f"cellsim: interrupted; 4 of {CYCLES} cycles are kept. To go on: cellsim run --resume {directory.name}\n"
    )
    assert cellsim_command("run", "--resume", "there", "--quiet") == (0, "", "")
    assert is_the_same(directory, whole)


def test_only_the_cycles_that_are_kept_take_room(interrupted):
    sizes = [(interrupted[0] / ".resume" / f"cycle_{k:05d}.npz").stat().st_size for k in (1, 2, 3, 4)]
    assert max(sizes[1:3]) < 0.2 * min(sizes[0], sizes[3])  # the first and the latest with all fields


@pytest.mark.parametrize("file", ["cycle_00004.npz", "timeseries.csv"])
def test_the_last_good_cycle_counts_where_a_file_is_damaged(interrupted, whole, cellsim_command, file):
    directory, _ = interrupted
    path = directory / ".resume" / file
    content = bytearray(path.read_bytes())
    place = len(content) - (5 if file.endswith("csv") else len(content) // 2)
    content[place] ^= 1
    path.write_bytes(content)
    code, _, err = cellsim_command("run", "--resume", "there")
    assert code == 0
    assert err.startswith("cellsim: what is kept in there is damaged (") and file in err
    assert "the run went on after cycle 3." in err
    assert is_the_same(directory, whole)


def test_a_run_starts_anew_where_its_first_cycle_is_damaged(interrupted, whole, cellsim_command):
    (interrupted[0] / ".resume" / "cycle_00001.npz").write_bytes(b"nothing")
    code, _, err = cellsim_command("run", "--resume", "there")
    assert code == 0 and "the run went on from the start." in err
    assert is_the_same(interrupted[0], whole)


def test_a_run_that_is_given_anew_drops_what_was_interrupted_and_says_so(interrupted, whole, cellsim_command):
    code, _, err = cellsim_command("run", "short.toml")
    assert code == 0
    assert err == "cellsim: an unfinished run in there (4 cycles of it) is dropped.\n"
    assert is_the_same(interrupted[0], whole)


def refusal(cellsim_command, *words):
    code, out, err = cellsim_command("run", *words)
    assert (code, out) == (2, "")
    assert "Traceback" not in err
    return " ".join(err.split())


def test_a_scenario_that_has_changed_is_refused(interrupted, cellsim_command):
    scenario = interrupted[0].parent / "short.toml"
    scenario.write_text(SCENARIO.replace("C/2", "C/3"))
    said = refusal(cellsim_command, "--resume", "there")
    assert "short.toml: it has changed since the run in there began" in said
    assert "run it anew without --resume" in said
    scenario.unlink()
    assert "short.toml: there is no such file" in refusal(cellsim_command, "--resume", "there")


def test_a_profile_that_has_changed_is_refused(folder, cellsim_command, monkeypatch):
    (folder / "drive.csv").write_text("time_s,current_A\n0,1\n10,2\n")
    words = ("run", "--cell", "Chen2020", "--mesh", "coarse", "--protocol", "Run drive.csv", "--protocol", "Rest")

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("cellsim.scenario.simulate", interrupt)
    assert cellsim_command(*words, "--out", "there")[0] == 130
    (folder / "drive.csv").write_text("time_s,current_A\n0,1\n10,3\n")
    assert "a file that the protocol runs, has changed" in refusal(cellsim_command, "--resume", "there")


def test_where_there_is_nothing_to_go_on_with_it_is_said(folder, whole, cellsim_command):
    assert "there is no folder 'nowhere'" in refusal(cellsim_command, "--resume", "nowhere")
    assert f"'{whole}' holds no run to go on with: it ended well" in refusal(cellsim_command, "--resume", str(whole))


def test_a_folder_that_is_gone_is_missed(folder, cellsim_command):
    (folder / "there" / ".resume").mkdir(parents=True)
    asked = resume.Asked([], str(folder / "gone"), "", "", "", cs.__version__)
    (folder / "there" / ".resume" / "asked.json").write_text(json.dumps(asked._asdict()))
    assert "gone, in which the run was begun, is gone" in refusal(cellsim_command, "--resume", "there")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "asked.json' is broken, so nobody knows what was run"),
        ('{"words": []}', "asked.json' is broken, so nobody knows what was run"),
        (
            json.dumps(resume.Asked([], "", "", "", "", "0.0.1")._asdict()),
            f"was begun by version 0.0.1 of cellsim, this is {cs.__version__}",
        ),
    ],
)
def test_a_run_that_nobody_knows_is_refused(folder, cellsim_command, content, said):
    (folder / "there" / ".resume").mkdir(parents=True)
    (folder / "there" / ".resume" / "asked.json").write_text(content)
    assert said in refusal(cellsim_command, "--resume", "there")


def test_what_is_run_cannot_be_said_again(folder, cellsim_command):
    said = refusal(cellsim_command, "short.toml", "--resume", "there", "--soc", "0.5", "--set", "c0=900")
    assert "leave out scenario, --set, --soc." in said


def test_an_interrupt_before_the_first_cycle_has_nothing_to_offer(folder, cellsim_command, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("cellsim.scenario.simulate", interrupt)
    code, _, err = cellsim_command("run", "short.toml")
    assert (code, err) == (130, "cellsim: interrupted; files that were complete are kept.\n")
