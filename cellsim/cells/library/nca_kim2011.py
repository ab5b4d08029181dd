"""The "nominal design" of a pouch, one pair of its electrodes, 0.43 A.h: graphite against NCA.

Values from
    G.-H. Kim, K. Smith, K.-J. Lee, S. Santhanagopalan and A. Pesaran, Multi-Domain Modeling of Lithium-Ion Batteries
    Encompassing Multi-Physics in Varied Length Scales, J. Electrochem. Soc. 158 (2011) A955-A969,
    doi:10.1149/1.3597614.
The paper gives the heat capacity of a unit of volume; that of the layers is split as in PyBaMM's set NCA_Kim2011.
"""

import math

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.cells.design import Cell, Electrode, Particle, Separator
from cellsim.cells.heat import Layer, stacked
from cellsim.cells.porous import Bruggeman
from cellsim.electrode.open_circuit import StepsAndTails
from cellsim.electrode.power_law import PowerLawKinetics
from cellsim.electrolyte.library import kim2011
from cellsim.laws import Arrhenius, Points, Polynomial
from cellsim.parameters import as_float_array

SOURCE = (
    "G.-H. Kim et al., Multi-Domain Modeling of Lithium-Ion Batteries Encompassing Multi-Physics in Varied Length "
    "Scales, J. Electrochem. Soc. 158 (2011) A955-A969, doi:10.1149/1.3597614"
)


class PolynomialAndEnd(eqx.Module):
    """A polynomial in the lithiation, less end exp(rate theta^power), which is steep near full [V]."""

    polynomial: Polynomial
    end: Float[Array, ""] = eqx.field(converter=as_float_array)  # [V]
    rate: Float[Array, ""] = eqx.field(converter=as_float_array)
    power: Float[Array, ""] = eqx.field(converter=as_float_array)

    def __call__(self, theta: Points, T: Points) -> Float[Array, "*point"]:
        """Open-circuit potential [V] against lithium at lithiation `theta` [-]."""
        base = jnp.maximum(jnp.asarray(theta), 1e-3)  # the power of less is nothing
        return self.polynomial(theta, T) - self.end * jnp.exp(self.rate * base**self.power)


def graphite() -> StepsAndTails:
    """Open-circuit potential of the negative electrode."""
    return StepsAndTails(
        U0=0.124,
        slope=0.0,
        height=[-0.0351, -0.0045, -0.035, -0.0147, -0.102, -0.022, -0.011, 0.0155],
        steepness=[1 / 0.083, 1 / 0.119, 1 / 0.05, 1 / 0.034, 1 / 0.142, 1 / 0.0164, 1 / 0.0226, 1 / 0.029],
        centre=[0.286, 0.9, 0.99, 0.5, 0.194, 0.98, 0.124, 0.105],
        tail=[1.5],
        rate=[-70.0],
    )


def nca() -> PolynomialAndEnd:
    """Open-circuit potential of the positive electrode."""
    # fmt: off
    coefficients = [
        11.8058, -66.3691, 264.427, -554.774, 621.3475, -344.566, 81.246, -23.488, 15.056, -2.222, 1.638,
    ]
    # fmt: on
    return PolynomialAndEnd(Polynomial(coefficients), end=0.61386, rate=5.8201, power=136.4)


def kinetics(j0: float, theta: float) -> PowerLawKinetics:
    """Kinetics with the exchange current density `j0` [A/m2] at lithiation `theta` [-], that of the charged cell."""
    return PowerLawKinetics(Arrhenius(j0 / math.sqrt(theta * (1 - theta)), E=3e4), c_ref=1200.0)


def cell() -> Cell:
    """The nominal design of Kim et al. 2011."""
    return Cell(
        negative=Electrode(
            L=70e-6,
            eps=0.4,
            sigma=100.0,
            transport=Bruggeman(2.0),
            conduction=Bruggeman(2.0),
            C_dl=0.2,  # not in the paper; a usual value, without effect beyond the first milliseconds
            particle=Particle(
                R_p=5.083e-7,
                eps_s=0.51,
                c_max=28700.0,
                theta0=18081.0 / 28700.0,
                D_s=Arrhenius(9e-14, E=4000.0),
                U=graphite(),
                kinetics=kinetics(36.0, 0.36),
            ),
        ),
        separator=Separator(L=25e-6, eps=0.4, transport=Bruggeman(2.0)),
        positive=Electrode(
            L=50e-6,
            eps=0.4,
            sigma=10.0,
            transport=Bruggeman(2.0),
            conduction=Bruggeman(2.0),
            C_dl=0.2,  # as above
            particle=Particle(
                R_p=1.633e-6,
                eps_s=0.41,
                c_max=49000.0,
                theta0=20090.0 / 49000.0,
                D_s=Arrhenius(3e-15, E=2e4),
                U=nca(),
                kinetics=kinetics(4.0, 0.41),
            ),
        ),
        electrolyte=kim2011.electrolyte(),
        area=0.2 * 0.14,  # height x width
        c0=1200.0,
        V_min=2.7,
        V_max=4.2,
        capacity=0.43,
        heat=stacked(
            (
                Layer(10e-6, 11544.75, 385.0),
                Layer(70e-6, 2136.43638, 700.0),
                Layer(25e-6, 511.86798, 700.0),
                Layer(50e-6, 4205.82708, 700.0),
                Layer(10e-6, 3490.24338, 897.0),
            ),
            volume=4.62e-6,
            cooling_area=0.0561,
            h=25.0,
        ),
        name="NCA_Kim2011",
        source=SOURCE,
    )
