"""LiPF6 in EC-based solvent, as in the NCA cell of Kim et al.: conductivity and diffusivity over temperature.

Source: Kim, Smith, Lee, Santhanagopalan & Pesaran, J. Electrochem. Soc. 158 (2011) A955-A969, doi:10.1149/1.3597614.

The paper gives the functions without their measurements, and no source at hand states a range. Both functions have a
false minimum at 2.4 to 2.7 mol/L: the range given below ends before.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.electrolyte.about import About
from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.laws import AtLeast, Points
from cellsim.parameters import as_float_array

ABOUT = About("LiPF6", "EC-based carbonates", {"t_plus": "assumed: 0.4", "chi": "assumed: 1, an ideal solution"})


class ActivatedPolynomial(eqx.Module):
    """The sum of a_k exp(-theta_k/T) m^(k + lowest), with m in mol/L: each power has an activation of its own [K]."""

    a: Float[Array, "3"] = eqx.field(converter=as_float_array)
    theta: Float[Array, "3"] = eqx.field(converter=as_float_array)
    lowest: int = eqx.field(static=True)

    def __call__(self, c: Points, T: Points) -> Float[Array, "*point"]:
        m = c / 1000.0  # mol/L
        terms = [self.a[k] * jnp.exp(-self.theta[k] / T) * m ** (k + self.lowest) for k in range(3)]
        return terms[0] + terms[1] + terms[2]


def electrolyte() -> Electrolyte:
    """LiPF6 in EC-based carbonates."""
    return Electrolyte(
        kappa=AtLeast(ActivatedPolynomial([244.0, -48.5, 3.45], [1440.0, 1080.0, 798.0], lowest=1), floor=1e-6),
        D=AtLeast(ActivatedPolynomial([129e-7, -33.9e-7, 5.84e-7], [3200.0, 2920.0, 2870.0], lowest=0), floor=1e-14),
        t_plus=0.4,
        chi=1.0,
        name="LiPF6 in EC (Kim 2011)",
        source=(
            "G.-H. Kim et al., Multi-Domain Modeling of Lithium-Ion Batteries Encompassing Multi-Physics in Varied "
            "Length Scales, J. Electrochem. Soc. 158 (2011) A955-A969, doi:10.1149/1.3597614"
        ),
        c_range=(0.0, 2000.0),
        T_range=(273.15, 323.15),
    )
