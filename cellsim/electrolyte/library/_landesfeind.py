"""The functional forms shared by the three mixtures of Landesfeind & Gasteiger (2019).

The coefficients are printed with three digits and the terms in T^2 cancel strongly: float64 is needed.
In every law below m is the salt concentration in mol/L.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.laws import AtLeast, Points
from cellsim.limits import positive
from cellsim.parameters import as_float_array

SOURCE = (
    "J. Landesfeind and H. A. Gasteiger, Temperature and Concentration Dependence of the Ionic Transport Properties of "
    "Lithium-Ion Battery Electrolytes, J. Electrochem. Soc. 166 (2019) A3079-A3097, doi:10.1149/2.0571912jes"
)
C_RANGE = (100.0, 3000.0)  # mol/m3
T_RANGE = (263.15, 323.15)  # K, -10 to 50 degC


class Conductivity(eqx.Module):
    """kappa [mS/cm] = p1 (1 + (T - p2)) m (1 + p3 sqrt(m) + p4 (1 + p5 e^(1000/T)) m) / (1 + p6 e^(1000/T) m^4)."""

    coefficients: Float[Array, "6"] = eqx.field(converter=as_float_array)

    def __call__(self, c: Points, T: Points) -> Float[Array, "*point"]:
        p1, p2, p3, p4, p5, p6 = self.coefficients
        m = positive(c) / 1000.0  # mol/L
        activation = jnp.exp(1000.0 / T)  # 1000 K is part of the published form
        numerator = p1 * (1 + (T - p2)) * m * (1 + p3 * jnp.sqrt(m) + p4 * (1 + p5 * activation) * m)
        return 0.1 * numerator / (1 + p6 * activation * m**4)  # mS/cm -> S/m


class Diffusivity(eqx.Module):
    """D [1e-10 m2/s] = p1 exp(p2 m + p3/T + p4 m/T)."""

    coefficients: Float[Array, "4"] = eqx.field(converter=as_float_array)

    def __call__(self, c: Points, T: Points) -> Float[Array, "*point"]:
        p1, p2, p3, p4 = self.coefficients
        m = c / 1000.0  # mol/L
        return 1e-10 * p1 * jnp.exp(p2 * m + p3 / T + p4 * m / T)  # 1e-10 m2/s -> m2/s


class MixedPolynomial(eqx.Module):
    """p1 + p2 m + p3 T + p4 m^2 + p5 m T + p6 T^2 + p7 m^3 + p8 m^2 T + p9 m T^2, for t_plus and for chi."""

    coefficients: Float[Array, "9"] = eqx.field(converter=as_float_array)

    def __call__(self, c: Points, T: Points) -> Float[Array, "*point"]:
        p1, p2, p3, p4, p5, p6, p7, p8, p9 = self.coefficients
        m = c / 1000.0  # mol/L
        at_zero = p1 + p3 * T + p6 * T**2
        return at_zero + m * (p2 + p5 * T + p9 * T**2) + m**2 * (p4 + p8 * T) + p7 * m**3


def mixture(name: str, kappa: list[float], D: list[float], t_plus: list[float], chi: list[float]) -> Electrolyte:
    """One mixture of the paper from its printed coefficients."""
    return Electrolyte(
        kappa=Conductivity(kappa),
        D=Diffusivity(D),
        t_plus=MixedPolynomial(t_plus),
        chi=AtLeast(MixedPolynomial(chi), floor=0.01),  # the least where measured is 0.27
        name=name,
        source=SOURCE,
        c_range=C_RANGE,
        T_range=T_RANGE,
    )
