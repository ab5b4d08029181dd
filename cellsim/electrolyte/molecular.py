"""Transport coefficients from the motion of particles: Green-Kubo and Einstein estimators with their errors.

J_i is the sum of the velocities of all particles of species i, R_i that of their displacements:

    L_ij = 1/(3 V k_B T N_A^2) integral_0^inf <J_i(0) . J_j(t)> dt = 1/(6 V k_B T N_A^2) lim d/dt <dR_i(t) . dR_j(t)>

and the same with each particle's own velocity or displacement gives the self part, c_i D_i/(RT) on the diagonal. What
is left is the distinct part: the motion of ions that know of each other. The trajectory must be one in the frame in
which L is wanted (see `seen_from`), velocities in m/s or *unwrapped* positions in m, at even intervals of time.

Errors are those of independent blocks of the trajectory, each much longer than the correlations last; functions of the
coefficients get theirs by the jackknife over the blocks.

Sources: Allen & Tildesley, Computer Simulation of Liquids, 2nd ed. (Oxford 2017), sections 2.7 and 8.4; Fong,
Bergstrom, McCloskey & Mandadapu, AIChE J. 66 (2020) e17091, doi:10.1002/aic.17091; Flyvbjerg & Petersen, J. Chem. Phys.
91 (1989) 461, doi:10.1063/1.457480.
"""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float

from cellsim.constants import K_B, N_A, F, R
from cellsim.parameters import as_float_array
from cellsim.statistics import Estimate

Trajectory = Float[ArrayLike, "times particles 3"]
BLOCKS = 20
SLOPE_LAGS = 10  # lags between the ends of the window in which the slope of the displacement is fitted


class Sample(eqx.Module):
    """What a trajectory shows: the species of every particle, as an index into the charges `z`, in a volume `V` [m3] at
    `T` [K]."""

    species: tuple[int, ...] = eqx.field(static=True, converter=lambda index: tuple(int(k) for k in index))
    z: Float[Array, " ions"] = eqx.field(converter=as_float_array)
    V: Float[Array, ""] = eqx.field(converter=as_float_array)
    T: Float[Array, ""] = eqx.field(converter=as_float_array)

    def __check_init__(self) -> None:
        if set(self.species) != set(range(len(self.z))):
            raise ValueError(
                f"species are numbered {sorted(set(self.species))}, with {len(self.z)} charges: all species from 0 to "
                f"{len(self.z) - 1} must have particles, and no other."
            )

    @property
    def membership(self) -> Float[np.ndarray, "particles ions"]:
        """1 where a particle is of a species, else 0."""
        return np.eye(len(self.z))[list(self.species)]

    @property
    def c(self) -> Float[Array, " ions"]:
        """Concentration of each species [mol/m3]."""
        return self.membership.sum(axis=0) / (N_A * self.V)


class Coefficients(NamedTuple):
    """Transport coefficients of a sample, each with its standard error and interval."""

    L: Estimate  # (ions, ions) Onsager coefficients [mol2/(J m s)]
    L_distinct: Estimate  # (ions, ions) what correlations between different particles make of them
    D_self: Estimate  # (ions,) self diffusivities [m2/s]
    kappa: Estimate  # ionic conductivity [S/m]
    t: Estimate  # (ions,) transference numbers [-]
    H: Estimate  # Haven ratio kappa/kappa_NE [-]


def green_kubo(
    velocities: Trajectory, dt: float, sample: Sample, *, t_cut: float, blocks: int = BLOCKS
) -> Coefficients:
    """Coefficients from velocities [m/s] every `dt` [s], the correlations integrated up to `t_cut` [s]: five or more
    times as long as they last, but no longer than that, as noise is integrated too (see `flux_correlation`).

    Raises `ValueError` when the trajectory is too short for its blocks.
    """
    lags = 2 * max(1, round(t_cut / (2 * dt)))  # Simpson's rule needs an even number
    parts = _in_blocks(velocities, sample, blocks, lags + 1)
    weights = np.ones(lags + 1)
    weights[1:-1:2], weights[2:-1:2] = 4.0, 2.0
    integral = lambda correlation: jnp.tensordot(weights * dt / 3, correlation, axes=1)
    all_of, own = jax.lax.map(lambda block: jax.tree.map(integral, _correlations(block, sample, lags)), parts)
    return _coefficients(all_of, own, sample)


def einstein(
    positions: Trajectory, dt: float, sample: Sample, *, window: tuple[float, float], blocks: int = BLOCKS
) -> Coefficients:
    """Coefficients from unwrapped positions [m] every `dt` [s], by the slope of the mean-square displacements at times
    within `window` [s]: it should begin when correlations have ceased, and end soon after.

    Raises `ValueError` when the trajectory is too short for its blocks, or looks wrapped.
    """
    _check_unwrapped(positions, sample)
    first, last = round(window[0] / dt), round(window[1] / dt)
    if not 0 <= first < last:
        raise ValueError(f"the window from {window[0]:g} to {window[1]:g} s holds no two times of a step of {dt:g} s.")
    lags = np.unique(np.linspace(first, last, SLOPE_LAGS).round().astype(int))
    parts = _in_blocks(positions, sample, blocks, last + 1)
    times = lags * dt
    weights = (times - times.mean()) / np.sum((times - times.mean()) ** 2)
    slope = lambda displacement: 0.5 * jnp.tensordot(weights, displacement, axes=1)
    all_of, own = jax.lax.map(lambda block: jax.tree.map(slope, _displacements(block, sample, lags)), parts)
    return _coefficients(all_of, own, sample)


def flux_correlation(velocities: Trajectory, sample: Sample, lags: int) -> Float[Array, "lags_and_zero ions ions"]:
    """<J_i(0) . J_j(t)> [m2/s2] at lags 0, 1, ..., `lags` steps: look at it, and at its running integral, before
    choosing `t_cut`."""
    return _correlations(jnp.asarray(velocities), sample, lags)[0]


def collective_displacement(positions: Trajectory, sample: Sample, lags: ArrayLike) -> Float[Array, "lags ions ions"]:
    """<dR_i(t) . dR_j(t)> [m2] at `lags` steps: look where it becomes straight before choosing `window`."""
    return _displacements(jnp.asarray(positions), sample, np.asarray(lags))[0]


def seen_from(values: Trajectory, reference: Bool[ArrayLike, " particles"]) -> Trajectory:
    """Velocities or positions relative to the mean of the `reference` particles of equal mass: those of the solvent for
    the solvent-fixed frame, in which L of cellsim are meant."""
    values = jnp.asarray(values)
    return values - jnp.mean(values[:, np.asarray(reference)], axis=1, keepdims=True)


def conductivity(L: Float[Array, "ions ions"], z: Float[Array, " ions"]) -> Float[Array, ""]:
    """F^2 sum z_i z_j L_ij [S/m]."""
    return F**2 * z @ L @ z


# ---- correlations and displacements, of all particles of a species together and of each by itself


def _correlations(v: Array, sample: Sample, lags: int) -> tuple[Array, Array]:
    """sum <J_i(0) . J_j(t)> (lags + 1, ions, ions), made symmetric, and the particles' own (lags + 1, ions)."""
    J = jnp.einsum("tpx,pi->tix", v, sample.membership)
    origins = v.shape[0] - lags

    def at(lag: Array) -> tuple[Array, Array]:
        later = lambda x: jax.lax.dynamic_slice_in_dim(x, lag, origins)
        together = jnp.einsum("tix,tjx->ij", J[:origins], later(J)) / origins
        own = jnp.sum(v[:origins] * later(v), axis=(0, 2)) / origins
        return 0.5 * (together + together.T), own @ sample.membership

    return jax.lax.map(at, jnp.arange(lags + 1))


def _displacements(x: Array, sample: Sample, lags: np.ndarray) -> tuple[Array, Array]:
    """Mean products of displacements within `lags` steps: of species (lags, ions, ions), of particles (lags, ions)."""
    x = x - x[0]  # of the particles' size in space, not of where they are
    X = jnp.einsum("tpx,pi->tix", x, sample.membership)
    origins = x.shape[0] - int(np.max(lags))

    def at(lag: Array) -> tuple[Array, Array]:
        moved = lambda x: jax.lax.dynamic_slice_in_dim(x, lag, origins) - x[:origins]
        dX = moved(X)
        own = jnp.sum(moved(x) ** 2, axis=(0, 2)) / origins
        return jnp.einsum("tix,tjx->ij", dX, dX) / origins, own @ sample.membership

    return jax.lax.map(at, jnp.asarray(lags))


# ---- blocks


def _in_blocks(values: Trajectory, sample: Sample, blocks: int, needed: int) -> Array:
    """The trajectory in `blocks` equal parts; raises `ValueError` if a part has less than twice the `needed` times."""
    times, particles = np.shape(values)[:2]
    if particles != len(sample.species):
        raise ValueError(f"the trajectory has {particles} particles, and the sample {len(sample.species)}.")
    length = times // blocks
    if blocks < 2 or length < 2 * needed:
        raise ValueError(
            f"{times} times in {blocks} blocks are {length} times a block; a correlation over {needed - 1} steps needs "
            f"two blocks or more of at least {2 * needed} times. A longer trajectory, or fewer blocks?"
        )
    return jnp.asarray(values)[: blocks * length].reshape(blocks, length, particles, 3)


def _coefficients(
    all_of: Float[Array, "blocks ions ions"], own: Float[Array, "blocks ions"], sample: Sample
) -> Coefficients:
    """From integrals of correlations, or half the slopes of displacements, in every block, summed over x, y and z."""
    to_L = 1 / (3 * sample.V * K_B * sample.T * N_A**2)

    def told(means: tuple[Array, Array]) -> tuple[Array, ...]:
        L, L_self = to_L * means[0], to_L * means[1]
        kappa = conductivity(L, sample.z)
        t = F**2 * sample.z * (L @ sample.z) / kappa
        D_self = L_self * R * sample.T / sample.c
        return L, L - jnp.diag(L_self), D_self, kappa, t, kappa / conductivity(jnp.diag(L_self), sample.z)

    values, errors = jackknife(told, (all_of, own))
    return Coefficients(*(Estimate(v, e, len(all_of) - 1) for v, e in zip(values, errors, strict=True)))


def jackknife(function: Callable, blocks: tuple[Array, ...]) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """Values and standard errors of functions of means, from the values in independent blocks (first axis)."""
    count = len(blocks[0])
    without_one = jax.tree.map(lambda x: (jnp.sum(x, axis=0) - x) / (count - 1), blocks)
    spread = lambda x: jnp.sqrt((count - 1) * jnp.mean((x - jnp.mean(x, axis=0)) ** 2, axis=0))
    values = function(jax.tree.map(lambda x: jnp.mean(x, axis=0), blocks))
    return values, jax.tree.map(spread, jax.vmap(function)(without_one))


def _check_unwrapped(positions: Trajectory, sample: Sample) -> None:
    if any(isinstance(value, jax.core.Tracer) for value in (positions, sample.V)):
        return
    half = 0.5 * float(sample.V) ** (1 / 3)
    largest = float(np.max(np.abs(np.diff(np.asarray(positions), axis=0))))
    if largest > half:
        raise ValueError(
            f"a particle jumps by {largest:.3g} m in one step, more than half of a cube of the volume ({half:.3g} m): "
            "positions wrapped at the walls of a periodic box, or not in m?"
        )
