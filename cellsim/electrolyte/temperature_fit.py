"""Temperature laws from data: regression of the logarithm, with standard errors, and the choice between laws.

ln y is fitted by least squares, so errors of `y` are taken as relative ones; `weights` are inversely proportional to
the variance of ln y. The scale of the errors is estimated from the residuals.

Sources: Burnham & Anderson, Model Selection and Multimodel Inference, 2nd ed. (Springer 2002), section 2.4 (AICc);
Marquardt, J. SIAM 11 (1963) 431, doi:10.1137/0111030; Golub & Pereyra, SIAM J. Numer. Anal. 10 (1973) 413,
doi:10.1137/0710036 (separable least squares).
"""

import math
from collections.abc import Callable, Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from cellsim.constants import T_ROOM, R
from cellsim.electrolyte.temperature import LN10, VFT, WLF
from cellsim.laws import Arrhenius, Constant, Law
from cellsim.statistics import Estimate

Parameters = Float[Array, " parameters"]
STARTS = np.linspace(-3.0, 3.0, 25)  # of the bend, which runs from 1/400 to 1 - 1/400 of the steepest
STEPS = 60  # of Marquardt's method; ten are enough for good data


class TemperatureFit(eqx.Module):
    """A law of temperature fitted to data.

    `law` is the fitted law, of (x, T) as all laws are, whatever x is. `values` are named by `names`, in the units K and
    J/mol; `ln_y_ref` is the logarithm of the property at T_ref, `ln_A` that of the prefactor.
    """

    law: Law
    values: Parameters
    covariance: Float[Array, "parameters parameters"]
    rss: Float[Array, ""]  # weighted sum of squares of the residuals of ln y
    ln_weights: Float[Array, ""]  # sum of the logarithms of the weights
    names: tuple[str, ...] = eqx.field(static=True)
    points: int = eqx.field(static=True)

    @property
    def standard_errors(self) -> Parameters:
        """One standard error of each parameter."""
        return jnp.sqrt(jnp.diagonal(self.covariance))

    @property
    def correlation(self) -> Float[Array, "parameters parameters"]:
        """Covariance over both standard errors [-]."""
        return self.covariance / jnp.outer(self.standard_errors, self.standard_errors)

    def __getitem__(self, name: str) -> Estimate:
        """A parameter with its standard error. Raises `KeyError`."""
        if name not in self.names:
            raise KeyError(f"the fit has no '{name}'; it has {', '.join(self.names)}.")
        k = self.names.index(name)
        return Estimate(self.values[k], self.standard_errors[k], self.points - len(self.names))

    @property
    def aicc(self) -> Float[Array, ""]:
        """Akaike's information criterion with the correction for few data: of two laws fitted to the same data, the one
        with the smaller number is to be preferred. The error's scale counts as a parameter."""
        n, k = self.points, len(self.names) + 1
        minus_two_ln_likelihood = n * (jnp.log(2 * math.pi * self.rss / n) + 1) - self.ln_weights
        return minus_two_ln_likelihood + 2 * k + 2 * k * (k + 1) / (n - k - 1)


def fit_arrhenius(
    T: Float[ArrayLike, " points"],
    y: Float[ArrayLike, " points"],
    *,
    weights: Float[ArrayLike, " points"] | None = None,
    T_ref: ArrayLike = T_ROOM,
) -> TemperatureFit:
    """ln y = ln_y_ref + E/R (1/T_ref - 1/T), parameters `ln_y_ref` and `E` [J/mol].

    Raises `ValueError` for data from which it cannot be found.
    """
    T, ln_y, w = _checked(T, y, weights, 2)
    T_ref = jnp.asarray(T_ref, dtype=float)
    residual = lambda p: jnp.sqrt(w) * (p[0] + p[1] / R * (1 / T_ref - 1 / T) - ln_y)
    columns = jnp.stack([jnp.ones_like(T), (1 / T_ref - 1 / T) / R], axis=-1)
    p = _linear(columns, ln_y, w)
    covariance, rss = _covariance(residual, p)
    law = Arrhenius(Constant(jnp.exp(p[0])), p[1], T_ref)
    return TemperatureFit(law, p, covariance, rss, jnp.sum(jnp.log(w)), ("ln_y_ref", "E"), T.shape[0])


def fit_vft(
    T: Float[ArrayLike, " points"],
    y: Float[ArrayLike, " points"],
    *,
    weights: Float[ArrayLike, " points"] | None = None,
    power: float = 0.0,
) -> TemperatureFit:
    """ln y = ln_A + power ln T - B / (T - T0), parameters `ln_A`, `B` [K] and `T0` [K], T0 below the data.

    Raises `ValueError` for data from which it cannot be found.
    """
    T, ln_y, w = _checked(T, y, weights, 3)
    bend = _fitted_bend(T, ln_y - power * jnp.log(T), w)

    def vft(p: Parameters) -> Parameters:
        ln_y_ref, C1, C2 = bend.anchored_at(p, bend.middle)
        return jnp.stack([ln_y_ref + LN10 * C1, LN10 * C1 * C2, bend.middle - C2])

    values, covariance = bend.seen_as(vft)
    law = VFT(Constant(jnp.exp(values[0])), values[1], values[2], power)
    return TemperatureFit(law, values, covariance, bend.rss, jnp.sum(jnp.log(w)), ("ln_A", "B", "T0"), T.shape[0])


def fit_wlf(
    T: Float[ArrayLike, " points"],
    y: Float[ArrayLike, " points"],
    *,
    T_ref: ArrayLike,
    weights: Float[ArrayLike, " points"] | None = None,
) -> TemperatureFit:
    """ln y = ln_y_ref + ln(10) C1 (T - T_ref)/(C2 + T - T_ref), parameters `ln_y_ref`, `C1` and `C2` [K].

    The same curve as `fit_vft` without prefactor: both have the same AICc. Raises `ValueError` for data from which it
    cannot be found.
    """
    T, ln_y, w = _checked(T, y, weights, 3)
    T_ref = jnp.asarray(T_ref, dtype=float)
    bend = _fitted_bend(T, ln_y, w)
    values, covariance = bend.seen_as(lambda p: jnp.stack(bend.anchored_at(p, T_ref)))
    law = WLF(Constant(jnp.exp(values[0])), values[1], values[2], T_ref)
    return TemperatureFit(law, values, covariance, bend.rss, jnp.sum(jnp.log(w)), ("ln_y_ref", "C1", "C2"), T.shape[0])


def best(fits: Sequence[TemperatureFit]) -> TemperatureFit:
    """The fit of the smallest AICc; the first of equals. All must be fits to the same data with the same weights."""
    return min(fits, key=lambda fit: float(fit.aicc))


def akaike_weights(fits: Sequence[TemperatureFit]) -> Float[Array, " fits"]:
    """How likely each of `fits` is the best one of them to tell new data [-]; they add up to 1."""
    aicc = jnp.stack([fit.aicc for fit in fits])
    return jax.nn.softmax(-0.5 * aicc)


# ---- least squares


class _Bend(eqx.Module):
    """ln y = p0 + p1 u / (1 + q u), u = (T - middle)/reach in [-1, 1], q = sigmoid(p2): VFT as a curve whose three
    parameters say level, slope and bend in the middle of the data, which makes the fit well-conditioned."""

    p: Parameters
    covariance: Float[Array, "parameters parameters"]
    rss: Float[Array, ""]
    middle: Float[Array, ""]
    reach: Float[Array, ""]

    def anchored_at(self, p: Parameters, T_ref: Array) -> tuple[Array, Array, Array]:
        """ln y at `T_ref`, C1 and C2 of the same curve."""
        q = jax.nn.sigmoid(p[2])
        gap = self.reach / q  # C2 in the middle
        C2 = gap + T_ref - self.middle
        at_ref = p[0] + _bent((T_ref - self.middle) / self.reach, p[1], q)
        return at_ref, p[1] / (q * LN10) * gap / C2, C2

    def seen_as(self, parameters: Callable[[Parameters], Parameters]) -> tuple[Parameters, Array]:
        """Other parameters of the same curve and their covariance."""
        slopes = jax.jacfwd(parameters)(self.p)
        return parameters(self.p), slopes @ self.covariance @ slopes.T


def _bent(u: Array, slope: Array, q: Array) -> Array:
    return slope * u / (1 + q * u)


def _fitted_bend(T: Array, ln_y: Array, w: Array) -> _Bend:
    middle, reach = 0.5 * (jnp.max(T) + jnp.min(T)), 0.5 * (jnp.max(T) - jnp.min(T))
    u = (T - middle) / reach
    residual = lambda p: jnp.sqrt(w) * (p[0] + _bent(u, p[1], jax.nn.sigmoid(p[2])) - ln_y)

    def with_bend(s: Array) -> Parameters:
        """Level and slope are linear, so that the bend alone has to be looked for."""
        columns = jnp.stack([jnp.ones_like(u), _bent(u, jnp.asarray(1.0), jax.nn.sigmoid(s))], axis=-1)
        return jnp.append(_linear(columns, ln_y, w), s)

    starts = jax.vmap(with_bend)(jnp.asarray(STARTS))
    start = starts[jnp.argmin(jax.vmap(lambda p: jnp.sum(residual(p) ** 2))(starts))]
    p = _marquardt(residual, start)
    covariance, rss = _covariance(residual, p)
    return _Bend(p, covariance, rss, middle, reach)


def _linear(columns: Array, y: Array, w: Array) -> Parameters:
    """Weighted least squares."""
    root = jnp.sqrt(w)
    return jnp.linalg.lstsq(columns * root[:, None], y * root)[0]


def _marquardt(residual: Callable[[Parameters], Array], start: Parameters) -> Parameters:
    """The parameters of the least sum of squares, in a fixed number of steps: so it can be mapped over data sets."""
    slopes_of = jax.jacfwd(residual)
    cost_of = lambda p: jnp.sum(residual(p) ** 2)

    def step(state: tuple[Array, Array], _: None) -> tuple[tuple[Array, Array], None]:
        p, damping = state
        J = slopes_of(p)
        normal = J.T @ J
        trial = p - jnp.linalg.solve(normal + damping * jnp.diag(jnp.diagonal(normal)), J.T @ residual(p))
        is_better = cost_of(trial) <= cost_of(p)
        return (jnp.where(is_better, trial, p), jnp.where(is_better, 0.1 * damping, 10 * damping)), None

    (p, _), _ = jax.lax.scan(step, (start, jnp.asarray(1e-3)), length=STEPS)
    return p


def _covariance(residual: Callable[[Parameters], Array], p: Parameters) -> tuple[Array, Array]:
    """Covariance of the parameters, the errors' scale taken from the residuals, and the residual sum of squares."""
    J, r = jax.jacfwd(residual)(p), residual(p)
    rss = jnp.sum(r**2)
    return jnp.linalg.inv(J.T @ J) * rss / (r.shape[0] - p.shape[0]), rss


def _checked(T: ArrayLike, y: ArrayLike, weights: ArrayLike | None, parameters: int) -> tuple[Array, Array, Array]:
    """Temperatures, logarithms and weights; raises `ValueError` where no fit can be made."""
    T, y = jnp.asarray(T, dtype=float), jnp.asarray(y, dtype=float)
    w = jnp.ones_like(T) if weights is None else jnp.asarray(weights, dtype=float)
    needed = parameters + 3  # AICc divides by the points less the parameters, the error's scale and one
    if T.shape[0] < needed:
        raise ValueError(f"{T.shape[0]} points are too few for {parameters} parameters and AICc: at least {needed}.")
    if any(isinstance(value, jax.core.Tracer) for value in (T, y, w)):
        return T, jnp.log(y), w
    for what, values in (("temperatures [K]", T), ("values of the property", y), ("weights", w)):
        if not np.all(np.asarray(values) > 0):
            raise ValueError(f"{what} must be positive, found {float(jnp.min(values)):g}: degC, or a logarithm?")
    distinct = len(np.unique(np.asarray(T)))
    if distinct < parameters:
        raise ValueError(f"{distinct} different temperatures cannot tell {parameters} parameters.")
    return T, jnp.log(y), w
