"""Which model runs what a scenario describes: a full cell, a half cell, a symmetric cell or a slab."""

import dataclasses
from typing import Any

from cellsim.cells.design import Cell
from cellsim.cells.metal import HalfCellDesign, SymmetricDesign
from cellsim.models.dfn import DFN
from cellsim.models.half_cell import HalfCell
from cellsim.models.lumped import Lumped
from cellsim.models.mesh import Mesh
from cellsim.models.slab import Slab
from cellsim.models.spm import SPM
from cellsim.models.spme import SPMe
from cellsim.models.subject import subject_of as subject_of
from cellsim.models.subject import with_subject as with_subject
from cellsim.models.symmetric import LayerMesh, SymmetricCell
from cellsim.scenario_metal import half_cell_from, symmetric_from
from cellsim.scenario_slab import slab_from
from cellsim.settings import Reading

MODELS: dict[str, Any] = {
    "DFN": DFN,
    "SPMe": SPMe,
    "SPM": SPM,
    "HalfCell": HalfCell,
    "SymmetricCell": SymmetricCell,
    "Slab": Slab,
}
KINDS: dict[type, tuple[str, str]] = {  # what is run, in words, and the model that usually runs it
    Cell: ("a full cell", "DFN"),
    HalfCellDesign: ("a half cell", "HalfCell"),
    SymmetricDesign: ("a symmetric cell", "SymmetricCell"),
    Slab: ("a slab", "Slab"),
}
RUNS: dict[str, type] = {usual: kind for kind, (_, usual) in KINDS.items()}
TABLES = {"slab": "Slab", "symmetric": "SymmetricCell", "half_cell": "HalfCell"}  # and the model that they are for
THERMAL = ("isothermal", "lumped")
MESHES = {"coarse": Mesh.coarse, "default": Mesh.default, "fine": Mesh.fine}
LAYER_MESHES = {"coarse": LayerMesh((20,)), "default": LayerMesh(), "fine": LayerMesh((320,))}
SLAB_MESHES = {"coarse": 0.5, "default": 1.0, "fine": 4.0}  # times the cells that the slab's table says


def table_given(read: Reading) -> str | None:
    """Which of `TABLES` describes what is run; None where a cell is named instead. Complains where it is not clear."""
    given = [table for table in TABLES if any(key[0] == table for key in read.settings)]
    is_named = ("cell", "name") in read.settings
    if len(given) > 1 or (given and given[0] != "half_cell" and is_named):
        said = [f"[{table}]" for table in given] + (["[cell] name"] if is_named else [])
        read.problems.append(f"{' and '.join(said)} describe different things to run; leave one of them.")
    asked = read.settings.get(("model", "name"))
    if not given and not is_named and asked is not None and asked.value in ("Slab", "SymmetricCell"):
        table = next(table for table, model in TABLES.items() if model == asked.value)
        read.problems.append(f"{asked.place} = '{asked.value}' needs the table [{table}], which says what is run.")
        return table
    return given[0] if given else None


def described(table: str, read: Reading, cell: Any) -> Any:
    """What the table describes; of a half cell, an electrode of `cell`. None where something is wrong."""
    if table == "half_cell":
        if cell is None:
            return None
        if isinstance(cell, Cell):
            return half_cell_from(read, cell)
        read.problems.append(f"[half_cell] takes an electrode of a full cell, but {cell.name} is {_kind(cell)[0]}.")
        return None
    return slab_from(read) if table == "slab" else symmetric_from(read)


def chosen_model(read: Reading, subject: Any) -> str | None:
    """The model that is asked for, or the usual one; complains where it does not run this."""
    words, usual = _kind(subject)
    name = read.chosen(("model", "name"), usual, MODELS, "model")
    if name is not None and not isinstance(subject, RUNS.get(name, Cell)) and subject is not None:
        runs = KINDS[RUNS.get(name, Cell)][0]
        hint = " An electrode of a full cell against lithium is described under [half_cell]." * (name == "HalfCell")
        read.problems.append(
            f"{read.settings['model', 'name'].place}: {name} runs {runs}, and {subject.name} is {words}; write name = "
            f'"{usual}".{hint}'
        )
    return name


def _kind(subject: Any) -> tuple[str, str]:
    """What is run, in words, and the model that usually runs it."""
    return next((said for kind, said in KINDS.items() if isinstance(subject, kind)), KINDS[Cell])


def made(model: str, subject: Any, mesh: str, thermal: str) -> Any:
    """The model of `subject` on the mesh called `mesh`. Raises `ValueError` where it does not suit what is run."""
    if thermal == "lumped":
        return Lumped(made(model, subject, mesh, "isothermal"))
    if isinstance(subject, Slab):
        cells = tuple(max(2, round(SLAB_MESHES[mesh] * n)) for n in subject.mesh.cells)
        return dataclasses.replace(subject, mesh=subject.mesh._replace(cells=cells))
    if isinstance(subject, SymmetricDesign):
        return SymmetricCell(subject, LAYER_MESHES[mesh])
    return MODELS[model](subject, mesh=MESHES[mesh]())
