"""Measured impedance spectra from the files of instruments.

All of them hold a table with a frequency, a real and an imaginary part somewhere in their text, with names of their own
for the columns: BioLogic .mpt, Gamry .DTA, ZPlot .z, Autolab, CH Instruments, Parstat, PowerSuite, VersaStudio .par,
and tables with commas, semicolons or tabs, with names or without. One reader looks for that table.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cellsim import files
from cellsim.simulation.spectrum import Spectrum

FREQUENCY = re.compile(r"f(req\w*)?(?![a-z])")
REAL = re.compile(r"z'(?!')|z?re(al|\(|\[|/|[mk]?ohm|$)")
IMAGINARY = re.compile(r"z''|z\"|z?im(?!p)")  # not an impedance
MINUS = ("-", "\N{MINUS SIGN}")
UNIT = re.compile(r"(?<![a-z])(khz|kohm|mohm)")
UNITS = {"khz": 1e3, "kohm": 1e3, "mohm": 1e-3}
CUTS = (r"\t", r";", r",", r"\s{2,}", r"\s+")  # between the cells of a row
UNITS_ROWS = 3  # lines without numbers that may stand under the names


class UnreadableSpectrum(ValueError):
    """A file in which there is no impedance spectrum."""


class _Columns(NamedTuple):
    """Where the numbers are, and what they are to be multiplied with."""

    places: tuple[int, int, int]  # frequency, real part, imaginary part
    factors: tuple[float, float, float]
    names: tuple[str, ...]


def load_spectrum(path: str | Path, number: int | None = None) -> Spectrum:
    """The spectrum in a file, or spectrum `number` (from 0) of several. Raises `UnreadableSpectrum`."""
    found = load_spectra(path)
    if number is None and len(found) > 1:
        labels = ", ".join(f"{k} ({each.name})" for k, each in enumerate(found[:3]))
        raise UnreadableSpectrum(
            f"{path} holds {len(found)} spectra; say which by its number, from 0: {labels}"
            + (" ..." if len(found) > 3 else ".")
        )
    if number is not None and not 0 <= number < len(found):
        raise UnreadableSpectrum(f"{path} holds {len(found)} spectra, numbered from 0; found number {number}.")
    return found[number or 0]


def load_spectra(path: str | Path) -> list[Spectrum]:
    """All spectra in a file: one begins where the frequencies start anew. Raises `UnreadableSpectrum`."""
    path = Path(path)
    try:
        raw = files.content(path, files.MOST_TEXT)
    except OSError as error:
        raise UnreadableSpectrum(f"{path} cannot be read: {files.said(error)}.") from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    columns, rows = _table(path, [line for line in text.splitlines() if line.strip()])
    values = np.array([[float(row[place]) for place in columns.places] for row in rows]) * columns.factors
    kept = np.all(np.isfinite(values), axis=1) & (values[:, 0] > 0) & (values[:, 1] ** 2 + values[:, 2] ** 2 > 0)
    said = [] if columns.factors[2] > 0 else ["the imaginary part was written with the opposite sign"]
    if not kept.all():
        said.append(f"{np.sum(~kept)} rows without a frequency or an impedance were left out")
    values, rows = values[kept], [row for row, is_kept in zip(rows, kept, strict=True) if is_kept]
    if len(values) < 2:
        raise UnreadableSpectrum(f"{path} holds {len(values)} rows with a frequency and an impedance; two are needed.")
    sweeps = _sweeps(values[:, 0])
    labels = [_label(columns, rows[sweep]) for sweep in sweeps] if len(sweeps) > 1 else [path.stem]
    return [_spectrum(values[sweep], label, said) for sweep, label in zip(sweeps, labels, strict=True)]


def _spectrum(values: np.ndarray, name: str, said: Sequence[str]) -> Spectrum:
    f, real, imag = values.T
    order = np.argsort(f, kind="stable")
    f, real, imag = f[order], real[order], imag[order]
    # a cell is capacitive at low frequencies, whatever its leads do at high ones
    if np.sum(imag[f <= np.sqrt(f[0] * f[-1])]) > 0:
        imag = -imag
        said = [*said, "the imaginary part is positive at low frequencies: taken as minus the imaginary part"]
    return Spectrum(f, real + 1j * imag, name=name, said=tuple(said))


def _sweeps(f: np.ndarray) -> list[slice]:
    """The runs of rows in which the frequency goes one way; a repeated frequency is no turn."""
    step = np.sign(np.diff(f))
    direction = step[np.flatnonzero(step)[0]] if np.any(step) else 1.0
    # back by a decade: neighbours that changed places are no new sweep
    turns = np.flatnonzero((step == -direction) & (np.abs(np.diff(np.log10(f))) > 1)) + 1
    ends = [0, *turns, len(f)]
    return [slice(start, stop) for start, stop in itertools.pairwise(ends)]


def _label(columns: _Columns, rows: Sequence[Sequence[str]]) -> str:
    """What the other columns say that is the same in all rows of a spectrum."""
    said = [
        f"{name.strip()} {rows[0][k].strip()}"
        for k, name in enumerate(columns.names)
        if k not in columns.places and name.strip() and all(len(row) > k and row[k] == rows[0][k] for row in rows)
    ]
    return ", ".join(said) or "spectrum"


# ---- the table in a text


def _table(path: Path, lines: Sequence[str]) -> tuple[_Columns, list[list[str]]]:
    named = False
    for number, line in enumerate(lines):
        columns = _named(line)
        if columns is None:
            continue
        named = True
        rows = list(_rows(lines[number + 1 :], columns, UNITS_ROWS))
        if rows:
            return columns, rows
    if named:
        raise UnreadableSpectrum(f"{path} names the columns of a spectrum, but no rows of numbers follow.")
    plain = _Columns((0, 1, 2), (1.0, 1.0, 1.0), ())
    rows = list(_rows(lines, plain, 0))
    if len(rows) >= 2:
        return plain, rows
    raise UnreadableSpectrum(
        f"{path} holds no spectrum: needed is a row of names with a frequency, a real and an imaginary part, as "
        '"frequency_Hz,z_real_Ohm,z_imag_Ohm", and rows of numbers under it; or three columns of numbers alone.'
    )


def _named(line: str) -> _Columns | None:
    """The columns that a line names, if it names those of a spectrum."""
    line = line.rpartition("=")[2]  # "Definition=Segment #, Point #, ..."
    if line.count('"') == 2 and line.strip().startswith('"') and line.strip().endswith('"'):
        line = line.strip().strip('"')
    for cut in CUTS:
        names = re.split(cut, line if cut == r"\t" else line.strip())
        plain = [re.sub(r"[\s_]", "", name.lower()) for name in names]
        signs = [-1.0 if name.startswith(MINUS) else 1.0 for name in plain]
        plain = [name.lstrip("".join(MINUS)) for name in plain]
        places = [
            next((k for k, name in enumerate(plain) if pattern.match(name)), None)
            for pattern in (FREQUENCY, REAL, IMAGINARY)
        ]
        if None not in places:
            f, real, imag = (k for k in places if k is not None)
            units = [UNITS[said[1]] if (said := UNIT.search(names[k].lower())) else 1.0 for k in (f, real, imag)]
            return _Columns((f, real, imag), (units[0], units[1], signs[imag] * units[2]), tuple(names))
    return None


def _rows(lines: Sequence[str], columns: _Columns, skipped: int) -> Iterator[list[str]]:
    """The rows of numbers at the head of `lines`, as text."""
    cut = None
    for line in lines:
        cuts = CUTS if cut is None else (cut,)
        cells = {each: _cells(line, each, columns) for each in cuts}
        cut_here = next((each for each, found in cells.items() if found), None)
        if cut_here is not None:
            cut = cut_here
            yield cells[cut]
        elif cut is not None:
            return
        else:
            skipped -= 1
            if skipped < 0:
                return


def _cells(line: str, cut: str, columns: _Columns) -> list[str]:
    """The cells of a row in which all that is needed are numbers; none otherwise. Decimal commas become points."""
    cells = re.split(cut, line if cut == r"\t" else line.strip())
    if cut != r",":
        cells = [cell.replace(",", ".") for cell in cells]
    try:
        for place in columns.places:
            float(cells[place])
    except (IndexError, ValueError):
        return []
    return cells
