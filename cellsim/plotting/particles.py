"""Lithium within the particles at some times of a run."""

import numpy as np
from matplotlib.figure import Figure

from cellsim.plotting.style import MICRO, MICROMETRES, TimeColours, dress, moments, new_figure
from cellsim.simulation.solution import Solution


def particles_figure(solution: Solution, title: str = "") -> Figure:
    """Lithiation along the radius of the particles next to the collectors and next to the separator, time as colour."""
    shown = moments(solution)
    along = {dim: MICRO * np.asarray(r) for dim, r in solution.coordinates.items()}
    colours = TimeColours(float(np.asarray(solution.t)[-1]))
    figure = new_figure(10.0, 6.2, title)
    axes = figure.subplots(2, 2, sharex="row", sharey="row")
    for row, (electrode, dim, places) in enumerate(
        (
            ("negative", "r_n", (("collector", 0), ("separator", -1))),
            ("positive", "r_p", (("separator", 0), ("collector", -1))),
        )
    ):
        values = np.asarray(shown.profile(f"{electrode} particle lithiation"))  # times, radii, particles
        for panel, (place, index) in zip(axes[row], places, strict=True):
            for t, curve in zip(np.asarray(shown.t), values[:, :, index], strict=True):
                panel.plot(*from_the_centre(along[dim], curve), color=colours.at(t), linewidth=1.6)
            dress(panel, f"Radius [{MICROMETRES}]", "Lithiation [-]" if index == 0 else "")
            panel.set_title(f"{electrode.capitalize()} particle next to the {place}", fontsize=10)
            panel.set_xlim(0.0, along[dim][-1])
    colours.bar(figure, axes.flat, np.asarray(shown.t))
    return figure


def from_the_centre(r: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A curve along a radius carried on to r = 0 by the parabola through its first two points that is flat there."""
    at_centre = values[0] - (values[1] - values[0]) * r[0] ** 2 / (r[1] ** 2 - r[0] ** 2)
    return np.append(0.0, r), np.append(at_centre, values)
