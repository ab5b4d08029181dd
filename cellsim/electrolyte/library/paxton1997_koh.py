"""KOH in water at 25 degC, around the 30 % of nickel/metal hydride cells: conductivity and diffusivity.

Source: Paxton & Newman, J. Electrochem. Soc. 144 (1997) 3818-3831, doi:10.1149/1.1838098, as the program dualfoil has
it (its electrolyte 13).

The diffusivity is that of infinite dilution, 2.85e-9 m2/s, without salt. No source at hand states the ranges of the
fits; the conductivity has its maximum at 6.7 mol/L (that is 30 %), as measured ones do. The thermodynamic factor of so
concentrated a base is far from the 1 assumed here: give it another one where concentration overpotentials matter. The
source gives the transference number of OH-, 0.77.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.electrolyte.about import About
from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.laws import AtLeast, Points, Polynomial
from cellsim.limits import positive
from cellsim.parameters import as_float_array

ABOUT = About("KOH", "water", {"chi": "assumed: 1, which is far too low at 30 %"})


class Diffusivity(eqx.Module):
    """D [cm2/s] = p1 + p2 sqrt(m) + p3 m + p4 m^1.5 + p5 m^2, with m in mol/cm3."""

    coefficients: Float[Array, "5"] = eqx.field(converter=as_float_array)

    def __call__(self, c: Points, T: Points) -> Float[Array, "*point"]:
        p1, p2, p3, p4, p5 = self.coefficients
        m = jnp.broadcast_to(positive(c) / 1e6, jnp.broadcast_shapes(jnp.shape(c), jnp.shape(T)))  # mol/cm3
        root = jnp.sqrt(m)
        return 1e-4 * (p1 + p2 * root + m * (p3 + p4 * root + p5 * m))  # cm2/s -> m2/s


def electrolyte() -> Electrolyte:
    """KOH in water at 25 degC."""
    return Electrolyte(
        kappa=AtLeast(Polynomial([2.325, 21.095, -2.2077, 0.062907], unit=1000.0), floor=1e-6),  # S/m
        D=AtLeast(Diffusivity([2.8509e-5, -2.9659e-4, 1.3768e-2, -0.14199, 0.42661]), floor=1e-13),  # m2/s
        t_plus=0.23,
        chi=1.0,
        name="KOH in water (Paxton 1997)",
        source=(
            "B. Paxton and J. Newman, Modeling of Nickel/Metal Hydride Batteries, J. Electrochem. Soc. 144 (1997) "
            "3818-3831, doi:10.1149/1.1838098"
        ),
        c_range=(0.0, 10000.0),
        T_range=(297.65, 298.65),  # K: 25 degC
    )
