"""What a result depends on: curves against time, or bars."""

import numpy as np
from matplotlib.figure import Figure

from cellsim.plotting.style import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY, dress, new_figure, time_unit
from cellsim.sensitivity.local import Sensitivity

COLOURS = (BLUE, ORANGE, GREEN, PURPLE, RED, SKY, BLACK)
MOST_CURVES = len(COLOURS)


def sensitivity_figure(sensitivity: Sensitivity, title: str = "") -> Figure:
    """What a relative change of each number does, in the unit of the output: against time the greatest seven, of a
    single number all of them as bars, the greatest on top."""
    return _curves(sensitivity, title) if sensitivity.is_along_time else _bars(sensitivity, title)


def _curves(sensitivity: Sensitivity, title: str) -> Figure:
    output, unit = sensitivity.output, time_unit(float(sensitivity.t[-1]))
    figure = new_figure(9.0, 6.4, title)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1.0, 1.8))
    t = sensitivity.t / unit.seconds
    above.plot(t, sensitivity.value, color=BLACK, linewidth=1.6)
    dress(above, "", f"{output.words.capitalize()} [{output.unit}]")
    order = np.argsort(-sensitivity.sizes, kind="stable")[:MOST_CURVES]
    for k, colour in zip(order, COLOURS, strict=False):
        below.plot(t, sensitivity.scaled[k], color=colour, linewidth=1.6, label=sensitivity.paths[k])
    below.axhline(0.0, color=GREY, linewidth=0.8)
    dress(below, unit.label, f"Change per relative change [{output.unit}]")
    figure.legend(loc="outside lower center", ncols=2, fontsize=9, frameon=False)
    return figure


def _bars(sensitivity: Sensitivity, title: str) -> Figure:
    output, order = sensitivity.output, np.argsort(sensitivity.sizes, kind="stable")
    figure = new_figure(8.0, 1.4 + 0.34 * len(order), title)
    axes = figure.subplots()
    scaled = sensitivity.scaled[order]
    axes.barh(np.arange(len(order)), scaled, color=[BLUE if x >= 0 else ORANGE for x in scaled], height=0.7)
    axes.set_yticks(np.arange(len(order)), [sensitivity.paths[k] for k in order], fontsize=9)
    axes.axvline(0.0, color=GREY, linewidth=0.8)
    dress(axes, f"Change of the {output.words} per relative change [{output.unit}]", "")
    axes.grid(False, axis="y")
    return figure
