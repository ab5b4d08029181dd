"""Ions that move on their own: driving forces, mobilities, conductivity, and diffusion of their salt.

Species lie on the last axis: concentrations `c` [mol/m3], charge numbers `z`, diffusivities `D` [m2/s]; temperature `T`
[K] is that of the points before it.

Sources: Newman & Balsara, Electrochemical Systems, 4th ed. (Wiley 2021), chapters 2 and 11; Robinson & Stokes,
Electrolyte Solutions, 2nd ed. (Butterworths 1959), chapters 2, 6 and 11.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Num

from cellsim.constants import F, R

Points = Float[ArrayLike, "*#point"]
AtIons = Float[ArrayLike, "*#point #ions"]  # one value an ion
Charges = Num[ArrayLike, " ions"]


def over_ions(x: Any) -> Array:
    """What is known of each point, beside an axis of species."""
    return jnp.asarray(x)[..., None]


# ---- forces and mobilities


def electrochemical_potential(ln_a: AtIons, z: Charges, phi: Points, T: Points, mu0: Any = 0.0) -> Array:
    """mu_i = mu_i0 + R T ln a_i + z_i F phi [J/mol], shape (*point, ions), from the logarithms of the activities, the
    electric potential `phi` [V] and standard potentials `mu0` [J/mol]."""
    return mu0 + R * over_ions(T) * ln_a + z * F * over_ions(phi)


def driving_force(grad_ln_a: AtIons, z: Charges, grad_phi: Points, T: Points) -> Array:
    """-grad mu_i [N/mol], shape (*point, ions), along one direction at uniform temperature, from the gradients of
    ln a_i [1/m] and of the electric potential [V/m]."""
    return -electrochemical_potential(grad_ln_a, z, grad_phi, T)


def drift_velocity(u: AtIons, force: AtIons) -> Array:
    """Velocities [m/s] from thermodynamic mobilities `u` [m2 mol/(J s)] and driving forces -grad mu [N/mol]."""
    return jnp.asarray(u) * force


def electrophoretic_mobility(u: AtIons, z: Charges) -> Array:
    """Velocity per electric field [m2/(V s)], negative for anions, from the thermodynamic mobility [m2 mol/(J s)]."""
    return jnp.asarray(u) * z * F


def thermodynamic_mobility(mu_ep: AtIons, z: Charges) -> Array:
    """Velocity per driving force [m2 mol/(J s)] from the electrophoretic mobility [m2/(V s)] of charged species."""
    return jnp.asarray(mu_ep) / (jnp.asarray(z) * F)


def mobility(D: AtIons, T: Points) -> Array:
    """Thermodynamic mobility u = D/(R T) [m2 mol/(J s)] from the diffusivity: Nernst and Einstein."""
    return jnp.asarray(D) / (R * over_ions(T))


def diffusivity(u: AtIons, T: Points) -> Array:
    """D = u R T [m2/s] from the thermodynamic mobility."""
    return jnp.asarray(u) * R * over_ions(T)


# ---- conductivity


def conductivity(c: AtIons, z: Charges, u: AtIons) -> Float[Array, "*point"]:
    """kappa = sum_i z_i F c_i mu_ep_i = F^2 sum_i z_i^2 c_i u_i [S/m] of ions of thermodynamic mobilities `u`."""
    return jnp.sum(jnp.asarray(z) * F * c * electrophoretic_mobility(u, z), axis=-1)


def conductivity_NE(c: AtIons, z: Charges, D: AtIons, T: Points) -> Float[Array, "*point"]:
    """Nernst-Einstein conductivity kappa_NE = F^2/(R T) sum_i c_i z_i^2 D_i [S/m]."""
    return conductivity(c, z, mobility(D, T))


def transference_NE(c: AtIons, z: Charges, D: AtIons) -> Array:
    """t_i = z_i^2 c_i D_i / sum_j z_j^2 c_j D_j [-], shape (*point, ions).

    For one salt this is z+ D+/(z+ D+ - z- D-), and D+/(D+ + D-) only where |z+| = |z-|.
    """
    shares = jnp.asarray(z) ** 2 * c * D
    return shares / jnp.sum(shares, axis=-1, keepdims=True)


def diffusivities_NE(kappa: Points, t: AtIons, c: AtIons, z: Charges, T: Points) -> Array:
    """The D_i = t_i kappa R T/(F^2 z_i^2 c_i) [m2/s] with which Nernst and Einstein return this conductivity [S/m] and
    these transference numbers."""
    return jnp.asarray(t) * over_ions(kappa) * R * over_ions(T) / (F**2 * jnp.asarray(z) ** 2 * c)


def haven_ratio(kappa: Points, kappa_NE: Points) -> Float[Array, "*point"]:
    """H = kappa/kappa_NE [-], below one where oppositely charged ions move together.

    Others call the inverse, kappa_NE/kappa, by this name (the ratio of tracer to charge diffusivity, Murch, Solid State
    Ionics 7 (1982) 177); and "ionicity" or "inverse Haven ratio" is what they call this one.
    """
    return jnp.asarray(kappa) / kappa_NE


# ---- diffusion of a salt


def ambipolar_diffusivity(D_plus: Points, D_minus: Points, z: Num[ArrayLike, "2"], chi: Points = 1.0) -> Array:
    """Nernst-Hartley diffusivity of a salt, (z+ - z-) D+ D-/(z+ D+ - z- D-) times the thermodynamic factor [m2/s]."""
    z_plus, z_minus = np.asarray(z)
    D_plus, D_minus = jnp.asarray(D_plus), jnp.asarray(D_minus)
    return (z_plus - z_minus) * D_plus * D_minus / (z_plus * D_plus - z_minus * D_minus) * chi


def diffusivities_NH(D: Points, t_plus: Points, z: Num[ArrayLike, "2"], chi: Points = 1.0) -> Float[Array, "*point 2"]:
    """D+ and D- [m2/s] of independent ions with this salt diffusivity [m2/s] and cation transference number, 0 to 1."""
    z_plus, z_minus = np.asarray(z)
    shared = jnp.asarray(D) / (chi * (z_plus - z_minus))
    return jnp.stack(jnp.broadcast_arrays(-z_minus * shared / (1 - t_plus), z_plus * shared / t_plus), axis=-1)


# ---- conductivities per mole


def molar_conductivity(kappa: Points, c: Points) -> Float[Array, "*point"]:
    """Lambda = kappa/c [S m2/mol] of a salt; 1 S cm2/mol is 1e-4 S m2/mol."""
    return jnp.asarray(kappa) / c


def equivalent_conductivity(kappa: Points, c: Points, equivalents: Any) -> Float[Array, "*point"]:
    """kappa/(c z+ nu+) [S m2/mol of charge]: per mole of positive charge, `Salt.equivalents` of which are in a mole."""
    return jnp.asarray(kappa) / (c * equivalents)


def ionic_conductivity(D: AtIons, z: Charges, T: Points) -> Array:
    """Molar ionic conductivities lambda_i = z_i^2 F^2 D_i/(R T) [S m2/mol of ions]; over |z_i| they are equivalent."""
    return (jnp.asarray(z) * F) ** 2 * mobility(D, T)


def diffusivity_of_ionic_conductivity(lambda_i: AtIons, z: Charges, T: Points) -> Array:
    """D_i = R T lambda_i/(z_i F)^2 [m2/s] from molar ionic conductivities [S m2/mol of ions]."""
    return jnp.asarray(lambda_i) * R * over_ions(T) / (jnp.asarray(z) * F) ** 2


def independent_migration(lambda_i: AtIons, stoichiometry: Charges) -> Float[Array, "*point"]:
    """Kohlrausch's law: the limiting molar conductivity sum_i nu_i lambda_i [S m2/mol] of a salt."""
    return jnp.sum(jnp.asarray(stoichiometry) * lambda_i, axis=-1)
