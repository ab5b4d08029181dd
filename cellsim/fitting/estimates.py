"""What a fit says of anything that follows from the cell: a product of parameters, a law at a concentration.

By the slopes of it and the covariance of what moved (the delta method).
Source: G. A. F. Seber and C. J. Wild, Nonlinear Regression (Wiley 1989), section 5.1.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from cellsim.fitting.fit import Fit
from cellsim.fitting.free import Free, moved_subject
from cellsim.fitting.targets import Subject
from cellsim.statistics import Estimate

MANY = 10**6  # degrees of freedom of a noise that is known


def estimate(fit: Fit, function: Callable[[Any], Float[Array, "*shape"]]) -> Estimate:
    """The value of `function(cell)`, a number or an array, with its standard error, which is infinite where it changes
    along a direction of which the data say nothing. A combination may be known of numbers none of which is. Where
    experiments have cells of their own, it is that of the first. The same function again needs no new program."""
    problem, z = fit.problem, fit.here.z
    columns = problem.columns(0)
    value, own = _with_slopes(function, problem.subject(0), problem.moving(0), z[columns])
    slopes = np.zeros((*value.shape, len(z)))
    slopes[..., columns] = own
    rows = int(np.count_nonzero(fit.here.variance))
    dof = MANY if fit.is_noise_known else max(rows - len(z), 1)
    return Estimate(value, jnp.sqrt(fit.fisher.variance_of(slopes)), dof)


@eqx.filter_jit
def _with_slopes(function: Any, subject: Subject, free: tuple[Free, ...], z: Any) -> tuple[Array, Array]:
    of = lambda z: jnp.asarray(function(moved_subject(subject, free, z).cell))
    return of(jnp.asarray(z)), jax.jacfwd(of)(jnp.asarray(z))
