"""Runs the notebooks and keeps what they print and draw in them: `make notebooks`, or with names as arguments."""

import sys
import time
from pathlib import Path

import nbclient
import nbformat

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
SECONDS = 900  # for one cell of a notebook on a slow machine, everything to be compiled


def run(path: Path) -> nbformat.NotebookNode:
    """The notebook after a run from top to bottom, with nothing in it of the machine or of the moment."""
    notebook = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": str(FOLDER)}}
    nbclient.NotebookClient(notebook, timeout=SECONDS, kernel_name="python3", resources=where).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":  # warnings name the files that they come from
            cell.outputs = [each for each in cell.outputs if each.get("name") != "stderr"]
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return notebook


def main() -> int:
    names = sys.argv[1:]
    for path in sorted(FOLDER.glob("*.ipynb")):
        if names and path.stem not in names:
            continue
        begun = time.perf_counter()
        nbformat.write(run(path), path)
        print(f"{path.name}  {time.perf_counter() - begun:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
