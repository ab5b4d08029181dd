"""`cellsim run`."""

import argparse
import contextlib
import shlex
import sys
import tomllib
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from cellsim import __version__, output, plotting, shipped
from cellsim.cli import DONE, FAILED, INTERRUPTED, resuming, validation
from cellsim.cli.stopwatch import Stopwatch
from cellsim.cli.terminal import StatusLine, is_colourful, table
from cellsim.discretisation.layout import State
from cellsim.files import is_within, refuse_unreasonable, said
from cellsim.fitting.optimise import Optimum
from cellsim.models.model import AbstractModel
from cellsim.programs import stored
from cellsim.scenario import Scenario, load_scenario, scenario_from
from cellsim.settings import BadInput, Given, Key, Settings, key_of_change
from cellsim.simulation.chain import passed
from cellsim.simulation.simulate import CannotStart
from cellsim.simulation.solution import OutsideMeasuredRange, Solution

# option -> the key of a scenario that it stands for
OPTIONS: dict[str, Key] = {
    "cell": ("cell", "name"),
    "electrolyte": ("cell", "electrolyte"),
    "protocol": ("protocol", "steps"),
    "cycles": ("protocol", "cycles"),
    "soc": ("protocol", "soc"),
    "ambient_temperature": ("model", "ambient_temperature"),
    "model": ("model", "name"),
    "thermal": ("model", "thermal"),
    "mesh": ("model", "mesh"),
    "rtol": ("solver", "rtol"),
    "atol": ("solver", "atol"),
    "max_steps": ("solver", "max_steps"),
    "out": ("output", "dir"),
}
DEFAULT_FOLDER = Path("out")
MOST_STEPS_SHOWN = 12


def run(arguments: argparse.Namespace, argv: Sequence[str]) -> int:
    """Runs what was asked for and writes its files; the exit code. Raises `BadInput`."""
    taken_up = resuming.asked(arguments) if arguments.resume is not None else None
    if taken_up is not None:
        arguments, argv = taken_up.arguments, taken_up.argv
    if arguments.scenario is not None:
        arguments.scenario = shipped.found(arguments.scenario)
    keeper = resuming.Keeper(arguments, argv, taken_up)
    try:
        return _run(arguments, argv, keeper)
    except KeyboardInterrupt:
        if not keeper.how_to_go_on:
            raise
        print(f"cellsim: interrupted; {keeper.how_to_go_on}", file=sys.stderr)
        return INTERRUPTED


def _run(arguments: argparse.Namespace, argv: Sequence[str], keeper: resuming.Keeper) -> int:
    watch = Stopwatch()
    with watch.running(), StatusLine(sys.stderr, arguments.quiet) as status:
        with watch.phase("set_up"):
            source = arguments.scenario or "the command line"
            with contextlib.chdir(keeper.working_folder):  # so that every file that is named is found again
                scenario = _scenario(arguments, source)
            if arguments.validate and (wrong := validation.why_not(scenario)):
                raise BadInput(source, [wrong])
            if arguments.animate and (missing := plotting.why_not_animated(arguments.animate)):
                raise BadInput("the command line", [missing])
            directory = keeper.directory or named_folder(arguments, scenario.directory, source)
            directory = folder_for(directory or _default_directory(arguments, scenario))
            keeper.open(scenario, directory)
        started, best = scenario, None
        try:
            if scenario.optimise is not None:
                with watch.phase("optimise"):
                    scenario, best = _improved(scenario, status, source)
            with watch.phase("solve"), warnings.catch_warnings():
                warnings.simplefilter("ignore", OutsideMeasuredRange)  # said below, after the table
                solution = scenario.run(status.progress, keeper.record, keeper.after)
                solution.V.block_until_ready()
                compared, left_out = validation.validated(scenario) if arguments.validate else ([], [])
        except CannotStart as error:
            keeper.close()
            raise BadInput(source, [str(error)]) from None
        status.say("writing files")
        with watch.phase("output"):
            try:
                about = _about(scenario, argv, watch)
                files = output.write_run(solution, directory, about, keeper.timeseries(solution))
                files += validation.written(compared, f"{scenario.cell.name}: measured runs", directory)
                if best is not None and scenario.optimise is not None:
                    goal, free, _ = scenario.optimise
                    files += output.write_optimum(started.cell, goal, free, best, directory)
                if arguments.animate and float(np.asarray(solution.t)[-1]) > 0:
                    film = directory / f"profiles.{arguments.animate}"
                    show = lambda share: status.say(f"drawing the film, {100 * share:.0f} %")
                    files.append(plotting.animated(solution, film, scenario.title, progress=show))
            except OSError as error:
                print(f"cellsim: the files in {directory} could not all be written: {error}.", file=sys.stderr)
                return FAILED
    if solution.succeeded:
        keeper.close()
    if not arguments.quiet:
        for note in keeper.notes:
            print(f"cellsim: {note}", file=sys.stderr)
        more = validation.rows(compared, left_out)
        print(closing_table(scenario, solution, watch.seconds(), files, best, more))
        warning = solution.outside_measured_range
        if warning:
            print(f"cellsim: warning: {warning}", file=sys.stderr)
    if solution.succeeded:
        return DONE
    print(f"cellsim: {solution.stop_reason}; what was reached is in {directory}.", file=sys.stderr)
    return FAILED


def _improved(scenario: Scenario, status: StatusLine, source: str) -> tuple[Scenario, Optimum]:
    """The scenario with its best cell, each step on the way shown. Raises `BadInput` where there is none to find."""
    assert scenario.optimise is not None
    goal, free, steps = scenario.optimise
    unit = output.GOAL_UNITS[goal]

    def show(step: int, reached: float, values: Sequence[float]) -> None:
        moved = ", ".join(f"{each.path} = {value:.4g}" for each, value in zip(free, values, strict=True))
        status.say(f"step {step} of at most {steps}: {goal} {reached:.5g} {unit}; {moved}")

    try:
        return scenario.improved(show)
    except ValueError as error:
        raise BadInput(source, [f"[optimise] {error}"]) from None


def _scenario(arguments: argparse.Namespace, source: str) -> Scenario:
    changes, found = settings_from(arguments)
    if arguments.scenario is not None:
        return load_scenario(arguments.scenario, changes, found)
    if arguments.cell is None:
        raise BadInput(source, ["nothing to run: give a scenario file, or --cell NAME. See `cellsim run --help`."])
    return scenario_from(changes, source, found)


def settings_from(arguments: argparse.Namespace) -> tuple[Settings, list[str]]:
    """The options of the command line as settings to put over those of a file, and what is wrong with their form."""
    settings: Settings = {}
    found = []
    for option, key in OPTIONS.items():
        value = getattr(arguments, option)
        if value is not None:
            settings[key] = Given(value, f"--{option.replace('_', '-')}")
    if arguments.no_check:
        settings["cell", "check"] = Given(False, "--no-check")
    for text in arguments.set:
        path, equals, value = (part.strip() for part in text.partition("="))
        if equals and path and value:
            settings[key_of_change(path)] = Given(_read(value), f"--set {path}")
        else:
            found.append(f"--set {text}: must be PATH=VALUE, as in --set electrolyte.t_plus=0.4.")
    return settings, found


def _read(text: str) -> Any:
    """The number or list that `text` writes; the text itself where it writes none."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        value = tomllib.loads(f"value = {text}")["value"]
        refuse_unreasonable([value])
    except (ValueError, RecursionError):
        return text
    return value


def _default_directory(arguments: argparse.Namespace, scenario: Scenario) -> Path:
    return DEFAULT_FOLDER / (Path(arguments.scenario).stem if arguments.scenario else scenario.cell.name)


def named_folder(arguments: argparse.Namespace, directory: Path | None, source: str) -> Path | None:
    """The folder that the command line names, else that which a file does. A file, which somebody else may have
    written, names one within the folder where the command is started. Raises `BadInput`."""
    if arguments.out:
        return Path(arguments.out)
    try:
        is_inside = directory is None or is_within(directory, Path())
    except ValueError as error:
        raise BadInput(source, [f"[output] dir: no folder can have this name ({error})."]) from None
    if not is_inside:
        raise BadInput(
            source,
            [
                f"[output] dir = '{directory}' leads out of the folder in which the command was started. If that is "
                f"meant, say so there: --out {shlex.quote(str(directory))}."
            ],
        )
    return directory


def folder_for(directory: Path) -> Path:
    """The folder for the files, made before the work begins, so that it is not in vain. Raises `BadInput`."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        probe = directory / ".cellsim.partial"
        probe.touch()
        probe.unlink()
    except (OSError, ValueError) as error:
        raise BadInput("the command line", [f"cannot write to the folder '{directory}': {said(error)}."]) from None
    return directory


def _about(scenario: Scenario, argv: Sequence[str], watch: Stopwatch) -> output.About:
    return output.About(
        title=scenario.title,
        description=scenario.description,
        mesh=scenario.mesh,
        protocol=tuple(step.text for step in scenario.protocol.steps),
        soc=scenario.soc,
        rtol=scenario.rtol,
        atol=scenario.atol,
        changes=scenario.changes,
        command=shlex.join(["cellsim", *argv]),
        version=__version__,
        wall_seconds=watch.seconds,
    )


def closing_table(
    scenario: Scenario,
    solution: Solution,
    seconds: dict[str, float],
    files: Sequence[Path],
    best: Optimum | None = None,
    more: Sequence[tuple[str, str]] = (),
) -> str:
    """What came out, on a dozen lines, and `more` lines before those of time and files."""
    t, V = float(np.asarray(solution.t)[-1]), np.asarray(solution.V)
    rows = [
        *_step_rows(solution),
        ("time", f"{t:.6g} s ({t / 60:.4g} min)"),
        *_passed_rows(solution),
        (
            "voltage",
            f"{V[0]:.4f} V at the start, {V[-1]:.4f} V at the end",
        ),
        *_contents(solution),
        ("balances", _balances(solution)),
        *more,
        ("time steps", f"{int(solution.steps)}, {int(solution.rejected)} of them rejected"),
        (
            "wall time",
            f"set-up {seconds['set_up']:.1f} s, compile {seconds['compile']:.1f} s, "
            + (f"optimise {seconds['optimise']:.1f} s, " if "optimise" in seconds else "")
            + f"solve {seconds['solve']:.2f} s, output {seconds['output']:.1f} s",
        ),
        ("files", f"{files[0].parent}: {', '.join(file.name for file in files)}"),
    ]
    if best is not None and scenario.optimise is not None:
        rows[1:1] = _optimum_rows(scenario, best)
    return table(scenario.title, rows, is_colourful(sys.stdout))


def _passed_rows(solution: Solution) -> list[tuple[str, str]]:
    """Charge and energy that passed: out, in and net where both happened."""
    both, capacity, energy = passed(solution.step_ends), float(solution.capacity), float(solution.energy)
    if not both.is_both:
        return [("capacity", f"{capacity:.6g} A.h"), ("energy", f"{energy:.6g} W.h")]
    net = lambda x, unit: f"net {abs(x):.6g} {unit} {'out' if x >= 0 else 'in'}"
    return [
        ("charge", f"{both.charge_out:.6g} A.h out, {both.charge_in:.6g} A.h in, {net(capacity, 'A.h')}"),
        ("energy", f"{both.energy_out:.6g} W.h out, {both.energy_in:.6g} W.h in, {net(energy, 'W.h')}"),
    ]


def _step_rows(solution: Solution) -> list[tuple[str, str]]:
    """Why the run, or each of a few steps, stopped; of many the cycles."""
    ends = solution.step_ends
    if len(ends) == 1:
        return [("stopped", solution.stop_reason)]
    if len(ends) <= MOST_STEPS_SHOWN:
        return [(f"step {end.step}", f"{end.text}: {end.reason}") for end in ends]
    cycles = solution.cycles
    shown = cycles if len(cycles) <= MOST_STEPS_SHOWN else [*cycles[:3], *cycles[-3:]]
    rows = [
        (
            f"cycle {cycle.cycle}",
            f"discharged {cycle.discharge_capacity_Ah:.5g} A.h, charged {cycle.charge_capacity_Ah:.5g} A.h, energy "
            f"efficiency {100 * cycle.energy_efficiency:.4g} %",
        )
        for cycle in shown
    ]
    return [*rows, ("stopped", solution.stop_reason)]


@stored
def _resting(model: AbstractModel, T: Any, rest: State) -> dict[str, Any]:
    """The profiles before the current was switched on."""
    return model.discretised(T).profiles(rest, jnp.zeros(()))


def _contents(solution: Solution) -> list[tuple[str, str]]:
    """Between which concentrations everything that is dissolved ran, and what there was at rest."""
    model = solution.model
    rest = _resting(model, np.asarray(solution.T)[0], solution.rest)
    rows = []
    for name, field in model.concentrations.items():
        c, c0 = np.asarray(solution.profile(field)), np.asarray(rest[field])
        least, most = (round(float(x), 1) + 0.0 for x in (c.min(), c.max()))
        at_rest = f"{c0.min():g}" if np.allclose(c0, c0[0]) else f"{c0.min():g} to {c0.max():g}"
        rows.append((name, f"{least:g} to {most:g} mol/m3 ({at_rest} at rest)"))
    return rows


def _balances(solution: Solution) -> str:
    """How far the run strayed from what must hold; what a model knows nothing of is left out."""
    words = lambda name: name.removesuffix("_relative_drift").removesuffix("_relative_error").removesuffix("_balance")
    errors = {words(name): error for name, error in solution.balance._asdict().items() if np.isfinite(error)}
    return ", ".join(f"{name} {error:.1e}" for name, error in errors.items()) + " (relative errors)"


def _optimum_rows(scenario: Scenario, best: Optimum) -> list[tuple[str, str]]:
    assert scenario.optimise is not None
    goal, free, _ = scenario.optimise
    ended = "a maximum" if best.converged else "not yet a maximum"
    start = best.history[0]
    rows = [("maximised", f"{goal}, from {start[0]:.6g} to {best.goal:.6g} {output.GOAL_UNITS[goal]} ({ended})")]
    for each, before, after in zip(free, start[1:], best.values, strict=True):
        at_bound = " at its bound" if min(after - each.low, each.high - after) < 0.01 * (each.high - each.low) else ""
        rows.append(("moved", f"{each.path} from {before:.4g} to {after:.4g}{at_bound}"))
    return rows
