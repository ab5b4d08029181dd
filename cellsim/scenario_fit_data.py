"""The data of a fit file: records and spectra, what is compared with them, and how they were made."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from cellsim import files
from cellsim.constants import ZERO_CELSIUS
from cellsim.entries import Entries
from cellsim.fitting.experiment import Build, Experiment, Resting
from cellsim.fitting.impedance import SHARE, ImpedanceExperiment
from cellsim.fitting.observables import (
    AbstractResidual,
    Capacity,
    Current,
    DifferentialCapacity,
    Profiles,
    Temperature,
    Voltage,
)
from cellsim.fitting.record import Record
from cellsim.fitting.spectra import load_spectrum
from cellsim.hints import near_name
from cellsim.protocols import language
from cellsim.protocols.protocol import Protocol
from cellsim.scenario import AMBIENT, STATE_OF_CHARGE
from cellsim.scenario_fit_sources import Stored, Synthetic, SyntheticSpectrum, made_record, made_spectrum
from cellsim.scenario_models import MESHES
from cellsim.settings import Reading, is_number, shown
from cellsim.simulation.spectrum import Spectrum

FOLLOWED = ("current", "protocol", "steps")  # "steps": the protocol, each step as long as in the record
OF_EITHER = ("name", "soc", "temperature")
OF_RUN = (
    *OF_EITHER,
    "file",
    "read",
    "between",
    "step",
    "points",
    "synthetic",
    "fitted",
    "rest_voltage",
    "start",
    "protocol",
    "follow",
    "observe",
    "noise",
    "current_noise",
    "temperature_noise",
    "capacity_noise",
    "dQ_dV_noise",
    "levels",
    "profiles",
    "by_time",
)
OF_SPECTRUM = (*OF_EITHER, "impedance", "number", "noise", "mesh")
OF_FILE = ("read", "between", "step", "points")  # which need a file
OF_READ = ("columns", "units", "format", "where", "current", "current_sign", "capacity", "area")
OF_SYNTHETIC = ("noise", "current_noise", "period", "seed", "resolution")
OF_MADE_SPECTRUM = ("from", "to", "count", "noise", "seed")
OF_PROFILES = ("file", "field", "noise")
NOISES: dict[str, tuple[type[Any], tuple[str, float, float, str]]] = {  # of what is one number or one for every row
    "voltage": (Voltage, ("noise", 1e-6, 1.0, "V")),
    "current": (Current, ("current_noise", 1e-9, 1e3, "A")),
    "temperature": (Temperature, ("temperature_noise", 1e-6, 100.0, "K")),
    "capacity": (Capacity, ("capacity_noise", 1e-9, 1e3, "A.h")),
}
OBSERVED = (*NOISES, "dQ/dV", "profiles")


@dataclasses.dataclass(frozen=True)
class Planned:
    """An experiment whose data are yet to be read, or made."""

    experiment: Experiment | ImpedanceExperiment  # without its data
    source: Path | Stored | Synthetic | SyntheticSpectrum
    protocol: Any = None  # what was done, also where the measured current is followed
    number: int | None = None  # of the spectrum in a file of several
    is_fitted: bool = True  # or predicted only

    def with_data(self, truth: Any) -> Experiment | ImpedanceExperiment:
        """The experiment with its data, made-up ones of the cell `truth`. Raises `OSError`, and `ValueError` for what
        cannot be read or made."""
        if isinstance(self.experiment, ImpedanceExperiment):
            if isinstance(self.source, Path):
                return self.experiment._replace(spectrum=load_spectrum(self.source, self.number))
            assert isinstance(self.source, SyntheticSpectrum)
            return self.experiment._replace(spectrum=made_spectrum(self.experiment, self.source, truth))
        if isinstance(self.source, Stored):
            return self.experiment._replace(record=self.source.record())
        assert isinstance(self.source, Synthetic)
        return self.experiment._replace(record=made_record(self.experiment, self.protocol, self.source, truth))


def planned_experiments(
    read: Reading, folder: Path, build: Build, rtol: float, max_steps: int, temperature: float | None
) -> tuple[Planned, ...]:
    """The experiments of a file, their models built by `build`."""
    place = "[[fit.experiments]]"
    tables = read.take(("fit", "experiments"), list, f"a list of tables, each under {place}")
    if not tables:
        read.problems.append(f'[fit] has no data: write file = "..." under {place}, once for every record.')
    found = []
    for number, content in enumerate(tables or [], start=1):
        if not isinstance(content, Mapping):
            read.problems.append(f"{place} {number} must be a table, found {shown(content)}.")
            continue
        here = Entries(content, f"{place} {number}:", read.problems)
        before = len(here.problems)
        T = _number(here, "temperature", AMBIENT.low, AMBIENT.high, "degC")
        T = temperature if T is None else T
        of_all = dict(
            model=build,
            T=None if T is None else T + ZERO_CELSIUS,
            soc=_number(here, "soc", STATE_OF_CHARGE.low, STATE_OF_CHARGE.high, ""),
        )
        if "impedance" in content:
            planned = _spectrum(here, folder, number, of_all)
        else:
            planned = _run(here, folder, number, {**of_all, "rtol": rtol, "max_steps": max_steps})
        if planned is not None and len(here.problems) == before:
            found.append(planned)
    return tuple(found)


def _run(here: Entries, folder: Path, number: int, of_all: Mapping[str, Any]) -> Planned | None:
    """An experiment of a record."""
    here.only(OF_RUN)
    source = _source(here, folder)
    steps = here.take("protocol", list, 'a list of texts, such as ["Discharge at 1C until 2.5 V"]')
    protocol = None if steps is None else _protocol(here, steps, folder)
    follow = here.chosen("follow", "current" if steps is None else "protocol", FOLLOWED)
    if protocol is None and steps is None and (follow != "current" or isinstance(source, Synthetic)):
        here.problems.append(f"{here.place} needs protocol, a list of steps.")
    begins = _number(here, "start", -1e9, 1e9, "s")
    V_rest = _number(here, "rest_voltage", 0.0, 6.0, "V")
    if of_all["soc"] is not None and V_rest is not None:
        here.problems.append(f"{here.place} soc and rest_voltage both say where it begins; give one of them.")
    soc = Resting(V_rest) if V_rest is not None else 1.0 if of_all["soc"] is None else of_all["soc"]
    is_fitted = here.take("fitted", bool, "true or false", True)
    observe = _observed(here, folder, source.noise if isinstance(source, Synthetic) else 0.0)
    experiment = Experiment(
        Record(np.zeros(0), np.zeros(0), np.zeros(0)),
        **{**of_all, "soc": soc},
        protocol=None if follow == "current" else protocol,
        is_timed=follow == "steps",
        name=here.text("name", source.path.stem if isinstance(source, Stored) else f"experiment {number}"),
        t_start=begins,
        observe=observe,
        is_by_time=here.take("by_time", bool, "true or false", False),
    )
    return None if source is None else Planned(experiment, source, protocol, is_fitted=is_fitted)


def _spectrum(here: Entries, folder: Path, number: int, of_all: Mapping[str, Any]) -> Planned | None:
    """An experiment of an impedance spectrum."""
    here.only(OF_SPECTRUM)
    source: Path | SyntheticSpectrum | None
    if isinstance(here.content["impedance"], Mapping):
        table, usual = here.table("impedance"), SyntheticSpectrum()
        assert table is not None
        table.only(OF_MADE_SPECTRUM)
        low = _number_or(table, "from", 1e-9, 1e9, "Hz", usual.low)
        high = _number_or(table, "to", 1e-9, 1e9, "Hz", usual.high)
        noise = _number_or(table, "noise", 0.0, 1.0, "", usual.noise)
        count, seed = (table.take(key, int, "a whole number", getattr(usual, key)) for key in ("count", "seed"))
        source = SyntheticSpectrum(low, high, count, noise, seed)
        if not (source.low < source.high and count >= 2):
            here.problems.append(f"{table.place} needs two frequencies or more that rise, found {count}.")
    else:
        source = _file(here, "impedance", folder)
    share = _number(here, "noise", 1e-6, 1.0, "")
    if share is None:
        share = source.noise if isinstance(source, SyntheticSpectrum) and source.noise > 0 else SHARE
    build = of_all["model"]
    if "mesh" in here.content:
        build = dataclasses.replace(build, mesh=MESHES[here.chosen("mesh", "default", MESHES)]())
    experiment = ImpedanceExperiment(
        Spectrum(jnp.zeros(0), jnp.zeros(0)),
        build,
        0.5 if of_all["soc"] is None else of_all["soc"],
        of_all["T"],
        here.text("name", source.stem if isinstance(source, Path) else f"spectrum {number}"),
        share,
    )
    which = here.take("number", int, "the number of a spectrum in its file, from 0")
    return None if source is None else Planned(experiment, source, number=which)


# ---- what is compared


def _observed(here: Entries, folder: Path, made_with: float) -> tuple[AbstractResidual, ...]:
    """What is compared: what `observe` names; without it the voltage, and all whose noise is said. Made-up voltages
    have the noise that they were `made_with` [V]."""
    noises = {name: _number(here, *how) for name, (_, how) in NOISES.items()}
    if noises["voltage"] is None and made_with > 0:
        noises["voltage"] = made_with
    said = [name for name in ("current", "temperature", "capacity") if noises[name] is not None]
    said += [name for name, key in (("dQ/dV", "levels"), ("profiles", "profiles")) if key in here.content]
    names = here.take("observe", list, f"a list of what is compared, of {', '.join(OBSERVED)}", ["voltage", *said])
    found: list[AbstractResidual] = []
    for name in names:
        if str(name) not in OBSERVED:
            near = near_name(str(name), OBSERVED)
            here.problems.append(
                f"{here.place} observe names {shown(name)}, which cannot be.{near} It can: {', '.join(OBSERVED)}."
            )
        elif name in NOISES:
            noise = noises[name]
            found.append(NOISES[name][0]() if noise is None else NOISES[name][0](noise))
        else:
            made = _differential(here) if name == "dQ/dV" else _profiles(here, folder)
            found += [] if made is None else [made]
    if not names:
        here.problems.append(f"{here.place} observe is empty. It can name: {', '.join(OBSERVED)}.")
    return tuple(found)


def _differential(here: Entries) -> DifferentialCapacity | None:
    wanted = "a list of voltages that rise, between which the charge is compared, such as [3.2, 3.4, 3.6]"
    levels = here.take("levels", list, wanted)
    noise = _number_or(here, "dQ_dV_noise", 1e-9, 1e6, "A.h/V", 0.1)
    if levels is None or not all(map(is_number, levels)):
        here.problems.append(f"{here.place} dQ/dV needs levels, {wanted}.")
        return None
    try:
        return DifferentialCapacity(tuple(map(float, levels)), noise)
    except ValueError as error:
        here.problems.append(f"{here.place} levels: {error}")
        return None


def _profiles(here: Entries, folder: Path) -> Profiles | None:
    """A field over places and times: a file with the places [m] in its first row and the times [s] in its first
    column."""
    table = here.table("profiles")
    path = None if table is None else _file(table, "file", folder)
    if table is None or path is None:
        here.problems.append(
            f"{here.place} profiles needs a table {{file = ..., field = ..., noise = ...}}, its file with places [m] "
            "in the first row and times [s] in the first column."
        )
        return None
    table.only(OF_PROFILES)
    noise = _number(table, "noise", 1e-12, 1e12, "in the unit of the field")
    try:
        rows = np.genfromtxt(path, delimiter=",", dtype=float)
    except ValueError as error:
        here.problems.append(f"{table.place} {path} holds no table of numbers: {error}")
        return None
    if rows.ndim != 2 or min(rows.shape) < 2 or not np.all(np.isfinite(rows.ravel()[1:])) or noise is None:
        here.problems.append(
            f"{table.place} needs noise, and a file of numbers with commas between them, the first row of places [m], "
            f"the first column of times [s]; found noise {noise} and a table of {rows.shape}."
        )
        return None
    field = table.text("field", "electrolyte concentration")
    return Profiles(field, tuple(map(float, rows[1:, 0])), tuple(map(float, rows[0, 1:])), rows[1:, 1:], noise)


# ---- where it is


def _number(here: Entries, key: str, low: float, high: float, unit: str) -> float | None:
    """A number between two others, if there is one."""
    value = here.take(key, (int, float), "a number")
    if value is not None and not low <= value <= high:
        here.problems.append(
            f"{here.place} {key} = {value:g} {unit}".rstrip() + f"; expected {low:g} to {high:g} {unit}."
        )
        return None
    return None if value is None else float(value)


def _number_or(here: Entries, key: str, low: float, high: float, unit: str, default: float) -> float:
    """A number between two others; the default where there is none, or a wrong one."""
    value = _number(here, key, low, high, unit)
    return default if value is None else value


def _file(here: Entries, key: str, folder: Path) -> Path | None:
    """The file that an entry names, if there is one."""
    name = here.text(key, "")
    path = folder / name
    if name and not files.is_file(path):
        beside = [each.name for each in path.parent.iterdir()] if path.parent.is_dir() else []
        here.problems.append(f"{here.place} {key}: there is no file {path}.{near_name(path.name, beside)}")
        return None
    return path if name else None


def _stored(here: Entries, folder: Path) -> Stored | None:
    """A record in a file, as the entries say it is read."""
    path = _file(here, "file", folder)
    table = here.table("read") if "read" in here.content else None
    if table is not None:
        table.only(OF_READ)
    between = here.take("between", list, "[from, to] in s")
    is_pair = between is not None and len(between) == 2 and all(map(is_number, between))
    if between is not None and not (is_pair and between[0] < between[1]):
        here.problems.append(f"{here.place} between must be [from, to] in s, found {shown(between)}.")
        between = None
    step, points = (here.take(key, int, "a whole number") for key in ("step", "points"))
    pair = None if between is None else (float(between[0]), float(between[1]))
    return None if path is None else Stored(path, {} if table is None else dict(table.content), pair, step, points)


def _source(here: Entries, folder: Path) -> Stored | Synthetic | None:
    if ("file" in here.content) == ("synthetic" in here.content):
        here.problems.append(
            f'{here.place} needs either file = "..." or synthetic = {{...}}; or impedance = "...", a spectrum.'
        )
        return None
    if "file" in here.content:
        return _stored(here, folder)
    for key in OF_FILE:
        if key in here.content:
            here.problems.append(f"{here.place} {key} is for records from a file.")
    table = here.table("synthetic")
    if table is None:
        return None
    table.only(OF_SYNTHETIC)
    usual = Synthetic()
    number = lambda key, low, high, unit, default: _number_or(table, key, low, high, unit, default)
    return Synthetic(
        noise=number("noise", 0.0, 1.0, "V", usual.noise),
        current_noise=number("current_noise", 0.0, 1e3, "A", usual.current_noise),
        period=number("period", 1e-3, 1e6, "s", usual.period),
        seed=table.take("seed", int, "a whole number", usual.seed),
        resolution=number("resolution", 0.0, 1.0, "V", usual.resolution),
    )


def _protocol(here: Entries, steps: list[Any], folder: Path) -> Protocol | None:
    try:
        return language.protocol(steps, None, None, T=None, period=None, skip_ok=None, folder=folder)
    except language.UnreadableProtocol as error:
        here.problems.extend(f"{here.place} protocol: {problem}" for problem in error.problems)
        return None
