"""What an ensemble found: a row a cell, whatever became of it."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import diffrax
import jax
import numpy as np
from jaxtyping import Bool, Float, Int

from cellsim.ensemble.cases import Case
from cellsim.ensemble.changes import about
from cellsim.ensemble.outputs import Output
from cellsim.ensemble.program import Found, How, Setup, model_of
from cellsim.models.subject import subject_of
from cellsim.protocols import orders, run
from cellsim.protocols.protocol import Protocol
from cellsim.simulation.control import Demand
from cellsim.simulation.solution import Solution

if TYPE_CHECKING:
    import pandas
    import xarray

RESULTS: Any = diffrax.RESULTS
CURVES = {"voltage": "V", "current": "A", "temperature": "K"}


class Rows(NamedTuple):
    """What became of some cells."""

    cells: Int[np.ndarray, " cells"]  # their places in the ensemble
    outputs: Float[np.ndarray, "cells outputs"]  # not-a-number where the run failed
    succeeded: Bool[np.ndarray, " cells"]
    reasons: tuple[str, ...]
    curves: dict[str, Float[np.ndarray, "cells times"]]


def rows_of(setup: Setup, how: How, cases: Case, found: Found, cells: np.ndarray) -> Rows:
    """The results of the first of `cases`, as many as there are `cells`."""
    found, plain = jax.device_get((found, setup.model))  # numbers that cost little to look at
    outputs = np.stack([np.asarray(x, float)[: len(cells)] for x in found.outputs], axis=1)
    curves = {}
    if found.curves is not None:
        values = zip(CURVES, found.curves, strict=True)
        curves = {name: np.array(x, float)[: len(cells)] for name, x in values}
    row = lambda tree, k: jax.tree.map(lambda x: x[k], tree)
    ends = [_end(setup, plain, how, row(cases, k), row(found, k)) for k in range(len(cells))]
    is_finite = np.all(np.isfinite(outputs), axis=1)
    succeeded = np.array([good for good, _ in ends], bool) & is_finite
    reasons = tuple(
        reason if finite or not good else f"failed: a result is no number; {reason}"
        for (good, reason), finite in zip(ends, is_finite, strict=True)
    )
    outputs[~succeeded] = np.nan
    for each in curves.values():
        each[~succeeded] = np.nan
    return Rows(np.asarray(cells), outputs, succeeded, reasons, curves)


def lost(how: How, cells: np.ndarray, times: Any, reason: str) -> Rows:
    """Cells of which nothing came back."""
    nothing = np.full((len(cells), len(how.outputs)), np.nan)
    curves = {} if times is None else {name: np.full((len(cells), len(times)), np.nan) for name in CURVES}
    return Rows(np.asarray(cells), nothing, np.zeros(len(cells), bool), (reason,) * len(cells), curves)


SUCCESSES = tuple(int(x._value) for x in (RESULTS.successful, RESULTS.event_occurred))
OF_NUMPY: Any = Solution
SPOKEN_OF = ("V_min", "V_max", "c0")  # numbers of a cell that reasons tell


def _end(setup: Setup, plain: Any, how: How, case: Case, found: Found) -> tuple[bool, str]:
    """Whether a run went as it was meant to, and why it stopped."""
    has_succeeded = int(found.result._value) in SUCCESSES and float(found.t_stop) > 0
    # the model of the very cell costs as much as a run of a simple one, and is seldom needed to say why it stopped
    is_needed = not has_succeeded or any(path.endswith(SPOKEN_OF) for path in how.paths)
    if has_succeeded and found.demand is not None:
        model = model_of(setup, case, how) if is_needed else plain
        return True, _ended(found.demand, found) + model.limitation(found.state)
    model = model_of(setup, case, how) if is_needed else setup.model
    if not float(found.t_stop) > 0:
        return False, f"not started: {_why_not(model, case, found)}"
    row = lambda x: np.asarray(x)[None]
    chain = None
    if found.legs is not None:
        protocol = case.protocol
        assert isinstance(protocol, Protocol)
        shape = orders.shape_of(protocol.steps)
        chain = run.chain_of(found.legs, protocol.steps, protocol.cycle_of_step, protocol.tags, model.limits, shape)
    t, V, T, zero = row(found.t_stop), row(found.V_end), row(found.T_end), np.zeros(1)
    states, none = jax.tree.map(row, found.state), np.zeros(())
    numbers: Any = (t, V, zero, T, zero, zero, states, found.state, model, found.demand, found.t_stop, found.result)
    solution = dataclasses.replace(OF_NUMPY(*numbers, none, none), chain=chain)
    return has_succeeded, solution.stop_reason


def _ended(demand: Demand, found: Found) -> str:
    """Why a single step stopped that went well, in the words of a solution: to make one takes as long as a run of a
    simple model."""
    t, V = float(found.t_stop), float(found.V_end)
    if int(found.result._value) == SUCCESSES[0]:
        return f"duration of {float(demand.duration):g} s completed at {V:.4g} V"
    how = "lower" if float(demand.side) > 0 else "upper"
    return f"{how} cut-off voltage {float(demand.V_stop):g} V reached at {t:.4g} s"


def _why_not(model: Any, case: Case, found: Found) -> str:
    T = model.T_usual if case.T is None else case.T
    if not bool(model.can_carry(0.0, T)):
        return model.why_not(0.0)
    return f"the end of the step is passed already at {float(found.V_end):.4g} V"


@dataclasses.dataclass(frozen=True, eq=False)
class Ensemble:
    """The results of many cells: `values[name]` is an array with a row for each of them.

    Of a cell whose run failed all numbers are not-a-number, and `reasons` says why.
    """

    inputs: dict[str, np.ndarray]  # what was changed, by path; `soc` and `T` where they differ
    values: dict[str, Float[np.ndarray, " cells"]]
    units: dict[str, str]
    succeeded: Bool[np.ndarray, " cells"]
    reasons: tuple[str, ...]
    times: Float[np.ndarray, " times"] | None = None  # of the curves [s]
    curves: dict[str, Float[np.ndarray, "cells times"]] = dataclasses.field(default_factory=dict)
    wall_s: float = 0.0

    def __len__(self) -> int:
        """The number of cells."""
        return len(self.succeeded)

    def __getitem__(self, name: str) -> np.ndarray:
        """An output or a curve by its name."""
        known = {**self.inputs, **self.values, **self.curves}
        if name not in known:
            raise KeyError(f"an ensemble has no '{name}'. It has: {', '.join(known)}.")
        return known[name]

    @property
    def failed(self) -> dict[int, str]:
        """Why each cell failed that did, by its place."""
        return {int(k): self.reasons[k] for k in np.flatnonzero(~self.succeeded)}

    def to_dataframe(self) -> "pandas.DataFrame":
        """A row a cell: what was changed (numbers alone), what was found, and how it ended."""
        import pandas

        flat = {name: x for name, x in self.inputs.items() if np.ndim(x) == 1}
        ends = {"succeeded": self.succeeded, "reason": list(self.reasons)}
        return pandas.DataFrame({**flat, **self.values, **ends}, index=pandas.RangeIndex(len(self), name="cell"))

    def to_xarray(self) -> "xarray.Dataset":
        """The same with units, and the curves along their times."""
        import xarray

        data: dict[str, Any] = {}
        for name, x in {**self.inputs, **self.values}.items():
            dims = ("cell", *(f"{name}_{k}" for k in range(np.ndim(x) - 1)))
            data[name] = (dims, x, {"units": self.units.get(name, "")})
        data |= {name: (("cell", "time"), x, {"units": CURVES[name]}) for name, x in self.curves.items()}
        data |= {"succeeded": ("cell", self.succeeded), "reason": ("cell", np.array(self.reasons, object))}
        coords = {} if self.times is None else {"time": ("time", self.times, {"units": "s"})}
        return xarray.Dataset(data, {"cell": np.arange(len(self)), **coords})


def gathered(
    model: Any, inputs: Mapping[str, np.ndarray], outputs: Sequence[Output], parts: Sequence[Rows], times: Any,
    wall_s: float,
) -> Ensemble:  # fmt: skip
    """Parts, in any order, as one."""
    order = np.argsort(np.concatenate([part.cells for part in parts]))
    joined = lambda of: np.concatenate([of(part) for part in parts])[order]
    found = joined(lambda part: part.outputs)
    reasons = [reason for part in parts for reason in part.reasons]
    known = {path: said.unit for path in inputs if (said := about(subject_of(model), path)) is not None}
    return Ensemble(
        inputs=dict(inputs),
        values={each.name: found[:, k] for k, each in enumerate(outputs)},
        units=known | {each.name: each.unit for each in outputs},
        succeeded=joined(lambda part: part.succeeded),
        reasons=tuple(reasons[k] for k in order),
        times=times,
        curves={name: joined(lambda part, name=name: part.curves[name]) for name in parts[0].curves},
        wall_s=wall_s,
    )
