"""The noise on a measured curve, from the curve itself."""

import numpy as np
from jaxtyping import Float

CALM = 30  # rows in which it is looked at
RIPPLE = 1.4826 / np.sqrt(6.0)  # standard deviation of normal noise, per median size of its second differences


def noise_on(x: Float[np.ndarray, " rows"]) -> float:
    """The standard deviation of the noise on a curve, in its unit: that where the curve is calm, for one that turns and
    jumps has second differences of its own. Zero for fewer than three rows."""
    if len(x) <= 2:
        return 0.0
    second = np.abs(np.diff(x, 2))
    pieces = np.array_split(second, max(len(second) // CALM, 1))
    return float(RIPPLE * np.quantile([np.median(piece) for piece in pieces], 0.1))
