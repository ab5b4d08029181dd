"""Statistical studies that take minutes: `make studies`.

Every file here named `study_*.py` is one, with a function `study()` that returns rows; the first line of its docstring
is its title. Prints a table of what was found and what is asked, and fails when something asked is not met. With
`--out FILE` it is written as Markdown as well.
"""

import argparse
import importlib.util
import platform
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cellsim  # noqa: F401  # first: it settles how JAX and equinox work, whatever a study imports

HERE = Path(__file__).parent


ABOUT = """# Verification

What was found and what is asked, a table a study, by cellsim {cellsim} with JAX {jax} and Python {python}. This file is
written by `make verification`; the references that it compares with are solutions by other programs on refined meshes,
beside the repository."""


def section(name: str, about: str, rows: Sequence[Any]) -> list[str]:
    """A study as Markdown."""
    title, _, rest = about.strip().partition("\n")
    lines = ["", f"## {title.rstrip('.')}", "", *([" ".join(rest.split()), ""] if rest.strip() else [])]
    lines += [f"`make studies STUDY={name}`", "", "| case | found | asked | |", "|---|---|---|---|"]
    return [*lines, *(f"| {r.what} | {r.found} | {r.asked} | {'met' if r.is_met else 'not met'} |" for r in rows)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="studies to run, without 'study_'; all when none is named")
    parser.add_argument("--out", type=Path, help="a Markdown file for the tables")
    options = parser.parse_args()
    wanted = options.names
    sys.path.insert(0, str(HERE))
    files = [
        file for file in sorted(HERE.glob("study_*.py")) if not wanted or file.stem.removeprefix("study_") in wanted
    ]
    if not files:
        print(f"there is no study called {', '.join(wanted)}", file=sys.stderr)
        return 2
    met = True
    report = [ABOUT.format(cellsim=version("cellsim"), jax=version("jax"), python=platform.python_version())]
    for file in files:
        spec = importlib.util.spec_from_file_location(file.stem, file)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        print(f"\n{module.__doc__.splitlines()[0]}", flush=True)
        start = time.perf_counter()
        rows = module.study()
        width = max(len(row.what) for row in rows)
        for row in rows:
            print(f"  {'ok ' if row.is_met else 'NOT'}  {row.what:{width}}  {row.found:>9}   asked: {row.asked}")
        print(f"  {len(rows)} rows in {time.perf_counter() - start:.0f} s", flush=True)
        report += section(file.stem.removeprefix("study_"), module.__doc__, rows)
        if options.out is not None:
            options.out.parent.mkdir(parents=True, exist_ok=True)
            options.out.write_text("\n".join(report) + "\n")
        met = met and all(row.is_met for row in rows)
    print("\nall met" if met else "\nNOT ALL MET")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
