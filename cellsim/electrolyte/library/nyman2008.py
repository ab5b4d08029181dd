"""LiPF6 in EC:EMC 3:7 by weight, 0.2 to 2 mol/L at 25 degC, with the constants Chen et al. (2020) use beside it.

Source: Nyman, Behm & Lindbergh, Electrochim. Acta 53 (2008) 6356-6365, doi:10.1016/j.electacta.2008.04.023; t_plus =
0.2594 and chi = 1 as in Chen et al., J. Electrochem. Soc. 167 (2020) 080534, doi:10.1149/1945-7111/ab9050.

The paper measured t_plus and chi as functions of concentration; those fits are in no source at hand. D has a minimum at
2.26 mol/L and kappa one at 2.7 mol/L: do not extrapolate.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.electrolyte.about import About
from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.laws import Points, Polynomial
from cellsim.limits import positive
from cellsim.parameters import as_float_array

ABOUT = About("LiPF6", "EC:EMC 3:7 w", {"t_plus": "assumed: 0.2594", "chi": "assumed: 1, an ideal solution"})


class Conductivity(eqx.Module):
    """kappa [S/m] = p1 m + p2 m^1.5 + p3 m^3, with m in mol/L, at 25 degC."""

    coefficients: Float[Array, "3"] = eqx.field(converter=as_float_array)

    def __call__(self, c: Points, T: Points) -> Float[Array, "*point"]:
        p1, p2, p3 = self.coefficients
        m = jnp.broadcast_to(positive(c) / 1000.0, jnp.broadcast_shapes(jnp.shape(c), jnp.shape(T)))  # mol/L
        return m * (p1 + p2 * jnp.sqrt(m) + p3 * m**2)


def electrolyte() -> Electrolyte:
    """LiPF6 in EC:EMC 3:7 by weight at 25 degC."""
    return Electrolyte(
        kappa=Conductivity([3.329, -2.51, 0.1297]),
        D=Polynomial([4.862e-10, -3.972e-10, 8.794e-11], unit=1000.0),
        t_plus=0.2594,
        chi=1.0,
        name="LiPF6 in EC:EMC 3:7 by weight (Nyman 2008)",
        source=(
            "A. Nyman, M. Behm and G. Lindbergh, Electrochemical Characterisation and Modelling of the Mass Transport "
            "Phenomena in LiPF6-EC-EMC Electrolyte, Electrochim. Acta 53 (2008) 6356-6365, "
            "doi:10.1016/j.electacta.2008.04.023; t_plus and chi as in C.-H. Chen et al., J. Electrochem. Soc. 167 "
            "(2020) 080534, doi:10.1149/1945-7111/ab9050"
        ),
        c_range=(200.0, 2000.0),
        T_range=(297.65, 298.65),  # K: 25 degC, to the digit printed
    )
