"""Conductivities that vanish where there is no salt, though the published polynomial does not."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.laws import Points
from cellsim.limits import positive

GONE = 0.5  # mol/m3, over which the conductivity vanishes; at 15 mol/m3 it is changed by 1e-13 of itself


class Vanishing(eqx.Module):
    """Another law times 1 - exp(-c/0.5 mol/m3).

    A solution that conducted without salt would go on passing current where the salt has run out, and in a cell the
    concentration would fall far below zero.
    """

    law: Any

    def __call__(self, c: Points, T: Points) -> Float[Array, "*point"]:
        return self.law(c, T) * -jnp.expm1(-positive(c) / GONE)
