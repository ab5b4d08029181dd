"""What goes along with a cell that was read from a file, and no model reads."""

import dataclasses
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np


@dataclasses.dataclass(frozen=True)
class Measured:
    """A measured run: times [s], currents [A] (positive discharges), voltages [V], temperatures [K] where known."""

    name: str
    t: tuple[float, ...]
    I: tuple[float, ...]
    V: tuple[float, ...]
    T: tuple[float, ...] | None = None

    @property
    def is_constant_current(self) -> bool:
        """Whether one current passes throughout, to a part in a thousand."""
        return float(np.ptp(self.I)) <= 1e-3 * abs(float(np.mean(self.I)))


@dataclasses.dataclass(frozen=True, eq=False)
class Notes:
    """The words of a file, its measured runs, what it holds beyond the standard, and how many pairs share its area."""

    title: str = ""
    description: str = ""
    references: str = ""
    pairs: int = 1
    measured: tuple[Measured, ...] = ()
    user_defined: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @cached_property
    def _key(self) -> str:
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    # compared by content, once a file: they are a static part of a cell, and so of the key of a compiled program
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Notes) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


def notes_of(cell: Any) -> Notes | None:
    """The notes of a cell of any kind; only a full cell from a file has some."""
    notes: Notes | None = getattr(cell, "notes", None)
    return notes
