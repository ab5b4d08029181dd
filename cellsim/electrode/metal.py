"""Charge transfer at the surface of a metal: deposition and dissolution, or none at all.

The metal is at equilibrium with a reference electrode of itself where eta = phi_s - phi_e = 0. The current density is
positive when the metal dissolves.

Source: Newman & Balsara, Electrochemical Systems, 4th ed. (Wiley 2021), chapters 8 and 22.
"""

import abc

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from cellsim.constants import T_ROOM, F, R
from cellsim.laws import arrhenius_factor
from cellsim.limits import positive
from cellsim.parameters import quantity

Points = Float[ArrayLike, "*#point"]
C_REF = 1000.0  # mol/m3, at which exchange currents are told
LEAST = 1e-2  # mol/m3; the exchange current is that of the concentration down to here
NEWTON = 12  # iterations; from where they start here seven suffice for any film and any voltage


class AbstractMetalKinetics(eqx.Module):
    """What passes the surface of a metal by a reaction."""

    @abc.abstractmethod
    def j0(self, c: Points, T: Points) -> Float[Array, "*point"]:
        """Exchange current density [A/m2] at salt concentration `c` [mol/m3]."""

    @abc.abstractmethod
    def j(self, j0: Points, eta: Points, T: Points) -> Float[Array, "*point"]:
        """Current density [A/m2] of the reaction at overpotential `eta` [V]."""

    @abc.abstractmethod
    def reach(self, j_over_j0: Points, T: Points) -> Float[Array, "*point"]:
        """A size of overpotential [V], no smaller than what drives `j_over_j0` times j0 in its direction."""


class Deposition(AbstractMetalKinetics):
    """Butler-Volmer kinetics of a metal and its cation,

    j = j0 (exp(alpha_a n F eta/RT) - exp(-alpha_c n F eta/RT)),    j0 = j0_ref (c / (1 mol/L))^order.

    `n` is the charge number of the cation. An anodic transfer coefficient of a half is the symmetric law.

    Source: Doyle, Fuller & Newman, J. Electrochem. Soc. 140 (1993) 1526, doi:10.1149/1.2221597.
    """

    j0_ref: Float[Array, ""] = quantity("A/m2", 1e-6, 1e6, "exchange current density at 1 mol/L and T_ref")
    order: Float[Array, ""] = quantity("-", 0.0, 2.0, "reaction order in the salt", default=0.5)
    alpha_a: Float[Array, ""] = quantity("-", 0.01, 0.99, "anodic transfer coefficient", default=0.5)
    E: Float[Array, ""] = quantity("J/mol", -2e5, 2e5, "activation energy", default=0.0)
    T_ref: Float[Array, ""] = quantity("K", 200.0, 500.0, "temperature of `j0_ref`", default=T_ROOM)
    n: int = eqx.field(static=True, default=1)

    def j0(self, c: Points, T: Points) -> Float[Array, "*point"]:
        """Exchange current density [A/m2] at salt concentration `c` [mol/m3]."""
        return self.j0_ref * arrhenius_factor(self.E, self.T_ref, T) * (positive(c, LEAST) / C_REF) ** self.order

    def j(self, j0: Points, eta: Points, T: Points) -> Float[Array, "*point"]:
        """Current density [A/m2] of the reaction at overpotential `eta` [V]."""
        f = self.n * F * jnp.asarray(eta) / (R * T)
        return 2 * jnp.asarray(j0) * jnp.exp((self.alpha_a - 0.5) * f) * jnp.sinh(0.5 * f)

    def reach(self, j_over_j0: Points, T: Points) -> Float[Array, "*point"]:
        """An overpotential [V] that drives the current even where the back reaction runs at j0."""
        x = jnp.asarray(j_over_j0)
        alpha = jnp.where(x > 0, self.alpha_a, 1 - self.alpha_a)
        return jnp.asarray(R * T / (alpha * self.n * F) * jnp.log1p(jnp.abs(x)))


class Blocking(AbstractMetalKinetics):
    """An electrode at which nothing reacts: current passes only by charging its double layer."""

    def j0(self, c: Points, T: Points) -> Float[Array, "*point"]:
        """None."""
        return jnp.zeros(jnp.broadcast_shapes(jnp.shape(c), jnp.shape(T)))

    def j(self, j0: Points, eta: Points, T: Points) -> Float[Array, "*point"]:
        """None."""
        return jnp.zeros(jnp.broadcast_shapes(jnp.shape(j0), jnp.shape(eta), jnp.shape(T)))

    def reach(self, j_over_j0: Points, T: Points) -> Float[Array, "*point"]:
        """Any."""
        return jnp.full(jnp.broadcast_shapes(jnp.shape(j_over_j0), jnp.shape(T)), jnp.inf)


def behind_a_film(
    kinetics: AbstractMetalKinetics, j0: Points, w: Points, R_film: Points, T: Points
) -> Float[Array, "*point"]:
    """The current density j [A/m2] that a film of `R_film` [Ohm m2] and the reaction pass in series at `w` [V] across
    both: j = j(eta) with eta + R_film j(eta) = w."""
    w = jnp.asarray(w)

    def missing(eta: Array) -> Array:
        return eta + R_film * kinetics.j(j0, eta, T) - w

    def improved(eta: Array) -> Array:
        value, slope = jax.jvp(missing, (eta,), (jnp.ones_like(eta),))
        return eta - value / slope

    # |eta| is at most |w|, and at most what drives the current that the film alone would pass: from beyond the root of
    # a curve that bends away from it Newton's method comes down without fail
    film_alone = w / jnp.maximum(R_film * jnp.asarray(j0), 1e-300)
    start = jnp.sign(w) * jnp.minimum(jnp.abs(w), kinetics.reach(film_alone, T))
    start = jax.lax.stop_gradient(jnp.broadcast_to(start, jnp.shape(missing(start))))
    eta = jax.lax.stop_gradient(jax.lax.fori_loop(0, NEWTON, lambda _, eta: improved(eta), start))
    # from the root, two more iterations carry first and second derivatives of the implicit function exactly
    return kinetics.j(j0, improved(improved(eta)), T)
