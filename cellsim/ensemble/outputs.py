"""What is asked of a run, as one number: differentiable functions of a solution, by their names."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.simulation.solution import Solution

Scalar = Float[Array, ""]
SALT = "electrolyte concentration"
ANODE, LIQUID = "negative electrode potential", "electrolyte potential"


class Output(NamedTuple):
    """A number of a run: how it is called, its unit, what it is, the profiles that it needs, and how it is read off.

    The function must be the same object wherever the same is meant: it is part of compiled programs.
    """

    name: str
    unit: str
    about: str
    of: Callable[[Solution], Any]
    needs: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Its name with its unit, for an axis."""
        return f"{self.name.replace('_', ' ').capitalize()} [{self.unit}]"


def capacity(solution: Solution) -> Scalar:
    """Charge [A.h] that has passed, positive on discharge."""
    return solution.capacity


def energy(solution: Solution) -> Scalar:
    """Energy [W.h] delivered."""
    return solution.energy


def stop_time(solution: Solution) -> Scalar:
    """When the run stopped [s]."""
    return solution.t[-1]


def final_voltage(solution: Solution) -> Scalar:
    """Voltage [V] at the stop."""
    return solution.V[-1]


def mean_voltage(solution: Solution) -> Scalar:
    """Mean of the voltage [V] over the time of the run."""
    t, V = solution.t, solution.V
    span = jnp.where(t[-1] > t[0], t[-1] - t[0], 1.0)
    return jnp.sum(0.5 * (V[1:] + V[:-1]) * jnp.diff(t)) / span


def least_salt(solution: Solution) -> Scalar:
    """The smallest concentration [mol/m3] of salt anywhere, at any of the solution's times."""
    return jnp.min(solution.profile(SALT))


def peak_temperature(solution: Solution) -> Scalar:
    """The highest temperature [K] at any of the solution's times."""
    return jnp.max(solution.T)


def plating_margin(solution: Solution) -> Scalar:
    """The smallest potential [V] of the negative electrode against lithium in the electrolyte beside it; lithium can
    plate where it is negative."""
    return jnp.min(against_lithium(solution))


def against_lithium(solution: Solution) -> Float[Array, "times nodes"]:
    """Potential [V] of the negative electrode against the electrolyte beside it."""
    solid = solution.profile(ANODE)
    return solid - solution.profile(LIQUID)[:, : solid.shape[1]]


OUTPUTS: dict[str, Output] = {
    each.name: each
    for each in (
        Output("capacity", "A.h", "charge passed, positive on discharge", capacity),
        Output("energy", "W.h", "energy delivered", energy),
        Output("stop_time", "s", "time of the stop", stop_time),
        Output("final_voltage", "V", "voltage at the stop", final_voltage),
        Output("mean_voltage", "V", "mean voltage over the run", mean_voltage),
        Output("least_salt", "mol/m3", "smallest salt concentration anywhere, at any time", least_salt, (SALT,)),
        Output("peak_temperature", "K", "highest temperature", peak_temperature),
        Output(
            "plating_margin",
            "V",
            "smallest potential of the negative electrode against lithium in the electrolyte beside it",
            plating_margin,
            (ANODE, LIQUID),
        ),
    )
}


def outputs_of(model: Any) -> tuple[Output, ...]:
    """Those that can be read off the runs of a model."""
    return tuple(each for each in OUTPUTS.values() if all(name in model.fields for name in each.needs))
