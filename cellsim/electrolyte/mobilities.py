"""How ions of a solution move: Onsager coefficients as a function of its composition, in one tree of parameters.

`L(c, T)` takes the concentrations of all ions [mol/m3], shape (*point, ions), and gives the coefficients relative to
the solvent [mol2/(J m s)], shape (*point, ions, ions).

Sources: Newman & Balsara, Electrochemical Systems, 4th ed. (Wiley 2021), chapters 11 and 12.
"""

import abc
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.electrolyte import onsager
from cellsim.electrolyte.electrolyte import AbstractElectrolyte
from cellsim.electrolyte.ions import AtIons, Points
from cellsim.parameters import quantity


class AbstractMobility(eqx.Module):
    """Onsager coefficients of a solution of given ions. They vanish as sqrt(c_i c_j) with the concentrations."""

    @abc.abstractmethod
    def L(self, c: AtIons, T: Points) -> Float[Array, "*point ions ions"]:
        """Onsager coefficients [mol2/(J m s)] at concentrations `c` [mol/m3] above zero."""

    @abc.abstractmethod
    def outside_measured_range(self, c: Any, T: Any) -> str | None:
        """A sentence when concentrations (..., ions) or temperatures leave what was measured, else None."""


class IndependentIons(AbstractMobility):
    """Ions that move on their own, L_ii = c_i D_i/(R T): Nernst and Planck."""

    D: Float[Array, " ions"] = quantity("m2/s", 1e-18, 1e-7, "diffusivities of the ions")

    def L(self, c: AtIons, T: Points) -> Float[Array, "*point ions ions"]:
        """Onsager coefficients [mol2/(J m s)]."""
        return onsager.ideal(c, self.D, T)

    def outside_measured_range(self, c: Any, T: Any) -> str | None:
        """None: a range belongs to a published electrolyte."""
        del c, T
        return None


class CorrelatedIons(AbstractMobility):
    """Ions that drag each other along, L_ij = sqrt(c_i c_j D_i D_j) r_ij/(R T) with a correlation matrix r, given by
    the entries below the diagonal of its Cholesky factor before the rows are scaled (`onsager.positive_definite`)."""

    D: Float[Array, " ions"] = quantity("m2/s", 1e-18, 1e-7, "Onsager coefficients R T L_ii/c_i as diffusivities")
    below: Float[Array, " pairs"] = quantity("-", -1e3, 1e3, "entries below the diagonal, row by row")

    def L(self, c: AtIons, T: Points) -> Float[Array, "*point ions ions"]:
        """Onsager coefficients [mol2/(J m s)]."""
        return onsager.positive_definite(jnp.log(self.D), self.below, c, T)

    def outside_measured_range(self, c: Any, T: Any) -> str | None:
        """None: a range belongs to a published electrolyte."""
        del c, T
        return None


class OfElectrolyte(AbstractMobility):
    """Cation and anion of a binary electrolyte, from its conductivity, transference number and diffusivity.

    The diffusivity is kept as it is, so the thermodynamic factor that it holds is that of an ideal solution.
    """

    electrolyte: AbstractElectrolyte

    def L(self, c: AtIons, T: Points) -> Float[Array, "*point 2 2"]:
        """Onsager coefficients [mol2/(J m s)] of cation and anion."""
        e = self.electrolyte
        salt = jnp.mean(jnp.asarray(c) / e.salt.stoichiometry, axis=-1)
        values = e.kappa(salt, T), e.t_plus(salt, T), e.D(salt, T)
        return onsager.salt_coefficients(salt, *values, 1.0, T, e.salt).matrix

    def outside_measured_range(self, c: Any, T: Any) -> str | None:
        """What the electrolyte says."""
        return self.electrolyte.outside_measured_range(c[..., 0] / self.electrolyte.salt.nu_plus, T)
