"""All experiments of a fit as one vector of residuals, with its Jacobian.

Each shape of experiment is one compiled program that gives residuals and their forward-mode Jacobian together; the loop
that minimises stays outside, in Python.
"""

import copy
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from cellsim.fitting.costs import AbstractCost, Squared
from cellsim.fitting.experiment import Experiment, Prepared, Resting, padded_rows
from cellsim.fitting.free import Free, moved_subject
from cellsim.fitting.impedance import ImpedanceExperiment, PreparedImpedance
from cellsim.fitting.observables import Voltage
from cellsim.fitting.targets import Of, Subject
from cellsim.parameters import Quantity, UnknownPath

AnyExperiment = Experiment | ImpedanceExperiment
AnyPrepared = Prepared | PreparedImpedance
MOST_ROWS_ALIKE = 400  # records up to this long are all given room for as many rows, to share one program


class Linear(NamedTuple):
    """Residuals at a point, the variance that is expected of each, and their slopes."""

    z: Float[np.ndarray, " free"]
    r: Float[np.ndarray, " rows"]
    variance: Float[np.ndarray, " rows"]
    J: Float[np.ndarray, "rows free"]
    seen: tuple[tuple[np.ndarray, ...], ...]  # of every experiment, what its run had in place of what was measured
    missing: tuple[float, ...]  # of every experiment, the residual for the time that its run did not reach

    @property
    def cost(self) -> float:
        """Half the sum of squares."""
        return 0.5 * float(self.r @ self.r)

    @property
    def gradient(self) -> Float[np.ndarray, " free"]:
        """Its gradient."""
        gradient: np.ndarray = self.J.T @ self.r
        return gradient


class Place(NamedTuple):
    """One number that moves: what it is called, of which `Free` it is, and its experiment where it has one."""

    name: str
    free: Free
    experiment: int | None  # None: of all
    number: int  # among the numbers of its `Free`


class Problem:
    """A cell, experiments, and what moves; with room for `rows` of every record at least. Raises `ValueError` and
    `UnknownPath` for what cannot be meant, with all that is wrong at once."""

    def __init__(
        self,
        cell: Any,
        experiments: Sequence[AnyExperiment],
        free: Sequence[Free],
        cost: AbstractCost | None = None,
        rows: int = 0,
    ):
        self.cell, self.cost = cell, Squared() if cost is None else cost
        self.experiments, self.free = tuple(experiments), tuple(free)
        self.names_of_experiments = [each.called for each in self.experiments]
        _refuse(self)
        longest = max(each.length for each in self.experiments)
        self.room = max(rows, padded_rows(longest) if longest <= MOST_ROWS_ALIKE else 0)
        self.data: list[AnyPrepared] = [each.prepared(cell, self.room) for each in self.experiments]
        self.places, self._columns = self._laid_out()
        self.start = self._start()
        self.calls = {"residuals": 0, "jacobians": 0, "gradients": 0}

    # ---- what moves

    def subject(self, k: int) -> Subject:
        """Cell and conditions of experiment `k` before anything moves."""
        return Subject(self.cell, self.data[k].conditions)

    def moving(self, k: int) -> tuple[Free, ...]:
        """What moves in experiment `k`, without what makes no difference to its compiled program."""
        return tuple(Free(each.where, each.low, each.high) for each in self.free if self._concerns(each, k))

    def _concerns(self, free: Free, k: int) -> bool:
        return not free.of or self.names_of_experiments[k] in free.of

    def _laid_out(self) -> tuple[list[Place], list[np.ndarray]]:
        """Every number that moves in its order, and for each experiment the columns of its own."""
        places: list[Place] = []
        columns: list[list[int]] = [[] for _ in self.experiments]
        for each in self.free:
            is_own = each.each or isinstance(each.target, Of)
            concerned = [k for k in range(len(self.experiments)) if self._concerns(each, k)]
            for group in [[k] for k in concerned] if is_own else [concerned]:
                size = each.start(self.subject(group[0])).size
                name = f"{self.names_of_experiments[group[0]]}.{each.path}" if is_own else each.path
                begin = len(places)
                for index in range(size):
                    called = name if size == 1 else f"{name}.{index}"
                    places.append(Place(called, each, group[0] if is_own else None, index))
                for k in group:
                    columns[k].extend(range(begin, begin + size))
        return places, [np.array(each, dtype=int) for each in columns]

    def _start(self) -> Float[np.ndarray, " free"]:
        z = np.zeros(len(self.places))
        for k in reversed(range(len(self.experiments))):
            subject = self.subject(k)
            if self.moving(k):
                z[self._columns[k]] = np.concatenate(
                    [each.coordinate(each.start(subject)).ravel() for each in self.moving(k)]
                )
        return z

    def begin_at(self, values: Mapping[str, float]) -> None:
        """Begins with these numbers, by their names. Raises `ValueError` for names of what does not move."""
        unknown = [name for name in values if name not in self.names]
        if unknown:
            raise ValueError(f"{', '.join(unknown)} cannot be begun with: what moves is {', '.join(self.names)}.")
        for name, value in values.items():
            k = self.names.index(name)
            self.start[k] = float(self.places[k].free.coordinate(value))

    @property
    def names(self) -> list[str]:
        """What every number is called."""
        return [place.name for place in self.places]

    def columns(self, k: int) -> Int[np.ndarray, " own"]:
        """The places of what moves in experiment `k`."""
        return self._columns[k]

    def _of_each(self, function: Any, x: Float[np.ndarray, " free"]) -> Float[np.ndarray, " free"]:
        """`function(free, entries of x)` for what is free, put in its places."""
        found = np.zeros(len(self.places))
        for each in self.free:
            columns = [k for k, place in enumerate(self.places) if place.free is each]
            found[columns] = np.asarray(function(each, x[columns]))
        return found

    def values(self, z: Float[np.ndarray, " free"]) -> Float[np.ndarray, " free"]:
        """The numbers themselves."""
        return self._of_each(lambda free, z: free.value(z), z)

    def coordinates(self, values: Float[np.ndarray, " free"]) -> Float[np.ndarray, " free"]:
        """The coordinates of numbers."""
        return self._of_each(lambda free, values: free.coordinate(values), values)

    def slopes(self, z: Float[np.ndarray, " free"]) -> Float[np.ndarray, " free"]:
        """d(number)/d(coordinate) of each."""
        return self._of_each(lambda free, z: jax.vmap(jax.grad(free.value))(jnp.asarray(z)), z)

    def quantity(self, k: int) -> Quantity | None:
        """Unit and meaning of number `k`, where they are known."""
        place = self.places[k]
        return place.free.target.quantity(self.subject(place.experiment or 0))

    def moved(self, z: Float[np.ndarray, " free"]) -> Any:
        """The cell at coordinates `z`; where experiments have numbers of their own, that of the first."""
        return self.moved_subject(0, z).cell

    def moved_subject(self, k: int, z: Float[np.ndarray, " free"]) -> Subject:
        """Cell and conditions of experiment `k` at coordinates `z`."""
        return moved_subject(self.subject(k), self.moving(k), jnp.asarray(z[self._columns[k]]))

    # ---- residuals

    def place_of_voltage(self, k: int) -> int | None:
        """Where among what experiment `k` compares the voltage stands; None where it is not compared."""
        observe = self.experiments[k].observe
        return next((n for n, what in enumerate(observe) if isinstance(what, Voltage)), None)

    def linearised(self, z: Float[np.ndarray, " free"]) -> Linear:
        """Residuals and Jacobian, those of the priors last."""
        self.calls["jacobians"] += 1
        r, variance, J, seen = [], [], [], []
        for k, data in enumerate(self.data):
            own, weight, slopes, found = _linearised(self.cell, self.moving(k), data, self.cost, z[self._columns[k]])
            wide = np.zeros((len(own), len(z)))
            np.add.at(wide.T, self._columns[k], np.asarray(slopes).T)
            r.append(np.asarray(own))
            variance.append(np.asarray(weight))
            J.append(wide)
            seen.append(tuple(map(np.asarray, found)))
        missing = tuple(float(own[-1]) for own in r)
        own, slopes = self._priors(z)
        return Linear(
            np.array(z, float),
            np.concatenate([*r, own]),
            np.concatenate([*variance, np.ones(len(own))]),
            np.concatenate([*J, slopes]),
            tuple(seen),
            missing,
        )

    def residuals(self, z: Float[np.ndarray, " free"]) -> Float[np.ndarray, " rows"]:
        """Residuals alone."""
        self.calls["residuals"] += 1
        parts = [np.asarray(self.run(k, z)[0]) for k in range(len(self.data))]
        return np.concatenate([*parts, self._priors(z)[0]])

    def value(self, z: Float[np.ndarray, " free"]) -> float:
        """The cost alone."""
        r = self.residuals(z)
        return 0.5 * float(r @ r)

    def gradient(self, z: Float[np.ndarray, " free"]) -> tuple[float, Float[np.ndarray, " free"]]:
        """The cost and its gradient, in reverse mode: the right one where many numbers move."""
        self.calls["gradients"] += 1
        cost, gradient = 0.0, np.zeros(len(z))
        for k, data in enumerate(self.data):
            own, slope = _with_gradient(self.cell, self.moving(k), data, self.cost, z[self._columns[k]])
            cost += float(own)
            np.add.at(gradient, self._columns[k], np.asarray(slope))
        r, J = self._priors(z)
        return cost + 0.5 * float(r @ r), gradient + J.T @ r

    def run(self, k: int, z: Float[np.ndarray, " free"]) -> tuple[Array, tuple[Array, ...]]:
        """Residuals of experiment `k`, and what the run had in place of what was measured."""
        return _run(self.cell, self.moving(k), self.data[k], self.cost, z[self._columns[k]])

    def traced(self, k: int, z: Any) -> Array:
        """Residuals of experiment `k`, for use within a function that JAX traces."""
        r, _, _ = _rows(self.cell, self.moving(k), self.data[k], self.cost, z[self._columns[k]])
        return r

    def with_measured(self, measured: Sequence[tuple[np.ndarray, ...]]) -> "Problem":
        """The same with other measured values, those that fill up included; no new program is compiled for them."""
        other = copy.copy(self)
        other.data = [
            dataclasses.replace(data, measured=values) for data, values in zip(self.data, measured, strict=True)
        ]
        other.calls = dict.fromkeys(self.calls, 0)
        return other

    def _priors(self, z: Float[np.ndarray, " free"]) -> tuple[np.ndarray, np.ndarray]:
        """Residuals and Jacobian of all that is known before."""
        r, J = [np.zeros(0)], [np.zeros((0, len(z)))]
        for columns, free in self.with_priors():
            own, slopes = _prior(dataclasses.replace(free, prior=None), free.prior, z[columns])
            wide = np.zeros((len(own), len(z)))
            wide[:, columns] = np.asarray(slopes)
            r.append(np.asarray(own))
            J.append(wide)
        return np.concatenate(r), np.concatenate(J)

    def with_priors(self) -> list[tuple[np.ndarray, Free]]:
        """Every group of numbers of which something is known before: their columns, and what."""
        found: dict[tuple[int, int | None], list[int]] = {}
        for column, place in enumerate(self.places):
            if place.free.prior is not None:
                found.setdefault((self.free.index(place.free), place.experiment), []).append(column)
        return [(np.array(columns), self.free[k]) for (k, _), columns in found.items()]


def _refuse(problem: Problem) -> None:
    """Raises `ValueError` with all that is wrong."""
    if not problem.experiments:
        raise ValueError("nothing to fit to: give at least one experiment.")
    wrong = [] if problem.free else ["nothing moves: give at least one `Free`."]
    names = problem.names_of_experiments
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        wrong.append(f"experiments need names of their own; found {', '.join(twice)} more than once.")
    paths = [each.path for each in problem.free]
    wrong += [f"{path} is freed more than once." for path in sorted({p for p in paths if paths.count(p) > 1})]
    for each in problem.free:
        unknown = [name for name in each.of if name not in names]
        if unknown:
            wrong.append(f"{each.path} is to move in {', '.join(unknown)}; the experiments are {', '.join(names)}.")
        if isinstance(each.target, Of):
            moved = [k for k, name in enumerate(names) if not each.of or name in each.of]
            rests = [names[k] for k in moved if isinstance(problem.experiments[k].soc, Resting)]
            if each.path == "soc" and rests:
                wrong.append(f"soc cannot move in {', '.join(rests)}, whose state of charge is that of a resting cell.")
        else:
            try:
                each.target.get(Subject(problem.cell, None))  # type: ignore[arg-type]  # no condition is asked for
            except UnknownPath as error:
                wrong.append(str(error))
    if wrong:
        raise ValueError("\n".join(wrong))


def _rows(
    cell: Any, free: tuple[Free, ...], data: AnyPrepared, cost: AbstractCost, z: Any
) -> tuple[Array, Array, tuple[Array, ...]]:
    subject = moved_subject(Subject(cell, data.conditions), free, z)
    return data.residuals(subject.cell, subject.conditions, cost)


def _finite(x: Any) -> Any:
    """A slope that is no number says nothing of where to go."""
    return jnp.where(jnp.isfinite(x), x, 0.0)


@eqx.filter_jit
def _linearised(cell: Any, free: tuple[Free, ...], data: AnyPrepared, cost: AbstractCost, z: Any) -> tuple[Any, ...]:
    def rows(z: Any) -> Any:
        r, weight, seen = _rows(cell, free, data, cost, z)
        return r, (r, weight, seen)

    J, (r, weight, seen) = jax.jacfwd(rows, has_aux=True)(jnp.asarray(z))
    return r, weight, _finite(J), seen


@eqx.filter_jit
def _with_gradient(cell: Any, free: tuple[Free, ...], data: AnyPrepared, cost: AbstractCost, z: Any) -> tuple[Any, Any]:
    value, gradient = jax.value_and_grad(lambda z: 0.5 * jnp.sum(_rows(cell, free, data, cost, z)[0] ** 2))(
        jnp.asarray(z)
    )
    return value, _finite(gradient)


@eqx.filter_jit
def _run(cell: Any, free: tuple[Free, ...], data: AnyPrepared, cost: AbstractCost, z: Any) -> tuple[Any, Any]:
    r, _, seen = _rows(cell, free, data, cost, jnp.asarray(z))
    return r, seen


@eqx.filter_jit
def _prior(free: Free, prior: Any, z: Any) -> tuple[Any, Any]:
    residuals = lambda z: prior.residuals(free.value(z))
    return residuals(jnp.asarray(z)), jax.jacfwd(residuals)(jnp.asarray(z))
