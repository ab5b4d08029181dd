"""The accepted steps of a run as a differentiable object: dense output, whose derivative goes over the steps again.

The integrator finds the steps with nothing differentiated. What it leaves behind, the state at the start of every
accepted step, is all that a derivative needs: each step's tangent is linear in the tangent of the state and of the
parameters, with the factors of that step. Forward mode goes over the steps once with all tangents innermost; reverse
mode is the transpose, from the last step to the first, and recomputes a step's stages instead of storing them. Step
sizes are held, as is usual.
"""

from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from cellsim.discretisation.layout import Layout, State
from cellsim.solvers.rosenbrock import DENSE, DenseStep, Field, RodasInterpolation, dense_step

Scalar = Float[Array, ""]


class Trajectory(eqx.Module):
    """Dense output over consecutive steps; rows beyond `count` are padding."""

    ts: Float[Array, " ends"]  # of the steps, one more than there are steps
    steps: DenseStep  # stacked
    count: Any  # of the steps; None in a tangent

    def at(self, t: Scalar) -> State:
        """The state at time `t` [s], differentiable in `t` and in what the steps depend on."""
        index = jnp.clip(jnp.searchsorted(self.ts, lax.stop_gradient(t), side="right") - 1, 0, self.count - 1)
        step = jax.tree.map(lambda x: x[index], self.steps)
        return RodasInterpolation(self.ts[index], self.ts[index + 1], step.y0, step.y1, step.bends).evaluate(t)


def recorded(dense: diffrax.DenseInterpolation) -> Trajectory:
    """The trajectory that a diffrax solution with dense output recorded."""
    infos = dense.infos
    return Trajectory(dense.ts, DenseStep(infos["y0"], infos["y1"], infos["bends"]), dense.ts_size - 1)


@eqx.filter_custom_jvp
def differentiable(y0: State, args: Any, record: Trajectory, *, field: Field, layout: Layout) -> Trajectory:
    """`record`, as a function of the initial state and of the arguments of the vector field."""
    del y0, args, field, layout
    return record


@differentiable.def_jvp
def _differentiable_jvp(primals: Any, tangents: Any, *, field: Field, layout: Layout) -> tuple[Trajectory, Trajectory]:
    y0, args, record = primals
    y0_dot, args_dot, _ = tangents
    # the same function again, so that a second derivative sees the states move
    out = differentiable(y0, args, record, field=field, layout=layout)
    start_dot = jax.tree.map(
        lambda x, dx: jnp.zeros_like(x) if dx is None else dx, y0, y0_dot, is_leaf=lambda x: x is None
    )

    @jax.checkpoint
    def moved(dy: State, row: tuple[Any, ...]) -> tuple[State, DenseStep]:
        t, h, y, taken = row

        def one_step(dy: State) -> tuple[State, DenseStep]:
            inputs, inputs_dot = (t, h, y, args), (None, None, dy, args_dot)
            step = lambda t, h, y, args: dense_step(t, h, y, args, field=field, layout=layout)
            _, step_dot = eqx.filter_jvp(step, inputs, inputs_dot)
            return step_dot.y1, step_dot

        def no_step(dy: State) -> tuple[State, DenseStep]:
            bends = jax.tree.map(lambda x: jnp.zeros((len(DENSE), *x.shape)), dy)
            return dy, DenseStep(dy, dy, bends)

        return lax.cond(taken, one_step, no_step, dy)

    rows = record.steps.y0.line.shape[0]
    taken = jnp.arange(rows) < record.count
    safe = lambda x: jnp.where(taken.reshape(-1, *[1] * (x.ndim - 1)), x, 0.0)
    t, h = safe(record.ts[:-1]), jnp.where(taken, record.ts[1:] - record.ts[:-1], 1.0)
    _, steps_dot = lax.scan(moved, start_dot, (t, h, jax.tree.map(safe, out.steps.y0), taken))
    return out, Trajectory(jnp.zeros_like(record.ts), steps_dot, None)
