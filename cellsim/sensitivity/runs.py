"""What a study asks of a model: results at many values of its inputs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from cellsim.ensemble.changes import CONDITIONS, with_changes
from cellsim.ensemble.ensemble import MOST_STEPS, ensemble
from cellsim.ensemble.outputs import Output
from cellsim.models.subject import subject_of, with_subject
from cellsim.simulation.simulate import simulate
from cellsim.simulation.solution import Solution

# values of the inputs by path, a row a run, to results by name, a row a run: not-a-number where it failed
Runs = Callable[[Mapping[str, np.ndarray]], Mapping[str, np.ndarray]]
Point = Callable[[Mapping[str, Any]], Mapping[str, Any]]  # one run, which JAX can differentiate


def results_of(runs: Runs, values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What `runs` gives, as arrays. Raises `ValueError` where the rows are not as many as the values."""
    found = {name: np.asarray(y, float) for name, y in runs(values).items()}
    count = len(next(iter(values.values())))
    for name, y in found.items():
        if y.shape[:1] != (count,):
            raise ValueError(f"{count} runs are asked for, but '{name}' has the shape {y.shape}.")
    return found


def of_cells(model: Any, protocol: Any, outputs: Sequence[Output], *, times: Any = None, **how: Any) -> Runs:
    """The runs of a protocol on cells that differ, by `ensemble`; `how` is for it. With `times` the voltage there is a
    result too. An input called `soc` or `T` is that of the run."""

    def runs(values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        own = {name: values[name] for name in CONDITIONS if name in values}
        changes = {path: x for path, x in values.items() if path not in CONDITIONS}
        found = ensemble(model, protocol, changes, outputs=outputs, times=times, **{**how, **own})
        return {**found.values, **({} if times is None else {"voltage": found["voltage"]})}

    return runs


def of_one_cell(model: Any, protocol: Any, outputs: Sequence[Output], **how: Any) -> Point:
    """One run as a function of the inputs, for gradients; `how` is for `simulate`."""

    def run(values: Mapping[str, Any]) -> dict[str, Any]:
        solution = run_at(model, protocol, values, **how)
        return {each.name: jnp.asarray(each.of(solution)) for each in outputs}

    return run


def run_at(model: Any, protocol: Any, values: Mapping[str, Any], **how: Any) -> Solution:
    """The run of one cell with `values` at their paths, `soc` and `T` being those of the run; `how` is for `simulate`,
    of which `max_steps` is that of an ensemble where nothing is said. Raises `UnknownPath`."""
    own = {name: values[name] for name in CONDITIONS if name in values}
    changes = {path: x for path, x in values.items() if path not in CONDITIONS}
    changed = with_subject(model, with_changes(subject_of(model), changes))
    return simulate(changed, protocol, **{"max_steps": MOST_STEPS, **how, **own})


def with_slopes(point: Point, values: Mapping[str, np.ndarray]) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Results of every row of values, and their derivatives (rows, inputs, ...) in the order of the inputs: one after
    the other in one program, forwards where there are no more inputs than twice the results."""
    names = list(values)
    rows = jnp.stack([jnp.asarray(values[name], float) for name in names], axis=1)
    of = lambda row: point(dict(zip(names, row, strict=True)))
    shapes = jax.eval_shape(of, rows[0])
    size = sum(int(np.prod(x.shape)) for x in jax.tree.leaves(shapes))
    derivative = jax.jacfwd if len(names) <= 2 * size else jax.jacrev
    twice = lambda row: (of(row),) * 2
    with_values = derivative(twice, has_aux=True)
    slopes, found = jax.jit(lambda rows: jax.lax.map(with_values, rows))(rows)
    return (
        {name: np.asarray(y) for name, y in found.items()},
        {name: np.moveaxis(np.asarray(y), -1, 1) for name, y in slopes.items()},
    )
