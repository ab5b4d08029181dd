"""A binary electrolyte: four functions of salt concentration and temperature."""

from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from cellsim.laws import Law, law
from cellsim.parameters import Quantity

Points = Float[ArrayLike, "*#point"]


class Salt(NamedTuple):
    """Charges and stoichiometry of a binary salt, one formula unit of which gives nu_plus cations of charge z_plus."""

    z_plus: int = 1
    nu_plus: int = 1
    nu_minus: int = 1

    @property
    def nu(self) -> int:
        """Ions per formula unit."""
        return self.nu_plus + self.nu_minus

    @property
    def equivalents(self) -> int:
        """Moles of positive charge per mole of salt, z_plus nu_plus."""
        return self.z_plus * self.nu_plus

    @property
    def z_minus(self) -> int:
        """Charge number of the anion, from electroneutrality. Raises `ValueError` where no whole number balances."""
        z_minus, left = divmod(-self.equivalents, self.nu_minus)
        if left:
            raise ValueError(
                f"{self} is no salt: {self.equivalents} positive charges cannot be shared by {self.nu_minus} anions. "
                "The stoichiometry is per formula unit: CaCl2 is Salt(z_plus=2, nu_plus=1, nu_minus=2)."
            )
        return z_minus

    @property
    def z(self) -> np.ndarray:
        """Charge numbers of cation and anion."""
        return np.array([self.z_plus, self.z_minus], dtype=float)

    @property
    def stoichiometry(self) -> np.ndarray:
        """Cations and anions per formula unit."""
        return np.array([self.nu_plus, self.nu_minus], dtype=float)

    def ions(self, c: Points) -> Float[Array, "*point 2"]:
        """Concentrations of cation and anion, dissociated or not, at salt concentration `c`, in the unit of `c`."""
        return jnp.asarray(c)[..., None] * self.stoichiometry


PROPERTIES = {
    "kappa": Quantity("S/m", 1e-7, 200.0, "ionic conductivity"),
    "D": Quantity("m2/s", 1e-16, 1e-7, "salt diffusivity"),
    "t_plus": Quantity("-", -2.0, 1.0, "cation transference number"),
    "chi": Quantity("-", 0.01, 50.0, "thermodynamic factor"),
}


class AbstractElectrolyte(eqx.Module):
    """A concentrated binary electrolyte: four functions of salt concentration `c` [mol/m3] and temperature `T` [K].

    Whatever they are made of, they are called as `electrolyte.kappa(c, T)`, are finite and differentiable wherever a
    solver may look (no salt, or slightly less), and every number in them is one leaf of the tree.

    - `kappa`: ionic conductivity [S/m]
    - `D`: salt (Fickian) diffusivity [m2/s], of the salt's flux relative to the solvent
    - `t_plus`: cation transference number in the solvent-fixed frame [-]
    - `chi`: thermodynamic factor 1 + dln f/dln c [-]

    `c_range` and `T_range` are what was measured; a run that leaves them says so.
    """

    kappa: eqx.AbstractVar[Law]
    D: eqx.AbstractVar[Law]
    t_plus: eqx.AbstractVar[Law]
    chi: eqx.AbstractVar[Law]
    name: str = eqx.field(static=True, default="electrolyte", kw_only=True)
    source: str = eqx.field(static=True, default="", kw_only=True)
    c_range: tuple[float, float] = eqx.field(static=True, default=(0.0, float("inf")), kw_only=True)
    T_range: tuple[float, float] = eqx.field(static=True, default=(0.0, float("inf")), kw_only=True)
    salt: Salt = eqx.field(static=True, default=Salt(), kw_only=True)

    def outside_measured_range(self, c: ArrayLike, T: ArrayLike) -> str | None:
        """A sentence when `c` [mol/m3] or `T` [K] leave the measured range, else None."""
        said = []
        for what, values, (low, high), unit in (
            ("salt concentration", c, self.c_range, "mol/m3"),
            ("temperature", T, self.T_range, "K"),
        ):
            least, most = float(np.min(values)), float(np.max(values))
            if np.isfinite(high) and (least < low or most > high):  # else nobody said what was measured
                said.append(f"{what} ran from {least:.4g} to {most:.4g} {unit}, measured {low:g} to {high:g} {unit}")
        return f"{self.name} was used outside its measured range: {'; '.join(said)}." if said else None


def property_law(name: str, **kwargs: Any) -> Any:
    """A field for a law of one of the four `PROPERTIES`."""
    return law(*PROPERTIES[name], **kwargs)


class Electrolyte(AbstractElectrolyte):
    """Four laws, each replaceable alone: by a number, a law of `cellsim.laws`, or any function of (c, T)."""

    kappa: Law = property_law("kappa")
    D: Law = property_law("D")
    t_plus: Law = property_law("t_plus")
    chi: Law = property_law("chi", default=1.0)
