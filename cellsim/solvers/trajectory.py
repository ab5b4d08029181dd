"""The accepted steps of a run as a differentiable object: dense output, whose derivative goes over the steps again.

The integrator finds the steps with nothing differentiated. What it leaves behind, the state at the start of every
accepted step and the step's increments, is all that a derivative needs: each step's tangent is linear in the tangent of
the state and of the parameters, with the factors of that step. Forward mode goes over the steps once with all tangents
innermost; reverse mode is the transpose, from the last step to the first. Increments are kept only when something is
differentiated. Step sizes are held, as is usual.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.custom_batching import custom_vmap
from jaxtyping import Array, Float

from cellsim.discretisation.layout import Layout, State
from cellsim.solvers.field import Field, filled, plus, tied
from cellsim.solvers.linear import linear
from cellsim.solvers.rosenbrock import DenseStep, RodasInterpolation, dense_step
from cellsim.solvers.tangent import Start, Step, moved_increments

Scalar = Float[Array, ""]


class Trajectory(eqx.Module):
    """Dense output over consecutive steps; rows beyond `count` are padding."""

    ts: Float[Array | np.ndarray, " ends"]  # of the steps, one more than there are steps; of numpy where it is kept
    steps: DenseStep  # stacked
    count: Any  # of the steps; None in a tangent
    room: int | None = eqx.field(static=True, default=None)  # of one whose padding was cut off, the steps with it

    def at(self, t: Scalar) -> State:
        """The state at time `t` [s], differentiable in `t` and in what the steps depend on."""
        index = jnp.clip(jnp.searchsorted(self.ts, lax.stop_gradient(t), side="right") - 1, 0, self.count - 1)
        step = jax.tree.map(lambda x: x[index], self.steps)
        return RodasInterpolation(self.ts[index], self.ts[index + 1], step.y0, step.y1, step.bends).evaluate(t)


def recorded(dense: diffrax.DenseInterpolation) -> Trajectory:
    """The trajectory that a diffrax solution with dense output recorded."""
    infos = dense.infos
    steps = DenseStep(infos["y0"], infos["y1"], infos["bends"], infos.get("increments"), infos.get("span"))
    return Trajectory(dense.ts, steps, dense.ts_size - 1)


Integrate = Callable[[State, Any, bool], tuple[Trajectory, Any]]


@eqx.filter_custom_jvp
def differentiable(
    y0: State, args: Any, *, integrate: Integrate, field: Field, layout: Layout
) -> tuple[Trajectory, Any]:
    """What `integrate(y0, args, keeps_increments)` finds, as a function of the initial state and of the arguments of
    the vector field: a trajectory, which moves with them, and whatever else, which is held."""
    del field, layout
    return integrate(y0, args, False)


@differentiable.def_jvp
def _differentiable_jvp(primals: Any, tangents: Any, **about: Any) -> tuple[Any, Any]:
    found, rest = _with_increments(*primals, **about)
    moved = _moved(found, primals, tangents, keeps_increments=False, **about)
    light = dataclasses.replace(found, steps=dataclasses.replace(found.steps, increments=None, span=None))
    return (light, rest), (moved, _still(rest))


@eqx.filter_custom_jvp
def _with_increments(
    y0: State, args: Any, *, integrate: Integrate, field: Field, layout: Layout
) -> tuple[Trajectory, Any]:
    """The same with the increments of every step."""
    del field, layout
    return integrate(y0, args, True)


@_with_increments.def_jvp
def _with_increments_jvp(primals: Any, tangents: Any, **about: Any) -> tuple[Any, Any]:
    # the same function again, so that a second derivative sees the states and the increments move
    found, rest = _with_increments(*primals, **about)
    return (found, rest), (_moved(found, primals, tangents, keeps_increments=True, **about), _still(rest))


def _still(rest: Any) -> Any:
    """The tangent of what is held."""
    return jax.tree.map(lambda x: jnp.zeros_like(x) if eqx.is_inexact_array(x) else None, rest)


def _moved(
    record: Trajectory, primals: Any, tangents: Any, *, keeps_increments: bool, field: Field, layout: Layout, **_: Any
) -> Trajectory:
    """The tangent of a trajectory that has its increments."""
    (y0, args), (y0_dot, args_dot) = primals, tangents
    is_none = lambda x: x is None
    moving = jax.tree.map(lambda x, dx: None if dx is None else x, args, args_dot, is_leaf=is_none)
    still = jax.tree.map(lambda x, dx: x if dx is None else None, args, args_dot, is_leaf=is_none)
    numbers, rest = eqx.partition((record, moving, still), eqx.is_array)

    def replay(given: Any) -> _Replay:
        record, moving, still = eqx.combine(given, rest)
        return _Replay(record, moving, still, keeps_increments, field, layout)

    steps = linear(
        lambda given, x: replay(given).pushed(x),
        lambda given, rows: replay(given).pulled(rows),
        lambda given, x: replay(given).scanned(x),
        numbers,
        (filled(y0, y0_dot), args_dot),
    )
    return Trajectory(jnp.zeros_like(record.ts), steps, None)


class _Replay(NamedTuple):
    """The steps of a run gone over again, for the tangents of its start and of those arguments that move."""

    record: Trajectory
    moving: Any
    still: Any
    keeps_increments: bool
    field: Field
    layout: Layout

    @property
    def rows(self) -> tuple[Any, ...]:
        """Time, length, state and increments of every step, padding included."""
        steps = self.record.steps
        assert steps.span is not None
        return steps.span[:, 0], steps.span[:, 1], steps.y0, steps.increments

    def step(self, n: Array) -> Step:
        """Step number `n`."""
        t, h, y, k = jax.tree.map(lambda x: x[n], self.rows)
        nowhere = jax.tree.map(lambda _: None, y)
        return Step(k, Start(None, None, y, self.moving), Start(t, h, nowhere, self.still), self.field, self.layout)

    def dense(self, dy: State, dk: State) -> DenseStep:
        """The tangent of a step's dense output."""
        step = dense_step(dy, dk, jnp.zeros(2))
        return step if self.keeps_increments else dataclasses.replace(step, increments=None, span=None)

    def masked(self, n: Array, tree: Any) -> Any:
        """Nothing beyond the last step."""
        return jax.tree.map(lambda x: jnp.where(n < self.record.count, x, 0.0), tree)

    def pushed(self, moved: tuple[State, Any]) -> DenseStep:
        """The tangents of all steps (stacked) from `moved`, those of the initial state and of the arguments."""
        y0_dot, args_dot = moved

        def body(n: Array, carry: tuple[State, DenseStep]) -> tuple[State, DenseStep]:
            dy, rows = carry
            dk = self.masked(n, self.step(n).forwards(Start(None, None, dy, args_dot)))
            step = self.dense(dy, dk)
            return step.y1, jax.tree.map(lambda xs, x: lax.dynamic_update_index_in_dim(xs, x, n, 0), rows, step)

        of_one = jax.eval_shape(self.dense, y0_dot, self.step(jnp.asarray(0)).k)
        rows = jax.tree.map(lambda x: jnp.zeros((len(self.record.ts) - 1, *x.shape)), of_one)
        return lax.fori_loop(0, _most(self.record.count), body, tied((y0_dot, rows), moved))[1]

    def pulled(self, rows_bar: DenseStep) -> tuple[State, Any]:
        """The transpose, from the last step to the first."""
        first = self.step(jnp.asarray(0))
        _, up = jax.vjp(self.dense, first.moves.y, first.k)
        steps = _most(self.record.count)

        def body(i: Array, carry: tuple[State, Any]) -> tuple[State, Any]:
            y1_bar, args_bar = carry
            n = steps - 1 - i
            row = jax.tree.map(lambda x: x[n], rows_bar)
            y_bar, k_bar = up(dataclasses.replace(row, y1=plus(row.y1, y1_bar)))
            pulled, _ = self.step(n).backwards(k_bar)
            y_pulled, args_pulled = self.masked(n, (pulled.y, pulled.args))
            return plus(y_bar, y_pulled), jax.tree.map(jnp.add, args_bar, args_pulled)

        nothing = jax.tree.map(jnp.zeros_like, (first.moves.y, self.moving))
        return lax.fori_loop(0, steps, body, tied(nothing, rows_bar))

    def scanned(self, moved: tuple[State, Any]) -> DenseStep:
        """The same as `pushed`, differentiable in all that it depends on."""
        y0_dot, args_dot = moved
        args = eqx.combine(self.moving, self.still)

        @jax.checkpoint
        def body(dy: State, row: tuple[Any, ...]) -> tuple[State, DenseStep]:
            n, (t, h, y, k) = row
            t, y, k = self.masked(n, (t, y, k))  # padding is not finite
            start = Start(t, jnp.where(n < self.record.count, h, 1.0), y, args)
            moved_start = Start(None, None, dy, args_dot)
            dk = moved_increments(k, start, moved_start, field=self.field, layout=self.layout)
            step = self.dense(dy, self.masked(n, dk))
            return step.y1, step

        return lax.scan(body, y0_dot, (jnp.arange(len(self.record.ts) - 1), self.rows))[1]


@custom_vmap
def _most(count: Array) -> Array:
    """`count`; of a batch the largest, as one number that all its members share: a loop to it runs in step."""
    return count


@_most.def_vmap
def _most_of_many(size: int, is_mapped: Any, count: Array) -> tuple[Array, bool]:
    del size
    return (_most(jnp.max(count)) if is_mapped[0] else _most(count)), False
