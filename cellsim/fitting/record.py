"""What was measured on a cell, in SI units and with the signs of this package."""

import dataclasses
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float, Int

if TYPE_CHECKING:
    from cellsim.fitting.segments import Stretch


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

    @cached_property
    def steps(self) -> list["Stretch"]:
        """The steps that are recognised in it, in order; see `cellsim.fitting.segments`."""
        from cellsim.fitting.segments import stretches  # which knows records

        return stretches(self)

    # ---- parts of it

    def rows(self, which: Int[np.ndarray, " some"] | Bool[np.ndarray, " rows"] | slice, said: str = "") -> "Record":
        """The record of these rows alone, and a sentence on the choice."""
        pick = lambda x: None if x is None else x[which]
        sentences = (*self.said, said) if said else self.said
        columns: dict[str, Any] = {key: pick(getattr(self, key)) for key in ("t", "I", "V", "T", "step", "cycle")}
        return dataclasses.replace(self, **columns, said=sentences)

    def between(self, t0: float, t1: float) -> "Record":
        """The rows from `t0` to `t1` [s], on the record's own clock. Raises `ValueError` where there are none."""
        which = (self.t >= t0) & (self.t <= t1)
        if not which.any():
            raise ValueError(
                f"no row lies between {t0:g} and {t1:g} s; the record goes from {self.t[0]:g} to {self.t[-1]:g} s."
            )
        return self.rows(which, f"Rows from {t0:g} to {t1:g} s.")

    def of_step(self, n: int) -> "Record":
        """The rows of the step that the instrument called `n`; of a record without its numbers, of the nth of the steps
        that are recognised, from 1. Raises `ValueError` with what there is."""
        if self.step is not None:
            return self._numbered("step", self.step, n)
        if not 1 <= n <= len(self.steps):
            raise ValueError(f"there is no step {n}; {len(self.steps)} are recognised, from 1.")
        found = self.steps[n - 1]
        return self.rows(slice(found.first, found.stop), f"Rows of step {n} of those that are recognised.")

    def of_cycle(self, n: int) -> "Record":
        """The rows of the cycle that the instrument called `n`. Raises `ValueError` with what there is."""
        if self.cycle is None:
            raise ValueError("the record has no numbers of cycles; take rows by time, as record.between(0, 3600).")
        return self._numbered("cycle", self.cycle, n)

    def shifted(self, to: float = 0.0) -> "Record":
        """The same with a clock that shows `to` [s] in the first row."""
        return dataclasses.replace(self, t=self.t - self.t[0] + to)

    def _numbered(self, what: str, numbers: np.ndarray, n: int) -> "Record":
        which = numbers == n
        if not which.any():
            there = np.unique(numbers)
            shown = ", ".join(str(x) for x in there[:12]) + (", ..." if len(there) > 12 else "")
            raise ValueError(f"there is no {what} {n}; the instrument wrote {shown}.")
        return self.rows(which, f"Rows of {what} {n}.")
