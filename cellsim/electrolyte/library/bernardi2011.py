"""LiPF6 in PC:EC:DMC 10:27:63 by volume: the conductivity of Valoen & Reimers fitted again, with their D and chi.

Source: Bernardi & Go, J. Power Sources 196 (2011) 412-427, doi:10.1016/j.jpowsour.2010.06.107, for the conductivity, as
the program MPET has it; Valoen & Reimers, J. Electrochem. Soc. 152 (2005) A882-A891, doi:10.1149/1.1872737, for the
measurements, the diffusivity, the transference number and the thermodynamic factor.

The conductivity is the square of a polynomial and touches zero where that vanishes, above 3 mol/L in the cold. Some
codes lost the square and gained a factor 1.2544.
"""

from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.electrolyte.library import valoen2005

ABOUT = valoen2005.ABOUT


def electrolyte() -> Electrolyte:
    """LiPF6 in PC:EC:DMC 10:27:63 by volume."""
    measured = valoen2005.electrolyte()
    return Electrolyte(
        kappa=valoen2005.Conductivity(
            [-8.2488, 0.053248, -2.9871e-5, 0.26235, -0.0093063, 8.069e-6, 0.22002, -1.765e-4],
        ),
        D=measured.D,
        t_plus=measured.t_plus,
        chi=measured.chi,
        name="LiPF6 in PC:EC:DMC 10:27:63 by volume (Bernardi 2011)",
        source=(
            "D. M. Bernardi and J.-Y. Go, Analysis of Pulse and Relaxation Behavior in Lithium-Ion Batteries, J. Power "
            "Sources 196 (2011) 412-427, doi:10.1016/j.jpowsour.2010.06.107, for the conductivity; " + measured.source
        ),
        c_range=measured.c_range,
        T_range=measured.T_range,
    )
