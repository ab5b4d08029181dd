"""The notebooks run from top to bottom, and hold what such a run prints and draws."""

import importlib.util
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LARGEST = 1_000_000  # bytes

nbformat = pytest.importorskip("nbformat", reason="needs nbformat; install the extra `dev`")
nbclient = pytest.importorskip("nbclient", reason="needs nbclient; install the extra `dev`")


@pytest.fixture(scope="module")
def store():
    """The module that runs them."""
    spec = importlib.util.spec_from_file_location("store", Path(__file__).parent / "store.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def kinds(cell):
    """What sort of things a cell shows, in order, each once in a row."""
    found = [sorted(each.get("data", {each.get("name"): None})) for each in cell.get("outputs", ())]
    return [each for k, each in enumerate(found) if k == 0 or each != found[k - 1]]


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom_and_shows_what_is_kept_in_it(path, store):
    kept, found = nbformat.read(path, as_version=4), store.run(path)
    for old, new in zip(kept.cells, found.cells, strict=True):
        assert kinds(old) == kinds(new), f"what is kept is old; run `make notebooks`\n{new.source}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_is_kept_in_a_notebook_is_small_and_tells_nothing_of_the_machine(path):
    assert path.stat().st_size < LARGEST
    notebook = nbformat.read(path, as_version=4)
    shown = [str(each) for cell in notebook.cells for each in cell.get("outputs", ())]
    assert any("image/png" in each for each in shown), "it draws nothing"
    for each in shown:
        assert not re.search(r"/home/|/tmp/|/work/|/Users/|Traceback", each)
        assert "'name': 'stderr'" not in each
