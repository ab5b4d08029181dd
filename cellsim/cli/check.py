"""`cellsim check`."""

import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from cellsim import shipped
from cellsim.cells.bpx import UnreadableBPX
from cellsim.cells.load import load_cell
from cellsim.cli import BAD_INPUT, DONE
from cellsim.parameters import ImplausibleValue
from cellsim.scenario import load_scenario
from cellsim.scenario_fit import load_fit
from cellsim.scenario_study import load_study
from cellsim.settings import BadInput, settings_in


def check(names: Sequence[str]) -> int:
    """Reads files as the commands that run them do, without running, and tells of each what it is or all that is wrong
    with it; the exit code."""
    code = DONE
    for name in names:
        path = Path(shipped.found(name))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                print(f"{path}: {_kind(path)(path)}")
        except BadInput as error:
            print(f"cellsim: {error}", file=sys.stderr)
            code = BAD_INPUT
    return code


def _kind(path: Path) -> Callable[[Path], str]:
    if path.suffix.lower() == ".json":
        return _cell
    keys = {key[0] for key in settings_in(path)[0]}
    return _fit if "fit" in keys else _study if "sensitivity" in keys else _scenario


def _scenario(path: Path) -> str:
    scenario = load_scenario(path)
    return f"a scenario, '{scenario.title}'; run it with: cellsim run {path}"


def _study(path: Path) -> str:
    study = load_study(path)
    return f"a study of {study.kind} sensitivity, '{study.title}'; run it with: cellsim sensitivity {path}"


def _fit(path: Path) -> str:
    file = load_fit(path)
    rows = sum(each.length for each in file.experiments())
    counted = f"{len(file.planned)} experiments with {rows} rows, {len(file.free)} free parameters"
    return f"a fit, '{file.title}' ({counted}); run it with: cellsim fit {path}"


def _cell(path: Path) -> str:
    try:
        cell = load_cell(path)
    except (UnreadableBPX, ImplausibleValue) as error:
        raise BadInput(str(path), str(error).splitlines()) from None
    return f'a cell, {cell.name}; run it with: cellsim run --cell {path} --protocol "Discharge at 1C"'
