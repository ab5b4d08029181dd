"""The measured runs under `Validation` in a file of the Battery Parameter eXchange standard."""

import numpy as np

from cellsim.cells import bpx
from cellsim.cells.notes import Measured
from cellsim.fitting.readers.errors import UnreadableRecord
from cellsim.fitting.readers.format import Format
from cellsim.fitting.readers.sample import Sample
from cellsim.fitting.readers.table import Table

NAMES = ("run", "Time [s]", "Current [A]", "Voltage [V]", "Temperature [K]")


def recognises(sample: Sample) -> bool:
    """By its ending."""
    return sample.suffix in bpx.SUFFIXES


def table(sample: Sample) -> Table:
    """All runs, one below the other. Raises `UnreadableRecord`."""
    try:
        notes = bpx.load(sample.path).notes
    except bpx.UnreadableBPX as error:
        raise UnreadableRecord(sample.name, f"no measured runs could be taken from it. {error}") from None
    if notes is None or not notes.measured:
        raise UnreadableRecord(sample.name, "the BPX file holds no measured runs; they stand under 'Validation'.")
    runs = notes.measured
    together = [np.concatenate([np.array(column(run)) for run in runs]) for column in (_t, _I, _V, _T)]
    names = [run.name for run in runs for _ in run.t]
    return Table(NAMES, (names, *together), np.arange(1, len(names) + 1))


def _t(run: Measured) -> tuple[float, ...]:
    return run.t


def _I(run: Measured) -> tuple[float, ...]:
    return run.I  # positive on discharge: turned where the cell is read


def _V(run: Measured) -> tuple[float, ...]:
    return run.V


def _T(run: Measured) -> tuple[float, ...]:
    return run.T if run.T is not None else (np.nan,) * len(run.t)


FORMAT = Format(name="BPX", recognises=recognises, table=table, current_sign=1)
