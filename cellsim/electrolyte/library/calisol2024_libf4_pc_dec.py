"""LiBF4 in PC:DEC 1:1 by weight, 0.29 to 2 mol/L, -29 to 59 degC: the conductivity, fitted; all else assumed.

Sources: M. S. Ding, J. Electrochem. Soc. 151 (2004) A40-A47, doi:10.1149/1.1630593; M. S. Ding, J. Chem. Eng. Data 49
(2004) 1102-1109, doi:10.1021/je0498863; J. Power Sources 119-121 (2003), doi:10.1016/S0378-7753(03)00153-8, in the
collection CALiSol-23, Sci. Data 11 (2024) 750, doi:10.1038/s41597-024-03575-8.

375 points (10 more left out as misread) lie about the fit with a root mean square deviation of 1.8 %, 3.1 mS/m.
Molalities were converted to concentrations at 25 degC with the densities of the solvents and an assumed volume of 40
cm3 per mole of salt, right within 2 %. In the cold only thinner solutions were measured, to 1.7 mol/L at -40 degC.
"""

from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.electrolyte.library._calisol import Fit, about, electrolyte_from

ABOUT = about("LiBF4", "PC:DEC 1:1 w")
FIT = Fit(
    coefficients=(3.24421, -1.93844, 0.0736031, 418.029, 129.198, 15.1925),
    standard_errors=(0.023, 0.03, 0.017, 4.9, 0.8, 0.16),
    points=375,
    left_out=10,
    deviation=0.0180,
    rmse=3.12e-03,  # S/m
)


def electrolyte() -> Electrolyte:
    """LiBF4 in PC:DEC 1:1 by weight."""
    return electrolyte_from(
        FIT,
        name="LiBF4 in PC:DEC 1:1 by weight",
        measured_by=(
            "M. S. Ding, J. Electrochem. Soc. 151 (2004) A40-A47, doi:10.1149/1.1630593; M. S. Ding, J. Chem. "
            "Eng. Data 49 (2004) 1102-1109, doi:10.1021/je0498863; J. Power Sources 119-121 (2003), "
            "doi:10.1016/S0378-7753(03)00153-8"
        ),
        c_range=(294.0, 2035.0),
        T_range=(243.65, 332.15),
    )
