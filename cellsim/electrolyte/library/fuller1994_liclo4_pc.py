"""LiClO4 in PC at 25 degC: the conductivity over concentration.

Source: Fuller, Doyle & Newman, J. Electrochem. Soc. 141 (1994) 1-10, doi:10.1149/1.2054684, as the program MPET has it.

The fit counts in mol per kg of solution, of a density of 1204.1 kg/m3, whatever the concentration. Programs add 1e-4
S/m to keep from dividing by zero; here nothing divides by it, and it is left out. No source at hand states the range of
the fit, and the one given below is a guess. (MPET writes a thermodynamic factor of 0.5, which takes up a factor of 2 of
its equations; in the convention here, 1 + dln f/dln c, it is 1.)
"""

from cellsim.electrolyte.about import About
from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.electrolyte.library._casteel_amis import CasteelAmis

ABOUT = About(
    "LiClO4",
    "PC",
    {
        "D": "assumed: one number for all concentrations",
        "t_plus": "assumed: 0.2",
        "chi": "assumed: 1, an ideal solution",
    },
)
DENSITY = 1204.1  # kg/m3


def electrolyte() -> Electrolyte:
    """LiClO4 in PC at 25 degC."""
    return Electrolyte(
        kappa=CasteelAmis([0.542, 0.6616, 0.855, -0.08], unit=DENSITY),
        D=2.58e-10,
        t_plus=0.2,
        chi=1.0,
        name="LiClO4 in PC (Fuller 1994)",
        source=(
            "T. F. Fuller, M. Doyle and J. Newman, Simulation and Optimization of the Dual Lithium Ion Insertion Cell, "
            "J. Electrochem. Soc. 141 (1994) 1-10, doi:10.1149/1.2054684"
        ),
        c_range=(0.0, 3000.0),
        T_range=(297.65, 298.65),  # K: 25 degC
    )
