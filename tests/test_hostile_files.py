"""Files that mean harm, or are none of ours: each is refused in one message, and nothing is lost or half written."""

import io
import json
import os
import pickle
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

import cellsim as cs
from cellsim import files
from cellsim.cells import bpx
from cellsim.cells.functions import UnreadableExpression, expression
from cellsim.fitting import checkpoint
from cellsim.fitting.spectra import UnreadableSpectrum, load_spectra
from cellsim.protocols import language
from cellsim.protocols.files import UnreadableProfile, profile_in
from cellsim.scenario import load_scenario
from cellsim.settings import BadInput

SCENARIO = '[cell]\nname = "Chen2020"\n'


class Harm:
    """What runs something when it is read back from a pickle."""

    def __reduce__(self):
        return (os.system, ("touch harmed",))


# ---- too large


@pytest.mark.parametrize("name", ["a.toml", "a.json", "a.yaml"])
def test_a_file_larger_than_any_that_is_meant_is_refused_before_it_is_read(name, tmp_path, cellsim_command):
    with (tmp_path / name).open("wb") as file:
        file.truncate(10 * files.MOST_TEXT)  # a hole, which takes no room on the disk
    code, _, err = cellsim_command("check", str(tmp_path / name))
    assert code == 2 and "it is larger than 20 MB" in err and "Traceback" not in err


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="a file without end is one of Unix")
def test_a_file_without_end_is_refused(tmp_path):
    (tmp_path / "a.json").symlink_to("/dev/zero")
    with pytest.raises(bpx.UnreadableBPX, match="it is larger than 20 MB"):
        cs.load_cell(tmp_path / "a.json")
    with pytest.raises(BadInput, match="it is larger than 20 MB"):
        load_scenario("/dev/zero")
    (tmp_path / "a.csv").symlink_to("/dev/zero")
    with pytest.raises(UnreadableProfile, match="there is no file"):
        profile_in(tmp_path, "a.csv")


def test_measured_data_are_read_up_to_a_bound(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MOST_DATA", 1000)
    (tmp_path / "a.csv").write_text("time_s,current_A,voltage_V\n" + "0,1,4\n" * 1000)
    with pytest.raises(cs.UnreadableRecord, match=r"it is larger than 0\.001 MB"):
        cs.read_record(tmp_path / "a.csv")


def test_a_whole_number_without_end_is_refused(tmp_path):
    for digits in (400, 5000):  # more than a float holds, and more than Python reads
        (tmp_path / "a.toml").write_text(f"{SCENARIO}[solver]\nmax_steps = {'9' * digits}\n")
        with pytest.raises(BadInput, match=r"too large|digits"):
            load_scenario(tmp_path / "a.toml")


# ---- nested too deeply


@pytest.mark.parametrize("depth", [files.DEEPEST + 1, 400, 100_000])
def test_lists_and_tables_in_each_other_are_refused(depth, tmp_path, cellsim_command):
    deep = "[" * depth + "]" * depth
    tables = '{"a":' * depth + "1" + "}" * depth
    contents = {
        "a.toml": f"{SCENARIO}[protocol]\nsteps = {deep}\n",
        "b.toml": f"{SCENARIO}[cell.set]\na = {'{a = ' * depth}1{'}' * depth}\n",
        "c.toml": f"[{'.'.join('a' * depth)}]\nb = 1\n",
        "a.json": f'{{"Header": {deep}, "Parameterisation": {{}}}}',
        "b.json": f'{{"Header": {tables}, "Parameterisation": {{}}}}',
        "a.yaml": f"Header: {deep}\nParameterisation: 1\n" if depth < 1000 else "",
    }
    for name, content in contents.items():
        (tmp_path / name).write_text(content)
        code, _, err = cellsim_command("check", str(tmp_path / name))
        assert code == 2 and "Traceback" not in err and len(err) < 1000, name
        assert "nested more than" in err or name == "a.yaml", (name, err)


def test_an_option_that_is_nested_too_deeply_is_refused(cellsim_command):
    code, _, err = cellsim_command("run", "--cell", "Chen2020", "--set", "negative.L=" + "[" * 5000 + "]" * 5000)
    assert code == 2 and "must be a number" in err and "Traceback" not in err


def test_parts_of_yaml_that_are_used_again_and_again_are_refused(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 9)}]" for k in range(1, 12)]  # 3e11 of them
    (tmp_path / "a.yaml").write_text("\n".join([*lines, "Header: *a11", "Parameterisation: *a11", ""]))
    with pytest.raises(bpx.UnreadableBPX, match="uses a part again by its name"):
        cs.load_cell(tmp_path / "a.yaml")


# ---- expressions


@pytest.mark.parametrize("text", ["9**9**9**9", "2**(3**99)", "x + 10**400", "2 ** 3000.5"])
def test_a_number_without_end_in_an_expression_is_refused_at_once(text):
    started = time.perf_counter()
    with pytest.raises(UnreadableExpression, match="too large"):
        expression(text)
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('touch harmed')",
        "x.__class__",
        "(lambda: 1)()",
        "[x for x in x]",
        "x" * 10**6,
        "+".join("x" * 999),
    ],
)
def test_an_expression_is_never_code(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnreadableExpression):
        expression(text)
    assert not list(tmp_path.iterdir())


def test_a_sum_of_many_terms_is_an_expression():
    assert float(expression(" + ".join(["0.5*x"] * 100))(2.0, 300.0)) == pytest.approx(100.0)


# ---- pickles and archives


@pytest.mark.parametrize(
    "name", ["a.csv", "a.npy", "a.npz", "a.pkl", "a.json", "a.toml", "a.xlsx", "a.parquet", "a.mpr"]
)
def test_what_a_pickle_would_run_is_not_run(name, tmp_path, monkeypatch, cellsim_command):
    monkeypatch.chdir(tmp_path)
    array, held = np.array([Harm()], dtype=object), io.BytesIO()
    (np.savez if name.endswith("z") else np.save)(held, array)
    for content in (pickle.dumps(Harm()), held.getvalue()):
        Path(name).write_bytes(content)
        for words in (("read", name), ("check", name), ("run", "--cell", name), ("run", name)):
            code, _, err = cellsim_command(*words)
            assert code == 2 and err.startswith("cellsim: ") and "Traceback" not in err, words
        with pytest.raises(checkpoint.CannotResume):
            checkpoint.load(Path(name), ["x"])
        with pytest.raises(UnreadableSpectrum):
            load_spectra(name)
    assert not Path("harmed").exists()


def bomb(path: Path, name: str = "xl/workbook.xml") -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(name, bytes(2 * 10**6))


@pytest.mark.parametrize("name", ["a.xlsx", "a.ndax", "a.npz"])
def test_an_archive_that_unpacks_to_more_than_is_meant_is_refused(name, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MOST_DATA", 10**6)
    bomb(tmp_path / name)
    assert (tmp_path / name).stat().st_size < 10_000
    with pytest.raises(OSError, match="unpacked it is larger than 1 MB"):
        files.refuse_bomb(tmp_path / name)
    with pytest.raises((cs.UnreadableRecord, checkpoint.CannotResume), match="unpacked it is larger than 1 MB"):
        checkpoint.load(tmp_path / name, []) if name.endswith(".npz") else cs.read_record(tmp_path / name)


@pytest.mark.parametrize("inside", ["../../outside", "/etc/outside"])
def test_an_archive_whose_names_lead_out_of_it_is_refused(inside, tmp_path):
    bomb(tmp_path / "a.ndax", inside)
    with pytest.raises(cs.UnreadableRecord, match="leads out of it"):
        cs.read_record(tmp_path / "a.ndax")


# ---- names


NAMES = ("../../etc/passwd", "/etc/passwd", "a\x00b", "n" * 5000)


@pytest.mark.parametrize("name", [*NAMES, "/dev/null", "/dev/zero", "."])
def test_a_name_that_is_no_profile_of_ours_is_refused(name, tmp_path):
    with pytest.raises(language.UnreadableStep):
        language.step(f"Run {name}", tmp_path)
    with pytest.raises(UnreadableProfile):
        profile_in(tmp_path, name)


@pytest.mark.parametrize("name", [*NAMES, *(f"{name}.json" for name in NAMES)])
def test_a_name_that_is_no_cell_is_refused(name, tmp_path, cellsim_command):
    (tmp_path / "a.toml").write_text(f"[cell]\nname = {json.dumps(name)}\n")
    for words in (("check", str(tmp_path / "a.toml")), ("run", "--cell", name)):
        code, _, err = cellsim_command(*words)
        assert code == 2 and err.startswith("cellsim: ") and "root:" not in err and "Traceback" not in err


@pytest.mark.parametrize("folder", ["../outside", "/tmp/outside", "link/outside", "a/../../outside", "a\x00b"])
def test_a_scenario_writes_nothing_out_of_the_folder_where_it_is_run(folder, tmp_path, monkeypatch, cellsim_command):
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "link").symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path / "here")
    Path("a.toml").write_text(f"{SCENARIO}[output]\ndir = {json.dumps(folder)}\n")
    for command in ("run", "impedance"):
        code, _, err = cellsim_command(command, "a.toml")
        assert code == 2 and "[output] dir" in err and "Traceback" not in err
    assert sorted(each.name for each in tmp_path.iterdir()) == ["here"]


def test_a_folder_that_cannot_be_written_is_refused_before_the_work(tmp_path, cellsim_command):
    (tmp_path / "file").touch()
    for folder in (str(tmp_path / "file"), "a\x00b", "n" * 5000):
        code, _, err = cellsim_command("run", "--cell", "Chen2020", "--out", folder)
        assert code == 2 and "cannot write to the folder" in err


# ---- nothing is lost, and nothing is half there


RUN = (
    "--cell",
    "Marquis2019",
    "--model",
    "SPM",
    "--mesh",
    "coarse",
    "--protocol",
    "Discharge at 1C for 10 s",
    "--quiet",
)


def test_a_second_run_into_the_same_folder_keeps_the_files_of_the_first(tmp_path, cellsim_command):
    out, seen = tmp_path / "out", []
    for number in range(3):
        assert cellsim_command("run", *RUN, "--out", str(out))[0] == 0
        seen.append({file.name: file.read_bytes() for file in out.iterdir() if file.is_file()})
        earlier = [out / f"earlier-{k + 1}" for k in range(number)]
        assert [{file.name: file.read_bytes() for file in each.iterdir()} for each in earlier] == seen[:-1]
        assert len(list(out.iterdir())) == len(seen[-1]) + number
    assert cellsim_command("run", *RUN, "--out", str(out), "--overwrite")[0] == 0
    assert not (out / "earlier-3").exists()


def test_a_link_in_the_place_of_a_file_is_moved_and_not_followed(tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("kept")
    (tmp_path / "a.csv").symlink_to(precious)
    with files.moved_into_place(tmp_path / "a.csv") as path:
        path.write_text("new")
    assert precious.read_text() == "kept" and (tmp_path / "a.csv").read_text() == "new"
    assert (tmp_path / "earlier-1" / "a.csv").is_symlink()


def test_a_file_that_fails_half_way_leaves_what_was_there_and_nothing_else(tmp_path):
    (tmp_path / "a.csv").write_text("old")
    with pytest.raises(OSError, match="no room"), files.moved_into_place(tmp_path / "a.csv") as path:
        path.write_text("half of i")
        raise OSError("no room")
    assert [each.name for each in tmp_path.iterdir()] == ["a.csv"]
    assert (tmp_path / "a.csv").read_text() == "old"


def test_a_template_is_written_whole_or_not_at_all_and_over_nothing(tmp_path, monkeypatch, cellsim_command):
    (tmp_path / "a.toml").write_text("mine")
    code, _, err = cellsim_command("new", str(tmp_path / "a.toml"))
    assert code == 2 and "left alone" in err and (tmp_path / "a.toml").read_text() == "mine"
    monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError("no links here")))
    assert cellsim_command("new", str(tmp_path / "b.toml"))[0] == 0  # on a file system without links
    assert cellsim_command("new", str(tmp_path / "b.toml"))[0] == 2
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.toml", "b.toml"]


@pytest.mark.skipif(sys.platform == "win32", reason="a signal of Unix")
def test_a_process_that_is_killed_while_it_writes_leaves_no_half_file_under_the_final_name(tmp_path):
    script = (
        "import sys, time; from pathlib import Path; from cellsim.files import moved_into_place\n"
        "with moved_into_place(Path(sys.argv[1], 'a.csv')) as path, path.open('w') as file:\n"
        "    file.write('half'); file.flush(); print('writing', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "writing\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "a.csv").exists()
