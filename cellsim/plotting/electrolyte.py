"""The four functions of an electrolyte over concentration and temperature."""

import re
from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from cellsim.constants import ZERO_CELSIUS
from cellsim.electrolyte import AbstractElectrolyte
from cellsim.electrolyte.ranges import concentrations, temperatures
from cellsim.plotting.style import BLACK, GREY, dress, new_figure

PANELS = (
    ("kappa", "Ionic conductivity", "S/m"),
    ("D", "Salt diffusivity", "m²/s"),
    ("t_plus", "Cation transference number", "-"),
    ("chi", "Thermodynamic factor", "-"),
)
CURVES = 5
POINTS = 201
WIDE = 20.0  # what varies more than so many times is shown on a logarithmic axis
COLOURS = mpl.colormaps["plasma"]


def electrolyte_figure(
    electrolyte: AbstractElectrolyte, title: str | None = None, notes: Mapping[str, str] | None = None
) -> Figure:
    """Conductivity, diffusivity, transference number and thermodynamic factor in the measured range.

    Concentration runs along, temperature is the colour. `notes` are set into the panels of the properties they name,
    such as {"chi": "assumed"}. The title is the electrolyte's name unless another, or "", is given.
    """
    c = concentrations(electrolyte, POINTS)
    T = temperatures(electrolyte, CURVES)
    figure = new_figure(9.0, 6.6, _with_subscripts(electrolyte.name) if title is None else title)
    axes = figure.subplots(2, 2, sharex=True)
    for panel, (name, label, unit) in zip(axes.flat, PANELS, strict=True):
        curves = np.stack([np.asarray(getattr(electrolyte, name)(c, np.full_like(c, each))) for each in T])
        _draw(panel, c / 1000.0, curves, f"{label} [{{}}{unit}]", may_be_wide=name in ("kappa", "D"))
        note = (notes or {}).get(name)
        if note:
            panel.set_title(note, fontsize=9, color=GREY, loc="right")
    for panel in axes[1]:
        panel.set_xlabel("Salt concentration [mol/L]")
    axes[0, 0].set_xlim(c[0] / 1000.0, c[-1] / 1000.0)
    handles = [mpl.lines.Line2D([], [], color=_colour(k, len(T)), linewidth=1.8) for k in range(len(T))]
    names = [f"{each - ZERO_CELSIUS:.3g} °C".replace("-", "\N{MINUS SIGN}") for each in T]
    figure.legend(handles, names, loc="outside lower center", ncols=len(T), fontsize=9, frameon=False)
    return figure


def _draw(panel: Axes, m: np.ndarray, curves: np.ndarray, label: str, may_be_wide: bool) -> None:
    """Curves against concentration, with the power of ten in the label; on a logarithmic axis if they lie far apart."""
    least, most = float(curves.min()), float(curves.max())
    size = max(abs(least), abs(most))
    power = 0 if 0.05 <= size < 1e3 else int(np.floor(np.log10(size)))
    is_number = most - least < 1e-9 * size
    for k, curve in enumerate(curves[:1] if is_number else curves):
        colour = BLACK if is_number else _colour(k, len(curves))
        panel.plot(m, curve / 10.0**power, color=colour, linewidth=1.8)
    dress(panel, "", label.format(f"$10^{{{power}}}$ " if power else ""))
    low, high = panel.get_ylim()
    # a curve that starts at zero belongs on a linear axis; only what never comes near it varies by orders
    if may_be_wide and least > 0 and most / least > WIDE and float(np.median(curves)) < most / 3:
        panel.set_yscale("log")
        panel.yaxis.set_major_locator(LogLocator(subs=(1.0,) if most / least > 300 else (1.0, 2.0, 5.0)))
        panel.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
        panel.yaxis.set_minor_formatter(NullFormatter())
    elif least < 0:
        panel.axhline(0.0, color=GREY, linewidth=0.8)
    elif is_number:
        panel.set_ylim(0.0, 2.0 * most / 10.0**power)
    elif least < 0.35 * most:
        panel.set_ylim(0.0, high)


def _colour(k: int, count: int) -> tuple[float, float, float, float]:
    """From dark in the cold to bright in the heat; the palest yellow is left out, it is hard to see on white."""
    return COLOURS(0.85 * k / (count - 1)) if count > 1 else COLOURS(0.25)


def _with_subscripts(name: str) -> str:
    """The formula of the salt at the start of a name as chemists set it."""
    salt, space, rest = name.partition(" ")
    return re.sub(r"(?<=[A-Za-z])(\d+)", r"$_{\1}$", salt) + space + rest
