"""LiAsF6 in DME:PC 68:32 by weight, 0.094 to 1.4 mol/L, 5 to 25 degC: the conductivity, fitted; all else assumed.

Source: J. Power Sources 97-98 (2001), doi:10.1016/S0378-7753(01)00697-8, in the collection CALiSol-23, Sci. Data 11
(2024) 750, doi:10.1038/s41597-024-03575-8.

45 points lie about the fit with a root mean square deviation of 1.4 %, 0.96 mS/m.
Molalities were converted to concentrations at 25 degC with the densities of the solvents and an assumed volume of 60
cm3 per mole of salt, right within 2 %. In the cold only thinner solutions were measured, to 0.93 mol/L at -25 degC.
"""

from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.electrolyte.library._calisol import Fit, about, electrolyte_from

ABOUT = about("LiAsF6", "DME:PC 68:32 w")
FIT = Fit(
    coefficients=(1.65647, -0.508771, -0.121178, 480.194, 85.677, 39.6766),
    standard_errors=(0.19, 0.064, 0.095, 67, 13, 3.1),
    points=45,
    left_out=0,
    deviation=0.0139,
    rmse=9.62e-04,  # S/m
)


def electrolyte() -> Electrolyte:
    """LiAsF6 in DME:PC 68:32 by weight."""
    return electrolyte_from(
        FIT,
        name="LiAsF6 in DME:PC 68:32 by weight",
        measured_by=("J. Power Sources 97-98 (2001), doi:10.1016/S0378-7753(01)00697-8"),
        c_range=(94.0, 1384.0),
        T_range=(278.15, 298.15),
    )
