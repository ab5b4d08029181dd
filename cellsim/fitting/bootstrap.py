"""Bootstrap: the same fit to records that might as well have been measured.

Source: B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap (Chapman & Hall 1993), chapters 6 and 9;
H. R. Kuensch, Ann. Statist. 17 (1989) 1217, doi:10.1214/aos/1176347265 (blocks).
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from cellsim.fitting.fit import Fit
from cellsim.fitting.methods import Last, LevenbergMarquardt
from cellsim.fitting.problem import Problem


class Bootstrap(NamedTuple):
    """What fits to records made anew found."""

    names: tuple[str, ...]
    values: Float[np.ndarray, "replicates free"]

    @property
    def std_errors(self) -> dict[str, float]:
        """Standard deviations over the records."""
        return dict(zip(self.names, map(float, self.values.std(axis=0, ddof=1)), strict=True))

    def interval(self, name: str, share: float = 0.95) -> tuple[float, float]:
        """The middle `share` of what was found of a number."""
        column = self.values[:, self.names.index(name)]
        low, high = np.quantile(column, [0.5 - share / 2, 0.5 + share / 2])
        return float(low), float(high)


def bootstrap(fit: Fit, replicates: int = 100, *, block: int | None = None, seed: int = 0) -> Bootstrap:
    """Fits to records made of the fitted run and normal noise of the size that the fit found, or with a `block`, of the
    differences that it left, drawn with their neighbours in blocks of so many rows: for a model that does not tell all,
    whose differences hang together. Nothing is compiled anew."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(replicates):
        other = fit.problem.with_measured(_made(fit, block, rng))
        last = Last()
        LevenbergMarquardt().run(other, fit.here.z, {}, last)
        found.append(fit.problem.values(last.z))
    return Bootstrap(tuple(fit.names), np.array(found))


def _made(fit: Fit, block: int | None, rng: np.random.Generator) -> list[tuple[np.ndarray, ...]]:
    problem: Problem = fit.problem
    noise = 1.0 if fit.is_noise_known else fit.fisher.noise
    records = []
    for data, seen in zip(problem.data, fit.here.seen, strict=True):
        values = []
        for measured, sigma, weight, found in zip(data.measured, data.sigma, data.weight, seen, strict=True):
            counts = weight > 0
            rows = int(np.count_nonzero(counts))
            if block is None:
                off = noise * sigma[counts] * rng.standard_normal(rows)
            else:
                left = (measured - found)[counts]
                starts = rng.integers(0, max(rows - block, 0) + 1, size=-(-rows // block))
                off = np.concatenate([left[a : a + block] for a in starts])[:rows]
            made = np.array(found)
            made[counts] += off
            values.append(made)
        records.append(tuple(values))
    return records
