"""Kokam SLPB 78205130H pouch, 0.68 A.h: graphite (MCMB 2528) against lithium cobalt oxide.

Values from
    S. G. Marquis, V. Sulzer, R. Timms, C. P. Please and S. J. Chapman, An Asymptotic Derivation of a Single Particle
    Model with Electrolyte, J. Electrochem. Soc. 166 (2019) A3693, doi:10.1149/2.0341915jes (table I),
which takes the open-circuit curves, diffusivities and kinetics from DUALFOIL (J. Newman, University of California,
Berkeley, 1998) and the entropic coefficients from S. J. Moura's fastDFN (2016).
"""

from cellsim.cells.design import Cell, Electrode, Particle, Separator
from cellsim.cells.heat import Layer, stacked
from cellsim.cells.porous import Bruggeman
from cellsim.electrode.kinetics import ButlerVolmer
from cellsim.electrode.open_circuit import StepsAndTails, StepSlopes
from cellsim.electrolyte.library import capiglia1999
from cellsim.laws import Arrhenius, Constant

SOURCE = (
    "S. G. Marquis et al., An Asymptotic Derivation of a Single Particle Model with Electrolyte, J. Electrochem. Soc. "
    "166 (2019) A3693, doi:10.1149/2.0341915jes"
)
C_MAX_NEGATIVE = 24983.2619938437  # mol/m3
C_MAX_POSITIVE = 51217.9257309275  # mol/m3
STRETCH = 1.062  # the positive curve is published for 1.062 theta


def graphite() -> StepsAndTails:
    """Open-circuit potential of MCMB 2528 graphite (DUALFOIL)."""
    return StepsAndTails(
        U0=0.194,
        slope=0.0,
        height=[0.0351, -0.0045, -0.035, -0.0147, -0.102, -0.022, -0.011, 0.0155],
        steepness=[1 / 0.083, 1 / 0.119, 1 / 0.05, 1 / 0.034, 1 / 0.142, 1 / 0.0164, 1 / 0.0226, 1 / 0.029],
        centre=[0.286, 0.849, 0.9233, 0.5, 0.194, 0.9, 0.124, 0.105],
        tail=[1.5],
        rate=[-120.0],
    )


def lithium_cobalt_oxide() -> StepsAndTails:
    """Open-circuit potential of LiCoO2 (DUALFOIL), whose steps are written tanh(p - q (1.062 theta)) there."""
    p = [30.834, 52.294, 11.0923, 1.4684]
    q = [54.4806, 50.294, 19.8543, 5.4888]
    return StepsAndTails(
        U0=2.16216,
        slope=0.0,
        height=[-0.07645, -2.1581, 0.14169, -0.2051, -0.2531, -0.02167],
        steepness=[qk * STRETCH for qk in q] + [STRETCH / 0.1316, STRETCH / 0.006],
        centre=[pk / (qk * STRETCH) for pk, qk in zip(p, q, strict=True)] + [0.56478 / STRETCH, 0.525 / STRETCH],
    )


def graphite_entropy() -> StepSlopes:
    """Entropic coefficient of the negative electrode (fastDFN), published per concentration."""
    height = [0.0351 / 0.083, -0.0045 / 0.119, -0.035 / 0.05, -0.0147 / 0.034]
    height += [-0.102 / 0.142, -0.022 / 0.0164, -0.011 / 0.0226, 0.0155 / 0.029]
    curve = graphite()
    return StepSlopes(
        height=[h / C_MAX_NEGATIVE for h in height],
        steepness=curve.steepness,
        centre=curve.centre,
        tail=[-1.5 * 120.0 / C_MAX_NEGATIVE],
        rate=[-120.0],
    )


def lithium_cobalt_oxide_entropy() -> StepSlopes:
    """Entropic coefficient of the positive electrode (fastDFN), published per concentration."""
    height = [-0.07645 * 54.4806, -2.1581 * 50.294, 0.14169 * 19.854, -0.2051 * 5.4888]
    height += [-0.2531 / 0.1316, -0.02167 / 0.006]
    curve = lithium_cobalt_oxide()
    return StepSlopes(
        height=[h / C_MAX_POSITIVE for h in height], steepness=curve.steepness, centre=curve.centre, tail=[], rate=[]
    )


def cell() -> Cell:
    """The LCO-graphite pouch cell of Marquis et al. 2019."""
    return Cell(
        negative=Electrode(
            L=100e-6,
            eps=0.3,
            sigma=100.0,
            transport=Bruggeman(1.5),
            conduction=Bruggeman(1.5),
            C_dl=0.2,  # not in the paper; a usual value, without effect beyond the first milliseconds
            particle=Particle(
                R_p=10e-6,
                eps_s=0.6,
                c_max=C_MAX_NEGATIVE,
                theta0=0.8,
                D_s=Arrhenius(Constant(3.9e-14), E=42770.0),
                U=graphite(),
                dUdT=graphite_entropy(),
                kinetics=ButlerVolmer(k=2e-5, E=37480.0),
            ),
        ),
        separator=Separator(L=25e-6, eps=1.0, transport=Bruggeman(1.5)),
        positive=Electrode(
            L=100e-6,
            eps=0.3,
            sigma=10.0,
            transport=Bruggeman(1.5),
            conduction=Bruggeman(1.5),
            C_dl=0.2,  # as above
            particle=Particle(
                R_p=10e-6,
                eps_s=0.5,
                c_max=C_MAX_POSITIVE,
                theta0=0.6,
                D_s=Arrhenius(Constant(1e-13), E=18550.0),
                U=lithium_cobalt_oxide(),
                dUdT=lithium_cobalt_oxide_entropy(),
                kinetics=ButlerVolmer(k=6e-7, E=39570.0),
            ),
        ),
        electrolyte=capiglia1999.electrolyte(),
        area=0.207 * 0.137,  # width x height of the pouch
        c0=1000.0,
        V_min=3.105,
        V_max=4.1,
        capacity=0.680616,
        heat=stacked(
            (
                Layer(25e-6, 8954.0, 385.0),  # copper
                Layer(100e-6, 1657.0, 700.0),
                Layer(25e-6, 397.0, 700.0),
                Layer(100e-6, 3262.0, 700.0),
                Layer(25e-6, 2707.0, 897.0),  # aluminium
            ),
            volume=7.8e-6,
            cooling_area=0.0569,
        ),
        name="Marquis2019",
        source=SOURCE,
    )
