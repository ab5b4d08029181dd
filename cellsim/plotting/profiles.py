"""Fields across the cell at some times of a run."""

import numpy as np
from matplotlib.figure import Figure

from cellsim.plotting.style import MICRO, MICROMETRES, TimeColours, dress, moments, new_figure, shade_layers
from cellsim.simulation.solution import Solution


def profiles_figure(solution: Solution, title: str = "") -> Figure:
    """The model's panels (of a cell: salt, electrolyte potential, surface lithiation, interfacial current) along x,
    time as colour."""
    model = solution.model
    shown = moments(solution)
    along = {dim: MICRO * np.asarray(x) for dim, x in solution.coordinates.items()}
    colours = TimeColours(float(np.asarray(solution.t)[-1]))
    rows = -(-len(model.panels) // 2)
    figure = new_figure(10.0, 3.3 * rows, title)
    axes = figure.subplots(rows, 2, sharex=True, squeeze=False)
    for panel, (label, names, factor) in zip(axes.flat, model.panels, strict=False):
        for name in names:
            values = factor * np.asarray(shown.profile(name))
            for t, curve in zip(np.asarray(shown.t), values, strict=True):
                panel.plot(along[model.fields[name].dims[0]], curve, color=colours.at(t), linewidth=1.6)
        dress(panel, "", label)
        shade_layers(panel, solution)
    for empty in axes.flat[len(model.panels) :]:
        empty.remove()
    used = axes.flat[: len(model.panels)]
    for panel in used[-2:]:
        panel.set_xlabel(f"{model.axes['x']} [{MICROMETRES}]")
        panel.tick_params(labelbottom=True)
    colours.bar(figure, used, np.asarray(shown.t))
    return figure
