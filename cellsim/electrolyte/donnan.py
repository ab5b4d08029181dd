"""Solutions beside fixed charges: what ions are drawn in or kept out, and the potential that does so.

Species lie on the last axis: concentrations `c` [mol/m3] of the solution, charge numbers `z`. `fixed` is the
concentration of fixed charge in the same solution [mol/m3], negative in a cation exchanger. Solutions are ideal.

Source: Donnan, Z. Elektrochem. 17 (1911) 572; Helfferich, Ion Exchange (McGraw-Hill 1962), chapter 5.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from cellsim.constants import F, R
from cellsim.electrolyte.ions import AtIons, Charges, Points, over_ions

ITERATIONS = 12  # of Newton's method, which meets nearly a straight line


def neutralising(c: AtIons, z: Charges, fixed: Points | None = None) -> Float[Array, "*point"]:
    """The s [-] with sum_i z_i c_i exp(z_i s) + fixed = 0; no `fixed` is none.

    That is how far, in units of R T/F, a solution has to be lowered in potential so that ions which stay in equilibrium
    neutralise the fixed charge. Newton's method for the logarithm of the ratio of positive to negative charge, which is
    nearly straight in s. There must be cations and anions. First and second derivatives are those of the solution.
    """
    c, z = jnp.asarray(c), np.asarray(z, dtype=float)
    positive, negative = np.maximum(z, 0.0), np.maximum(-z, 0.0)
    charge = jnp.asarray(0.0 if fixed is None else fixed, float)
    more_above, more_below = jnp.maximum(charge, 0.0), jnp.maximum(-charge, 0.0)

    def newton(s: Array) -> Array:
        charged = c * jnp.exp(z * over_ions(s))
        above = jnp.sum(positive * charged, axis=-1) + more_above
        below = jnp.sum(negative * charged, axis=-1) + more_below
        slope = jnp.sum(positive**2 * charged, axis=-1) / above + jnp.sum(negative**2 * charged, axis=-1) / below
        return s - jnp.log(above / below) / slope

    s = jnp.zeros(jnp.broadcast_shapes(c.shape[:-1], charge.shape))
    if fixed is None and len({abs(x) for x in z if x}) == 1:
        return newton(s)  # on a straight line one step is exact
    return newton(newton(lax.stop_gradient(lax.fori_loop(0, ITERATIONS, lambda _, s: newton(s), s))))


class Equilibrium(NamedTuple):
    """Concentrations in the solution beside the fixed charge [mol/m3], and its potential [V]."""

    c: Float[Array, "*point ions"]
    phi: Float[Array, "*point"]


def equilibrium(c: AtIons, z: Charges, fixed: Points, T: Points) -> Equilibrium:
    """What is in equilibrium with a neutral solution `c` where there is the fixed charge `fixed`, and the Donnan
    potential against that solution. Of one 1:1 salt: c+- = sqrt(c^2 + (fixed/2)^2) -+ fixed/2."""
    s = neutralising(c, z, fixed)
    return Equilibrium(jnp.asarray(c) * jnp.exp(np.asarray(z) * over_ions(s)), -R * jnp.asarray(T) / F * s)
