"""What cycles deliver and take, one after the other."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cellsim.plotting.style import BLUE, GREEN, GREY, ORANGE, RED, dress, new_figure
from cellsim.simulation.chain import CycleSummary

FEW = 60  # cycles that are shown as points as well as lines


def is_cycled(cycles: list[CycleSummary]) -> bool:
    """Whether there are cycles to compare: at least two that discharge and charge."""
    return sum(cycle.energy_efficiency > 0 for cycle in cycles) >= 2  # not-a-number is not above zero


def cycles_figure(cycles: list[CycleSummary], title: str = "") -> Figure:
    """Capacities (above) and efficiencies (below) against the number of the cycle."""
    number = np.array([cycle.cycle for cycle in cycles])
    figure = new_figure(9.0, 6.2, title)
    above, below = figure.subplots(2, 1, sharex=True)
    marker = "o" if len(cycles) <= FEW else ""

    def draw(axes: Axes, values: list[float], color: str, label: str, size: float = 4.0) -> np.ndarray:
        shown = np.array(values)
        shown[shown == 0] = np.nan  # a cycle that only charges delivers nothing, which is no capacity of the cell
        axes.plot(number, shown, color=color, marker=marker, markersize=size, linewidth=size / 2.5, label=label)
        return shown

    # the charge is wider, for the two lie on each other in a cell that does not age
    draw(above, [cycle.charge_capacity_Ah for cycle in cycles], ORANGE, "Charge", 8.0)
    draw(above, [cycle.discharge_capacity_Ah for cycle in cycles], BLUE, "Discharge")
    shares = [
        draw(below, [100 * cycle.coulombic_efficiency for cycle in cycles], GREEN, "Charge (coulombic)"),
        draw(below, [100 * cycle.energy_efficiency for cycle in cycles], RED, "Energy"),
    ]
    dress(above, "", "Capacity [A.h]")
    dress(below, "Cycle [-]", "Efficiency [%]")
    for axes in (above, below):
        axes.legend(loc="best", fontsize=9, frameon=False)
    below.xaxis.set_major_locator(MaxNLocator(integer=True))
    _leave_out_first(below, np.array(shares))
    return figure


def _leave_out_first(axes: Axes, values: np.ndarray) -> None:
    """Chooses the range of all cycles but the first where that one lies far outside: a cell that begins full gives back
    what it was given before."""
    later = values[:, 1:][np.isfinite(values[:, 1:])]
    first = values[:, 0][np.isfinite(values[:, 0])]
    if values.shape[1] < 3 or not len(first) or not len(later):
        return
    room = 0.15 * max(float(np.ptp(later)), 1.0)  # %
    low, high = float(later.min()) - room, float(later.max()) + room
    if low - room <= first.min() and first.max() <= high + room:
        return
    axes.set_ylim(low, high)
    said = ", ".join(f"{what} {x:.4g} %" for what, x in zip(("charge", "energy"), values[:, 0], strict=True))
    text = f"first cycle, beyond this scale: {said}"
    axes.annotate(text, (0.01, 0.02), xycoords="axes fraction", fontsize=8, color=GREY)
