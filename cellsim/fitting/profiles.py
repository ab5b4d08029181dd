"""Profile likelihood: what the data say of one number when all others may follow it.

Source: W. Q. Meeker and L. A. Escobar, Am. Stat. 49 (1995) 48, doi:10.1080/00031305.1995.10476112.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from cellsim.fitting.fit import Fit
from cellsim.fitting.held import Held
from cellsim.fitting.methods import Last, LevenbergMarquardt
from cellsim.statistics import CONFIDENCE, student_t

REACH, POINTS = 3.0, 9  # standard errors to either side, and points between
MANY = 10**6  # degrees of freedom of a noise that is known


class Profile(NamedTuple):
    """The least cost at fixed values of a number."""

    name: str
    values: Float[np.ndarray, " points"]
    cost: Float[np.ndarray, " points"]  # above the least of all, over the square of the noise
    dof: int  # of the noise

    @property
    def signed_root(self) -> Float[np.ndarray, " points"]:
        """The root of twice the cost with the sign of the change: a straight line for a linear model, whose slope is
        one over the standard error."""
        best = self.values[int(np.argmin(self.cost))]
        return np.sign(self.values - best) * np.sqrt(2 * np.maximum(self.cost, 0.0))

    def interval(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """The values within which the number lies with probability `confidence`; infinite where the profile does not
        reach as far."""
        threshold, root = student_t(confidence, self.dof), self.signed_root
        at = lambda level: float(np.interp(level, root, self.values, left=-np.inf, right=np.inf))
        return at(-threshold), at(threshold)


def profile(fit: Fit, name: str, *, points: int = POINTS, reach: float = REACH) -> Profile:
    """The profile of the number called `name`: `points` fits of all others, at values up to `reach` standard errors to
    either side of the best one. Raises `ValueError` for an unknown name, and where its error is not finite."""
    if name not in fit.names:
        raise ValueError(f"'{name}' does not move; what does is {', '.join(fit.names)}.")
    problem, best = fit.problem, fit.here
    k = fit.names.index(name)
    error = float(np.sqrt(fit.fisher.covariance[k, k]))
    if not np.isfinite(error):
        raise ValueError(f"{name} is not seen by the data: its profile is flat. {fit.identifiability.report()}")
    others = [column for column in range(len(best.z)) if column != k]
    half = points // 2
    found = {0: (best.z, best.cost)}
    for side in (-1, 1):
        z = best.z.copy()
        for step in range(1, half + 1):
            z = z.copy()
            z[k] = best.z[k] + side * step / half * reach * error
            held, log = Held(problem, others, z), Last()
            LevenbergMarquardt().run(held, held.start, {}, log)
            z = held.whole(log.z)
            found[side * step] = (z, log.cost)
    order = sorted(found)
    values = np.array([problem.values(found[step][0])[k] for step in order])
    cost = np.array([found[step][1] - best.cost for step in order]) / fit.fisher.noise**2
    rows = int(np.count_nonzero(best.variance))
    return Profile(name, values, cost, MANY if fit.is_noise_known else max(rows - len(best.z), 1))
