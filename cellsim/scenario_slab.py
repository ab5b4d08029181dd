"""A slab from the table [slab] of a scenario. Concentrations are given ion by ion, {"Na+" = 150, "Cl-" = 150}."""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from cellsim.constants import T_ROOM
from cellsim.electrolyte import aqueous
from cellsim.electrolyte.donnan import equilibrium
from cellsim.electrolyte.electrolyte import Salt
from cellsim.electrolyte.mobilities import AbstractMobility, IndependentIons, OfElectrolyte
from cellsim.entries import Entries, built, entries_of, quantities
from cellsim.models.slab import Ion, Slab, SlabMesh
from cellsim.models.slab_parts import AbstractEnd, Bath, Closed, Electrode, Layer
from cellsim.parameters import Quantity, as_float_array
from cellsim.scenario_metal import named_electrolyte
from cellsim.settings import Reading, shown

ENDS = ("bath", "electrode", "closed")
DIFFUSIVITY = Quantity("m2/s", 1e-18, 1e-7, "diffusivity of the ion")


def slab_from(read: Reading) -> Slab | None:
    """The slab that the table [slab] describes."""
    table = entries_of(read, "slab")
    ions, D = _ions(table)
    mobility = _mobility(table, ions, D)
    ends = {side: _end(table, side, ions) for side in ("left", "right")}
    layers = tuple(_layer(each, ions, ends) for each in table.tables("layers"))
    cells = table.take("cells", (int, list), "a whole number, or one for each layer", 20)
    cells = cells if isinstance(cells, list) else [cells]
    if not all(isinstance(n, int) and n > 1 for n in cells):
        read.problems.append(f"[slab] cells must be whole numbers above one, found {cells}.")
    grading = table.take("grading", (int, float), "a number from 0 to 1", 0.0)
    mesh = SlabMesh(tuple(cells), float(grading))
    parts: dict[str, Any] = dict(ions=ions, mobility=mobility, layers=layers, mesh=mesh, **ends)
    reference = table.take("reference", str, "the name of an ion")
    try:
        return built(Slab, table, **parts, reference=reference, name=table.text("name", "slab"))
    except ValueError as error:
        read.problems.append(f"[slab] {error}")
        return None


def _ions(table: Entries) -> tuple[tuple[Ion, ...], list[Any]]:
    """The ions, and their diffusivities; those of an ion in water need not be given."""
    ions: list[Ion] = []
    D: list[Any] = []
    for each in table.tables("ions"):
        each.only(["name", "z", "D"])
        name = each.text("name", "")
        if not name:
            each.problems.append(f'{each.place} needs a name, such as "Na+".')
        known = aqueous.ion(name) if name in aqueous.IONS else None
        z = each.take("z", int, "a whole number", None if known is None else known.z)
        if z is None and "z" not in each.content:
            each.problems.append(
                f"{each.place} needs z, the charge number of {name}, which is none of `cellsim list ions`."
            )
        ions.append(Ion(name, z or 0))
        D.append(float(known.D) if known is not None and "D" not in each.content else each.number("D", DIFFUSIVITY))
    return tuple(ions), D


def _mobility(table: Entries, ions: tuple[Ion, ...], D: list[Any]) -> AbstractMobility | None:
    """That of ions on their own, or of the two ions of a published electrolyte."""
    name = table.text("electrolyte", "")
    if not name:
        return None if table.problems else IndependentIons(as_float_array(D))
    electrolyte = named_electrolyte(name, "[slab] electrolyte", table.problems)
    salt: Salt | None = None if electrolyte is None else electrolyte.salt
    if salt is not None and [ion.z for ion in ions] != [salt.z_plus, salt.z_minus]:
        table.problems.append(
            f"[slab] electrolyte {name} is of a cation of charge {salt.z_plus} and an anion of charge {salt.z_minus}; "
            f"[[slab.ions]] must be these two in this order, found {', '.join(f'{i.name} ({i.z:+d})' for i in ions)}."
        )
    return None if electrolyte is None else OfElectrolyte(electrolyte)


def _by_ion(table: Entries, key: str, ions: tuple[Ion, ...], wanted: str) -> list[float] | None:
    """Numbers by the names of ions, as a list in the order of the ions; zero where an ion is not named."""
    given = table.take(key, Mapping, f'{wanted} by ion, such as {{"Na+" = 150}}')
    if given is None:
        if key not in table.content:
            table.problems.append(f'{table.place} needs {key}: {wanted} by ion, such as {{"Na+" = 150}}.')
        return None
    inner = Entries(given, f"{table.place} {key}", table.problems)
    inner.only([ion.name for ion in ions])
    return [float(inner.take(ion.name, (int, float), "a number", 0.0)) for ion in ions]


def _end(table: Entries, side: str, ions: tuple[Ion, ...]) -> AbstractEnd | None:
    end = table.table(side)
    if end is None:
        if side not in table.content:
            table.problems.append(f"[slab] needs [slab.{side}] with a kind: {', '.join(ENDS)}.")
        return None
    kind = end.chosen("kind", "bath", ENDS)
    end.only(["kind", *{"bath": ["c"], "electrode": ["share"], "closed": []}[kind]])
    if kind == "closed":
        return Closed()
    key = "c" if kind == "bath" else "share"
    numbers = _by_ion(end, key, ions, "mol/m3" if kind == "bath" else "the share of the current")
    return (
        None
        if numbers is None
        else Bath(as_float_array(numbers))
        if kind == "bath"
        else Electrode(as_float_array(numbers))
    )


def _layer(table: Entries, ions: tuple[Ion, ...], ends: dict[str, Any]) -> Layer | None:
    """A layer; its solution may be said to be in equilibrium with a bath, by the name of that side."""
    table.only([*quantities(Layer), "name"])
    parts: dict[str, Any] = {"name": table.text("name", "solution")}
    if isinstance(table.content.get("factor"), Mapping):
        parts["factor"] = _by_ion(table, "factor", ions, "effective over free mobility")
    c0 = table.content.get("c0")
    if not isinstance(c0, str):
        parts["c0"] = _by_ion(table, "c0", ions, "mol/m3")
    elif isinstance(ends.get(c0), Bath):
        fixed = table.take("fixed_charge", (int, float), "a number in mol/m3", 0.0)
        z = np.array([ion.z for ion in ions], dtype=float)
        beside = equilibrium(ends[c0].c, z, jnp.asarray(float(fixed)), jnp.asarray(T_ROOM))
        parts["c0"] = np.asarray(beside.c) if not table.problems else None
    else:
        table.problems.append(
            f"{table.place} c0 must be mol/m3 by ion, or the side of a bath that it is in equilibrium with (left, "
            f"right), found {shown(c0)}."
        )
    return built(Layer, table, **parts)
