"""Stefan-Maxwell diffusivities: each pair of species rubs on each other, c_i grad mu_i = sum_j K_ij (v_j - v_i).

Species lie on the last axis, the solvent first, then the ions. `K` [J s/m5] and `D` [m2/s] are symmetric with nothing
on the diagonal: K_ij = R T c_i c_j/(c_tot D_ij). Onsager coefficients are those of the ions, relative to the solvent.

Source: Newman & Balsara, Electrochemical Systems, 4th ed. (Wiley 2021), chapter 12.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from cellsim.constants import R
from cellsim.electrolyte import onsager
from cellsim.electrolyte._linear import diagonal, inverse
from cellsim.electrolyte.electrolyte import Salt
from cellsim.electrolyte.ions import Points, over_ions

AtSpecies = Float[ArrayLike, "*#point species"]
Pairs = Float[ArrayLike, "*#point species species"]
Pair = Float[Array, "*point species species"]


def _each_with_each(c: AtSpecies, T: Points) -> Pair:
    """R T c_i c_j/c_tot [J/m3], shape (*point, species, species): what friction and diffusivity multiply to."""
    c = jnp.asarray(c)
    share = c / jnp.sum(c, axis=-1, keepdims=True)
    return R * over_ions(over_ions(T)) * c[..., :, None] * share[..., None, :]


def _off_diagonal(products: Array, x: Array) -> Array:
    """products/x between different species, zero on the diagonal, whatever stands there."""
    same = np.eye(x.shape[-1], dtype=bool)
    return jnp.where(same, 0.0, products / jnp.where(same, 1.0, x))


def friction(D: Pairs, c: AtSpecies, T: Points) -> Pair:
    """K_ij = R T c_i c_j/(c_tot D_ij) [J s/m5], none where D_ij is infinite. The diagonal of `D` is not used."""
    return _off_diagonal(_each_with_each(c, T), jnp.asarray(D))


def diffusivities(K: Pairs, c: AtSpecies, T: Points) -> Pair:
    """D_ij = R T c_i c_j/(c_tot K_ij) [m2/s], infinite where there is no friction; zeros on the diagonal."""
    return _off_diagonal(_each_with_each(c, T), jnp.asarray(K))


def onsager_coefficients(K: Pairs, c: AtSpecies) -> Float[Array, "*point ions ions"]:
    """L_ij = c_i c_j (M^-1)_ij [mol2/(J m s)] of the ions, relative to the solvent, with the friction matrix
    M_ij = -K_ij, M_ii = sum_k K_ik over all species, the solvent included."""
    K, ions = jnp.asarray(K), jnp.asarray(c)[..., 1:]
    M = diagonal(jnp.sum(K, axis=-1)[..., 1:]) - K[..., 1:, 1:] * (1 - np.eye(ions.shape[-1]))
    return ions[..., :, None] * ions[..., None, :] * inverse(M)


def friction_of(L: onsager.Matrices, c: AtSpecies) -> Pair:
    """The friction K [J s/m5] of all pairs, solvent included, from Onsager coefficients relative to the solvent."""
    ions = jnp.asarray(c)[..., 1:]
    M = ions[..., :, None] * ions[..., None, :] * inverse(jnp.asarray(L))
    with_solvent = jnp.sum(M, axis=-1)
    among_ions = -M * (1 - np.eye(ions.shape[-1]))
    top = jnp.concatenate([jnp.zeros_like(with_solvent[..., :1]), with_solvent], axis=-1)
    below = jnp.concatenate([with_solvent[..., None], among_ions], axis=-1)
    return jnp.concatenate([top[..., None, :], below], axis=-2)


# ---- a salt


class Binary(NamedTuple):
    """The Stefan-Maxwell diffusivities of a salt [m2/s]: cation and solvent, anion and solvent, cation and anion."""

    D_0plus: Float[Array, "*point"]
    D_0minus: Float[Array, "*point"]
    D_plusminus: Float[Array, "*point"]


class Transport(NamedTuple):
    """Conductivity [S/m], cation transference number [-] and salt diffusivity [m2/s], relative to the solvent."""

    kappa: Float[Array, "*point"]
    t_plus: Float[Array, "*point"]
    D: Float[Array, "*point"]


def pairs(D: Binary) -> Float[Array, "*point 3 3"]:
    """The matrix of solvent, cation and anion; zeros on the diagonal."""
    D_0plus, D_0minus, D_plusminus = jnp.broadcast_arrays(*D)
    none = jnp.zeros_like(D_0plus)
    rows = ((none, D_0plus, D_0minus), (D_0plus, none, D_plusminus), (D_0minus, D_plusminus, none))
    return jnp.stack([jnp.stack(row, axis=-1) for row in rows], axis=-2)


def species(c: Points, c0: Points, salt: Salt) -> Float[Array, "*point 3"]:
    """Concentrations of solvent, cation and anion [mol/m3] from those of the salt and of the solvent."""
    c, c0 = jnp.broadcast_arrays(jnp.asarray(c, float), jnp.asarray(c0, float))
    return jnp.concatenate([c0[..., None], salt.ions(c)], axis=-1)


def onsager_of_salt(D: Binary, c: Points, c0: Points, T: Points, salt: Salt) -> onsager.OfSalt:
    """The Onsager coefficients of a salt from its Stefan-Maxwell diffusivities, written out."""
    c_plus, c_minus = salt.nu_plus * jnp.asarray(c), salt.nu_minus * jnp.asarray(c)
    unit = R * T / (c0 + c_plus + c_minus)
    plus = unit * c0 / D.D_0plus  # friction with the solvent, per mole of cations
    minus = unit * c0 / D.D_0minus
    cross = unit / D.D_plusminus  # friction between the ions, per mole of either
    determinant = plus * minus + cross * (c_plus * plus + c_minus * minus)
    return onsager.OfSalt(
        c_plus * (minus + c_plus * cross) / determinant,
        c_plus * c_minus * cross / determinant,
        c_minus * (plus + c_minus * cross) / determinant,
    )


def transport(D: Binary, c: Points, c0: Points, chi: Points, T: Points, salt: Salt) -> Transport:
    """What is measured on a salt, from its Stefan-Maxwell diffusivities at salt and solvent concentrations `c` and `c0`
    [mol/m3] and thermodynamic factor `chi`. `Transport.D` is Newman's D times 1 - dln c0/dln c."""
    L = onsager_of_salt(D, c, c0, T, salt)
    return Transport(L.kappa(salt), L.t_plus(salt), L.D(c, chi, T, salt))


def binary(measured: Transport, c: Points, c0: Points, chi: Points, T: Points, salt: Salt) -> Binary:
    """The Stefan-Maxwell diffusivities of a salt from what is measured on it: the inverse of `transport`.

    D_0+ is negative where t_plus is (and D_0- above one), and D_+- where kappa is above what the friction with the
    solvent alone would leave: neither contradicts the second law, which asks only that the Onsager matrix be positive
    definite.
    """
    everything = species(c, c0, salt)
    L = onsager.salt_coefficients(c, measured.kappa, measured.t_plus, measured.D, chi, T, salt)
    D = diffusivities(friction_of(L.matrix, everything), everything, T)
    return Binary(D[..., 0, 1], D[..., 0, 2], D[..., 1, 2])


def thermodynamic_diffusivity(D: Binary, salt: Salt) -> Array:
    """D_0+ D_0- (z+ - z-)/(z+ D_0+ - z- D_0-) [m2/s], shape (*point): the salt's diffusivity relative to the solvent is
    this times c_tot/c0 times chi."""
    z_plus, z_minus = salt.z
    D_0plus, D_0minus = jnp.asarray(D.D_0plus), jnp.asarray(D.D_0minus)
    return D_0plus * D_0minus * (z_plus - z_minus) / (z_plus * D_0plus - z_minus * D_0minus)
