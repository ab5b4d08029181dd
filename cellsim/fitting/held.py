"""A problem in which some numbers are held where they are; nothing is compiled anew for it."""

import copy

import numpy as np
from jaxtyping import Float

from cellsim.fitting.problem import Linear, Problem


class Held(Problem):
    """`problem` with only the coordinates in `columns` moving, all others at `z`. For methods: what it is asked is in
    the coordinates that move."""

    def __init__(self, problem: Problem, columns: list[int], z: Float[np.ndarray, " free"]) -> None:
        self.__dict__.update(copy.copy(problem).__dict__)
        self._whole, self._moving, self._z = problem, np.array(columns, dtype=int), np.array(z)
        self.start = self._z[self._moving]

    def whole(self, z: Float[np.ndarray, " moving"]) -> Float[np.ndarray, " free"]:
        """All coordinates, those that move at `z`."""
        all_of = self._z.copy()
        all_of[self._moving] = z
        return all_of

    def linearised(self, z: Float[np.ndarray, " moving"]) -> Linear:
        """Residuals and their slopes in what moves."""
        here = self._whole.linearised(self.whole(z))
        return here._replace(z=np.array(z), J=here.J[:, self._moving])

    def residuals(self, z: Float[np.ndarray, " moving"]) -> Float[np.ndarray, " rows"]:
        """Residuals alone."""
        return self._whole.residuals(self.whole(z))

    def gradient(self, z: Float[np.ndarray, " moving"]) -> tuple[float, Float[np.ndarray, " moving"]]:
        """The cost and its gradient in what moves."""
        cost, slope = self._whole.gradient(self.whole(z))
        return cost, slope[self._moving]
