"""Symmetric cells and half cells from the tables of a scenario."""

from collections.abc import Mapping
from typing import Any

from cellsim import registry
from cellsim.cells.design import Cell, Separator, lithium_capacity
from cellsim.cells.metal import HalfCellDesign, Metal, SymmetricDesign
from cellsim.cells.porous import Bruggeman, MacMullin, Tortuosity
from cellsim.electrode.metal import Blocking, Deposition
from cellsim.electrolyte.electrolyte import AbstractElectrolyte
from cellsim.electrolyte.load import load_electrolyte
from cellsim.entries import Entries, built, entries_of, quantities
from cellsim.parameters import Quantity
from cellsim.scenario_parts import electrolyte_from
from cellsim.settings import Given, Reading

TRANSPORT: dict[str, Any] = {"bruggeman": Bruggeman, "tortuosity": Tortuosity, "macmullin": MacMullin}
TRANSPORT_NUMBER = Quantity("-", 0.0, 1000.0, "how the pores slow transport")
KINETICS = ("deposition", "blocking")
SIDES = ("negative", "positive")


def symmetric_from(read: Reading) -> SymmetricDesign | None:
    """The symmetric cell that the table [symmetric] describes."""
    table = entries_of(read, "symmetric")
    electrolyte = _electrolyte(table)
    layers = tuple(_layer(each) for each in table.tables("layers"))
    n = 1 if electrolyte is None else electrolyte.salt.z_plus
    both = table.table("metal")
    left, right = (_metal(both if both is not None else table.table(side), n) for side in ("left", "right"))
    if both is None and (left is None or right is None) and not table.problems:
        read.problems.append("[symmetric] needs [symmetric.metal], or both of [symmetric.left] and [symmetric.right].")
    parts: dict[str, Any] = dict(left=left, right=right, layers=layers, electrolyte=electrolyte)
    return built(SymmetricDesign, table, **parts, name=table.text("name", "symmetric cell"))


def half_cell_from(read: Reading, full: Cell) -> HalfCellDesign | None:
    """One electrode of a full cell against lithium, as the table [half_cell] says."""
    table = entries_of(read, "half_cell")
    side = table.chosen("electrode", "positive", SIDES)
    working = getattr(full, side)
    lithium = table.table("lithium")
    if lithium is None and not table.problems:
        read.problems.append("[half_cell] needs [half_cell.lithium] with its exchange current density, j0_ref.")
    metal = None if lithium is None else _metal(lithium, 1)
    parts: dict[str, Any] = dict(lithium=metal, working=working, separator=full.separator, electrolyte=full.electrolyte)
    parts |= dict(area=full.area, c0=full.c0, T_ref=full.T_ref, source=full.source)
    if "capacity" not in table.content:
        parts["capacity"] = lithium_capacity(working, full.area)
    return built(HalfCellDesign, table, **parts, name=f"{full.name}, {side} electrode against lithium")


def _metal(table: Entries | None, n: int) -> Metal | None:
    if table is None:
        return None
    which = table.chosen("kinetics", KINETICS[0], KINETICS)
    known = ["kinetics", *quantities(Metal), *(quantities(Deposition) if which == "deposition" else [])]
    table.only(known)
    kinetics = Blocking() if which == "blocking" else built(Deposition, table, n=n)
    return built(Metal, table, kinetics=kinetics)


def _layer(table: Entries) -> Separator | None:
    table.only([*quantities(Separator), *TRANSPORT])
    named = [name for name in TRANSPORT if name in table.content]
    if len(named) > 1:
        table.problems.append(f"{table.place} says {' and '.join(named)}; one of them tells how pores slow transport.")
    number = table.number(named[0], TRANSPORT_NUMBER) if named else None
    parts: dict[str, Any] = {} if number is None else {"transport": TRANSPORT[named[0]](number)}
    return built(Separator, table, **parts)


def _electrolyte(table: Entries) -> AbstractElectrolyte | None:
    """By its name in the library, or made from ions."""
    asked = table.take("electrolyte", (str, Mapping), "the name of an electrolyte, or a table that describes one")
    if isinstance(asked, Mapping):
        return electrolyte_from(Given(asked, f"{table.place[:-1]}.electrolyte]"), table.problems)
    if asked is None:
        if "electrolyte" not in table.content:
            table.problems.append(f"{table.place} needs electrolyte, one of `cellsim list electrolytes`.")
        return None
    return named_electrolyte(asked, f"{table.place} electrolyte", table.problems)


def named_electrolyte(name: str, place: str, problems: list[str]) -> Any:
    """The electrolyte of the library called `name`; None, and a problem, where there is none."""
    try:
        return load_electrolyte(name)
    except registry.UnknownName as error:
        problems.append(f"{place}: {registry.plain(error, 'electrolyte')}")
        return None
