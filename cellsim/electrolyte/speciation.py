"""Ion pairs and larger clusters in equilibrium with free ions.

Components (cation, anion, perhaps more) lie on the last axis of totals and free concentrations, species (the free
components first, then the clusters) on the last axis of everything else. A cluster that holds a_c of component c obeys
the law of mass action, c_k = K_k prod_c (free_c)^a_c, with association constants K_k [(m3/mol)^(sum a - 1)]; 1 L/mol is
1e-3 m3/mol.

Sources: Bjerrum, K. Dan. Vidensk. Selsk. Mat.-Fys. Medd. 7 (1926) No. 9; Fuoss & Kraus, J. Am. Chem. Soc. 55 (1933)
2387, doi:10.1021/ja01333a026 (triple ions); Sun & Tran-Dinh, Math. Program. 178 (2019) 145,
doi:10.1007/s10107-018-1282-4 (the damped Newton step).
"""

import math
from collections.abc import Sequence
from functools import partial, reduce
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
Each = tuple[Array, ...]  # one array over points a component, or a species


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
    return jnp.stack(species(unstacked(total), unstacked(ln_K), made_of), axis=-1)


def unstacked(x: ArrayLike) -> Each:
    """The arrays over points that lie on the last axis of `x`."""
    x = jnp.asarray(x)
    return tuple(x[..., k] for k in range(x.shape[-1]))


# ---- the same with one array a component or species: a cell asks for it at every face of its mesh


def species(total: Each, ln_K: Each, made_of: Makeup) -> Each:
    """Concentrations [mol/m3] of every species, from the totals of every component and every cluster's constant."""
    shape = jnp.broadcast_shapes(*(jnp.shape(x) for x in (*total, *ln_K)))
    over_points = lambda values: tuple(jnp.broadcast_to(x, shape) for x in values)
    ln_K = over_points(ln_K)
    return _mass_action(_ln_free(made_of, over_points(total), ln_K), ln_K, made_of)


def _mass_action(ln_free: Each, ln_K: Each, made_of: Makeup) -> Each:
    bound = zip(made_of[len(ln_free) :], ln_K, strict=True)
    return tuple(jnp.exp(x) for x in (*ln_free, *(k + _sum(row, ln_free) for row, k in bound)))


def _sum(factors: Sequence[int], terms: Sequence[Array]) -> Array:
    """Sum of factors times terms, what is zero left out."""
    kept = [term if factor == 1 else factor * term for factor, term in zip(factors, terms, strict=True) if factor]
    return reduce(jnp.add, kept) if kept else jnp.zeros_like(terms[0])


def buffering(concentrations: Each, made_of: Makeup) -> list[list[Array]]:
    """d total_c / d ln free_d = sum_k a_kc a_kd c_k [mol/m3], by rows."""
    components = range(len(made_of[0]))
    return [[_sum([row[c] * row[d] for row in made_of], concentrations) for d in components] for c in components]


def _bound_too(concentrations: Each, made_of: Makeup) -> Each:
    """How much there is of each component, free and bound [mol/m3]."""
    return tuple(_sum([row[c] for row in made_of], concentrations) for c in range(len(made_of[0])))


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _ln_free(made_of: Makeup, total: Each, ln_K: Each) -> Each:
    """Logarithms of the free concentrations x, where the totals meet sum_k a_kc exp(ln K_k + a_k.x).

    This is the minimum of the convex sum_k exp(ln K_k + a_k.x) - total.x. Newton's step, shortened by ln(1 + d)/d where
    d is the largest change that it makes in the logarithm of any species, descends from everywhere.
    """
    # a start at which no cluster alone holds more of a component than there is
    ln_total = [jnp.log(x) for x in total]
    excess = jnp.zeros_like(ln_total[0])
    for row, k in zip(made_of[len(total) :], ln_K, strict=True):
        most = reduce(jnp.minimum, (x - math.log(a) for a, x in zip(row, ln_total, strict=True) if a))
        excess = jnp.maximum(excess, (k + _sum(row, ln_total) - most) / sum(row))

    def closer(state: tuple[Each, Array, Array]) -> tuple[Each, Array, Array]:
        x, _, count = state
        c = _mass_action(x, ln_K, made_of)
        missing = [all_of_it - there for all_of_it, there in zip(total, _bound_too(c, made_of), strict=True)]
        step = solved(buffering(c, made_of), missing)
        d = reduce(jnp.maximum, (jnp.abs(_sum(row, step)) for row in made_of))
        shortened = jnp.where(d > 0, jnp.log1p(d) / jnp.where(d > 0, d, 1.0), 1.0)
        return tuple(x + shortened * dx for x, dx in zip(x, step, strict=True)), jnp.max(d, initial=0.0), count + 1

    def is_far(state: tuple[Each, Array, Array]) -> Array:
        return (state[1] > CLOSE) & (state[2] < MAX_ITERATIONS)

    start = tuple(x - excess for x in ln_total)
    return jax.lax.while_loop(is_far, closer, (start, jnp.asarray(jnp.inf), jnp.asarray(0)))[0]


@_ln_free.defjvp
def _ln_free_jvp(made_of: Makeup, primals: tuple[Each, Each], tangents: tuple[Each, Each]) -> tuple[Each, Each]:
    (total, ln_K), (d_total, d_ln_K) = primals, tangents
    x = _ln_free(made_of, total, ln_K)
    c = _mass_action(x, ln_K, made_of)
    drawn = [jnp.zeros_like(x[0])] * len(x) + [c_k * d for c_k, d in zip(c[len(x) :], d_ln_K, strict=True)]
    missing = [d - by_K for d, by_K in zip(d_total, _bound_too(tuple(drawn), made_of), strict=True)]
    return x, tuple(solved(buffering(c, made_of), missing))


# ---- what the species make of the solution, each moving on its own


def onsager_coefficients(concentrations: AtSpecies, D: AtSpecies, T: Points, made_of: Makeup) -> Array:
    """L_cd = sum_k a_kc a_kd c_k D_k/(R T) [mol2/(J m s)] of the components, shape (*point, components, components).

    A cluster drags all it holds: L is positive definite whatever the constants, and a transference number is negative
    where clusters of the other sign carry most of the current.
    """
    rows = buffering(unstacked(jnp.asarray(concentrations) * D / (R * over_ions(T))), made_of)
    return jnp.stack([jnp.stack(row, axis=-1) for row in rows], axis=-2)


def self_diffusivities(concentrations: AtSpecies, D: AtSpecies, made_of: Makeup) -> Array:
    """Mean diffusivities of the components [m2/s], shape (*point, components), over the species that hold them: what
    pulsed-field-gradient NMR sees where exchange is fast."""
    moving = _bound_too(unstacked(jnp.asarray(concentrations) * D), made_of)
    held = _bound_too(unstacked(concentrations), made_of)
    return jnp.stack([m / h for m, h in zip(moving, held, strict=True)], axis=-1)


def thermodynamic_factor(concentrations: Each, c: Points, made_of: Makeup, salt: Salt) -> Float[Array, "*point"]:
    """chi = sum_i nu_i dln(free_i)/dln c / nu [-] of a salt whose species, cation and anion free and in clusters, mix
    ideally: one without clusters, a half where all is paired."""
    nu = (salt.nu_plus, salt.nu_minus)
    slopes = solved(buffering(concentrations, made_of), [n * jnp.asarray(c) for n in nu])
    return _sum(nu, slopes) / salt.nu


class Cluster(eqx.Module):
    """Some cations and anions that move as one, in equilibrium with the free ions.

    Its concentration is K (free cations)^cations (free anions)^anions, with K in (m3/mol)^(cations + anions - 1).
    """

    K: Law = law("(m3/mol)^(n-1)", 1e-30, 1e30, "association constant of a cluster of n ions")
    D: Law = law("m2/s", 1e-16, 1e-7, "diffusivity of the cluster")
    cations: int = eqx.field(static=True, default=1)
    anions: int = eqx.field(static=True, default=1)
