"""What a fit found, in words."""

import math
from typing import TYPE_CHECKING

from cellsim.fitting.experiment import ROOM, Prepared
from cellsim.fitting.observables import Voltage

if TYPE_CHECKING:
    from cellsim.fitting.fit import Fit

VOLTAGE = Voltage().label
STRONG = 0.95  # a correlation that is worth a line
RUNS_ON = 0.7  # a correlation of what is left in neighbouring rows that noise alone does not make
ROWS = 12  # in which it can be seen


def head(fit: "Fit") -> str:
    """What was done, and how well the data are met."""
    ended = "" if fit.converged else f" It has not converged: {fit.reason}."
    lines = [
        f"{len(fit.names)} numbers were fitted to {_counted(len(fit.problem.experiments), 'experiment')} in "
        f"{_counted(fit.iterations, 'step')} and {fit.wall_s:.1f} s.{ended}",
    ]
    if not math.isnan(fit.rmse_V):
        each = ", ".join(f"{name} {1e3 * run.rmse:.3g} mV" for name, run in fit.predicted.items())
        lines.append(f"The voltage is met within {1e3 * fit.rmse_V:.3g} mV (root mean square): {each}.")
    others = [(name, x) for name, parts in fit.compared.items() for x in parts if x.label != VOLTAGE]
    if others:
        each = ", ".join(f"{name}, {x.label} {x.rms:.3g} ({x.over_expected:.2g} times its noise)" for name, x in others)
        lines.append(f"Besides (root mean square): {each}.")
    return "\n".join(lines)


def in_words(fit: "Fit") -> str:
    """A few lines for a person."""
    lines = [head(fit)]
    width = max(map(len, fit.names))
    lines += ["", f"{'':{width}}  {'value':>12}  {'std. error':>10}  {'initial':>12}  unit"]
    lines += [f"{name:{width}}  {row}" for name, row in zip(fit.names, rows(fit), strict=True)]
    lines += ["", *(f"Note: {note}" for note in notes(fit)), fit.identifiability.report()]
    return "\n".join(lines)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def rows(fit: "Fit") -> list[str]:
    """Value, standard error, initial value and unit of every number."""
    found = []
    for k, name in enumerate(fit.names):
        about = fit.problem.quantity(k)
        unit = "" if about is None else about.unit
        value, error = fit.values[name], fit.std_errors[name]
        relative = f"{100 * error / abs(value):9.3g} %" if value and math.isfinite(error) else f"{error:10.3g} "
        found.append(f"{value:12.6g}  {relative:>10}  {fit.initial[name]:12.6g}  {unit}".rstrip())
    return found


def notes(fit: "Fit") -> list[str]:
    """What else is worth saying."""
    said = []
    bounds = fit.at_bounds
    for k, place in enumerate(fit.problem.places):
        if place.name in bounds:
            what = f"{place.name} is at its bound {bounds[place.name]:g}"
            said.append(f"{what}: its standard error means nothing there.")
        for other in range(k):
            r = fit.correlation[k, other]
            if abs(r) > STRONG:
                said.append(f"{fit.names[other]} and {place.name} are hardly told apart (correlation {r:+.3f}).")
    for name, run in fit.predicted.items():
        r = run.persistence
        if len(run.t) >= ROWS and r > RUNS_ON:
            factor = math.sqrt((1 + r) / max(1 - r, 1e-3))
            said.append(
                f"what is left of {name} is no noise, it runs on from row to row (correlation {r:.2f}): the model does "
                f"not tell all that was measured, and standard errors that take it for noise may be {factor:.1f} times "
                "too small."
            )
    for name, ended in zip(fit.problem.names_of_experiments, fit.missing, strict=True):
        if ended > 0:
            said.append(f"the run of {name} ends {100 * ended:.2g} % of its record too early{_why_early(fit, name)}.")
    return said


def _why_early(fit: "Fit", name: str) -> str:
    """Why a run that follows the measured current ended before its record."""
    k = fit.problem.names_of_experiments.index(name)
    run, data = fit.predicted.get(name), fit.problem.data[k]
    if run is None or not isinstance(data, Prepared) or not data.follows_record:
        return ""
    V = float(run.found[-1])
    is_beyond = V < run.measured.min() - 0.9 * ROOM or V > run.measured.max() + 0.9 * ROOM
    if is_beyond:
        return f", at {V:.3g} V"
    return f", where {data.max_steps} time steps are used up: raise max_steps, or rtol"
