"""Costs of a Doyle-Fuller-Newman cell at a thousand random draws between wide bounds.

A discharge at 2C, a rest and a charge at 1C of an LG M50, and the discharge alone up to its cut-off; voltages are
compared, and the charge between some of them. Eight numbers move between bounds so far apart that most cells cannot
carry what was measured: their runs stop early, or do not start. What is asked: value and gradient are finite for every
draw, whatever becomes of the run, and a small step against the gradient lowers the cost, so that what is missing leads
back. Other costs than least squares follow from the same runs by the chain rule.
"""

from collections import Counter
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from diffrax import RESULTS
from rows import Row

import cellsim as cs
from cellsim.fitting.costs import COSTS, AbstractCost, Squared
from cellsim.fitting.fit import starting_points
from cellsim.fitting.free import moved_subject
from cellsim.fitting.observables import DifferentialCapacity, Voltage
from cellsim.fitting.problem import Linear, Problem
from cellsim.fitting.targets import Subject

DRAWS, SEED, LOOKED_AT = 1000, 7, 100
STEPS = (1e-2, 1e-3, 1e-4)  # against the gradient, in coordinates
BUILD = cs.Build(cs.DFN, cs.Mesh(4, 3, 4, 5))
PROTOCOL = ["Discharge at 2C until 2.7 V", "Rest for 10 minutes", "Charge at 1C until 4.1 V"]
FREE = {
    "negative.L": (30e-6, 150e-6),
    "positive.L": (30e-6, 150e-6),
    "negative.particle.D_s": (1e-15, 1e-12),
    "positive.particle.D_s": (1e-16, 1e-13),
    "negative.particle.kinetics.k": (1e-8, 1e-5),
    "electrolyte.t_plus": (0.0, 0.9),
    "electrolyte.kappa.scale": (0.1, 10.0),
    "soc": (0.1, 1.0),
}


def problem_of(cost: AbstractCost) -> Problem:
    """The records, and what moves."""
    cell = cs.load_cell("Chen2020")
    record = cs.measured(cs.simulate(BUILD(cell), PROTOCOL, soc=0.9), 0, every=60.0)
    first = record.of_step(1)
    levels = tuple(np.linspace(first.V.min() + 0.05, first.V.max() - 0.05, 6))
    both = (Voltage(), DifferentialCapacity(levels))
    experiments = [
        cs.Experiment(record, BUILD, PROTOCOL, soc=0.9, name="whole", is_timed=True),
        cs.Experiment(first, BUILD, PROTOCOL[0], soc=0.9, name="cut off", observe=both),
    ]
    return Problem(cell, experiments, [cs.Free(name, *bounds) for name, bounds in FREE.items()], cost)


@eqx.filter_jit
def ended(cell: Any, free: Any, data: Any, z: Any) -> tuple[Any, Any]:
    """When a run stopped, and the code of its result."""
    subject = moved_subject(Subject(cell, data.conditions), free, z)
    solution = data.solution(subject.cell, subject.conditions)
    return solution.t_stop, solution.result._value


def became(problem: Problem, z: np.ndarray) -> str:
    """What became of the worst of the runs."""
    found = []
    for k, data in enumerate(problem.data):
        t, code = ended(problem.cell, problem.moving(k), data, z)
        if code not in (RESULTS.successful._value, RESULTS.event_occurred._value):
            found.append("failed")
        elif t == 0:
            found.append("not started")
        else:
            found.append("short" if t < 0.99 * data.duration else "whole")
    return next(word for word in ("failed", "not started", "short", "whole") if word in found)


def slopes_of(kind: type[AbstractCost], here: Linear) -> tuple[float, np.ndarray]:
    """Another cost of the same runs and its gradient, by the chain rule from least squares; of unit noise about 4."""
    cost, is_data = kind(), here.variance > 0
    own = lambda r: cost.residuals(4.0 + r, jnp.full_like(r, 4.0), jnp.ones_like(r)) ** 2 / 2
    r = jnp.asarray(here.r[is_data])
    slopes = np.asarray(jax.vmap(jax.grad(lambda x: own(x[None])[0]))(r))
    left = here.r[~is_data]
    gradient = here.J[is_data].T @ slopes + here.J[~is_data].T @ left
    return float(jnp.sum(own(r))) + 0.5 * float(left @ left), gradient


def study(draws: int = DRAWS) -> list[Row]:
    """All draws, by every cost."""
    problem = problem_of(Squared())
    assert became(problem, problem.start) == "whole"
    finite = sloping = lower = looked_at = 0
    words: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for number, z in enumerate(starting_points(problem, draws + 1, SEED)[1:], start=1):
        here = problem.linearised(z)
        slope, size = here.gradient, float(np.linalg.norm(here.gradient))
        finite += all(np.all(np.isfinite(x)) for x in (here.cost, here.r, here.J))
        sloping += size > 0
        word = became(problem, z)
        words[word] += 1
        for kind in COSTS[1:]:
            value, gradient = slopes_of(kind, here)
            others[kind.__name__] += bool(np.isfinite(value) and np.all(np.isfinite(gradient)))
        if word != "whole" and looked_at < LOOKED_AT:
            looked_at += 1
            lower += any(problem.value(z - step * slope / size) < here.cost for step in STEPS)
        if number % 100 == 0:
            print(f"    {number} draws, {dict(words)}; {finite} finite, {sloping} with slopes", flush=True)
            print(f"    of {looked_at} short ones {lower} lead down; others {dict(others)}", flush=True)
    stopped = draws - words["whole"]
    rows = [Row(f"draws whose worse run is {word}", str(n), "stated", True) for word, n in words.most_common()]
    rows.append(Row("draws that do not end as they should", str(stopped), "many", stopped >= draws / 10))
    rows.append(Row("value and gradient finite, Squared", str(finite), str(draws), finite == draws))
    for name, n in others.items():
        rows.append(Row(f"value and gradient finite, {name}", str(n), str(draws), n == draws))
    rows.append(Row("gradient not zero", str(sloping), str(draws), sloping == draws))
    rows.append(Row("gradients of such runs that lead down", f"{lower} of {looked_at}", "all", lower == looked_at))
    return rows
