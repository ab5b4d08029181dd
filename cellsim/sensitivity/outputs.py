"""What can be asked of a run: its voltage at every time, or one number that it comes down to."""

from collections.abc import Callable
from typing import Any, NamedTuple

from cellsim.ensemble import outputs
from cellsim.simulation.solution import Solution


class Output(NamedTuple):
    """A number that a run gives, or one at every time. Any function of a solution that JAX can trace will do."""

    name: str
    unit: str
    of: Callable[[Solution], Any]


VOLTAGE = Output("voltage", "V", lambda solution: solution.V)
CAPACITY = Output("capacity", "A.h", outputs.capacity)
ENERGY = Output("energy", "W.h", outputs.energy)
STOP_TIME = Output("stop time", "s", outputs.stop_time)
LEAST_SALT = Output("least salt concentration", "mol/m3", outputs.least_salt)
PEAK_TEMPERATURE = Output("peak temperature", "K", outputs.peak_temperature)
PLATING_MARGIN = Output("plating margin", "V", outputs.plating_margin)
OUTPUTS = {
    each.name: each for each in (VOLTAGE, CAPACITY, ENERGY, STOP_TIME, LEAST_SALT, PEAK_TEMPERATURE, PLATING_MARGIN)
}
