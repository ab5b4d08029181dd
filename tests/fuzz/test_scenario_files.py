"""Scenario files: whatever stands in one it can be run, or is refused with a message that names what was found."""

import datetime
import json
import tomllib
from pathlib import Path
from typing import Any

import fuzzing
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cellsim import shipped
from cellsim.scenario import load_scenario
from cellsim.scenario_fit import load_fit
from cellsim.scenario_study import load_study
from cellsim.settings import BadInput

TEXTS = {name: file.read_text(encoding="utf-8") for name, file in shipped.files().items()}
TREES = {name: tomllib.loads(text) for name, text in TEXTS.items()}
RUNS = [name for name, tree in TREES.items() if not {"fit", "sensitivity"} & set(tree)]
FITS = [name for name, tree in TREES.items() if "fit" in tree]
STUDIES = [name for name, tree in TREES.items() if "sensitivity" in tree]
WORDS = (*fuzzing.ODD_TEXTS, "[", "]", "[[", "{", "=", '"', '"""', "#", "\n", "[cell]", "true", "2020-01-01")
READERS = [(load_scenario, RUNS), (load_fit, FITS), (load_study, STUDIES)]


def written(value: Any) -> str:
    """A value as TOML has it."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | datetime.date() | datetime.time():
            return str(value)
        case float():
            return repr(value)
        case str():
            return json.dumps(value).replace("\x7f", "\\u007F")
        case list():
            return f"[{', '.join(map(written, value))}]"
    return "{" + ", ".join(f"{written(str(key))} = {written(part)}" for key, part in value.items()) + "}"


def as_toml(tree: dict[str, Any]) -> str:
    """A tree as TOML: a line for each key, whatever is in it."""
    return "".join(f"{written(str(key))} = {written(part)}\n" for key, part in tree.items())


def read(reader: Any, text: str, file: Path) -> None:
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        reader(file)
    except BadInput as error:
        assert str(file) in str(error) and error.lines and all(error.lines)


@pytest.mark.parametrize("name", TREES)
def test_the_shipped_files_are_read_as_they_are_written_here(name, checked, tmp_path):
    for file in shipped.files()[name].parent.glob("*.csv"):
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / "a.toml").write_text(as_toml(TREES[name]), encoding="utf-8")
    assert "; run it with: cellsim" in checked(tmp_path / "a.toml")


@pytest.mark.parametrize(("reader", "names"), READERS, ids=["run", "fit", "study"])
def test_changed_trees_are_read_or_refused(reader, names, tmp_path):
    @fuzzing.examples(200)
    @given(tree=st.one_of(*(fuzzing.changed(TREES[name]) for name in names)))
    def ask(tree: Any) -> None:
        read(reader, as_toml(tree), tmp_path / "a.toml")

    ask()


@pytest.mark.parametrize(("reader", "names"), READERS, ids=["run", "fit", "study"])
def test_changed_texts_are_read_or_refused(reader, names, tmp_path):
    @fuzzing.examples(150)
    @given(text=st.one_of(*(fuzzing.edited(TEXTS[name], WORDS) for name in names)))
    def ask(text: str) -> None:
        read(reader, text, tmp_path / "a.toml")

    ask()


@fuzzing.examples(60)
@given(tree=st.one_of(*(fuzzing.changed(tree) for tree in TREES.values())))
@example(tree={"cell": {"name": "a\x00b.json"}})
@example(tree={"cell": {"name": "Chen2020"}, "output": {"dir": "a\x00b"}})
def test_the_command_line_says_what_is_wrong_and_ends(tree, checked, tmp_path):
    (tmp_path / "a.toml").write_bytes(as_toml(tree).encode("utf-8", "surrogatepass"))
    checked(tmp_path / "a.toml")
