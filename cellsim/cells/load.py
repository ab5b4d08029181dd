"""Cells by name, or from a file."""

from pathlib import Path
from typing import Any

from cellsim import registry
from cellsim.cells import bpx, library
from cellsim.cells.design import Cell, implausible_laws
from cellsim.cells.metal import HalfCellDesign, SymmetricDesign
from cellsim.parameters import ImplausibleValue, problems

AnyCell = Cell | HalfCellDesign | SymmetricDesign


def load_cell(name: str | Path, *, check: bool = True) -> Any:
    """The published cell called `name`, such as "Chen2020", or the cell in the BPX file of that name (.json, .yaml);
    every number of it is a differentiable leaf.

    A full cell (`Cell`, for `cs.DFN`), a half cell (`HalfCellDesign`, for `cs.HalfCell`) or a symmetric one
    (`SymmetricDesign`, for `cs.SymmetricCell`).

    Raises `cellsim.registry.UnknownName` with a suggestion, `cellsim.cells.bpx.UnreadableBPX`, and
    `cellsim.parameters.ImplausibleValue` unless `check=False`.
    """
    cell: AnyCell = bpx.load(name) if bpx.is_bpx(str(name)) else registry.module(library, str(name)).cell()
    if check:
        check_cell(cell)
    return cell


def check_cell(cell: AnyCell) -> None:
    """Raises `ImplausibleValue` with one line for every number and every law of `cell` that cannot be meant."""
    found = problems(cell) + implausible_laws(cell)
    if found:
        head = "1 parameter looks" if len(found) == 1 else f"{len(found)} parameters look"
        lines = "\n".join(f"  {line}" for line in found)
        raise ImplausibleValue(
            f"{head} implausible (wrong unit?):\n{lines}\nPass `check=False` to the loader if the value is meant."
        )
