"""Enertech SPB655060 pouch, 2.28 A.h: graphite against lithium cobalt oxide.

Values from
    W. Ai, L. Kraft, J. Sturm, A. Jossen and B. Wu, Electrochemical Thermal-Mechanical Modelling of Stress
    Inhomogeneity in Lithium-Ion Pouch Cells, J. Electrochem. Soc. 167 (2020) 013512, doi:10.1149/2.0122001JES,
with the open-circuit potential of the oxide from
    B. Rieger, S. V. Erhard, K. Rumpf and A. Jossen, J. Electrochem. Soc. 163 (2016) A1566,
in the form of PyBaMM's set of the same name. No mechanics is in the numbers here.

The curves were measured and are monotone splines here: graphite within 0.14 mV in the mean of the cubic spline through
all 125 points, from a lithiation of 0.005 to 0.85, the oxide within 0.1 mV of that through 484 points, from 0.43 to
0.97, which is where the cell is used.
"""

import dataclasses

import equinox as eqx
from jaxtyping import Array, Float

from cellsim.cells.design import Cell, Electrode, Particle, Separator
from cellsim.cells.heat import Layer, stacked
from cellsim.cells.porous import Bruggeman
from cellsim.constants import T_ROOM, F
from cellsim.electrode.kinetics import ButlerVolmer
from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.electrolyte.library import valoen2005
from cellsim.laws import Arrhenius, Points, Polynomial
from cellsim.parameters import replace
from cellsim.splines import Table

SOURCE = (
    "W. Ai et al., Electrochemical Thermal-Mechanical Modelling of Stress Inhomogeneity in Lithium-Ion Pouch Cells, "
    "J. Electrochem. Soc. 167 (2020) 013512, doi:10.1149/2.0122001JES"
)
# fmt: off
GRAPHITE_LITHIATION = (
    0.00127, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.035, 0.05, 0.05625, 0.0625, 0.075, 0.1, 0.1125, 0.125, 0.1375, 0.15,
    0.2, 0.225, 0.25, 0.3, 0.35, 0.4, 0.5, 0.55, 0.575, 0.6, 0.65, 0.7, 0.8, 0.875, 0.9125, 0.95, 0.97, 0.99, 0.999,
)
GRAPHITE_POTENTIAL = (  # V
    1.04, 0.92176, 0.77129, 0.63136, 0.54883, 0.48684, 0.36562, 0.28761, 0.26465, 0.24853, 0.23312, 0.2272, 0.22556,
    0.22044, 0.21063, 0.20401, 0.18005, 0.17209, 0.1641, 0.15035, 0.14243, 0.13978, 0.13659, 0.13127, 0.12537, 0.11778,
    0.10837, 0.10458, 0.10154, 0.10006, 0.09901, 0.09508, 0.08648, 0.05982, 0.03343,
)
OXIDE_LITHIATION = (
    0.4, 0.425, 0.43125, 0.4375, 0.45, 0.5, 0.5125, 0.525, 0.55, 0.575, 0.5875, 0.6, 0.65, 0.7, 0.725, 0.75, 0.775, 0.8,
    0.85, 0.875, 0.9, 0.925, 0.9375, 0.95, 0.9725, 0.98375, 0.98937, 0.99219, 0.995,
)
OXIDE_POTENTIAL = (  # V
    4.39079, 4.31514, 4.29625, 4.27783, 4.2526, 4.16138, 4.1408, 4.11947, 4.08079, 4.04758, 4.03205, 4.01717, 3.96718,
    3.93011, 3.91649, 3.90598, 3.89902, 3.89524, 3.88907, 3.88388, 3.87506, 3.85857, 3.84408, 3.82083, 3.74451, 3.6956,
    3.662, 3.63667, 3.59552,
)
GRAPHITE_ENTROPY = (  # numerator in mV/K and denominator, highest power first
    [-16515.05308, 38379.18127, -37147.8947, 19329.7549, -5812.278127, 1004.911008, -91.79325798, 3.299265709,
     0.005269056],
    [165705.8597, -385821.1607, 374577.3152, -195881.6488, 59431.3, -10481.80419, 1017.234804, -48.09287227, 1.0],
)
OXIDE_ENTROPY = [  # V/K, highest power first
    -3.20392657, 14.5719049, -27.9047599, 29.1744564, -17.992018, 6.54799331, -1.30382445, 0.109667298,
]
# fmt: on


class Ratio(eqx.Module):
    """One polynomial over another, times `scale`."""

    numerator: Polynomial
    denominator: Polynomial
    scale: float = eqx.field(static=True)

    def __call__(self, theta: Points, T: Points) -> Float[Array, "*point"]:
        """Entropic coefficient [V/K] at lithiation `theta` [-]."""
        return self.scale * self.numerator(theta, T) / self.denominator(theta, T)


def electrolyte() -> Electrolyte:
    """The solution of Valoen and Reimers, with the slope of its activity counted from 25 degC."""
    solution: Electrolyte = replace(valoen2005.electrolyte(), "chi.T_ref", T_ROOM)
    return dataclasses.replace(solution, name="LiPF6 in PC:EC:DMC 10:27:63 by volume (Ai 2020)")


def cell() -> Cell:
    """The pouch cell of Ai et al. 2020."""
    k = 1e-11 * F
    numerator, denominator = GRAPHITE_ENTROPY
    return Cell(
        negative=Electrode(
            L=76.5e-6,
            eps=0.33,
            sigma=100.0,
            conduction=Bruggeman(0.0),
            transport=Bruggeman(2.914),
            C_dl=0.2,  # not in the paper; a usual value, without effect beyond the first milliseconds
            particle=Particle(
                R_p=5e-6,
                eps_s=0.61,
                c_max=28700.0,
                theta0=24108.0 / 28700.0,
                D_s=Arrhenius(3.9e-14, E=5000.0),
                U=Table(GRAPHITE_LITHIATION, GRAPHITE_POTENTIAL),
                dUdT=Ratio(Polynomial(numerator[::-1]), Polynomial(denominator[::-1]), scale=1e-3),
                kinetics=ButlerVolmer(k=k, E=5000.0),
            ),
        ),
        separator=Separator(L=25e-6, eps=0.5, transport=Bruggeman(1.5)),
        positive=Electrode(
            L=68e-6,
            eps=0.32,
            sigma=10.0,
            conduction=Bruggeman(0.0),
            transport=Bruggeman(1.83),
            C_dl=0.2,  # as above
            particle=Particle(
                R_p=3e-6,
                eps_s=0.62,
                c_max=49943.0,
                theta0=21725.0 / 49943.0,
                D_s=Arrhenius(5.387e-15, E=5000.0),
                U=Table(OXIDE_LITHIATION, OXIDE_POTENTIAL),
                dUdT=Polynomial(OXIDE_ENTROPY[::-1]),
                kinetics=ButlerVolmer(k=k, E=5000.0),
            ),
        ),
        electrolyte=electrolyte(),
        area=34 * 0.051 * 0.047,  # pairs of electrodes x height x width
        c0=1000.0,
        V_min=3.0,
        V_max=4.2,
        capacity=2.28,
        heat=stacked(
            (
                Layer(10e-6, 8960.0, 385.0),  # copper
                Layer(76.5e-6, 2470.0, 1080.2),
                Layer(25e-6, 2470.0, 1080.2),
                Layer(68e-6, 2470.0, 1080.2),
                Layer(15e-6, 2700.0, 897.0),  # aluminium
            ),
            volume=1.5341e-5,
            cooling_area=6.0484e-3,
            h=35.0,
        ),
        name="Ai2020",
        source=SOURCE,
    )
