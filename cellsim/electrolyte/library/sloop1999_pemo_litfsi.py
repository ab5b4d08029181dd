"""LiTFSI in poly(ethylene-methylene oxide) at 40 degC: all four properties.

Source: S. Sloop and J. Kerr, Lawrence Berkeley National Laboratory (1999), unpublished, as fitted in the program
dualfoil (its electrolyte 10); there is no paper and no DOI.

No source at hand states the range of the fits, and the one given below is a guess. The transference number is negative
above 1.75 mol/L. The program gives dln f/dc = 0.0021 m3/mol; in the convention
here chi = 1 + c dln f/dc.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.electrolyte.about import About
from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.laws import AtLeast, Points, Polynomial
from cellsim.parameters import as_float_array

ABOUT = About("LiTFSI", "PEMO")


class ExponentialOfPolynomial(eqx.Module):
    """exp(p1 + p2 m + p3 m^2), with m in mol/L."""

    coefficients: Float[Array, "3"] = eqx.field(converter=as_float_array)

    def __call__(self, c: Points, T: Points) -> Float[Array, "*point"]:
        return jnp.exp(Polynomial(self.coefficients, unit=1000.0)(c, T))


def electrolyte() -> Electrolyte:
    """LiTFSI in poly(ethylene-methylene oxide) at 40 degC."""
    return Electrolyte(
        kappa=ExponentialOfPolynomial([-5.9, 3.5, -1.6]),  # S/m
        D=AtLeast(Polynomial([6.0e-13, -3.0e-14], unit=1000.0), floor=1e-15),  # m2/s
        t_plus=Polynomial([0.6991, -0.4], unit=1000.0),
        chi=Polynomial([1.0, 2.1], unit=1000.0),
        name="LiTFSI in PEMO at 40 degC (Sloop 1999)",
        source="S. Sloop and J. Kerr, Lawrence Berkeley National Laboratory (1999), as fitted in the program dualfoil",
        c_range=(0.0, 2000.0),
        T_range=(312.65, 313.65),  # K: 40 degC
    )
