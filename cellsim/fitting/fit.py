"""`fit`: a cell, experiments, what moves; out comes the cell that answers them best, with standard errors."""

import dataclasses
import math
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from cellsim.fitting import checkpoint as files
from cellsim.fitting import report
from cellsim.fitting.costs import AbstractCost
from cellsim.fitting.experiment import MISSING, TOLERATED, Experiment
from cellsim.fitting.fisher import Fisher, correlation_of, fisher
from cellsim.fitting.free import Free
from cellsim.fitting.identifiability import Identifiability, identifiability
from cellsim.fitting.impedance import ImpedanceExperiment
from cellsim.fitting.methods import CONVERGED, AbstractMethod, Iterate, LevenbergMarquardt
from cellsim.fitting.problem import AnyExperiment, Linear, Problem
from cellsim.fitting.transforms import Between
from cellsim.simulation.spectrum import Spectrum


class Progress(NamedTuple):
    """How far a fit has come."""

    start: int  # from 1
    iteration: int  # 0 at the start
    cost: float
    values: dict[str, float]


Watcher = Callable[[Progress], Any]  # what is true stops the fit


class Predicted(NamedTuple):
    """What was measured in an experiment, and the run of the fitted cell at the same times."""

    t: Float[np.ndarray, " rows"]  # s
    I: Float[np.ndarray, " rows"]  # A, measured
    measured: Float[np.ndarray, " rows"]  # V
    found: Float[np.ndarray, " rows"]  # V

    @property
    def rmse(self) -> float:
        """Root of the mean square difference of all rows [V]."""
        return float(np.sqrt(np.mean((self.found - self.measured) ** 2)))

    @property
    def rmse_in_time(self) -> float:
        """Root of the mean square difference over time [V], whatever the rows are: what counts where a record was
        thinned, whose rows stand close where the voltage bends."""
        return float(np.sqrt(np.trapezoid((self.found - self.measured) ** 2, self.t) / (self.t[-1] - self.t[0])))

    @property
    def persistence(self) -> float:
        """Correlation of the differences in neighbouring rows: about 0 of noise, near 1 of what a model does not tell.
        0 where there are no differences."""
        left = self.found - self.measured
        size = float(np.mean(left**2))
        return float(np.mean(left[1:] * left[:-1])) / size if size > 0 else 0.0


def voltages(problem: Problem, point: Linear) -> dict[str, Predicted]:
    """Measured voltages, and those of the runs at a point, of every experiment that compares them."""
    found = {}
    for k, each in enumerate(problem.experiments):
        place = problem.place_of_voltage(k)
        if place is not None and isinstance(each, Experiment):
            record, rows = each.record, len(each.record)
            V = point.seen[k][place][:rows]
            found[each.called] = Predicted(each.times, np.asarray(record.I), np.asarray(record.V), V)
    return found


class Compared(NamedTuple):
    """All that was measured of one thing in an experiment, and what the fitted cell has in its place."""

    label: str  # with its unit
    measured: Float[np.ndarray, " rows"]
    found: Float[np.ndarray, " rows"]
    sigma: Float[np.ndarray, " rows"]  # standard deviation that was expected

    @property
    def rms(self) -> float:
        """Root of the mean square difference, in the unit of what is compared."""
        return float(np.sqrt(np.mean((self.found - self.measured) ** 2)))

    @property
    def over_expected(self) -> float:
        """The same in standard deviations."""
        return float(np.sqrt(np.mean(((self.found - self.measured) / self.sigma) ** 2)))


@dataclasses.dataclass(frozen=True)
class Fit:
    """What a fit found."""

    problem: Problem
    here: Linear  # at the best point
    initial: dict[str, float]
    history: Float[np.ndarray, "iterations columns"]  # the cost, then the numbers, at the start and after each step
    reason: str
    is_noise_known: bool
    wall_s: float
    attempts: tuple[tuple[float, str], ...]  # cost and reason of every start

    @property
    def converged(self) -> bool:
        """Whether nothing is left to be gained nearby."""
        return self.reason == CONVERGED

    @property
    def names(self) -> list[str]:
        """What every number is called."""
        return self.problem.names

    @property
    def iterations(self) -> int:
        """Steps that led further down."""
        return len(self.history) - 1

    @cached_property
    def cell(self) -> Any:
        """The cell with the numbers that were found."""
        return self.problem.moved(self.here.z)

    @cached_property
    def values(self) -> dict[str, float]:
        """The numbers that were found, in the unit of each."""
        return dict(zip(self.names, map(float, self.problem.values(self.here.z)), strict=True))

    @property
    def at_bounds(self) -> dict[str, float]:
        """The numbers that ended within a hundredth of their span from a bound, and that bound: there a fit may have
        converged to nothing."""
        found = {}
        for place in self.problem.places:
            value, free = self.values[place.name], place.free
            span = free.high - free.low
            share = (value - free.low) / span if math.isfinite(span) else 0.5
            if free.is_logarithmic:
                share = math.log(value / free.low) / math.log(free.high / free.low)
            if not 0.01 < share < 0.99:
                found[place.name] = free.low if share < 0.5 else free.high
        return found

    @cached_property
    def fisher(self) -> Fisher:
        """Covariance of the coordinates, and the noise."""
        return fisher(self.here, self.is_noise_known)

    @cached_property
    def covariance(self) -> Float[np.ndarray, "free free"]:
        """Covariance of the numbers."""
        slopes = self.problem.slopes(self.here.z)
        return self.fisher.covariance * np.outer(slopes, slopes)

    @cached_property
    def std_errors(self) -> dict[str, float]:
        """Standard errors, infinite where the data say nothing."""
        return dict(zip(self.names, map(float, np.sqrt(np.diag(self.covariance))), strict=True))

    @cached_property
    def correlation(self) -> Float[np.ndarray, "free free"]:
        """Correlations of the numbers, in the order of `names`."""
        return correlation_of(self.covariance)

    @cached_property
    def predicted(self) -> dict[str, Predicted]:
        """Measured and fitted voltages of every experiment that compares them."""
        return voltages(self.problem, self.here)

    @cached_property
    def compared(self) -> dict[str, tuple[Compared, ...]]:
        """All that every experiment compares, thing by thing, rows that do not count left out; of a spectrum its real
        parts and then its imaginary ones."""
        found = {}
        for name, data, seen in zip(self.problem.names_of_experiments, self.problem.data, self.here.seen, strict=True):
            rows = zip(data.labels, data.measured, seen, data.sigma, data.weight, strict=True)
            found[name] = tuple(
                Compared(label, *(np.asarray(x)[np.asarray(weight) > 0] for x in values))
                for label, *values, weight in rows
            )
        return found

    @cached_property
    def spectra(self) -> dict[str, tuple[Spectrum, Spectrum]]:
        """The measured and the fitted spectrum of every experiment that has one."""
        found = {}
        for k, each in enumerate(self.problem.experiments):
            if isinstance(each, ImpedanceExperiment):
                real, imag = np.split(self.here.seen[k][0], 2)
                f = each.spectrum.frequencies
                found[each.called] = (
                    each.spectrum,
                    Spectrum(f, jnp.asarray(real + 1j * imag), name=f"{each.called}, fitted"),
                )
        return found

    @cached_property
    def before(self) -> dict[str, Predicted]:
        """Measured voltages, and those where the fit began."""
        z = self.problem.coordinates(np.array([self.initial[name] for name in self.names]))
        return voltages(self.problem, self.problem.linearised(z))

    @property
    def rmse_V(self) -> float:
        """Root of the mean square difference of all voltages [V]; not-a-number where none are compared."""
        off = [each.found - each.measured for each in self.predicted.values()]
        return float(np.sqrt(np.mean(np.concatenate(off) ** 2))) if off else float("nan")

    @cached_property
    def missing(self) -> list[float]:
        """For every experiment the share of its record that the run does not reach, where it is more than tolerated."""
        gaps = []
        for data, residual in zip(self.problem.data, self.here.missing, strict=True):
            share = residual / (MISSING * float(np.sqrt(data.rows)))
            gaps.append(share + TOLERATED if share > 0 else 0.0)
        return gaps

    @cached_property
    def identifiability(self) -> Identifiability:
        """What the data tell, and what they do not."""
        slopes, values = self.problem.slopes(self.here.z), self.problem.values(self.here.z)
        unit, is_ratio = [], []
        for k, place in enumerate(self.problem.places):
            transform = place.free.transform
            is_ratio.append(values[k] > 0 and place.free.low >= 0)
            span = transform.high - transform.low if isinstance(transform, Between) else 1.0
            unit.append(values[k] if is_ratio[-1] else span)
        J = self.here.J * np.where(slopes != 0, unit / np.where(slopes != 0, slopes, 1.0), 0.0)
        rows = np.sqrt(np.where(self.here.variance > 0, self.here.variance, 1.0)) * self.fisher.noise
        about = [self.problem.quantity(k) for k in range(len(self.names))]
        is_length = [each is not None and each.unit == "m" for each in about]
        return identifiability(self.names, J / rows[:, None], is_ratio, is_length)

    def report(self) -> str:
        """What was found, in words."""
        return report.in_words(self)

    def report_head(self) -> str:
        """The first lines of the report."""
        return report.head(self)

    def notes(self) -> list[str]:
        """What else is worth saying."""
        return report.notes(self)


def fit(
    cell: Any,
    experiments: AnyExperiment | Sequence[AnyExperiment],
    free: Sequence[Free],
    *,
    start: Mapping[str, float] | None = None,
    cost: AbstractCost | None = None,
    method: AbstractMethod | None = None,
    is_noise_known: bool = False,
    starts: int = 1,
    seed: int = 0,
    progress: Watcher | None = None,
    checkpoint: str | Path | None = None,
    resume: bool = False,
) -> Fit:
    """Moves what is `free` from where `cell` has it until its runs answer the `experiments` best.

    - `start`: numbers to begin with, by their names, where they are not those of the cell.
    - `cost`: of differences; `Squared()` by default.
    - `method`: the way to the least cost; `LevenbergMarquardt()` by default.
    - `is_noise_known`: whether the standard deviations that the experiments state are right. Otherwise the standard
      errors are those that the differences which are left speak for.
    - `starts`: from how many points to begin, the first where `cell` is, the others drawn between the bounds by
      `seed`; the best end counts.
    - `progress`: called after every step; what it returns stops the fit where it is true.
    - `checkpoint`: a file that holds the state after every step. With `resume` the fit goes on from there.

    Raises `ValueError` with all that is wrong with what was asked for, and `CannotResume`.
    """
    begun = time.perf_counter()
    if isinstance(experiments, (Experiment, ImpedanceExperiment)):
        experiments = [experiments]
    problem = Problem(cell, experiments, free, cost)
    problem.begin_at(start or {})
    method = LevenbergMarquardt() if method is None else method
    path = None if checkpoint is None else Path(checkpoint)
    if starts < 1 or (starts > 1 and path is not None) or (resume and path is None):
        raise ValueError("needed: one start or more, one alone with a checkpoint, and a checkpoint to resume from.")
    best: tuple[Linear, np.ndarray, str] | None = None
    attempts = []
    for number, z in enumerate(starting_points(problem, starts, seed), start=1):
        log = _Log(problem, number, z, progress, path)
        memory = log.taken_up() if resume else {}
        reason = method.run(problem, log.z, memory, log)
        end = problem.linearised(log.z)
        attempts.append((end.cost, reason))
        if best is None or end.cost < best[0].cost:
            best = end, np.array(log.history), reason
    assert best is not None
    here, history, reason = best
    initial = dict(
        zip(problem.names, map(float, problem.values(log.start if starts == 1 else problem.start)), strict=True)
    )
    seconds = time.perf_counter() - begun
    return Fit(problem, here, initial, history, reason, is_noise_known, seconds, tuple(attempts))


def starting_points(problem: Problem, starts: int, seed: int) -> list[Float[np.ndarray, " free"]]:
    """The start of the problem, and others between its bounds, every number in another part of its span in each.

    Source: M. D. McKay, R. J. Beckman and W. J. Conover, Technometrics 21 (1979) 239 (Latin hypercubes).
    """
    points = [problem.start]
    if starts > 1:
        draw = np.random.default_rng(seed)
        parts = np.array([draw.permutation(starts - 1) for _ in problem.places]).T
        shares = (parts + draw.random(parts.shape)) / (starts - 1)
        for row in shares:
            points.append(
                np.array([float(p.free.transform.random(x)) for p, x in zip(problem.places, row, strict=True)])
            )
    return points


class _Log:
    """What is kept of the way, where it is shown and stored."""

    def __init__(
        self, problem: Problem, number: int, z: np.ndarray, progress: Watcher | None, path: Path | None
    ) -> None:
        self.problem, self.number, self.progress, self.path = problem, number, progress, path
        self.z = self.start = z
        self.history: list[np.ndarray] = []

    def taken_up(self) -> dict[str, np.ndarray]:
        """Goes back to what the file holds; what the method remembers."""
        assert self.path is not None
        stored = files.load(self.path, self.problem.names)
        self.z, self.start = stored.iterate.z, stored.start
        self.history = list(stored.history[:-1])  # the last one is reported again
        return stored.iterate.memory

    def __call__(self, iterate: Iterate) -> bool:
        """Keeps a point; whether to stop."""
        self.z = np.array(iterate.z)
        values = self.problem.values(self.z)
        self.history.append(np.append(iterate.cost, values))
        if self.path is not None:
            files.save(self.path, self.problem.names, files.Stored(iterate, np.array(self.history), self.start))
        if self.progress is None:
            return False
        told = dict(zip(self.problem.names, map(float, values), strict=True))
        return bool(self.progress(Progress(self.number, len(self.history) - 1, iterate.cost, told)))
