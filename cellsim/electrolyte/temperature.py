"""Temperature laws of ion transport beside Arrhenius' (`cellsim.laws.Arrhenius`), and decoupling.

Each wraps a law of concentration, or a number, and is a law itself. Where ions move with the segments of a polymer or
the structure of a viscous liquid, the slope of ln kappa in 1/T grows towards the glass: Vogel-Fulcher-Tammann, or the
same curve anchored at a temperature, Williams-Landel-Ferry.
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from cellsim.constants import EPS_0
from cellsim.laws import Law, Points, Product, as_law
from cellsim.parameters import quantity

LN10 = math.log(10.0)


class VFT(eqx.Module):
    """law(x, T) T^power exp(-B / (T - T0)), with T in K: the Vogel-Fulcher-Tammann equation.

    `power` is 0, or -0.5 with the T^-1/2 prefactor of free-volume and configurational-entropy theories; then the law
    in front has the unit of the property times K^0.5. At and below `T0` nothing moves: the value is zero there, which
    continues it smoothly.

    Sources: Vogel, Phys. Z. 22 (1921) 645; Fulcher, J. Am. Ceram. Soc. 8 (1925) 339,
    doi:10.1111/j.1151-2916.1925.tb16731.x; Tammann & Hesse, Z. Anorg. Allg. Chem. 156 (1926) 245,
    doi:10.1002/zaac.19261560121.
    """

    law: Law = eqx.field(converter=as_law)
    B: Float[Array, ""] = quantity("K", 0.0, 1e4, "pseudo-activation temperature")
    T0: Float[Array, ""] = quantity("K", 0.0, 1000.0, "temperature at which mobility vanishes")
    power: float = eqx.field(static=True, default=0.0)

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        return self.law(x, T) * T**self.power * _unless_frozen(-self.B, jnp.asarray(T) - self.T0)


class WLF(eqx.Module):
    """law(x, T) 10^(C1 (T - T_ref) / (C2 + T - T_ref)): the Williams-Landel-Ferry equation for a mobility.

    A relaxation time has the inverse factor. At and below T_ref - C2 the value is zero.

    Source: Williams, Landel & Ferry, J. Am. Chem. Soc. 77 (1955) 3701, doi:10.1021/ja01619a008.
    """

    law: Law = eqx.field(converter=as_law)
    C1: Float[Array, ""] = quantity("-", 0.0, 100.0, "first constant of Williams, Landel and Ferry")
    C2: Float[Array, ""] = quantity("K", 1.0, 1000.0, "second constant of Williams, Landel and Ferry")
    T_ref: Float[Array, ""] = quantity("K", 100.0, 1000.0, "temperature at which the factor is 1")

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        rise = jnp.asarray(T) - self.T_ref
        return self.law(x, T) * _unless_frozen(LN10 * self.C1 * rise, self.C2 + rise)


def _unless_frozen(numerator: Points, gap: Array) -> Array:
    """exp(numerator / gap), zero where there is no gap; smooth, as the exponential of -1/gap is."""
    is_mobile = gap > 0
    return jnp.where(is_mobile, jnp.exp(jnp.asarray(numerator) / jnp.where(is_mobile, gap, 1.0)), 0.0)


# ---- one curve, two names


def vft_from_wlf(C1: Points, C2: Points, T_ref: Points) -> tuple[Float[Array, "*point"], Float[Array, "*point"]]:
    """B [K] and T0 [K] of the same curve: B = ln(10) C1 C2, T0 = T_ref - C2."""
    C1, C2 = jnp.asarray(C1), jnp.asarray(C2)
    return LN10 * C1 * C2, jnp.asarray(T_ref) - C2


def wlf_from_vft(B: Points, T0: Points, T_ref: Points) -> tuple[Float[Array, "*point"], Float[Array, "*point"]]:
    """C1 [-] and C2 [K] of the same curve anchored at `T_ref` [K]."""
    C2 = jnp.asarray(T_ref) - T0
    return jnp.asarray(B) / (LN10 * C2), C2


def as_vft(law: WLF) -> VFT:
    """The same law, written by Vogel, Fulcher and Tammann."""
    B, T0 = vft_from_wlf(law.C1, law.C2, law.T_ref)
    return VFT(Product(law.law, as_law(10.0**law.C1)), B, T0)


def as_wlf(law: VFT, T_ref: ArrayLike) -> WLF:
    """The same law, written by Williams, Landel and Ferry with `T_ref` [K].

    Raises `ValueError` for a law with a prefactor, which is no WLF curve, and for `T_ref` at or below T0.
    """
    if law.power != 0:
        raise ValueError(
            f"a VFT law with the prefactor T^{law.power:g} is not a WLF law: the map is exact without prefactor only. "
            "Fit WLF to its values instead (`fit_wlf`)."
        )
    T_ref = jnp.asarray(T_ref, dtype=float)
    known = not any(isinstance(value, jax.core.Tracer) for value in (T_ref, law.T0))
    if known and not np.all(np.asarray(T_ref) > np.asarray(law.T0)):
        raise ValueError(f"T_ref = {T_ref} K is not above T0 = {law.T0} K, where mobility vanishes.")
    C1, C2 = wlf_from_vft(law.B, law.T0, T_ref)
    return WLF(Product(law.law, as_law(jnp.exp(-law.B / (T_ref - law.T0)))), C1, C2, T_ref)


# ---- how far ions run ahead of what surrounds them


def conductivity_relaxation_time(kappa: Points, permittivity: Points) -> Float[Array, "*point"]:
    """Time [s] in which charge in a medium of conductivity `kappa` [S/m] and relative permittivity `permittivity` [-]
    (at frequencies above the ions' motion) relaxes: tau_sigma = eps_0 permittivity / kappa."""
    return EPS_0 * jnp.asarray(permittivity) / kappa


def decoupling_index(kappa: Points, tau_s: Points, permittivity: Points) -> Float[Array, "*point"]:
    """log10 of Angell's R_tau = tau_s / tau_sigma [-]: by how many decades charge relaxes faster than the structure or
    the polymer segments, whose relaxation time is `tau_s` [s]. Near 0, or below, where ions wait for the segments.

    Source: Angell, Solid State Ionics 9-10 (1983) 3, doi:10.1016/0167-2738(83)90206-0.
    """
    return jnp.log10(tau_s / conductivity_relaxation_time(kappa, permittivity))


def decoupling_exponent(kappa: Float[ArrayLike, " points"], tau_s: Float[ArrayLike, " points"]) -> Float[Array, ""]:
    """epsilon [-] of kappa ~ tau_s^-(1 - epsilon), by regression of ln kappa [S/m] on ln tau_s [s] at the same
    temperatures: 0 where ion motion follows the segments, 1 where it does not know of them.

    Sources: Agapov & Sokolov, Macromolecules 44 (2011) 4410, doi:10.1021/ma2001096; Wang et al., Phys. Rev. Lett. 108
    (2012) 088303, doi:10.1103/PhysRevLett.108.088303.
    """
    x, y = jnp.log(jnp.asarray(tau_s)), jnp.log(jnp.asarray(kappa))
    x = x - jnp.mean(x)
    return 1.0 + jnp.sum(x * y) / jnp.sum(x**2)
