"""Which inputs matter, and what their uncertainty makes of a run."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
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
from cellsim.sensitivity.propagation import SHARES, Propagation
from cellsim.sensitivity.screening import Morris
from cellsim.sensitivity.sobol import Sobol

COLOURS = (BLUE, ORANGE, GREEN, PURPLE, RED, SKY, YELLOW)
COLUMNS = 3  # of panels, one a result
Labels = Mapping[str, str]  # of results, with their units


def sobol_figure(study: Sobol, labels: Labels, title: str = "") -> Figure:
    """First-order and total indices of every result that is one number, with their intervals."""
    names = [name for name, of in study.indices.items() if of.first.ndim == 1]
    figure, panels = _panels(names, len(study.inputs), title)
    for panel, name in zip(panels, names, strict=True):
        of = study.indices[name]
        order = np.argsort(np.mean([study.indices[each].total for each in names], axis=0), kind="stable")
        place = np.arange(len(order))
        for shift, colour, text, value, low, high in (
            (0.2, BLUE, "First order", of.first, of.first_low, of.first_high),
            (-0.2, ORANGE, "Total", of.total, of.total_low, of.total_high),
        ):
            ends = np.abs(np.stack([value - low, high - value])[:, order])
            panel.barh(place + shift, value[order], height=0.38, color=colour, label=text)
            panel.errorbar(value[order], place + shift, xerr=ends, fmt="none", ecolor=BLACK, elinewidth=1.0, capsize=2)
        paths = [study.paths[k] if panel in panels[::COLUMNS] else "" for k in order]  # the same in every panel
        _name_rows(panel, paths, f"Share of the variance: {_plain(labels[name])}")
        panel.set_xlim(left=min(0.0, panel.get_xlim()[0]))
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=9, frameon=False
    )
    return figure


def tornado_figure(study: Morris, labels: Labels, title: str = "") -> Figure:
    """The mean size of the elementary effects of every input on every result, the greatest on top, with intervals of
    95 %, and the deviation that tells of interaction and curvature."""
    names = [name for name, of in study.effects.items() if of.mu.ndim == 1]
    figure, panels = _panels(names, len(study.inputs), title)
    for panel, name in zip(panels, names, strict=True):
        of = study.effects[name]
        order = np.argsort(of.mu_star, kind="stable")
        place = np.arange(len(order))
        colours = [BLUE if x >= 0 else ORANGE for x in of.mu[order]]
        panel.barh(place, of.mu_star[order], height=0.65, color=colours)
        error = study.reach * of.mu_star_error[order]
        panel.errorbar(of.mu_star[order], place, xerr=error, fmt="none", ecolor=BLACK, elinewidth=1.0, capsize=2)
        panel.plot(of.sigma[order], place, "D", color=GREY, markersize=4)
        _name_rows(panel, [study.paths[k] for k in order], labels[name])
    for colour, text in ((BLUE, "Mean size of the effect, rising"), (ORANGE, "Mean size of the effect, falling")):
        panels[0].barh([0], [0], color=colour, label=text)
    panels[0].plot([], [], "D", color=GREY, markersize=4, label="Standard deviation of the effect")
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=9, frameon=False
    )
    return figure


def spread_figure(study: Propagation, labels: Labels, title: str = "") -> Figure:
    """How every result that is one number is distributed."""
    names = [name for name, of in study.spreads.items() if of.mean.ndim == 0]
    figure, panels = _panels(names, 5, title)
    for panel, name in zip(panels, names, strict=True):
        y, of = study.values[name], study.spreads[name]
        panel.hist(
            y[np.isfinite(y)], bins=min(40, max(8, study.samples // 12)), color=SKY, edgecolor="white", linewidth=0.4
        )
        for share, q in zip(SHARES, of.quantiles, strict=True):
            if share in (SHARES[0], 0.5, SHARES[-1]):
                panel.axvline(
                    float(q),
                    color=BLACK,
                    linewidth=1.4 if share == 0.5 else 0.8,
                    linestyle="-" if share == 0.5 else "--",
                )
        dress(panel, labels[name], "Runs")
        panel.locator_params(axis="x", nbins=5)
    panels[0].plot([], [], color=BLACK, linewidth=1.4, label="Median")
    panels[0].plot([], [], color=BLACK, linewidth=0.8, linestyle="--", label="95 % of the runs")
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=9, frameon=False
    )
    return figure


def band_figure(times: np.ndarray, study: Propagation, label: str, title: str = "", name: str = "voltage") -> Figure:
    """A result against time: its median, and where half and 95 % of all runs lie (above); how strongly it goes with
    every input (below)."""
    unit = time_unit(float(times[-1]))
    t, of = times / unit.seconds, study.spreads[name]
    figure = new_figure(9.0, 6.6, title)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1.4, 1.0))
    low, lower, median, upper, high = of.quantiles
    above.fill_between(t, low, high, color=SKY, alpha=0.45, linewidth=0, label="95 % of the runs")
    above.fill_between(t, lower, upper, color=BLUE, alpha=0.55, linewidth=0, label="Half of the runs")
    above.plot(t, median, color=BLACK, linewidth=1.6, label="Median")
    dress(above, "", label)
    above.legend(frameon=False, fontsize=9)
    for path, row, colour in zip(study.paths, of.rank_correlation, COLOURS, strict=False):
        below.plot(t, row, color=colour, linewidth=1.6, label=path)
    below.axhline(0.0, color=GREY, linewidth=0.8)
    below.set_ylim(-1.05, 1.05)
    dress(below, unit.label, "Rank correlation")
    figure.legend(*below.get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=9, frameon=False)
    return figure


def index_curves_figure(times: np.ndarray, study: Sobol, title: str = "", name: str = "voltage") -> Figure:
    """First-order indices against time, one on the other; what is left to one is due to inputs together."""
    unit = time_unit(float(times[-1]))
    t, first = times / unit.seconds, np.clip(study.indices[name].first, 0.0, None)
    figure = new_figure(9.0, 4.6, title)
    axes = figure.subplots()
    axes.stackplot(t, first, labels=study.paths, colors=COLOURS[: len(first)], linewidth=0)
    axes.axhline(1.0, color=GREY, linewidth=0.8)
    axes.set_xlim(t[0], t[-1])
    axes.set_ylim(0.0, max(1.05, float(np.max(np.sum(first, axis=0)))))
    dress(axes, unit.label, f"Share of the variance of the {name}")
    figure.legend(loc="outside lower center", ncols=3, fontsize=9, frameon=False)
    return figure


def _panels(names: Sequence[str], rows: int, title: str) -> tuple[Figure, list[Axes]]:
    columns = min(COLUMNS, len(names))
    lines = -(-len(names) // columns)
    figure = new_figure(1.2 + 3.6 * columns, 1.1 + (1.0 + 0.32 * rows) * lines, title)
    grid = figure.subplots(lines, columns, squeeze=False).ravel()
    for panel in grid[len(names) :]:
        panel.set_axis_off()
    return figure, list(grid[: len(names)])


def _name_rows(panel: Axes, paths: Sequence[str], label: str) -> None:
    panel.set_yticks(np.arange(len(paths)), paths, fontsize=8)
    dress(panel, label, "")
    panel.grid(False, axis="y")
    panel.locator_params(axis="x", nbins=5)


def _plain(label: str) -> str:
    """A label without its unit."""
    return label.split(" [")[0].lower()
