"""The way to an optimum."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cellsim.plotting.style import BLUE, ORANGE, dress, new_figure


def optimum_figure(history: np.ndarray, labels: Sequence[str], title: str = "") -> Figure:
    """The goal (first column of `history`) and the numbers that moved (the others), a row a step, one panel each."""
    figure = new_figure(8.0, 1.2 + 1.9 * len(labels), title)
    axes = figure.subplots(len(labels), 1, sharex=True, squeeze=False)[:, 0]
    for panel, values, label in zip(axes, history.T, labels, strict=True):
        colour = BLUE if panel is axes[0] else ORANGE
        panel.plot(np.arange(len(values)), values, "o-", color=colour, markersize=4, linewidth=1.6)
        dress(panel, "Step" if panel is axes[-1] else "", label)
        if values.min() > 0 and values.max() / values.min() > 10:
            panel.set_yscale("log")
    axes[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    figure.align_ylabels()
    return figure
