"""Rodas5P: a stiffly accurate Rosenbrock method of order 5 as a diffrax solver, with its derivative stated by hand.

One Jacobian and one factorisation a step, eight linear solves, no Newton iteration, an embedded error estimate and a
dense output of order 4. With W = 1/(gamma h) I - J(y0) the increments k of the eight stages obey

    W k_i = f(t_i, Y_i) + sum_j C_ij k_j / h + h d_i df/dt,      Y_i = y0 + sum_j a_ij k_j.

Source: G. Steinebach, Construction of Rosenbrock-Wanner method Rodas5P and numerical benchmarks within the Julia
Differential Equations package, BIT Numer. Math. 63 (2023) 27, doi:10.1007/s10543-023-00967-x.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array

from cellsim.discretisation.jacobian import Jacobian, by_colours, product
from cellsim.discretisation.layout import Layout, State
from cellsim.solvers import structured

GAMMA = 0.21193756319429014
STAGES = 8


def _lower(*rows: list[float]) -> np.ndarray:
    table = np.zeros((STAGES, STAGES))
    for i, row in enumerate(rows, start=1):
        table[i, : len(row)] = row
    return table


_LAST = [-7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946]
A = _lower(
    [3.0],
    [2.849394379747939, 0.45842242204463923],
    [-6.954028509809101, 2.489845061869568, -10.358996098473584],
    [2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641],
    _LAST,
    [*_LAST, 1.0],
    [*_LAST, 1.0, 1.0],
)
C = _lower(
    [-14.155112264123755],
    [-17.97296035885952, -2.859693295451294],
    [147.12150275711716, -1.41221402718213, 71.68940251302358],
    [165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306],
    [24.854864614690072, -3.0009227002832186, 47.4931110020768, 5.5814197821558125, -0.6610691825249471],
    [
        30.91273214028599,
        -3.1208243349937974,
        77.79954646070892,
        34.28646028294783,
        -19.097331116725623,
        -28.087943162872662,
    ],
    [
        37.80277123390563,
        -3.2571969029072276,
        112.26918849496327,
        66.9347231244047,
        -40.06618937091002,
        -54.66780262877968,
        -9.48861652309627,
    ],
)
SUM = np.append(A[-1, :-1], 1.0)  # weights of the increments in the step; the last one is the error estimate
TIMES = np.array([0.0, 0.6358126895828704, 0.4095798393397535, 0.9769306725060716, 0.4288403609558664, 1.0, 1.0, 1.0])
TIME_WEIGHTS = np.array(
    [
        0.21193756319429014,
        -0.42387512638858027,
        -0.3384627126235924,
        1.8046452872882734,
        2.325825639765069,
        0.0,
        0.0,
        0.0,
    ]
)
DENSE = np.array(
    [
        [
            25.948786856663858,
            -2.5579724845846235,
            10.433815404888879,
            -2.3679251022685204,
            0.524948541321073,
            1.1241088310450404,
            0.4272876194431874,
            -0.17202221070155493,
        ],
        [
            -9.91568850695171,
            -0.9689944594115154,
            3.0438037242978453,
            -24.495224566215796,
            20.176138334709044,
            15.98066361424651,
            -6.789040303419874,
            -6.710236069923372,
        ],
        [
            11.419903575922262,
            2.8879645146136994,
            72.92137995996029,
            80.12511834622643,
            -52.072871366152654,
            -59.78993625266729,
            -0.15582684282751913,
            4.883087185713722,
        ],
    ]
)


class Field(NamedTuple):
    """A vector field `rate(t, y, args)` with its Jacobian. Hashable: part of what a compiled program is keyed by.

    `jacobian(t, y, args)` gives d rate / dy, and d rate / dt or None where time does not appear. Without it both are
    found by directional derivatives, one a colour of the layout.
    """

    rate: Callable[[Any, State, Any], State]
    jacobian: Callable[[Any, State, Any], tuple[Jacobian, State | None]] | None = None

    def linear_part(self, t: Array, y: State, args: Any, layout: Layout) -> tuple[Jacobian, State | None]:
        """d rate / dy and d rate / dt."""
        if self.jacobian is not None:
            return self.jacobian(t, y, args)
        _, push = jax.linearize(lambda t, y: self.rate(t, y, args), t, y)
        still, stop = jax.tree.map(jnp.zeros_like, y), jnp.zeros_like(t)
        return by_colours(lambda direction: push(stop, direction), layout), push(jnp.ones_like(t), still)


def _weighted(weights: Array, parts: State) -> State:
    """Sum over the leading axis of `parts` with `weights`; written out, which makes it one pass over memory."""
    return jax.tree.map(lambda x: sum((weights[j] * x[j] for j in range(1, len(x))), weights[0] * x[0]), parts)


def _plus(*terms: State) -> State:
    return jax.tree.map(lambda *xs: sum(xs[1:], xs[0]), *terms)


def _times(factor: Array, y: State | None) -> State:
    return jax.tree.map(lambda x: factor * x, y)


def _filled(x: Any, dx: Any) -> Any:
    """The tangent `dx` of `x`, zero where there is none."""
    fill = lambda x, dx: jnp.zeros_like(x) if dx is None and x is not None else dx
    return jax.tree.map(fill, x, dx, is_leaf=lambda x: x is None)


def _put(rows: State, new: State, i: Array) -> State:
    return jax.tree.map(lambda xs, x: lax.dynamic_update_index_in_dim(xs, x, i, 0), rows, new)


def _tableau() -> tuple[Array, ...]:
    """A row a stage: its number, its time, the weight of df/dt, and what the stage after it takes of the increments."""
    rows = np.arange(STAGES)
    after = np.append(rows[1:], 0)  # the last stage has none after it; what it prepares is not looked at
    own = lambda table: jnp.asarray(table[after, rows])
    tables = (jnp.asarray(A[after]), own(A), jnp.asarray(C[after]), own(C))
    return (jnp.asarray(rows), jnp.asarray(TIMES), jnp.asarray(TIME_WEIGHTS), *tables)


def _linear_part(field: Field, layout: Layout, t0: Array, h: Array, y0: State, args: Any) -> Any:
    """The solver of W x = b for a step, and df/dt at its start."""
    jac, rate_of_t = field.linear_part(t0, y0, args, layout)
    shift = 1.0 / (GAMMA * h)
    known = structured.factors(jac, shift, layout)
    return lambda b: structured.solve(known, b, jac, shift, layout), rate_of_t


def _stages(field: Field, layout: Layout, t0: Array, h: Array, y0: State, args: Any) -> Any:
    """The eight increments of one step (stacked), its solver of W x = b, and df/dt."""
    solve, rate_of_t = _linear_part(field, layout, t0, h, y0, args)

    def stage(carry: tuple[State, State, State], row: tuple[Array, ...]) -> tuple[Any, None]:
        # the sums that the next stage needs are carried: the loop then holds each of them in memory just once
        k, y, side = carry
        i, time, time_weight, next_a, own_a, next_c, own_c = row
        right_side = [field.rate(t0 + time * h, y, args), side]
        if rate_of_t is not None:
            right_side.append(_times(time_weight * h, rate_of_t))
        new = solve(_plus(*right_side))
        y = _plus(y0, _weighted(next_a, k), _times(own_a, new))
        side = _plus(_weighted(next_c / h, k), _times(own_c / h, new))
        return (_put(k, new, i), y, side), None

    zero = jax.tree.map(jnp.zeros_like, y0)
    empty = jax.tree.map(lambda x: jnp.zeros((STAGES, *x.shape)), y0)
    (k, _, _), _ = lax.scan(stage, (empty, y0, zero), _tableau())
    return k, solve, rate_of_t


@eqx.filter_custom_jvp
def increments(t0: Array, h: Array, y0: State, args: Any, *, field: Field, layout: Layout) -> State:
    """The eight increments of one step from `y0` at `t0` over `h`, stacked along a leading axis."""
    return _increments(field, layout, t0, h, y0, args)


@eqx.filter_jit  # a step is traced once however often a program speaks of it
def _increments(field: Field, layout: Layout, t0: Array, h: Array, y0: State, args: Any) -> State:
    return _stages(field, layout, t0, h, y0, args)[0]


@increments.def_jvp
def _increments_jvp(primals: Any, tangents: Any, *, field: Field, layout: Layout) -> tuple[State, State]:
    """The same recursion for the tangents, with the factors of the step itself:

    W dk_i = df_i + sum_j C_ij d(k_j/h) + d_i d(h df/dt) + dJ k_i - k_i d(1/(gamma h)),

    where dJ is the change of the Jacobian at the start of the step, found once for all stages. Linear in the tangents,
    so that reverse mode is its transpose: the discrete adjoint of the step, with transposed structured solves.
    """
    t0, h, y0, args = primals
    dt0, dh = (jnp.zeros_like(x) if dx is None else dx for x, dx in zip(primals[:2], tangents[:2], strict=True))
    dy0, dargs = _filled(y0, tangents[2]), tangents[3]
    is_held = tangents[0] is None and tangents[1] is None
    k, solve, rate_of_t = _stages(field, layout, t0, h, y0, args)

    linear_part = lambda t, y, p: field.linear_part(t, y, p, layout)
    linear, moved = eqx.filter_jvp(linear_part, (t0, y0, args), (dt0, dy0, dargs))
    d_jac, d_rate_of_t = _filled(linear, moved)
    d_inverse_h = -dh / h**2

    def stage(carry: tuple[State, ...], row: tuple[Any, ...]) -> tuple[Any, None]:
        dk, y, dy, side = carry
        i, time, time_weight, next_a, own_a, next_c, own_c, k_i = row
        _, d_rate = eqx.filter_jvp(field.rate, (t0 + time * h, y, args), (dt0 + time * dh, dy, dargs))
        right_side = [d_rate, product(d_jac, k_i, layout), side]
        if rate_of_t is not None:
            right_side.append(_times(time_weight * h, d_rate_of_t))
        if not is_held:
            right_side.append(_times(-d_inverse_h / GAMMA, k_i))
            if rate_of_t is not None:
                right_side.append(_times(time_weight * dh, rate_of_t))
        new = solve(_plus(*right_side))
        y = _plus(y0, _weighted(next_a, k))
        dy = _plus(dy0, _weighted(next_a, dk), _times(own_a, new))
        side = _plus(_weighted(next_c / h, dk), _times(own_c / h, new))
        if not is_held:
            side = _plus(side, _weighted(next_c * d_inverse_h, k))
        return (_put(dk, new, i), y, dy, side), None

    start = (jax.tree.map(jnp.zeros_like, k), y0, dy0, jax.tree.map(jnp.zeros_like, y0))
    (dk, _, _, _), _ = lax.scan(stage, start, (*_tableau(), k))
    return k, dk


class RodasInterpolation(diffrax.AbstractLocalInterpolation):
    """Dense output of order 4 within one step."""

    t0: Any  # type: ignore[misc]  # an AbstractClassVar to mypy
    t1: Any  # type: ignore[misc]
    y0: State
    y1: State
    bends: State  # three, stacked

    def evaluate(self, t0: Any, t1: Any = None, left: bool = True) -> State:
        del left
        if t1 is not None:
            return _plus(self.evaluate(t1), _times(jnp.asarray(-1.0), self.evaluate(t0)))
        span = self.t1 - self.t0
        s = (t0 - self.t0) / jnp.where(span == 0, 1.0, span)
        weights = s * (1 - s) * jnp.stack([jnp.ones_like(s), s, s * s])
        return _plus(_times(1 - s, self.y0), _times(s, self.y1), _weighted(weights, self.bends))


class DenseStep(eqx.Module):
    """What the dense output of one step is made of."""

    y0: State
    y1: State
    bends: State  # three, stacked


def dense_step(t0: Array, h: Array, y0: State, args: Any, *, field: Field, layout: Layout) -> DenseStep:
    """One step from `y0` at `t0` over `h`."""
    return _dense(y0, increments(t0, h, y0, args, field=field, layout=layout))


def _dense(y0: State, k: State) -> DenseStep:
    bends = [_weighted(jnp.asarray(row), k) for row in DENSE]
    return DenseStep(y0, _plus(y0, _weighted(jnp.asarray(SUM), k)), jax.tree.map(lambda *xs: jnp.stack(xs), *bends))


def _rate(t: Any, y: State, terms_and_args: Any) -> State:
    terms, args = terms_and_args
    return terms.vf(t, y, args)


@dataclasses.dataclass(frozen=True)
class _Within:
    """A Jacobian of (t, y, args) as one of (t, y, (terms, args))."""

    jacobian: Callable[[Any, State, Any], Any]

    def __call__(self, t: Any, y: State, terms_and_args: Any) -> Any:
        return self.jacobian(t, y, terms_and_args[1])


class Rodas5P(diffrax.AbstractAdaptiveSolver):
    """Rodas5P for the unknowns of a layout; the vector field is that of a `diffrax.ODETerm`, `jacobian` that of
    `Field`."""

    layout: Layout = eqx.field(static=True)
    jacobian: Callable[..., Any] | None = eqx.field(static=True, default=None)

    term_structure: ClassVar = diffrax.AbstractTerm
    interpolation_cls: ClassVar[Callable[..., RodasInterpolation]] = RodasInterpolation

    def order(self, terms: Any) -> int:
        return 5

    def error_order(self, terms: Any) -> float:
        return 5.0  # the embedded method is of order 4

    def init(self, terms: Any, t0: Any, t1: Any, y0: State, args: Any) -> None:
        return None

    def func(self, terms: Any, t0: Any, y0: State, args: Any) -> State:
        return terms.vf(t0, y0, args)

    def step(
        self, terms: Any, t0: Any, t1: Any, y0: State, args: Any, solver_state: None, made_jump: Any
    ) -> tuple[State, State, dict[str, Any], None, Any]:
        del solver_state, made_jump
        field = Field(_rate, None if self.jacobian is None else _Within(self.jacobian))
        k = increments(t0, t1 - t0, y0, (terms, args), field=field, layout=self.layout)
        error = jax.tree.map(lambda x: x[-1], k)
        dense = _dense(y0, k)
        info = dict(y0=dense.y0, y1=dense.y1, bends=dense.bends)
        return dense.y1, error, info, None, diffrax.RESULTS.successful
