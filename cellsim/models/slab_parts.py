"""The parts of a slab: layers of solution or membrane, and what meets its ends.

Ions lie on the last axis, in the order in which the slab names them.
"""

import abc
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.constants import F
from cellsim.models.ion_fluxes import Charges, Passage, Side, across_junction, driven
from cellsim.parameters import as_float_array, quantity

Scalar = Float[Array, ""]


class Layer(eqx.Module):
    """A layer of solution, or of a membrane soaked with it. Concentrations are those in the solution itself.

    `fixed_charge` is negative in a cation exchanger; leave it out where there is none, which saves work. `factor` is
    the effective mobility over that of the free solution (pores, tortuosity, hindrance), one for all ions or one each.
    """

    L: Scalar = quantity("m", 1e-8, 1.0, "thickness")
    c0: Float[Array, " ions"] = quantity("mol/m3", 0.0, 5e4, "initial concentrations")
    fixed_charge: Scalar | None = quantity("mol/m3", -2e4, 2e4, "concentration of fixed charge", default=None)
    factor: Float[Array, "*ions"] = quantity("-", 1e-6, 1.0, "effective over free mobility", default=1.0)
    eps: Scalar = quantity("-", 1e-3, 1.0, "volume fraction of the solution", default=1.0)
    name: str = eqx.field(static=True, default="solution")


class AbstractEnd(eqx.Module):
    """What meets an end of a slab."""

    @abc.abstractmethod
    def lets_through(self, I: Scalar) -> Array:
        """Whether a current `I` [A] can pass."""

    @abc.abstractmethod
    def passage(self, inside: Side, z: Charges, i: Scalar, is_left: bool) -> Passage:
        """What passes along x between the end and the middle of the next cell, at current density `i` [A/m2]."""

    @abc.abstractmethod
    def ln_c(self, inside: Side, z: Charges, i: Scalar, is_left: bool) -> Float[Array, "1 ions"]:
        """Logarithms of the concentrations [mol/m3] at the end."""


class Bath(AbstractEnd):
    """A stirred bath of a given composition, in equilibrium (Donnan's, if there is fixed charge) with what it meets."""

    c: Float[Array, " ions"] = quantity("mol/m3", 0.0, 5e4, "concentrations in the bath")

    def lets_through(self, I: Scalar) -> Array:
        """Any current passes."""
        return jnp.isfinite(I)

    def passage(self, inside: Side, z: Charges, i: Scalar, is_left: bool) -> Passage:
        """What passes along x."""
        outside = Side(jnp.exp(self.ln_c(inside, z, i, is_left)), None, None)
        return across_junction(*((outside, inside) if is_left else (inside, outside)), z, i)

    def ln_c(self, inside: Side, z: Charges, i: Scalar, is_left: bool) -> Float[Array, "1 ions"]:
        """Logarithms of the concentrations in the bath."""
        del inside, z, i, is_left
        return jnp.log(self.c)[None]


class AbstractWall(AbstractEnd):
    """An end whose fluxes are given."""

    @abc.abstractmethod
    def flux(self, z: Charges, i: Scalar) -> Float[Array, " ions"]:
        """What passes along x [mol/(m2 s)]."""

    def passage(self, inside: Side, z: Charges, i: Scalar, is_left: bool) -> Passage:
        """What passes along x."""
        del is_left
        J = jnp.broadcast_to(self.flux(z, i), inside.c.shape)
        return Passage(J, self._psi(driven(_finite(inside), J, inside.c), inside, z))

    def ln_c(self, inside: Side, z: Charges, i: Scalar, is_left: bool) -> Float[Array, "1 ions"]:
        """Logarithms of the concentrations at the wall."""
        eta = driven(_finite(inside), jnp.broadcast_to(self.flux(z, i), inside.c.shape), inside.c)
        change = eta - z * self._psi(eta, inside, z)[:, None]
        return jnp.log(inside.c) + (-change if is_left else change)

    def _psi(self, eta: Array, inside: Side, z: Charges) -> Array:
        """The change of the potential that keeps the solution neutral, to first order in that of its composition."""
        return jnp.sum(z * inside.c * eta, axis=-1) / jnp.sum(z**2 * inside.c, axis=-1)


class Closed(AbstractWall):
    """A wall that no ion passes, and so no current."""

    def lets_through(self, I: Scalar) -> Array:
        """No current passes."""
        return jnp.asarray(I) == 0

    def flux(self, z: Charges, i: Scalar) -> Float[Array, " ions"]:
        """Nothing passes."""
        del i
        return jnp.zeros_like(z)


class Electrode(AbstractWall):
    """An electrode at which given ions carry the current, as in plating and stripping. `share` is what each carries of
    it; they sum to one."""

    share: Float[Array, " ions"] = eqx.field(converter=as_float_array)

    def lets_through(self, I: Scalar) -> Array:
        """Any current passes."""
        return jnp.isfinite(I)

    def flux(self, z: Charges, i: Scalar) -> Float[Array, " ions"]:
        """Each ion carries its share."""
        is_charged = z != 0
        return jnp.where(is_charged, self.share * i / (F * jnp.where(is_charged, z, 1.0)), 0.0)


def _finite(inside: Side) -> Any:
    assert inside.g is not None
    return inside.g
