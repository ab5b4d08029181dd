"""An ensemble cut into pieces of work, each of which can be done anywhere."""

import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh

from cellsim.ensemble.cases import Case, Group
from cellsim.ensemble.identity import identity
from cellsim.ensemble.program import How, Setup, filled_up, in_step, in_turn, lanes_are_many, sharded
from cellsim.ensemble.results import Rows, rows_of

CHUNK = 32  # cells in one piece of work on a CPU: a second or so, and little to lose
CHUNK_OF_LANES = 1024  # on a device that runs cells in step
COMPILING = threading.Lock()  # two threads that begin together would both compile the same


class Piece(NamedTuple):
    """Some cells, all that their runs need, and room for `size` of them, so that one program serves every piece."""

    cells: np.ndarray
    setup: Setup
    cases: Case
    how: How
    size: int

    def done(self, devices: Sequence[Any] = ()) -> Rows:
        """What became of its cells; shared among `devices` where there are several."""
        if not jax.config.jax_enable_x64:  # type: ignore[attr-defined]
            raise RuntimeError("float64 is off: import cellsim before JAX computes anything.")
        full: Case = jax.tree.map(lambda x: x[filled_up(np.arange(len(self.cells)), self.size)], self.cases)
        in_lanes = lanes_are_many()
        if len(devices) > 1:
            mesh = Mesh(np.asarray(devices), ("cells",))
            run = lambda count: sharded(self.setup, full, count, self.how, mesh, in_lanes)
        else:
            run = lambda count: (in_step if in_lanes else in_turn)(self.setup, full, count, self.how)
        if not in_lanes:
            with COMPILING:
                jax.block_until_ready(run(0))
        found = jax.block_until_ready(run(len(self.cells)))
        return rows_of(self.setup, self.how, full, found, self.cells)


def pieces(setup: Setup, groups: Sequence[Group], how: How, size: int, done: Sequence[int] = ()) -> list[Piece]:
    """All of the work on the cells that are not `done`, in pieces of up to `size` cells."""
    found: list[Piece] = []
    for group in groups:
        left = np.flatnonzero(~np.isin(group.cells, done))
        for first in range(0, len(left), size):
            places = left[first : first + size]
            found.append(Piece(group.cells[places], setup, group.part(places), how, size))
    return found


def fingerprint(setup: Setup, groups: Sequence[Group], how: How) -> str:
    """A word that is the same for the same ensemble and no other, in another process too, however it is cut into
    pieces."""
    outputs = [(each.name, each.of) for each in how.outputs]
    return identity(setup, list(groups), how.paths, outputs, how.max_steps)
