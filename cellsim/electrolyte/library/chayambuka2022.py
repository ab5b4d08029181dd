"""NaPF6 in EC:PC 1:1 by weight at 25 degC, 0.15 to 2 mol/L: conductivity and diffusivity.

Source: Chayambuka, Jiang, Mulder, Danilov & Notten, Electrochim. Acta 404 (2022) 139764,
doi:10.1016/j.electacta.2021.139764, who give tables; PyBaMM and BattMo have them in digitised form.

The laws here were fitted to PyBaMM's tables, the conductivity (5 points) within 0.5 % of each and the diffusivity (13
points) within 1.6 %. BattMo's digitisation of the same figures is 10 % to 45 % lower in both. The diffusivity is a fit
of the authors to discharge curves and ten times lower than those of lithium salts.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.electrolyte.about import About
from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.electrolyte.library._casteel_amis import CasteelAmis
from cellsim.laws import Points
from cellsim.parameters import as_float_array

ABOUT = About(
    "NaPF6",
    "EC:PC 1:1 w",
    {
        "D": "fitted: by the authors, to discharge curves",
        "t_plus": "assumed: 0.45",
        "chi": "assumed: 1, an ideal solution",
    },
)


class Diffusivity(eqx.Module):
    """D [1e-11 m2/s] = p1 + p2 exp(-p3 m), with m in mol/L."""

    coefficients: Float[Array, "3"] = eqx.field(converter=as_float_array)

    def __call__(self, c: Points, T: Points) -> Float[Array, "*point"]:
        p1, p2, p3 = self.coefficients
        m = jnp.broadcast_to(c, jnp.broadcast_shapes(jnp.shape(c), jnp.shape(T))) / 1000.0  # mol/L
        return 1e-11 * (p1 + p2 * jnp.exp(-p3 * m))  # 1e-11 m2/s -> m2/s


def electrolyte() -> Electrolyte:
    """NaPF6 in EC:PC 1:1 by weight at 25 degC."""
    return Electrolyte(
        kappa=CasteelAmis([0.88828, 1.18379, 0.577621, -0.0930619]),
        D=Diffusivity([1.52455, 2.64561, 0.979453]),
        t_plus=0.45,
        chi=1.0,
        name="NaPF6 in EC:PC 1:1 by weight (Chayambuka 2022)",
        source=(
            "K. Chayambuka et al., Physics-Based Modeling of Sodium-Ion Batteries Part II. Model and Validation, "
            "Electrochim. Acta 404 (2022) 139764, doi:10.1016/j.electacta.2021.139764"
        ),
        c_range=(150.0, 2000.0),
        T_range=(297.65, 298.65),  # K: 25 degC
    )
