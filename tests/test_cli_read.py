"""`cellsim read`, as somebody at a terminal meets it."""

import numpy as np
import pytest

import cellsim as cs

T = 10.0 * np.arange(80)
I = np.where((T >= 100) & (T < 400), -2.0, 0.0)
V = 3.9 + 0.03 * I + np.cumsum(I) * 0.002


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def table(header="time_s,current_A,voltage_V"):
    rows = [f"{t},{i},{v!r}" for t, i, v in zip(T.tolist(), I.tolist(), V.tolist(), strict=True)]
    return "\n".join([header, *rows]) + "\n"


def test_reading_says_what_was_found_and_writes_the_record_and_its_picture(cellsim_command, in_an_empty_folder):
    (in_an_empty_folder / "cell_12.csv").write_text(table())
    code, out, err = cellsim_command("read", "cell_12.csv")
    assert (code, err) == (0, "")
    assert "Read as plain table." in out and "the voltage rises with it" in out
    assert "Discharge at 2 A" in out and "Rest for" in out
    folder = in_an_empty_folder / "out" / "cell_12"
    assert (folder / "record.png").stat().st_size > 10_000
    record = cs.read_record(folder / "record.csv")
    np.testing.assert_allclose(record.V, V, rtol=1e-11)
    np.testing.assert_allclose(record.I, -I)
    assert (
        (folder / "record.csv")
        .read_text()
        .startswith("time_s,current_A,voltage_V,temperature_K,discharge_capacity_Ah,step,cycle\n")
    )


def test_the_charge_that_is_written_is_that_of_the_current(cellsim_command, in_an_empty_folder):
    (in_an_empty_folder / "a.csv").write_text(table())
    cellsim_command("read", "a.csv", "--out", "there", "--quiet")
    rows = np.genfromtxt(in_an_empty_folder / "there" / "record.csv", delimiter=",", skip_header=1)
    assert rows[-1, 4] == pytest.approx(2.0 * 300 / 3600)


def test_quiet_prints_nothing(cellsim_command, in_an_empty_folder):
    (in_an_empty_folder / "a.csv").write_text(table())
    assert cellsim_command("read", "a.csv", "--quiet") == (0, "", "")


def test_options_win_over_what_is_found(cellsim_command, in_an_empty_folder):
    (in_an_empty_folder / "a.csv").write_text(table("a,b,c"))
    words = ("--column", "time=1", "--column", "current=b", "--column", "voltage=c", "--unit", "time=min")
    code, out, _ = cellsim_command("read", "a.csv", *words, "--current-sign", "1", "--out", "o")
    assert code == 0 and "as told" in out
    record = cs.read_record("o/record.csv", current_sign=1)
    assert record.t[-1] == pytest.approx(60 * T[-1]) and record.I.min() == -2.0


@pytest.mark.parametrize(
    ("content", "words", "message"),
    [
        (None, (), "there is no such file"),
        ("", (), "the file is empty"),
        (
            "time,voltage\n0,4.1\n1,4.0\n2,3.9\n",
            (),
            "Name it, as --column current=I; or where it was constant, give it: --current 5.0",
        ),
        (table("time_s,current_A,voltage_mV"), (), "say --unit voltage=V"),
        ("0,1,4.1\n1,1,4.0\n2,1,3.9\n", (), "as --column time=1 --column voltage=2 --column current=3"),
        (table(), ("--column", "current"), "--column current: write ROLE=NAME"),
        (table(), ("--format", "macor"), "Did you mean 'maccor'?"),
        (table(), ("--current-sign", "2"), "invalid choice"),
    ],
)
def test_a_bad_file_or_option_gives_one_message_and_exit_code_2(
    content, words, message, cellsim_command, in_an_empty_folder
):
    if content is not None:
        (in_an_empty_folder / "a.csv").write_text(content)
    code, out, err = cellsim_command("read", "a.csv", *words)
    assert (code, out) == (2, "")
    assert message in err and "Traceback" not in err
    assert not (in_an_empty_folder / "out").exists()
