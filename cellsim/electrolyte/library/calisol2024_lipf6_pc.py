"""LiPF6 in PC, 0.33 to 1.4 mol/L, -20 to 59 degC: the conductivity, fitted; all else assumed.

Source: M. S. Ding and T. R. Jow, J. Electrochem. Soc. 150 (2003) A620-A628, doi:10.1149/1.1566019, in the collection
CALiSol-23, Sci. Data 11 (2024) 750, doi:10.1038/s41597-024-03575-8.

92 points (7 more left out as misread) lie about the fit with a root mean square deviation of 1.4 %, 5.4 mS/m.
Molalities were converted to concentrations at 25 degC with the densities of the solvents and an assumed volume of 60
cm3 per mole of salt, right within 2 %. The rows of doi:10.1021/je020219o for pure PC are scattered in the collection
and were not used. In the cold only thinner solutions were measured, to 1 mol/L at -39 degC.
"""

from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.electrolyte.library._calisol import Fit, about, electrolyte_from

ABOUT = about("LiPF6", "PC")
FIT = Fit(
    coefficients=(3.13942, 0.598895, -0.968035, 404.623, 148.216, 25.8091),
    standard_errors=(0.041, 0.082, 0.049, 4.3, 0.62, 0.28),
    points=92,
    left_out=7,
    deviation=0.0140,
    rmse=5.40e-03,  # S/m
)


def electrolyte() -> Electrolyte:
    """LiPF6 in PC."""
    return electrolyte_from(
        FIT,
        name="LiPF6 in PC",
        measured_by=("M. S. Ding and T. R. Jow, J. Electrochem. Soc. 150 (2003) A620-A628, doi:10.1149/1.1566019"),
        c_range=(330.0, 1369.0),
        T_range=(253.35, 332.15),
    )
