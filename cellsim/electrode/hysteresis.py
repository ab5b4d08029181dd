"""Open-circuit hysteresis: a material's potential depends on whether it was filled or emptied last.

A state h of each particle says where between the two branches its potential lies: -1 on that of lithiation, 1 on that
of delithiation. It follows the current,

    dh/dt = decay (3 |j| / (F c_max R_p)) (sgn(j) - h),

so that a change of the lithiation by 1/decay brings the potential to within 1/e of a branch, whatever the rate, and a
rest leaves it as it is.

Source: Wycisk, Oldenburger, Stoye, Mrkonjic & Latz, J. Energy Storage 52 (2022) 105016, doi:10.1016/j.est.2022.105016.
"""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from cellsim.constants import F
from cellsim.laws import Law, as_law
from cellsim.parameters import quantity

Points = Float[ArrayLike, "*#point"]


class Branches(eqx.Module):
    """The open-circuit potentials of a material as it fills and as it empties; as a law, their mean."""

    lithiation: Law = eqx.field(converter=as_law)  # V
    delithiation: Law = eqx.field(converter=as_law)  # V

    def __call__(self, theta: Points, T: Points) -> Float[Array, "*point"]:
        """The mean of both [V] at lithiation `theta` [-]."""
        return 0.5 * (self.lithiation(theta, T) + self.delithiation(theta, T))

    def at(self, theta: Points, T: Points, h: Points) -> Float[Array, "*point"]:
        """The potential [V] at lithiation `theta` [-] where the state of hysteresis is `h` [-]."""
        full, empty = self.lithiation(theta, T), self.delithiation(theta, T)
        return 0.5 * (full + empty) + 0.5 * jnp.asarray(h) * (empty - full)


class OneState(eqx.Module):
    """How a particle's state of hysteresis follows its current, and where it begins."""

    decay: Float[Array, ""] = quantity("-", 0.0, 1e4, "approach of a branch per change of the lithiation")
    h0: Float[Array, ""] = quantity("-", -1.0, 1.0, "state of hysteresis at rest before a run", default=0.0)

    def rate(self, h: Points, j: Points, R_p: Any, c_max: Any) -> Float[Array, "*point"]:
        """dh/dt [1/s] at the current density `j` [A/m2] of the wall."""
        j = jnp.asarray(j)
        return 3.0 * self.decay / (F * c_max * R_p) * (j - h * jnp.abs(j))
