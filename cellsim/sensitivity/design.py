"""Experiments that tell most: pulses whose voltage says as much as it can of chosen numbers of a cell.

The Fisher information of a run is made of exact sensitivities of the voltage; what is found well is what a criterion of
it says. Source: A. C. Atkinson, A. N. Donev and R. D. Tobias, Optimum Experimental Designs (Oxford 2007), chapter 10.
"""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from cellsim.ensemble.changes import CONDITIONS, value_of, with_changes
from cellsim.fitting.optimise import descent
from cellsim.models.subject import subject_of, with_subject
from cellsim.sensitivity.pulses import Form, Pulses, followed, weights

Information = Float[Array, "numbers numbers"]
Criterion = Callable[[Information], Float[Array, ""]]
LEAST = 1e-12  # of the greatest eigenvalue, added to the information: what is not seen at all has a large, finite error
STIFFNESS = 100.0  # of the penalty for a voltage outside of its limits, counted in SOFTNESS
SOFTNESS = 0.01  # V
DIFFERENCE = 1e-3  # of coordinates of order one, where gradients are taken by differences


class D(NamedTuple):
    """The volume of the region in which all numbers are known together: the logarithm of its square."""

    def __call__(self, F: Information) -> Float[Array, ""]:
        return -jnp.linalg.slogdet(_regular(F))[1]


class A(NamedTuple):
    """The mean variance of the numbers: its logarithm."""

    def __call__(self, F: Information) -> Float[Array, ""]:
        return jnp.log(jnp.trace(jnp.linalg.inv(_regular(F))) / len(F))


class E(NamedTuple):
    """The variance along the direction that is known worst: its logarithm."""

    def __call__(self, F: Information) -> Float[Array, ""]:
        return -jnp.log(jnp.linalg.eigvalsh(_regular(F))[0])


class C(NamedTuple):
    """The variance of the number at one place, whatever is known of the others: its logarithm."""

    place: int = 0

    def __call__(self, F: Information) -> Float[Array, ""]:
        return jnp.log(jnp.linalg.inv(_regular(F))[self.place, self.place])


def _regular(F: Information) -> Information:
    return F + LEAST * jnp.max(jnp.diag(F)) * jnp.eye(len(F))


def standard_errors(F: Information) -> Float[Array, " numbers"]:
    """What the information promises of each number (Cramer and Rao)."""
    return jnp.sqrt(jnp.diag(jnp.linalg.inv(_regular(F))))


class Experiment(eqx.Module):
    """What is asked, and how it is measured.

    - `model`: of the cell as it is believed to be; `paths`: numbers that are to be found, as `ensemble` knows them, and
      `soc` where the state of charge at the beginning has to be found too.
    - `soc`, `T` [K]: at the beginning. `noise` [V]: standard deviation of a measured voltage, every `period` [s].
    - `V_low`, `V_high` [V]: limits of the voltage.
    """

    model: Any
    paths: tuple[str, ...] = eqx.field(static=True)
    soc: float = 0.5
    T: Any = None
    noise: float = 1e-3
    period: float = 1.0
    V_low: float = 2.5
    V_high: float = 4.2
    rtol: float = 1e-6
    max_steps: int = eqx.field(static=True, default=100)

    @property
    def numbers(self) -> Float[Array, " numbers"]:
        """The numbers as they are believed to be."""
        cell = subject_of(self.model)
        return jnp.stack([jnp.asarray(self.soc if p in CONDITIONS else value_of(cell, p), float) for p in self.paths])

    def voltage(self, pulses: Pulses, numbers: Any = None) -> Float[Array, "pulses points"]:
        """Voltage [V] along the pulses, of a cell with other `numbers`."""
        own = dict(zip(self.paths, self.numbers if numbers is None else numbers, strict=True))
        soc = own.pop("soc", self.soc)
        model = with_subject(self.model, with_changes(subject_of(self.model), own))
        look = lambda held: held.V
        return followed(model, pulses, look, soc=soc, T=self.T, rtol=self.rtol, max_steps=self.max_steps)

    def seen(self, pulses: Pulses, numbers: Any = None) -> tuple[Array, Array]:
        """Voltages, and what a relative change of each number makes of them (pulses, points, numbers); compiled once
        for pulses of one number."""
        numbers = self.numbers if numbers is None else jnp.asarray(numbers, float)
        found: tuple[Array, Array] = _seen(self, _as_arrays(pulses), numbers)
        return found

    def information(self, pulses: Pulses, numbers: Any = None) -> Information:
        """The Fisher information of the pulses on the logarithms of the numbers: errors from it are relative."""
        pulses = _as_arrays(pulses)
        return self.information_of(pulses, self.seen(pulses, numbers)[1])

    def information_of(self, pulses: Pulses, slopes: Array) -> Information:
        """The same from sensitivities that are known."""
        S = slopes.reshape(-1, len(self.paths))
        count = weights(pulses).ravel() / self.period
        return (S * count[:, None]).T @ S / self.noise**2

    def loss(self, pulses: Pulses, criterion: Criterion) -> Float[Array, ""]:
        """The criterion, and a penalty for voltages outside of their limits."""
        V, slopes = self.seen(pulses)
        outside = jax.nn.relu((self.V_low - V) / SOFTNESS) + jax.nn.relu((V - self.V_high) / SOFTNESS)
        return criterion(self.information_of(pulses, slopes)) + STIFFNESS * jnp.mean(outside**2)


@dataclasses.dataclass(frozen=True, eq=False)
class Design:
    """Pulses that were found, and the way there."""

    pulses: Pulses
    errors: Float[np.ndarray, " numbers"]  # relative standard errors that are promised
    V: Float[np.ndarray, "pulses points"]  # V
    history: tuple[float, ...]  # the loss, the start first


@partial(jax.jit, static_argnames=("form", "criterion"))
def _loss(experiment: Experiment, form: Form, criterion: Criterion, z: Array) -> Array:
    return experiment.loss(form.at(z), criterion)


@partial(jax.jit, static_argnames=("form", "criterion"))
def _slopes(experiment: Experiment, form: Form, criterion: Criterion, z: Array) -> Array:
    # forward over forward: sensitivities that are found forwards have no reverse
    return jax.jacfwd(lambda z: experiment.loss(form.at(z), criterion))(z)


@jax.jit
def _seen(experiment: Experiment, pulses: Pulses, numbers: Array) -> tuple[Array, Array]:
    twice = lambda x: (experiment.voltage(pulses, x),) * 2
    slopes, V = jax.jacfwd(twice, has_aux=True)(numbers)
    return V, slopes * numbers


def _as_arrays(pulses: Pulses) -> Pulses:
    return Pulses(*(jnp.asarray(x, float) for x in pulses))


def promised(experiment: Experiment, pulses: Pulses) -> tuple[np.ndarray, np.ndarray]:
    """The voltage of pulses, and the relative standard errors that they promise."""
    pulses = _as_arrays(pulses)
    V, slopes = experiment.seen(pulses)
    return np.asarray(V), np.asarray(standard_errors(experiment.information_of(pulses, slopes)))


def refitted(
    experiment: Experiment, pulses: Pulses, measured: Float[np.ndarray, "pulses points"], start: Any, steps: int = 6
) -> Float[np.ndarray, " numbers"]:
    """The numbers that fit a measured voltage best, every point of a pulse counted by the time that it stands for: by
    Gauss-Newton steps from `start`, none longer than half of a number."""
    pulses = _as_arrays(pulses)
    root = np.sqrt(np.asarray(weights(pulses)).ravel())
    found = np.asarray(start, float)
    for _ in range(steps):
        V, slopes = experiment.seen(pulses, found)
        S = np.asarray(slopes).reshape(-1, len(found)) * root[:, None]
        step = np.linalg.lstsq(S, (measured - np.asarray(V)).ravel() * root, rcond=None)[0]
        found = found * (1 + np.clip(step, -0.5, 0.5))
    return found


def synthetic(
    experiment: Experiment, pulses: Pulses, seed: int, numbers: Any = None
) -> Float[np.ndarray, "pulses points"]:
    """A voltage as it would be measured: every point with the noise that is left of all the measured values for which
    it stands."""
    pulses = _as_arrays(pulses)
    numbers = experiment.numbers if numbers is None else jnp.asarray(numbers, float)
    V = np.asarray(experiment.seen(pulses, numbers)[0])
    sigma = experiment.noise / np.sqrt(np.asarray(weights(pulses)) / experiment.period)
    return V + sigma * np.random.default_rng(seed).standard_normal(V.shape)


def optimised(
    experiment: Experiment,
    form: Form,
    criterion: Criterion,
    start: Any,
    *,
    steps: int = 30,
    is_exact: bool = True,
    progress: Callable[[int, float], None] | None = None,
) -> Design:
    """The pulses of a form whose `criterion` is best, by quasi-Newton steps from the coordinates `start`: a local
    optimum. The gradient is exact (second derivatives through the simulation), which takes minutes to compile; or, with
    `is_exact=False`, from differences of the loss, which is made of exact sensitivities. Raises `ValueError` where the
    loss is not finite at the start."""

    def both(z: np.ndarray) -> tuple[float, np.ndarray]:
        of = lambda z: float(_loss(experiment, form, criterion, jnp.asarray(z)))
        if is_exact:
            return of(z), np.asarray(_slopes(experiment, form, criterion, jnp.asarray(z)))
        moves = DIFFERENCE * np.eye(len(z))
        return of(z), np.array([(of(z + move) - of(z - move)) / (2 * DIFFERENCE) for move in moves])

    history: list[float] = []
    first = np.asarray(start, float)
    if not np.isfinite(_loss(experiment, form, criterion, jnp.asarray(first))):
        raise ValueError("the loss is not finite at the start: a run fails there. Begin with smaller currents.")
    best = first
    for z, f, _ in descent(both, first, 1e-3):
        best = z
        history.append(f)
        if progress is not None:
            progress(len(history) - 1, f)
        if len(history) > steps:
            break
    pulses = form.at(jnp.asarray(best))
    V, errors = promised(experiment, pulses)
    return Design(pulses, errors, V, tuple(history))
