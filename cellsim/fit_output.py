"""The files of a fit: `fit.json`, `residuals.csv`, pictures and a summary in words."""

import csv
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cellsim.fitting.fit import Fit
from cellsim.fitting.prediction import Prediction
from cellsim.output import jsonable, moved_into_place

FIT, RESIDUALS, WORDS, SPECTRA = "fit.json", "residuals.csv", "fit_summary.md", "residuals_impedance.csv"
PICTURES = ("fit.png", "convergence.png", "correlation.png", "nyquist.png")
STATE = ".fit_state.npz"  # while a fit is under way
Unseen = Mapping[str, Prediction]


def write_fit(
    fit: Fit,
    directory: str | Path,
    title: str = "",
    about: Mapping[str, Any] | None = None,
    unseen: Unseen | None = None,
) -> list[Path]:
    """Writes every file of a fit, and of its predictions of `unseen` records, into `directory`, which is made if need
    be; the files in the order of writing."""
    directory, unseen = Path(directory), unseen or {}
    directory.mkdir(parents=True, exist_ok=True)
    files = [directory / name for name in (FIT, RESIDUALS, WORDS)]
    with moved_into_place(files[0]) as path:
        path.write_text(json.dumps(jsonable(told(fit, about or {}, unseen)), indent=2) + "\n", encoding="utf-8")
    with moved_into_place(files[1]) as path:
        write_residuals(fit, path, unseen)
    with moved_into_place(files[2]) as path:
        path.write_text(summary(fit, title, unseen), encoding="utf-8")
    if fit.spectra:
        files.append(directory / SPECTRA)
        with moved_into_place(files[-1]) as path:
            write_spectra(fit, path)
    for name, figure in figures(fit, title, unseen):
        files.append(directory / name)
        with moved_into_place(files[-1]) as path:
            figure.savefig(path, format="png")
    return files


def told(fit: Fit, about: Mapping[str, Any], unseen: Unseen) -> dict[str, Any]:
    """What `fit.json` holds; correlations in the order of the parameters."""
    parameters = {}
    for k, name in enumerate(fit.names):
        quantity = fit.problem.quantity(k)
        free = fit.problem.places[k].free
        parameters[name] = {
            "value": fit.values[name],
            "std_error": fit.std_errors[name],
            "unit": "" if quantity is None else quantity.unit,
            "initial": fit.initial[name],
            "low": free.low,
            "high": free.high,
        }
    known = fit.identifiability
    return {
        "parameters": parameters,
        "rmse_V": fit.rmse_V,
        "iterations": fit.iterations,
        "wall_s": fit.wall_s,
        "correlation": [list(map(float, row)) for row in fit.correlation],
        "converged": fit.converged,
        "reason": fit.reason,
        "cost": fit.here.cost,
        "noise_over_expected": fit.fisher.noise,
        "experiments": {name: _of_experiment(fit, name) for name in fit.compared},
        "predictions": {name: _of_prediction(each) for name, each in unseen.items()},
        "evaluations": dict(fit.problem.calls),
        "starts": [{"cost": cost, "reason": reason} for cost, reason in fit.attempts],
        "identifiability": {
            "singular_values": list(map(float, known.singular_values)),
            "said": list(known.said),
            "fix": list(known.fix),
        },
        **about,
    }


def _of_experiment(fit: Fit, name: str) -> dict[str, Any]:
    """How well the data of an experiment are met."""
    left = {
        each.label: {"rms": each.rms, "over_expected": each.over_expected, "rows": len(each.measured)}
        for each in fit.compared[name]
    }
    run = fit.predicted.get(name)
    if run is None:
        return {"left": left}
    return {"rmse_V": run.rmse, "initial_rmse_V": fit.before[name].rmse, "rows": len(run.t), "left": left}


def _of_prediction(each: Prediction) -> dict[str, Any]:
    return {"rmse_V": each.run.rmse, "initial_rmse_V": each.before.rmse, "rows": len(each.run.t)}


def prediction_in_words(unseen: Prediction) -> str:
    """How well a record that was not fitted is met."""
    return (
        f"not fitted; its voltage is predicted within {1e3 * unseen.run.rmse:.3g} mV (root mean square), where the fit "
        f"began within {1e3 * unseen.before.rmse:.3g} mV"
    )


def write_residuals(fit: Fit, path: Path, unseen: Unseen) -> None:
    """Writes every row of every record beside what the fitted cell has there, records that were not fitted last."""
    runs = {**fit.predicted, **{name: each.run for name, each in unseen.items()}}
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("experiment", "time_s", "current_A", "measured_V", "fitted_V", "residual_V"))
        for name, run in runs.items():
            for t, I, measured, found in zip(run.t, run.I, run.measured, run.found, strict=True):
                rows.writerow((name, *(f"{x:.9g}" for x in (t, I, measured, found, found - measured))))


def write_spectra(fit: Fit, path: Path) -> None:
    """Writes every frequency of every measured spectrum beside what the fitted cell has there."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        parts = ("measured_real_Ohm", "measured_imag_Ohm", "fitted_real_Ohm", "fitted_imag_Ohm")
        rows.writerow(("experiment", "frequency_Hz", *parts))
        for name, (measured, found) in fit.spectra.items():
            for f, Z, there in zip(*map(np.asarray, (measured.frequencies, measured.Z, found.Z)), strict=True):
                rows.writerow((name, *(f"{x:.9g}" for x in (f, Z.real, Z.imag, there.real, there.imag))))


def figures(fit: Fit, title: str, unseen: Unseen) -> list[tuple[str, Any]]:
    """The pictures, by the names of their files."""
    from cellsim import plotting

    found = []
    if fit.predicted:
        found.append((PICTURES[0], plotting.fit_figure(fit.predicted, fit.before, title, unseen)))
    units = [fit.problem.quantity(k) for k in range(len(fit.names))]
    labels = [f"{name} [{unit.unit}]" if unit else name for name, unit in zip(fit.names, units, strict=True)]
    found.append((PICTURES[1], plotting.convergence_figure(fit.history, ["Cost", *labels], "")))
    if len(fit.names) > 1:
        found.append((PICTURES[2], plotting.correlation_figure(fit.correlation, fit.names, "")))
    if fit.spectra:
        found.append((PICTURES[3], plotting.spectra_figure([s for pair in fit.spectra.values() for s in pair], title)))
    return found


def summary(fit: Fit, title: str, unseen: Unseen) -> str:
    """What was found, for a person to read: markdown."""
    lines = [f"# {title}" if title else "# Fit", "", fit.report_head(), ""]
    lines += ["| parameter | value | std. error | initial | unit |", "|---|---|---|---|---|"]
    for k, name in enumerate(fit.names):
        quantity = fit.problem.quantity(k)
        error = fit.std_errors[name]
        shown = f"{error:.3g}" if math.isfinite(error) else "not known"
        unit = "" if quantity is None else quantity.unit
        lines.append(f"| {name} | {fit.values[name]:.6g} | {shown} | {fit.initial[name]:.6g} | {unit} |")
    lines += ["", "## What the data tell", "", fit.identifiability.report(), ""]
    notes = fit.notes()
    if notes:
        lines += ["## Notes", "", *(f"- {note}" for note in notes), ""]
    lines += ["## Experiments", "", "| experiment | compared | rows | left, rms | over its noise |"]
    lines += ["|---|---|---|---|---|"]
    for name, parts in fit.compared.items():
        lines += [f"| {name} | {x.label} | {len(x.measured)} | {x.rms:.3g} | {x.over_expected:.3g} |" for x in parts]
    runs = [(name, run, fit.before[name]) for name, run in fit.predicted.items()]
    runs += [(f"{name} (not fitted)", each.run, each.before) for name, each in unseen.items()]
    if runs:
        lines += ["", "| voltage | rows | rms [mV] | where the fit began [mV] |", "|---|---|---|---|"]
        lines += [f"| {name} | {len(run.t)} | {1e3 * run.rmse:.3g} | {1e3 * b.rmse:.3g} |" for name, run, b in runs]
    said = [(each.called, line) for each in fit.problem.experiments for line in each.said]
    if said:
        lines += ["", "How the records were read:", "", *(f"- {name}: {line}" for name, line in said)]
    noise = fit.fisher.noise
    says = "the noise that was stated" if fit.is_noise_known else "the differences that are left"
    lines += [
        "",
        f"Standard errors are those of a linear model, with {says}. What is left is {noise:.3g} times what was "
        "expected of it; well above 1, the model does not tell all that the data show, and the errors do not either.",
        "",
        f"Residuals and Jacobians were computed {fit.problem.calls['jacobians']} times, residuals alone "
        f"{fit.problem.calls['residuals']} times, gradients {fit.problem.calls['gradients']} times.",
        "",
    ]
    return "\n".join(lines)
