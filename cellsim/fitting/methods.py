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


ROUGH = 5e-3  # what a tenth of a standard error is worth in cost, as a share of that of one residual
FAR = 3.0  # times the size to which residuals are tamed, and it is worth it
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

    The damping follows the ratio of what a step brought to what it promised. It holds back a coordinate by its own
    effect on the residuals to the power 1 - `evenness`, times that of the greatest one: with 0 (Marquardt, More) what
    has little effect runs to its bounds while all is still far off, with 1 (Levenberg) it hardly moves. As long as
    residuals are far above `tame` standard deviations they count as `tame` arsinh(r / `tame`), so that the few that
    are furthest off do not lead astray; from where that ends, as they are. The cost that is reported is always that of
    the residuals as they are, and may rise meanwhile.

    Ends when a step brings less than `tolerance` of what one standard deviation of one residual is worth: a hundredth
    of a standard error or so is then left. Where the error of the time steps hides which way is down, a tenth of a
    standard error may be left. No coordinate moves further than `longest` in a step (about eight of them
    span two bounds).

    Sources: D. W. Marquardt, J. Soc. Indust. Appl. Math. 11 (1963) 431, doi:10.1137/0111030; J. J. More, Lecture Notes
    in Mathematics 630 (1978) 105; H. B. Nielsen, report IMM-REP-1999-05, Technical University of Denmark (1999).
    """

    iterations: int = eqx.field(static=True, default=100)
    tolerance: float = eqx.field(static=True, default=1e-4)
    damping: float = eqx.field(static=True, default=1e-2)
    longest: float = eqx.field(static=True, default=2.0)
    evenness: float = eqx.field(static=True, default=0.5)
    tame: float = eqx.field(static=True, default=30.0)

    def run(self, problem: Problem, z: Float[np.ndarray, " free"], memory: Memory, report: Report) -> str:
        """Goes down from `z`; why it ended."""
        here = problem.linearised(z)
        state = _Damping(float(memory.get("damping", self.damping)), np.asarray(memory.get("scale", np.zeros(len(z)))))
        if report(Iterate(here.z, here.cost, state.memory())):
            return STOPPED
        if np.max(np.abs(here.r), initial=0.0) > FAR * self.tame:
            here, reason = self._down(problem, here, state, report, self.tame)
            if reason == STOPPED:
                return reason
            state.value = self.damping
        _, reason = self._down(problem, here, state, report, np.inf)
        return reason

    def _down(
        self, problem: Problem, start: Linear, state: "_Damping", report: Report, tame: float
    ) -> tuple[Linear, str]:
        """Goes down with residuals tamed; where it ended, and why. The tolerance is that of a first look where they
        are."""
        whole, here = start, tamed(start, tame)
        tolerance = self.tolerance if np.isinf(tame) else 100 * self.tolerance
        while state.taken < self.iterations:
            state.scale = np.maximum(state.scale, np.linalg.norm(here.J, axis=0))
            even = state.scale ** (1 - self.evenness) * np.max(state.scale, initial=0.0) ** self.evenness
            step = damped_step(here, even, state.value, self.longest)
            promised = here.cost - 0.5 * float(np.sum((here.r + here.J @ step) ** 2))
            worth = tolerance * max(1.0, misfit(here))
            if not np.any(step) or (promised <= 1e-3 * worth and state.value <= 1.0):
                return whole, CONVERGED
            tried = problem.linearised(whole.z + step)
            there = tamed(tried, tame)
            state.taken += 1
            brought = here.cost - there.cost
            ratio = brought / promised if promised > 0 and np.isfinite(there.cost) else -1.0
            if ratio > 1e-4:
                was = state.value
                whole, here = tried, there
                state.accepted(ratio)
                if report(Iterate(whole.z, whole.cost, state.memory())):
                    return whole, STOPPED
                if brought <= worth and was <= 1.0:
                    return whole, CONVERGED
            elif promised <= worth and state.value <= 1.0:
                return whole, CONVERGED  # rounding, or the error of the time steps, is greater than what is left
            elif state.rejected() > 1e12:
                undamped = damped_step(here, state.scale, 1e-12, self.longest)
                left = here.cost - 0.5 * float(np.sum((here.r + here.J @ undamped) ** 2))
                return whole, CONVERGED if left <= ROUGH * max(1.0, misfit(here)) else STUCK
        return whole, USED_UP


class _Damping:
    """How much is held back: up where a step did not lead down, down by how well one did (Nielsen)."""

    def __init__(self, value: float, scale: np.ndarray) -> None:
        self.value, self.scale, self.growth, self.taken = value, scale, 2.0, 0

    def memory(self) -> Memory:
        """What is needed to go on."""
        return {"damping": np.asarray(self.value), "scale": self.scale}

    def accepted(self, ratio: float) -> None:
        """After a step that brought `ratio` of what it promised."""
        self.value *= max(1 / 10, 1 - (2 * ratio - 1) ** 3)
        self.growth = 2.0

    def rejected(self) -> float:
        """After a step that did not lead down; the damping from now on."""
        self.value, self.growth = self.value * self.growth, 2 * self.growth
        return self.value


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


def tamed(here: Linear, size: float) -> Linear:
    """With residuals r as `size` arsinh(r / `size`): unchanged where they are small, logarithms where they are not."""
    if np.isinf(size):
        return here
    share = here.r / size
    return here._replace(r=size * np.arcsinh(share), J=here.J / np.sqrt(1 + share**2)[:, None])


def misfit(here: Linear) -> float:
    """The mean square of the residuals that are data, over what is expected; 1 where there are too few."""
    rows = int(np.count_nonzero(here.variance))
    freedom = rows - len(here.z)
    return 2 * here.cost / freedom if freedom > 0 else 1.0
