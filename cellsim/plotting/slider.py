"""Profiles at a time that is chosen by a slider in a notebook."""

import importlib
import importlib.util
import io
import sys
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from cellsim.plotting.style import BLACK, BLUE, GREY, MICRO, MICROMETRES, dress, new_figure, shade_layers, time_unit
from cellsim.simulation.solution import Solution

WIDGETS = "ipywidgets"
COLOURS = (BLUE, BLACK)
DOTS = 90  # an inch: few, to be drawn quickly


def can_slide(solution: Solution) -> bool:
    """Whether this is a notebook that can show a slider, and the run has something to slide along."""
    ipython = sys.modules.get("IPython")  # a notebook has imported it
    shell = None if ipython is None else ipython.get_ipython()
    is_notebook = type(shell).__name__ == "ZMQInteractiveShell"
    is_installed = WIDGETS in sys.modules or (is_notebook and importlib.util.find_spec(WIDGETS) is not None)
    return is_notebook and is_installed and len(solution.rows_of_fields) > 1


class Moving:
    """The model's panels along x at one of the points of a run whose fields are kept, with its place in the voltage."""

    def __init__(self, solution: Solution, title: str = ""):
        model = solution.model
        self.t = np.asarray(solution.kept(solution.t))
        self.V = np.asarray(solution.kept(solution.V))
        self.unit = time_unit(float(np.asarray(solution.t)[-1]))
        along = {dim: MICRO * np.asarray(x) for dim, x in solution.coordinates.items()}
        rows = -(-len(model.panels) // 2)
        self.figure: Figure = new_figure(10.0, 3.0 * rows + 2.0, title)
        grid = self.figure.add_gridspec(rows + 1, 2, height_ratios=[3.0] * rows + [2.0])
        panels = [self.figure.add_subplot(grid[k // 2, k % 2]) for k in range(len(model.panels))]
        self.curves: list[tuple[Line2D, np.ndarray]] = []
        for panel, (label, names, factor) in zip(panels, model.panels, strict=True):
            for k, name in enumerate(names):
                values, x = factor * np.asarray(solution.profile(name)), along[model.fields[name].dims[0]]
                (line,) = panel.plot(x, values[0], color=COLOURS[min(k, 1)], linewidth=1.8)
                for extreme in (values.min(axis=0), values.max(axis=0)):
                    panel.plot(x, extreme, color="0.8", linewidth=1.0, zorder=1)  # where it can go, in this run
                self.curves.append((line, values))
            dress(panel, "", label)
            shade_layers(panel, solution)
        for panel in panels[-2:]:
            panel.set_xlabel(f"{model.axes['x']} [{MICROMETRES}]")
        below = self.figure.add_subplot(grid[rows, :])
        below.plot(np.asarray(solution.t) / self.unit.seconds, np.asarray(solution.V), color=GREY, linewidth=1.4)
        (self.place,) = below.plot([], [], "o", color=BLUE, markersize=7)
        dress(below, self.unit.label, "Voltage [V]")
        below.margins(x=0.01)
        self.show(0)
        self.figure.draw_without_rendering()
        self.figure.set_layout_engine("none")  # arranged once, for that takes longer than to draw

    def show(self, k: int) -> None:
        """Moves all curves to point number `k`."""
        for line, values in self.curves:
            line.set_ydata(values[k])
        self.place.set_data([self.t[k] / self.unit.seconds], [self.V[k]])

    def text(self, k: int) -> str:
        """The time and the voltage of point number `k`."""
        return f"{self.t[k] / self.unit.seconds:.4g} {self.unit.name}, {self.V[k]:.4f} V"

    def picture(self) -> bytes:
        """What it looks like now, as PNG."""
        file = io.BytesIO()
        self.figure.savefig(file, format="png", dpi=DOTS)
        return file.getvalue()


def sliding(solution: Solution, title: str = "") -> Any:
    """A widget: the profiles, and a slider over all points whose fields are kept. Raises `ImportError`, saying what to
    install, without ipywidgets."""
    try:
        widgets = importlib.import_module(WIDGETS)
    except ImportError:
        raise ImportError("a slider needs ipywidgets; install the extra: pip install 'cellsim[notebook]'") from None
    moving = Moving(solution, title)
    last = len(moving.t) - 1
    slider = widgets.IntSlider(
        value=0, min=0, max=last, description="Time", readout=False, layout=widgets.Layout(width="60%")
    )
    label = widgets.Label(moving.text(0))
    image = widgets.Image(value=moving.picture(), format="png")

    def move(change: Any) -> None:
        moving.show(change["new"])
        label.value, image.value = moving.text(change["new"]), moving.picture()

    slider.observe(move, names="value")
    return widgets.VBox([widgets.HBox([slider, label]), image])
