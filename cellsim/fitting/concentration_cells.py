"""Potentials of concentration cells, compared beside a run: what tells the transference number from the thermodynamic
factor, of which a small current sees (1 - t_plus)^2 chi alone."""

from typing import Any

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float

from cellsim.constants import T_ROOM
from cellsim.electrolyte.measurements import concentration_cell, concentration_cell_without_transference
from cellsim.fitting.observables import AbstractResidual, Data
from cellsim.fitting.record import Record
from cellsim.models.subject import subject_of
from cellsim.simulation.solution import Solution


def _concentrations(values: Any) -> tuple[float, ...]:
    return tuple(np.atleast_1d(np.asarray(values, float)).tolist())


class ConcentrationCells(AbstractResidual):
    """Potentials `U` [V] of concentration cells with the electrolyte of the run, at rest at `T` [K]: of an electrode of
    the cation's metal in a solution of `c_2` against one in `c_1` [mol/m3], one for each pair, with noise of `sigma`
    [V]. The solutions touch, and (1 - t_plus) chi is seen; of cells `is_without_transference` (two back to back, with
    an electrode for the anion) it is chi alone.

    They belong to the electrolyte and to no run: one experiment carries them, whichever. Raises `ValueError` for
    concentrations that are not above zero and as many as the potentials.

    Source: Newman & Balsara, Electrochemical Systems, 4th ed. (Wiley 2021), chapters 2 and 12.
    """

    c_1: tuple[float, ...] = eqx.field(static=True, converter=_concentrations)
    c_2: tuple[float, ...] = eqx.field(static=True, converter=_concentrations)
    U: Float[np.ndarray, " cells"] = eqx.field(converter=lambda U: np.atleast_1d(np.asarray(U, float)))
    T: float = eqx.field(static=True, default=T_ROOM)
    sigma: float = eqx.field(static=True, default=1e-4)
    is_without_transference: bool = eqx.field(static=True, default=False)

    def __check_init__(self) -> None:
        if not np.shape(self.U) == np.shape(self.c_1) == np.shape(self.c_2):
            raise ValueError(f"{np.size(self.U)} potentials for {len(self.c_1)} and {len(self.c_2)} concentrations.")
        least = min(*self.c_1, *self.c_2)
        if not least > 0:
            raise ValueError(f"a concentration cell needs salt on both sides, found {least:g} mol/m3.")

    def data(self, record: Record) -> Data:
        """The potentials; the record has nothing to do with them."""
        del record
        return Data(self.U, np.full(len(self.U), self.sigma), np.ones(len(self.U)))

    def found(self, solution: Solution) -> Float[Array, " cells"]:
        """Those of the electrolyte of the cell that was run."""
        potential = concentration_cell_without_transference if self.is_without_transference else concentration_cell
        electrolyte = subject_of(solution.model).electrolyte
        return potential(electrolyte, np.asarray(self.c_1), np.asarray(self.c_2), self.T)

    @property
    def is_along_record(self) -> bool:
        """It is not."""
        return False

    @property
    def label(self) -> str:
        """What it is, with its unit."""
        return "Concentration cells [V]"
