"""LiPF6 in EC:EMC at 23 degC, as in the Kokam cell of Ecker et al.: the conductivity, and D from it.

Source: Ecker, Tran, Dechent, Kaebitz, Warnecke & Sauer, J. Electrochem. Soc. 162 (2015) A1836-A1848,
doi:10.1149/2.0551509jes, as fitted by O'Kane in Richardson, Korotkin, Ranom, Castle & Foster, Electrochim. Acta 339
(2020) 135862, doi:10.1016/j.electacta.2020.135862.

The diffusivity follows from the conductivity by D = R T kappa/(F^2 c), which takes both ions together and the solution
as ideal. kappa without salt is 0.17 S/m instead of zero, so that this D grows as 1/c; below 10 mol/m3 the concentration
in its denominator is held there. No source at hand states the ranges: the conductivity turns up again at 2.25 mol/L,
and the range of concentrations given below ends before; the activation energy was measured, but the temperatures given
are those next to 23 degC alone.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.constants import F, R
from cellsim.electrolyte.about import About
from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.laws import Points, Polynomial, arrhenius_factor
from cellsim.limits import at_least
from cellsim.parameters import quantity

ABOUT = About(
    "LiPF6",
    "EC:EMC",
    {
        "D": "assumed: Nernst-Einstein, R T kappa/(F^2 c)",
        "t_plus": "assumed: 0.26",
        "chi": "assumed: 1, an ideal solution",
    },
)
C_FLOOR = 10.0  # mol/m3, in the denominator of D
C_WIDTH = 0.1  # mol/m3


class Conductivity(eqx.Module):
    """kappa = (T_ref/T) exp(E/R (1/T_ref - 1/T)) times a polynomial in mol/L, in S/m."""

    at_T_ref: Polynomial
    E: Float[Array, ""] = quantity("J/mol", 0.0, 1e5, "activation energy of T kappa", default=17.1e3)
    T_ref: Float[Array, ""] = quantity("K", 200.0, 500.0, "temperature of the polynomial", default=296.0)

    def __call__(self, c: Points, T: Points) -> Float[Array, "*point"]:
        return self.at_T_ref(c, T) * (self.T_ref / jnp.asarray(T)) * arrhenius_factor(self.E, self.T_ref, T)


class Diffusivity(eqx.Module):
    """D = R T kappa/(F^2 c) [m2/s]; `kappa` is a copy of the electrolyte's: to change that and keep D, change both."""

    kappa: Conductivity

    def __call__(self, c: Points, T: Points) -> Float[Array, "*point"]:
        c_held = at_least(c, C_FLOOR, C_WIDTH)
        return R * jnp.asarray(T) * self.kappa(c, T) / (F**2 * c_held)


def electrolyte() -> Electrolyte:
    """LiPF6 in EC:EMC at 23 degC."""
    kappa = Conductivity(Polynomial([0.1726, 1.7919, -1.2983, 0.2667], unit=1000.0))
    return Electrolyte(
        kappa=kappa,
        D=Diffusivity(kappa),
        t_plus=0.26,
        chi=1.0,
        name="LiPF6 in EC:EMC (Ecker 2015)",
        source=(
            "M. Ecker et al., Parameterization of a Physico-Chemical Model of a Lithium-Ion Battery: I. Determination "
            "of Parameters, J. Electrochem. Soc. 162 (2015) A1836-A1848, doi:10.1149/2.0551509jes; the fit as in "
            "G. Richardson et al., Electrochim. Acta 339 (2020) 135862, doi:10.1016/j.electacta.2020.135862"
        ),
        c_range=(0.0, 2200.0),
        T_range=(293.0, 299.0),  # K: 23 degC and next to it
    )
