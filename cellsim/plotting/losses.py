"""Where the voltage goes."""

import numpy as np
from matplotlib.figure import Figure

from cellsim.plotting.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    RED,
    SKY,
    YELLOW,
    dress,
    new_figure,
    time_unit,
)
from cellsim.simulation.solution import Solution

COLOURS = (SKY, BLUE, YELLOW, ORANGE, GREEN, PURPLE, RED)  # of the model's losses in their order


def losses_figure(solution: Solution, title: str = "") -> Figure:
    """The losses as bands between the open-circuit and the terminal voltage (above), and on their own (below)."""
    unit = time_unit(float(np.asarray(solution.t)[-1]))
    t, V, I = (np.asarray(solution.kept(x)) for x in (solution.t, solution.V, solution.I))
    t = t / unit.seconds
    rest = np.asarray(solution.losses["open circuit"])
    words = solution.model.losses
    terms = {name: np.asarray(solution.losses[name]) for name in list(words)[1:]}
    sign = np.where(I < 0, 1.0, -1.0)  # on charge the terminal voltage lies above

    figure = new_figure(9.0, 8.0, title)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1.2, 1.0))
    edge = rest
    level = np.zeros_like(rest)
    for (name, values), colour in zip(terms.items(), COLOURS, strict=False):
        above.fill_between(t, edge, edge + values, color=colour, linewidth=0, label=words[name])
        below.fill_between(t, 1e3 * level, 1e3 * (level + sign * values), color=colour, linewidth=0)
        edge, level = edge + values, level + sign * values
    above.plot(t, rest, color=GREY, linewidth=1.6, linestyle="--", label=words["open circuit"])
    above.plot(t, V, color=BLACK, linewidth=1.6, label="Terminal voltage")
    below.plot(t, 1e3 * level, color=BLACK, linewidth=1.2)
    dress(above, "", "Voltage [V]")
    dress(below, unit.label, "Sum of the losses [mV]")
    above.set_xlim(0.0, t[-1])
    figure.legend(loc="outside lower center", ncols=2, fontsize=9, frameon=False)
    return figure
