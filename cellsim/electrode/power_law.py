"""Butler-Volmer kinetics with an exchange current density of free powers and a free rate."""

from typing import Any

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from cellsim.constants import F, R
from cellsim.electrode.kinetics import AbstractKinetics
from cellsim.laws import Law, law
from cellsim.limits import positive
from cellsim.parameters import quantity

Points = Float[ArrayLike, "*#point"]
SMALL = 1e-6  # of the lithiation, where a power of nothing would have an infinite slope


class PowerLawKinetics(AbstractKinetics):
    """Symmetric Butler-Volmer kinetics of insertion, j = 2 j0 sinh(F eta / 2RT), with

    j0 = rate(theta, T) (c / c_ref)^of_salt theta^of_filled (1 - theta)^of_vacant.

    With powers of one half and a constant rate it is `ButlerVolmer`, normalised: rate = k c_max c_ref^0.5.

    Source: Doyle, Fuller & Newman, J. Electrochem. Soc. 140 (1993) 1526, doi:10.1149/1.2221597; Newman & Balsara,
    Electrochemical Systems, 4th ed. (Wiley 2021), chapter 8.
    """

    rate: Law = law("A/m2", 1e-12, 1e8, "exchange current density but for its powers, of (lithiation, T)")
    c_ref: Float[Array, ""] = quantity("mol/m3", 1.0, 2e4, "salt concentration at which `rate` is given")
    of_salt: Float[Array, ""] = quantity("-", 0.0, 2.0, "power of the salt concentration", default=0.5)
    of_filled: Float[Array, ""] = quantity("-", 0.0, 2.0, "power of the lithiation", default=0.5)
    of_vacant: Float[Array, ""] = quantity("-", 0.0, 2.0, "power of what is vacant", default=0.5)

    def j0(self, c: Points, theta: Points, c_max: Any, T: Points) -> Float[Array, "*point"]:
        """Exchange current density [A/m2] at salt concentration `c` [mol/m3] and surface lithiation `theta` [-]."""
        del c_max  # the powers are those of fractions
        salt = (positive(c, 1e-2) / self.c_ref) ** self.of_salt
        filled = positive(theta, SMALL) ** self.of_filled
        vacant = positive(1.0 - jnp.asarray(theta), SMALL) ** self.of_vacant
        return jnp.asarray(self.rate(theta, T)) * salt * filled * vacant

    def j(self, j0: Points, eta: Points, T: Points) -> Float[Array, "*point"]:
        """Faradaic current density [A/m2], positive when lithium leaves the solid, at overpotential `eta` [V]."""
        forward = jnp.exp(F * jnp.asarray(eta) / (2.0 * R * T))
        return jnp.asarray(j0) * (forward - 1.0 / forward)

    def eta(self, j0: Points, j: Points, T: Points) -> Float[Array, "*point"]:
        """The overpotential [V] at which `j` [A/m2] passes."""
        return 2.0 * R / F * jnp.asarray(T) * jnp.arcsinh(jnp.asarray(j) / (2.0 * jnp.asarray(j0)))
