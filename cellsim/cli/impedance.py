"""`cellsim impedance`."""

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cellsim import __version__, citations, shipped
from cellsim.cli import DONE, FAILED
from cellsim.cli.run import DEFAULT_FOLDER, folder_for, named_folder, settings_from
from cellsim.cli.stopwatch import Stopwatch
from cellsim.cli.terminal import StatusLine, is_colourful, table
from cellsim.fitting.kramers_kronig import KramersKronig, kramers_kronig
from cellsim.fitting.spectra import UnreadableSpectrum, load_spectrum
from cellsim.output import moved_into_place
from cellsim.scenario import Scenario, scenario_from
from cellsim.settings import BadInput, Given, Reading, settings_in, shown
from cellsim.simulation.impedance import impedance
from cellsim.simulation.solution import CannotStart
from cellsim.simulation.spectrum import Spectrum

TABLE, CURVE, SUMMARY = "impedance.csv", ("nyquist.png", "bode.png"), "summary.json"
SOC, MESH = 0.5, "spectral"  # where none is said
FREQUENCIES = "1e-4:1e3:60"
MOST_FREQUENCIES = 100_000
WANTED = "LOW:HIGH:COUNT, as 1e-4:1e3:60 for sixty frequencies from 0.1 mHz to 1 kHz, evenly on a logarithmic axis"


class Measured(NamedTuple):
    """A measured spectrum, what the model says at its frequencies, and whether it is one of a cell at rest."""

    spectrum: Spectrum
    model: Spectrum
    test: KramersKronig | str  # or why there is none

    @property
    def off(self) -> np.ndarray:
        """The model less the measurement, over the modulus of the measurement."""
        Z = np.asarray(self.spectrum.Z)
        return (np.asarray(self.model.Z) - Z) / np.abs(Z)


def run(arguments: argparse.Namespace, argv: Sequence[str]) -> int:
    """Computes a spectrum and writes its files; the exit code. Raises `BadInput`."""
    watch = Stopwatch()
    with watch.running(), StatusLine(sys.stderr, arguments.quiet) as status:
        with watch.phase("set_up"):
            if arguments.scenario:
                arguments.scenario = shipped.found(arguments.scenario)
            source = arguments.scenario or "the command line"
            scenario, frequencies, data = _asked(arguments, source)
            name = Path(arguments.scenario).stem if arguments.scenario else f"{scenario.cell.name}_impedance"
            directory = folder_for(named_folder(arguments, scenario.directory, source) or DEFAULT_FOLDER / name)
        with watch.phase("solve"):
            at = lambda f: impedance(scenario.model, f, soc=scenario.soc, T=scenario.temperature)
            try:
                spectrum = at(frequencies)
            except (CannotStart, ValueError) as error:
                raise BadInput(source, [str(error)]) from None
            V = float(_voltage(scenario.model, scenario.temperature, spectrum.state))
            measured = None if data is None else Measured(data, at(np.asarray(data.frequencies)), _tested(data))
        if not np.all(np.isfinite(np.asarray(spectrum.Z))):
            print("cellsim: failed: the impedance is not finite in this state of the model.", file=sys.stderr)
            return FAILED
        status.say("writing files")
        with watch.phase("output"):
            told = _told(scenario, spectrum, V, measured, argv)
            try:
                files = _written(scenario, spectrum, measured, directory, told, watch)
            except OSError as error:
                print(f"cellsim: the files in {directory} could not all be written: {error}.", file=sys.stderr)
                return FAILED
    if not arguments.quiet:
        seconds = watch.seconds()
        rows = [
            *_rows(scenario, spectrum, V, measured),
            ("wall time", ", ".join(f"{phase.replace('_', '-')} {took:.2f} s" for phase, took in seconds.items())),
            ("files", f"{directory}: {', '.join(file.name for file in files)}"),
        ]
        print(table(told["title"], rows, is_colourful(sys.stdout)))
    return DONE


# ---- what is asked


def _asked(arguments: argparse.Namespace, source: str) -> tuple[Scenario, np.ndarray, Spectrum | None]:
    """The scenario, the frequencies [Hz], and a measured spectrum. Raises `BadInput` with all that is wrong."""
    changes, found = settings_from(arguments)
    settings, folder = changes, Path()
    data_folder = folder
    if arguments.scenario is not None:
        there, wrong = settings_in(Path(arguments.scenario))
        settings, found = {**there, **changes}, [*wrong, *found]
        folder = data_folder = Path(arguments.scenario).parent
    elif arguments.cell is None:
        raise BadInput(source, ["nothing to compute: give --cell NAME, or a scenario. See `cellsim impedance --help`."])
    for option in ("frequencies", "data", "spectrum"):
        value = getattr(arguments, option)
        if value is not None:
            settings["impedance", option] = Given(value, f"--{option}")
            data_folder = Path() if option == "data" else data_folder
    settings.setdefault(("protocol", "soc"), Given(SOC, "the state of charge"))
    settings.setdefault(("model", "mesh"), Given(MESH, "the mesh"))
    read = Reading(settings, list(found))
    data = _data(read, data_folder)
    frequencies = _frequencies(read)
    if frequencies is None and data is not None:
        frequencies = np.asarray(data.frequencies)
    scenario = scenario_from(settings, source, read.problems, folder)
    return scenario, _spread(FREQUENCIES) if frequencies is None else frequencies, data


def _frequencies(read: Reading) -> np.ndarray | None:
    """The frequencies that are asked for; None where none are, or they are wrong."""
    given = read.settings.get(("impedance", "frequencies"))
    if given is None:
        return None
    try:
        return _spread(given.value) if isinstance(given.value, str) else _listed(given.value)
    except ValueError as error:
        read.problems.append(f"{given.place}: {error}")
        return None


def _spread(text: str) -> np.ndarray:
    parts = text.split(":")
    try:
        low, high, count = float(parts[0]), float(parts[1]), int(parts[2])
    except (ValueError, IndexError):
        raise ValueError(f"needed is {WANTED}; found '{text}'.") from None
    if len(parts) != 3 or not 0 < low < high < np.inf or not 2 <= count <= MOST_FREQUENCIES:
        raise ValueError(
            f"needed is {WANTED}, with 0 < LOW < HIGH in Hz and 2 to {MOST_FREQUENCIES} of them; found '{text}'."
        )
    return np.geomspace(low, high, count)


def _listed(value: Any) -> np.ndarray:
    is_number = lambda x: isinstance(x, (int, float)) and not isinstance(x, bool) and 0 < x < np.inf
    if not (isinstance(value, list) and value and all(map(is_number, value))):
        raise ValueError(f'needed is a list of frequencies above zero [Hz], or "{FREQUENCIES}"; found {shown(value)}.')
    return np.asarray(value, dtype=float)


def _data(read: Reading, folder: Path) -> Spectrum | None:
    """The measured spectrum that is named."""
    name = read.text(("impedance", "data"), "")
    number = read.take(("impedance", "spectrum"), int, "the number of a spectrum in the file, from 0")
    if not name:
        return None
    try:
        return load_spectrum(folder / name, number)
    except UnreadableSpectrum as error:
        place = read.settings["impedance", "data"].place
        read.problems.append(f"{place}: {error}".replace("say which by its number", "say which by --spectrum"))
        return None


def _tested(data: Spectrum) -> KramersKronig | str:
    try:
        return kramers_kronig(data)
    except ValueError as error:
        return str(error)


@jax.jit
def _voltage(model: Any, T: Any, state: Any) -> Any:
    return model.discretised(model.T_usual if T is None else T).terminal_voltage(state, jnp.zeros(()))


# ---- what is told


def _told(
    scenario: Scenario, spectrum: Spectrum, V: float, measured: Measured | None, argv: Sequence[str]
) -> dict[str, Any]:
    """The summary, without its files and what they took."""
    f, Z = np.asarray(spectrum.frequencies), np.asarray(spectrum.Z)
    model = scenario.model
    T = float(model.T_usual if scenario.temperature is None else scenario.temperature)
    told = {
        "title": f"{scenario.cell.name}: impedance",
        "cellsim_version": __version__,
        "command": shlex.join(["cellsim", *argv]),
        **model.about,
        "changed_parameters": dict(scenario.changes),
        "model": type(model).__name__,
        "mesh": {"name": scenario.mesh, **model.divisions},
        "soc": scenario.soc,
        "temperature_K": T,
        "voltage_V": V,
        "frequencies": len(f),
        "frequency_min_Hz": float(f.min()),
        "frequency_max_Hz": float(f.max()),
        "z_real_at_highest_frequency_Ohm": float(Z[np.argmax(f)].real),
        "z_real_at_lowest_frequency_Ohm": float(Z[np.argmin(f)].real),
        "citations": [citation._asdict() for citation in citations.of_run(model)],
    }
    if measured is not None:
        off, test = measured.off, measured.test
        told["data"] = {
            "name": measured.spectrum.name,
            "frequencies": len(off),
            "said": list(measured.spectrum.said),
            "rms_relative_deviation": float(np.sqrt(np.mean(np.abs(off) ** 2))),
            "worst_relative_deviation": float(np.max(np.abs(off))),
            "kramers_kronig": {"not_tested": test}
            if isinstance(test, str)
            else {
                "worst_relative_residual": test.worst,
                "rms_relative_residual": test.rms,
                "elements": test.elements,
                "mu": test.mu,
                "consistent": test.is_consistent(),
            },
        }
    return told


def _written(
    scenario: Scenario,
    spectrum: Spectrum,
    measured: Measured | None,
    directory: Path,
    told: dict[str, Any],
    watch: Stopwatch,
) -> list[Path]:
    """The files, in the order of writing."""
    from cellsim import plotting

    files = [directory / TABLE]
    with moved_into_place(files[0]) as path:
        spectrum.to_csv(path)
    named = Spectrum(spectrum.frequencies, spectrum.Z, name=type(scenario.model).__name__)
    curves = [named] if measured is None else [named, measured.spectrum]
    figures = [plotting.nyquist_figure(curves, told["title"]), plotting.bode_figure(curves, told["title"])]
    names = list(CURVE)
    if measured is not None and not isinstance(measured.test, str):
        title = f"{measured.spectrum.name}: Kramers-Kronig test"
        figures.append(plotting.residuals_figure(measured.spectrum, measured.test.residuals, title))
        names.append("kramers_kronig.png")
    for name, figure in zip(names, figures, strict=True):
        files.append(directory / name)
        with moved_into_place(files[-1]) as path:
            figure.savefig(path, format="png")
    files.append(directory / SUMMARY)
    with moved_into_place(files[-1]) as path:
        told = {**told, "files": [file.name for file in files], "wall_seconds": watch.seconds()}
        path.write_text(json.dumps(told, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    return files


def _rows(scenario: Scenario, spectrum: Spectrum, V: float, measured: Measured | None) -> list[tuple[str, str]]:
    """Lines of the closing table."""
    f, Z = np.asarray(spectrum.frequencies), np.asarray(spectrum.Z)
    has_charge = float(scenario.model.limits.capacity) > 0
    spoken = lambda k: f"{Z[k].real:.5g} {'-' if Z[k].imag < 0 else '+'} {abs(Z[k].imag):.4g}i Ohm at {f[k]:.4g} Hz"
    rows = [
        ("model", type(scenario.model).__name__),
        ("state", f"state of charge {scenario.soc:g}, at rest at {V:.4f} V" if has_charge else f"at rest at {V:.4f} V"),
        ("impedance", f"{spoken(np.argmax(f))}, {spoken(np.argmin(f))}"),
        ("frequencies", f"{len(f)}, {f.min():.4g} to {f.max():.4g} Hz"),
    ]
    if measured is not None:
        off, test = np.abs(measured.off), measured.test
        rows.append(("measured", f"{measured.spectrum.name}, {len(off)} frequencies"))
        rows += [("", f"{sentence}.") for sentence in measured.spectrum.said]
        rows.append(
            (
                "deviation",
                f"{100 * np.sqrt(np.mean(off**2)):.3g} % (RMS), {100 * off.max():.3g} % at most, of its modulus",
            )
        )
        if isinstance(test, str):
            rows.append(("Kramers-Kronig", f"not tested: {test}"))
        else:
            verdict = "obeyed" if test.is_consistent() else "not obeyed: the cell drifted, or was driven too hard"
            rows.append(("Kramers-Kronig", f"{verdict} (residual {100 * test.worst:.2g} % at most)"))
    return rows
