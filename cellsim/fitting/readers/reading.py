"""What is known of a file while it is read."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cellsim.fitting.readers.errors import UnreadableRecord
from cellsim.fitting.readers.format import Format, Role
from cellsim.fitting.readers.names import Column
from cellsim.fitting.readers.table import Table


@dataclasses.dataclass(frozen=True)
class Told:
    """What a user says of a file; it wins over what is found. See `read_record`."""

    columns: Mapping[str, str | int]
    units: Mapping[str, str]
    where: Mapping[str, Any]
    current: float | None = None
    current_sign: int | None = None
    capacity: float | None = None
    area: float | None = None

    def has_unit(self, *roles: Role) -> bool:
        """Whether the unit of one of these columns was told."""
        names = {name.strip().lower().replace("_", " ") for name in self.units}
        return any(role.value in names for role in roles)


@dataclasses.dataclass
class Reading:
    """A file on its way to a record: its rows as they are left, which columns are understood, and what was said."""

    file: str
    form: Format
    told: Told
    table: Table
    columns: dict[Role, Column]
    said: list[str]

    def cells(self, role: Role) -> Sequence[Any] | np.ndarray | None:
        """The cells of the column with a role; None where there is none."""
        column = self.columns.get(role)
        return None if column is None else self.table.columns[column.place]

    def say(self, sentence: str) -> None:
        """Adds to what is said."""
        self.said.append(sentence)

    def keep(self, rows: np.ndarray) -> None:
        """Leaves these rows, or those for which it is true."""
        self.table = self.table.kept(rows)

    def refused(self, said: str, row: int | None = None, column: Column | None = None) -> UnreadableRecord:
        """The error that refuses the file, with the line of a row and the column that are meant."""
        line = None if row is None else int(self.table.lines[row])
        return UnreadableRecord(self.file, said, line, None if column is None else column.name)
