"""Sodium-ion cell, 3 mA.h: hard carbon against Na3V2(PO4)2F3, NaPF6 in EC:PC.

Values from
    K. Chayambuka, M. Jiang, G. Mulder, D. L. Danilov and P. H. L. Notten, Physics-Based Modeling of Sodium-Ion
    Batteries Part II. Model and Validation, Electrochim. Acta 404 (2022) 139764, doi:10.1016/j.electacta.2021.139764.
Potentials, diffusivities and rate constants are curves there, fitted by the authors to measurements; the numbers here
are points of these curves as PyBaMM's set of the same name has them in digitised form. Between them run splines,
monotone for the potentials and of the logarithm for the others, within 3 % of every digitised point. No values for heat
are given. What is said of lithium elsewhere is said of sodium here. With these numbers the capacities at 1, 5 and 12
A/m2 are within 2 % of the measured ones, the voltages 0.1 V off in the mean, as they are in PyBaMM.

The exchange current density is F k(c_s)/2 (c/c0)^0.5 (c_s (c_max - c_s))^0.5: the half stands in the paper's kinetics.
"""

import numpy as np

from cellsim.cells.design import Cell, Electrode, Particle, Separator
from cellsim.cells.porous import Bruggeman
from cellsim.constants import F
from cellsim.constraints import Positive
from cellsim.electrode.power_law import PowerLawKinetics
from cellsim.electrolyte.library import chayambuka2022
from cellsim.splines import Table, positive_table

SOURCE = (
    "K. Chayambuka et al., Physics-Based Modeling of Sodium-Ion Batteries Part II. Model and Validation, "
    "Electrochim. Acta 404 (2022) 139764, doi:10.1016/j.electacta.2021.139764"
)
C_MAX_NEGATIVE = 14540.0  # mol/m3
C_MAX_POSITIVE = 15320.0  # mol/m3
C0 = 1000.0  # mol/m3
# Points of curves: sodium content [mol/m3], or sodiation, and values
# fmt: off
D_NEGATIVE = (  # m2/s
    (73.9, 418.7, 1847.3, 2734.0, 4113.3, 5714.3, 6280.8, 7413.8, 9039.4, 10394.1, 11206.9, 12832.5, 13226.6, 14014.8,
     14433.5),
    (2.57e-16, 3.54e-16, 5.31e-16, 7.6e-16, 1.36e-15, 1.93e-15, 2.02e-15, 1.84e-15, 1.06e-15, 4.39e-16, 2.96e-16,
     7.78e-16, 1.01e-15, 1.28e-15, 1.24e-15),
)
D_POSITIVE = (  # m2/s
    (131.6, 2017.5, 2982.5, 3355.3, 3925.4, 4254.4, 4495.6, 5263.2, 6096.5, 7039.5, 7587.7, 8837.7, 10109.6, 11184.2,
     11776.3, 12828.9, 13750.0, 15000.0, 15197.4),
    (2.51e-15, 4.61e-16, 1.56e-16, 9.92e-17, 6.61e-17, 5.65e-17, 5.53e-17, 6.65e-17, 8.38e-17, 8.81e-17, 8.44e-17,
     6.46e-17, 4.13e-17, 3.16e-17, 3.17e-17, 3.57e-17, 3.58e-17, 2.29e-17, 1.95e-17),
)
K_NEGATIVE = (  # m/s
    (121.4, 412.6, 631.1, 801.0, 1262.1, 1529.1, 2063.1, 2500.0, 3058.3, 3713.6, 5412.6, 7718.4, 8422.3, 9538.8,
     10388.3, 10752.4, 11213.6, 11723.3, 12912.6, 14417.5),
    (3.33e-11, 2.15e-11, 1.39e-11, 9.4e-12, 5.26e-12, 7.03e-12, 1.58e-11, 2.65e-11, 4.18e-11, 5.83e-11, 7.96e-11,
     4.94e-11, 3.47e-11, 1.61e-11, 1.06e-11, 1.13e-11, 1.51e-11, 2.25e-11, 4.94e-11, 7.96e-11),
)
K_POSITIVE = (  # m/s
    (21.9, 833.3, 1907.9, 3443.0, 3969.3, 4802.6, 5548.2, 6381.6, 7193.0, 8969.3, 10350.9, 11074.6, 13223.7, 14188.6,
     14934.2, 15328.9),
    (2.27e-10, 1.24e-10, 4.83e-11, 1.45e-11, 1.16e-11, 1.08e-11, 1.17e-11, 1.18e-11, 1.1e-11, 6.65e-12, 3.87e-12,
     3.34e-12, 3.6e-12, 3.3e-12, 2.35e-12, 1.91e-12),
)
U_NEGATIVE = (  # V
    (0.00144, 0.00164, 0.00812, 0.01027, 0.03548, 0.06076, 0.09019, 0.12798, 0.1699, 0.23269, 0.3205, 0.40395, 0.48317,
     0.57486, 0.68738, 0.7999, 0.89159, 0.96035, 0.98745, 0.99581),
    (1.31896, 1.21983, 1.11204, 1.07755, 0.9783, 0.84457, 0.71944, 0.57704, 0.45617, 0.31797, 0.17535, 0.11033, 0.08844,
     0.07511, 0.06601, 0.0569, 0.04358, 0.03897, 0.03454, 0.02157),
)
# The curve of the positive electrode has a vertical end at 0.21, of which the upper point is kept, and three points on
# plateaus, where it rises by less than 1 mV and digitisation shows, are left out
U_POSITIVE = (  # V
    (0.21, 0.21927, 0.2615, 0.40932, 0.47417, 0.52699, 0.56032, 0.57571, 0.58227, 0.58598, 0.5909, 0.59859, 0.6966,
     0.74187, 0.80221, 0.86403, 0.9305, 0.95928, 0.97934, 0.98005, 0.98306, 0.99228, 0.99627, 0.99994),
    (4.2881, 4.17528, 4.17247, 4.15818, 4.15248, 4.14377, 4.11122, 4.0489, 3.942, 3.80538, 3.7252, 3.69552, 3.69292,
     3.68418, 3.67847, 3.67573, 3.64925, 3.62262, 3.53062, 3.45044, 3.39103, 3.35542, 3.16236, 3.03168),
)
# fmt: on


def along(points: tuple[tuple[float, ...], tuple[float, ...]], c_max: float, scale: float = 1.0) -> Positive:
    """The positive spline through points of a curve over the sodium content, as a law of the sodiation."""
    content, values = points
    return positive_table(np.array(content) / c_max, scale * np.array(values))


def cell() -> Cell:
    """The sodium-ion cell of Chayambuka et al. 2022."""
    return Cell(
        negative=Electrode(
            L=64e-6,
            eps=0.51,
            sigma=256.0,
            conduction=Bruggeman(0.0),
            transport=Bruggeman(1.5),
            C_dl=0.2,  # not in the paper; a usual value, without effect beyond the first milliseconds
            particle=Particle(
                R_p=3.48e-6,
                eps_s=0.489,
                c_max=C_MAX_NEGATIVE,
                theta0=13520.0 / C_MAX_NEGATIVE,
                D_s=along(D_NEGATIVE, C_MAX_NEGATIVE),
                U=Table(*U_NEGATIVE),
                kinetics=PowerLawKinetics(along(K_NEGATIVE, C_MAX_NEGATIVE, F * C_MAX_NEGATIVE / 2), c_ref=C0),
            ),
        ),
        separator=Separator(L=25e-6, eps=0.55, transport=Bruggeman(1.5)),
        positive=Electrode(
            L=68e-6,
            eps=0.23,
            sigma=50.0,
            conduction=Bruggeman(0.0),
            transport=Bruggeman(1.5),
            C_dl=0.2,  # as above
            particle=Particle(
                R_p=0.59e-6,
                eps_s=0.55,
                c_max=C_MAX_POSITIVE,
                theta0=3320.0 / C_MAX_POSITIVE,
                D_s=along(D_POSITIVE, C_MAX_POSITIVE),
                U=Table(*U_POSITIVE),
                kinetics=PowerLawKinetics(along(K_POSITIVE, C_MAX_POSITIVE, F * C_MAX_POSITIVE / 2), c_ref=C0),
            ),
        ),
        electrolyte=chayambuka2022.electrolyte(),
        area=2.54e-4,
        c0=C0,
        V_min=2.0,
        V_max=4.2,
        capacity=3e-3,
        name="Chayambuka2022",
        source=SOURCE,
    )
