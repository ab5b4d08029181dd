"""A123 ANR26650, 2.3 A.h: graphite against lithium iron phosphate.

Values from
    E. Prada, D. Di Domenico, Y. Creff, J. Bernard, V. Sauvant-Moynot and F. Huet, A Simplified Electrochemical and
    Thermal Aging Model of LiFePO4-Graphite Li-ion Batteries: Power and Capacity Fade Simulations, J. Electrochem. Soc.
    160 (2013) A616, doi:10.1149/2.053304jes.
What that paper leaves open is completed as in PyBaMM's set of the same name: the graphite curve, its rate and its
conductivity are those of the LG M50 (Chen et al. 2020, doi:10.1149/1945-7111/ab9050); the curve of the iron phosphate
is that of Afshar, Morris & Khajepour (arXiv:1709.03970), its rate that of Kashkooli et al., J. Appl. Electrochem. 47
(2017) 281; and the lithiations are set so that the cell holds 2.3 A.h between 2.0 and 3.6 V. No values for heat are
given.

The conductivity of the electrolyte, 1.9 S/m at 1.2 mol/L, has the form that Doyle et al. (1996) give for a gelled
solution and ten times its height: see `doyle1996_ec_dmc_21` among the electrolytes.
"""

import math

from cellsim.cells.design import Cell, Electrode, Particle, Separator
from cellsim.cells.library.chen2020 import graphite_siox
from cellsim.cells.porous import Bruggeman
from cellsim.electrode.kinetics import ButlerVolmer
from cellsim.electrode.open_circuit import StepsAndTails
from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.laws import AtLeast, Polynomial

SOURCE = (
    "E. Prada et al., A Simplified Electrochemical and Thermal Aging Model of LiFePO4-Graphite Li-ion Batteries: Power "
    "and Capacity Fade Simulations, J. Electrochem. Soc. 160 (2013) A616, doi:10.1149/2.053304jes"
)


def lithium_iron_phosphate() -> StepsAndTails:
    """Open-circuit potential of the positive electrode."""
    return StepsAndTails(
        U0=3.4077,
        slope=-0.020269,
        height=[],
        steepness=[],
        centre=[],
        tail=[0.5, -0.9 * math.exp(-30.0)],
        rate=[-150.0, 30.0],
    )


def electrolyte() -> Electrolyte:
    """LiPF6 in carbonates, as the cell model has it."""
    return Electrolyte(
        kappa=AtLeast(Polynomial([0.41253, 5.007, -4.7212, 1.5094, -0.16018], unit=1000.0), floor=1e-6),  # S/m
        D=2e-10,
        t_plus=0.36,
        chi=1.0,
        name="LiPF6 in carbonates (Prada 2013)",
        source=SOURCE,
        c_range=(0.0, 2700.0),
        T_range=(297.5, 298.5),  # K: 25 degC
    )


def cell() -> Cell:
    """The iron phosphate cell of Prada et al. 2013."""
    return Cell(
        negative=Electrode(
            L=34e-6,
            eps=0.36,
            sigma=215.0,
            transport=Bruggeman(1.5),
            conduction=Bruggeman(1.5),
            C_dl=0.2,  # not in the paper; a usual value, without effect beyond the first milliseconds
            particle=Particle(
                R_p=5e-6,
                eps_s=0.58,
                c_max=30555.0,
                theta0=0.81,
                D_s=3e-15,
                U=graphite_siox(),
                kinetics=ButlerVolmer(k=6.48e-7, E=35000.0),
            ),
        ),
        separator=Separator(L=25e-6, eps=0.45, transport=Bruggeman(1.5)),
        positive=Electrode(
            L=80e-6,
            eps=0.426,
            sigma=0.33795074,
            transport=Bruggeman(1.5),
            conduction=Bruggeman(1.5),
            # the walls of such small particles are so many that the usual 0.2 F/m2 would be 65 F, and seen for a minute
            C_dl=1e-3,
            particle=Particle(
                R_p=5e-8,
                eps_s=0.374,
                c_max=22806.0,
                theta0=0.0038,
                D_s=5.9e-18,
                U=lithium_iron_phosphate(),
                kinetics=ButlerVolmer(k=6e-7, E=39570.0),
            ),
        ),
        electrolyte=electrolyte(),
        area=0.6 * 0.3,  # height x width
        c0=1200.0,
        V_min=2.0,
        V_max=3.6,
        capacity=2.3,
        T_ref=298.0,
        name="Prada2013",
        source=SOURCE,
    )
