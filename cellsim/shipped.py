"""Scenarios that come with the program, by name: in the package where it is installed, in the folder beside it in its
repository."""

import tomllib
from pathlib import Path

from cellsim.files import is_file
from cellsim.hints import near_name

INSTALLED = Path(__file__).with_name("scenarios")
IN_REPOSITORY = Path(__file__).parents[1] / "scenarios"


def files() -> dict[str, Path]:
    """Every scenario by its name; none where neither folder is there."""
    folder = INSTALLED if INSTALLED.is_dir() else IN_REPOSITORY
    return {file.stem: file for file in sorted(folder.glob("*.toml"))}


def found(scenario: str) -> str:
    """The path of a scenario that was asked for: as it is, where there is such a file or no scenario of that name."""
    if is_file(scenario):
        return scenario
    return str(files().get(scenario, scenario))


def hint(scenario: str) -> str:
    """A sentence with the scenario that may have been meant by a name without a file, or nothing."""
    is_name = Path(scenario).name == scenario and not Path(scenario).suffix
    return near_name(scenario, files()) if is_name else ""


def titles() -> dict[str, str]:
    """What every scenario is about, in a line."""
    return {name: tomllib.loads(file.read_text(encoding="utf-8"))["title"] for name, file in files().items()}
