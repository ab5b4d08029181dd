"""The cells of an ensemble as arrays, one row a cell, in groups that one compiled program serves."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from cellsim.ensemble.changes import value_of
from cellsim.models.subject import subject_of
from cellsim.protocols import language
from cellsim.protocols.protocol import Cycle, Protocol, Until
from cellsim.protocols.steps import Step


class Case(NamedTuple):
    """What differs from cell to cell: as rows of arrays, or of one cell."""

    protocol: Any
    values: tuple[Any, ...]  # of the changed numbers, in the order of their paths
    soc: Any
    T: Any
    initial: Any


class Group(NamedTuple):
    """Cells whose runs differ in numbers alone."""

    cells: np.ndarray  # their places in the ensemble
    rows: Case

    def part(self, places: np.ndarray) -> Case:
        """The rows at some places of the group."""
        picked: Case = jax.tree.map(lambda x: x[places], self.rows)
        return picked


def grouped(
    model: Any,
    protocols: Sequence[Any],
    changes: Mapping[str, Any],
    soc: Any,
    T: Any,
    initial: Any,
) -> tuple[int, list[Group]]:
    """The number of cells, and the cells in groups. A single protocol, or a number in the place of an array, is that of
    every cell. Raises `ValueError` where the lengths do not agree, and `UnknownPath`."""
    subject = subject_of(model)
    given = {path: (np.asarray(x, float), np.ndim(value_of(subject, path))) for path, x in changes.items()}
    given |= {"soc": (np.asarray(soc, float), 0)} | ({} if T is None else {"T": (np.asarray(T, float), 0)})
    lengths = {"protocols": len(protocols)} | {name: len(x) for name, (x, own) in given.items() if x.ndim > own}
    if initial is not None and initial.line.ndim > 2:
        lengths["initial"] = len(initial.line)
    cells = max(lengths.values())
    if odd := [f"{name} ({n})" for name, n in lengths.items() if n not in (1, cells)]:
        raise ValueError(
            f"there are {cells} cells, but not as many of {', '.join(odd)}. Give one for all of them, or one for each."
        )
    whole = lambda x, is_row: np.broadcast_to(x if is_row else np.asarray(x)[None], (cells, *np.shape(x)[is_row:]))
    rows = {name: whole(x, name in lengths) for name, (x, _) in given.items()}
    if initial is not None:
        initial = jax.tree.map(lambda x: whole(np.asarray(x), "initial" in lengths), initial)
    rest = Case(None, tuple(rows[path] for path in changes), rows["soc"], rows.get("T"), initial)
    return cells, _by_shape([bare(each) for each in protocols], rest, cells)


def _by_shape(protocols: list[Any], rest: Case, cells: int) -> list[Group]:
    """Cells together whose protocols differ in numbers alone."""
    if len(protocols) == 1:
        same = jax.tree.map(lambda x: np.broadcast_to(np.asarray(x), (cells, *np.shape(x))), protocols[0])
        return [Group(np.arange(cells), rest._replace(protocol=same))]
    places: dict[Any, list[int]] = {}
    for k, protocol in enumerate(protocols):
        leaves, structure = jax.tree.flatten(protocol)
        places.setdefault((structure, *(np.shape(x) for x in leaves)), []).append(k)
    groups = []
    for found in places.values():
        cells_of = np.asarray(found)
        stacked = jax.tree.map(lambda *xs: np.stack([np.asarray(x) for x in xs]), *[protocols[k] for k in found])
        picked = jax.tree.map(lambda x, at=cells_of: x[at], rest)
        groups.append(Group(cells_of, picked._replace(protocol=stacked)))
    return groups


def bare(protocol: Any) -> Step | Protocol:
    """A step or a protocol without its words, which would make a compiled program for every wording. Raises
    `ValueError` for one that is ended by its cycles: how many there are must be known beforehand."""
    if isinstance(protocol, str):
        protocol = language.step(protocol)
    elif not isinstance(protocol, (Step, Protocol)):
        protocol = language.protocol(protocol)
    if isinstance(protocol, Step):
        return dataclasses.replace(protocol, text="", tags=(), period=None)
    until = protocol.until
    if any(x is not None for x in (until.retention, until.capacity, until.duration)):
        raise ValueError("a protocol of an ensemble ends with its last step: it takes no 'until' but a voltage.")
    if len(protocol.steps) == 1 and until == Until():
        return bare(protocol.steps[0])
    plain = lambda step: dataclasses.replace(step, text="", tags=(), period=None)
    return Protocol([Cycle(tuple(map(plain, cycle.steps))) for cycle in protocol.cycles], until)
