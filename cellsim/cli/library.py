"""`cellsim list`, `cellsim describe` and `cellsim cite`."""

import inspect
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from cellsim import citations, files, registry, shipped
from cellsim.cells import bpx
from cellsim.cells import library as cell_library
from cellsim.cells.balance import Lithiation, at_soc, open_circuit_voltage
from cellsim.cells.design import Cell, lithium_capacity, materials_by_path
from cellsim.cells.load import load_cell
from cellsim.cells.metal import HalfCellDesign
from cellsim.cells.notes import notes_of
from cellsim.citations import Citation
from cellsim.cli import DONE, electrolytes, metal_cells, steps
from cellsim.cli.terminal import columns
from cellsim.electrolyte import AbstractElectrolyte, aqueous
from cellsim.electrolyte import library as electrolyte_library
from cellsim.electrolyte.electrolyte import PROPERTIES
from cellsim.fitting.readers import library as format_library
from cellsim.hints import near_name
from cellsim.models.mesh import Mesh
from cellsim.models.observables import PROFILES
from cellsim.output import SUMMARY
from cellsim.parameters import Leaf, Quantity, described, leaves
from cellsim.scenario_models import MESHES, MODELS, RUNS
from cellsim.settings import BadInput

T = TypeVar("T")
ITS_ELECTROLYTE = "Its electrolyte"


def list_kind(kind: str) -> int:
    """Prints what there is of `kind`; the exit code. Raises `BadInput`."""
    known = ["cells", "electrolytes", "formats", "ions", "models", "scenarios", "steps"]
    rows: list[tuple[str, ...]]
    if kind == "cells":
        rows = [(name, _headline(registry.module(cell_library, name))) for name in registry.names(cell_library)]
    elif kind == "electrolytes":
        rows = electrolytes.listed()
    elif kind == "formats":
        rows = [(name, _headline(registry.module(format_library, name))) for name in registry.names(format_library)]
    elif kind == "ions":
        rows = electrolytes.listed_ions()
    elif kind == "models":
        rows = [(name, _headline(inspect.getmodule(model))) for name, model in MODELS.items()]
    elif kind == "scenarios":
        rows = list(shipped.titles().items())
    elif kind == "steps":
        rows = list(steps.STEPS)
    else:
        raise BadInput(
            "the command line", [f"no list of '{kind}'.{near_name(kind, known)} There is: {_joined(known)}."]
        )
    print(columns(rows, indent=""))
    return DONE


def describe(name: str, out: str | None = None) -> int:
    """Prints all about a cell, an electrolyte, an ion, a model or a step; the exit code. Raises `BadInput`.

    With `out`, a picture file or a folder, the functions of the electrolyte (or of the cell's) are drawn as well.
    """
    if steps.is_step(name):
        print(steps.text(name) if out is None else _no_figure(f"'{name}'"))
        return DONE
    once = lambda both: f"{both[0].partition(ITS_ELECTROLYTE)[0]}\n{both[1]}"  # its own section says all
    said = _on(name, _cell_text, _electrolyte_text, electrolytes.ion_text, _model_text, once)
    draw = lambda: _on(name, _draw_cell, _draw_electrolyte, _no_figure, _no_figure, lambda both: both[-1])
    drawn = None if out is None else draw()(out)
    print(said)
    if drawn is not None:
        print(f"\nFigure: {drawn}")
    return DONE


def _draw_cell(cell: Any) -> Callable[[str], Path]:
    known = electrolytes.library_name(cell.electrolyte)
    return lambda out: electrolytes.draw(cell.electrolyte, known, cell.name, out)


def _draw_electrolyte(electrolyte: AbstractElectrolyte) -> Callable[[str], Path]:
    known = electrolytes.library_name(electrolyte)
    return lambda out: electrolytes.draw(electrolyte, known, known or "electrolyte", out)


def _no_figure(name: str) -> Callable[[str], Path]:
    raise BadInput("the command line", [f"there is no figure of {name}; leave out --out."])


def _electrolyte_text(electrolyte: AbstractElectrolyte) -> str:
    return electrolytes.text(electrolyte, electrolytes.library_name(electrolyte))


def cite(name: str) -> int:
    """Prints what to cite for a name or for the run in a folder; the exit code. Raises `BadInput`."""
    if Path(name).is_dir():
        found = _citations_in(Path(name))
    else:
        of_ion = lambda ion: [Citation(f"ion, {ion}", aqueous.SOURCE)]
        of_model = lambda model: citations.of_model(MODELS[model])
        found = _on(
            name, citations.of_cell, citations.of_electrolyte, of_ion, of_model, lambda both: [*both[0], *both[1]]
        )
    uses: dict[str, list[str]] = {}
    for citation in found:
        uses.setdefault(citation.reference.rstrip("."), []).append(citation.use)
    print("\n".join(f"{_joined(dict.fromkeys(use))}:\n  {reference}" for reference, use in uses.items()))
    return DONE


def _citations_in(directory: Path) -> list[Citation]:
    path = directory / SUMMARY
    try:
        return [Citation(**each) for each in json.loads(files.text(path))["citations"]]
    except FileNotFoundError:
        raise BadInput(str(directory), [f"no run was written to this folder: it has no {SUMMARY}."]) from None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput(str(path), [f"this is not the summary of a run: {error}."]) from None


def _on(
    name: str,
    of_cell: Callable[[Any], T],
    of_electrolyte: Callable[[AbstractElectrolyte], T],
    of_ion: Callable[[str], T],
    of_model: Callable[[str], T],
    together: Callable[[list[T]], T],
) -> T:
    """What the function for its kind says of the thing called `name`, or `together` of the two things of that name.

    Raises `BadInput`, with a suggestion.
    """
    model = next((known for known in MODELS if known.lower() == name.lower()), None)
    if model is not None:
        return of_model(model)
    if name in aqueous.IONS:
        return of_ion(name)
    found: list[T] = []
    try:
        found.append(of_cell(load_cell(name, check=False)))
    except registry.UnknownName:
        pass
    except bpx.UnreadableBPX as error:
        raise BadInput(name, error.lines) from None
    try:
        found.append(of_electrolyte(registry.module(electrolyte_library, name).electrolyte()))
    except registry.UnknownName:
        pass
    if found:  # a paper may have given its name to a cell and to an electrolyte
        return found[0] if len(found) == 1 else together(found)
    known = [*registry.names(cell_library), *registry.names(electrolyte_library), *MODELS]
    raise BadInput("the command line", [f"there is no '{name}'.{near_name(name, known)} There are: {_joined(known)}."])


def _headline(thing: object) -> str:
    """The first line of a docstring, without its full stop."""
    return (inspect.getdoc(thing) or "").split("\n")[0].rstrip(".")


def _joined(names: Iterable[str]) -> str:
    return ", ".join(names)


# ---- cells


def _cell_text(cell: Any) -> str:
    notes = notes_of(cell)
    headline = _headline(registry.module(cell_library, cell.name)) if notes is None else notes.title
    parts = [
        f"{cell.name}: {headline}",
        f"Source: {cell.source}",
        f"Electrolyte: {cell.electrolyte.name}"
        + (f"; `cellsim describe {known}` says more" if (known := electrolytes.library_name(cell.electrolyte)) else ""),
        "",
        "Parameters; each can be changed with --set PATH=VALUE or under [cell.set]",
        columns([("path", "value", "unit", "meaning"), *(_parameter(cell, leaf) for leaf in leaves(cell))]),
        "",
        f"Laws in the published state, at {float(cell.T_ref):g} K; any can be replaced by a number through its path",
        columns([("path", "value", "unit", "meaning"), *_law_values(cell)]),
        "",
        "The cell at rest",
        columns(_rest(cell) if isinstance(cell, Cell) else metal_cells.at_rest(cell)),
        "",
        f"{ITS_ELECTROLYTE}, {cell.electrolyte.name}",
        electrolytes.tables(cell.electrolyte),
    ]
    return "\n".join(parts)


def _parameter(cell: Any, leaf: Leaf) -> tuple[str, str, str, str]:
    """Path, value, unit and meaning; coefficients of a law carry the meaning of the law."""
    about = leaf.quantity
    unit, meaning = ("", "") if about is None else (about.unit, about.doc)
    if about is None:
        names = leaf.path.split(".")
        for depth in range(len(names) - 1, 0, -1):
            law = described(cell, ".".join(names[:depth]))
            if law is not None:
                is_constant = depth == len(names) - 1 and names[-1] == "value"
                unit, meaning = (law.unit, law.doc) if is_constant else ("", f"in the law: {law.doc}")
                break
    value = np.asarray(leaf.value)
    if not value.shape:
        return leaf.path, f"{float(value):.6g}", unit, meaning
    listed = ", ".join(f"{x:.6g}" for x in value.ravel())
    return leaf.path, "1 number" if value.size == 1 else f"{value.size} numbers", unit, f"{meaning}: [{listed}]"


def _law_values(cell: Any) -> list[tuple[str, str, str, str]]:
    T = cell.T_ref
    rows = []
    for name in PROPERTIES:
        value = getattr(cell.electrolyte, name)(cell.c0, T)
        rows.append(_law_row(f"electrolyte.{name}", PROPERTIES[name], value, "c0"))
    for place, particle in materials_by_path(cell).items():
        for name in ("D_s", "U", "dUdT"):
            value = getattr(particle, name)(particle.theta0, T)
            path = f"{place}.{name}"
            rows.append(_law_row(path, described(cell, path), value, "theta0"))
    return rows


def _law_row(path: str, about: Quantity | None, value: jax.Array, at: str) -> tuple[str, str, str, str]:
    about = about or Quantity("", 0.0, 0.0, "")
    return path, f"{float(value):.6g}", about.unit, f"{about.doc.split(' of (')[0]} at {at}"


def _rest(cell: Cell) -> list[tuple[str, str]]:
    T = jnp.asarray(cell.T_ref)
    rows = []
    for name, electrode in (("negative", cell.negative), ("positive", cell.positive)):
        Q = float(lithium_capacity(electrode, cell.area))
        rows.append((f"lithium capacity, {name} electrode", f"{Q:.4f} A.h"))
        for particle in electrode.materials:
            of = f", {particle.name}" if len(electrode.materials) > 1 else ""
            j0 = float(particle.kinetics.j0(cell.c0, particle.theta0, particle.c_max, T))
            rows.append((f"exchange current density, {name} electrode{of}", f"{j0:.4g} A/m2 in the published state"))
    for soc in (0.0, 0.5, 1.0):
        theta: Lithiation = at_soc(cell, jnp.asarray(soc), T)
        V = float(open_circuit_voltage(cell, theta, T))
        rows.append(
            (
                f"at state of charge {soc:g}",
                f"{V:.4f} V, lithiation {float(theta.negative):.4f} negative, {float(theta.positive):.4f} positive",
            )
        )
    return rows


# ---- models


def _model_text(name: str) -> str:
    meshes = [(mesh, _mesh_text(make())) for mesh, make in MESHES.items()]
    module = inspect.getmodule(MODELS[name])
    known = getattr(module, "FIELDS", PROFILES if RUNS.get(name, Cell) is Cell else {})
    fields = [(key, f"[{about.unit}] {about.long_name}") for key, about in known.items()]
    parts = [inspect.getdoc(module) or ""]
    if RUNS.get(name, Cell) in (Cell, HalfCellDesign):
        parts += ["", "Meshes", columns(meshes)]
    if fields:
        parts += ["", "Fields of a solution", columns(fields)]
    return "\n".join(parts)


def _mesh_text(mesh: Mesh) -> str:
    return (
        f"{mesh.negative}, {mesh.separator} and {mesh.positive} cells in negative electrode, separator and positive "
        f"electrode; {mesh.radial} nodes in a particle"
    )
