"""LiPF6 in EMC:FEC 19:1 by weight, 0.1 to 3 mol/L, -10 to 50 degC: all four properties.

Source: Landesfeind & Gasteiger, J. Electrochem. Soc. 166 (2019) A3079-A3097, doi:10.1149/2.0571912jes.

The conductivity fit is poor below 0.3 mol/L (four to seven times too high at 0.1 mol/L) and turns negative, outside the
measured range, above 4.7 mol/L at 250 K and 8.9 mol/L at 270 K. The published t_plus is negative near 2 mol/L even at
25 degC.
"""

from cellsim.electrolyte.about import About
from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.electrolyte.library._landesfeind import mixture

ABOUT = About("LiPF6", "EMC:FEC 19:1 w")


def electrolyte() -> Electrolyte:
    """LiPF6 in EMC:FEC 19:1 by weight."""
    return mixture(
        "LiPF6 in EMC:FEC 19:1 by weight (Landesfeind 2019)",
        kappa=[2.51e-2, 175.0, 1.23, 0.205, -8.81e-2, 2.83e-3],
        D=[586.0, 1.33, -1380.0, -582.0],
        t_plus=[-12.2, -3.05, 8.38e-2, 1.78, 1.51e-3, -1.37e-4, -2.45e-2, -5.15e-3, 2.14e-5],
        chi=[3.22, -10.1, -1.58e-2, 6.12, 2.96e-2, 2.42e-5, -2.22e-1, -1.57e-2, 6.30e-6],
    )
