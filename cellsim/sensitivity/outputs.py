"""What can be asked of a run: its voltage at every time, or one number that it comes down to."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.simulation.solution import Solution


class Output(NamedTuple):
    """A number that a run gives, or one at every time. Any function of a solution that JAX can trace will do."""

    name: str
    unit: str
    of: Callable[[Solution], Any]


def plating_margin(solution: Solution) -> Float[Array, ""]:
    """The least potential [V] of the solid of the negative electrode against a lithium electrode beside it, over places
    and times: below zero lithium may be plated."""
    solid, solution_phase = solution.profile("negative electrode potential"), solution.profile("electrolyte potential")
    return jnp.min(solid - solution_phase[..., : solid.shape[-1]])


VOLTAGE = Output("voltage", "V", lambda solution: solution.V)
CAPACITY = Output("capacity", "A.h", lambda solution: solution.capacity)
ENERGY = Output("energy", "W.h", lambda solution: solution.energy)
STOP_TIME = Output("stop time", "s", lambda solution: solution.t[-1])
LEAST_SALT = Output(
    "least salt concentration", "mol/m3", lambda solution: jnp.min(solution.profile("electrolyte concentration"))
)
PEAK_TEMPERATURE = Output("peak temperature", "K", lambda solution: jnp.max(solution.T))
PLATING_MARGIN = Output("plating margin", "V", plating_margin)
OUTPUTS = {
    each.name: each for each in (VOLTAGE, CAPACITY, ENERGY, STOP_TIME, LEAST_SALT, PEAK_TEMPERATURE, PLATING_MARGIN)
}
