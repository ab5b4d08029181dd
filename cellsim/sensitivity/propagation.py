"""What uncertain inputs make of a result: by Monte Carlo, or with samples that are spread more evenly."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float

from cellsim.sensitivity.inputs import Inputs, Unit, correlated, values_at
from cellsim.sensitivity.runs import Runs, results_of

SHARES = (0.025, 0.25, 0.5, 0.75, 0.975)  # of all results that lie below a curve of a band
Sampling = Callable[[int, int, int], Unit]  # of inputs, samples and a seed, to points of the unit cube


def at_random(inputs: int, samples: int, seed: int) -> Unit:
    """Independent points."""
    return np.random.default_rng(seed).random((samples, inputs))


def latin_hypercube(inputs: int, samples: int, seed: int) -> Unit:
    """Points of which every slice along an input holds one.

    Source: M. D. McKay, R. J. Beckman and W. J. Conover, Technometrics 21 (1979) 239-245.
    """
    from scipy.stats import qmc

    return qmc.LatinHypercube(inputs, rng=seed).random(samples)


def low_discrepancy(inputs: int, samples: int, seed: int) -> Unit:
    """Scrambled points of Sobol', which fill the cube most evenly where their number is a power of two."""
    from scipy.stats import qmc

    m = int(np.ceil(np.log2(max(samples, 2))))
    return qmc.Sobol(inputs, rng=seed).random_base2(m)[:samples]


@dataclasses.dataclass(frozen=True, eq=False)
class Spread:
    """How one result is distributed, along its axes, and how strongly it goes with every input (rank correlation)."""

    mean: Float[np.ndarray, "..."]
    std: Float[np.ndarray, "..."]
    quantiles: Float[np.ndarray, "shares ..."]  # at SHARES
    rank_correlation: Float[np.ndarray, "inputs ..."]


@dataclasses.dataclass(frozen=True, eq=False)
class Propagation:
    """How every result of a study is distributed."""

    inputs: Inputs
    spreads: dict[str, Spread]
    points: dict[str, np.ndarray]  # the values of the inputs
    values: dict[str, np.ndarray]  # of all runs, those that failed included
    samples: int  # that are counted
    lost: int
    runs: int

    @property
    def paths(self) -> list[str]:
        """What the inputs are called."""
        return [each.path for each in self.inputs]

    def mean_error(self, name: str) -> Any:
        """Standard error of a mean, of independent samples; samples that are spread more evenly have a smaller one."""
        return self.spreads[name].std / np.sqrt(self.samples)


def propagated(
    runs: Runs, inputs: Inputs, samples: int = 256, *, sampling: Sampling = latin_hypercube, correlation: Any = None,
    seed: int = 0,
) -> Propagation:  # fmt: skip
    """How all that `runs` gives is distributed where the inputs are, correlated by a Gaussian copula where a
    `correlation` is given. Runs that failed are left out. Raises `ValueError` where fewer than two are left."""
    u = sampling(len(inputs), samples, seed)
    points = values_at(inputs, u if correlation is None else correlated(u, correlation))
    values = results_of(runs, points)
    kept = np.all([np.isfinite(y.reshape(samples, -1)).all(axis=1) for y in values.values()], axis=0)
    if kept.sum() < 2:
        raise ValueError(f"{samples - int(kept.sum())} of {samples} runs failed: nothing is left to tell of.")
    x = np.stack([points[each.path][kept] for each in inputs], axis=1)
    spreads = {name: spread_of(x, y[kept]) for name, y in values.items()}
    return Propagation(tuple(inputs), spreads, points, values, int(kept.sum()), int(samples - kept.sum()), samples)


def spread_of(x: Float[np.ndarray, "samples inputs"], y: Float[np.ndarray, "samples ..."]) -> Spread:
    """The distribution of results `y` at inputs `x`."""
    flat = y.reshape(len(y), -1)
    ranks = _ranks(x).T @ _ranks(flat) / len(x)
    mean, std = np.asarray(np.mean(y, axis=0)), np.asarray(np.std(y, axis=0, ddof=1))
    return Spread(mean, std, np.quantile(y, SHARES, axis=0), ranks.reshape(-1, *y.shape[1:]))


def _ranks(x: np.ndarray) -> np.ndarray:
    """Ranks along the samples, of mean zero and variance one; zero where all are the same."""
    from scipy.stats import rankdata

    found = rankdata(x, axis=0)
    found = found - np.mean(found, axis=0)
    scale = np.std(found, axis=0)
    return found / np.where(scale > 0, scale, 1.0)


def as_rows(study: Propagation) -> list[dict[str, Any]]:
    """A row for every result that is one number."""
    rows: list[dict[str, Any]] = []
    for name, of in study.spreads.items():
        if of.mean.ndim == 0:
            shares = {f"quantile_{100 * share:g}": float(q) for share, q in zip(SHARES, of.quantiles, strict=True)}
            with_input = {
                f"rank_correlation_{path}": float(r) for path, r in zip(study.paths, of.rank_correlation, strict=True)
            }
            rows.append({"output": name, "mean": float(of.mean), "std": float(of.std), **shares, **with_input})
    return rows
