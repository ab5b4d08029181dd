"""Each layer of the package knows only those below its own: data flows one way."""

import ast
from collections.abc import Iterator
from pathlib import Path

import cellsim

PACKAGE = Path(cellsim.__file__).parent
# From the ground up. A part may import parts of its own row and of the rows before it.
ROWS = (
    (
        "constants",
        "files",
        "limits",
        "compilation",
        "programs",
        "parameters",
        "registry",
        "statistics",
        "laws",
        "constraints",
        "splines",
        "networks",
        "polylines",
    ),
    ("electrolyte",),
    ("electrode",),
    ("discretisation",),
    ("cells",),
    ("models",),
    ("solvers",),
    ("simulation", "protocols"),
    ("fitting",),
    ("ensemble",),
    ("sensitivity",),
    ("citations", "plotting", "output", "fit_output", "study_output", "resume"),
    (
        "hints",
        "shipped",
        "settings",
        "entries",
        "scenario_parts",
        "scenario_metal",
        "scenario_slab",
        "scenario_models",
        "scenario",
        "scenario_fit_free",
        "scenario_fit_sources",
        "scenario_fit_data",
        "scenario_fit",
        "scenario_study",
    ),
    ("cli", "__main__", "__init__"),
)
# A convenience that is imported when it is called: solutions and spectra draw themselves.
ALLOWED = {
    ("simulation/solution.py", "plotting"),
    ("simulation/spectrum.py", "plotting"),
    ("sensitivity/local.py", "plotting"),
}
# The discretisation serves any model, so it speaks of none of these.
NO_BATTERY_WORDS = ("battery", "electrolyte", "electrode", "separator", "lithium", "voltage")


def row_of(part: str) -> int:
    found = [k for k, parts in enumerate(ROWS) if part in parts]
    assert found, f"'{part}' is in no row of this test: say where it belongs"
    return found[0]


def imports_in(file: Path) -> Iterator[tuple[int, str]]:
    """Line and part for every import of the package in a file, wherever in the file it stands."""
    for node in ast.walk(ast.parse(file.read_text(), str(file))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: relative import"
            whole = node.module or ""
            names = [f"{whole}.{alias.name}" for alias in node.names] if whole == "cellsim" else [whole]
        else:
            continue
        for name in names:
            if name.split(".")[0] == "cellsim":
                part = name.split(".")[1] if "." in name else "__init__"
                known = (PACKAGE / part).is_dir() or (PACKAGE / f"{part}.py").is_file()
                yield node.lineno, part if known else "__init__"


def test_every_part_imports_only_from_its_own_row_and_those_below():
    wrong = []
    for file in sorted(PACKAGE.rglob("*.py")):
        inside = file.relative_to(PACKAGE)
        part = inside.parts[0].removesuffix(".py")
        for line, imported in imports_in(file):
            if row_of(imported) > row_of(part) and (inside.as_posix(), imported) not in ALLOWED:
                wrong.append(f"cellsim/{inside.as_posix()}:{line}: '{part}' must not know '{imported}'")
    assert not wrong, "\n".join(wrong)


def test_every_row_of_this_test_exists():
    for part in (part for row in ROWS for part in row):
        assert (PACKAGE / part).is_dir() or (PACKAGE / f"{part}.py").is_file(), part


def test_heavy_libraries_are_imported_only_where_they_are_used():
    for file in sorted(PACKAGE.rglob("*.py")):
        if "plotting" in file.parts:
            continue
        for node in ast.parse(file.read_text()).body:  # at the top of the file only
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name.split(".")[0] not in ("matplotlib", "xarray"), f"{file}:{node.lineno}: {name}"


def test_the_discretisation_knows_no_battery_word():
    for file in sorted((PACKAGE / "discretisation").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [getattr(node, field, "") for field in ("id", "attr", "arg", "name")]
            for word in NO_BATTERY_WORDS:
                named = any(word in name.lower() for name in names if isinstance(name, str))
                assert not named, f"{file}:{getattr(node, 'lineno', 0)}: '{word}'"
