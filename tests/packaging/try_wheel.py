"""Installs the wheel of a folder into an empty environment, away from the repository, and runs a scenario there.

    python tests/packaging/try_wheel.py build/dist constraints.txt

Fails where the wheel lacks anything that a run needs: scenarios, published cells and electrolytes, or a dependency.
"""

import json
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

SCENARIO = "lgm50_1C"
FILES = ("timeseries.csv", "summary.json", "solution.nc", "voltage.png", "profiles.png", "losses.png")


def only(folder: Path, pattern: str) -> Path:
    """The one file of `folder` that `pattern` finds."""
    found = sorted(folder.glob(pattern))
    assert len(found) == 1, f"{folder} has {len(found)} files {pattern}, needed: one"
    return found[0].resolve()


def main(folder: Path, constraints: Path) -> None:
    wheel, source = only(folder, "*.whl"), only(folder, "*.tar.gz")
    version = wheel.name.split("-")[1]
    assert source.name == f"cellsim-{version}.tar.gz", f"{source.name} is not of version {version}"
    with tarfile.open(source) as archive:
        names = archive.getnames()
    for needed in ("README.md", "LICENSE", "CITATION.cff", "constraints.txt", f"scenarios/{SCENARIO}.toml"):
        assert f"cellsim-{version}/{needed}" in names, f"{source.name} lacks {needed}"

    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV", "PIP_"))}
    with tempfile.TemporaryDirectory() as place:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", "venv"], cwd=place, check=True)
        bin = Path(place, "venv", "bin")
        pip = [sys.executable, "-m", "pip", "--python", str(bin / "python"), "install", "--quiet"]
        pip += ["--disable-pip-version-check", "--constraint", str(constraints.resolve()), str(wheel)]
        subprocess.run(pip, cwd=place, check=True)

        def cellsim(*words: str) -> str:
            command = [str(bin / "cellsim"), *words]
            return subprocess.run(
                command, cwd=place, env=environment, check=True, text=True, capture_output=True
            ).stdout

        assert cellsim("--version") == f"cellsim {version}\n"
        assert SCENARIO in cellsim("list", "scenarios")
        print(cellsim("run", SCENARIO, "--out", "run"))
        for name in FILES:
            assert Path(place, "run", name).stat().st_size > 0, name
        capacity = json.loads(Path(place, "run", "summary.json").read_text())["capacity_Ah"]
        assert 4.9 < capacity < 5.1, capacity
    print(f"{wheel.name} runs {SCENARIO} in an empty environment")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
