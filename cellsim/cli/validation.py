"""`cellsim run --validate`: the measured runs of a BPX file against the model."""

import csv
import dataclasses
import warnings
from pathlib import Path

import jax.numpy as jnp
import numpy as np

from cellsim.cells.notes import Measured, notes_of
from cellsim.files import moved_into_place
from cellsim.plotting.validation import Compared, validation_figure
from cellsim.protocols.controls import Profile
from cellsim.protocols.protocol import Protocol
from cellsim.protocols.steps import charge, current, discharge
from cellsim.scenario import Scenario
from cellsim.simulation.simulate import CannotStart
from cellsim.simulation.solution import OutsideMeasuredRange

PICTURE, TABLE = "validation.png", "validation.csv"


def why_not(scenario: Scenario) -> str:
    """Why there is nothing to compare with; nothing where there is."""
    notes = notes_of(scenario.cell)
    if notes is None or not notes.measured:
        return f"--validate: {scenario.cell.name} has no measured runs. They stand under 'Validation' in a BPX file."
    return ""


def validated(scenario: Scenario) -> tuple[list[Compared], list[str]]:
    """Every measured run of the cell beside a run of the model, and a sentence for each that has none.

    A run that discharges on the whole begins at the state of charge of the scenario, one that charges at the empty
    cell. It ends with the measurement, or at the cut-off. A current that is not constant goes straight from each
    measured value to the next.
    """
    notes = notes_of(scenario.cell)
    assert notes is not None
    compared, left_out = [], []
    for run in notes.measured:
        try:
            compared.append(_beside(scenario, run))
        except (CannotStart, ValueError) as error:
            left_out.append(f"{run.name}: not compared, {error}")
    return compared, left_out


def _beside(scenario: Scenario, run: Measured) -> Compared:
    t = np.array(run.t) - run.t[0]
    I = float(np.mean(run.I) if run.is_constant_current else np.trapezoid(run.I, t) / t[-1])
    if run.is_constant_current:
        step = (discharge if I > 0 else charge)(I=abs(I), duration=float(t[-1]))
    else:
        step = current(Profile(jnp.asarray(t), jnp.asarray(run.I)), None)
    T = scenario.temperature if run.T is None else run.T[0]
    soc = scenario.soc if I >= 0 else 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OutsideMeasuredRange)
        solution = dataclasses.replace(scenario, protocol=Protocol([step]), soc=soc, temperature=T).run()
    inside = t <= float(solution.t_stop)
    found = np.asarray(solution.at(t[inside]).V)
    return Compared(run.name, t[inside], np.array(run.I)[inside], np.array(run.V)[inside], found, solution.stop_reason)


def written(runs: list[Compared], title: str, directory: Path) -> list[Path]:
    """The picture and the table of the comparison, in `directory`."""
    if not runs:
        return []
    files = [directory / PICTURE, directory / TABLE]
    with moved_into_place(files[0]) as path:
        validation_figure(runs, title).savefig(path, format="png")
    with moved_into_place(files[1]) as path, path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("run", "time_s", "current_A", "measured_V", "found_V"))
        for run in runs:
            for values in zip(run.t, run.I, run.measured, run.found, strict=True):
                rows.writerow((run.name, *(f"{x:.9g}" for x in values)))
    return files


def rows(runs: list[Compared], left_out: list[str]) -> list[tuple[str, str]]:
    """Lines of the closing table."""
    said = [f"{run.name}: {1e3 * run.rms:.3g} mV rms of {len(run.t)} points; {run.ended}" for run in runs]
    return [("validation", line) for line in [*said, *left_out]]
