"""Fit files: which numbers of a cell move, towards which records, as TOML; read into an object that can be run, or
refused with everything that is wrong at once."""

import dataclasses
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from cellsim.entries import Entries
from cellsim.fitting.costs import COSTS, AbstractCost, Squared
from cellsim.fitting.experiment import Build, Experiment
from cellsim.fitting.fit import Fit, Watcher, fit
from cellsim.fitting.free import Free
from cellsim.fitting.methods import BFGS, AbstractMethod, GaussNewton, LevenbergMarquardt
from cellsim.fitting.other_methods import DifferentialEvolution, FirstOrder, NelderMead
from cellsim.fitting.prediction import Prediction, predictions
from cellsim.fitting.problem import AnyExperiment
from cellsim.hints import near_name
from cellsim.scenario import AMBIENT, RTOL, subject_from
from cellsim.scenario_fit_data import Planned, planned_experiments
from cellsim.scenario_fit_free import changed, freed, starting
from cellsim.scenario_models import LAYER_MESHES, MESHES, MODELS, THERMAL, chosen_model
from cellsim.settings import BadInput, Reading, Settings, settings_in

METHODS: dict[str, type[Any]] = {
    "levenberg-marquardt": LevenbergMarquardt,
    "gauss-newton": GaussNewton,
    "bfgs": BFGS,
    "adam": FirstOrder,
    "nelder-mead": NelderMead,
    "differential-evolution": DifferentialEvolution,
}
NAMES_OF_COSTS: dict[str, type[Any]] = dict(zip(("squared", "huber", "student", "relative"), COSTS, strict=True))
NO_PLACE = ("protocol", "optimise", "slab")  # tables of a scenario that a fit has no use for


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
    def with_data(self) -> tuple[AnyExperiment, ...]:
        """All experiments with their data. Raises `BadInput` with all that cannot be read or made."""
        found, wrong = [], []
        for each in self.planned:
            try:
                found.append(each.with_data(self.truth))
            except (OSError, ValueError) as error:
                wrong.append(f"experiment {each.experiment.name}: {error}")
        if wrong:
            raise BadInput(self.source, wrong)
        return tuple(found)

    def experiments(self, are_fitted: bool = True) -> list[AnyExperiment]:
        """Those that are fitted, or those that are predicted only. Raises `BadInput`."""
        both = zip(self.planned, self.with_data, strict=True)
        return [experiment for each, experiment in both if each.is_fitted is are_fitted]

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
        unseen = [each for each in self.experiments(are_fitted=False) if isinstance(each, Experiment)]
        try:
            return predictions(found, unseen)
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
    truth, start = changed(read, cell), starting(read)
    free = freed(read, cell)
    planned = planned_experiments(read, folder, build, rtol or 1e-6, max_steps, temperature)
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


def _cost(read: Reading) -> AbstractCost:
    """The cost by its name, or a table of its name and its numbers."""
    given = read.take(("fit", "cost"), (str, Mapping), 'a name, as "huber", or a table, as {name = "huber", k = 2.0}')
    content = {"name": given} if isinstance(given, str) else given or {"name": "squared"}
    here = Entries(content, "[fit] cost:", read.problems)
    name = here.text("name", "").lower()
    if name not in NAMES_OF_COSTS:
        read.problems.append(
            f"[fit] cost: there is no cost '{name}' in this version.{near_name(name, NAMES_OF_COSTS)} There is: "
            f"{', '.join(NAMES_OF_COSTS)}."
        )
        return Squared()
    kind = NAMES_OF_COSTS[name]
    numbers = [field.name for field in dataclasses.fields(kind)]
    here.only(["name", *numbers])
    said = {key: here.take(key, (int, float), "a number") for key in numbers if key in content}
    try:
        made: AbstractCost = kind(**{key: float(x) for key, x in said.items() if x is not None})
    except ValueError as error:
        read.problems.append(f"[fit] cost: {error}")
        return Squared()
    return made


def _method(read: Reading) -> AbstractMethod:
    name = read.chosen(("fit", "method"), "levenberg-marquardt", METHODS, "method")
    iterations = read.count(("fit", "iterations"))
    kind = METHODS[name or "levenberg-marquardt"]
    made: AbstractMethod = kind() if iterations is None else kind(iterations=iterations)
    return made
