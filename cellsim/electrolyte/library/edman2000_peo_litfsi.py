"""LiTFSI in poly(ethylene oxide) at 85 degC, 0.74 to 2.98 mol/L: conductivity, diffusivity, transference number.

Source: Edman, Doeff, Ferry, Kerr & De Jonghe, J. Phys. Chem. B 104 (2000) 3476-3480, doi:10.1021/jp993897z, as fitted
in the program dualfoil (its electrolyte 12).

The program takes the fitted conductivity as one in S/m; its values, 7e-4 at 1 mol/L, can only be S/cm (the literature
on this polymer has 1e-3 S/cm at this temperature), and are so taken here. The transference number rises from 0.17 to
0.59 over the measured range, as the paper says; the fit is negative below 0.23 mol/L, where nobody measured.
Conductivity and diffusivity fall to zero above 3.2 mol/L and are kept above a small floor there. The program takes the
solution as ideal, and so does this file.
"""

from cellsim.electrolyte.about import About
from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.laws import AtLeast, Polynomial

ABOUT = About("LiTFSI", "PEO", {"chi": "assumed: 1, an ideal solution"})


def electrolyte() -> Electrolyte:
    """LiTFSI in poly(ethylene oxide) at 85 degC."""
    return Electrolyte(
        # S/cm -> S/m, and per mol/m3 -> per mol/L
        kappa=AtLeast(Polynomial([4.25e-3, 1.2e-1, -5.73e-2, 6.53e-3], unit=1000.0), floor=1e-6),
        D=AtLeast(Polynomial([5.5e-12, 4.92e-13, -6.73e-13], unit=1000.0), floor=1e-14),
        t_plus=Polynomial([-0.0834, 0.377, -0.0505], unit=1000.0),
        chi=1.0,
        name="LiTFSI in PEO at 85 degC (Edman 2000)",
        source=(
            "L. Edman et al., Transport Properties of the Solid Polymer Electrolyte System P(EO)nLiTFSI, J. Phys. "
            "Chem. B 104 (2000) 3476-3480, doi:10.1021/jp993897z"
        ),
        c_range=(742.0, 2982.0),
        T_range=(357.65, 358.65),  # K: 85 degC
    )
