"""Onsager coefficients: each ion is driven by the forces on all of them, J_i = -sum_j L_ij grad mu_j.

`L` [mol2/(J m s)], shape (*point, ions, ions), is symmetric, and positive definite by the second law. Fluxes are
relative to the solvent; `cellsim.electrolyte.frames` goes to other frames of reference.

Sources: Onsager & Fuoss, J. Phys. Chem. 36 (1932) 2689, doi:10.1021/j150341a001; Miller, J. Phys. Chem. 70 (1966) 2639,
doi:10.1021/j100880a033; Fong, Bergstrom, McCloskey & Mandadapu, AIChE J. 66 (2020) e17091, doi:10.1002/aic.17091.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from cellsim.constants import F, R
from cellsim.electrolyte._linear import diagonal
from cellsim.electrolyte.electrolyte import AbstractElectrolyte, Salt
from cellsim.electrolyte.ions import AtIons, Charges, Points, over_ions

Matrix = Float[Array, "*point ions ions"]
Matrices = Float[ArrayLike, "*#point ions ions"]


class SecondLawViolated(ValueError):
    """Onsager coefficients with which some forces would make entropy disappear."""


def fluxes(L: Matrices, grad_mu: AtIons) -> Array:
    """J_i = -sum_j L_ij grad mu_j [mol/(m2 s)], shape (*point, ions), from gradients of the electrochemical potentials
    [J/(mol m)]."""
    return -jnp.einsum("...ij,...j->...i", L, grad_mu)


def dissipation(L: Matrices, grad_mu: AtIons) -> Float[Array, "*point"]:
    """T times the entropy production, sum_ij L_ij grad mu_i grad mu_j [W/m3]; never negative."""
    return -jnp.sum(fluxes(L, grad_mu) * grad_mu, axis=-1)


# ---- what they say of the solution


def conductivity(L: Matrices, z: Charges) -> Float[Array, "*point"]:
    """kappa = F^2 sum_ij z_i z_j L_ij [S/m]."""
    return F**2 * jnp.einsum("i,...ij,j->...", z, L, z)


def transference(L: Matrices, z: Charges) -> Array:
    """t_i = z_i sum_j z_j L_ij / sum_kl z_k z_l L_kl [-], shape (*point, ions)."""
    carried = jnp.asarray(z) * jnp.einsum("...ij,j->...i", L, z)
    return carried / jnp.sum(carried, axis=-1, keepdims=True)


# ---- where they come from


def ideal(c: AtIons, D: AtIons, T: Points) -> Matrix:
    """L_ii = c_i D_i/(R T), none between different ions: returns Nernst and Einstein, and Nernst and Hartley."""
    return diagonal(jnp.asarray(c) * D / (R * over_ions(T)))


def self_part(c: AtIons, D_self: AtIons, T: Points) -> Matrix:
    """What each ion contributes alone, from self (tracer) diffusivities [m2/s]: the ideal coefficients."""
    return ideal(c, D_self, T)


def distinct_part(L: Matrices, c: AtIons, D_self: AtIons, T: Points) -> Matrix:
    """What correlated motion of different ions contributes, of the same kind (diagonal) and of different kinds."""
    return jnp.asarray(L) - self_part(c, D_self, T)


def positive_definite(ln_D: AtIons, below: Float[ArrayLike, "*#point pairs"], c: AtIons, T: Points) -> Matrix:
    """Coefficients that obey the second law whatever the numbers: for laws that are learned.

    L_ij = sqrt(c_i c_j D_i D_j) r_ij/(R T) with D_i = exp(ln_D_i) [m2/s] and r = M M^T, M lower triangular with rows of
    unit length in the direction (below..., 1): a Cholesky factor, so r is a correlation matrix. `below` holds the
    entries under the diagonal row by row, pairs = ions (ions - 1)/2; zeros are the ideal limit. With two ions
    r_+- = below/sqrt(1 + below^2).
    """
    ln_D, below, c = jnp.asarray(ln_D), jnp.asarray(below), jnp.asarray(c)
    ions = ln_D.shape[-1]
    if below.shape[-1] != ions * (ions - 1) // 2:
        raise ValueError(
            f"{ions} ions have {ions * (ions - 1) // 2} entries below the diagonal, found {below.shape[-1]}."
        )
    under, over = np.tril_indices(ions, -1)
    factor = jnp.zeros((*below.shape[:-1], ions, ions)).at[..., under, over].set(below) + jnp.eye(ions)
    factor = factor / jnp.sqrt(jnp.sum(factor**2, axis=-1, keepdims=True))
    root = jnp.sqrt(c) * jnp.exp(0.5 * ln_D)
    scaled = root[..., None] * factor
    return jnp.einsum("...ik,...jk->...ij", scaled, scaled) / (R * over_ions(over_ions(T)))


# ---- a salt


class OfSalt(NamedTuple):
    """The three coefficients of a salt [mol2/(J m s)], as arrays over points.

    What follows from them is written out entry by entry, for a cell asks for it at every face of its mesh.
    """

    plus: Float[Array, "*point"]  # L++
    cross: Float[Array, "*point"]  # L+-
    minus: Float[Array, "*point"]  # L--

    @property
    def matrix(self) -> Float[Array, "*point 2 2"]:
        """The coefficients as a matrix, the cation first."""
        plus, cross, minus = jnp.broadcast_arrays(*self)
        return jnp.stack([jnp.stack([plus, cross], axis=-1), jnp.stack([cross, minus], axis=-1)], axis=-2)

    def kappa(self, salt: Salt) -> Float[Array, "*point"]:
        """Conductivity F^2 S [S/m], with S = z+^2 L++ + 2 z+ z- L+- + z-^2 L--."""
        return F**2 * self._charge(salt)

    def t_plus(self, salt: Salt) -> Float[Array, "*point"]:
        """Cation transference number z+ (z+ L++ + z- L+-)/S [-]."""
        return salt.z_plus * (salt.z_plus * self.plus + salt.z_minus * self.cross) / self._charge(salt)

    def D(self, c: Points, chi: Points, T: Points, salt: Salt) -> Float[Array, "*point"]:
        """Salt diffusivity nu R T chi/c (L++ L-- - L+-^2)/(k^2 S) [m2/s], k = nu+/|z-|: the flux of salt is -D grad c
        relative to the solvent. Newman's D is this over 1 - dln c0/dln c (`conventions.salt_diffusivity_newman`)."""
        k = salt.nu_plus / abs(salt.z_minus)
        neutral = (self.plus * self.minus - self.cross**2) / (k**2 * self._charge(salt))
        return jnp.asarray(salt.nu * R * T * chi / c) * neutral

    def chi(self, c: Points, D: Points, T: Points, salt: Salt) -> Float[Array, "*point"]:
        """The thermodynamic factor [-] with which these coefficients give the salt diffusivity `D` [m2/s]."""
        return jnp.asarray(D) / self.D(c, 1.0, T, salt)

    def _charge(self, salt: Salt) -> Array:
        z_plus, z_minus = salt.z_plus, salt.z_minus
        return z_plus**2 * self.plus + 2 * z_plus * z_minus * self.cross + z_minus**2 * self.minus


def salt_coefficients(
    c: Points, kappa: Points, t_plus: Points, D: Points, chi: Points, T: Points, salt: Salt
) -> OfSalt:
    """L_ij = kappa/F^2 t_i t_j/(z_i z_j) + nu_i nu_j c D/(nu R T chi), from what is measured on a salt.

    The first part is current without a salt gradient, the second salt that moves without current. So L is positive
    definite exactly where kappa > 0 and D/chi > 0, whatever the transference number.
    """
    with_current = jnp.asarray(kappa) / F**2
    without = jnp.asarray(c * D / (salt.nu * R * T * chi))
    per_charge = (jnp.asarray(t_plus) / salt.z_plus, (1 - jnp.asarray(t_plus)) / salt.z_minus)
    nu = salt.nu_plus, salt.nu_minus
    coefficient = lambda i, j: with_current * per_charge[i] * per_charge[j] + without * nu[i] * nu[j]
    return OfSalt(coefficient(0, 0), coefficient(0, 1), coefficient(1, 1))


# ---- the second law


def check_second_law(L: Matrices, c: AtIons) -> None:
    """Raises `SecondLawViolated`, naming the first composition `c` at which `L` is not positive definite (`ValueError`
    where it is not symmetric). Traced values are not judged."""
    if isinstance(L, jax.core.Tracer) or isinstance(c, jax.core.Tracer):
        return
    L, c = np.asarray(L), np.asarray(c)
    c = np.broadcast_to(c, L.shape[:-1])
    size = np.sqrt(np.abs(np.einsum("...ii->...i", L)))
    bound = size[..., :, None] * size[..., None, :]
    lopsided = np.abs(L - np.swapaxes(L, -1, -2)) > 1e-9 * bound
    if lopsided.any():
        *outer, i, j = (int(k) for k in np.argwhere(lopsided)[0])
        at = tuple(outer)
        raise ValueError(
            f"Onsager coefficients are symmetric, but L[{i}, {j}] = {L[(*at, i, j)]:g} and L[{j}, {i}] = "
            f"{L[(*at, j, i)]:g} at {_composition(c, at)}. Were the two averaged from different series?"
        )
    scaled = np.nan_to_num(L / np.where(bound > 0, bound, 1.0))
    least = np.linalg.eigvalsh(scaled)[..., 0]
    wrong = ~(least > 0) | ~np.isfinite(L).all(axis=(-2, -1))
    if wrong.any():
        index = tuple(int(k) for k in np.argwhere(wrong)[0])
        raise SecondLawViolated(
            f"the Onsager matrix is not positive definite at {_composition(c, index)}: L = {L[index].tolist()} "
            f"mol2/(J m s), and scaled to a unit diagonal its least eigenvalue is {least[index]:.3g}, where the "
            "second law needs it above zero. Likely causes: a distinct part larger than the self part allows "
            "(|L_ij| > sqrt(L_ii L_jj)), or a conductivity, salt diffusivity or thermodynamic factor below zero."
        )


def check_electrolyte(electrolyte: AbstractElectrolyte, c: Any, T: Any) -> None:
    """Raises `SecondLawViolated` with the first salt concentration among `c` [mol/m3] at which the four functions of an
    electrolyte, at `T` [K], contradict the second law. Traced values are not judged."""
    c, T = jnp.broadcast_arrays(jnp.asarray(c, float), jnp.asarray(T, float))
    kappa, t_plus = electrolyte.kappa(c, T), electrolyte.t_plus(c, T)
    L = salt_coefficients(c, kappa, t_plus, electrolyte.D(c, T), electrolyte.chi(c, T), T, electrolyte.salt)
    check_second_law(L.matrix, electrolyte.salt.ions(c))


def _composition(c: np.ndarray, index: tuple[int, ...]) -> str:
    where = f"index {index if len(index) != 1 else index[0]}, " if index else ""
    return f"{where}c = ({', '.join(f'{x:g}' for x in c[index])}) mol/m3"
