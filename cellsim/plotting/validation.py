"""Measured voltages against a run of the same current."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from cellsim.plotting.style import BLACK, BLUE, RED, dress, new_figure, time_unit


class Compared(NamedTuple):
    """One measured run and the run of a model beside it, at the times [s] that both have."""

    name: str
    t: np.ndarray
    I: np.ndarray  # A, positive discharges
    measured: np.ndarray  # V
    found: np.ndarray  # V
    ended: str  # why the run of the model stopped

    @property
    def rms(self) -> float:
        """Root of the mean square difference [V], by time."""
        weight = np.gradient(self.t) if len(self.t) > 1 else np.ones(1)
        return float(np.sqrt(np.sum(weight * (self.found - self.measured) ** 2) / np.sum(weight)))


def validation_figure(runs: Sequence[Compared], title: str = "") -> Figure:
    """Voltages of every run, and below what the model is off by."""
    figure = new_figure(max(4.6 * len(runs), 5.4), 5.0, title)
    axes = figure.subplots(2, len(runs), sharex="col", squeeze=False, height_ratios=(2.2, 1.0))
    for column, run in enumerate(runs):
        above, below = axes[:, column]
        unit = time_unit(float(run.t[-1]))
        above.plot(run.t / unit.seconds, run.measured, ".", color=BLACK, markersize=4, label="measured")
        above.plot(
            run.t / unit.seconds, run.found, color=BLUE, linewidth=1.6, label=f"model, {1e3 * run.rms:.3g} mV rms"
        )
        above.set_title(run.name)
        above.legend(frameon=False)
        below.plot(run.t / unit.seconds, 1e3 * (run.found - run.measured), color=RED, linewidth=1.4)
        below.axhline(0.0, color=BLACK, linewidth=0.6)
        dress(above, "", "Voltage [V]" if column == 0 else "")
        dress(below, unit.label, "Difference [mV]" if column == 0 else "")
    return figure
