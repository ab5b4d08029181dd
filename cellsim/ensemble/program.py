"""The compiled program that runs cells: one after the other where vector units are filled by one, else in step."""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import Mesh, PartitionSpec

from cellsim.ensemble.cases import Case
from cellsim.ensemble.changes import with_changes
from cellsim.ensemble.curves import between
from cellsim.ensemble.outputs import Output
from cellsim.models.subject import subject_of, with_subject
from cellsim.simulation.chain import Legs
from cellsim.simulation.control import Demand
from cellsim.simulation.simulate import simulate


class How(NamedTuple):
    """What a compiled program is made for."""

    paths: tuple[str, ...]
    outputs: tuple[Output, ...]
    max_steps: int


class Setup(NamedTuple):
    """What all cells share."""

    model: Any
    times: Any  # of the curves [s]; None where there are none
    rtol: Any
    atol: Any


class Curves(NamedTuple):
    """What is seen at the times that are asked for."""

    V: Any  # V
    I: Any  # A
    T: Any  # K


class Found(NamedTuple):
    """What became of a cell, or of many."""

    outputs: tuple[Any, ...]
    curves: Curves | None
    t_stop: Any
    V_end: Any
    T_end: Any
    state: Any  # at the stop
    result: Any
    demand: Demand | None
    legs: Legs | None


def model_of(setup: Setup, case: Case, how: How) -> Any:
    """The model of one cell."""
    cell = with_changes(subject_of(setup.model), dict(zip(how.paths, case.values, strict=True)))
    return with_subject(setup.model, cell)


@partial(jax.jit, static_argnames="how")
def one(setup: Setup, case: Case, how: How) -> Found:
    """The run of one cell; one that has no beginning takes no time."""
    model = model_of(setup, case, how)
    can_start = model.can_carry(jnp.zeros(()), jnp.asarray(model.T_usual if case.T is None else case.T))
    solution = simulate(
        model,
        case.protocol,
        soc=case.soc,
        T=case.T,
        initial=case.initial,
        rtol=setup.rtol,
        atol=setup.atol,
        max_steps=how.max_steps,
    )
    curves = None
    if setup.times is not None:
        at = jnp.asarray(setup.times)
        curves = Curves(*(between(solution.t, x, at) for x in (solution.V, solution.I, solution.T)))
    demand = solution.demand
    assert demand is None or isinstance(demand, Demand)
    return Found(
        outputs=tuple(jnp.asarray(each.of(solution)) for each in how.outputs),
        curves=curves,
        t_stop=jnp.where(can_start, solution.t_stop, 0.0),
        V_end=solution.V[-1],
        T_end=solution.T[-1],
        state=jax.tree.map(lambda x: x[-1], solution.states),
        result=solution.result,
        demand=demand,
        legs=None if solution.chain is None else solution.chain.legs,
    )


@partial(jax.jit, static_argnames="how")
def in_turn(setup: Setup, cases: Case, count: Any, how: How) -> Found:
    """The first `count` of the cases, one after the other; the rows of the others are zero."""
    row = lambda k: jax.tree.map(lambda x: x[k], cases)
    shapes = jax.eval_shape(partial(one, how=how), setup, row(0))
    size = len(cases.soc)
    empty = jax.tree.map(lambda x: jnp.zeros((size, *x.shape), x.dtype), shapes)

    def body(k: Any, found: Found) -> Found:
        return jax.tree.map(lambda all, new: all.at[k].set(new), found, one(setup, row(k), how))

    filled: Found = lax.fori_loop(0, count, body, empty)
    return filled


@partial(jax.jit, static_argnames="how")
def in_step(setup: Setup, cases: Case, count: Any, how: How) -> Found:
    """All cases at once, whatever the `count`: what a device with many lanes is good at."""
    del count
    found: Found = jax.vmap(partial(one, how=how), in_axes=(None, 0))(setup, cases)
    return found


@partial(jax.jit, static_argnames=("how", "mesh", "is_in_step"))
def sharded(setup: Setup, cases: Case, count: Any, how: How, mesh: Mesh, is_in_step: bool) -> Found:
    """The cases in equal shares on the devices of a mesh with one axis, each device on its own."""
    (axis,) = mesh.axis_names
    share = len(cases.soc) // mesh.size

    def on_one(setup: Setup, cases: Case, count: Any) -> Found:
        here = jnp.clip(count - share * lax.axis_index(axis), 0, share)
        return (in_step if is_in_step else in_turn)(setup, cases, here, how)

    rows, same = PartitionSpec(axis), PartitionSpec()
    spread = jax.shard_map(on_one, mesh=mesh, in_specs=(same, rows, same), out_specs=rows, check_vma=False)
    found: Found = spread(setup, cases, count)
    return found


def lanes_are_many() -> bool:
    """Whether the device gains by cells in step. One core does not: a single cell fills its vector units."""
    return jax.default_backend() != "cpu"


def filled_up(places: np.ndarray, size: int) -> np.ndarray:
    """`places`, and the last of them over and over up to `size`."""
    return np.concatenate([places, np.full(size - len(places), places[-1])])
