"""How much what a run gives depends on the numbers of its cell, near the values that they have: exact derivatives.

Sensitivities of many outputs in few numbers are found forwards, those of few outputs in many numbers in reverse.
"""

import csv
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from cellsim.ensemble import outputs as of_ensemble
from cellsim.ensemble.changes import CONDITIONS, SCALE, about, value_of
from cellsim.ensemble.ensemble import MOST_STEPS
from cellsim.laws import Constant
from cellsim.models.model import AbstractModel
from cellsim.models.subject import subject_of
from cellsim.parameters import get
from cellsim.sensitivity.outputs import VOLTAGE, Output, as_output
from cellsim.sensitivity.runs import run_at
from cellsim.simulation.solution import Solution

REVERSE_COST = 5  # tangents that can be carried along at the cost of one gradient in reverse


@dataclasses.dataclass(frozen=True, eq=False)
class Sensitivity:
    """The derivatives of one output of a run in numbers of its cell."""

    output: Output
    paths: tuple[str, ...]
    units: tuple[str, ...]
    numbers: Float[np.ndarray, " paths"]
    t: Float[np.ndarray, " times"]  # s, of the run
    value: Float[np.ndarray, "..."]
    slopes: Float[np.ndarray, "paths ..."]  # of the output, in every number

    @property
    def is_along_time(self) -> bool:
        """Whether there is a value at every time."""
        return self.value.shape == self.t.shape

    @property
    def scaled(self) -> Float[np.ndarray, "paths ..."]:
        """The slopes times the numbers: what a relative change of each does, in the unit of the output."""
        return self.slopes * self.numbers.reshape(-1, *[1] * self.value.ndim)

    @property
    def sizes(self) -> Float[np.ndarray, " paths"]:
        """The root mean square over time of what is scaled."""
        return np.sqrt(np.mean(self.scaled.reshape(len(self.paths), -1) ** 2, axis=1))

    @property
    def ranked(self) -> list[tuple[str, float]]:
        """Paths and sizes, the greatest first."""
        return [(self.paths[k], float(self.sizes[k])) for k in np.argsort(-self.sizes, kind="stable")]

    def table(self) -> list[tuple[str, ...]]:
        """Rows of a path, the number with its unit, its size, and of a single number its sign; the greatest first."""
        rows: list[tuple[str, ...]] = [
            ("parameter", "value", f"{self.output.words} [{self.output.unit}] per relative change")
        ]
        for k in np.argsort(-self.sizes, kind="stable"):
            what = self.sizes[k] if self.is_along_time else float(self.scaled[k])
            unit = "" if self.units[k] == "-" else f" {self.units[k]}"
            rows.append((self.paths[k], f"{self.numbers[k]:.4g}{unit}", f"{what:.4g}"))
        return rows

    def to_csv(self, path: str | Path) -> None:
        """Writes what is scaled: a column for every number against time, or a row for every number."""
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            if self.is_along_time:
                rows.writerow(["time_s", self.output.name, *self.paths])
                rows.writerows([f"{x:.10g}" for x in row] for row in zip(self.t, self.value, *self.scaled, strict=True))
                return
            rows.writerow(["path", "unit", "value", "slope", "scaled"])
            for path_, unit, *found in zip(self.paths, self.units, self.numbers, self.slopes, self.scaled, strict=True):
                rows.writerow([path_, unit, *(f"{float(x):.10g}" for x in found)])

    def plot(self, title: str = "") -> Any:
        """Curves against time, or bars; see `cellsim.plotting.sensitivity_figure`."""
        from cellsim import plotting

        return plotting.sensitivity_figure(self, title)


class Curvature(NamedTuple):
    """The second derivative of an output along a direction."""

    value: float
    slopes: Float[np.ndarray, " paths"]
    along: Float[np.ndarray, " paths"]  # the change of the slopes per unit of the direction


def sensitivities(
    model: AbstractModel,
    protocol: Any,
    paths: Sequence[str],
    outputs: Sequence[Output | of_ensemble.Output | str] = (VOLTAGE,),
    *,
    times: Any = None,
    forward: bool | None = None,
    **how: Any,
) -> list[Sensitivity]:
    """The derivatives of `outputs` of a run of `protocol` in the numbers of the cell at `paths`, one for each output.

    - `paths`: as "negative.L" or "electrolyte.t_plus"; each is a single number, or a law that is one. One with `.scale`
      at its end is a factor, 1, on what the cell has there, a number or a law of any kind; `soc` and `T` are those of
      the run.
    - `outputs`: of `cellsim.sensitivity.outputs` or `cellsim.ensemble.outputs`, or their names.
    - `times`: as of `simulate`; by default fractions of the time to the stop, and then a voltage at a time is one at a
      fraction of the run, whose end moves.
    - `forward`: whether the derivatives are found forwards or in reverse; by default what is less work.
    - `how`: all else that `simulate` takes; `max_steps` is that of an ensemble where nothing is said.

    Raises `UnknownPath`, and `ValueError` for a path to no single number, an output that is none, and where the run
    does not reach its end.
    """
    wanted = [as_output(each) for each in outputs]
    paths = tuple(_path(subject_of(model), path) for path in paths)
    run, numbers = _run(model, protocol, paths, times, how), _numbers(model, paths, how)

    def all_of(numbers: Array) -> tuple[Any, Any]:
        solution = run(numbers)
        found = tuple(jnp.asarray(output.of(solution)) for output in wanted)
        return found, (found, solution.t, solution.result)

    shapes = jax.eval_shape(all_of, numbers)[0]
    count = sum(int(np.prod(shape.shape)) for shape in shapes)
    if forward is None:
        forward = len(paths) <= REVERSE_COST * count
    derivative = jax.jacfwd if forward else jax.jacrev
    slopes, (values, t, result) = jax.jit(derivative(all_of, has_aux=True))(numbers)
    _refuse_unfinished(result)
    units = tuple(known.unit if (known := about(subject_of(model), path)) else "" for path in paths)
    return [
        Sensitivity(
            output,
            paths,
            units,
            np.asarray(numbers),
            np.asarray(t),
            np.asarray(value),
            np.moveaxis(np.asarray(slope), -1, 0),
        )
        for output, value, slope in zip(wanted, values, slopes, strict=True)
    ]


def curvature(
    model: AbstractModel,
    protocol: Any,
    paths: Sequence[str],
    output: Output | of_ensemble.Output | str,
    direction: Any,
    *,
    times: Any = None,
    **how: Any,
) -> Curvature:
    """An output that is one number, its derivatives in the numbers at `paths`, and how these change along `direction`
    (one entry a path, in its unit): the product of the Hessian with it, forwards over reverse."""
    wanted = as_output(output)
    paths = tuple(_path(subject_of(model), path) for path in paths)
    run, numbers = _run(model, protocol, paths, times, how), _numbers(model, paths, how)

    def of(numbers: Array) -> tuple[Array, Any]:
        solution = run(numbers)
        return jnp.asarray(wanted.of(solution)), solution.result

    both = jax.value_and_grad(of, has_aux=True)
    moved = jax.jit(lambda numbers, d: jax.jvp(lambda x: both(x), (numbers,), (d,)))
    ((value, result), slopes), (_, along) = moved(numbers, jnp.asarray(direction, dtype=float))
    _refuse_unfinished(result)
    return Curvature(float(value), np.asarray(slopes), np.asarray(along))


def _run(model: AbstractModel, protocol: Any, paths: tuple[str, ...], times: Any, how: dict[str, Any]) -> Any:
    """The run as a function of the numbers."""

    def run(numbers: Array) -> Solution:
        values = {path: numbers[k] for k, path in enumerate(paths)}
        return run_at(model, protocol, values, times=times, **how)

    return run


def _path(subject: Any, path: str) -> str:
    """The path of a single number: of a constant law that of its value. Raises `UnknownPath`, and `ValueError`."""
    if path in CONDITIONS:
        return path
    if np.ndim(value_of(subject, path)):
        raise ValueError(f"'{path}' is no single number: sensitivities are in one number each, as 'negative.L'.")
    is_constant = not path.endswith(SCALE) and isinstance(get(subject, path), Constant)
    return f"{path}.value" if is_constant else path


def _numbers(model: AbstractModel, paths: tuple[str, ...], how: dict[str, Any]) -> Array:
    """The numbers as the cell and the run have them. Raises `ValueError` for `soc` where a state is given."""
    if "soc" in paths and how.get("initial") is not None:
        raise ValueError("a run from an `initial` state does not depend on 'soc': leave one of the two out.")
    T = how.get("T")
    conditions = {"soc": how.get("soc", 1.0), "T": model.T_usual if T is None else T}
    subject = subject_of(model)
    return jnp.stack([jnp.asarray(conditions[p] if p in conditions else value_of(subject, p), float) for p in paths])


def _refuse_unfinished(result: Any) -> None:
    ends = (diffrax.RESULTS.successful, diffrax.RESULTS.event_occurred)
    if not any(bool(result == end) for end in ends):
        raise ValueError(
            "the run did not reach its end, so that its derivatives would mean nothing. Likely cause: it takes more "
            f"time steps than `max_steps`, {MOST_STEPS} where nothing is said."
        )
