"""LiPF6 in EC:DMC near 25 degC, as dualfoil and Marquis et al. (2019) use it.

Source: Capiglia, Saito, Kageyama, Mustarelli, Iwamoto, Tabuchi & Tukamoto, J. Power Sources 81-82 (1999) 859-862, to
which codes trace the fits of the program dualfoil (its electrolyte 11); activation energies, t_plus = 0.4 and chi = 1
as in Marquis et al., J. Electrochem. Soc. 166 (2019) A3693-A3706, doi:10.1149/2.0341915jes.

No source at hand states the range of the fits. kappa does not vanish without salt, and has a false minimum at
3.25 mol/L: the range given below ends before it. The two Arrhenius factors are assumptions of the codes.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.electrolyte.about import About
from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.laws import Arrhenius, Points, Polynomial
from cellsim.parameters import as_float_array

ABOUT = About("LiPF6", "EC:DMC", {"t_plus": "assumed: 0.4", "chi": "assumed: 1, an ideal solution"})


class Exponential(eqx.Module):
    """p1 exp(p2 m), with m in mol/L."""

    coefficients: Float[Array, "2"] = eqx.field(converter=as_float_array)

    def __call__(self, c: Points, T: Points) -> Float[Array, "*point"]:
        p1, p2 = self.coefficients
        m = jnp.broadcast_to(c, jnp.broadcast_shapes(jnp.shape(c), jnp.shape(T))) / 1000.0  # mol/L
        return p1 * jnp.exp(p2 * m)


def electrolyte() -> Electrolyte:
    """LiPF6 in EC:DMC."""
    return Electrolyte(
        kappa=Arrhenius(Polynomial([0.0911, 1.9101, -1.052, 0.1554], unit=1000.0), E=34.7e3, T_ref=298.15),
        D=Arrhenius(Exponential([5.34e-10, -0.65]), E=37.04e3, T_ref=298.15),
        t_plus=0.4,
        chi=1.0,
        name="LiPF6 in EC:DMC (Capiglia 1999)",
        source=(
            "C. Capiglia et al., 7Li and 19F Diffusion Coefficients and Thermal Properties of Non-Aqueous Electrolyte "
            "Solutions for Rechargeable Lithium Batteries, J. Power Sources 81-82 (1999) 859-862, as fitted in "
            "dualfoil and used by S. G. Marquis et al., J. Electrochem. Soc. 166 (2019) A3693-A3706, "
            "doi:10.1149/2.0341915jes"
        ),
        c_range=(0.0, 3000.0),
        T_range=(297.65, 298.65),  # K: the fits are for 25 degC
    )
