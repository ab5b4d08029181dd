"""Morris' elementary effects, and derivative-based global measures: what matters at all, from few runs."""

import dataclasses
from typing import Any

import numpy as np
from jaxtyping import Float

from cellsim.sensitivity.inputs import Inputs, values_at, within
from cellsim.sensitivity.runs import Point, Runs, results_of, with_slopes
from cellsim.statistics import student_t

LEVELS = 4  # of the grid of Morris
ROUNDING = 1e-12  # of a variance, from which one sample was taken out


@dataclasses.dataclass(frozen=True, eq=False)
class Effects:
    """Of every input, along the axes of a result: mean of its elementary effects, mean of their sizes, and their
    standard deviation, which is large where the input acts together with others or not in proportion; with standard
    errors of the first two. An effect is the change of the result over the whole range of the input."""

    mu: Float[np.ndarray, "inputs ..."]
    mu_star: Float[np.ndarray, "inputs ..."]
    sigma: Float[np.ndarray, "inputs ..."]
    mu_error: Float[np.ndarray, "inputs ..."]
    mu_star_error: Float[np.ndarray, "inputs ..."]


@dataclasses.dataclass(frozen=True, eq=False)
class Morris:
    """The effects on every result of a study."""

    inputs: Inputs
    effects: dict[str, Effects]
    trajectories: int  # that are counted
    lost: int  # of which a run failed
    runs: int

    @property
    def paths(self) -> list[str]:
        """What the inputs are called."""
        return [each.path for each in self.inputs]

    @property
    def reach(self) -> float:
        """How many standard errors an interval of 95 % reaches to either side."""
        return student_t(0.95, self.trajectories - 1)


def trajectories(
    inputs: int, count: int, seed: int = 0, levels: int = LEVELS
) -> Float[np.ndarray, "count steps inputs"]:
    """Ways through a grid of the unit cube, each from a random node, one input after the other moved by half of the
    grid in a random order: (inputs + 1) points each. Raises `ValueError` for an odd number of levels.

    Source: M. D. Morris, Technometrics 33 (1991) 161-174.
    """
    if levels < 2 or levels % 2:
        raise ValueError(f"the grid has an even number of levels, found {levels}.")
    rng, step = np.random.default_rng(seed), 0.5 * levels / (levels - 1)
    found = np.zeros((count, inputs + 1, inputs))
    for way in found:
        # below the half a step leads up, above it down: every level is as likely
        way[:] = rng.integers(levels, size=inputs) / (levels - 1)
        for k, moved in enumerate(rng.permutation(inputs), start=1):
            way[k:, moved] += step if way[0, moved] < 0.5 else -step
    return found


def effects_of(ways: Float[np.ndarray, "count steps inputs"], y: Float[np.ndarray, "count steps ..."]) -> Effects:
    """The effects at the points of `trajectories`. Raises `ValueError` for fewer than two of them."""
    if len(ways) < 2:
        raise ValueError(f"effects need two trajectories at the least, there are {len(ways)}.")
    steps = np.diff(ways, axis=1)
    moved = np.argmax(np.abs(steps), axis=2)
    by = np.take_along_axis(steps, moved[..., None], axis=2)[..., 0]
    slopes = np.diff(y, axis=1) / by.reshape(*by.shape, *[1] * (y.ndim - 2))
    order = np.argsort(moved, axis=1).reshape(*moved.shape, *[1] * (y.ndim - 2))
    each = np.take_along_axis(slopes, order, axis=1)  # (trajectories, inputs, ...)
    root = np.sqrt(len(ways))
    deviation = lambda x: np.std(x, axis=0, ddof=1)
    size = np.abs(each)
    return Effects(
        np.mean(each, axis=0), np.mean(size, axis=0), deviation(each), deviation(each) / root, deviation(size) / root
    )


def morris(runs: Runs, inputs: Inputs, count: int = 20, *, seed: int = 0, levels: int = LEVELS) -> Morris:
    """The elementary effects on all that `runs` gives, from count (inputs + 1) runs; of inputs without ends half a
    percent is left out at either. A trajectory with a run that failed is left out. Raises `ValueError`."""
    ways = trajectories(len(inputs), count, seed, levels)
    points = within(inputs, ways.reshape(-1, len(inputs)))
    values = results_of(runs, values_at(inputs, points))
    along = {name: y.reshape(count, len(inputs) + 1, *y.shape[1:]) for name, y in values.items()}
    kept = np.all([np.isfinite(y.reshape(count, -1)).all(axis=1) for y in along.values()], axis=0)
    effects = {name: effects_of(ways[kept], y[kept]) for name, y in along.items()}
    return Morris(tuple(inputs), effects, int(kept.sum()), int(count - kept.sum()), len(points))


@dataclasses.dataclass(frozen=True, eq=False)
class Derivatives:
    """Derivative-based measures of every input on one result: the mean of its squared slope, by the coordinate in which
    the input is uniform or normal, and the bound that it puts on the total index of Sobol', with its standard error,
    that of the variance by which it is divided included: of independent samples, those that are spread evenly have a
    smaller one. It is infinite for fewer than three samples. The bound goes by factors, so an interval is best taken as
    bound exp(+-2 bound_error / bound)."""

    nu: Float[np.ndarray, " inputs"]
    bound: Float[np.ndarray, " inputs"]
    bound_error: Float[np.ndarray, " inputs"]
    variance: float


def derivative_measures(point: Point, inputs: Inputs, samples: int = 128, *, seed: int = 0) -> dict[str, Derivatives]:
    """The measures of every result of `point` that is one number, by exact gradients at low-discrepancy samples; those
    that are no numbers are left out.

    Source: I. M. Sobol' and S. Kucherenko, Math. Comput. Simul. 79 (2009) 3009-3017.
    """
    from scipy.stats import qmc

    values = values_at(inputs, qmc.Sobol(len(inputs), rng=seed).random(samples))
    found, slopes = with_slopes(point, values)
    by = np.stack([each.distribution.slope(values[each.path]) for each in inputs], axis=1)
    C = np.array([each.distribution.poincare for each in inputs])
    measures = {}
    for name, y in found.items():
        if y.ndim != 1:
            continue
        squares = (slopes[name] * by) ** 2
        kept = np.isfinite(y) & np.all(np.isfinite(squares), axis=1)
        nu, variance = np.mean(squares[kept], axis=0), float(np.var(y[kept], ddof=1))
        share = np.divide(C * nu, variance, out=np.zeros(len(inputs)), where=variance > 0)
        measures[name] = Derivatives(nu, share, C * _error_of_ratio(squares[kept], y[kept]), variance)
    return measures


def _error_of_ratio(
    squares: Float[np.ndarray, "samples inputs"], y: Float[np.ndarray, " samples"]
) -> Float[np.ndarray, " inputs"]:
    """The standard error of the mean of squares over the variance of y, by leaving out each sample in turn: few samples
    know the variance much worse than the squares, and both of them together; zero where y does not vary.

    Source: B. Efron and C. Stein, Ann. Stat. 9 (1981) 586-596.
    """
    n = len(y)
    if n < 3:
        return np.full(squares.shape[1], np.inf)
    whole = np.var(y, ddof=1)
    variance = ((n - 1) * whole - (y - np.mean(y)) ** 2 * n / (n - 1)) / (n - 2)  # of all but one
    if not np.all(variance > ROUNDING * whole):  # one sample alone makes all of it, or there is none
        return np.where(np.any(squares > 0, axis=0) & (whole > 0), np.inf, 0.0)
    ratio = (np.sum(squares, axis=0) - squares) / (n - 1) / variance[:, None]
    error: Float[np.ndarray, " inputs"] = np.sqrt((n - 1) * np.var(ratio, axis=0))
    return error


def as_rows(study: Morris) -> list[dict[str, Any]]:
    """A row for every result that is one number and every input, the greatest mean size first."""
    rows: list[dict[str, Any]] = []
    for name, of in study.effects.items():
        if of.mu.ndim == 1:
            for k in np.argsort(-of.mu_star, kind="stable"):
                numbers = {field.name: float(getattr(of, field.name)[k]) for field in dataclasses.fields(of)}
                rows.append({"output": name, "parameter": study.paths[k], **numbers})
    return rows
