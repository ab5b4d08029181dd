"""Ions in water at infinite dilution and 25 degC: conductivities of single ions, and what follows from them.

Source: P. Vanysek, Ionic Conductivity and Diffusion at Infinite Dilution, in CRC Handbook of Chemistry and Physics.
Na+ and Cl- are those of Robinson & Stokes, Electrolyte Solutions. In real water Kohlrausch's square-root law takes 2 %
off the conductivity of a 1:1 salt at 1 mol/m3, and that of a 2:1 salt falls faster.
"""

import math
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.constants import T_ROOM, F, R
from cellsim.electrolyte.electrolyte import Electrolyte, Salt
from cellsim.laws import Points
from cellsim.limits import positive
from cellsim.parameters import quantity
from cellsim.registry import UnknownName, suggestion

SOURCE = (
    "P. Vanysek, Ionic Conductivity and Diffusion at Infinite Dilution, in CRC Handbook of Chemistry and Physics (CRC "
    "Press 2002); R. A. Robinson and R. H. Stokes, Electrolyte Solutions (Butterworths 1959)"
)
DILUTE = (0.0, 1.0)  # mol/m3
AT_25 = (297.65, 298.65)  # K


class Measured(NamedTuple):
    """Charge number, and limiting conductivity per equivalent [1e-4 S m2/mol]."""

    z: int
    conductivity: float


IONS: dict[str, Measured] = {
    "H+": Measured(1, 349.65),
    "D+": Measured(1, 249.9),
    "Li+": Measured(1, 38.66),
    "Na+": Measured(1, 50.10),
    "K+": Measured(1, 73.48),
    "Cs+": Measured(1, 77.2),
    "NH4+": Measured(1, 73.5),
    "Ag+": Measured(1, 61.9),
    "Mg2+": Measured(2, 53.0),
    "Ca2+": Measured(2, 59.47),
    "Ba2+": Measured(2, 63.6),
    "Mn2+": Measured(2, 53.5),
    "Cu2+": Measured(2, 53.6),
    "La3+": Measured(3, 69.7),
    "OH-": Measured(-1, 198.0),
    "F-": Measured(-1, 55.4),
    "Cl-": Measured(-1, 76.35),
    "Br-": Measured(-1, 78.1),
    "I-": Measured(-1, 76.8),
    "NO3-": Measured(-1, 71.42),
    "ClO4-": Measured(-1, 67.3),
    "SO42-": Measured(-2, 80.0),
}


class Ion(eqx.Module):
    """An ion at infinite dilution in water at 25 degC; its conductivity is a differentiable leaf."""

    conductivity: Float[Array, ""] = quantity("S m2/mol", 1e-4, 5e-2, "limiting conductivity per equivalent")
    z: int = eqx.field(static=True, default=1)
    name: str = eqx.field(static=True, default="")

    @property
    def D(self) -> Float[Array, ""]:
        """Diffusivity [m2/s] by Nernst-Einstein, R T lambda/(|z| F^2)."""
        return R * T_ROOM * self.conductivity / (abs(self.z) * F**2)


def ion(name: str) -> Ion:
    """The ion called `name`, such as "Li+" or "SO42-". Raises `UnknownName` with a suggestion."""
    if name not in IONS:
        raise UnknownName(f"no ion '{name}'.{suggestion(name, IONS)} There are: {', '.join(IONS)}.")
    return Ion(jnp.asarray(1e-4 * IONS[name].conductivity), IONS[name].z, name)  # 1e-4 S m2/mol -> S m2/mol


def salt(cation: Ion, anion: Ion) -> Electrolyte:
    """The electrolyte of one cation and one anion at infinite dilution, of whatever charges.

    The laws hold copies of the ions: to differentiate in a property of an ion, build the salt from it in the function
    that is differentiated. Raises `ValueError` for two ions of the same sign.
    """
    if not cation.z > 0 > anion.z:
        raise ValueError(
            f"a salt needs a cation and an anion, in this order; found charge numbers {cation.z:+d} and {anion.z:+d}."
        )
    shared = math.gcd(cation.z, -anion.z)
    made = Salt(z_plus=cation.z, nu_plus=-anion.z // shared, nu_minus=cation.z // shared)
    return Electrolyte(
        kappa=Conductivity(cation, anion, made.equivalents),
        D=Diffusivity(cation, anion),
        t_plus=Transference(cation, anion),
        name=f"{cation.name} and {anion.name} in water at infinite dilution",
        source=SOURCE,
        c_range=DILUTE,
        T_range=AT_25,
        salt=made,
    )


class Conductivity(eqx.Module):
    """kappa = c (lambda_+ + lambda_-) per equivalent (Kohlrausch's law of independent ions)."""

    cation: Ion
    anion: Ion
    equivalents: int = eqx.field(static=True)

    def __call__(self, c: Points, T: Points) -> Float[Array, "*point"]:
        c = jnp.broadcast_to(positive(c), jnp.broadcast_shapes(jnp.shape(c), jnp.shape(T)))
        return self.equivalents * c * (self.cation.conductivity + self.anion.conductivity)


class Diffusivity(eqx.Module):
    """D = (z_+ - z_-) D_+ D_-/(z_+ D_+ - z_- D_-) (Nernst-Hartley)."""

    cation: Ion
    anion: Ion

    def __call__(self, c: Points, T: Points) -> Float[Array, "*point"]:
        plus, minus = self.cation, self.anion
        D = (plus.z - minus.z) * plus.D * minus.D / (plus.z * plus.D - minus.z * minus.D)
        return jnp.broadcast_to(D, jnp.broadcast_shapes(jnp.shape(c), jnp.shape(T)))


class Transference(eqx.Module):
    """t_+ = lambda_+/(lambda_+ + lambda_-)."""

    cation: Ion
    anion: Ion

    def __call__(self, c: Points, T: Points) -> Float[Array, "*point"]:
        share = self.cation.conductivity / (self.cation.conductivity + self.anion.conductivity)
        return jnp.broadcast_to(share, jnp.broadcast_shapes(jnp.shape(c), jnp.shape(T)))
