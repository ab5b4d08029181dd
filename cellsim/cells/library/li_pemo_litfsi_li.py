"""Lithium | LiTFSI in poly(ethylene-methylene oxide) | lithium at 40 degC: a symmetric cell with a polymer electrolyte.

The electrolyte is that of S. Sloop and J. Kerr, Lawrence Berkeley National Laboratory (1999), unpublished, as fitted in
the program dualfoil; there is no paper and no DOI. The rest is of no particular cell: a film of a usual thickness, and
a lithium whose exchange current density and double layer are round numbers.
"""

from cellsim.cells.design import Separator
from cellsim.cells.metal import Metal, SymmetricDesign
from cellsim.electrode.metal import Deposition
from cellsim.electrolyte.library import sloop1999_pemo_litfsi

SOURCE = (
    "S. Sloop and J. Kerr, Lawrence Berkeley National Laboratory (1999), as fitted in the program dualfoil (its "
    "electrolyte)"
)


def cell() -> SymmetricDesign:
    """Lithium, 50 micrometres of LiTFSI in PEMO, lithium."""
    lithium = Metal(Deposition(j0_ref=3.0), C_dl=0.1)
    return SymmetricDesign(
        left=lithium,
        layers=(Separator(L=50e-6, eps=1.0),),
        right=lithium,
        electrolyte=sloop1999_pemo_litfsi.electrolyte(),
        area=1e-4,
        c0=1000.0,
        T_ref=313.15,
        name="Li_PEMO_LiTFSI_Li",
        source=SOURCE,
    )
