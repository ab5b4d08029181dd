"""LiBF4 in PC, 0.33 to 1.5 mol/L, -39 to 59 degC: the conductivity, fitted; all else assumed.

Source: M. S. Ding, J. Electrochem. Soc. 151 (2004) A40-A47, doi:10.1149/1.1630593, in the collection CALiSol-23, Sci.
Data 11 (2024) 750, doi:10.1038/s41597-024-03575-8.

120 points (1 more left out as misread) lie about the fit with a root mean square deviation of 2.8 %, 6.1 mS/m.
Molalities were converted to concentrations at 25 degC with the densities of the solvents and an assumed volume of 40
cm3 per mole of salt, right within 2 %. The rows of doi:10.1021/je0498863 for pure PC are scattered by factors of ten in
the collection and were not used.
"""

from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.electrolyte.library._calisol import Fit, about, electrolyte_from

ABOUT = about("LiBF4", "PC")
FIT = Fit(
    coefficients=(4.19851, -1.77364, -0.200258, 479.599, 139.344, 11.6946),
    standard_errors=(0.072, 0.12, 0.07, 12, 1.6, 0.47),
    points=120,
    left_out=1,
    deviation=0.0279,
    rmse=6.07e-03,  # S/m
)


def electrolyte() -> Electrolyte:
    """LiBF4 in PC."""
    return electrolyte_from(
        FIT,
        name="LiBF4 in PC",
        measured_by=("M. S. Ding, J. Electrochem. Soc. 151 (2004) A40-A47, doi:10.1149/1.1630593"),
        c_range=(328.0, 1522.0),
        T_range=(233.75, 332.15),
    )
