"""Pouch of the University of Michigan Battery Laboratory, 5 A.h: graphite against NMC.

Values from
    P. Mohtat, S. Lee, V. Sulzer, J. B. Siegel and A. G. Stefanopoulou, Differential Expansion and Voltage Model for
    Li-ion Batteries at Practical Charging Rates, J. Electrochem. Soc. 167 (2020) 110561, doi:10.1149/1945-7111/aba5d1.
Activation energies are those of DUALFOIL, and the conductivity and diffusivity of the electrolyte are numbers, as in
PyBaMM's set of the same name. The published state is the discharged one.
"""

import math
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.cells.design import Cell, Electrode, Particle, Separator
from cellsim.cells.heat import Layer, stacked
from cellsim.cells.porous import Bruggeman
from cellsim.electrode.kinetics import ButlerVolmer
from cellsim.electrode.open_circuit import StepsAndTails
from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.laws import Arrhenius, Points, Polynomial
from cellsim.parameters import as_float_array

SOURCE = (
    "P. Mohtat et al., Differential Expansion and Voltage Model for Li-ion Batteries at Practical Charging Rates, "
    "J. Electrochem. Soc. 167 (2020) 110561, doi:10.1149/1945-7111/aba5d1"
)


class PolynomialAndTail(eqx.Module):
    """A polynomial in the lithiation and an exponential tail at full [V]."""

    polynomial: Polynomial
    tail: Float[Array, ""] = eqx.field(converter=as_float_array)  # [V]
    rate: Float[Array, ""] = eqx.field(converter=as_float_array)

    def __call__(self, theta: Points, T: Points) -> Float[Array, "*point"]:
        """Potential [V] at lithiation `theta` [-]."""
        return self.polynomial(theta, T) + self.tail * jnp.exp(self.rate * jnp.asarray(theta))


class OfPotential(eqx.Module):
    """A polynomial in the potential that another law gives, times `scale`."""

    polynomial: Polynomial
    potential: Any
    scale: float = eqx.field(static=True)

    def __call__(self, theta: Points, T: Points) -> Float[Array, "*point"]:
        """Entropic coefficient [V/K] at lithiation `theta` [-]."""
        return self.scale * self.polynomial(self.potential(theta, T), T)


def graphite() -> StepsAndTails:
    """Open-circuit potential of the negative electrode."""
    return StepsAndTails(
        U0=0.063,
        slope=0.0,
        height=[-0.0120, -0.0118, -0.0035, -0.0095, -0.0145, -0.0800],
        steepness=[1 / 0.016, 1 / 0.016, 1 / 0.020, 1 / 0.013, 1 / 0.020, 1 / 0.055],
        centre=[0.127, 0.155, 0.220, 0.190, 0.490, 1.030],
        tail=[0.8 * math.exp(-75 * 0.001)],
        rate=[-75.0],
    )


def nmc(of_fifth_power: float = -2.2166) -> PolynomialAndTail:
    """Open-circuit potential of the positive electrode."""
    coefficients = [4.3452, -1.6518, 1.6225, -2.0843, 3.5146, of_fifth_power]
    return PolynomialAndTail(Polynomial(coefficients), tail=-0.5623e-4 * math.exp(-100.006), rate=109.451)


def electrolyte() -> Electrolyte:
    """LiPF6 in carbonates, as the cell model has it."""
    return Electrolyte(
        kappa=Arrhenius(1.3, E=34700.0),
        D=Arrhenius(5.35e-10, E=37040.0),
        t_plus=0.38,
        chi=1.0,
        name="LiPF6 in carbonates (Mohtat 2020)",
        source=SOURCE,
    )


def cell() -> Cell:
    """The pouch cell of Mohtat et al. 2020."""
    return Cell(
        negative=Electrode(
            L=62e-6,
            eps=0.3,
            sigma=100.0,
            transport=Bruggeman(1.5),
            conduction=Bruggeman(1.5),
            C_dl=0.2,  # not in the paper; a usual value, without effect beyond the first milliseconds
            particle=Particle(
                R_p=2.5e-6,
                eps_s=0.61,
                c_max=28746.0,
                theta0=0.0017,
                D_s=Arrhenius(5e-15, E=42770.0),
                U=graphite(),
                dUdT=Polynomial([0.28e-3, -1.56e-3, -8.92e-3, 57.21e-3, -110.7e-3, 90.71e-3, -27.14e-3]),
                kinetics=ButlerVolmer(k=1.061e-6, E=37480.0),
            ),
        ),
        separator=Separator(L=12e-6, eps=0.4, transport=Bruggeman(1.5)),
        positive=Electrode(
            L=67e-6,
            eps=0.3,
            sigma=100.0,
            transport=Bruggeman(1.5),
            conduction=Bruggeman(1.5),
            C_dl=0.2,  # as above
            particle=Particle(
                R_p=3.5e-6,
                eps_s=0.445,
                c_max=35380.0,
                theta0=31513.0 / 35380.0,
                D_s=Arrhenius(8e-15, E=18550.0),
                U=nmc(),
                # a function of the potential, which is taken without its fifth power here
                dUdT=OfPotential(Polynomial([-800.0, 779.0, -284.0, 46.0, -2.8]), nmc(0.0), scale=1e-3),
                kinetics=ButlerVolmer(k=4.824e-6, E=39570.0),
            ),
        ),
        electrolyte=electrolyte(),
        area=0.205,
        c0=1000.0,
        V_min=2.8,
        V_max=4.2,
        capacity=5.0,
        heat=stacked(
            (
                Layer(25e-6, 8954.0, 385.0),  # copper
                Layer(62e-6, 3100.0, 1100.0),
                Layer(12e-6, 397.0, 700.0),
                Layer(67e-6, 3100.0, 1100.0),
                Layer(25e-6, 2707.0, 897.0),  # aluminium
            ),
            volume=3.92e-5,
            cooling_area=0.41,
            h=5.0,
        ),
        name="Mohtat2020",
        source=SOURCE,
    )
