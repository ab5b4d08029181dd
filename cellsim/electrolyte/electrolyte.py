"""A binary electrolyte: four functions of salt concentration and temperature."""

from typing import NamedTuple

import equinox as eqx
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Float

from cellsim.laws import Law, law

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


class Electrolyte(eqx.Module):
    """A concentrated binary electrolyte.

    Each property is a law of salt concentration `c` [mol/m3] and temperature `T` [K], called as
    `electrolyte.kappa(c, T)`, and can be replaced alone: by a number, a law of `cellsim.laws`, or any function.

    - `kappa`: ionic conductivity [S/m]
    - `D`: salt (Fickian) diffusivity [m2/s]
    - `t_plus`: cation transference number in the solvent-fixed frame [-]
    - `chi`: thermodynamic factor 1 + dln f/dln c [-]

    `c_range` and `T_range` are what was measured; a run that leaves them says so.
    """

    kappa: Law = law("S/m", 1e-7, 200.0, "ionic conductivity")
    D: Law = law("m2/s", 1e-16, 1e-7, "salt diffusivity")
    t_plus: Law = law("-", -2.0, 1.0, "cation transference number")
    chi: Law = law("-", 0.01, 50.0, "thermodynamic factor", default=1.0)
    name: str = eqx.field(static=True, default="electrolyte")
    source: str = eqx.field(static=True, default="")
    c_range: tuple[float, float] = eqx.field(static=True, default=(0.0, float("inf")))
    T_range: tuple[float, float] = eqx.field(static=True, default=(0.0, float("inf")))
    salt: Salt = eqx.field(static=True, default=Salt())

    def outside_measured_range(self, c: ArrayLike, T: ArrayLike) -> str | None:
        """A sentence when `c` [mol/m3] or `T` [K] leave the measured range, else None."""
        said = []
        for what, values, (low, high), unit in (
            ("salt concentration", c, self.c_range, "mol/m3"),
            ("temperature", T, self.T_range, "K"),
        ):
            least, most = float(np.min(values)), float(np.max(values))
            if least < low or most > high:
                said.append(f"{what} ran from {least:.4g} to {most:.4g} {unit}, measured {low:g} to {high:g} {unit}")
        return f"{self.name} was used outside its measured range: {'; '.join(said)}." if said else None
