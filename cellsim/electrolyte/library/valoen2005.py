"""LiPF6 in PC:EC:DMC 10:27:63 by volume, up to 3.3 mol/L, 263 to 333 K: conductivity, diffusivity, activity.

Source: Valoen & Reimers, J. Electrochem. Soc. 152 (2005) A882-A891, doi:10.1149/1.1872737.

The paper writes the diffusivity with ln and means log10. The conductivity fit is within some 5 % of the measured
points, 14 % at the worst, except at 263 K and 3.3 mol/L, where it is 0.4 of the measured one; below 263 K it touches
zero there.
"""

import equinox as eqx
from jaxtyping import Array, Float

from cellsim.electrolyte.about import About
from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.laws import Points
from cellsim.limits import at_least, positive
from cellsim.parameters import as_float_array, quantity

ABOUT = About("LiPF6", "PC:EC:DMC 10:27:63 v")

GAP_FLOOR = 5.0  # K above the vanishing-mobility temperature; measured down to 17 K
GAP_WIDTH = 0.5  # K: at 17 K the floor changes the gap by 1e-11 K


class Conductivity(eqx.Module):
    """kappa [mS/cm] = m [a0 + a1 T + a2 T^2 + m (b0 + b1 T + b2 T^2) + m^2 (d0 + d1 T)]^2, with m in mol/L.

    The coefficients are those of the square's inside, in this order.
    """

    coefficients: Float[Array, "8"] = eqx.field(converter=as_float_array)

    def __call__(self, c: Points, T: Points) -> Float[Array, "*point"]:
        a0, a1, a2, b0, b1, b2, d0, d1 = self.coefficients
        m = positive(c) / 1000.0  # mol/L
        root = a0 + a1 * T + a2 * T**2 + m * (b0 + b1 * T + b2 * T**2) + m**2 * (d0 + d1 * T)
        return 0.1 * m * root**2  # mS/cm -> S/m


class Diffusivity(eqx.Module):
    """log10 D [cm2/s] = p1 + p2/(T - (p3 + p4 m)) + p5 m, with m in mol/L.

    Mobility vanishes at T = p3 + p4 m: 13.8 mol/L at 298 K, but 4.2 mol/L at 250 K. Beyond it the published form rises
    without bound, so the distance to it is held above 5 K here, where D is below 1e-19 m2/s.
    """

    coefficients: Float[Array, "5"] = eqx.field(converter=as_float_array)

    def __call__(self, c: Points, T: Points) -> Float[Array, "*point"]:
        p1, p2, p3, p4, p5 = self.coefficients
        m = c / 1000.0  # mol/L
        gap = at_least(T - (p3 + p4 * m), GAP_FLOOR, GAP_WIDTH)
        return 1e-4 * 10.0 ** (p1 + p2 / gap + p5 * m)  # cm2/s -> m2/s


class ThermodynamicFactor(eqx.Module):
    """chi = nu / t_minus, nu = p1 + p2 sqrt(m) + p3 (1 + p4 (T - T_ref)) m^1.5, with m in mol/L.

    Concentration cells give the product nu = (1 - t_plus) chi, and that is what the paper fits. `t_minus` is the
    1 - t_plus with which the product is divided to give chi. It is a leaf of its own, not the electrolyte's `t_plus`: a
    law of (c, T) knows no other law, and a new transference number does not by itself change an activity. To change
    `t_plus` and keep the measured product, set `chi.t_minus` to 1 - t_plus as well.
    """

    coefficients: Float[Array, "4"] = eqx.field(converter=as_float_array)
    T_ref: Float[Array, ""] = quantity("K", 200.0, 500.0, "temperature at which the slope term vanishes", default=294.0)
    t_minus: Float[Array, ""] = quantity("-", 0.01, 3.0, "1 - t_plus that divides the measured product", default=0.62)

    def __call__(self, c: Points, T: Points) -> Float[Array, "*point"]:
        p1, p2, p3, p4 = self.coefficients
        m = positive(c) / 1000.0  # mol/L
        return (p1 + p2 * m**0.5 + p3 * (1 + p4 * (T - self.T_ref)) * m**1.5) / self.t_minus


def electrolyte() -> Electrolyte:
    """LiPF6 in PC:EC:DMC 10:27:63 by volume."""
    return Electrolyte(
        kappa=Conductivity([-10.5, 0.0740, -6.96e-5, 0.668, -0.0178, 2.80e-5, 0.494, -8.86e-4]),
        D=Diffusivity([-4.43, -54.0, 229.0, 5.0, -0.22]),
        t_plus=0.38,
        chi=ThermodynamicFactor([0.601, -0.24, 0.982, -0.0052]),
        name="LiPF6 in PC:EC:DMC 10:27:63 by volume (Valoen 2005)",
        source=(
            "L. O. Valoen and J. N. Reimers, Transport Properties of LiPF6-Based Li-Ion Battery Electrolytes, "
            "J. Electrochem. Soc. 152 (2005) A882-A891, doi:10.1149/1.1872737"
        ),
        c_range=(0.0, 3330.0),
        T_range=(263.0, 333.0),
    )
