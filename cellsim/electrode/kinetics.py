"""Charge transfer at the surface of an insertion particle.

Lithium enters from a solution of salt concentration c into vacant sites and leaves filled ones. By mass action, with
the anodic transfer coefficient alpha, the exchange current density is

    j0 = k (c (c_max - c_s))^alpha c_s^(1 - alpha),

which is k (c c_s (c_max - c_s))^0.5 where both directions are alike. What differs between the laws is how the current
grows with the overpotential; near equilibrium all of them conduct j0 F/RT.
"""

import abc
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.scipy.special import erfc
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from cellsim.constants import T_ROOM, F, R
from cellsim.electrode.roots import increasing_root
from cellsim.laws import arrhenius_factor
from cellsim.limits import positive
from cellsim.parameters import quantity

Points = Float[ArrayLike, "*#point"]


class AbstractKinetics(eqx.Module):
    """A law of charge transfer. Every method is of arrays that broadcast together."""

    @abc.abstractmethod
    def j0(self, c: Points, theta: Points, c_max: Any, T: Points) -> Float[Array, "*point"]:
        """Exchange current density [A/m2] at salt concentration `c` [mol/m3] and surface lithiation `theta` [-]."""

    @abc.abstractmethod
    def j(self, j0: Points, eta: Points, T: Points) -> Float[Array, "*point"]:
        """Faradaic current density [A/m2], positive when lithium leaves the solid, at overpotential `eta` [V]."""

    @abc.abstractmethod
    def eta(self, j0: Points, j: Points, T: Points) -> Float[Array, "*point"]:
        """The overpotential [V] at which `j` [A/m2] passes."""


class ButlerVolmer(AbstractKinetics):
    """Symmetric Butler-Volmer kinetics of insertion, j = 2 j0 sinh(F eta / 2RT), with

    j0 = k (c c_s (c_max - c_s))^0.5.

    Source: Doyle, Fuller & Newman, J. Electrochem. Soc. 140 (1993) 1526, doi:10.1149/1.2221597.
    """

    k: Float[Array, ""] = quantity("(A/m2)(m3/mol)^1.5", 1e-12, 1.0, "exchange-current constant at T_ref")
    E: Float[Array, ""] = quantity("J/mol", -2e5, 2e5, "activation energy", default=0.0)
    T_ref: Float[Array, ""] = quantity("K", 200.0, 500.0, "temperature of `k`", default=T_ROOM)

    def j0(self, c: Points, theta: Points, c_max: Any, T: Points) -> Float[Array, "*point"]:
        """Exchange current density [A/m2] at salt concentration `c` [mol/m3] and surface lithiation `theta` [-]."""
        return by_mass_action(self.k * arrhenius_factor(self.E, self.T_ref, T), c, theta, c_max)

    def j(self, j0: Points, eta: Points, T: Points) -> Float[Array, "*point"]:
        """Faradaic current density [A/m2], positive when lithium leaves the solid, at overpotential `eta` [V]."""
        forward = jnp.exp(F * jnp.asarray(eta) / (2.0 * R * T))
        return jnp.asarray(j0) * (forward - 1.0 / forward)

    def eta(self, j0: Points, j: Points, T: Points) -> Float[Array, "*point"]:
        """The overpotential [V] at which `j` [A/m2] passes."""
        return symmetric_overpotential(j0, j, T)


class AsymmetricButlerVolmer(AbstractKinetics):
    """Butler-Volmer kinetics whose two directions differ,

    j = j0 (exp(alpha F eta/RT) - exp(-(1 - alpha) F eta/RT)), j0 = k (c (c_max - c_s))^alpha c_s^(1 - alpha).

    Source: Newman & Balsara, Electrochemical Systems, 4th ed. (Wiley 2021), chapters 8 and 22.
    """

    k: Float[Array, ""] = quantity("(A/m2)(m3/mol)^(1+alpha)", 1e-14, 1e3, "exchange-current constant at T_ref")
    alpha: Float[Array, ""] = quantity("-", 0.01, 0.99, "anodic transfer coefficient, of lithium leaving", default=0.5)
    E: Float[Array, ""] = quantity("J/mol", -2e5, 2e5, "activation energy", default=0.0)
    T_ref: Float[Array, ""] = quantity("K", 200.0, 500.0, "temperature of `k`", default=T_ROOM)

    def j0(self, c: Points, theta: Points, c_max: Any, T: Points) -> Float[Array, "*point"]:
        """Exchange current density [A/m2] at salt concentration `c` [mol/m3] and surface lithiation `theta` [-]."""
        vacant, full = positive(1.0 - theta, 1e-6), positive(theta, 1e-6)
        k = self.k * arrhenius_factor(self.E, self.T_ref, T)
        return k * (positive(c, 1e-2) * vacant * c_max) ** self.alpha * (full * c_max) ** (1.0 - self.alpha)

    def j(self, j0: Points, eta: Points, T: Points) -> Float[Array, "*point"]:
        """Faradaic current density [A/m2], positive when lithium leaves the solid, at overpotential `eta` [V]."""
        x = F * jnp.asarray(eta) / (R * T)
        # the difference of two exponentials, without the loss of digits near equilibrium
        return 2.0 * jnp.asarray(j0) * jnp.exp((self.alpha - 0.5) * x) * jnp.sinh(0.5 * x)

    def eta(self, j0: Points, j: Points, T: Points) -> Float[Array, "*point"]:
        """The overpotential [V] at which `j` [A/m2] passes."""
        return found_overpotential(self, j0, j, T)


class MarcusHushChidsey(AbstractKinetics):
    """Marcus-Hush-Chidsey kinetics: electrons of all energies of a conductor, whose transfer reorganises the solution,

    j = j0 (2 tanh(x/2)) erfc((l - (1 + l^0.5 + x^2)^0.5) / (2 l^0.5)) / erfc((l - (1 + l^0.5)^0.5) / (2 l^0.5)),

    with x = F eta/RT and l the reorganisation energy over RT. This is a closed form of the integral over the energies,
    within a tenth of it up to l = 20 (0.5 eV), nearer far from equilibrium. The current grows as Butler-Volmer's until
    the overpotential comes near the reorganisation energy, and levels off beyond it. j0 as of `ButlerVolmer`.

    Source: Zeng, Smith, Bai & Bazant, J. Electroanal. Chem. 735 (2014) 77, doi:10.1016/j.jelechem.2014.09.038.
    """

    k: Float[Array, ""] = quantity("(A/m2)(m3/mol)^1.5", 1e-12, 1.0, "exchange-current constant at T_ref")
    E_reorganisation: Float[Array, ""] = quantity("J/mol", 1e3, 3e5, "reorganisation energy")
    E: Float[Array, ""] = quantity("J/mol", -2e5, 2e5, "activation energy", default=0.0)
    T_ref: Float[Array, ""] = quantity("K", 200.0, 500.0, "temperature of `k`", default=T_ROOM)

    def j0(self, c: Points, theta: Points, c_max: Any, T: Points) -> Float[Array, "*point"]:
        """Exchange current density [A/m2] at salt concentration `c` [mol/m3] and surface lithiation `theta` [-]."""
        return by_mass_action(self.k * arrhenius_factor(self.E, self.T_ref, T), c, theta, c_max)

    def j(self, j0: Points, eta: Points, T: Points) -> Float[Array, "*point"]:
        """Faradaic current density [A/m2], positive when lithium leaves the solid, at overpotential `eta` [V]."""
        x, energy = F * jnp.asarray(eta) / (R * T), self.E_reorganisation / (R * T)
        reach = lambda x: erfc((energy - jnp.sqrt(1.0 + jnp.sqrt(energy) + x**2)) / (2.0 * jnp.sqrt(energy)))
        return jnp.asarray(j0) * 2.0 * jnp.tanh(0.5 * x) * reach(x) / reach(0.0)

    def eta(self, j0: Points, j: Points, T: Points) -> Float[Array, "*point"]:
        """The overpotential [V] at which `j` [A/m2] passes; above the greatest current that can, a very large one."""
        return found_overpotential(self, j0, j, T)


class LinearKinetics(AbstractKinetics):
    """A charge-transfer resistance, j = j0 F eta/RT, as every other law near equilibrium; j0 as of `ButlerVolmer`."""

    k: Float[Array, ""] = quantity("(A/m2)(m3/mol)^1.5", 1e-12, 1.0, "exchange-current constant at T_ref")
    E: Float[Array, ""] = quantity("J/mol", -2e5, 2e5, "activation energy", default=0.0)
    T_ref: Float[Array, ""] = quantity("K", 200.0, 500.0, "temperature of `k`", default=T_ROOM)

    def j0(self, c: Points, theta: Points, c_max: Any, T: Points) -> Float[Array, "*point"]:
        """Exchange current density [A/m2] at salt concentration `c` [mol/m3] and surface lithiation `theta` [-]."""
        return by_mass_action(self.k * arrhenius_factor(self.E, self.T_ref, T), c, theta, c_max)

    def j(self, j0: Points, eta: Points, T: Points) -> Float[Array, "*point"]:
        """Faradaic current density [A/m2], positive when lithium leaves the solid, at overpotential `eta` [V]."""
        return jnp.asarray(j0) * F * jnp.asarray(eta) / (R * T)

    def eta(self, j0: Points, j: Points, T: Points) -> Float[Array, "*point"]:
        """The overpotential [V] at which `j` [A/m2] passes."""
        return jnp.asarray(j) * R * T / (F * jnp.asarray(j0))


# ---- what the laws share


def by_mass_action(k: Points, c: Points, theta: Points, c_max: Any) -> Float[Array, "*point"]:
    """k (c c_s (c_max - c_s))^0.5 [A/m2], the root smoothly kept above zero."""
    vacant_and_full = positive(theta, 1e-6) * positive(1.0 - theta, 1e-6)
    return jnp.asarray(k) * c_max * jnp.sqrt(positive(c, 1e-2) * vacant_and_full)


def symmetric_overpotential(j0: Points, j: Points, T: Points) -> Float[Array, "*point"]:
    """The inverse [V] of j = 2 j0 sinh(F eta / 2RT)."""
    return jnp.asarray(2.0 * R * T / F) * jnp.arcsinh(jnp.asarray(j) / (2.0 * jnp.asarray(j0)))


MOST = 400.0  # RT/F; beyond any overpotential that is met, and its exponential is a finite number


def found_overpotential(kinetics: AbstractKinetics, j0: Points, j: Points, T: Points) -> Float[Array, "*point"]:
    """The overpotential [V] at which `j` [A/m2] passes, by Newton's method.

    The root is that of inverse hyperbolic sines of both currents, which are nearly straight lines.
    """
    j0, j, T = jnp.broadcast_arrays(*(jnp.asarray(x, dtype=float) for x in (j0, j, T)))
    straightened = lambda j: jnp.arcsinh(j / (2.0 * j0))
    excess = lambda x: straightened(kinetics.j(j0, x * R * T / F, T)) - straightened(j)
    most = jnp.full_like(j0, MOST)
    guess = jax.lax.stop_gradient(2.0 * straightened(j))
    return R * T / F * increasing_root(excess, guess, -most, most)
