"""Tables from the data frames that other packages make."""

from typing import Any

import numpy as np

from cellsim.fitting.readers.errors import UnreadableRecord
from cellsim.fitting.readers.table import Table


def table_from(frame: Any, file: str) -> Table:
    """The columns of a data frame, those of words as lists; rows are counted from 1. Raises `UnreadableRecord` for one
    without rows."""
    if not len(frame):
        raise UnreadableRecord(file, "it holds no rows.")
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()
    columns = []
    for k in range(frame.shape[1]):
        values = frame.iloc[:, k].to_numpy()
        if values.dtype.kind in "fiubM":
            columns.append(values)
        else:
            columns.append(["" if value is None or value != value else value for value in values.tolist()])
    return Table(tuple(str(name) for name in frame.columns), tuple(columns), np.arange(1, len(frame) + 1))
