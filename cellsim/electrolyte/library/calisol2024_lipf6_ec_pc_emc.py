"""LiPF6 in EC:PC:EMC 3:3:4 by weight, 0.47 to 1.8 mol/L, -10 to 60 degC: the conductivity, fitted; all else assumed.

Source: M. S. Ding, K. Xu and T. R. Jow, J. Electrochem. Soc. 149 (2002) A1489-A1498, doi:10.1149/1.1513556, in the
collection CALiSol-23, Sci. Data 11 (2024) 750, doi:10.1038/s41597-024-03575-8.

105 points (5 more left out as misread) lie about the fit with a root mean square deviation of 1.1 %, 6.1 mS/m.
Molalities were converted to concentrations at 25 degC with the densities of the solvents and an assumed volume of 60
cm3 per mole of salt, right within 2 %. In the cold only thinner solutions were measured, to 1.4 mol/L at -30 degC.
"""

from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.electrolyte.library._calisol import Fit, about, electrolyte_from

ABOUT = about("LiPF6", "EC:PC:EMC 3:3:4 w")
FIT = Fit(
    coefficients=(3.07862, 0.283236, -0.722662, 352.89, 140.523, 28.3162),
    standard_errors=(0.035, 0.062, 0.033, 4.2, 0.77, 0.22),
    points=105,
    left_out=5,
    deviation=0.0112,
    rmse=6.11e-03,  # S/m
)


def electrolyte() -> Electrolyte:
    """LiPF6 in EC:PC:EMC 3:3:4 by weight."""
    return electrolyte_from(
        FIT,
        name="LiPF6 in EC:PC:EMC 3:3:4 by weight",
        measured_by=(
            "M. S. Ding, K. Xu and T. R. Jow, J. Electrochem. Soc. 149 (2002) A1489-A1498, doi:10.1149/1.1513556"
        ),
        c_range=(469.0, 1845.0),
        T_range=(263.15, 333.15),
    )
