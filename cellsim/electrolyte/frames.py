"""Frames of reference: relative to what do the ions move?

A frame is fixed to the centre of some extensive property: mass, moles, volume, or the solvent alone. Its velocity is
v_R = sum_k w_k v_k with weights w_k = e_k c_k / sum_j e_j c_j, where e_k is how much of that property is in a mole of
species k. Species lie on the last axis, the solvent first, then the ions. Only differences of velocity matter to
conductivity, which is the same in every frame.

Sources: de Groot & Mazur, Non-Equilibrium Thermodynamics (North-Holland 1962), chapter XI; Kirkwood, Baldwin, Dunlop,
Gosting & Kegeles, J. Chem. Phys. 33 (1960) 1505, doi:10.1063/1.1731433; Miller, J. Phys. Chem. 70 (1966) 2639,
doi:10.1021/j100880a033.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from cellsim.constants import F
from cellsim.electrolyte.electrolyte import Points, Salt
from cellsim.electrolyte.ions import AtIons, Charges, over_ions
from cellsim.electrolyte.onsager import Matrices
from cellsim.electrolyte.stefan_maxwell import species
from cellsim.laws import Law, law
from cellsim.limits import positive
from cellsim.parameters import as_float_array, quantity

AtSpecies = Float[ArrayLike, "*#point #species"]


class Frame(eqx.Module):
    """A frame of reference, by what a mole of each species holds of the property whose centre is at rest in it."""

    extents: Float[Array, " species"] = eqx.field(converter=as_float_array)

    def __check_init__(self) -> None:
        if not isinstance(self.extents, jax.core.Tracer) and not self.extents[0] > 0:
            raise ValueError(
                f"a frame needs the solvent's share above zero, found extents {self.extents.tolist()}. The solvent "
                "comes first, then the ions: is the order another one?"
            )

    def per_mole(self, c: AtSpecies) -> Array:
        """w_k/c_k [m3/mol], shape (*point, species): what one mole per volume of each species weighs."""
        return self.extents / jnp.sum(self.extents * c, axis=-1, keepdims=True)

    def weights(self, c: AtSpecies) -> Array:
        """w_k [-], shape (*point, species), which add up to one, at concentrations `c` [mol/m3]."""
        return jnp.asarray(c) * self.per_mole(c)

    def velocity(self, J: AtSpecies, c: AtSpecies) -> Array:
        """How fast this frame moves [m/s], shape (*point), as seen from the frame in which the fluxes of all species
        are `J` [mol/(m2 s)]."""
        return jnp.sum(self.per_mole(c) * J, axis=-1)

    def fluxes(self, J: AtSpecies, c: AtSpecies) -> Array:
        """The fluxes [mol/(m2 s)] of all species in this frame, from those in any other, the laboratory's included."""
        return seen_from(J, c, self.velocity(J, c))

    def onsager(self, L: Float[ArrayLike, "*#point species species"], c: AtSpecies) -> Array:
        """The Onsager coefficients of all species in this frame, from those in any other, shape (*point, species,
        species). Forces obey Gibbs and Duhem, so that J = -L grad mu holds in both."""
        c = jnp.asarray(c)[..., None, :]
        return self.fluxes(jnp.swapaxes(self.fluxes(L, c), -1, -2), c)  # both indices; L is symmetric

    def transference(self, t: AtIons, z: Charges, c: AtSpecies, *, given_in: "Frame") -> Array:
        """Transference numbers of the ions in this frame, shape (*point, ions), from those in the frame `given_in`."""
        return self.fluxes(carried(t, z, given_in), c)[..., 1:] * z

    def diffusivity(self, D: Points, c: AtSpecies, *, given_in: "Frame") -> Array:
        """The salt's diffusivity [m2/s] in this frame, shape (*point), from that in the frame `given_in`: without
        current its flux goes as the solvent's weight. What restricted diffusion measures is in the volume's frame."""
        return jnp.asarray(D) * self.weights(c)[..., 0] / given_in.weights(c)[..., 0]


def solvent_fixed(ions: int = 2) -> Frame:
    """The solvent is at rest: the frame of Onsager's, Stefan's and Maxwell's, and Newman's coefficients."""
    return Frame([1.0] + [0.0] * ions)


def mass_fixed(M: Any) -> Frame:
    """The centre of mass is at rest (barycentric), from the molar masses [kg/mol] of solvent and ions."""
    return Frame(M)


def mole_fixed(ions: int = 2) -> Frame:
    """The centre of moles is at rest, ions counted one by one."""
    return Frame([1.0] * (1 + ions))


def volume_fixed(V: Any) -> Frame:
    """The centre of volume is at rest, from the partial molar volumes [m3/mol] of solvent and ions; how a salt's volume
    is shared among its ions is a convention that must go with the transference number. In a closed vessel without
    electrode reactions this is the laboratory's frame where partial volumes do not change."""
    return Frame(V)


def seen_from(J: AtSpecies, c: AtSpecies, velocity: Points) -> Array:
    """Fluxes J_k - c_k v [mol/(m2 s)], shape (*point, species), seen from a frame that moves at `velocity` [m/s] in the
    one where they are `J`. With the velocity reversed this goes from a moving frame to the laboratory."""
    return jnp.asarray(J) - c * over_ions(velocity)


def with_solvent(L: Matrices, frame: Frame) -> Array:
    """The Onsager coefficients of all species, shape (*point, species, species), from those of the ions in `frame`, in
    which its property has no net flux. In the solvent-fixed frame the solvent's are zero."""
    ratio = frame.extents[1:] / frame.extents[0]  # moles of solvent that go the other way, per mole of an ion
    column = -jnp.sum(ratio * jnp.asarray(L), axis=-1)
    corner = -jnp.sum(ratio * column, axis=-1, keepdims=True)
    top = jnp.concatenate([corner, column], axis=-1)
    return jnp.concatenate([top[..., None, :], jnp.concatenate([column[..., None], L], axis=-1)], axis=-2)


def carried(t: AtIons, z: Charges, frame: Frame) -> Array:
    """Moles of each species carried along a current per mole of charge, in `frame`, shape (*point, species): t_i/z_i of
    the ions, and what the frame asks of the solvent."""
    per_charge = jnp.asarray(t) / z
    solvent = -jnp.sum(frame.extents[1:] * per_charge, axis=-1, keepdims=True) / frame.extents[0]
    return jnp.concatenate([solvent, per_charge], axis=-1)


def transference_seen_from(t: AtIons, z: Charges, c: AtSpecies, velocity: Points, i: Points) -> Array:
    """Transference numbers of the ions, shape (*point, ions), seen from a frame (the laboratory's, an electrode's) that
    moves at `velocity` [m/s] in the one where they are `t`, while the current density is `i` [A/m2]."""
    moved = jnp.asarray(c)[..., 1:] * over_ions(F * velocity / i)
    return jnp.asarray(t) - z * moved


# ---- into a cell


class InSolventFrame(eqx.Module):
    """A cation transference number reported in another frame, as the law of the solvent-fixed one that a cell runs on.

    `t_plus` is the reported law, `frame` the frame it was reported in, and `solvent` the solvent's concentration
    [mol/m3]; both laws are functions of salt concentration [mol/m3] and temperature [K].
    """

    t_plus: Law = law("-", -2.0, 1.0, "cation transference number in the frame")
    frame: Frame
    solvent: Law = law("mol/m3", 100.0, 1e5, "solvent concentration")
    salt: Salt = eqx.field(static=True, default=Salt())

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        c = positive(x)
        reported = self.t_plus(x, T)
        t = jnp.stack([reported, 1 - reported], axis=-1)
        everything = species(c, self.solvent(c, T), self.salt)
        fixed = solvent_fixed().transference(t, self.salt.z, everything, given_in=self.frame)
        return fixed[..., 0]


class SolventByMass(eqx.Module):
    """Solvent concentration (rho - M_salt c)/M_solvent [mol/m3] from the density of the solution."""

    density: Law = law("kg/m3", 100.0, 1e4, "density of the solution")
    M_salt: Float[Array, ""] = quantity("kg/mol", 1e-3, 10.0, "molar mass of the salt")
    M_solvent: Float[Array, ""] = quantity("kg/mol", 1e-3, 1e4, "molar mass of the solvent (mean of a mixture)")

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        return (self.density(x, T) - self.M_salt * x) / self.M_solvent


class SolventByVolume(eqx.Module):
    """Solvent concentration (1 - V_salt c)/V_solvent [mol/m3] from constant partial molar volumes."""

    V_salt: Law = law("m3/mol", -1e-3, 1e-2, "partial molar volume of the salt")
    V_solvent: Law = law("m3/mol", 1e-6, 1.0, "partial molar volume of the solvent")

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        return (1 - self.V_salt(x, T) * x) / self.V_solvent(x, T)
