"""LiBOB in PC:DEC 6:4 by weight, 0.036 to 0.69 mol/L, -39 to 59 degC: the conductivity, fitted; all else assumed.

Source: M. S. Ding, K. Xu and T. R. Jow, J. Electrochem. Soc. 152 (2005) A132-A140, doi:10.1149/1.1833611, in the
collection CALiSol-23, Sci. Data 11 (2024) 750, doi:10.1038/s41597-024-03575-8.

191 points (7 more left out as misread) lie about the fit with a root mean square deviation of 1.8 %, 3.6 mS/m.
Molalities were converted to concentrations at 25 degC with the densities of the solvents and an assumed volume of 90
cm3 per mole of salt, right within 2 %.
"""

from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.electrolyte.library._calisol import Fit, about, electrolyte_from

ABOUT = about("LiBOB", "PC:DEC 6:4 w")
FIT = Fit(
    coefficients=(3.88785, -1.01458, -0.355456, 447.522, 137.689, 27.9633),
    standard_errors=(0.027, 0.049, 0.051, 6.6, 1, 0.56),
    points=191,
    left_out=7,
    deviation=0.0184,
    rmse=3.60e-03,  # S/m
)


def electrolyte() -> Electrolyte:
    """LiBOB in PC:DEC 6:4 by weight."""
    return electrolyte_from(
        FIT,
        name="LiBOB in PC:DEC 6:4 by weight",
        measured_by=(
            "M. S. Ding, K. Xu and T. R. Jow, J. Electrochem. Soc. 152 (2005) A132-A140, doi:10.1149/1.1833611"
        ),
        c_range=(37.0, 688.0),
        T_range=(233.75, 332.15),
    )
