"""Fit files: which numbers of a cell move, towards which records, as TOML; read into an object that can be run, or
refused with everything that is wrong at once."""

import dataclasses
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from cellsim.constants import ZERO_CELSIUS
from cellsim.entries import Entries
from cellsim.fitting import priors
from cellsim.fitting.costs import COSTS, AbstractCost, Squared
from cellsim.fitting.experiment import Build, Experiment, Resting
from cellsim.fitting.fit import Fit, Watcher, fit
from cellsim.fitting.free import Free
from cellsim.fitting.methods import BFGS, AbstractMethod, GaussNewton, LevenbergMarquardt
from cellsim.fitting.observables import AbstractResidual, Current, Temperature, Voltage
from cellsim.fitting.other_methods import DifferentialEvolution, FirstOrder, NelderMead
from cellsim.fitting.prediction import Prediction, predictions
from cellsim.fitting.readers.read import read_record
from cellsim.fitting.record import Record
from cellsim.fitting.targets import CONDITIONS, SCALE, Conditions, Subject, target_of
from cellsim.fitting.thinning import thinned
from cellsim.hints import near_name
from cellsim.parameters import UnknownPath, get, replace
from cellsim.protocols import language
from cellsim.protocols.protocol import Protocol
from cellsim.scenario import AMBIENT, RTOL, STATE_OF_CHARGE, subject_from
from cellsim.scenario_models import LAYER_MESHES, MESHES, MODELS, THERMAL, chosen_model
from cellsim.settings import BadInput, Given, Reading, Settings, settings_in, shown
from cellsim.simulation.simulate import simulate

METHODS: dict[str, type[Any]] = {
    "levenberg-marquardt": LevenbergMarquardt,
    "gauss-newton": GaussNewton,
    "bfgs": BFGS,
    "adam": FirstOrder,
    "nelder-mead": NelderMead,
    "differential-evolution": DifferentialEvolution,
}
NAMES_OF_COSTS: dict[str, type[Any]] = dict(zip(("squared", "huber", "student", "relative"), COSTS, strict=True))
AFTER = 1e-3  # s, after which the first row of a made-up step is written, as instruments do
OF_EXPERIMENT = (
    "name",
    "file",
    "read",
    "between",
    "step",
    "points",
    "synthetic",
    "fitted",
    "protocol",
    "follow",
    "soc",
    "rest_voltage",
    "start",
    "temperature",
    "noise",
    "current_noise",
    "temperature_noise",
    "by_time",
)
OF_FILE = ("read", "between", "step", "points")  # which need a file
OF_READ = ("columns", "units", "format", "where", "current", "current_sign", "capacity", "area")
OF_SYNTHETIC = ("noise", "current_noise", "period", "seed", "resolution")
FOLLOWED = ("current", "protocol", "steps")  # "steps": the protocol, each step as long as in the record
NO_PLACE = ("protocol", "optimise", "slab")  # tables of a scenario that a fit has no use for


@dataclasses.dataclass(frozen=True)
class Synthetic:
    """A record that is made by running the true cell: `noise` [V], `current_noise` [A], `period` [s] between
    rows, `resolution` [V]."""

    noise: float = 1e-3
    current_noise: float = 0.0
    period: float = 30.0
    seed: int = 0
    resolution: float = 0.0


@dataclasses.dataclass(frozen=True)
class Stored:
    """A record in a file, how it is read (the options of `read_record`), and which part of it is meant: the rows from
    and to a time [s], those of a step, as few as `points`."""

    path: Path
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    between: tuple[float, float] | None = None
    step: int | None = None
    points: int | None = None

    def record(self) -> Record:
        """What is meant. Raises `OSError` and `ValueError`."""
        try:
            found = read_record(self.path, **self.options)
        except TypeError as error:  # an option of the wrong kind
            raise ValueError(f"read: {error}") from None
        if self.between is not None:
            found = found.between(*self.between)
        if self.step is not None:
            found = found.of_step(self.step)
        return found if self.points is None else thinned(found, points=self.points)


@dataclasses.dataclass(frozen=True)
class Planned:
    """An experiment whose record is yet to be read, or made."""

    experiment: Experiment  # without its record
    source: Stored | Synthetic
    protocol: Any  # what was done, also where the measured current is followed
    is_fitted: bool  # or predicted only


@dataclasses.dataclass(frozen=True)
class FitFile:
    """A fit that can begin: everything was read, found and judged."""

    source: str
    title: str
    description: str
    cell: Any
    truth: Any  # the cell that makes synthetic records
    start: Mapping[str, float]  # from where to begin, where not from what the cell has
    model: str
    planned: tuple[Planned, ...]
    free: tuple[Free, ...]
    cost: AbstractCost
    method: AbstractMethod
    starts: int
    seed: int
    is_noise_known: bool
    directory: Path | None

    @cached_property
    def records(self) -> tuple[Record, ...]:
        """The records of all experiments. Raises `BadInput` with all that cannot be read or made."""
        found, wrong = [], []
        for each in self.planned:
            try:
                stored = each.source if isinstance(each.source, Stored) else None
                found.append(stored.record() if stored is not None else _made(each, self.truth))
            except (OSError, ValueError) as error:
                wrong.append(f"experiment {each.experiment.name}: {error}")
        if wrong:
            raise BadInput(self.source, wrong)
        return tuple(found)

    def experiments(self, are_fitted: bool = True) -> list[Experiment]:
        """Those that are fitted, or those that are predicted only. Raises `BadInput`."""
        both = zip(self.planned, self.records, strict=True)
        return [each.experiment._replace(record=record) for each, record in both if each.is_fitted is are_fitted]

    def run(self, progress: Watcher | None = None, checkpoint: Path | None = None, resume: bool = False) -> Fit:
        """The fit. Raises `BadInput`."""
        experiments = self.experiments()
        try:
            return fit(
                self.cell,
                experiments,
                self.free,
                start=self.start,
                cost=self.cost,
                method=self.method,
                is_noise_known=self.is_noise_known,
                starts=self.starts,
                seed=self.seed,
                progress=progress,
                checkpoint=None if self.starts > 1 else checkpoint,
                resume=resume,
            )
        except (ValueError, ImportError) as error:
            raise BadInput(self.source, str(error).splitlines()) from None

    def predictions(self, found: Fit) -> dict[str, Prediction]:
        """What the fitted cell has in the experiments that are predicted only. Raises `BadInput`."""
        try:
            return predictions(found, self.experiments(are_fitted=False))
        except ValueError as error:
            raise BadInput(self.source, str(error).splitlines()) from None


def load_fit(path: str | Path) -> FitFile:
    """The fit in a TOML file. Raises `BadInput` with all that is wrong."""
    settings, wrong = settings_in(Path(path))
    return fit_from(settings, str(path), wrong, Path(path).parent)


def fit_from(settings: Settings, source: str, found: list[str], folder: Path = Path()) -> FitFile:
    """The fit that `settings` describe, files that they name found from `folder`. Raises `BadInput` with `found` and
    everything else that is wrong."""
    read = Reading(settings, list(found))
    for table in NO_PLACE:
        if any(key[0] == table for key in settings):
            where = " Write it as protocol = [...] under [[fit.experiments]]." if table == "protocol" else ""
            read.problems.append(f"[{table}] has no place in a fit file.{where}")
    if not any(key[0] == "fit" for key in settings):
        read.problems.append("there is no table [fit]: it says what moves, and [[fit.experiments]] towards which data.")
        raise BadInput(source, read.problems)
    cell = subject_from(read)
    model = chosen_model(read, cell)
    build = _build(read, model)
    temperature = read.number(("model", "ambient_temperature"), None, AMBIENT)
    rtol = read.number(("solver", "rtol"), 1e-6, RTOL)
    max_steps = read.count(("solver", "max_steps")) or 256
    truth, start = _changed(read, cell), _start(read)
    free = _free(read, cell)
    planned = _experiments(read, folder, build, rtol or 1e-6, max_steps, temperature)
    if planned and not any(each.is_fitted for each in planned):
        read.problems.append("all of [[fit.experiments]] have fitted = false: there is nothing to fit to.")
    cost, method = _cost(read), _method(read)
    starts, seed = read.count(("fit", "starts")) or 1, read.take(("fit", "seed"), int, "a whole number") or 0
    is_known = read.flag(("fit", "noise_is_known"), False)
    directory = read.text(("output", "dir"), "")
    title, description = read.text(("title",), ""), read.text(("description",), "")
    if read.problems or cell is None or model is None:
        raise BadInput(source, read.problems)
    return FitFile(
        source=source,
        title=title or f"{cell.name}: {len(free)} numbers fitted",
        description=" ".join(description.split()),
        cell=cell,
        truth=truth,
        start=start,
        model=model,
        planned=planned,
        free=free,
        cost=cost,
        method=method,
        starts=starts,
        seed=seed,
        is_noise_known=is_known,
        directory=Path(directory) if directory else None,
    )


# ---- parts


def _build(read: Reading, model: str | None) -> Build:
    mesh = read.chosen(("model", "mesh"), "default", MESHES, "mesh") or "default"
    thermal = read.chosen(("model", "thermal"), "isothermal", THERMAL, "thermal model")
    found: Any = LAYER_MESHES[mesh] if model == "SymmetricCell" else MESHES[mesh]()
    return Build(MODELS.get(model or "DFN"), found, thermal == "lumped")


def _changed(read: Reading, cell: Any) -> Any:
    """The cell with the numbers of `[fit.truth]` at their paths; factors for those that end in `.scale`."""
    for key, given in read.settings.items():
        if key[:2] != ("fit", "truth") or len(key) < 3 or cell is None or not _is_number(read, given):
            continue
        try:
            if key[2].endswith(SCALE):
                cell = target_of(key[2]).put(Subject(cell, Conditions()), np.asarray(float(given.value))).cell
            else:
                held = get(cell, key[2])
                cell = replace(
                    cell, key[2], np.full(held.shape, given.value) if hasattr(held, "shape") else given.value
                )
        except (UnknownPath, ValueError) as error:
            read.problems.append(f"{given.place}: {error}")
    return cell


def _is_number(read: Reading, given: Given) -> bool:
    is_number = isinstance(given.value, (int, float)) and not isinstance(given.value, bool)
    if not is_number:
        read.problems.append(f"{given.place} must be a number, found {shown(given.value)}.")
    return is_number


def _start(read: Reading) -> dict[str, float]:
    """The numbers of `[fit.start]`, by the names of what is free."""
    rows = {key[2]: given for key, given in read.settings.items() if key[:2] == ("fit", "start") and len(key) > 2}
    return {path: float(given.value) for path, given in rows.items() if _is_number(read, given)}


def _free(read: Reading, cell: Any) -> tuple[Free, ...]:
    """What moves."""
    rows = {key[2]: given for key, given in read.settings.items() if key[:2] == ("fit", "free")}
    known = _priors(read)
    if not rows:
        read.problems.append('[fit] moves nothing: write "PATH" = [low, high] under [fit.free].')
    found = []
    for path, given in rows.items():
        bounds = given.value
        is_pair = isinstance(bounds, list) and len(bounds) == 2 and all(isinstance(x, (int, float)) for x in bounds)
        if not (is_pair and bounds[0] < bounds[1]):
            read.problems.append(f"{given.place} must be [low, high] with low below high, found {shown(bounds)}.")
            continue
        free = Free(path, float(bounds[0]), float(bounds[1]), known.pop(path, None))
        if cell is not None and path not in CONDITIONS:
            try:
                start = free.start(Subject(cell, Conditions()))
            except UnknownPath as error:
                read.problems.append(f"{given.place}: {error}")
                continue
            if not start.size:
                read.problems.append(f"{given.place}: '{path}' holds no number that could move.")
        found.append(free)
    for path in known:
        read.problems.append(f"[fit.priors] {path}: it is not free.{near_name(path, rows)}")
    return tuple(found)


def _priors(read: Reading) -> dict[str, priors.AbstractPrior]:
    table = read.take(("fit", "priors"), Mapping, 'a table of "PATH" = {mean = ..., sd = ...}') or {}
    found: dict[str, priors.AbstractPrior] = {}
    for path, said in table.items():
        numbers = said if isinstance(said, Mapping) else {}
        try:
            if set(numbers) == {"mean", "sd"}:
                found[path] = priors.Normal(float(numbers["mean"]), float(numbers["sd"]))
                continue
            if set(numbers) == {"median", "factor"}:
                found[path] = priors.LogNormal(float(numbers["median"]), float(numbers["factor"]))
                continue
        except (TypeError, ValueError) as error:
            read.problems.append(f"[fit.priors] {path}: {error}")
            continue
        read.problems.append(
            f"[fit.priors] {path} must be {{mean = ..., sd = ...}} or {{median = ..., factor = ...}}, found "
            f'{shown(said)}. A path with dots needs quotes: "negative.L" = {{...}}.'
        )
    return found


def _cost(read: Reading) -> AbstractCost:
    name = read.chosen(("fit", "cost"), "squared", NAMES_OF_COSTS, "cost")
    made: AbstractCost = NAMES_OF_COSTS[name]() if name else Squared()
    return made


def _method(read: Reading) -> AbstractMethod:
    name = read.chosen(("fit", "method"), "levenberg-marquardt", METHODS, "method")
    iterations = read.count(("fit", "iterations"))
    kind = METHODS[name or "levenberg-marquardt"]
    made: AbstractMethod = kind() if iterations is None else kind(iterations=iterations)
    return made


def _experiments(
    read: Reading, folder: Path, build: Build, rtol: float, max_steps: int, temperature: float | None
) -> tuple[Planned, ...]:
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
        here.only(OF_EXPERIMENT)
        planned = _experiment(here, folder, number)
        if planned is not None:
            T = planned.experiment.T if planned.experiment.T is not None else temperature
            kelvin = None if T is None else T + ZERO_CELSIUS
            made = planned.experiment._replace(model=build, rtol=rtol, max_steps=max_steps, T=kelvin)
            found.append(dataclasses.replace(planned, experiment=made))
    return tuple(found)


def _experiment(here: Entries, folder: Path, number: int) -> Planned | None:
    before = len(here.problems)
    source = _source(here, folder)
    steps = here.take("protocol", list, 'a list of texts, such as ["Discharge at 1C until 2.5 V"]')
    protocol = None if steps is None else _protocol(here, steps, folder)
    usual = "current" if steps is None else "protocol"
    follow = here.chosen("follow", usual, FOLLOWED)
    if protocol is None and steps is None and (follow != "current" or isinstance(source, Synthetic)):
        here.problems.append(f"{here.place} needs protocol, a list of steps.")
    noise, warmth = _number(here, "noise", 1e-6, 1.0, "V"), _number(here, "temperature_noise", 1e-6, 100.0, "K")
    noise_I = _number(here, "current_noise", 1e-9, 1e3, "A")
    soc = _number(here, "soc", STATE_OF_CHARGE.low, STATE_OF_CHARGE.high, "")
    T = _number(here, "temperature", AMBIENT.low, AMBIENT.high, "degC")
    begins = _number(here, "start", -1e9, 1e9, "s")
    V_rest = _number(here, "rest_voltage", 0.0, 6.0, "V")
    if soc is not None and V_rest is not None:
        here.problems.append(f"{here.place} soc and rest_voltage both say where it begins; give one of them.")
    by_time = here.take("by_time", bool, "true or false", False)
    is_fitted = here.take("fitted", bool, "true or false", True)
    if len(here.problems) > before or source is None:
        return None
    if noise is None and isinstance(source, Synthetic) and source.noise > 0:
        noise = source.noise
    observe: tuple[AbstractResidual, ...] = (Voltage() if noise is None else Voltage(noise),)
    if noise_I is not None:
        observe += (Current(noise_I),)
    if warmth is not None:
        observe += (Temperature(warmth),)
    name = here.text("name", source.path.stem if isinstance(source, Stored) else f"experiment {number}")
    experiment = Experiment(
        Record(np.zeros(0), np.zeros(0), np.zeros(0)),
        protocol=None if follow == "current" else protocol,
        is_timed=follow == "steps",
        soc=Resting(V_rest) if V_rest is not None else 1.0 if soc is None else soc,
        T=T,
        name=name,
        observe=observe,
        is_by_time=by_time,
        t_start=begins,
    )
    return Planned(experiment, source, protocol, is_fitted)


def _number(here: Entries, key: str, low: float, high: float, unit: str) -> float | None:
    value = here.take(key, (int, float), "a number")
    if value is not None and not low <= value <= high:
        here.problems.append(
            f"{here.place} {key} = {value:g} {unit}".rstrip() + f"; expected {low:g} to {high:g} {unit}."
        )
        return None
    return None if value is None else float(value)


def _source(here: Entries, folder: Path) -> Stored | Synthetic | None:
    if ("file" in here.content) == ("synthetic" in here.content):
        here.problems.append(f'{here.place} needs either file = "..." or synthetic = {{...}}.')
        return None
    if "file" in here.content:
        name = here.text("file", "")
        path = folder / name
        if name and not path.is_file():
            beside = [each.name for each in path.parent.iterdir()] if path.parent.is_dir() else []
            here.problems.append(f"{here.place} file: there is no file {path}.{near_name(path.name, beside)}")
            return None
        return _stored(here, path) if name else None
    for key in OF_FILE:
        if key in here.content:
            here.problems.append(f"{here.place} {key} is for records from a file.")
    table = here.table("synthetic")
    if table is None:
        return None
    table.only(OF_SYNTHETIC)
    usual = Synthetic()
    number = lambda key, low, high, unit, default: default if (x := _number(table, key, low, high, unit)) is None else x
    return Synthetic(
        noise=number("noise", 0.0, 1.0, "V", usual.noise),
        current_noise=number("current_noise", 0.0, 1e3, "A", usual.current_noise),
        period=number("period", 1e-3, 1e6, "s", usual.period),
        seed=table.take("seed", int, "a whole number", usual.seed),
        resolution=number("resolution", 0.0, 1.0, "V", usual.resolution),
    )


def _stored(here: Entries, path: Path) -> Stored:
    """A record in a file, as the entries say it is read."""
    table = here.table("read") if "read" in here.content else None
    if table is not None:
        table.only(OF_READ)
    between = here.take("between", list, "[from, to] in s")
    is_pair = between is not None and len(between) == 2 and all(isinstance(x, (int, float)) for x in between)
    if between is not None and not (is_pair and between[0] < between[1]):
        here.problems.append(f"{here.place} between must be [from, to] in s, found {shown(between)}.")
        between = None
    return Stored(
        path,
        {} if table is None else dict(table.content),
        None if between is None else (float(between[0]), float(between[1])),
        here.take("step", int, "a whole number"),
        here.take("points", int, "a whole number"),
    )


def _protocol(here: Entries, steps: list[Any], folder: Path) -> Protocol | None:
    try:
        return language.protocol(steps, None, None, T=None, period=None, skip_ok=None, folder=folder)
    except language.UnreadableProtocol as error:
        here.problems.extend(f"{here.place} protocol: {problem}" for problem in error.problems)
        return None


def _made(planned: Planned, cell: Any) -> Record:
    """What the true cell gives, as an instrument would write it, step by step. Raises `ValueError`."""
    about, experiment = planned.source, planned.experiment
    assert isinstance(about, Synthetic)
    protocol = planned.protocol.steps[0] if len(planned.protocol.steps) == 1 else planned.protocol
    solution = simulate(experiment.model(cell), protocol, soc=experiment.soc, T=experiment.T, rtol=experiment.rtol)
    if not solution.succeeded:
        raise ValueError(f"the made-up record: {solution.stop_reason}")
    rows = []
    for number, (leg, end) in enumerate(zip(solution.legs or (solution,), solution.step_ends, strict=True), start=1):
        first = end.t_start + (AFTER if number > 1 else 0.0)
        t = np.append(np.arange(first, end.t_end - 0.5 * about.period, about.period), end.t_end)
        seen = leg.at(t)
        rows.append([t, *(np.asarray(x) for x in (seen.I, seen.V, seen.T)), np.full(len(t), number)])
    t, I, V, T, step = (np.concatenate(column) for column in zip(*rows, strict=True))
    draw = np.random.default_rng(about.seed)
    V = V + about.noise * draw.standard_normal(len(t))
    I = I + about.current_noise * draw.standard_normal(len(t))
    if about.resolution > 0:
        V = np.round(V / about.resolution) * about.resolution
    return Record(t, I, V, T, step, name=experiment.name)
