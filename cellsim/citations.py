"""What to cite: each part of a run names its source, in a `source` field or under `Source:` in its docstring."""

import dataclasses
import inspect
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from cellsim.cells.design import Cell
from cellsim.cells.metal import HalfCellDesign, SymmetricDesign
from cellsim.electrolyte import AbstractElectrolyte
from cellsim.models.model import AbstractModel
from cellsim.solvers import rodas5p

SOFTWARE = (
    "J. Bradbury et al., JAX: composable transformations of Python+NumPy programs, http://github.com/jax-ml/jax (2018)",
    "P. Kidger, On Neural Differential Equations, PhD thesis, University of Oxford (2021), arXiv:2202.02435 (diffrax)",
)


class Citation(NamedTuple):
    """What was used, and where it comes from."""

    use: str
    reference: str


def of_electrolyte(electrolyte: AbstractElectrolyte) -> list[Citation]:
    """The sources of an electrolyte."""
    return [Citation(f"electrolyte, {electrolyte.name}", electrolyte.source)] if electrolyte.source else []


def of_cell(cell: Any) -> list[Citation]:
    """The sources of a cell: the publication, its electrolyte, and the laws that its parts obey."""
    return of_parts(cell)


def of_parts(tree: Any) -> list[Citation]:
    """The sources of a tree of parameters: cells and electrolytes in it, and the laws that its parts obey."""
    found = []
    for part in _parts(tree):
        if isinstance(part, (Cell, HalfCellDesign, SymmetricDesign)) and part.source:
            found.append(Citation(f"cell, {part.name}", part.source))
        if isinstance(part, AbstractElectrolyte):
            found += of_electrolyte(part)
    for kind in dict.fromkeys(type(part) for part in _parts(tree)):
        found += [Citation(_words(kind.__name__), text) for text in sources_in(inspect.getdoc(kind))]
    return found


def of_model(model: type[AbstractModel]) -> list[Citation]:
    """The sources of a model's equations and of the method that integrates them, and the software beneath."""
    found = [
        Citation(f"model, {model.__name__}", text) for text in sources_in(inspect.getdoc(inspect.getmodule(model)))
    ]
    found += [Citation("time integration", text) for text in sources_in(inspect.getdoc(rodas5p))]
    return found + [Citation("software", text) for text in SOFTWARE]


def of_run(model: AbstractModel) -> list[Citation]:
    """All that a run of `model` rests on."""
    return of_parts(model) + of_model(type(model))


def sources_in(docstring: str | None) -> list[str]:
    """The references that a docstring gives after `Source:`, or after `Sources:` parted by semicolons."""
    said = re.search(r"^(Sources?):\s*(.+?)(?=\n\s*\n|\Z)", docstring or "", re.DOTALL | re.MULTILINE)
    if not said:
        return []
    text = " ".join(said[2].split())
    return [text] if said[1] == "Source" else text.split("; ")


def _parts(node: Any) -> Iterator[Any]:
    """The dataclasses in a tree of parameters, from its root down."""
    if dataclasses.is_dataclass(node) and not isinstance(node, type):
        yield node
        for field in dataclasses.fields(node):
            yield from _parts(getattr(node, field.name))
    elif isinstance(node, (tuple, list)):
        for part in node:
            yield from _parts(part)


def _words(name: str) -> str:
    """A class name in words: `ButlerVolmer` is `Butler Volmer`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
