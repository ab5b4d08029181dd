"""The derivative of a Rosenbrock step, from the equation that its increments obey.

The increments k of a step are the root of a residual,

    R_i = rate(t_i, y0 + sum_j A_ij k_j) + sum_j C_ij k_j / h + h d_i df/dt - (1/(gamma h) - J(y0)) k_i = 0,

so that their tangents obey one linear system, block-triangular over the stages: -dR/dk dk = dR/d(t0, h, y0, args). Once
the increments are known, whatever is not linear is known for all stages at once. Forwards the system is solved from the
first stage to the last; its transpose, which is the discrete adjoint of the step, from the last to the first; both with
the factors of the step itself.
"""

import dataclasses
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array

from cellsim.discretisation.jacobian import Jacobian, product
from cellsim.discretisation.layout import Layout, State
from cellsim.solvers import structured
from cellsim.solvers.field import Field, plus, put, tied, times, weighted
from cellsim.solvers.rodas5p import GAMMA, STAGES, TIME_WEIGHTS, TIMES, A, C


class Start(NamedTuple):
    """What a step starts from."""

    t: Any  # s
    h: Any  # its length [s]
    y: Any
    args: Any


def moved_increments(k: State, start: Start, moved: Start, *, field: Field, layout: Layout) -> State:
    """The tangent of the increments `k` of the step from `start`; linear in the tangent `moved`, in which None stands
    for what does not move. Differentiable to any order."""
    is_none = lambda x: x is None
    moves = jax.tree.map(lambda x, dx: x if dx is not None else None, start, moved, is_leaf=is_none)
    stays = jax.tree.map(lambda x, dx: x if dx is None else None, start, moved, is_leaf=is_none)
    step = Step(k, moves, stays, field, layout)
    still = dataclasses.replace(step, moves=lax.stop_gradient(moves))

    # the tangent `moved` joins the unknowns, as an identity, so that the transpose can be stated as a whole
    def matrix(x: tuple[Start, State]) -> tuple[Start, State]:
        moved, dk = x
        _, dR = jax.jvp(step.residual, (moves, k), (moved, dk))
        return moved, times(jnp.asarray(-1.0), dR)

    def solution(_: Any, b: tuple[Start, State]) -> tuple[Start, State]:
        return b[0], still.forwards(*b)

    def transposed(_: Any, b: tuple[Start, State]) -> tuple[Start, State]:
        pulled, mus = still.backwards(b[1])
        return jax.tree.map(jnp.add, b[0], pulled), mus

    # JAX transposes a linear solve only if all of its right-hand side is a function of what is linear
    unknown = tied(jax.tree.map(jnp.zeros_like, k), moved)
    return lax.custom_linear_solve(matrix, (moved, unknown), solution, transposed)[1]


class Step(eqx.Module):
    """One step as a function of those parts of its start that move."""

    k: State
    moves: Start
    stays: Start
    field: Field
    layout: Layout

    def start(self, moves: Start) -> Start:
        """All of it."""
        return eqx.combine(moves, self.stays)

    def residual(self, moves: Start, k: State) -> State:
        """R, stacked over the stages."""
        t, h, y, args = self.start(moves)
        rates = jax.vmap(lambda t, y: self.field.rate(t, y, args))(t + h * TIMES, _sums(A, k, y))
        return plus(rates, self.by_start(moves, k))

    def by_start(self, moves: Start, k: State) -> State:
        """The terms of R other than the rates; J and df/dt in them are those at the start of the step."""
        t, h, y, args = self.start(moves)
        jac, rate_of_t = self.field.linear_part(t, y, args, self.layout)
        jk = jax.vmap(lambda k: product(jac, k, self.layout))(k)
        out = jax.tree.map(lambda s, k, jk: (s - k / GAMMA) / h + jk, _sums(C, k), k, jk)
        if rate_of_t is None:
            return out
        return jax.tree.map(lambda out, f: out + h * TIME_WEIGHTS.reshape(-1, *[1] * f.ndim) * f, out, rate_of_t)

    def pulled_by_start(self, mus: State) -> Start:
        """What the multipliers pull back to the start by way of `by_start`."""
        contracted = self.field.contracted
        if contracted is None:
            return jax.vjp(lambda moves: self.by_start(moves, self.k), self.moves)[1](mus)[0]

        def along_mus(moves: Start) -> Array:
            t, h, y, args = self.start(moves)
            own = jax.tree.map(lambda s, k, mu: jnp.sum((s - k / GAMMA) / h * mu), _sums(C, self.k), self.k, mus)
            total = sum(jax.tree.leaves(own)) + contracted(t, y, args, mus, self.k)
            if not self.field.varies:
                return total
            along_t = weighted(h * TIME_WEIGHTS, mus)
            _, of_t = jax.jvp(lambda t: self.field.rate(t, y, args), (t,), (jnp.ones_like(t),))
            products = jax.tree.map(lambda a, b: jnp.sum(a * b), along_t, of_t)
            return total + sum(jax.tree.leaves(products))

        return jax.grad(along_mus)(self.moves)

    def eliminated(self) -> "_Eliminated":
        """The factors of W."""
        t, h, y, args = self.start(self.moves)
        jac, _ = self.field.linear_part(t, y, args, self.layout)
        return _Eliminated(structured.factors(jac, 1.0 / (GAMMA * h), self.layout), 1.0 / jnp.asarray(h))

    def forwards(self, moved: Start, b: State | None = None) -> State:
        """The tangents of the increments, from that of the start; `b` is added to the right-hand side."""
        t, h, y, args = self.start(self.moves)
        _, dR = jax.jvp(lambda moves: self.residual(moves, self.k), (self.moves,), (moved,))
        jac_at = lambda t, y: self.field.linear_part(t, y, args, self.layout)[0]
        jacs = jax.vmap(jac_at)(t + h * TIMES, _sums(A, self.k, y))
        recursion = structured.innermost(lambda known, jacs, b: _stage_by_stage(known, jacs, b, self.layout))
        return recursion(self.eliminated(), jacs, dR if b is None else plus(b, dR))

    def backwards(self, k_bar: State) -> tuple[Start, State]:
        """What the cotangent `k_bar` of the increments pulls back to the start, and the multipliers of the stages on
        its way: the discrete adjoint of the step."""
        moves = self.moves
        t, h, y, _ = self.start(moves)
        known = self.eliminated()

        def pull_at(t: Array, y: State) -> Any:
            at = lambda t, y, moves: self.field.rate(t, y, self.start(moves).args)
            return jax.vjp(at, t, y, moves)[1]  # a tree, whose leaves are what pulling back needs

        def stage(carry: tuple[State, State, Any, Start], row: tuple[Any, ...]) -> tuple[Any, None]:
            mus, pulled, (t_bar, h_bar), bar = carry
            i, time, of_a, of_c, pull, k_bar_i = row
            b = plus(k_bar_i, weighted(of_a, pulled), weighted(of_c * known.per_h, mus))
            mu = structured.solve_transposed(known.factors, b, self.layout)
            t_pulled, y_pulled, moves_pulled = pull(mu)
            bar = jax.tree.map(jnp.add, bar, moves_pulled)
            return (put(mus, mu, i), put(pulled, y_pulled, i), (t_bar + t_pulled, h_bar + time * t_pulled), bar), None

        nothing = jax.tree.map(jnp.zeros_like, k_bar)
        carry = (nothing, nothing, (jnp.zeros(()), jnp.zeros(())), jax.tree.map(jnp.zeros_like, moves))
        tables = map(jnp.asarray, (np.arange(STAGES), TIMES, A.T, C.T))
        rows = (*tables, jax.vmap(pull_at)(t + h * TIMES, _sums(A, self.k, y)), k_bar)
        (mus, pulled, (t_bar, h_bar), bar), _ = lax.scan(stage, carry, rows, reverse=True)

        y_bar = jax.tree.map(lambda x: jnp.sum(x, axis=0), pulled)
        add = lambda of, *bars: None if of is None else sum(bars[1:], bars[0])
        total = jax.tree.map(
            add, moves, Start(t_bar, h_bar, y_bar, bar.args), self.pulled_by_start(mus), is_leaf=lambda x: x is None
        )
        return total, mus


class _Eliminated(NamedTuple):
    """W = 1/(gamma h) - J of a step, eliminated, and 1/h [1/s]."""

    factors: structured.Factors
    per_h: Array


def _sums(table: np.ndarray, k: State, y: State | None = None) -> State:
    """`y` (or nothing) plus the sums over the rows of a strictly lower triangular `table` of the increments."""

    def of(k: Array, y: Array) -> Array:
        return jnp.stack([sum((table[i, j] * k[j] for j in range(i) if table[i, j]), y) for i in range(STAGES)])

    return jax.tree.map(of, k, jax.tree.map(lambda k: jnp.zeros_like(k[0]), k) if y is None else y)


def _stage_by_stage(known: _Eliminated, jacs: Jacobian, b: State, layout: Layout) -> State:
    """dk of -dR/dk dk = b, systems innermost. What a stage needs of those before it is carried, so that each sum is
    in memory just once."""
    systems = max(x.shape[-1] for x in jax.tree.leaves((known, jacs, b)))
    b = jax.tree.map(lambda x: jnp.broadcast_to(x, (*x.shape[:-1], systems)), b)
    after = np.append(np.arange(1, STAGES), 0)  # the last stage has none after it; what it prepares is not looked at
    own = lambda table: table[after, np.arange(STAGES)]

    def stage(carry: tuple[State, State, State], row: tuple[Any, ...]) -> tuple[Any, None]:
        dk, dy, side = carry
        i, next_a, own_a, next_c, own_c, jac, b_i = row
        new = structured.solved(known.factors, plus(b_i, product(jac, dy, layout), side), layout)
        dy = plus(weighted(next_a, dk), times(own_a, new))
        side = times(known.per_h, plus(weighted(next_c, dk), times(own_c, new)))
        return (put(dk, new, i), dy, side), None

    zero = jax.tree.map(lambda x: jnp.zeros_like(x[0]), b)
    tables = map(jnp.asarray, (np.arange(STAGES), A[after], own(A), C[after], own(C)))
    return lax.scan(stage, (jax.tree.map(jnp.zeros_like, b), zero, zero), (*tables, jacs, b))[0][0]
