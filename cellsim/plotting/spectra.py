"""Impedance spectra: in the complex plane (Nyquist), and against the frequency (Bode)."""

from collections.abc import Iterator, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import LogFormatter

from cellsim.plotting.style import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY, dress, new_figure, time_unit
from cellsim.simulation.spectrum import Spectrum

COLOURS = (BLUE, ORANGE, GREEN, PURPLE, RED, SKY, BLACK)
MARKED = 400  # points of a curve, above which they are no longer marked one by one
FINEST = 1.0  # Ohm; below it a spectrum is shown in mOhm
NEAR = 0.03  # of the height of a picture, how near the line at zero a name would lie on it
APART = 0.05  # of the size of a picture, how far marked frequencies are from each other


def nyquist_figure(spectra: Sequence[Spectrum], title: str = "") -> Figure:
    """Minus the imaginary against the real part, one scale for both; whole decades of the frequency are marked."""
    figure = new_figure(7.0, 5.6, title)
    _nyquist(figure.subplots(), spectra)
    return figure


def bode_figure(spectra: Sequence[Spectrum], title: str = "") -> Figure:
    """Modulus and phase against the frequency."""
    figure = new_figure(7.0, 6.4, title)
    above, below = figure.subplots(2, 1, sharex=True)
    _bode(above, below, spectra)
    return figure


def spectra_figure(spectra: Sequence[Spectrum], title: str = "") -> Figure:
    """Both side by side."""
    figure = new_figure(12.0, 5.6, title)
    axes = figure.subplot_mosaic([["plane", "modulus"], ["plane", "phase"]])
    axes["modulus"].sharex(axes["phase"])
    _nyquist(axes["plane"], spectra)
    _bode(axes["modulus"], axes["phase"], spectra, named=False)
    return figure


def residuals_figure(spectrum: Spectrum, residuals: np.ndarray, title: str = "") -> Figure:
    """Relative residuals (complex, one a frequency) of a spectrum, of real and imaginary parts."""
    figure = new_figure(7.0, 4.2, title)
    axes = figure.subplots()
    f = np.asarray(spectrum.frequencies)
    axes.semilogx(f, 100 * residuals.real, "o-", color=BLUE, markersize=3.5, linewidth=1.2, label="real part")
    axes.semilogx(f, 100 * residuals.imag, "s-", color=ORANGE, markersize=3.5, linewidth=1.2, label="imaginary part")
    axes.axhline(0.0, color=GREY, linewidth=0.8)
    axes.legend(frameon=False, fontsize=9)
    dress(axes, "Frequency [Hz]", "Residual over modulus [%]")
    return figure


def _curves(spectra: Sequence[Spectrum]) -> Iterator[tuple[np.ndarray, np.ndarray, str, object, str]]:
    """Frequency, impedance, name, colour and marker of every curve; of stacked spectra, from dark to bright."""
    many = sum(int(np.prod(each.Z.shape[:-1])) for each in spectra)
    shades = mpl.colormaps["viridis"]
    count = 0
    for k, spectrum in enumerate(spectra):
        f = np.asarray(spectrum.frequencies)
        rows = np.asarray(spectrum.Z).reshape(-1, len(f))
        names = _names(spectrum, len(rows))
        for row, name in zip(rows, names, strict=True):
            colour = COLOURS[count] if many <= len(COLOURS) else shades(0.92 * count / (many - 1))
            yield f, row, name, colour, ("o-", "s--", "^:")[min(k, 2)]
            count += 1


def _names(spectrum: Spectrum, rows: int) -> list[str]:
    """What stands in the legend for each of its curves: of stacked spectra the time, if there is one."""
    if rows == 1:
        return [spectrum.name]
    if spectrum.t is None:
        return [""] * rows
    times = [(t, time_unit(t)) for t in map(float, np.asarray(spectrum.t).ravel())]
    begins = f"{spectrum.name}, " if spectrum.name else ""
    return [f"{begins}{t / unit.seconds:.3g} {unit.name}" for t, unit in times]


def _unit(spectra: Sequence[Spectrum]) -> tuple[float, str]:
    most = max(float(np.max(np.abs(np.asarray(each.Z)))) for each in spectra)
    return (1e3, "m\N{GREEK CAPITAL LETTER OMEGA}") if most < FINEST else (1.0, "\N{GREEK CAPITAL LETTER OMEGA}")


def _nyquist(axes: Axes, spectra: Sequence[Spectrum]) -> None:
    factor, unit = _unit(spectra)
    for f, Z, name, colour, marker in _curves(spectra):
        size = 3.0 if len(f) <= MARKED else 0.0
        axes.plot(factor * Z.real, -factor * Z.imag, marker, color=colour, markersize=size, linewidth=1.3, label=name)
    spectrum = spectra[0]
    f, Z = np.asarray(spectrum.frequencies), np.asarray(spectrum.Z).reshape(-1, len(spectrum.frequencies))[0]
    last, size = np.inf, max(np.ptp(Z.real), np.ptp(Z.imag))
    for decade, at in _decades(f):
        if np.abs(Z[at] - last) < APART * size:
            continue
        last, place = Z[at], (factor * Z[at].real, -factor * Z[at].imag)
        axes.plot(*place, "o", color=BLACK, markersize=4.5, zorder=3)
        slower = int(np.clip(at + (1 if f[0] > f[-1] else -1), 0, len(f) - 1))
        beside = (4, 5) if Z[slower].imag > Z[at].imag else (6, -9)  # out of the way of the curve
        if beside[1] < 0 and 0 <= -Z[at].imag < NEAR * np.ptp(Z.imag):
            beside = (2, -19)  # and out of that of the line at zero
        label = axes.annotate(decade, place, xytext=beside, textcoords="offset points", fontsize=8, zorder=4)
        label.set_path_effects([withStroke(linewidth=2.0, foreground="white")])
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, -0.07 * high), high)
    axes.set_aspect("equal", adjustable="datalim")
    axes.axhline(0.0, color=GREY, linewidth=0.8)
    dress(axes, f"Real part [{unit}]", f"\N{MINUS SIGN} Imaginary part [{unit}]")
    if axes.get_legend_handles_labels()[1]:
        axes.legend(frameon=False, fontsize=9)


def _decades(f: np.ndarray) -> Iterator[tuple[str, int]]:
    """Whole decades that are among the frequencies, or near enough to one of them, and which one that is."""
    for power in range(int(np.ceil(np.log10(f.min()) - 0.05)), int(np.floor(np.log10(f.max()) + 0.05)) + 1):
        at = int(np.argmin(np.abs(np.log10(f) - power)))
        if abs(np.log10(f[at]) - power) < 0.06:
            yield f"{10.0**power:g} Hz" if -4 < power < 5 else f"$10^{{{power}}}$ Hz", at


def _bode(modulus: Axes, phase: Axes, spectra: Sequence[Spectrum], named: bool = True) -> None:
    factor, unit = _unit(spectra)
    for f, Z, name, colour, marker in _curves(spectra):
        style = {"color": colour, "markersize": 3.0 if len(f) <= MARKED else 0.0, "linewidth": 1.3}
        modulus.loglog(f, factor * np.abs(Z), marker, label=name, **style)
        phase.semilogx(f, np.rad2deg(np.angle(Z)), marker, **style)
    dress(modulus, "", f"Modulus [{unit}]")
    modulus.yaxis.set_major_formatter(LogFormatter())  # 20 and 40, not powers of ten
    modulus.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=(2.0, 0.4)))
    dress(phase, "Frequency [Hz]", "Phase [\N{DEGREE SIGN}]")
    modulus.tick_params(labelbottom=False)
    if named and modulus.get_legend_handles_labels()[1]:
        modulus.legend(frameon=False, fontsize=9)
