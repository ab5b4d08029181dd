"""What is said of the package in files besides its own code agrees with it."""

import re
import tomllib
from pathlib import Path

import yaml

import cellsim

ROOT = Path(__file__).parents[2]
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_citation_file_has_what_the_format_asks_for():
    assert CITATION["cff-version"] == "1.2.0"
    for wanted in ("message", "title", "authors"):
        assert CITATION[wanted], wanted
    for reference in CITATION["references"]:
        assert {"type", "title", "authors"} <= set(reference)
        assert re.fullmatch(r"10\.\d{4,9}/\S+", reference["doi"])


def test_the_citation_file_is_of_this_version_and_licence():
    assert CITATION["version"] == cellsim.__version__
    assert CITATION["license"] == PROJECT["project"]["license"]


def test_the_version_stands_in_one_place():
    assert "version" in PROJECT["project"]["dynamic"]
    assert PROJECT["tool"]["hatch"]["version"]["path"] == "cellsim/__init__.py"


def test_every_extra_that_make_installs_is_locked():
    locked = (ROOT / "constraints.txt").read_text(encoding="utf-8").lower().replace("_", "-")
    for extra in ("dev", "docs", "release", "bench"):
        for requirement in PROJECT["project"]["optional-dependencies"][extra]:
            name = re.split(r"[\[<>=]", requirement)[0].lower()
            assert f"\n{name}==" in locked, f"{name}, of the extra '{extra}', is not in constraints.txt"
