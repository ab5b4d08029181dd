"""LG M50 21700, 5 A.h: graphite and silicon oxide as two materials against NMC 811.

The cell of
    C.-H. Chen et al., Development of Experimental Techniques for Parameterization of Multi-scale Lithium-ion Battery
    Models, J. Electrochem. Soc. 167 (2020) 080534, doi:10.1149/1945-7111/ab9050,
whose negative electrode is taken apart in
    W. Ai, N. Kirkaldy, Y. Jiang, G. Offer, H. Wang and B. Wu, A composite electrode model for lithium-ion batteries
    with silicon/graphite negative electrodes, J. Power Sources 527 (2022) 231142, doi:10.1016/j.jpowsour.2022.231142,
with the open-circuit potential of silicon of
    M. Verbrugge, D. Baker and X. Xiao, Formulation for the treatment of multiple electrochemical reactions and
    associated speciation for the lithium-silicon electrode, J. Electrochem. Soc. 163 (2015) A262,
    doi:10.1149/2.0581602jes,
and that of graphite of
    W. Ai et al., J. Electrochem. Soc. 167 (2020) 013512, doi:10.1149/2.0122001JES,
in the form of PyBaMM's set of the same name. The potential of silicon is the mean of those of lithiation and
delithiation; with a `hysteresis` it moves between them.
"""

import dataclasses

from cellsim.cells.design import Blend, Cell, Particle
from cellsim.cells.library import chen2020
from cellsim.electrode.hysteresis import Branches
from cellsim.electrode.kinetics import ButlerVolmer
from cellsim.electrode.open_circuit import PolynomialAndPoles
from cellsim.laws import Sum
from cellsim.splines import Table

SOURCE = (
    "W. Ai et al., A composite electrode model for lithium-ion batteries with silicon/graphite negative electrodes, J. "
    "Power Sources 527 (2022) 231142, doi:10.1016/j.jpowsour.2022.231142"
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
# fmt: on
POLE = 1e-4  # V, by which curves turn up where a material is empty and down where it is full, in PyBaMM's set
LITHIATION = (0.8633, -9.286, 62.99, -232.8, 489.9, -587.6, 372.6, -96.63)  # V, lowest power first
DELITHIATION = (0.9937, -3.792, 16.87, -58.76, 140.2, -205.7, 161.3, -51.02)


def silicon_on_lithiation() -> PolynomialAndPoles:
    """Open-circuit potential of silicon as lithium enters."""
    return PolynomialAndPoles(LITHIATION, pole=POLE)


def silicon_on_delithiation() -> PolynomialAndPoles:
    """Open-circuit potential of silicon as lithium leaves."""
    return PolynomialAndPoles(DELITHIATION, pole=0.0)


def cell() -> Cell:
    """The LG M50 with a blend of graphite and silicon."""
    plain = chen2020.cell()
    graphite = Particle(
        R_p=5.86e-6,
        eps_s=0.735,
        c_max=28700.0,
        theta0=27700.0 / 28700.0,
        D_s=5.5e-14,
        U=Table(GRAPHITE_LITHIATION, GRAPHITE_POTENTIAL),
        kinetics=ButlerVolmer(k=6.48e-7, E=35000.0),
        name="graphite",
    )
    silicon = Particle(
        R_p=1.52e-6,
        eps_s=0.015,
        c_max=278000.0,
        theta0=276610.0 / 278000.0,
        D_s=1.67e-14,
        U=Branches(silicon_on_lithiation(), silicon_on_delithiation()),
        kinetics=ButlerVolmer(k=6.48e-7 * 28700.0 / 278000.0, E=35000.0),
        name="silicon",
    )
    negative = dataclasses.replace(plain.negative, particle=Blend((graphite, silicon)))
    oxide = Sum(chen2020.nmc811(), PolynomialAndPoles([0.0], pole=POLE))
    positive = dataclasses.replace(plain.positive, particle=dataclasses.replace(plain.positive.particle, U=oxide))
    return dataclasses.replace(plain, negative=negative, positive=positive, name="Chen2020_composite", source=SOURCE)
