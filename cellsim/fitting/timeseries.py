"""Records in the package's own format, as `cellsim run` writes `timeseries.csv`."""

import csv
from pathlib import Path

import numpy as np

from cellsim.fitting.record import Record

NEEDED = ("time_s", "current_A", "voltage_V")
TEMPERATURE = "temperature_K"


def read_timeseries(path: str | Path) -> Record:
    """The record in a CSV file with the columns time_s, current_A (positive discharges) and voltage_V, and
    temperature_K where it has one. Raises `ValueError` for what is none, and `OSError`."""
    path = Path(path)
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path} is no table of text: {error}.") from None
    header = [name.strip() for name in rows[0]] if rows else []
    missing = [name for name in NEEDED if name not in header]
    if missing:
        raise ValueError(f"{path} needs a first line with {', '.join(NEEDED)}; it lacks {', '.join(missing)}.")
    columns: dict[str, list[float]] = {name: [] for name in (*NEEDED, TEMPERATURE) if name in header}
    for number, row in enumerate(rows[1:], start=2):
        for name, values in columns.items():
            try:
                values.append(float(row[header.index(name)]))
            except (ValueError, IndexError):
                raise ValueError(f"{path}, line {number}: {name} is no number.") from None
    t, I, V = (np.array(columns[name]) for name in NEEDED)
    T = np.array(columns[TEMPERATURE]) if TEMPERATURE in columns else None
    return Record(t, I, V, T, name=path.stem)
