"""LiPF6 in EC:DMC 1:2 by volume at 25 degC, in the copolymer of the plastic cell: the conductivity.

Source: Doyle, Newman, Gozdz, Schmutz & Tarascon, J. Electrochem. Soc. 143 (1996) 1890-1903, doi:10.1149/1.1836921, as
the program dualfoil has it (its electrolyte 7).

Only the conductivity is a function of concentration. No source at hand states the range of the fit: it has a false
minimum at 3.4 mol/L and is negative above 5.0 mol/L, and the range given below ends before.
kappa without salt is 0.01 S/m instead of zero.
"""

from cellsim.electrolyte.about import About
from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.laws import AtLeast, Polynomial

ABOUT = About(
    "LiPF6",
    "EC:DMC 1:2 v",
    {
        "D": "assumed: one number for all concentrations",
        "t_plus": "assumed: 0.363",
        "chi": "assumed: 1, an ideal solution",
    },
)


def electrolyte() -> Electrolyte:
    """LiPF6 in EC:DMC 1:2 by volume at 25 degC."""
    return Electrolyte(
        kappa=AtLeast(Polynomial([0.010793, 0.67461, -0.52245, 0.13605, -0.011724], unit=1000.0), floor=1e-6),  # S/m
        D=7.5e-11,
        t_plus=0.363,
        chi=1.0,
        name="LiPF6 in EC:DMC 1:2 by volume (Doyle 1996)",
        source=(
            "M. Doyle et al., Comparison of Modeling Predictions with Experimental Data from Plastic Lithium Ion "
            "Cells, J. Electrochem. Soc. 143 (1996) 1890-1903, doi:10.1149/1.1836921"
        ),
        c_range=(0.0, 3000.0),
        T_range=(297.65, 298.65),  # K: 25 degC
    )
