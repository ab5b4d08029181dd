"""LiPF6 in EC:EMC 3:7 by weight ("Gen2"), 0.1 to 2.5 mol/L, -10 to 50 degC: all four properties, computed.

Source: Colclasure, Tanim, Jansen, Trask, Dunlop, Polzin, Bloom, Robertson, Flores, Evans, Dufek & Smith, Electrochim.
Acta 337 (2020) 135854, doi:10.1016/j.electacta.2020.135854: fits to the Advanced Electrolyte Model of K. L. Gering, as
NREL's programs have them.

Nothing here was measured, and no source at hand states the range of the fits. The conductivity falls below
zero at 2.8 mol/L and -10 degC, 4 mol/L and 25 degC: the range given below ends before, and a small floor keeps it
positive beyond.
chi without salt is 0.82, where it should be 1. (The program MPET adds 1 to this chi, which makes it 1.82 there.) The
diffusivity has a pole at T + 24.8 K = 64 K per mol/L, which is 5.0 mol/L at 25 degC; the distance to it is held above
60 K here.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.electrolyte.about import About
from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.laws import AtLeast, Points
from cellsim.limits import at_least, positive
from cellsim.parameters import as_float_array

COMPUTED = "computed: fit to the Advanced Electrolyte Model"
ABOUT = About("LiPF6", "EC:EMC 3:7 w", dict.fromkeys(("kappa", "D", "t_plus", "chi"), COMPUTED))
GAP_FLOOR = 60.0  # K above the pole of D; 127 K at 2.5 mol/L and -10 degC
GAP_WIDTH = 1.0  # K


class Conductivity(eqx.Module):
    """kappa [S/m] = m (A + B m + C m^2 + E m^3), with m in mol/L; A to E are polynomials in T, lowest power first."""

    A: Float[Array, "3"] = eqx.field(converter=as_float_array)
    B: Float[Array, "5"] = eqx.field(converter=as_float_array)
    C: Float[Array, "5"] = eqx.field(converter=as_float_array)
    E: Float[Array, "5"] = eqx.field(converter=as_float_array)

    def __call__(self, c: Points, T: Points) -> Float[Array, "*point"]:
        m = positive(c) / 1000.0  # mol/L
        A, B, C, E = (jnp.polyval(each[::-1], T) for each in (self.A, self.B, self.C, self.E))
        return m * (A + m * (B + m * (C + m * E)))


class Diffusivity(eqx.Module):
    """log10 D [cm2/s] = p1 + p2/X + (p3 + p4/X) m + (p5 + p6/X) m^2, X = T + p7 + p8 m, with m in mol/L."""

    coefficients: Float[Array, "8"] = eqx.field(converter=as_float_array)

    def __call__(self, c: Points, T: Points) -> Float[Array, "*point"]:
        p1, p2, p3, p4, p5, p6, p7, p8 = self.coefficients
        m = c / 1000.0  # mol/L
        X = at_least(T + p7 + p8 * m, GAP_FLOOR, GAP_WIDTH)
        return 1e-4 * 10.0 ** (p1 + p2 / X + (p3 + p4 / X) * m + (p5 + p6 / X) * m**2)  # cm2/s -> m2/s


class Transference(eqx.Module):
    """t_plus = a(T) + b(T) m + d(T) m^2, quadratics in T, lowest power first, with m in mol/L."""

    a: Float[Array, "3"] = eqx.field(converter=as_float_array)
    b: Float[Array, "3"] = eqx.field(converter=as_float_array)
    d: Float[Array, "3"] = eqx.field(converter=as_float_array)

    def __call__(self, c: Points, T: Points) -> Float[Array, "*point"]:
        m = c / 1000.0  # mol/L
        a, b, d = (jnp.polyval(each[::-1], T) for each in (self.a, self.b, self.d))
        return a + m * (b + m * d)


class ThermodynamicFactor(eqx.Module):
    """chi = p1 exp(p2/T) + p3 exp(p4/T) m + p5 exp(p6/T) m^2, with m in mol/L."""

    coefficients: Float[Array, "6"] = eqx.field(converter=as_float_array)

    def __call__(self, c: Points, T: Points) -> Float[Array, "*point"]:
        p1, p2, p3, p4, p5, p6 = self.coefficients
        m = c / 1000.0  # mol/L
        return p1 * jnp.exp(p2 / T) + p3 * jnp.exp(p4 / T) * m + p5 * jnp.exp(p6 / T) * m**2


def electrolyte() -> Electrolyte:
    """LiPF6 in EC:EMC 3:7 by weight."""
    return Electrolyte(
        kappa=AtLeast(
            Conductivity(
                A=[9.00341, -8.038545e-2, 1.909446e-4],
                B=[-241.4638, 3.195295, -1.583677e-2, 3.483638e-5, -2.887587e-8],
                C=[138.0976, -1.828064, 9.071155e-3, -1.99876e-5, 1.653786e-8],
                E=[-23.35671, 0.3090003, -1.532707e-3, 3.377143e-6, -2.791965e-9],
            ),
            floor=1e-6,  # S/m
        ),
        D=Diffusivity(
            [
                *(-0.5688226, -1607.003, -0.8108721, 475.291),
                *(-0.005192312, -33.43827, 24.83763, -64.07366),
            ]
        ),
        t_plus=Transference(
            a=[0.3091761, 6.389189e-4, -6.766258e-7],
            b=[0.1777266, -8.6825e-4, 1.161463e-6],
            d=[-0.03881203, 2.077407e-4, -2.876102e-7],
        ),
        chi=ThermodynamicFactor([0.341, 261.0, -0.00225, 1360.0, 0.54, 329.0]),
        name="LiPF6 in EC:EMC 3:7 by weight, Gen2 (Colclasure 2020)",
        source=(
            "A. M. Colclasure et al., Electrode Scale and Electrolyte Transport Effects on Extreme Fast Charging of "
            "Lithium-Ion Cells, Electrochim. Acta 337 (2020) 135854, doi:10.1016/j.electacta.2020.135854"
        ),
        c_range=(100.0, 2500.0),
        T_range=(263.15, 323.15),
    )
