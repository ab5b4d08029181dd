"""LiPF6 in PC:DEC 1:1 by weight, 0.27 to 1.8 mol/L, -39 to 59 degC: the conductivity, fitted; all else assumed.

Source: M. S. Ding and T. R. Jow, J. Electrochem. Soc. 150 (2003) A620-A628, doi:10.1149/1.1566019, in the collection
CALiSol-23, Sci. Data 11 (2024) 750, doi:10.1038/s41597-024-03575-8.

129 points (3 more left out as misread) lie about the fit with a root mean square deviation of 2.8 %, 12 mS/m.
Molalities were converted to concentrations at 25 degC with the densities of the solvents and an assumed volume of 60
cm3 per mole of salt, right within 2 %. The rows of doi:10.1021/je020219o and doi:10.1016/S0378-7753(03)00153-8 scatter
three times as much and were not used.
"""

from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.electrolyte.library._calisol import Fit, about, electrolyte_from

ABOUT = about("LiPF6", "PC:DEC 1:1 w")
FIT = Fit(
    coefficients=(3.56909, -0.00291185, -0.778478, 460.021, 126.479, 23.4941),
    standard_errors=(0.055, 0.083, 0.049, 11, 1.7, 0.43),
    points=129,
    left_out=3,
    deviation=0.0279,
    rmse=1.23e-02,  # S/m
)


def electrolyte() -> Electrolyte:
    """LiPF6 in PC:DEC 1:1 by weight."""
    return electrolyte_from(
        FIT,
        name="LiPF6 in PC:DEC 1:1 by weight",
        measured_by=("M. S. Ding and T. R. Jow, J. Electrochem. Soc. 150 (2003) A620-A628, doi:10.1149/1.1566019"),
        c_range=(267.0, 1839.0),
        T_range=(233.75, 332.15),
    )
