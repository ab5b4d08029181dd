"""Sobol's indices: which share of the variance of a result is due to which input, alone and with others."""

import dataclasses
from typing import Any

import numpy as np
from jaxtyping import Float

from cellsim.sensitivity.inputs import Inputs, Unit, values_at
from cellsim.sensitivity.runs import Runs, results_of

RESAMPLES = 200  # of the bootstrap
CONFIDENCE = 0.95
CONSTANT = 1e-10  # of the greatest size of a result; one that varies less does not vary


@dataclasses.dataclass(frozen=True, eq=False)
class Indices:
    """First-order and total indices of every input, with the ends of their intervals, along the axes of a result."""

    first: Float[np.ndarray, "inputs ..."]
    first_low: Float[np.ndarray, "inputs ..."]
    first_high: Float[np.ndarray, "inputs ..."]
    total: Float[np.ndarray, "inputs ..."]
    total_low: Float[np.ndarray, "inputs ..."]
    total_high: Float[np.ndarray, "inputs ..."]


@dataclasses.dataclass(frozen=True, eq=False)
class Sobol:
    """The indices of every result of a study."""

    inputs: Inputs
    indices: dict[str, Indices]
    values: dict[str, np.ndarray]  # of all runs
    samples: int  # base samples that are counted
    lost: int  # base samples of which a run failed
    runs: int

    @property
    def paths(self) -> list[str]:
        """What the inputs are called."""
        return [each.path for each in self.inputs]


def saltelli(inputs: int, samples: int, seed: int = 0) -> Unit:
    """Points of the unit cube, (inputs + 2) for every base sample: A, B, and A with each column of B in turn. `samples`
    is a power of two, as the low-discrepancy points of Sobol' need it. Raises `ValueError`.

    Source: A. Saltelli et al., Comput. Phys. Commun. 181 (2010) 259-270.
    """
    from scipy.stats import qmc

    if samples < 2 or samples & (samples - 1):
        raise ValueError(f"the number of base samples is a power of two, found {samples}: give 256, 512 or 1024.")
    both = qmc.Sobol(2 * inputs, rng=seed).random(samples)
    A, B = both[:, :inputs], both[:, inputs:]
    mixed = np.repeat(A[None], inputs, axis=0)
    for k in range(inputs):
        mixed[k, :, k] = B[:, k]
    return np.concatenate([A, B, mixed.reshape(-1, inputs)])


def indices_of(
    y: Float[np.ndarray, "runs ..."], inputs: int, *, confidence: float = CONFIDENCE, resamples: int = RESAMPLES,
    seed: int = 0,
) -> Indices:  # fmt: skip
    """First-order and total indices of a result at the points of `saltelli`, with intervals by bootstrap. A result
    that does not vary has the indices zero.

    Source: A. Saltelli et al., Comput. Phys. Commun. 181 (2010) 259-270.
    """
    samples, shape = len(y) // (inputs + 2), y.shape[1:]
    rows = y.reshape(inputs + 2, samples, -1)
    largest = np.max(np.abs(rows), axis=(0, 1), initial=0.0)
    rows = rows - np.mean(rows[:2], axis=(0, 1))  # a mean far from zero would cost digits
    varies = np.std(rows[:2], axis=(0, 1)) > CONSTANT * largest

    def estimated(rows: np.ndarray) -> np.ndarray:
        A, B, mixed = rows[0], rows[1], rows[2:]
        variance = np.where(varies, np.var(rows[:2], axis=(0, 1)), 1.0)
        first = np.mean(B * (mixed - A), axis=1) / variance
        total = 0.5 * np.mean((A - mixed) ** 2, axis=1) / variance
        return np.where(varies, np.stack([first, total]), 0.0).reshape(2, inputs, *shape)

    rng = np.random.default_rng(seed)
    again = np.stack([estimated(rows[:, rng.integers(samples, size=samples)]) for _ in range(resamples)])
    half = 50 * (1 - confidence)
    low, high = np.percentile(again, (half, 100 - half), axis=0)
    first, total = estimated(rows)
    return Indices(first, low[0], high[0], total, low[1], high[1])


def sobol(
    runs: Runs, inputs: Inputs, samples: int = 1024, *, seed: int = 0, confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
) -> Sobol:  # fmt: skip
    """The indices of all that `runs` gives in independent `inputs`, from samples (inputs + 2) runs. A base sample of
    which a run failed (is not a number) is left out. Raises `ValueError` where fewer than two are left."""
    d = len(inputs)
    points = saltelli(d, samples, seed)
    values = results_of(runs, values_at(inputs, points))
    is_good = np.all([np.isfinite(y.reshape(len(points), -1)).all(axis=1) for y in values.values()], axis=0)
    kept = np.all(is_good.reshape(d + 2, samples), axis=0)
    if kept.sum() < 2:
        raise ValueError(f"{samples - int(kept.sum())} of {samples} base samples have a run that failed.")
    among = np.tile(kept, d + 2)
    found = {
        name: indices_of(y[among], d, confidence=confidence, resamples=resamples, seed=seed)
        for name, y in values.items()
    }
    return Sobol(tuple(inputs), found, values, int(kept.sum()), int(samples - kept.sum()), len(points))


def as_rows(study: Sobol) -> list[dict[str, Any]]:
    """A row for every result that is one number and every input, the greatest total index first."""
    rows: list[dict[str, Any]] = []
    for name, of in study.indices.items():
        if of.first.ndim == 1:
            for k in np.argsort(-of.total, kind="stable"):
                numbers = {field.name: float(getattr(of, field.name)[k]) for field in dataclasses.fields(of)}
                rows.append({"output": name, "parameter": study.paths[k], **numbers})
    return rows
