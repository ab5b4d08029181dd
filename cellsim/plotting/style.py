"""What all pictures share: size, colours, axes with units, layers of the cell, time as a colour."""

import io
from collections.abc import Iterable
from typing import Any, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.image import imsave
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import ScalarFormatter

from cellsim.simulation.solution import Solution

DPI = 150
SCREEN_DPI = 100
# Okabe & Ito, colours that people with any colour vision tell apart
BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
SKY, PURPLE, YELLOW, BLACK = "#56B4E9", "#CC79A7", "#F0E442", "#000000"
GREY = "0.45"
MICRO = 1e6  # m to micrometres
MICROMETRES = "\N{MICRO SIGN}m"
MOMENTS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)  # of the run, shown as curves


class TimeUnit(NamedTuple):
    """A unit that makes the duration of a run a readable number."""

    name: str
    seconds: float

    @property
    def label(self) -> str:
        """What stands under a time axis."""
        return f"Time [{self.name}]"


def time_unit(duration: float) -> TimeUnit:
    """The unit in which to show `duration` [s]."""
    if duration <= 300.0:
        return TimeUnit("s", 1.0)
    return TimeUnit("min", 60.0) if duration <= 3 * 3600.0 else TimeUnit("h", 3600.0)


class Picture(Figure):
    """A figure that a notebook shows as a picture, whatever else it has imported."""

    def _repr_png_(self) -> bytes:
        """What IPython shows."""
        with io.BytesIO() as file:
            self.savefig(file, format="png", dpi=SCREEN_DPI)
            return file.getvalue()

    def savefig(self, fname: Any, **how: Any) -> None:
        """As matplotlib's; a plain PNG is drawn and arranged once, which takes half the time."""
        if how != {"format": "png"}:
            super().savefig(fname, **how)
            return
        canvas = FigureCanvasAgg(self)
        canvas.draw()
        imsave(fname, canvas.buffer_rgba(), format="png", dpi=self.dpi)


def new_figure(width: float, height: float, title: str) -> Figure:
    """An empty figure, `width` by `height` inches, that arranges its own parts."""
    layout = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08)  # inches
    figure = Picture(figsize=(width, height), dpi=DPI, layout=layout)
    if title:
        figure.suptitle(title, fontsize=12)
    return figure


def dress(axes: Axes, xlabel: str, ylabel: str) -> None:
    """Labels and a quiet grid."""
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    for axis in (axes.xaxis, axes.yaxis):
        ticks = axis.get_major_formatter()
        if isinstance(ticks, ScalarFormatter):  # not so on a logarithmic axis
            ticks.set_useOffset(False)  # no "+1e3" in the corner
    axes.grid(True, color="0.88", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def moments(solution: Solution) -> Solution:
    """The run at the few times that are drawn as curves."""
    wanted = np.asarray(MOMENTS) * float(np.asarray(solution.t)[-1])
    if solution.dense is not None or (solution.legs and all(leg.dense is not None for leg in solution.legs)):
        return solution.at(wanted)
    return solution.nearest(wanted)


class TimeColours:
    """Colours from dark at the start to bright at the end of a run, with the bar that explains them."""

    def __init__(self, duration: float):
        self.unit = time_unit(duration)
        self.norm = Normalize(0.0, max(duration, 1e-9) / self.unit.seconds)
        self.map = mpl.colormaps["viridis"].resampled(256)

    def at(self, t: float) -> tuple[float, float, float, float]:
        """The colour of time `t` [s]; the palest yellow is left out, it is hard to see on white."""
        return self.map(0.92 * float(self.norm(t / self.unit.seconds)))

    def bar(self, figure: Figure, axes: Iterable[Axes], times: Iterable[float]) -> None:
        """A colour bar beside `axes`, with a mark at each of `times` [s]."""
        shown = mpl.colors.ListedColormap(self.map(np.linspace(0.0, 0.92, 256)))
        bar = figure.colorbar(ScalarMappable(self.norm, shown), ax=list(axes), pad=0.02, aspect=35)
        bar.set_label(self.unit.label)
        for t in times:
            bar.ax.axhline(t / self.unit.seconds, color="white", linewidth=1.0)


def shade_layers(axes: Axes, solution: Solution, named: bool = True) -> None:
    """Layers in grey behind the curves, with their names on top; x is in micrometres."""
    regions = solution.model.regions
    width = MICRO * regions[-1].end
    axes.set_xlim(0.0, width)
    for region in regions:
        left, right = MICRO * region.start, MICRO * region.end
        if region.is_shaded:
            axes.axvspan(left, right, color="0.95", zorder=0, linewidth=0)
        if not named:
            continue
        text = region.short if right - left < 0.15 * width else region.name
        axes.text(
            0.5 * (left + right),
            1.01,
            text,
            transform=axes.get_xaxis_transform(),
            ha="center",
            va="bottom",
            fontsize=8,
            color=GREY,
        )
