"""Lithium | LiTFSI in poly(ethylene oxide) | lithium at 85 degC: a symmetric cell with a polymer electrolyte.

The electrolyte is that of
    L. Edman, M. M. Doeff, A. Ferry, J. Kerr and L. C. De Jonghe, Transport Properties of the Solid Polymer Electrolyte
    System P(EO)nLiTFSI, J. Phys. Chem. B 104 (2000) 3476-3480, doi:10.1021/jp993897z.
The rest is of no particular cell: a film of a usual thickness, and a lithium whose exchange current density and double
layer are round numbers that matter little beside the resistance of the film.
"""

from cellsim.cells.design import Separator
from cellsim.cells.metal import Metal, SymmetricDesign
from cellsim.electrode.metal import Deposition
from cellsim.electrolyte.library import edman2000_peo_litfsi

SOURCE = (
    "L. Edman et al., Transport Properties of the Solid Polymer Electrolyte System P(EO)nLiTFSI, J. Phys. Chem. B 104 "
    "(2000) 3476-3480, doi:10.1021/jp993897z (its electrolyte)"
)


def cell() -> SymmetricDesign:
    """Lithium, 50 micrometres of LiTFSI in PEO, lithium."""
    lithium = Metal(Deposition(j0_ref=10.0), C_dl=0.1)
    return SymmetricDesign(
        left=lithium,
        layers=(Separator(L=50e-6, eps=1.0),),
        right=lithium,
        electrolyte=edman2000_peo_litfsi.electrolyte(),
        area=1e-4,
        c0=1500.0,
        T_ref=358.15,
        name="Li_PEO_LiTFSI_Li",
        source=SOURCE,
    )
