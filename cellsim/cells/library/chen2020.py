"""LG M50 21700, 5 A.h: graphite-SiOx against NMC 811.

Geometry, materials and open-circuit curves from teardown, GITT and impedance in
    C.-H. Chen, F. Brosa Planella, K. O'Regan, D. Gastol, W. D. Widanage and E. Kendrick, Development of Experimental
    Techniques for Parameterization of Multi-scale Lithium-ion Battery Models, J. Electrochem. Soc. 167 (2020) 080534,
    doi:10.1149/1945-7111/ab9050,
tables VII to IX and equations 8 and 9 there unless a line says otherwise. The paper has no values for heat; those here
are the ones that PyBaMM's set of the same name takes from other cells.
"""

from cellsim.cells.design import Cell, Electrode, Particle, Separator
from cellsim.cells.heat import Layer, stacked
from cellsim.cells.porous import Bruggeman
from cellsim.electrode.kinetics import ButlerVolmer
from cellsim.electrode.open_circuit import StepsAndTails
from cellsim.electrolyte.library import nyman2008

SOURCE = (
    "C.-H. Chen et al., Development of Experimental Techniques for Parameterization of Multi-scale Lithium-ion Battery "
    "Models, J. Electrochem. Soc. 167 (2020) 080534, doi:10.1149/1945-7111/ab9050"
)


def graphite_siox() -> StepsAndTails:
    """Open-circuit potential of the negative electrode on lithiation (equation 9)."""
    return StepsAndTails(
        U0=0.2482,
        slope=0.0,
        height=[-0.0909, -0.04478, -0.0205],
        steepness=[29.8538, 14.9159, 30.4444],
        centre=[0.1234, 0.2769, 0.6103],
        tail=[1.9793],
        rate=[-39.3631],
    )


def nmc811() -> StepsAndTails:
    """Open-circuit potential of the positive electrode on lithiation (equation 8)."""
    return StepsAndTails(
        U0=4.4875,
        slope=-0.8090,
        height=[-0.0428, -17.7326, 17.5842],
        steepness=[18.5138, 15.7890, 15.9308],
        centre=[0.5542, 0.3117, 0.3120],
    )


def cell() -> Cell:
    """The LG M50 of Chen et al. 2020."""
    return Cell(
        negative=Electrode(
            L=85.2e-6,
            eps=0.25,
            sigma=215.0,
            conduction=Bruggeman(0.0),  # the conductivity is that of the electrode as measured
            transport=Bruggeman(1.5),
            C_dl=0.2,  # not in the paper; a usual value, without effect beyond the first milliseconds
            particle=Particle(
                R_p=5.86e-6,
                eps_s=0.75,
                c_max=33133.0,
                theta0=29866.0 / 33133.0,
                D_s=3.3e-14,
                U=graphite_siox(),
                kinetics=ButlerVolmer(k=6.48e-7, E=35000.0),
            ),
        ),
        separator=Separator(L=12e-6, eps=0.47, transport=Bruggeman(1.5)),
        positive=Electrode(
            L=75.6e-6,
            eps=0.335,
            sigma=0.18,
            conduction=Bruggeman(0.0),
            transport=Bruggeman(1.5),
            C_dl=0.2,  # as above
            particle=Particle(
                R_p=5.22e-6,
                eps_s=0.665,
                c_max=63104.0,
                theta0=17038.0 / 63104.0,
                D_s=4e-15,
                U=nmc811(),
                kinetics=ButlerVolmer(k=3.42e-6, E=17800.0),
            ),
        ),
        electrolyte=nyman2008.electrolyte(),
        area=1.58 * 0.065,  # coated length x height
        c0=1000.0,
        V_min=2.5,
        V_max=4.2,
        capacity=5.0,
        heat=stacked(
            (
                Layer(12e-6, 8960.0, 385.0),  # copper
                Layer(85.2e-6, 1657.0, 700.0),
                Layer(12e-6, 397.0, 700.0),
                Layer(75.6e-6, 3262.0, 700.0),
                Layer(16e-6, 2700.0, 897.0),  # aluminium
            ),
            volume=2.42e-5,
            cooling_area=5.31e-3,
        ),
        name="Chen2020",
        source=SOURCE,
    )
