"""Study files: which inputs of a run are looked at and how, as TOML; read into an object that can be run, or refused
with everything that is wrong at once."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from cellsim.ensemble.changes import CONDITIONS, about, value_of
from cellsim.ensemble.ensemble import Progress
from cellsim.ensemble.outputs import OUTPUTS, Output, outputs_of
from cellsim.hints import likely_unit, near_name
from cellsim.parameters import Quantity, UnknownPath
from cellsim.protocols.protocol import Protocol
from cellsim.scenario import Scenario, scenario_from
from cellsim.sensitivity import local
from cellsim.sensitivity import outputs as of_local
from cellsim.sensitivity.inputs import (
    CUT,
    AbstractDistribution,
    LogNormal,
    LogUniform,
    Normal,
    Uncertain,
    Uniform,
    correlated,
)
from cellsim.sensitivity.propagation import Sampling, at_random, latin_hypercube, low_discrepancy, propagated
from cellsim.sensitivity.runs import of_cells
from cellsim.sensitivity.screening import morris
from cellsim.sensitivity.sobol import sobol
from cellsim.settings import BadInput, Reading, Settings, is_number, settings_in, shown

KINDS = ("local", "morris", "sobol", "monte-carlo")
DISTRIBUTIONS: dict[str, tuple[type[Any], str]] = {
    "uniform": (Uniform, "[low, high]"),
    "loguniform": (LogUniform, "[low, high]"),
    "normal": (Normal, "[mean, standard deviation]"),
    "lognormal": (LogNormal, "[median, factor]"),
}
SAMPLINGS: dict[str, Sampling] = {
    "latin-hypercube": latin_hypercube,
    "random": at_random,
    "low-discrepancy": low_discrepancy,
}
SAMPLES = {"morris": 20, "sobol": 256, "monte-carlo": 256}
OVER_A_RANGE = ("samples", "sampling", "seed", "curve_until", "curve_points", "cores", "inputs")  # no local study's
VOLTAGE = "voltage"
UNTIL = Quantity("s", 1e-3, 1e9, "until when curves are looked at")


@dataclasses.dataclass(frozen=True)
class Study:
    """A study that can begin: everything was read, found and judged."""

    scenario: Scenario
    kind: str
    parameters: tuple[str, ...]  # of a local study
    inputs: tuple[Uncertain, ...]  # of the others
    correlation: Any
    outputs: tuple[Output, ...]
    samples: int
    sampling: Sampling
    seed: int
    times: Any  # of the curves [s]
    cores: int | None

    @property
    def title(self) -> str:
        """What stands over its pictures."""
        return self.scenario.title

    @property
    def labels(self) -> dict[str, str]:
        """What its results are called, with their units."""
        return {each.name: each.label for each in self.outputs} | {VOLTAGE: "Voltage [V]"}

    @property
    def protocol(self) -> Any:
        """What is run: a step where there is only one."""
        protocol = self.scenario.protocol
        return protocol if len(protocol.steps) > 1 else protocol.steps[0]

    def run(self, progress: Callable[[Progress], None] | None = None) -> Any:
        """What is found: a list of `Sensitivity`, a `Morris`, a `Sobol` or a `Propagation`. Raises `ValueError` where
        too many runs fail."""
        scenario = self.scenario
        how: dict[str, Any] = dict(soc=scenario.soc, T=scenario.temperature, rtol=scenario.rtol, atol=scenario.atol)
        if scenario.max_steps is not None:
            how["max_steps"] = scenario.max_steps
        if self.kind == "local":
            wanted: list[of_local.Output | Output | str] = [of_local.VOLTAGE, *self.outputs]
            return local.sensitivities(scenario.model, self.protocol, self.parameters, wanted, **how)
        runs = of_cells(
            scenario.model, self.protocol, self.outputs, times=self.times, cores=self.cores, progress=progress, **how
        )
        if self.kind == "morris":
            return morris(runs, self.inputs, self.samples, seed=self.seed)
        if self.kind == "sobol":
            return sobol(runs, self.inputs, self.samples, seed=self.seed)
        return propagated(
            runs, self.inputs, self.samples, sampling=self.sampling, correlation=self.correlation, seed=self.seed
        )


def load_study(path: str | Path) -> Study:
    """The study in a TOML file. Raises `BadInput` with all that is wrong."""
    settings, wrong = settings_in(Path(path))
    return study_from(settings, str(path), wrong, Path(path).parent)


def study_from(settings: Settings, source: str, found: list[str], folder: Path = Path()) -> Study:
    """The study that `settings` describe, files that they name found from `folder`. Raises `BadInput` with `found` and
    everything else that is wrong."""
    read = Reading(settings, list(found))
    if not any(key[0] == "sensitivity" for key in settings):
        read.problems.append(
            "there is no table [sensitivity]: it says what is varied, and [sensitivity.inputs] how far."
        )
    if any(key[0] == "optimise" for key in settings):
        read.problems.append("[optimise] has no place in a study.")
    chosen = read.chosen(("sensitivity", "kind"), "local", KINDS, "kind of study")
    kind = chosen or "local"
    if chosen == "local":
        _refuse_unread(read)
    parameters, inputs = _parameters(read, kind), _inputs(read, kind)
    correlation = _correlation(read, kind, inputs)
    outputs = _outputs(read)
    samples = read.count(("sensitivity", "samples")) or SAMPLES.get(kind, 1)
    if kind == "sobol" and samples & (samples - 1):
        place = settings["sensitivity", "samples"].place
        read.problems.append(
            f"{place} must be a power of two for the points of Sobol', such as 256 or 1024; found {samples}."
        )
    sampling = read.chosen(("sensitivity", "sampling"), "latin-hypercube", SAMPLINGS, "way of sampling")
    seed = read.take(("sensitivity", "seed"), int, "a whole number") or 0
    until = read.number(("sensitivity", "curve_until"), None, UNTIL)
    points = read.count(("sensitivity", "curve_points")) or 60
    cores = read.count(("sensitivity", "cores"))
    rest = {key: given for key, given in settings.items() if key[0] != "sensitivity"}
    scenario = None
    try:
        scenario = scenario_from(rest, source, (), folder)
    except BadInput as error:
        read.problems.extend(error.lines)
    if scenario is not None:
        _judge(read, scenario, parameters, inputs, outputs)
    if read.problems or scenario is None:
        raise BadInput(source, read.problems)
    return Study(
        scenario=scenario,
        kind=kind,
        parameters=parameters,
        inputs=inputs,
        correlation=correlation,
        outputs=outputs or outputs_of(scenario.model),
        samples=samples,
        sampling=SAMPLINGS[sampling or "latin-hypercube"],
        seed=seed,
        times=None if until is None else np.linspace(0.0, until, points),
        cores=cores,
    )


def _refuse_unread(read: Reading) -> None:
    """Complains of what a local study would not look at."""
    given = {key[1] for key in read.settings if key[0] == "sensitivity"}
    keys = [key for key in OVER_A_RANGE if key in given and key != "inputs"]
    places = ([f"[sensitivity] {', '.join(keys)}"] if keys else []) + ["[sensitivity.inputs]"] * ("inputs" in given)
    if places:
        others = ", ".join(KINDS[1:])
        read.problems.append(
            f'{" and ".join(places)}: not for kind = "local", the default, which reads parameters and outputs. Leave '
            f"it out, or choose another kind: {others}."
        )


def _parameters(read: Reading, kind: str) -> tuple[str, ...]:
    """The numbers of a local study."""
    key = ("sensitivity", "parameters")
    found = read.take(key, list, 'a list of paths, such as ["negative.L", "electrolyte.t_plus"]')
    if kind != "local":
        if found is not None:
            read.problems.append(f'{read.settings[key].place} is for kind = "local"; write [sensitivity.inputs].')
        return ()
    if not found:
        read.problems.append('[sensitivity] needs parameters, a list of paths, such as ["negative.L"].')
        return ()
    if wrong := [each for each in found if not isinstance(each, str)]:
        read.problems.append(f"{read.settings[key].place} must hold paths in quotes, found {shown(wrong[0])}.")
    return tuple(each for each in found if isinstance(each, str))


def _inputs(read: Reading, kind: str) -> tuple[Uncertain, ...]:
    """What is uncertain, and how."""
    rows = {key[2]: given for key, given in read.settings.items() if key[:2] == ("sensitivity", "inputs")}
    if kind == "local":
        return ()
    if not rows:
        read.problems.append('[sensitivity] varies nothing: write "PATH" = [low, high] under [sensitivity.inputs].')
    found = []
    for name, given in rows.items():
        path, _, last = name.rpartition(".")
        called = last if last in DISTRIBUTIONS and path else "uniform"
        path = path if last in DISTRIBUTIONS and path else name
        make, form = DISTRIBUTIONS[called]
        numbers = given.value
        if not (isinstance(numbers, list) and len(numbers) == 2 and all(map(is_number, numbers))):
            known = ", ".join(f"{{{name} = {form}}}" for name, (_, form) in DISTRIBUTIONS.items())
            read.problems.append(f"{given.place} must be [low, high], or one of {known}; found {shown(numbers)}.")
            continue
        try:
            found.append(Uncertain(path, make(*map(float, numbers))))
        except ValueError as error:
            read.problems.append(f"{given.place}: {error}")
    return tuple(found)


def _correlation(read: Reading, kind: str, inputs: tuple[Uncertain, ...]) -> Any:
    """The matrix of correlations from a list of [path, path, value]."""
    key = ("sensitivity", "correlations")
    rows = read.take(key, list, 'a list such as [["negative.L", "positive.L", 0.6]]')
    if not rows:
        return None
    place = read.settings[key].place
    if kind != "monte-carlo":
        read.problems.append(f'{place} is for kind = "monte-carlo": shares of a variance need independent inputs.')
        return None
    paths = [each.path for each in inputs]
    R, before = np.eye(len(paths)), len(read.problems)
    for row in rows:
        if not (isinstance(row, list) and len(row) == 3 and is_number(row[2]) and -1 < row[2] < 1):
            read.problems.append(f"{place} must hold [path, path, value from -1 to 1], found {row}.")
            continue
        for path in row[:2]:
            if path not in paths:
                read.problems.append(f"{place}: '{path}' is no input.{near_name(str(path), paths)}")
        if row[0] in paths and row[1] in paths:
            i, j = paths.index(row[0]), paths.index(row[1])
            R[i, j] = R[j, i] = row[2]
    if len(read.problems) == before:
        try:
            correlated(np.full((1, len(paths)), 0.5), R)
        except ValueError as error:
            read.problems.append(f"{place}: {error}")
    return R


def _outputs(read: Reading) -> tuple[Output, ...]:
    key = ("sensitivity", "outputs")
    names = read.take(key, list, f"a list of {', '.join(OUTPUTS)}") or []
    for name in names:
        if str(name) not in OUTPUTS:
            read.problems.append(
                f"{read.settings[key].place}: there is no output '{name}'.{near_name(str(name), OUTPUTS)} There are: "
                f"{', '.join(OUTPUTS)}."
            )
    return tuple(OUTPUTS[name] for name in map(str, names) if name in OUTPUTS)


def _judge(
    read: Reading,
    scenario: Scenario,
    parameters: tuple[str, ...],
    inputs: tuple[Uncertain, ...],
    outputs: tuple[Output, ...],
) -> None:
    """Complains of what the cell and its model do not have, and of values that cannot be meant."""
    cell, place = scenario.cell, "[sensitivity.inputs]"
    for path in (*parameters, *(each.path for each in inputs)):
        where = f"[sensitivity] parameters: '{path}'" if path in parameters else f"{place} {path}"
        if path in CONDITIONS:
            continue
        try:
            if np.ndim(value_of(cell, path)):
                read.problems.append(f"{where} is no single number.")
        except UnknownPath as error:
            read.problems.append(f"{where}: {str(error).removeprefix(f'unknown parameter {path!r}: ')}")
        except ValueError as error:
            read.problems.append(f"{where}: {error}")
        else:
            ends = [each.distribution for each in inputs if each.path == path]
            read.problems.extend(f"{where}: {wrong}" for end in ends if (wrong := _implausible(cell, path, end)))
    there = outputs_of(scenario.model)
    for each in outputs:
        if each not in there:
            read.problems.append(f"[sensitivity] outputs: {scenario.model.title} has no '{each.name}'.")
    until = scenario.protocol.until
    if isinstance(scenario.protocol, Protocol) and any(
        x is not None for x in (until.retention, until.capacity, until.duration)
    ):
        read.problems.append(
            "[protocol] until: a study ends with the last step; leave it out, and say how many cycles."
        )


def _implausible(cell: Any, path: str, distribution: AbstractDistribution) -> str:
    """Why values of a distribution cannot be meant; nothing where they can."""
    known = about(cell, path)
    if known is None:
        return ""
    for value in (float(distribution.quantile(u)) for u in ((0.0, 1.0) if distribution.is_bounded else (CUT, 1 - CUT))):
        if not known.low <= value <= known.high:
            unit = "" if known.unit == "-" else f" {known.unit}"
            return (
                f"{value:g}{unit} is implausible; expected {known.low:g} to {known.high:g}{unit}."
                f"{likely_unit(value, known)}"
            )
    return ""
