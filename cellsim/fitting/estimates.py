"""What a fit says of anything that follows from the cell: a product of parameters, a law at a concentration.

By the slopes of it and the covariance of what moved (the delta method).
Source: G. A. F. Seber and C. J. Wild, Nonlinear Regression (Wiley 1989), section 5.1.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from cellsim.fitting.fit import Fit
from cellsim.statistics import Estimate

MANY = 10**6  # degrees of freedom of a noise that is known


def estimate(fit: Fit, function: Callable[[Any], Float[Array, "*shape"]]) -> Estimate:
    """The value of `function(cell)`, a number or an array, with its standard error, which is infinite where it changes
    along a direction of which the data say nothing. A combination may be known of numbers none of which is."""
    problem, z = fit.problem, jnp.asarray(fit.here.z)
    of = lambda z: jnp.asarray(function(problem.moved(z)))
    variance = fit.fisher.variance_of(np.asarray(jax.jacfwd(of)(z)))
    rows = int(np.count_nonzero(fit.here.variance))
    dof = MANY if fit.is_noise_known else max(rows - len(z), 1)
    return Estimate(of(z), jnp.sqrt(variance), dof)
