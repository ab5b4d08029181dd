"""Statistical studies that take minutes: `make studies`.

Every file here named `study_*.py` is one, with a function `study()` that returns rows; the first line of its docstring
is its title. Prints a table of what was found and what is asked, and fails when something asked is not met.
"""

import argparse
import importlib.util
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="studies to run, without 'study_'; all when none is named")
    wanted = parser.parse_args().names
    sys.path.insert(0, str(HERE))
    files = [
        file for file in sorted(HERE.glob("study_*.py")) if not wanted or file.stem.removeprefix("study_") in wanted
    ]
    if not files:
        print(f"there is no study called {', '.join(wanted)}", file=sys.stderr)
        return 2
    met = True
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
        met = met and all(row.is_met for row in rows)
    print("\nall met" if met else "\nNOT ALL MET")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
