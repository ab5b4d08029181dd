"""LiBOB in EC:PC 1:1 by weight, 0.19 to 1.2 mol/L, -39 to 59 degC: the conductivity, fitted; all else assumed.

Source: M. S. Ding, K. Xu and T. R. Jow, J. Electrochem. Soc. 152 (2005) A132-A140, doi:10.1149/1.1833611, in the
collection CALiSol-23, Sci. Data 11 (2024) 750, doi:10.1038/s41597-024-03575-8.

119 points (2 more left out as misread) lie about the fit with a root mean square deviation of 5.5 %, 12 mS/m.
Molalities were converted to concentrations at 25 degC with the densities of the solvents and an assumed volume of 90
cm3 per mole of salt, right within 2 %.
"""

from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.electrolyte.library._calisol import Fit, about, electrolyte_from

ABOUT = about("LiBOB", "EC:PC 1:1 w")
FIT = Fit(
    coefficients=(4.59718, -0.663073, -0.409259, 676.613, 125.778, 25.4894),
    standard_errors=(0.13, 0.22, 0.16, 31, 3.7, 1.4),
    points=119,
    left_out=2,
    deviation=0.0548,
    rmse=1.17e-02,  # S/m
)


def electrolyte() -> Electrolyte:
    """LiBOB in EC:PC 1:1 by weight."""
    return electrolyte_from(
        FIT,
        name="LiBOB in EC:PC 1:1 by weight",
        measured_by=(
            "M. S. Ding, K. Xu and T. R. Jow, J. Electrochem. Soc. 152 (2005) A132-A140, doi:10.1149/1.1833611"
        ),
        c_range=(189.0, 1239.0),
        T_range=(233.75, 332.15),
    )
