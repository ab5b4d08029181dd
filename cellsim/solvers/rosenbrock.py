"""Rodas5P as a diffrax solver, with its derivative stated by hand.

One Jacobian and one factorisation a step, eight linear solves, no Newton iteration, an embedded error estimate and a
dense output of order 4. The formula is in `cellsim.solvers.rodas5p`, its derivative in `cellsim.solvers.tangent`.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array

from cellsim.discretisation.layout import Layout, State
from cellsim.solvers import structured
from cellsim.solvers.field import Field, plus, put, times, weighted
from cellsim.solvers.rodas5p import DENSE, GAMMA, STAGES, SUM, TIME_WEIGHTS, TIMES, A, C
from cellsim.solvers.tangent import Start, moved_increments


def _tableau() -> tuple[Array, ...]:
    """A row a stage: its number, its time, the weight of df/dt, and what the stage after it takes of the increments."""
    rows = np.arange(STAGES)
    after = np.append(rows[1:], 0)  # the last stage has none after it; what it prepares is not looked at
    own = lambda table: jnp.asarray(table[after, rows])
    tables = (jnp.asarray(A[after]), own(A), jnp.asarray(C[after]), own(C))
    return (jnp.asarray(rows), jnp.asarray(TIMES), jnp.asarray(TIME_WEIGHTS), *tables)


def _stages(field: Field, layout: Layout, t0: Array, h: Array, y0: State, args: Any) -> State:
    """The eight increments of one step, stacked."""
    jac, rate_of_t = field.linear_part(t0, y0, args, layout)
    known = structured.factors(jac, 1.0 / (GAMMA * h), layout)

    def stage(carry: tuple[State, State, State], row: tuple[Array, ...]) -> tuple[Any, None]:
        # the sums that the next stage needs are carried: the loop then holds each of them in memory just once
        k, y, side = carry
        i, time, time_weight, next_a, own_a, next_c, own_c = row
        right_side = [field.rate(t0 + time * h, y, args), side]
        if rate_of_t is not None:
            right_side.append(times(time_weight * h, rate_of_t))
        new = structured.solve(known, plus(*right_side), layout)
        y = plus(y0, weighted(next_a, k), times(own_a, new))
        side = plus(weighted(next_c / h, k), times(own_c / h, new))
        return (put(k, new, i), y, side), None

    zero = jax.tree.map(jnp.zeros_like, y0)
    empty = jax.tree.map(lambda x: jnp.zeros((STAGES, *x.shape)), y0)
    (k, _, _), _ = lax.scan(stage, (empty, y0, zero), _tableau())
    return k


@eqx.filter_custom_jvp
def increments(t0: Array, h: Array, y0: State, args: Any, *, field: Field, layout: Layout) -> State:
    """The eight increments of one step from `y0` at `t0` over `h`, stacked along a leading axis."""
    return _increments(field, layout, t0, h, y0, args)


@eqx.filter_jit  # a step is traced once however often a program speaks of it
def _increments(field: Field, layout: Layout, t0: Array, h: Array, y0: State, args: Any) -> State:
    return _stages(field, layout, t0, h, y0, args)


@increments.def_jvp
def _increments_jvp(primals: Any, tangents: Any, *, field: Field, layout: Layout) -> tuple[State, State]:
    k = increments(*primals, field=field, layout=layout)  # the same function again, for derivatives of this one
    return k, moved_increments(k, Start(*primals), Start(*tangents), field=field, layout=layout)


class RodasInterpolation(diffrax.AbstractLocalInterpolation):
    """Dense output of order 4 within one step."""

    t0: Any  # type: ignore[misc]  # an AbstractClassVar to mypy
    t1: Any  # type: ignore[misc]
    y0: State
    y1: State
    bends: State  # three, stacked
    increments: State | None = None  # of the step, where they are kept; as is
    span: Array | None = None  # its beginning and length [s]

    def evaluate(self, t0: Any, t1: Any = None, left: bool = True) -> State:
        del left
        if t1 is not None:
            return plus(self.evaluate(t1), times(jnp.asarray(-1.0), self.evaluate(t0)))
        span = self.t1 - self.t0
        s = (t0 - self.t0) / jnp.where(span == 0, 1.0, span)
        weights = s * (1 - s) * jnp.stack([jnp.ones_like(s), s, s * s])
        return plus(times(1 - s, self.y0), times(s, self.y1), weighted(weights, self.bends))


class DenseStep(eqx.Module):
    """What the dense output of one step is made of, and what its derivative needs besides, where that is kept."""

    y0: State
    y1: State
    bends: State  # three, stacked
    increments: State | None = None  # eight, stacked
    span: Array | None = None  # when it began and its length [s], to the last bit: what is held may jump where it ends


def dense_step(y0: State, k: State, span: Array | None = None) -> DenseStep:
    """The step from `y0` whose increments are `k`."""
    bends = [weighted(jnp.asarray(row), k) for row in DENSE]
    y1 = plus(y0, weighted(jnp.asarray(SUM), k))
    return DenseStep(y0, y1, jax.tree.map(lambda *xs: jnp.stack(xs), *bends), k, span)


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
    `Field`. `keeps_increments` adds those of each step, and its span, to the dense output."""

    layout: Layout = eqx.field(static=True)
    jacobian: Callable[..., Any] | None = eqx.field(static=True, default=None)
    keeps_increments: bool = eqx.field(static=True, default=False)

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
        dense = dense_step(y0, k)
        info: dict[str, Any] = dict(y0=dense.y0, y1=dense.y1, bends=dense.bends)
        if self.keeps_increments:
            info |= {"increments": k, "span": jnp.stack([t0, t1 - t0])}
        return dense.y1, error, info, None, diffrax.RESULTS.successful
