"""Estimates with their errors."""

import functools
import math

import equinox as eqx
from jaxtyping import Array, Float

CONFIDENCE = 0.95


class Estimate(eqx.Module):
    """A number, or an array of numbers, that was estimated from data, with its standard error.

    `dof` are the degrees of freedom of the standard error: the interval in which the true value lies with a given
    confidence is that of Student's t.
    """

    value: Float[Array, "*shape"]
    standard_error: Float[Array, "*shape"]
    dof: int = eqx.field(static=True)

    @property
    def low(self) -> Float[Array, "*shape"]:
        """The lower end of the 95 % interval."""
        return self.interval()[0]

    @property
    def high(self) -> Float[Array, "*shape"]:
        """The upper end of the 95 % interval."""
        return self.interval()[1]

    def interval(self, confidence: float = CONFIDENCE) -> tuple[Float[Array, "*shape"], Float[Array, "*shape"]]:
        """Ends of the interval that holds the true value with probability `confidence`."""
        half = student_t(confidence, self.dof) * self.standard_error
        return self.value - half, self.value + half


@functools.cache
def student_t(confidence: float, dof: int) -> float:
    """How many standard errors the two-sided interval of `confidence` reaches to either side, with `dof` degrees of
    freedom. Raises `ValueError` when there is no such interval."""
    if dof < 1 or not 0 <= confidence < 1:
        raise ValueError(
            f"no interval of confidence {confidence} with {dof} degrees of freedom: it needs a confidence below 1 and "
            "at least one value more than there are parameters. Too few data or blocks?"
        )
    low, high = 0.0, 1.0
    while _probability_within(high, dof) < confidence:
        low, high = high, 2 * high
    for _ in range(200):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _probability_within(middle, dof) < confidence else (low, middle)
        if high - low <= 2e-16 * high:
            break
    return 0.5 * (low + high)


def _probability_within(t: float, dof: int) -> float:
    """The probability that |Student's t| is below `t`, a finite sum as `dof` is whole.

    Source: Abramowitz & Stegun, Handbook of Mathematical Functions (NBS 1964), equations 26.7.3 and 26.7.4.
    """
    angle = math.atan(t / math.sqrt(dof))
    cos2 = math.cos(angle) ** 2
    is_odd = dof % 2 == 1
    term = math.cos(angle) if is_odd else 1.0
    total = 0.0
    for k in range(dof // 2):
        total += term
        term *= cos2 * (2 * k + 2) / (2 * k + 3) if is_odd else cos2 * (2 * k + 1) / (2 * k + 2)
    total *= math.sin(angle)
    return 2 / math.pi * (angle + total) if is_odd else total
