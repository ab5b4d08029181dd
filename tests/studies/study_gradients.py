"""The gradient of every cost of everything that can be compared, against differences.

A Doyle-Fuller-Newman cell of one temperature is discharged to a cut-off and held there; voltages, currents,
temperatures, the charge that has passed at the end, the charge between voltages and profiles of the salt are compared
by every kind of cost, with a record of another cell. Three numbers move, the state of charge at the beginning among
them; of one start the run is as long as the record or longer, of another it ends early, and what is missing of it
counts.
"""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from rows import Row

import cellsim as cs
from cellsim.fitting.costs import COSTS
from cellsim.fitting.free import moved_subject
from cellsim.fitting.observables import (
    AbstractResidual,
    Capacity,
    Current,
    DifferentialCapacity,
    Profiles,
    Temperature,
    Voltage,
)
from cellsim.fitting.targets import Subject

FREE = (
    cs.Free("positive.L", 50e-6, 110e-6),
    cs.Free("negative.particle.D_s", 5e-15, 3e-13),
    cs.Free("soc", 0.5, 1.0),
)
STARTS = {"whole": 0.9, "short": 0.62}  # states of charge
TIMES, PLACES, LEVELS = (90.0, 300.0), (30e-6, 90e-6, 150e-6), (3.55, 3.65, 3.75)
H = 1e-3  # of a coordinate, between the points of differences


class Asked(NamedTuple):
    """What is compared in which run: times [s] of the record, protocol, model, and things by name."""

    t: np.ndarray
    protocol: Any
    build: cs.Build
    names: tuple[str, ...]

    def experiment(self, I: np.ndarray, V: np.ndarray, T: np.ndarray) -> cs.Experiment:
        """A record of these values with noise, and data besides that were never measured."""
        draw = np.random.default_rng(0)
        noisy = lambda x, sigma: x + sigma * draw.standard_normal(len(self.t))
        record = cs.Record(self.t, noisy(I, 0.02), noisy(V, 3e-3), noisy(T, 0.3), name="2C")
        values = 1000.0 + 100.0 * draw.standard_normal((len(TIMES), len(PLACES)))
        known: dict[str, AbstractResidual] = {
            "voltage": Voltage(3e-3),
            "current": Current(0.02),
            "temperature": Temperature(0.3),
            "capacity": Capacity(0.05, 2.5),
            "dQ/dV": DifferentialCapacity(LEVELS, 0.1),
            "profiles": Profiles("electrolyte concentration", TIMES, PLACES, values, 50.0),
        }
        observe = tuple(known[name] for name in self.names)
        return cs.Experiment(record, self.build, self.protocol, soc=0.9, observe=observe, rtol=1e-9, max_steps=600)


class Costs:
    """The costs of every kind of all that is compared, the one of what is missing last, and their slopes in what moves;
    each by one program."""

    def __init__(self, asked: Asked) -> None:
        self.cell = cs.load_cell("Chen2020")
        t, flat = asked.t, np.ones(len(asked.t))
        self.data = asked.experiment(10.0 * flat, np.linspace(4.1, 3.4, len(t)), 298.15 * flat).prepared(self.cell)
        self.names = (*asked.names, "missing")
        seen = self.with_run(self.start("whole") + 0.3)[1]  # of another cell
        self.experiment = asked.experiment(*(np.asarray(x)[: len(t)] for x in (seen.I, seen.V, seen.T)))
        self.data = self.experiment.prepared(self.cell)

    def start(self, name: str) -> np.ndarray:
        """The coordinates of a start."""
        subject = Subject(self.cell, self.data.conditions)
        return np.concatenate(
            [*(each.coordinate(each.start(subject)) for each in FREE[:2]), FREE[2].coordinate([STARTS[name]])]
        )

    def with_run(self, z: np.ndarray) -> tuple[Any, cs.Solution]:
        """All costs, a row for every kind, and the run."""
        return _costs(self.cell, self.data, jnp.asarray(z))

    def ahead(self, z: np.ndarray) -> np.ndarray:
        """Their slopes in forward mode, what moves last."""
        return np.asarray(_ahead(self.cell, self.data, jnp.asarray(z)))

    def back(self, z: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """The slopes of their sum with `weights` in reverse mode."""
        return np.asarray(_back(self.cell, self.data, jnp.asarray(z), jnp.asarray(weights)))

    def differences(self, z: np.ndarray) -> np.ndarray:
        """Their slopes by central differences of fourth order."""
        columns = []
        for step in H * np.eye(len(z)):
            f = [np.asarray(self.with_run(z + n * step)[0]) for n in (-2, -1, 1, 2)]
            columns.append((f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * H))
        return np.stack(columns, axis=-1)


def _of(cell: Any, data: Any, z: Any) -> tuple[Any, cs.Solution]:
    subject = moved_subject(Subject(cell, data.conditions), FREE, z)
    solution = data.solution(subject.cell, subject.conditions)
    ends = np.cumsum([len(measured) for measured in data.measured])
    rows = []
    for kind in COSTS:
        r, _, _ = data.compared(solution, kind())
        rows.append(jnp.stack([0.5 * jnp.sum(part**2) for part in jnp.split(r, ends)]))
    return jnp.stack(rows), solution


_costs = eqx.filter_jit(_of)


@eqx.filter_jit
def _ahead(cell: Any, data: Any, z: Any) -> Any:
    return jax.jacfwd(lambda z: _of(cell, data, z)[0])(z)


@eqx.filter_jit
def _back(cell: Any, data: Any, z: Any, weights: Any) -> Any:
    return jax.grad(lambda z: jnp.sum(weights * _of(cell, data, z)[0]))(z)


def off(found: np.ndarray, expected: np.ndarray) -> float:
    """The greatest difference over the greatest size."""
    return float(np.max(np.abs(found - expected)) / np.max(np.abs(expected)))


WHOLE = Asked(
    np.concatenate([np.linspace(0.0, 700.0, 18), np.linspace(1150.0, 1400.0, 6)]),
    ["Discharge at 2C until 3.2 V", "Hold at 3.2 V until C/2"],
    cs.Build(cs.DFN, cs.Mesh(4, 3, 4, 4), is_lumped=True),
    ("voltage", "current", "temperature", "capacity", "dQ/dV", "profiles"),
)


def study() -> list[Row]:
    """Every cost of everything, at both starts, forwards and in reverse."""
    costs, rows = Costs(WHOLE), []
    weights = np.random.default_rng(1).uniform(0.5, 2.0, (len(COSTS), len(costs.names)))
    for start in STARTS:
        z = costs.start(start)
        ahead, differences, back = costs.ahead(z), costs.differences(z), costs.back(z, weights)
        for k, kind in enumerate(COSTS):
            for n, name in enumerate(costs.names):
                if name == "missing" and start == "whole":
                    continue
                error = off(ahead[k, n], differences[k, n])
                rows.append(Row(f"{kind.__name__} of {name}, {start}", f"{error:.0e}", "1e-5", error < 1e-5))
        error = off(back, np.tensordot(weights, ahead, 2))
        rows.append(Row(f"all in reverse mode, {start}", f"{error:.0e}", "1e-7", error < 1e-7))
    return rows
