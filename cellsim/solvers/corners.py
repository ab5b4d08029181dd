"""Step-size control along a vector field with corners: each is stepped to exactly, and left with a step that has proved
itself at the corner before, instead of one that has grown long on the straight way to it."""

from typing import Any, NamedTuple

import diffrax
import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

GROWTH = 1.5  # of the first step after a corner over that after the corner before


class Memory(NamedTuple):
    """What the controller remembers."""

    inner: Any
    first: Any  # the length of the first step after a corner [s]
    is_first: Any  # whether the step that is tried is one


class AfterCorners(diffrax.AbstractAdaptiveStepSizeController):
    """`controller`, which does not step across `corners` [s]; at `jumps` [s], which may be among them, the vector field
    is discontinuous. Both are sorted; infinite ones stand for none."""

    controller: Any
    corners: Float[Array, " corners"]
    rtol: Any
    atol: Any
    norm: Any = eqx.field(static=True)

    def __init__(self, controller: Any, corners: Float[Array, " corners"], jumps: Float[Array, " jumps"]):
        self.controller = diffrax.ClipStepSizeController(controller, step_ts=corners, jump_ts=jumps)
        self.corners = corners
        self.rtol, self.atol, self.norm = controller.rtol, controller.atol, controller.norm

    def wrap(self, direction: Any) -> "AfterCorners":
        """Time runs forwards here."""
        del direction
        return self

    def init(self, terms: Any, t0: Any, t1: Any, y0: Any, dt0: Any, args: Any, func: Any, error_order: Any) -> Any:
        """The first step is the one that was asked for."""
        t1, inner = self.controller.init(terms, t0, t1, y0, dt0, args, func, error_order)
        return t1, Memory(inner, t1 - t0, jnp.asarray(True))

    def adapt_step_size(
        self, t0: Any, t1: Any, y0: Any, y1: Any, args: Any, y_error: Any, error_order: Any, memory: Memory
    ) -> Any:
        """What the controller says, and after a corner no longer a step than has proved itself."""
        keep, next_t0, next_t1, made_jump, inner, result = self.controller.adapt_step_size(
            t0, t1, y0, y1, args, y_error, error_order, memory.inner
        )
        first = jnp.where(memory.is_first & keep, t1 - t0, memory.first)
        is_at_corner = keep & (jnp.any(t1 == self.corners) | made_jump)
        next_t1 = jnp.where(is_at_corner, jnp.minimum(next_t1, next_t0 + GROWTH * first), next_t1)
        is_first = is_at_corner | (memory.is_first & ~keep)
        return keep, next_t0, next_t1, made_jump, Memory(inner, first, is_first), result
