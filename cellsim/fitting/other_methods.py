"""Methods of other libraries (the extra `fit`): Adam and its kin, and searches that need no derivative."""

import importlib
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Float

from cellsim.fitting.methods import CONVERGED, STOPPED, USED_UP, AbstractMethod, Iterate, Memory, Report
from cellsim.fitting.problem import Problem

SPAN = 7.0  # of a coordinate to either side: a thousandth of the span between two bounds is left out


def needed(module: str, extra: str = "fit") -> Any:
    """A library of an extra. Raises `ImportError` with how to get it."""
    try:
        return importlib.import_module(module)
    except ImportError:
        raise ImportError(f"this needs {module}: pip install 'cellsim[{extra}]'") from None


class FirstOrder(AbstractMethod):
    """An optimiser of optax, such as `optax.adam(0.05)`, with the gradient in reverse mode of the cost over that at the
    start. Ends when the best cost of `patience` steps is no more than `tolerance` below that before."""

    optimiser: Any = eqx.field(static=True, default=None)  # adam(0.05) where none is given
    iterations: int = eqx.field(static=True, default=300)
    patience: int = eqx.field(static=True, default=30)
    tolerance: float = eqx.field(static=True, default=1e-5)  # of the cost

    def run(self, problem: Problem, z: Float[np.ndarray, " free"], memory: Memory, report: Report) -> str:
        """Goes down from `z`; why it ended."""
        optax = needed("optax")
        optimiser = optax.adam(0.05) if self.optimiser is None else self.optimiser
        state = optimiser.init(z)
        leaves, tree = jax.tree.flatten(state)
        if memory:
            state = jax.tree.unflatten(tree, [memory[f"state{k}"] for k in range(len(leaves))])
        cost, gradient = problem.gradient(z)
        unit = float(memory.get("unit", max(cost, 1e-300)))
        best, best_z, reached = cost, z, [cost]
        keep = lambda: (
            {"unit": np.asarray(unit)} | {f"state{k}": np.asarray(x) for k, x in enumerate(jax.tree.leaves(state))}
        )
        if report(Iterate(z, cost, keep())):
            return STOPPED
        for _ in range(self.iterations):
            change, state = optimiser.update(gradient / unit, state, z)
            z = np.asarray(optax.apply_updates(z, change))
            cost, gradient = problem.gradient(z)
            if cost < best:
                best, best_z = cost, z
                if report(Iterate(best_z, best, keep())):
                    return STOPPED
            reached.append(best)
            if len(reached) > self.patience and reached[-self.patience] - best <= self.tolerance * best:
                return CONVERGED
        return USED_UP


class NelderMead(AbstractMethod):
    """The simplex search of scipy: no derivative, many runs; for comparison. A search that is taken up begins anew at
    its best point."""

    iterations: int = eqx.field(static=True, default=2000)  # evaluations of the cost
    tolerance: float = eqx.field(static=True, default=1e-4)

    def run(self, problem: Problem, z: Float[np.ndarray, " free"], memory: Memory, report: Report) -> str:
        """Goes down from `z`; why it ended."""
        del memory
        minimize = needed("scipy.optimize").minimize
        options = dict(maxfev=self.iterations, xatol=self.tolerance, fatol=self.tolerance, adaptive=True)
        return _searched(problem, z, report, lambda cost: minimize(cost, z, method="Nelder-Mead", options=options))


class DifferentialEvolution(AbstractMethod):
    """The global search of scipy among the coordinates between all bounds: no derivative, very many runs; where there
    is no idea where to start, and for comparison. Ends when the costs of a generation are scattered by less than
    `tolerance` of their mean. A search that is taken up begins anew, with its best point among the
    others."""

    iterations: int = eqx.field(static=True, default=100)  # generations
    population: int = eqx.field(static=True, default=10)  # times the numbers that move
    tolerance: float = eqx.field(static=True, default=1e-4)
    seed: int = eqx.field(static=True, default=0)

    def run(self, problem: Problem, z: Float[np.ndarray, " free"], memory: Memory, report: Report) -> str:
        """Goes down from `z`; why it ended."""
        del memory
        evolution = needed("scipy.optimize").differential_evolution
        begun = dict(x0=np.clip(z, -SPAN, SPAN), rng=np.random.default_rng(self.seed))
        size = dict(maxiter=self.iterations, popsize=self.population, tol=self.tolerance, polish=False)
        return _searched(problem, z, report, lambda cost: evolution(cost, [(-SPAN, SPAN)] * len(z), **begun, **size))


def _searched(
    problem: Problem, z: Float[np.ndarray, " free"], report: Report, search: Callable[[Callable[..., float]], Any]
) -> str:
    """Reports the start and every better point of a `search` for the least of a function; why it ended."""
    watch = _Watch(problem, report)
    try:
        watch(z)
        return CONVERGED if search(watch).success else USED_UP
    except _Enough:
        return STOPPED


class _Enough(Exception):
    """The search is to stop."""


class _Watch:
    """The cost for a search, every better point of which is reported."""

    def __init__(self, problem: Problem, report: Report):
        self.problem, self.report = problem, report
        self.best = np.inf

    def __call__(self, z: np.ndarray) -> float:
        cost = self.problem.value(np.asarray(z))
        if cost < self.best:
            self.best = cost
            if self.report(Iterate(np.array(z), cost, {})):
                raise _Enough
        return cost
