"""The measured runs under `Validation` in a file of the Battery Parameter eXchange standard."""

import numpy as np

from cellsim.cells import bpx
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
    names = [run.name for run in runs for _ in run.t]
    # currents are positive on discharge: they were turned where the cell was read
    t, I, V = (np.concatenate([np.array(getattr(run, key)) for run in runs]) for key in ("t", "I", "V"))
    T = np.concatenate([np.full(len(run.t), np.nan) if run.T is None else np.array(run.T) for run in runs])
    return Table(NAMES, (names, t, I, V, T), np.arange(1, len(names) + 1))


FORMAT = Format(name="BPX", recognises=recognises, table=table, current_sign=1)
