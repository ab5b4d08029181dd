"""Kokam SLPB 75106100, one pair of its electrodes, 0.156 A.h: graphite against Li(Ni0.4Co0.6)O2.

Values from
    M. Ecker, T. K. D. Tran, P. Dechent, S. Kaebitz, A. Warnecke and D. U. Sauer, Parameterization of a
    Physico-Chemical Model of a Lithium-Ion Battery: I. Determination of Parameters, J. Electrochem. Soc. 162 (2015)
    A1836-A1848, doi:10.1149/2.0551509jes; II. Model Validation, A1849-A1857, doi:10.1149/2.0541509jes,
with the curves fitted to its measurements by O'Kane in
    G. Richardson, I. Korotkin, R. Ranom, M. Castle and J. M. Foster, Electrochim. Acta 339 (2020) 135862,
    doi:10.1016/j.electacta.2020.135862,
and the volume and heat capacities of a larger Kokam cell from
    Y. Zhao, Y. Patel, T. Zhang and G. J. Offer, J. Electrochem. Soc. 165 (2018) A3169, and
    A. Hales et al., J. Electrochem. Soc. 166 (2019) A2383.
Temperatures are those of the fits: 296 K, and 296.15 K for the kinetics and the positive electrode.
"""

import math

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.cells.design import Cell, Electrode, Particle, Separator
from cellsim.cells.heat import Layer, stacked
from cellsim.cells.porous import MacMullin
from cellsim.constants import T_ROOM, F
from cellsim.electrode.kinetics import ButlerVolmer
from cellsim.electrode.open_circuit import StepsAndTails
from cellsim.electrolyte.library import ecker2015
from cellsim.laws import Arrhenius, Points
from cellsim.parameters import as_float_array

SOURCE = (
    "M. Ecker et al., Parameterization of a Physico-Chemical Model of a Lithium-Ion Battery: I. Determination of "
    "Parameters, J. Electrochem. Soc. 162 (2015) A1836-A1848, doi:10.1149/2.0551509jes; the fits as in "
    "G. Richardson et al., Electrochim. Acta 339 (2020) 135862, doi:10.1016/j.electacta.2020.135862"
)
T_FIT = 296.15  # K


class Diffusivity(eqx.Module):
    """D_s = plain + bump exp(slope (theta - centre) + curvature (theta - centre)^2) [m2/s]."""

    plain: Float[Array, ""] = eqx.field(converter=as_float_array)
    bump: Float[Array, ""] = eqx.field(converter=as_float_array)
    centre: Float[Array, ""] = eqx.field(converter=as_float_array)
    slope: Float[Array, ""] = eqx.field(converter=as_float_array)
    curvature: Float[Array, ""] = eqx.field(converter=as_float_array)

    def __call__(self, theta: Points, T: Points) -> Float[Array, "*point"]:
        """Solid diffusivity [m2/s] at lithiation `theta` [-]."""
        x = jnp.broadcast_to(theta, jnp.broadcast_shapes(jnp.shape(theta), jnp.shape(T))) - self.centre
        return self.plain + self.bump * jnp.exp(x * (self.slope + self.curvature * x))


def graphite() -> StepsAndTails:
    """Open-circuit potential of the negative electrode."""
    return StepsAndTails(
        U0=0.140031,
        slope=0.0,
        height=[-0.0189193, -0.0169644, -0.0199313],
        steepness=[21.1967, 27.1365, 28.5697],
        centre=[0.196176, 0.312832, 0.614221],
        tail=[0.716502, 0.12193 * math.exp(35.6478 * 0.0530947), -0.931153 * math.exp(-36.328 * 1.10743)],
        rate=[-369.028, -35.6478, 36.328],
    )


def nickel_cobalt_oxide() -> StepsAndTails:
    """Open-circuit potential of the positive electrode."""
    return StepsAndTails(
        U0=4.23285,
        slope=-2.35211,
        height=[-0.0747061, 6.34984, -0.640243, -3.82383, -0.0542123],
        steepness=[31.886, 2.66395, 5.48623, 4.12167, 18.2919],
        centre=[0.0219921, 0.174352, 0.439245, 0.176187, 0.762272],
    )


def cell() -> Cell:
    """The Kokam cell of Ecker et al. 2015."""
    return Cell(
        negative=Electrode(
            L=74e-6,
            eps=0.329,
            sigma=14.0,
            conduction=MacMullin(1.0),  # the conductivity is that of the electrode as measured
            transport=MacMullin(1 / 0.162),
            C_dl=0.2,  # not in the paper; a usual value, without effect beyond the first milliseconds
            particle=Particle(
                R_p=13.7e-6,
                eps_s=0.372403,
                c_max=31920.0,
                theta0=26120.05 / 31920.0,
                D_s=Arrhenius(Diffusivity(8.2e-15, 8.4e-13, 0.0, -11.3, 0.0), E=30300.0, T_ref=296.0),
                U=graphite(),
                kinetics=ButlerVolmer(k=1.11e-10 * F, E=53400.0, T_ref=T_FIT),
                T_ref=T_FIT,
            ),
        ),
        separator=Separator(L=20e-6, eps=0.508, transport=MacMullin(1 / 0.2615021)),
        positive=Electrode(
            L=54e-6,
            eps=0.296,
            sigma=68.1,
            conduction=MacMullin(1.0),
            transport=MacMullin(1 / 0.1526),
            C_dl=0.2,  # as above
            particle=Particle(
                R_p=6.5e-6,
                eps_s=0.40832,
                c_max=48580.0,
                theta0=12630.8 / 48580.0,
                D_s=Arrhenius(Diffusivity(3.7e-13, -3.4e-13, 0.62, 0.0, -12.0), E=80600.0, T_ref=T_FIT),
                U=nickel_cobalt_oxide(),
                kinetics=ButlerVolmer(k=3.01e-11 * F, E=43600.0, T_ref=T_FIT),
                T_ref=T_FIT,
            ),
        ),
        electrolyte=ecker2015.electrolyte(),
        area=0.101 * 0.085,  # height x width
        c0=1000.0,
        V_min=2.5,
        V_max=4.2,
        capacity=0.15625,
        T_ref=T_FIT,
        T_initial=T_ROOM,
        heat=stacked(
            (
                Layer(14e-6, 8933.0, 385.0),  # copper
                Layer(74e-6, 1555.0, 1437.0),
                Layer(20e-6, 1017.0, 1978.0),
                Layer(54e-6, 2895.0, 1270.0),
                Layer(15e-6, 2702.0, 903.0),  # aluminium
            ),
            volume=1.52e-6,
            cooling_area=0.0172,
        ),
        name="Ecker2015",
        source=SOURCE,
    )
