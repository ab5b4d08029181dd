"""What a fit found: data and model, the way there, and which numbers hang together."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from cellsim.plotting.style import BLACK, BLUE, GREEN, GREY, ORANGE, RED, dress, new_figure, time_unit

MOST_COLUMNS = 4
MOST_ROOM = 1.5  # times what is left, for what is not known of it


def fit_figure(
    runs: Mapping[str, Any],
    before: Mapping[str, Any] | None = None,
    title: str = "",
    unseen: Mapping[str, Any] | None = None,
) -> Figure:
    """Measured and fitted voltages of every run (`cellsim.fitting.fit.Predicted`), and below them what is left;
    `before` has those where the fit began, `unseen` those that were not fitted
    (`cellsim.fitting.prediction.Prediction`)."""
    began, unseen = before or {}, unseen or {}
    panels: list[tuple[str, Any, Any, Any]] = [(name, run, began.get(name), None) for name, run in runs.items()]
    panels += [(f"{name} (not fitted)", each.run, each.before, each.std_error) for name, each in unseen.items()]
    rows = -(-len(panels) // MOST_COLUMNS)
    columns = min(len(panels), MOST_COLUMNS)
    figure = new_figure(max(4.4 * columns, 5.6), 5.0 * rows, title)
    axes = figure.subplots(2 * rows, columns, squeeze=False, height_ratios=(2.2, 1.0) * rows)
    for panel in axes.ravel():
        panel.set_visible(False)
    for number, (name, run, start, error) in enumerate(panels):
        row, column = 2 * (number // columns), number % columns
        above, below = axes[row, column], axes[row + 1, column]
        below.sharex(above)
        for panel in (above, below):
            panel.set_visible(True)
        unit = time_unit(float(run.t[-1]))
        t = run.t / unit.seconds
        colour, what = (BLUE, "fitted") if error is None else (GREEN, "predicted")
        above.plot(t, run.measured, ".", color=BLACK, markersize=3, label="measured")
        if start is not None:
            above.plot(t, start.found, "--", color=GREY, linewidth=1.2, label=f"where it began, {_rms(start)}")
        above.plot(t, run.found, color=colour, linewidth=1.6, label=f"{what}, {_rms(run)}")
        above.set_title(name)
        above.legend(frameon=False, fontsize=8)
        left = 1e3 * (run.found - run.measured)
        below.plot(t, left, color=RED, linewidth=1.0)
        if error is not None and np.all(np.isfinite(error)):
            limits = below.get_ylim()
            wide = 2e3 * error
            below.fill_between(t, left - wide, left + wide, color=RED, alpha=0.2, linewidth=0, label="2 std. errors")
            shown = (min(limits[0], -MOST_ROOM * limits[1]), max(limits[1], -MOST_ROOM * limits[0]))
            below.set_ylim(*(np.clip(x, *shown) for x in below.get_ylim()))  # an error at a bound may be anything
            below.legend(frameon=False, fontsize=8)
        below.axhline(0.0, color=BLACK, linewidth=0.6)
        dress(above, "", "Voltage [V]" if column == 0 else "")
        dress(below, unit.label, "Model \N{MINUS SIGN}\nmeasured [mV]" if column == 0 else "")
    return figure


def _rms(run: Any) -> str:
    return f"{1e3 * run.rmse:.3g} mV rms"


def convergence_figure(history: np.ndarray, labels: Sequence[str], title: str = "") -> Figure:
    """The cost (first column of `history`) on a logarithmic axis and every number, a row a step, one panel each."""
    rows = -(-len(labels) // 2)
    figure = new_figure(9.0, 1.0 + 1.9 * rows, title)
    axes = figure.subplots(rows, 2, sharex=True, squeeze=False).ravel()
    for panel in axes[len(labels) :]:
        panel.set_visible(False)
    for k, (values, label) in enumerate(zip(history.T, labels, strict=True)):
        panel = axes[k]
        panel.plot(np.arange(len(values)), values, "o-", color=ORANGE if k else BLUE, markersize=3.5, linewidth=1.5)
        dress(panel, "Step" if k >= len(labels) - 2 else "", label)
        panel.yaxis.label.set_fontsize(8)
        if values.min() > 0 and values.max() / values.min() > 10:
            panel.set_yscale("log")
    axes[0].xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def correlation_figure(correlation: np.ndarray, names: Sequence[str], title: str = "") -> Figure:
    """Correlations of all numbers as a square of colours, with their values where they fit."""
    count = len(names)
    size = 2.6 + 0.42 * count
    figure = new_figure(size + 1.6, size, title)
    axes = figure.subplots()
    picture = axes.imshow(correlation, cmap="RdBu_r", vmin=-1.0, vmax=1.0)
    axes.set_xticks(range(count), names, rotation=60, ha="right", rotation_mode="anchor", fontsize=8)
    axes.set_yticks(range(count), names, fontsize=8)
    if count <= 14:
        for row in range(count):
            for column in range(count):
                value = correlation[row, column]
                colour = "white" if abs(value) > 0.6 else BLACK
                axes.text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=7, color=colour)
    figure.colorbar(picture, ax=axes, shrink=0.8).set_label("Correlation [-]")
    return figure


def corner_figure(samples: np.ndarray, names: Sequence[str], truth: Sequence[float] | None = None) -> Figure:
    """How often samples (a row each) fall where: of every number alone on the diagonal, of every pair below it. `truth`
    is marked where it is known."""
    count = len(names)
    figure = new_figure(1.2 + 1.7 * count, 1.0 + 1.6 * count, "")
    axes = figure.subplots(count, count, squeeze=False, sharex="col")
    for row in range(count):
        for column in range(count):
            panel = axes[row, column]
            if column > row:
                panel.set_visible(False)
                continue
            if row == column:
                panel.hist(samples[:, row], bins=30, color=BLUE, alpha=0.8)
                panel.set_yticks([])
            else:
                panel.plot(samples[:, column], samples[:, row], ".", color=BLUE, markersize=1.5, alpha=0.3)
            if truth is not None:
                panel.axvline(truth[column], color=RED, linewidth=1.0)
                if row != column:
                    panel.axhline(truth[row], color=RED, linewidth=1.0)
            dress(panel, names[column] if row == count - 1 else "", names[row] if column == 0 and row else "")
            panel.tick_params(labelsize=7)
            panel.xaxis.label.set_fontsize(8)
            panel.yaxis.label.set_fontsize(8)
    return figure
