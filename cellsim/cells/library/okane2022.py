"""LG M50 21700, 5 A.h, with the temperature dependence that models of its ageing use: graphite-SiOx against NMC 811.

Values from
    S. E. J. O'Kane, W. Ai, G. Madabattula, D. Alonso-Alvarez, R. Timms, V. Sulzer, J. S. Edge, B. Wu, G. J. Offer and
    M. Marinescu, Lithium-ion battery degradation: how to model it, Phys. Chem. Chem. Phys. 24 (2022) 7909-7922,
    doi:10.1039/D2CP00417H,
which takes the cell of Chen et al. 2020 (doi:10.1149/1945-7111/ab9050) and adds activation energies, and the potential
of the negative electrode as it was measured there, on lithiation, where Chen et al. fit it. Values for heat are those
of `chen2020`. No ageing is in the numbers here.

The curve of the negative electrode is a monotone spline with 36 knots through the 248 measured points, in the mean
within 1 mV of them: they scatter by as much.
"""

import dataclasses

from cellsim.cells.design import Cell, Electrode
from cellsim.cells.library import chen2020
from cellsim.cells.porous import Bruggeman
from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.electrolyte.library import nyman2008
from cellsim.laws import Arrhenius
from cellsim.parameters import replace
from cellsim.splines import Table

SOURCE = (
    "S. E. J. O'Kane et al., Lithium-ion battery degradation: how to model it, Phys. Chem. Chem. Phys. 24 (2022) "
    "7909-7922, doi:10.1039/D2CP00417H; the cell as in C.-H. Chen et al., J. Electrochem. Soc. 167 (2020) 080534, "
    "doi:10.1149/1945-7111/ab9050"
)
# fmt: off
LITHIATION = (
    0.0, 0.01, 0.02, 0.04, 0.0425, 0.045, 0.05, 0.055, 0.06, 0.08, 0.085, 0.09, 0.1, 0.1125, 0.11875, 0.125, 0.1375,
    0.15, 0.175, 0.2, 0.225, 0.25, 0.3, 0.35, 0.4, 0.5, 0.55, 0.6, 0.6125, 0.625, 0.65, 0.7, 0.8, 0.85, 0.9, 1.0,
)
POTENTIAL = (  # V
    1.81698, 1.55915, 1.3347, 0.86705, 0.79141, 0.75223, 0.66703, 0.62488, 0.57564, 0.47796, 0.46103, 0.44044, 0.40629,
    0.36403, 0.33994, 0.32226, 0.28777, 0.25963, 0.22291, 0.21663, 0.21433, 0.19395, 0.16189, 0.14437, 0.13483, 0.13258,
    0.13161, 0.1207, 0.10984, 0.10206, 0.0972, 0.0933, 0.09219, 0.09197, 0.08605, 0.07583,
)
# fmt: on
E_ELECTROLYTE = 17000.0  # J/mol, of conductivity and diffusivity


def graphite_siox() -> Table:
    """Open-circuit potential of the negative electrode on lithiation, as measured."""
    return Table(LITHIATION, POTENTIAL)


def electrolyte() -> Electrolyte:
    """LiPF6 in EC:EMC as Nyman et al. measured it at 25 degC, with an activation energy."""
    at_room = nyman2008.electrolyte()
    return dataclasses.replace(
        at_room,
        kappa=Arrhenius(at_room.kappa, E=E_ELECTROLYTE),
        D=Arrhenius(at_room.D, E=E_ELECTROLYTE),
        name="LiPF6 in EC:EMC 3:7 by weight (O'Kane 2022)",
        T_range=(0.0, float("inf")),
    )


def cell() -> Cell:
    """The LG M50 of O'Kane et al. 2022."""
    base = chen2020.cell()
    negative: Electrode = replace(base.negative, "conduction", Bruggeman(1.5))
    negative = replace(negative, "particle.D_s", Arrhenius(3.3e-14, E=30300.0))
    negative = replace(negative, "particle.U", graphite_siox())
    positive: Electrode = replace(base.positive, "conduction", Bruggeman(1.5))
    positive = replace(positive, "particle.D_s", Arrhenius(4e-15, E=25000.0))
    return dataclasses.replace(
        base, negative=negative, positive=positive, electrolyte=electrolyte(), name="OKane2022", source=SOURCE
    )
