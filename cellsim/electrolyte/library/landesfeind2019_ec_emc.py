"""LiPF6 in EC:EMC 3:7 by weight, 0.1 to 3 mol/L, -10 to 50 degC: all four properties.

Source: Landesfeind & Gasteiger, J. Electrochem. Soc. 166 (2019) A3079-A3097, doi:10.1149/2.0571912jes.

The published t_plus reaches -0.5 at -10 degC, and chi without salt is 0.3 to 0.7, where it should be 1: do not
read a dilute limit from this fit.
"""

from cellsim.electrolyte.about import About
from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.electrolyte.library._landesfeind import mixture

ABOUT = About("LiPF6", "EC:EMC 3:7 w")


def electrolyte() -> Electrolyte:
    """LiPF6 in EC:EMC 3:7 by weight."""
    return mixture(
        "LiPF6 in EC:EMC 3:7 by weight (Landesfeind 2019)",
        kappa=[0.521, 228.0, -1.06, 0.353, -3.59e-3, 1.48e-3],
        D=[1010.0, 1.01, -1560.0, -487.0],
        t_plus=[-12.8, -6.12, 8.21e-2, 9.04e-1, 3.18e-2, -1.27e-4, 1.75e-2, -3.12e-3, -3.96e-5],
        chi=[25.7, -45.1, -1.77e-1, 1.94, 2.95e-1, 3.08e-4, 2.59e-1, -9.46e-3, -4.54e-4],
    )
