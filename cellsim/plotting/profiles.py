"""Fields across the cell at some times of a run."""

import numpy as np
from matplotlib.figure import Figure

from cellsim.plotting.style import MICRO, MICROMETRES, TimeColours, dress, moments, new_figure, shade_layers
from cellsim.simulation.solution import Solution

PANELS = (
    ("Salt concentration [mol/m³]", (("electrolyte concentration", "x"),)),
    ("Electrolyte potential [V]", (("electrolyte potential", "x"),)),
    ("Surface lithiation [-]", (("negative surface lithiation", "x_n"), ("positive surface lithiation", "x_p"))),
    (
        "Interfacial current density [A/m²]",
        (("negative interfacial current density", "x_n"), ("positive interfacial current density", "x_p")),
    ),
)


def profiles_figure(solution: Solution, title: str = "") -> Figure:
    """Salt, electrolyte potential, surface lithiation and interfacial current across the cell, time as colour."""
    shown = moments(solution)
    along = {dim: MICRO * np.asarray(x) for dim, x in solution.coordinates.items()}
    colours = TimeColours(float(np.asarray(solution.t)[-1]))
    figure = new_figure(10.0, 6.6, title)
    axes = figure.subplots(2, 2, sharex=True)
    for panel, (label, fields) in zip(axes.flat, PANELS, strict=True):
        for name, dim in fields:
            values = np.asarray(shown.profile(name))
            for t, curve in zip(np.asarray(shown.t), values, strict=True):
                panel.plot(along[dim], curve, color=colours.at(t), linewidth=1.6)
        dress(panel, "", label)
        shade_layers(panel, solution)
    for panel in axes[1]:
        panel.set_xlabel(f"Distance from the negative collector [{MICROMETRES}]")
    colours.bar(figure, axes.flat, np.asarray(shown.t))
    return figure
