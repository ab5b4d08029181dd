"""Records as an instrument would have written them, from a run: its times, its noise, its digits, its offsets."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Float

from cellsim.constants import SECONDS_PER_HOUR
from cellsim.fitting.record import Record
from cellsim.simulation.solution import Solution

AFTER = 1e-3  # s, after which the first row of a step is written, as instruments do
SEEN = 500  # points of a step at which a trigger looks at the voltage, besides
PER_STEP = 8  # points within each step of the solver


class _Step(NamedTuple):
    """A step of a run."""

    run: Solution
    start: float
    stop: float
    step: int
    cycle: int


def measured(
    solution: Solution,
    key: Any,
    *,
    noise_V: float = 1e-3,
    noise_I: float = 0.0,
    noise_T: float = 0.0,
    every: float | Float[np.ndarray, " times"] = 10.0,
    dV: float | None = None,
    resolution_V: float = 0.0,
    resolution_I: float = 0.0,
    offset_V: float = 0.0,
    offset_I: float = 0.0,
    drift_V: float = 0.0,
    name: str = "synthetic",
) -> Record:
    """What an instrument would have written of `solution`, a run by `simulate` outside of JAX's transformations.

    A row `every` so many seconds of each step, and whenever the voltage has moved by `dV` [V] as well, and at both ends
    of each step; or at the times [s] of an array and no others. Then normal noise of the standard deviations `noise_V`
    [V], `noise_I` [A], `noise_T` [K], offsets [V, A], a drift [V/h] of the voltage, and last the digits that the
    instrument has, `resolution_V` [V] and `resolution_I` [A]. The same `key` (of JAX, or any seed of numpy) gives the
    same record. Steps and cycles are numbered as in the run.

    Raises `ValueError` for times beyond the run, and for intervals and deviations that are not above zero.
    """
    _check(noise_V=noise_V, noise_I=noise_I, noise_T=noise_T, resolution_V=resolution_V, resolution_I=resolution_I)
    steps = list(_steps(solution))
    if np.ndim(every) > 0:
        rows = _at_times(steps, np.asarray(every, dtype=float))
    else:
        rows = _along(steps, float(every), dV)
    t, I, V, T, step, cycle = rows
    random = _random(key)
    of = lambda x, deviation: x + deviation * random.standard_normal(len(x))
    V = of(V + offset_V + drift_V * t / SECONDS_PER_HOUR, noise_V)
    I, T = of(I + offset_I, noise_I), of(T, noise_T)
    written = [_digits(V, resolution_V), _digits(I, resolution_I)]
    said = f"Made from a run, with noise of {1e3 * noise_V:g} mV, {noise_I:g} A and {noise_T:g} K."
    return Record(t, written[1], written[0], T, step, cycle, name, (said,))


def _check(**values: float) -> None:
    wrong = [f"{key}={value:g}" for key, value in values.items() if not value >= 0]
    if wrong:
        raise ValueError(f"{', '.join(wrong)}: noise and resolution are sizes, zero or above.")


def _random(key: Any) -> np.random.Generator:
    """A generator of numpy's from a key of JAX's, from a seed, or as it is."""
    if isinstance(key, np.random.Generator):
        return key
    if isinstance(key, jax.Array):
        is_typed = jax.dtypes.issubdtype(key.dtype, jax.dtypes.prng_key)
        key = np.asarray(jax.random.key_data(key) if is_typed else key)
    return np.random.default_rng(key)


def _digits(x: np.ndarray, resolution: float) -> np.ndarray:
    return np.round(x / resolution) * resolution if resolution > 0 else x


# ---- when a row is written


def _steps(solution: Solution) -> Iterator[_Step]:
    """The steps that took time."""
    ends = solution.step_ends
    for leg, end in zip(solution.legs or (solution,), ends, strict=True):
        if end.t_end > end.t_start:
            yield _Step(leg, end.t_start, end.t_end, end.step, end.cycle)


Rows = tuple[np.ndarray, ...]  # times, currents, voltages, temperatures, steps, cycles


def _at_times(steps: list[_Step], times: np.ndarray) -> Rows:
    """Rows at these times; where two steps meet, of the earlier one, whose last moment it is."""
    if not len(times) or np.any(np.diff(times) <= 0) or times[0] < 0 or times[-1] > steps[-1].stop * (1 + 1e-12):
        raise ValueError(
            f"the times must rise, from 0 s or later to the stop of the run at {steps[-1].stop:g} s or before."
        )
    ends = np.array([step.stop for step in steps])
    place = np.minimum(np.searchsorted(ends, times, side="left"), len(steps) - 1)
    return _joined([_seen(steps[k], times[place == k]) for k in np.unique(place)])


def _along(steps: list[_Step], every: float, dV: float | None) -> Rows:
    """Rows at intervals, at changes of the voltage, and at both ends of each step."""
    if not every > 0 or (dV is not None and not dV > 0):
        raise ValueError(f"every={every:g} s and dV={dV} V must be above zero.")
    pieces = []
    for k, step in enumerate(steps):
        first = step.start if k == 0 else min(step.start + AFTER, 0.5 * (step.start + step.stop))
        times = np.arange(step.start, step.stop, every)
        if dV is not None:
            times = np.union1d(times, _triggered(step, dV))
        inside = times[(times > first) & (times < step.stop - 1e-9 * (step.stop - step.start))]
        pieces.append(_seen(step, np.concatenate([[first], inside, [step.stop]])))
    return _joined(pieces)


def _triggered(step: _Step, dV: float) -> np.ndarray:
    """Times at which the voltage has gone `dV` since the last of them, by straight lines between many points."""
    solved = step.run.step_times()
    between = np.linspace(solved[:-1], solved[1:], PER_STEP, endpoint=False).ravel()
    t = np.unique(np.concatenate([np.linspace(step.start, step.stop, SEEN), between, solved[-1:]]))
    V = np.asarray(step.run.at(t).V)
    found, last = [], V[0]
    for k in range(1, len(t)):
        while abs(V[k] - last) >= dV:
            last += dV * np.sign(V[k] - last)
            found.append(t[k - 1] + (t[k] - t[k - 1]) * (last - V[k - 1]) / (V[k] - V[k - 1]))
    return np.array(found)


def _seen(step: _Step, times: np.ndarray) -> Rows:
    seen = step.run.at(times)
    I, V, T = (np.array(x, dtype=float) for x in (seen.I, seen.V, seen.T))
    number = lambda n: np.full(len(times), n)
    return times, I, V, T, number(step.step), number(step.cycle)


def _joined(pieces: list[Rows]) -> Rows:
    return tuple(np.concatenate(each) for each in zip(*pieces, strict=True))
