"""The scenarios that come with the program are found by name, wherever the command is started."""

from pathlib import Path

from cellsim import shipped

FOLDER = Path(__file__).parents[1] / "scenarios"


def test_every_scenario_has_its_name():
    assert {name: file.name for name, file in shipped.files().items()} == {
        f.stem: f.name for f in FOLDER.glob("*.toml")
    }


def test_an_installed_program_has_them_within_itself(tmp_path, monkeypatch):
    (tmp_path / "alone.toml").write_text('title = "Alone"\n')
    monkeypatch.setattr(shipped, "INSTALLED", tmp_path)
    assert shipped.titles() == {"alone": "Alone"}


def test_a_file_wins_over_a_scenario_of_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Path(shipped.found("lgm50_1C")).resolve() == (FOLDER / "lgm50_1C.toml").resolve()
    Path("lgm50_1C").write_text("")
    assert shipped.found("lgm50_1C") == "lgm50_1C"


def test_what_is_no_name_is_a_path():
    assert shipped.found("my/own.toml") == "my/own.toml"


def test_scenarios_are_listed_with_their_titles(cellsim_command):
    code, out, _ = cellsim_command("list", "scenarios")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == sorted(shipped.files())
    assert "Li | PEO-LiTFSI | Li at 85 degC" in out


def test_a_name_that_is_nearly_one_of_a_scenario_is_asked_about(cellsim_command):
    code, _, wrong = cellsim_command("run", "lgm50_1")
    assert code == 2
    assert "Did you mean 'lgm50_1C'?" in wrong
