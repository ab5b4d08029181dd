"""What was measured on a cell, in SI units and with the signs of this package."""

import dataclasses

import numpy as np
from jaxtyping import Float, Int


@dataclasses.dataclass(frozen=True, eq=False)
class Record:
    """A measured record: rows of time, current and voltage, and what else the instrument wrote.

    Times in s, rising; current in A, positive on discharge; voltage in V; temperature in K.
    """

    t: Float[np.ndarray, " rows"]
    I: Float[np.ndarray, " rows"]
    V: Float[np.ndarray, " rows"]
    T: Float[np.ndarray, " rows"] | None = None
    step: Int[np.ndarray, " rows"] | None = None  # numbers as the instrument gave them
    cycle: Int[np.ndarray, " rows"] | None = None
    name: str = ""
    said: tuple[str, ...] = ()  # what reading it found and changed, a sentence each

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.t)
