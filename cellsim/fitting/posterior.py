"""What is known after the data, as draws: Laplace's approximation, and the No-U-Turn sampler with gradients through the
solver (the extra `fit`).

Where nothing else is known before, a number is as likely anywhere between its bounds; one whose bounds lie more than a
decade apart, its logarithm.
"""

import copy
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from cellsim.fitting.fit import Fit
from cellsim.fitting.other_methods import needed
from cellsim.fitting.problem import Problem

TARGET = 0.8  # share of proposals that is accepted, to which the step is adapted
SHARES = (0.025, 0.5, 0.975)


class Posterior(NamedTuple):
    """Draws of all numbers, chain by chain."""

    names: tuple[str, ...]
    z: Float[np.ndarray, "chains draws free"]
    values: Float[np.ndarray, "chains draws free"]
    diverged: int  # of all draws, those whose trajectory left the level of energy
    wall_s: float  # without compiling

    @property
    def flat(self) -> Float[np.ndarray, "samples free"]:
        """The values of all chains one after the other."""
        return self.values.reshape(-1, self.values.shape[-1])

    @property
    def mean(self) -> dict[str, float]:
        """Mean of every number."""
        return dict(zip(self.names, map(float, self.flat.mean(axis=0)), strict=True))

    @property
    def sd(self) -> dict[str, float]:
        """Standard deviation of every number."""
        return dict(zip(self.names, map(float, self.flat.std(axis=0, ddof=1)), strict=True))

    def interval(self, name: str, share: float = 0.95) -> tuple[float, float]:
        """The middle `share` of the draws of a number."""
        column = self.flat[:, self.names.index(name)]
        low, high = np.quantile(column, [0.5 - share / 2, 0.5 + share / 2])
        return float(low), float(high)

    @property
    def r_hat(self) -> dict[str, float]:
        """The potential scale reduction of every number, from chains each taken as two halves: 1 where all agree.

        Source: A. Gelman et al., Bayesian Data Analysis, 3rd ed. (CRC 2013), section 11.4.
        """
        half = self.z.shape[1] // 2
        split = np.concatenate([self.z[:, :half], self.z[:, half : 2 * half]])
        within = split.var(axis=1, ddof=1).mean(axis=0)
        between = half * split.mean(axis=1).var(axis=0, ddof=1)
        ratio = np.sqrt((half - 1) / half + between / (half * within))
        return dict(zip(self.names, map(float, ratio), strict=True))

    @property
    def effective(self) -> dict[str, float]:
        """As many independent draws as these are worth, of every number."""
        size = needed("blackjax").diagnostics.effective_sample_size
        return dict(zip(self.names, map(float, np.asarray(size(self.z))), strict=True))


def laplace(fit: Fit, draws: int = 1000, seed: int = 0) -> Posterior:
    """Draws from the normal distribution in the coordinates that has the covariance of the fit. Raises `ValueError`
    where something is not seen at all."""
    root = _root(fit)
    steps = np.random.default_rng(seed).standard_normal((draws, len(fit.names)))
    z = fit.here.z + steps @ root.T
    return Posterior(tuple(fit.names), z[None], _values(fit.problem, z)[None], 0, 0.0)


def nuts(
    fit: Fit,
    draws: int = 500,
    *,
    warm_up: int = 200,
    chains: int = 4,
    seed: int = 0,
    progress: Callable[[int, int], Any] | None = None,
) -> Posterior:
    """Draws from the posterior by the No-U-Turn sampler of blackjax, in coordinates in which the fit's covariance is a
    sphere. Every chain begins at a draw of Laplace's approximation and adapts its step in `warm_up` draws of its own.
    The noise is that of the fit. `progress` is called with the number of draws made and wanted.

    Source: M. D. Hoffman and A. Gelman, J. Mach. Learn. Res. 15 (2014) 1593.
    """
    blackjax = needed("blackjax")
    dual = needed("blackjax.adaptation.step_size").dual_averaging_adaptation(TARGET)
    root, centre = jnp.asarray(_root(fit)), jnp.asarray(fit.here.z)
    noise, size = 1.0 if fit.is_noise_known else fit.fisher.noise, len(fit.names)
    # as arguments: what is constant in a program of this size takes minutes to compile
    numbers, others = eqx.partition((fit.problem.cell, fit.problem.data), lambda x: hasattr(x, "dtype"))

    def in_sphere(numbers: Any) -> Callable[[Array], Array]:
        problem = copy.copy(fit.problem)
        problem.cell, problem.data = eqx.combine(numbers, others)
        density = log_density(problem, noise)
        return by_tangents(lambda u: density(centre + root @ u))

    @jax.jit
    def begin(u: Array, numbers: Any) -> Any:
        return blackjax.nuts.init(u, in_sphere(numbers))

    @jax.jit
    def step(key: Any, state: Any, length: Any, numbers: Any) -> tuple[Any, Any, Any]:
        state, told = blackjax.nuts(in_sphere(numbers), length, jnp.ones(size)).step(key, state)
        return state, told.acceptance_rate, told.is_divergent

    key = jax.random.key(seed)
    found, diverged = np.zeros((chains, draws, size)), 0
    step(key, begin(jnp.zeros(size), numbers), np.asarray(0.1), numbers)  # compiled before the time is taken
    begun = time.perf_counter()
    for chain in range(chains):
        key, own = jax.random.split(key)
        state = begin(jax.random.normal(own, (size,)), numbers)
        adapting = dual[0](1.0)
        for number in range(-warm_up, draws):
            key, own = jax.random.split(key)
            is_adapting = number < 0
            length = jnp.exp(adapting.log_step_size) if is_adapting else dual[2](adapting)
            state, accepted, is_divergent = step(own, state, np.asarray(length, float), numbers)
            if is_adapting:
                adapting = dual[1](adapting, accepted)
            else:
                found[chain, number] = np.asarray(state.position)
                diverged += int(is_divergent)
            if progress is not None:
                progress(chain * (warm_up + draws) + warm_up + number + 1, chains * (warm_up + draws))
    seconds = time.perf_counter() - begun
    z = np.asarray(centre) + found @ np.asarray(root).T
    values = _values(fit.problem, z.reshape(-1, size)).reshape(z.shape)
    return Posterior(tuple(fit.names), z, values, diverged, seconds)


def log_density(problem: Problem, noise: float) -> Callable[[Array], Array]:
    """The logarithm of the posterior density of the coordinates, but for a constant; `noise` is the standard deviation
    of the residuals of data over what was expected."""

    def density(z: Array) -> Array:
        total = jnp.zeros(())
        for k in range(len(problem.data)):
            total = total - 0.5 * jnp.sum(problem.traced(k, z) ** 2) / noise**2
        known = problem.with_priors()
        for columns, free in known:
            assert free.prior is not None
            value = free.value(z[columns])
            total = total - 0.5 * jnp.sum(free.prior.residuals(value) ** 2) + free.prior.log_measure(value)
        for column, place in enumerate(problem.places):
            value, slope = jax.value_and_grad(place.free.value)(z[column])
            total = total + jnp.log(slope)
            if place.free.prior is None and place.free.is_logarithmic:
                total = total - jnp.log(value)
        return jnp.where(jnp.isfinite(total), total, -jnp.inf)

    return density


def by_tangents(function: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """The same function of a few numbers, whose gradient is found in forward mode also where reverse mode is asked for:
    the value and all slopes come from one pass, and nothing of a run is kept."""

    @jax.custom_vjp
    def value(x: Array) -> Array:
        return function(x)

    def with_slopes(x: Array) -> tuple[Array, Array]:
        along = lambda direction: jax.jvp(function, (x,), (direction,))
        return jax.vmap(along, out_axes=(None, 0))(jnp.eye(len(x)))

    value.defvjp(with_slopes, lambda slopes, change: (change * slopes,))
    return value


def bands(
    fit: Fit, posterior: Posterior, *, draws: int = 100, seed: int = 0, shares: tuple[float, ...] = SHARES
) -> dict[str, Float[np.ndarray, "shares rows"]]:
    """Voltages [V] below which `shares` of the runs lie whose numbers are drawn from `posterior`, for every experiment
    that compares voltages; without the noise of the instrument."""
    flat = posterior.z.reshape(-1, posterior.z.shape[-1])
    rng = np.random.default_rng(seed)
    rows = flat[rng.choice(len(flat), size=min(draws, len(flat)), replace=False)]
    found = {}
    for k, name in enumerate(fit.problem.names_of_experiments):
        place = fit.problem.place_of_voltage(k)
        if place is not None:
            count = len(fit.predicted[name].t)
            runs = [np.asarray(fit.problem.run(k, z)[1][place])[:count] for z in rows]
            found[name] = np.quantile(np.array(runs), shares, axis=0)
    return found


def _root(fit: Fit) -> Float[np.ndarray, "free free"]:
    covariance = fit.fisher.covariance
    if not np.all(np.isfinite(np.diag(covariance))):
        raise ValueError(f"a posterior needs data, or priors, for all that moves. {fit.identifiability.report()}")
    return np.linalg.cholesky(covariance)


def _values(problem: Problem, z: Float[np.ndarray, "samples free"]) -> Float[np.ndarray, "samples free"]:
    columns = [np.asarray(place.free.value(z[:, k])) for k, place in enumerate(problem.places)]
    return np.stack(columns, axis=-1)
