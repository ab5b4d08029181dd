"""Records that a fit has not seen, and what the cell has in their places before and after it: the test of a fit."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from cellsim.fitting.experiment import Experiment
from cellsim.fitting.fit import Fit, Predicted, voltages
from cellsim.fitting.free import Free
from cellsim.fitting.problem import Linear, Problem


class Prediction(NamedTuple):
    """A record that was not fitted."""

    run: Predicted  # of the fitted cell
    before: Predicted  # of the cell where the fit began
    std_error: Float[np.ndarray, " rows"]  # V, of the voltage, by what the fit does not know of its numbers


def predictions(fit: Fit, experiments: Experiment | Sequence[Experiment]) -> dict[str, Prediction]:
    """Runs of the fitted cell, and of the cell where the fit began, in `experiments` that compare voltages, by their
    names. What a fit has for each experiment alone (a state of charge, an offset) is here as the experiment says it.

    An experiment that is like one of the fit, in its model, its kind of protocol and in what moves (what it says itself
    within the bounds of the fit), needs no program of its own, unless the cost of the fit is not that of squares.
    Raises `ValueError` as `fit` does.
    """
    experiments = [experiments] if isinstance(experiments, Experiment) else list(experiments)
    shared = {place.name: place.free for place in fit.problem.places if place.experiment is None}
    found = {}
    for each in experiments:
        free = [f for f in fit.problem.free if not f.of or each.called in f.of]
        problem = Problem(fit.problem.cell, [each], free, rows=fit.problem.room)
        if beyond := _beyond_bounds(problem):
            problem = Problem(fit.problem.cell, [each], [f for f in free if f not in beyond], rows=fit.problem.room)
        if problem.place_of_voltage(0) is None:
            raise ValueError(f"{each.called}: no voltage is compared, so none is predicted.")
        common = [name for name in problem.names if name in shared]
        rows = [fit.names.index(name) for name in common]
        columns = [problem.names.index(name) for name in common]
        seen = []
        for values in (fit.initial, fit.values):
            problem.begin_at({name: values[name] for name in common})
            here = problem.linearised(problem.start)
            seen.append(voltages(problem, here)[each.called])
        before, run = seen
        slopes = _slopes(problem, here, len(run.t))[:, columns]
        covariance = fit.fisher.covariance[np.ix_(rows, rows)]
        with np.errstate(invalid="ignore"):
            variance = np.einsum("ij,jk,ik->i", slopes, covariance, slopes)
        found[each.called] = Prediction(run, before, np.sqrt(np.maximum(variance, 0.0)))
    return found


def _beyond_bounds(problem: Problem) -> list[Free]:
    """What the experiment has for itself, beyond the bounds between which it moved in the fit."""
    subject = problem.subject(0)
    own = [place.free for place in problem.places if place.experiment is not None]
    values = [each.start(subject) for each in own]
    pairs = zip(own, values, strict=True)
    return [each for each, x in pairs if not np.allclose(each.value(each.coordinate(x)), x, rtol=1e-9, atol=0.0)]


def _slopes(problem: Problem, here: Linear, rows: int) -> Float[np.ndarray, "rows free"]:
    """d(voltage)/d(coordinate) [V] from the slopes of the residuals, which are over noise and by weight."""
    data, place = problem.data[0], problem.place_of_voltage(0)
    assert place is not None
    first = sum(len(values) for values in data.measured[:place])
    scale = data.sigma[place][:rows] / np.sqrt(data.weight[place][:rows])
    slopes: np.ndarray = here.J[first : first + rows] * scale[:, None]
    return slopes
