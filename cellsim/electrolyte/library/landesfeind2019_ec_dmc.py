"""LiPF6 in EC:DMC 1:1 by weight, 0.1 to 3 mol/L, -10 to 50 degC: all four properties.

Source: Landesfeind & Gasteiger, J. Electrochem. Soc. 166 (2019) A3079-A3097, doi:10.1149/2.0571912jes.

The published t_plus is negative near 2 mol/L below 5 degC; chi without salt is 0.9 to 1.4, where it should be 1.
"""

from cellsim.electrolyte.about import About
from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.electrolyte.library._landesfeind import mixture

ABOUT = About("LiPF6", "EC:DMC 1:1 w")


def electrolyte() -> Electrolyte:
    """LiPF6 in EC:DMC 1:1 by weight."""
    return mixture(
        "LiPF6 in EC:DMC 1:1 by weight (Landesfeind 2019)",
        kappa=[0.798, 228.0, -1.22, 0.509, -4.00e-3, 3.79e-3],
        D=[1470.0, 1.33, -1690.0, -563.0],
        t_plus=[-7.91, 2.45e-1, 5.28e-2, 6.98e-1, -1.08e-2, -8.21e-5, 7.43e-4, -2.22e-3, 3.07e-5],
        chi=[-5.58, 7.17, 3.80e-2, 1.91, -6.65e-2, -5.08e-5, 1.10e-1, -6.10e-3, 1.51e-4],
    )
