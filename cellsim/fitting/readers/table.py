"""The columns of a file, before anybody knows what they mean."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Int


@dataclasses.dataclass(frozen=True, eq=False)
class Table:
    """Columns by name, as text or as numbers; the line of the file (from 1) that each row comes from; the row of units
    where there is one; and what finding them out took, a sentence each."""

    names: tuple[str, ...]
    columns: tuple[Sequence[Any] | np.ndarray, ...]
    lines: Int[np.ndarray, " rows"]
    units: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    has_header: bool = True

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.lines)

    def kept(self, keep: np.ndarray) -> "Table":
        """The rows for which `keep` holds, or in the order that it gives."""
        rows = np.flatnonzero(keep) if keep.dtype == bool else keep
        pick = lambda column: column[rows] if isinstance(column, np.ndarray) else [column[k] for k in rows]
        return dataclasses.replace(self, columns=tuple(pick(column) for column in self.columns), lines=self.lines[rows])


def counted(number: int, what: str) -> str:
    """`3 rows`, `1 row`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def at_lines(lines: Sequence[int] | np.ndarray, most: int = 3) -> str:
    """`line 7`, `lines 7, 8 and 9`, `lines 7, 8, 9 and 4 more`."""
    first = [str(int(line)) for line in lines[:most]]
    more = len(lines) - len(first)
    if more:
        return f"lines {', '.join(first)} and {more} more"
    return f"line {first[0]}" if len(first) == 1 else f"lines {', '.join(first[:-1])} and {first[-1]}"
