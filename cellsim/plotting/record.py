"""A measured record, with the steps that are recognised in it."""

import numpy as np
from matplotlib.figure import Figure

from cellsim.constants import ZERO_CELSIUS
from cellsim.fitting.record import Record
from cellsim.fitting.segments import Kind
from cellsim.plotting.style import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY, dress, new_figure, time_unit

SHADES = {Kind.CURRENT: SKY, Kind.VOLTAGE: ORANGE, Kind.POWER: PURPLE, Kind.PROFILE: GREY}  # a rest stays white


def record_figure(record: Record, title: str = "") -> Figure:
    """Voltage, current and, where there is one, temperature against time, above stripes of what was held."""
    t = record.t - record.t[0]
    unit = time_unit(float(t[-1]))
    has_T = record.T is not None
    figure = new_figure(9.0, 6.4 if has_T else 5.2, title)
    axes = figure.subplots(3 if has_T else 2, 1, sharex=True, height_ratios=(2.2, 1.0, 0.8) if has_T else (2.2, 1.0))
    axes[0].plot(t / unit.seconds, record.V, color=BLUE, linewidth=1.4)
    axes[1].plot(t / unit.seconds, record.I, color=RED, linewidth=1.4)
    dress(axes[0], "", "Voltage [V]")
    dress(axes[1], "", "Current [A]")
    if record.T is not None:
        axes[2].plot(t / unit.seconds, record.T - ZERO_CELSIUS, color=GREEN, linewidth=1.4)
        dress(axes[2], "", "Temperature [\N{DEGREE SIGN}C]")
    axes[-1].set_xlabel(unit.label)
    labelled: set[Kind] = set()
    for stretch in record.steps:
        if (shade := SHADES.get(stretch.kind)) is None:
            continue
        ends = ((stretch.t_start - record.t[0]) / unit.seconds, (stretch.t_end - record.t[0]) / unit.seconds)
        label = "" if stretch.kind in labelled else stretch.kind.value
        axes[0].axvspan(*ends, color=shade, alpha=0.15, linewidth=0, label=label)
        labelled.add(stretch.kind)
    if labelled:
        axes[0].legend(loc="best", fontsize=8, frameon=False)
    low, high = min(0.0, float(record.I.min())), max(0.0, float(record.I.max()))
    room = 0.1 * max(high - low, 1e-12)
    axes[1].set_ylim(low - room, high + room)
    axes[0].set_xlim(0.0, float(np.max(t)) / unit.seconds)
    return figure
