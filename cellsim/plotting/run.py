"""Voltage and current of a run."""

import numpy as np
from matplotlib.figure import Figure

from cellsim.plotting.style import BLUE, RED, dress, new_figure, time_unit
from cellsim.simulation.solution import Solution


def run_figure(solution: Solution, title: str = "") -> Figure:
    """Voltage (above) and current (below) against time (left) and against the charge passed (right)."""
    unit = time_unit(float(np.asarray(solution.t)[-1]))
    t, V, I = (np.asarray(x) for x in (solution.t, solution.V, solution.I))
    charge = np.asarray(solution.Q)
    charge = charge - charge[0]
    against_time = (t / unit.seconds, unit.label)
    only_charges = charge.max() <= 1e-3 * np.ptp(charge)
    against_charge = (-charge, "Charged capacity [A.h]") if only_charges else (charge, "Discharged capacity [A.h]")

    figure = new_figure(9.0, 5.2, title)
    axes = figure.subplots(2, 2, sharex="col", sharey="row", height_ratios=(2.4, 1.0))
    for column, (x, xlabel) in enumerate((against_time, against_charge)):
        above, below = axes[0, column], axes[1, column]
        above.plot(x, V, color=BLUE, linewidth=1.8)
        below.plot(x, I, color=RED, linewidth=1.8)
        dress(above, "", "Voltage [V]" if column == 0 else "")
        dress(below, xlabel, "Current [A]" if column == 0 else "")
        above.set_xlim(left=min(0.0, float(x.min())))
    low, high = min(0.0, float(I.min())), max(0.0, float(I.max()))
    room = 0.15 * max(high - low, 1e-12)
    axes[1, 0].set_ylim(low - room, high + room)
    return figure
