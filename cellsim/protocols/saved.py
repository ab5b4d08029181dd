"""Steps that were run as a file of arrays, and back: nothing in it is code, whoever wrote it."""

import json
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import diffrax
import jax
import jax.numpy as jnp
import numpy as np

from cellsim import files
from cellsim.discretisation.layout import State
from cellsim.models.model import AbstractModel
from cellsim.protocols import orders, run
from cellsim.protocols.orders import Beginning, Shape
from cellsim.protocols.protocol import Protocol, tags_in
from cellsim.protocols.steps import Step
from cellsim.simulation.chain import Legs
from cellsim.simulation.solution import Solution
from cellsim.solvers.rosenbrock import DenseStep
from cellsim.solvers.trajectory import Trajectory

ABOUT = "about"


class Broken(ValueError):
    """A file that is not what was written."""


def write_legs(path: Path, legs: Sequence[Solution], more: dict[str, Any]) -> None:
    """Writes steps, and `more` that JSON can tell."""
    arrays: dict[str, Any] = {}
    about = []
    for k, leg in enumerate(legs):
        arrays |= {f"{k}.{i}": np.asarray(x) for i, x in enumerate(jax.tree.leaves(_numbers(leg)))}
        rooms = None if leg.dense is None else [part.room for part in leg.dense]
        about.append({"rooms": rooms, "has_rows": leg.rows is not None})
    arrays[ABOUT] = np.asarray(json.dumps({**more, "legs": about}))
    with path.open("wb") as file:
        np.savez(file, **arrays)


def read_legs(
    path: Path, model: AbstractModel, protocol: Protocol, cycle: int
) -> tuple[list[Solution], dict[str, Any]]:
    """The steps of cycle number `cycle` of a protocol on a model, and what was told with them. Raises `Broken`."""
    try:
        files.refuse_bomb(path)
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        about: dict[str, Any] = json.loads(str(arrays[ABOUT]))
    except (OSError, EOFError, KeyError, ValueError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
        raise Broken(f"{path.name}: {error}") from None
    shape = orders.shape_of(protocol.steps)
    first = 1 + sum(len(each.steps) for each in protocol.cycles[: cycle - 1])
    legs = []
    of = protocol.cycles[cycle - 1]
    for k, (said, step) in enumerate(zip(about["legs"], of.steps, strict=False)):
        form: Any = jax.tree.structure(_form(model, step, shape, said["rooms"], said["has_rows"]))
        numbers = jax.tree.unflatten(form, [arrays[f"{k}.{i}"] for i in range(form.num_leaves)])
        legs.append(_leg(model, step, tags_in(of, step), shape, numbers, cycle, first + k))
    return legs, about


def _numbers(leg: Solution) -> tuple[Any, ...]:
    """All arrays of a step."""
    assert leg.chain is not None
    curves = (leg.t, leg.V, leg.I, leg.T, leg.Q, leg.E)
    ended = (leg.t_stop, leg.result, leg.steps, leg.rejected, leg.t_start, leg.ambient)
    return curves, leg.states, leg.rest, leg.demand, ended, leg.dense, leg.rows, leg.chain.legs


def _form(model: AbstractModel, step: Step, shape: Shape, rooms: list[int] | None, has_rows: bool) -> tuple[Any, ...]:
    """A tree like that of `_numbers`, with nothing in it."""
    nothing = jnp.zeros(1)
    state = State(nothing, nothing, nothing)
    ordered = orders.orders_of(step, shape)
    at = Beginning(*np.zeros(4))
    demand = jax.eval_shape(lambda: orders.setpoint(ordered, shape, model.limits, at))
    result: Any = diffrax.RESULTS.successful
    dense = None
    if rooms is not None:
        dense = tuple(Trajectory(nothing, DenseStep(state, state, state, None), nothing, room) for room in rooms)
    legs = Legs(nothing, nothing, nothing, nothing, result, nothing, nothing, nothing)
    rows = nothing if has_rows else None
    return (nothing,) * 6, state, state, demand, (nothing, result, *[nothing] * 4), dense, rows, legs


def _leg(
    model: AbstractModel, step: Step, tags: tuple[str, ...], shape: Shape, numbers: Any, cycle: int, number: int
) -> Solution:
    curves, states, rest, demand, (t_stop, result, steps, rejected, t_start, ambient), dense, rows, legs = numbers
    chain = run.chain_of(legs, [step], [cycle], [tags], model.limits, shape, t_start=t_start, first=number)
    put = lambda tree: jax.tree.map(jax.device_put, tree)
    t, V, I, T, Q, E = put(curves)
    return Solution(
        t,
        V,
        I,
        T,
        Q,
        E,
        put(states),
        put(rest),
        model,
        put(demand),
        put(t_stop),
        result,
        put(steps),
        put(rejected),
        dense,
        chain=chain,
        t_start=t_start,
        ambient=ambient,
        rows=rows,
        period=step.period,
    )
