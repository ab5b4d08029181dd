"""The functional forms of the fits to measured conductivities, and what goes with them.

Only the conductivity was measured. What a cell needs beside it is assumed, and said to be: a transference number usual
in carbonates; a thermodynamic factor that grows with concentration as that of LiPF6 in carbonates does (2.1 to 2.2 at 1
mol/L and 25 degC in the sets of Valoen 2005 and Landesfeind 2019); and a diffusivity that follows from these and the
conductivity if every ion moves on its own (Nernst-Einstein and Nernst-Hartley). For LiPF6 at 1 mol/L measured
diffusivities are 0.95 to 1.6 times the same estimate. Use these sets where the conductivity matters most.

The measurements come from the collection CALiSol-23, doi:10.1038/s41597-024-03575-8.
"""

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.constants import F, R
from cellsim.electrolyte.about import About
from cellsim.electrolyte.electrolyte import Electrolyte
from cellsim.laws import Points, Polynomial
from cellsim.limits import at_least, positive
from cellsim.parameters import as_float_array, quantity

T_PLUS = 0.35  # assumed for all of them
CHI_SLOPE = 1.2  # L/mol, likewise
GAP_FLOOR = 20.0  # K above the vanishing-mobility temperature; measured down to 49 K
GAP_WIDTH = 0.5  # K
COLLECTION = (
    "P. de Blasio et al., CALiSol-23: Experimental Electrolyte Conductivity Data for Various Li-Salts and Solvent "
    "Combinations, Sci. Data 11 (2024) 750, doi:10.1038/s41597-024-03575-8"
)


class Fit(NamedTuple):
    """A fit to measured conductivities.

    Six coefficients (see `Conductivity`) and their standard errors, for errors of reading that are independent; the
    number of points, and how many more were left out as misread; the root mean square of ln kappa about the fit, and of
    kappa in S/m.
    """

    coefficients: tuple[float, ...]
    standard_errors: tuple[float, ...]
    points: int
    left_out: int
    deviation: float
    rmse: float


class Conductivity(eqx.Module):
    """kappa [S/m] = m exp(p1 + p2 sqrt(m) + p3 m - p4/(T - p5 - p6 m)), with m in mol/L at 25 degC.

    The conductivity per mole falls with sqrt(m) and m as ions find each other, and with temperature as that of a liquid
    (Vogel, Fulcher, Tammann) whose vanishing-mobility temperature p5 + p6 m [K] the salt raises. Positive everywhere,
    and proportional to m without salt.
    """

    coefficients: Float[Array, "6"] = eqx.field(converter=as_float_array)

    def per_mole(self, c: Points, T: Points) -> Float[Array, "*point"]:
        """kappa / c [S m2/mol]."""
        p1, p2, p3, p4, p5, p6 = self.coefficients
        m = positive(c) / 1000.0  # mol/L
        gap = at_least(T - p5 - p6 * m, GAP_FLOOR, GAP_WIDTH)
        return 1e-3 * jnp.exp(p1 + p2 * jnp.sqrt(m) + p3 * m - p4 / gap)

    def __call__(self, c: Points, T: Points) -> Float[Array, "*point"]:
        return positive(c) * self.per_mole(c, T)


class IdealDiffusivity(eqx.Module):
    """D = 2 t_plus (1 - t_plus) chi R T kappa/(F^2 c): a 1:1 salt whose ions move on their own.

    `kappa`, `t_plus` and `chi` are copies of the electrolyte's: to change those and keep D consistent, change both.
    """

    kappa: Conductivity
    chi: Polynomial
    t_plus: Float[Array, ""] = quantity("-", 0.0, 1.0, "cation transference number", default=T_PLUS)

    def __call__(self, c: Points, T: Points) -> Float[Array, "*point"]:
        each = R * jnp.asarray(T) / F**2 * self.kappa.per_mole(c, T)  # D_+ + D_-
        return 2 * self.t_plus * (1 - self.t_plus) * self.chi(c, T) * each


def about(salt: str, solvent: str) -> About:
    """A salt whose conductivity alone was measured."""
    return About(
        salt,
        solvent,
        {
            "D": "assumed: Nernst-Einstein, from kappa, t_plus, chi",
            "t_plus": f"assumed: {T_PLUS:g}",
            "chi": f"assumed: that of LiPF6, 1 + {CHI_SLOPE:g} c/(mol/L)",
        },
    )


def electrolyte_from(
    fit: Fit, name: str, measured_by: str, c_range: tuple[float, float], T_range: tuple[float, float]
) -> Electrolyte:
    """An electrolyte with a fitted conductivity; all else assumed."""
    kappa, chi = Conductivity(fit.coefficients), Polynomial([1.0, CHI_SLOPE], unit=1000.0)
    return Electrolyte(
        kappa=kappa,
        D=IdealDiffusivity(kappa, chi),
        t_plus=T_PLUS,
        chi=chi,
        name=f"{name} (conductivity of CALiSol 2024, all else assumed)",
        source=f"Fit of the authors of this program to conductivities measured by {measured_by}, in {COLLECTION}",
        c_range=c_range,
        T_range=T_range,
    )
