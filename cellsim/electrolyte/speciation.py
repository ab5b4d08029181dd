"""Ion pairs and larger clusters in equilibrium with free ions.

Components (cation, anion, perhaps more) lie on the last axis of totals and free concentrations, species (the free
components first, then the clusters) on the last axis of everything else. A cluster that holds a_c of component c obeys
the law of mass action, c_k = K_k prod_c (free_c)^a_c, with association constants K_k [(m3/mol)^(sum a - 1)]; 1 L/mol is
1e-3 m3/mol.

Sources: Bjerrum, K. Dan. Vidensk. Selsk. Mat.-Fys. Medd. 7 (1926) No. 9; Fuoss & Kraus, J. Am. Chem. Soc. 55 (1933)
2387, doi:10.1021/ja01333a026 (triple ions); Sun & Tran-Dinh, Math. Program. 178 (2019) 145,
doi:10.1007/s10107-018-1282-4 (the damped Newton step).
"""

from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from cellsim.constants import R
from cellsim.electrolyte._linear import solved
from cellsim.electrolyte.electrolyte import Salt
from cellsim.electrolyte.ions import Points, over_ions
from cellsim.laws import Law, law

CLOSE = 1e-7  # relative change that leaves an error below the last digit, for the convergence is quadratic
MAX_ITERATIONS = 100  # ten are enough for constants from none to 1e12 of what binds half of the ions

Makeup = tuple[tuple[int, ...], ...]  # how many of each component are in each species
AtSpecies = Float[ArrayLike, "*#point species"]


def makeup(clusters: Any, components: int) -> Makeup:
    """How many of each component are in each species: the free components, then the clusters (a, b, ...)."""
    free = np.eye(components, dtype=int).tolist()
    for cluster in clusters:
        if len(cluster) != components or min(cluster) < 0 or sum(cluster) < 2:
            raise ValueError(
                f"a cluster of {components} components holds a whole number of each, two or more in all; found "
                f"{tuple(cluster)}."
            )
    return tuple(tuple(int(a) for a in row) for row in [*free, *clusters])


def equilibrium(
    total: Float[ArrayLike, "*#point components"], ln_K: Float[ArrayLike, "*#point clusters"], made_of: Makeup
) -> Array:
    """Concentrations of all species [mol/m3], shape (*point, species), the free components first.

    - `total`: of each component, free and bound together [mol/m3], above zero
    - `ln_K`: logarithms of the clusters' association constants [(m3/mol)^(sum a - 1)]
    - `made_of`: the `makeup` of the species

    Differentiable to any order in totals and constants, forward and reverse, by the implicit function theorem.
    """
    total, ln_K = jnp.asarray(total), jnp.asarray(ln_K)
    point = jnp.broadcast_shapes(total.shape[:-1], ln_K.shape[:-1])
    components = total.shape[-1]
    of_free = jnp.zeros((*point, components))
    of_clusters = jnp.broadcast_to(ln_K, (*point, ln_K.shape[-1]))
    of_species = jnp.concatenate([of_free, of_clusters], axis=-1)
    ln_free = _ln_free(made_of, jnp.broadcast_to(total, (*point, components)), of_species)
    return _mass_action(ln_free, of_species, _table(made_of))


def _table(made_of: Makeup) -> np.ndarray:
    return np.array(made_of, dtype=float)


def _mass_action(ln_free: Array, ln_K: Array, table: np.ndarray) -> Array:
    return jnp.exp(ln_K + ln_free @ table.T)


def buffering(concentrations: AtSpecies, made_of: Makeup) -> Array:
    """d total_c / d ln free_d = sum_k a_kc a_kd c_k [mol/m3], shape (*point, components, components)."""
    table = _table(made_of)
    return jnp.einsum("...k,kc,kd->...cd", concentrations, table, table)


def _change_of_ln_free(concentrations: Array, made_of: Makeup, change: Array) -> Array:
    """How ln free answers a change of the totals."""
    return solved(buffering(concentrations, made_of), change[..., None])[..., 0]


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _ln_free(made_of: Makeup, total: Array, ln_K: Array) -> Array:
    """Logarithms of the free concentrations x, where the totals meet sum_k a_kc exp(ln K_k + a_k.x).

    This is the minimum of the convex sum_k exp(ln K_k + a_k.x) - total.x. Newton's step, shortened by ln(1 + d)/d where
    d is the largest change that it makes in the logarithm of any species, descends from everywhere.
    """
    table = _table(made_of)
    # a start at which no cluster alone holds more of a component than there is
    ln_total = jnp.log(total)
    with np.errstate(divide="ignore"):
        share = np.where(table > 0, -np.log(table), np.inf)
    most = jnp.min(ln_total[..., None, :] + share, axis=-1)
    excess = (ln_K + ln_total @ table.T - most) / table.sum(axis=-1)
    start = ln_total - jnp.max(excess, axis=-1, keepdims=True, initial=0.0)

    def closer(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        x, _, count = state
        c = _mass_action(x, ln_K, table)
        step = _change_of_ln_free(c, made_of, total - c @ table)
        d = jnp.max(jnp.abs(step @ table.T), axis=-1, keepdims=True)
        shortened = jnp.where(d > 0, jnp.log1p(d) / jnp.where(d > 0, d, 1.0), 1.0)
        return x + shortened * step, jnp.max(d, initial=0.0), count + 1

    def is_far(state: tuple[Array, Array, Array]) -> Array:
        return (state[1] > CLOSE) & (state[2] < MAX_ITERATIONS)

    return jax.lax.while_loop(is_far, closer, (start, jnp.asarray(jnp.inf), jnp.asarray(0)))[0]


@_ln_free.defjvp
def _ln_free_jvp(made_of: Makeup, primals: tuple[Array, Array], tangents: tuple[Array, Array]) -> tuple[Array, Array]:
    (total, ln_K), (d_total, d_ln_K) = primals, tangents
    x = _ln_free(made_of, total, ln_K)
    table = _table(made_of)
    c = _mass_action(x, ln_K, table)
    return x, _change_of_ln_free(c, made_of, d_total - (c * d_ln_K) @ table)


# ---- what the species make of the solution, each moving on its own


def onsager_coefficients(concentrations: AtSpecies, D: AtSpecies, T: Points, made_of: Makeup) -> Array:
    """L_cd = sum_k a_kc a_kd c_k D_k/(R T) [mol2/(J m s)] of the components, shape (*point, components, components).

    A cluster drags all it holds: L is positive definite whatever the constants, and a transference number is negative
    where clusters of the other sign carry most of the current.
    """
    return buffering(jnp.asarray(concentrations) * D / (R * over_ions(T)), made_of)


def self_diffusivities(concentrations: AtSpecies, D: AtSpecies, made_of: Makeup) -> Array:
    """Mean diffusivities of the components [m2/s], shape (*point, components), over the species that hold them: what
    pulsed-field-gradient NMR sees where exchange is fast."""
    held = jnp.asarray(concentrations)[..., None] * _table(made_of)
    return jnp.sum(held * over_ions(jnp.asarray(D)), axis=-2) / jnp.sum(held, axis=-2)


def thermodynamic_factor(concentrations: AtSpecies, c: Points, made_of: Makeup, salt: Salt) -> Array:
    """chi = sum_i nu_i dln(free_i)/dln c / nu [-], shape (*point), of a salt whose species, cation and anion free and
    in clusters, mix ideally: one without clusters, a half where all is paired."""
    per_salt = jnp.broadcast_to(salt.stoichiometry, (*jnp.shape(concentrations)[:-1], 2))
    slopes = _change_of_ln_free(jnp.asarray(concentrations), made_of, per_salt)
    return jnp.asarray(c) * (slopes @ salt.stoichiometry) / salt.nu


class Cluster(eqx.Module):
    """Some cations and anions that move as one, in equilibrium with the free ions.

    Its concentration is K (free cations)^cations (free anions)^anions, with K in (m3/mol)^(cations + anions - 1).
    """

    K: Law = law("(m3/mol)^(n-1)", 1e-30, 1e30, "association constant of a cluster of n ions")
    D: Law = law("m2/s", 1e-16, 1e-7, "diffusivity of the cluster")
    cations: int = eqx.field(static=True, default=1)
    anions: int = eqx.field(static=True, default=1)
