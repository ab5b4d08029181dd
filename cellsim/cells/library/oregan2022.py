"""LG M50 21700, 5 A.h, over temperature: graphite-SiOx against NMC 811, with an electrolyte that is not ideal.

Values from
    K. O'Regan, F. Brosa Planella, W. D. Widanage and E. Kendrick, Thermal-electrochemical parameters of a high energy
    lithium-ion cylindrical battery, Electrochim. Acta 425 (2022) 140700, doi:10.1016/j.electacta.2022.140700,
with open-circuit curves and geometry of the same cell from Chen et al. 2020 (doi:10.1149/1945-7111/ab9050), the
electrolyte of Landesfeind & Gasteiger (doi:10.1149/2.0571912jes), and heat capacities of copper and aluminium from the
CRC Handbook of Chemistry and Physics (2014), in the form of PyBaMM's set of the same name. Two things differ from it:
the upper cut-off is the 4.2 V at which this cell is used, because 4.4 V would need a negative electrode that is more
than full; and the conductivity of the positive electrode is that at 25 degC, its activation energy of 3.5 kJ/mol left
out.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from cellsim.cells.design import Cell, Electrode, Particle, Separator
from cellsim.cells.heat import Layer, stacked
from cellsim.cells.library.chen2020 import graphite_siox, nmc811
from cellsim.cells.porous import Bruggeman
from cellsim.constants import R
from cellsim.electrode.power_law import PowerLawKinetics
from cellsim.electrolyte.library import landesfeind2019_ec_emc
from cellsim.laws import Arrhenius, Points
from cellsim.parameters import as_float_array

SOURCE = (
    "K. O'Regan et al., Thermal-electrochemical parameters of a high energy lithium-ion cylindrical battery, "
    "Electrochim. Acta 425 (2022) 140700, doi:10.1016/j.electacta.2022.140700"
)
COPPER = (236.0, 0.9633, -1.946e-3, 1.445e-6)  # J/(kg K), powers of T [K]
ALUMINIUM = (355.7, 3.281, -6.256e-3, 4.503e-6)


class LineAndPeaks(eqx.Module):
    """A straight line and Gaussian peaks: offset + slope theta + sum_k height_k exp(-(theta - centre_k)^2/width_k)."""

    offset: Float[Array, ""] = eqx.field(converter=as_float_array)
    slope: Float[Array, ""] = eqx.field(converter=as_float_array)
    height: Float[Array, " peaks"] = eqx.field(converter=as_float_array)
    centre: Float[Array, " peaks"] = eqx.field(converter=as_float_array)
    width: Float[Array, " peaks"] = eqx.field(converter=as_float_array)

    def __call__(self, theta: Points, T: Points) -> Float[Array, "*point"]:
        """Value at lithiation `theta` [-]."""
        theta = jnp.broadcast_to(theta, jnp.broadcast_shapes(jnp.shape(theta), jnp.shape(T)))
        total = self.offset + self.slope * theta
        for k in range(self.height.shape[0]):
            total = total + self.height[k] * jnp.exp(-((theta - self.centre[k]) ** 2) / self.width[k])
        return total


class Decades(eqx.Module):
    """Ten to the power of another law, times `factor`, the paper's own correction from half cells to the full cell."""

    exponent: LineAndPeaks
    factor: Float[Array, ""] = eqx.field(converter=as_float_array)

    def __call__(self, theta: Points, T: Points) -> Float[Array, "*point"]:
        """Solid diffusivity [m2/s] at lithiation `theta` [-]."""
        return self.factor * 10.0 ** self.exponent(theta, T)


def graphite_diffusivity() -> Arrhenius:
    """Diffusivity of the negative electrode."""
    exponent = LineAndPeaks(
        offset=-15.11,
        slope=11.17,
        height=[-1.553, -6.136, -9.725, 1.85],
        centre=[0.2031, 0.5375, 0.9144, 0.5953],
        width=[0.0006091, 0.06438, 0.0578, 0.001356],
    )
    return Arrhenius(Decades(exponent, factor=3.0321), E=2092.0 * R)


def nmc811_diffusivity() -> Arrhenius:
    """Diffusivity of the positive electrode."""
    exponent = LineAndPeaks(
        offset=-13.96,
        slope=0.0,
        height=[-0.9231, -0.4066, -0.993],
        centre=[0.3216, 0.4532, 0.8098],
        width=[0.002534, 0.003926, 0.09924],
    )
    return Arrhenius(Decades(exponent, factor=2.7), E=1449.0 * R)


def wet(L: float, eps: float, rho: float, cp: tuple[float, ...]) -> Layer:
    """A layer measured dry, with electrolyte (1280 kg/m3, 229 J/(kg K)) in its pores."""
    in_pores = 1280.0 * eps  # kg/m3
    mean = rho * np.array(cp)
    mean[0] += in_pores * 229.0
    return Layer(L, rho + in_pores, tuple(mean / (rho + in_pores)))


def cell() -> Cell:
    """The LG M50 of O'Regan et al. 2022."""
    return Cell(
        negative=Electrode(
            L=85.2e-6,
            eps=0.25,
            sigma=215.0,
            conduction=Bruggeman(0.0),
            transport=Bruggeman(1.5),
            C_dl=0.2,  # not in the paper; a usual value, without effect beyond the first milliseconds
            particle=Particle(
                R_p=5.86e-6,
                eps_s=0.75,
                c_max=29583.0,
                theta0=28866.0 / 29583.0,
                D_s=graphite_diffusivity(),
                U=graphite_siox(),
                dUdT=LineAndPeaks(0.02914e-3, -0.1112e-3, [0.3561e-3], [0.08309], [0.004616]),
                kinetics=PowerLawKinetics(
                    Arrhenius(2.668, E=4e4), c_ref=1000.0, of_salt=1 - 0.792, of_filled=0.792, of_vacant=1 - 0.792
                ),
            ),
        ),
        separator=Separator(L=12e-6, eps=0.47, transport=Bruggeman(1.5)),
        positive=Electrode(
            L=75.6e-6,
            eps=0.335,
            sigma=0.8473,
            conduction=Bruggeman(0.0),
            transport=Bruggeman(1.5),
            C_dl=0.2,  # as above
            particle=Particle(
                R_p=5.22e-6,
                eps_s=0.665,
                c_max=51765.0,
                theta0=13975.0 / 51765.0,
                D_s=nmc811_diffusivity(),
                U=nmc811(),
                dUdT=LineAndPeaks(0.0, 0.0, [0.04006e-3, -0.06656e-3], [0.2828, 0.8032], [0.0009855, 0.02179]),
                kinetics=PowerLawKinetics(
                    Arrhenius(5.028, E=2.401e4), c_ref=1000.0, of_salt=1 - 0.43, of_filled=0.43, of_vacant=1 - 0.43
                ),
            ),
        ),
        electrolyte=landesfeind2019_ec_emc.electrolyte(),
        area=1.58 * 0.065,  # coated length x height
        c0=1000.0,
        V_min=2.5,
        V_max=4.2,
        capacity=5.0,
        heat=stacked(
            (
                Layer(12e-6, 8933.0, COPPER),
                wet(85.2e-6, 0.25, 1740.0, (-1.897e4, 169.4, -0.491, 4.932e-4)),
                wet(12e-6, 0.47, 946.0, (-5.13e4, 475.5, -1.444, 1.494e-3)),
                wet(75.6e-6, 0.335, 3270.0, (2.508e4, -241.3, 0.7892, -8.414e-4)),
                Layer(16e-6, 2702.0, ALUMINIUM),
            ),
            volume=2.42e-5,
            cooling_area=5.31e-3,
        ),
        name="ORegan2022",
        source=SOURCE,
    )
