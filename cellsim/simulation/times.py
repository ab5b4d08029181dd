"""Times counted from the beginning of each step of a protocol."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int


class StepTimes(NamedTuple):
    """Times `t` [s] since the steps of the numbers `step` (from 1) began, in the order of the steps.

    For a record that tells its steps: its rows stand beside the same step of a run whose earlier steps were longer or
    shorter. Those beyond the end of a step are moved to the end, those of steps that were not reached to the stop.
    """

    step: Int[np.ndarray, " times"]
    t: Float[np.ndarray, " times"]
