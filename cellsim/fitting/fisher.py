"""How well least squares knows what it found: standard errors and correlations from the slopes of the residuals."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from cellsim.fitting.problem import Linear

UNSEEN = 1e-9  # of the greatest singular value of the Jacobian with columns of length one, and nothing is known there
UNSEEN_SHARE = 1e-6  # of a change, along a direction that is not seen, that is more than rounding


class Fisher(NamedTuple):
    """The covariance that a linear problem with these slopes would have."""

    covariance: Float[np.ndarray, "free free"]  # infinite on the diagonal where nothing is known
    noise: float  # standard deviation of the residuals of data over the one that was expected
    seen: Float[np.ndarray, "free free"]  # the covariance in the directions that are seen, zero along all others
    unseen: Float[np.ndarray, "directions free"]  # steps along which nothing changes

    def variance_of(self, slopes: Float[np.ndarray, "*shape free"]) -> Float[np.ndarray, "*shape"]:
        """Variance of what has these slopes in the coordinates; infinite where it changes along what is not seen."""
        variance = np.einsum("...i,ij,...j->...", slopes, self.seen, slopes)
        along, size = slopes[..., None, :] * self.unseen, np.abs(slopes[..., None, :]) * np.abs(self.unseen)
        is_lost = np.abs(along.sum(axis=-1)) > UNSEEN_SHARE * size.sum(axis=-1)
        return np.where(is_lost.any(axis=-1), np.inf, variance)


def noise_of(here: Linear) -> float:
    """The standard deviation of the residuals of data over what was expected, degrees of freedom counted; 1 where there
    are too few."""
    is_data = here.variance > 0
    rows, expected = here.r[is_data], here.variance[is_data]
    freedom = len(rows) - len(here.z)
    if freedom <= 0:
        return 1.0
    # a prior is a row too, but it says what was expected: on the average as little wrong as the data
    return float(np.sqrt(np.sum(rows**2) / np.sum(expected) * len(rows) / freedom))


def fisher(here: Linear, is_noise_known: bool) -> Fisher:
    """The covariance of the coordinates from the residuals at the least cost and their slopes, (J^T J)^-1 J^T C J
    (J^T J)^-1 with C the variance of the residuals: also right where rows count by something else than their noise.
    Without a known noise the covariance is that of the residuals that are left."""
    noise = 1.0 if is_noise_known else noise_of(here)
    length = np.linalg.norm(here.J, axis=0)
    unit = np.where(length > 0, length, 1.0)
    rows = max(len(here.z) - len(here.r), 0)  # without which directions would be missing where there are few data
    J, variance = np.pad(here.J / unit, ((0, rows), (0, 0))), np.pad(here.variance, (0, rows))
    U, s, Vt = np.linalg.svd(J, full_matrices=False)
    is_seen = s > UNSEEN * max(float(s[0]), 1e-300) if len(s) else np.zeros(0, bool)
    spread = Vt[is_seen].T / s[is_seen]  # (free, seen)
    middle = (U[:, is_seen] * (variance * noise**2)[:, None]).T @ U[:, is_seen]
    seen = spread @ middle @ spread.T / np.outer(unit, unit)
    is_lost = (length == 0) | (np.sum(Vt[~is_seen] ** 2, axis=0) > UNSEEN_SHARE)
    covariance = np.array(seen)
    covariance[is_lost, is_lost] = np.inf
    return Fisher(covariance, noise, seen, Vt[~is_seen] / unit)


def correlation_of(covariance: Float[np.ndarray, "free free"]) -> Float[np.ndarray, "free free"]:
    """Correlations; zero with what has no finite error."""
    errors = np.sqrt(np.diag(covariance))
    is_known = np.isfinite(errors) & (errors > 0)
    unit = np.where(is_known, errors, 1.0)
    known = np.where(np.outer(is_known, is_known), covariance, 0.0)
    correlation = known / np.outer(unit, unit)
    np.fill_diagonal(correlation, 1.0)
    return np.clip(correlation, -1.0, 1.0)
