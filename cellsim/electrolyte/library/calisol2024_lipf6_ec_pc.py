"""LiPF6 in EC:PC 3:7 by weight, 0.52 to 2.5 mol/L, -0 to 59 degC: the conductivity, fitted; all else assumed.

Source: M. S. Ding and T. R. Jow, J. Electrochem. Soc. 150 (2003) A620-A628, doi:10.1149/1.1566019, in the collection
CALiSol-23, Sci. Data 11 (2024) 750, doi:10.1038/s41597-024-03575-8.

71 points lie about the fit with a root mean square deviation of 3.1 %, 12 mS/m. Molalities
were converted to concentrations at 25 degC with the densities of the solvents and an assumed volume of 60 cm3 per mole
of salt, right within 2 %. In the cold only thinner solutions were measured, to 0.94 mol/L at -39 degC.
"""

from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.electrolyte.library._calisol import Fit, about, electrolyte_from

ABOUT = about("LiPF6", "EC:PC 3:7 w")
FIT = Fit(
    coefficients=(3.64577, 0.594204, -0.858208, 553.99, 126.193, 26.0326),
    standard_errors=(0.12, 0.17, 0.076, 21, 2.4, 0.37),
    points=71,
    left_out=0,
    deviation=0.0306,
    rmse=1.19e-02,  # S/m
)


def electrolyte() -> Electrolyte:
    """LiPF6 in EC:PC 3:7 by weight."""
    return electrolyte_from(
        FIT,
        name="LiPF6 in EC:PC 3:7 by weight",
        measured_by=("M. S. Ding and T. R. Jow, J. Electrochem. Soc. 150 (2003) A620-A628, doi:10.1149/1.1566019"),
        c_range=(519.0, 2456.0),
        T_range=(272.95, 332.15),
    )
