"""Ways to the least cost, as loops in Python around compiled residuals: each step can be watched, stopped, stored and
taken up again."""

import abc
from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import numpy as np
from jaxtyping import Float

from cellsim.fitting.optimise import descent
from cellsim.fitting.problem import Linear, Problem

Memory = dict[str, np.ndarray]


class Iterate(NamedTuple):
    """A point on the way, and what the method must know to go on from it."""

    z: Float[np.ndarray, " free"]
    cost: float
    memory: Memory


Report = Callable[[Iterate], bool]  # whether to stop here
CONVERGED, USED_UP, STOPPED, STUCK = (
    "converged",
    "the number of iterations was used up",
    "stopped from outside",
    "no step leads further down",
)


class Last:
    """The last point that a method reported."""

    def __init__(self) -> None:
        self.z, self.cost = np.zeros(0), np.inf

    def __call__(self, iterate: Iterate) -> bool:
        """Keeps it, and goes on."""
        self.z, self.cost = iterate.z, iterate.cost
        return False


class AbstractMethod(eqx.Module):
    """A way to the least cost."""

    iterations: eqx.AbstractVar[int]

    @abc.abstractmethod
    def run(self, problem: Problem, z: Float[np.ndarray, " free"], memory: Memory, report: Report) -> str:
        """Goes down from `z`, reporting every point that is better, that of the start first; why it ended. `memory` is
        that of an earlier run that is taken up, else empty."""


class LevenbergMarquardt(AbstractMethod):
    """Least squares by damped Gauss-Newton steps, with the Jacobian in forward mode.

    The damping follows the ratio of what a step brought to what it promised. Ends when a step brings less than
    `tolerance` of what one standard deviation of one residual is worth: a hundredth of a standard error or so is then
    left. No coordinate moves further than `longest` in a step (about eight of them span two bounds).

    Sources: D. W. Marquardt, J. Soc. Indust. Appl. Math. 11 (1963) 431, doi:10.1137/0111030; J. J. More, Lecture Notes
    in Mathematics 630 (1978) 105; H. B. Nielsen, report IMM-REP-1999-05, Technical University of Denmark (1999).
    """

    iterations: int = eqx.field(static=True, default=50)
    tolerance: float = eqx.field(static=True, default=1e-4)
    damping: float = eqx.field(static=True, default=1e-2)
    longest: float = eqx.field(static=True, default=2.0)

    def run(self, problem: Problem, z: Float[np.ndarray, " free"], memory: Memory, report: Report) -> str:
        """Goes down from `z`; why it ended."""
        here = problem.linearised(z)
        damping, growth = float(memory.get("damping", self.damping)), 2.0
        scale = np.asarray(memory.get("scale", np.zeros(len(z))))
        told = lambda: {"damping": np.asarray(damping), "scale": scale}
        if report(Iterate(here.z, here.cost, told())):
            return STOPPED
        taken = 0
        while taken < self.iterations:
            scale = np.maximum(scale, np.linalg.norm(here.J, axis=0))
            step = damped_step(here, scale, damping, self.longest)
            promised = here.cost - 0.5 * float(np.sum((here.r + here.J @ step) ** 2))
            worth = self.tolerance * max(1.0, misfit(here))
            if not np.any(step) or (promised <= 1e-3 * worth and damping <= 1.0):
                return CONVERGED
            there = problem.linearised(z + step)
            taken += 1
            brought = here.cost - there.cost
            ratio = brought / promised if promised > 0 and np.isfinite(there.cost) else -1.0
            if ratio > 1e-4:
                z, here = there.z, there
                was = damping
                damping *= max(1 / 10, 1 - (2 * ratio - 1) ** 3)
                growth = 2.0
                if report(Iterate(z, here.cost, told())):
                    return STOPPED
                if brought <= worth and was <= 1.0:
                    return CONVERGED
            elif promised <= worth and damping <= 1.0:
                return CONVERGED  # rounding, or the error of the time steps, is greater than what is left
            else:
                damping, growth = damping * growth, 2 * growth
                if damping > 1e12:
                    return STUCK
        return USED_UP


class GaussNewton(AbstractMethod):
    """Least squares by undamped steps, halved until they lead down: the fastest near the end, and where the residuals
    are small. Ends as `LevenbergMarquardt` does. Directions that the data hardly see, `seen` times less than the best
    one, are left alone.

    Source: J. Nocedal and S. J. Wright, Numerical Optimization, 2nd ed. (Springer 2006), section 10.3.
    """

    iterations: int = eqx.field(static=True, default=50)
    tolerance: float = eqx.field(static=True, default=1e-4)
    longest: float = eqx.field(static=True, default=2.0)
    seen: float = eqx.field(static=True, default=1e-8)

    def run(self, problem: Problem, z: Float[np.ndarray, " free"], memory: Memory, report: Report) -> str:
        """Goes down from `z`; why it ended."""
        del memory
        here = problem.linearised(z)
        if report(Iterate(here.z, here.cost, {})):
            return STOPPED
        taken = 0
        while taken < self.iterations:
            scale = np.linalg.norm(here.J, axis=0)
            step = damped_step(here, scale, self.seen**2, self.longest)
            promised = -float(here.gradient @ step)
            worth = self.tolerance * max(1.0, misfit(here))
            length = 1.0
            while True:
                there = problem.linearised(z + length * step)
                taken += 1
                brought = here.cost - there.cost
                if np.isfinite(there.cost) and brought > 1e-4 * length * promised:
                    break
                length *= 0.5
                if promised * length <= worth:
                    return CONVERGED
                if taken >= self.iterations:
                    return USED_UP
            z, here = there.z, there
            if report(Iterate(z, here.cost, {})):
                return STOPPED
            if brought <= worth:
                return CONVERGED
        return USED_UP


class BFGS(AbstractMethod):
    """Quasi-Newton steps with the gradient in reverse mode: for many numbers (a network), whose Jacobian would cost too
    much. Ends where no component of the gradient, over the cost at the start, is above `tolerance`.

    Source: J. Nocedal and S. J. Wright, Numerical Optimization, 2nd ed. (Springer 2006), algorithm 6.1.
    """

    iterations: int = eqx.field(static=True, default=200)
    tolerance: float = eqx.field(static=True, default=1e-6)

    def run(self, problem: Problem, z: Float[np.ndarray, " free"], memory: Memory, report: Report) -> str:
        """Goes down from `z`; why it ended."""
        first, _ = problem.gradient(z)
        unit = float(memory.get("unit", max(first, 1e-300)))

        def loss(z: np.ndarray) -> tuple[float, np.ndarray]:
            cost, gradient = problem.gradient(z)
            return cost / unit, gradient / unit

        steepest = np.inf
        for taken, (point, cost, slope) in enumerate(descent(loss, np.asarray(z), self.tolerance)):
            steepest = float(np.max(np.abs(slope)))
            if report(Iterate(point, cost * unit, {"unit": np.asarray(unit)})):
                return STOPPED
            if taken >= self.iterations:
                return USED_UP
        return CONVERGED if steepest < self.tolerance else STUCK


def damped_step(here: Linear, scale: np.ndarray, damping: float, longest: float) -> Float[np.ndarray, " free"]:
    """The step that solves (J^T J + damping S^2) step = -J^T r, cut to `longest`; S is `scale`. Numbers without any
    effect stay."""
    unit = np.where(scale > 0, scale, 1.0)
    U, s, Vt = np.linalg.svd(here.J / unit, full_matrices=False)
    step: np.ndarray = -(Vt.T @ (s / (s * s + damping) * (U.T @ here.r))) / unit
    step[scale == 0] = 0.0
    furthest = float(np.max(np.abs(step), initial=0.0))
    return step * min(1.0, longest / furthest) if furthest > 0 else step


def misfit(here: Linear) -> float:
    """The mean square of the residuals that are data, over what is expected; 1 where there are too few."""
    rows = int(np.count_nonzero(here.variance))
    freedom = rows - len(here.z)
    return 2 * here.cost / freedom if freedom > 0 else 1.0
