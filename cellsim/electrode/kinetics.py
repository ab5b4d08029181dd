"""Charge transfer at the surface of an insertion particle."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from cellsim.constants import T_ROOM, F, R
from cellsim.laws import arrhenius_factor
from cellsim.limits import positive
from cellsim.parameters import quantity

Points = Float[ArrayLike, "*#point"]


class ButlerVolmer(eqx.Module):
    """Symmetric Butler-Volmer kinetics of insertion, j = 2 j0 sinh(F eta / 2RT), with

    j0 = k (c c_s (c_max - c_s))^0.5.

    Source: Doyle, Fuller & Newman, J. Electrochem. Soc. 140 (1993) 1526, doi:10.1149/1.2221597.
    """

    k: Float[Array, ""] = quantity("(A/m2)(m3/mol)^1.5", 1e-12, 1.0, "exchange-current constant at T_ref")
    E: Float[Array, ""] = quantity("J/mol", -2e5, 2e5, "activation energy", default=0.0)
    T_ref: Float[Array, ""] = quantity("K", 200.0, 500.0, "temperature of `k`", default=T_ROOM)

    def j0(self, c: Points, theta: Points, c_max: Any, T: Points) -> Float[Array, "*point"]:
        """Exchange current density [A/m2] at salt concentration `c` [mol/m3] and surface lithiation `theta` [-]."""
        vacant_and_full = positive(theta, 1e-6) * positive(1.0 - theta, 1e-6)
        return self.k * arrhenius_factor(self.E, self.T_ref, T) * c_max * jnp.sqrt(positive(c, 1e-2) * vacant_and_full)

    def j(self, j0: Points, eta: Points, T: Points) -> Float[Array, "*point"]:
        """Faradaic current density [A/m2], positive when lithium leaves the solid, at overpotential `eta` [V]."""
        forward = jnp.exp(F * jnp.asarray(eta) / (2.0 * R * T))
        return jnp.asarray(j0) * (forward - 1.0 / forward)
