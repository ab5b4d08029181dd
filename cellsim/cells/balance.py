"""State of charge: the lithiations at which the resting cell has its cut-off voltages.

The lithium in the solid is that of the published state and is conserved, so each cut-off is one scalar equation, solved
by bisection and differentiated by the implicit function theorem.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optimistix as optx
from jaxtyping import Array, Bool, Float

from cellsim.cells.blends import MARGIN, equilibrium
from cellsim.cells.design import Cell, Electrode, lithium_capacity

Scalar = Float[Array, ""]
AT_END = 1e-12  # of a lithiation, that a bisection which finds no root leaves to the end


class Lithiation(NamedTuple):
    """Lithium content of both electrodes as fractions of full, all of their materials together."""

    negative: Scalar
    positive: Scalar


def open_circuit_voltage(cell: Cell, theta: Lithiation, T: Scalar) -> Scalar:
    """Voltage [V] of the cell at rest at lithiations `theta` and temperature `T` [K]."""
    return equilibrium(cell.positive, theta.positive, T) - equilibrium(cell.negative, theta.negative, T)


def _balance(cell: Cell) -> tuple[Scalar, Scalar, Callable[[Scalar], Lithiation]]:
    """The least and greatest lithiation of the negative electrode, and both lithiations from the negative one."""
    Q_n, Q_p = lithium_capacity(cell.negative, cell.area), lithium_capacity(cell.positive, cell.area)
    Q_Li = Q_n * cell.negative.theta0 + Q_p * cell.positive.theta0
    low = jnp.maximum(0.0, (Q_Li - Q_p) / Q_n) + MARGIN
    high = jnp.minimum(1.0, Q_Li / Q_n) - MARGIN
    return low, high, lambda theta_n: Lithiation(theta_n, (Q_Li - Q_n * theta_n) / Q_p)


def at_voltage(cell: Cell, V: Scalar, T: Scalar) -> Lithiation:
    """The lithiations at which the cell rests at `V` [V]; the nearest end where no lithiation reaches it."""
    ends = _balance(cell)
    both = ends[2]
    low, high = jax.lax.stop_gradient(ends[:2])
    root = _root(lambda theta_n: open_circuit_voltage(cell, both(theta_n), T) - V, low, high)
    # an end is no root, and moves as the lithium does
    is_low, is_high = root - low < AT_END, high - root < AT_END
    return both(jnp.where(is_low, ends[0], jnp.where(is_high, ends[1], root)))


def _root(rising: Callable[[Scalar], Scalar], low: Scalar, high: Scalar) -> Scalar:
    """Where a function that rises vanishes between two numbers, with the derivative of a root; near the end that is
    nearest where it does not."""
    found: optx.Solution = optx.root_find(
        lambda x, _: rising(x),
        optx.Bisection(rtol=1e-14, atol=1e-14, flip=False),  # type: ignore[call-arg]
        0.5 * (low + high),
        options=dict(lower=low, upper=high),
        max_steps=64,
        throw=False,
    )
    return found.value


def cut_offs_are_reached(cell: Cell, T: Scalar) -> Bool[Array, ""]:
    """Whether the cell, with the lithium it holds, can rest at both of its cut-off voltages; a cell with a window is
    asked for no more than the lithiations in it."""
    if cell.window is not None:
        return jnp.asarray(True)
    low, high, both = _balance(cell)
    rest = lambda theta_n: open_circuit_voltage(cell, both(theta_n), T)
    return (rest(low) <= cell.V_min) & (rest(high) >= cell.V_max)


def _all(electrode: Electrode, theta: Float[Array, "*materials"]) -> Scalar:
    """The lithiation of all materials of an electrode together at that of each."""
    return electrode.together(theta) if jnp.ndim(theta) else theta


def at_soc(cell: Cell, soc: Scalar, T: Scalar) -> Lithiation:
    """The lithiations at state of charge `soc` [-]: 0 and 1 are the ends of the cell's window where it has one, else
    the cut-off voltages at equilibrium at `T` [K]."""
    window = cell.window
    if window is None:
        empty, full = at_voltage(cell, cell.V_min, T), at_voltage(cell, cell.V_max, T)
    else:
        empty = Lithiation(_all(cell.negative, window.negative_empty), _all(cell.positive, window.positive_empty))
        full = Lithiation(_all(cell.negative, window.negative_full), _all(cell.positive, window.positive_full))
    return _between(empty, full, soc)


def _between(empty: Lithiation, full: Lithiation, soc: Scalar) -> Lithiation:
    return Lithiation(*(a + soc * (b - a) for a, b in zip(empty, full, strict=True)))


def soc_at_voltage(cell: Cell, V: Scalar, T: Scalar) -> Scalar:
    """The state of charge [-] at which the cell rests at `V` [V] and `T` [K], below 0 and above 1 too; where it cannot
    rest there, some other one that its electrodes can have. What `at_soc` undoes."""
    empty, full = (at_soc(cell, jnp.asarray(soc), T) for soc in (0.0, 1.0))
    ends = [((end - a) / (b - a)) for a, b in zip(empty, full, strict=True) for end in (MARGIN, 1.0 - MARGIN)]
    low, high = jnp.maximum(ends[0], ends[3]), jnp.minimum(ends[1], ends[2])  # the positive one empties on charge
    low, high = jax.lax.stop_gradient((low, high))
    return _root(lambda soc: open_circuit_voltage(cell, _between(empty, full, soc), T) - V, low, high)
