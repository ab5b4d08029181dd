"""NMC against lithium metal, 2.4 mA.h: a half cell.

Values from
    S. Xu, K.-H. Chen, N. P. Dasgupta, J. B. Siegel and A. G. Stefanopoulou, Evolution of Dead Lithium Growth in Lithium
    Metal Batteries: Experimentally Validated Model of the Apparent Capacity Loss, J. Electrochem. Soc. 166 (2019)
    A3456-A3463, doi:10.1149/2.0991914jes,
as PyBaMM's set of the same name has them, with the electrolyte of Valoen and Reimers taken as ideal.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.cells.design import Electrode, Particle, Separator
from cellsim.cells.metal import HalfCellDesign, Metal
from cellsim.cells.porous import Bruggeman
from cellsim.constants import F
from cellsim.electrode.kinetics import ButlerVolmer
from cellsim.electrode.metal import C_REF, Deposition
from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.electrolyte.library import valoen2005
from cellsim.laws import Points, Polynomial
from cellsim.parameters import as_float_array

SOURCE = (
    "S. Xu et al., Evolution of Dead Lithium Growth in Lithium Metal Batteries: Experimentally Validated Model of the "
    "Apparent Capacity Loss, J. Electrochem. Soc. 166 (2019) A3456-A3463, doi:10.1149/2.0991914jes"
)
MOLAR_VOLUME = 1.3e-5  # m3/mol of lithium metal


class PolynomialAndTail(eqx.Module):
    """A polynomial in the lithiation and an exponential tail at full [V]."""

    polynomial: Polynomial
    tail: Float[Array, ""] = eqx.field(converter=as_float_array)  # [V]
    rate: Float[Array, ""] = eqx.field(converter=as_float_array)
    centre: Float[Array, ""] = eqx.field(converter=as_float_array)

    def __call__(self, theta: Points, T: Points) -> Float[Array, "*point"]:
        """Potential [V] at lithiation `theta` [-]."""
        return self.polynomial(theta, T) + self.tail * jnp.exp(self.rate * (jnp.asarray(theta) - self.centre))


def nmc() -> PolynomialAndTail:
    """Open-circuit potential of the working electrode, from Mohtat et al., J. Electrochem. Soc. 167 (2020) 110561."""
    rate = 109.451
    return PolynomialAndTail(
        Polynomial([4.3452, -1.6518, 1.6225, -2.0843, 3.5146, -2.2166]), -0.5623e-4, rate, 100.006 / rate
    )


def electrolyte() -> Electrolyte:
    """LiPF6 in PC:EC:DMC, its conductivity and diffusivity by Valoen and Reimers, its thermodynamic factor set to 1."""
    measured = valoen2005.electrolyte()
    return Electrolyte(
        kappa=measured.kappa,
        D=measured.D,
        t_plus=0.38,
        chi=1.0,
        name="LiPF6 in PC:EC:DMC 10:27:63 by volume (Valoen 2005), taken as ideal",
        source=measured.source,
        c_range=measured.c_range,
        T_range=measured.T_range,
    )


def cell() -> HalfCellDesign:
    """The lithium/NMC cell of Xu et al. 2019."""
    return HalfCellDesign(
        # j0 = F k (1/V_Li)^0.7 c^0.3 with k = 3.5e-8 m/s and the molar volume V_Li of the metal
        lithium=Metal(Deposition(j0_ref=3.5e-8 * F * (1 / MOLAR_VOLUME) ** 0.7 * C_REF**0.3, order=0.3), C_dl=0.2),
        separator=Separator(L=25e-6, eps=0.39, transport=Bruggeman(1.5)),
        working=Electrode(
            L=42e-6,
            eps=0.331,
            sigma=100.0,
            transport=Bruggeman(1.5),
            conduction=Bruggeman(1.5),
            C_dl=0.2,  # not in the paper; a usual value, without effect beyond the first milliseconds
            particle=Particle(
                R_p=5.3e-6,
                eps_s=0.518,
                c_max=48230.0,
                theta0=4631.0 / 48230.0,
                D_s=1e-14,
                U=nmc(),
                kinetics=ButlerVolmer(k=5.76e-11 * F),
            ),
        ),
        electrolyte=electrolyte(),
        area=0.01 * 0.0154,  # height x width
        c0=1000.0,
        V_min=3.5,
        V_max=4.2,
        capacity=0.0024,
        name="Xu2019",
        source=SOURCE,
    )
