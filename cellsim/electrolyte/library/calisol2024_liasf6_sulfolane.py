"""LiAsF6 in sulfolane, 0.2 to 1.5 mol/L, 20 to 80 degC: the conductivity, fitted; all else assumed.

Source: J. T. Dudley et al., J. Power Sources 35 (1991) 59-82, doi:10.1016/0378-7753(91)80004-H, in the collection
CALiSol-23, Sci. Data 11 (2024) 750, doi:10.1038/s41597-024-03575-8.

21 points lie about the fit with a root mean square deviation of 1.5 %, 6 mS/m.
Concentrations are as given, in mol/L. Rows with a conductivity of zero, where the solution had frozen, were not used.
In the cold only thinner solutions were measured, to 1 mol/L at -10 degC. In the heat thicker ones were, to 2 mol/L from
60 degC on.
"""

from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.electrolyte.library._calisol import Fit, about, electrolyte_from

ABOUT = about("LiAsF6", "sulfolane")
FIT = Fit(
    coefficients=(3.97258, 0.0340003, -0.504423, 832.907, 105.237, 23.7777),
    standard_errors=(0.14, 0.078, 0.059, 52, 6, 1.3),
    points=21,
    left_out=0,
    deviation=0.0155,
    rmse=6.03e-03,  # S/m
)


def electrolyte() -> Electrolyte:
    """LiAsF6 in sulfolane."""
    return electrolyte_from(
        FIT,
        name="LiAsF6 in sulfolane",
        measured_by=("J. T. Dudley et al., J. Power Sources 35 (1991) 59-82, doi:10.1016/0378-7753(91)80004-H"),
        c_range=(200.0, 1500.0),
        T_range=(293.15, 353.15),
    )
