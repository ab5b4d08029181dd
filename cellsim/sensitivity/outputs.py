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

    @property
    def words(self) -> str:
        """Its name, for a table or an axis."""
        return self.name.replace("_", " ")


VOLTAGE = Output("voltage", "V", lambda solution: solution.V)
# the voltage, and all that an ensemble knows, by the same names
OUTPUTS = {"voltage": VOLTAGE} | {each.name: Output(each.name, each.unit, each.of) for each in outputs.OUTPUTS.values()}
CAPACITY, ENERGY, STOP_TIME = OUTPUTS["capacity"], OUTPUTS["energy"], OUTPUTS["stop_time"]
FINAL_VOLTAGE, MEAN_VOLTAGE = OUTPUTS["final_voltage"], OUTPUTS["mean_voltage"]
LEAST_SALT, PEAK_TEMPERATURE = OUTPUTS["least_salt"], OUTPUTS["peak_temperature"]
PLATING_MARGIN = OUTPUTS["plating_margin"]


def as_output(said: Output | outputs.Output | str) -> Output:
    """An output by its name, or as it is given, also one of `cellsim.ensemble.outputs`. Raises `ValueError` for a name
    that is none."""
    if isinstance(said, str):
        if said not in OUTPUTS:
            raise ValueError(f"there is no output '{said}'. There are: {', '.join(OUTPUTS)}.")
        return OUTPUTS[said]
    return said if isinstance(said, Output) else Output(said.name, said.unit, said.of)
