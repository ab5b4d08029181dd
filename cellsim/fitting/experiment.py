"""A measured run of a cell, and the run of a model that answers it."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from cellsim.cells.balance import at_soc, open_circuit_voltage, soc_at_voltage
from cellsim.cells.design import Cell
from cellsim.fitting.costs import AbstractCost
from cellsim.fitting.observables import AbstractResidual, Capacity, Voltage
from cellsim.fitting.record import Record
from cellsim.fitting.segments import SHORTEST
from cellsim.fitting.targets import Conditions
from cellsim.models.dfn import DFN
from cellsim.models.lumped import Lumped
from cellsim.models.mesh import Mesh
from cellsim.protocols import controls, language
from cellsim.protocols.controls import Current, Profile
from cellsim.protocols.ends import AtVoltage
from cellsim.protocols.protocol import Cycle, Protocol, Until
from cellsim.protocols.steps import Step
from cellsim.simulation.simulate import simulate
from cellsim.simulation.solution import Solution
from cellsim.simulation.times import StepTimes

ROOM = 0.4  # V beyond the measured voltages, at which a run of the measured current is given up
TOLERATED = 0.01  # of the duration of a record; a run that stops earlier than that is told so
MISSING = 500.0  # standard deviations, root mean square over the record, for a run that does not start at all
CONSTANT = 1e-3  # of its greatest size, within which a measured current is constant
LONGER = 3.0  # times its record, for which a run may last whose end is compared
REACHED = 1e-6  # V, of a voltage at rest
STEPS_A_POINT = 6  # time steps, of a current that is followed from row to row: a step ends at every row
ROWS = 50  # the rows of a record are filled up to a multiple of these, so that few programs serve any number


@dataclasses.dataclass(frozen=True)
class Build:
    """How a model is made of a cell. Two of the same are equal, so that one compiled program serves both."""

    kind: Any = DFN
    mesh: Any = Mesh()
    is_lumped: bool = False

    def __call__(self, cell: Any) -> Any:
        """The model."""
        model = self.kind(cell, mesh=self.mesh)
        return Lumped(model) if self.is_lumped else model


class Resting(NamedTuple):
    """The state of charge at which a full cell rests at `V` [V], as before its record begins; it moves as the cell
    does."""

    V: Any

    def soc(self, cell: Any, T: Any) -> Array:
        """The state of charge [-] of `cell` at `T` [K]."""
        return soc_at_voltage(cell, jnp.asarray(self.V), jnp.asarray(T))


class Experiment(NamedTuple):
    """A measured run.

    - `record`: what was measured.
    - `model`: a function that makes the model of a cell, as `cs.DFN` or a `Build`. It must be the same object wherever
      the same is meant.
    - `protocol`: what was done, as of `simulate`; by default the measured current is followed.
    - `soc`, `T`: state of charge [-] and temperature [K] at the beginning, of which a fit may find a better one. `T` is
      by default the first one of the record, or else that of the cell. A `Resting` voltage in the place of `soc` is
      kept to whatever the numbers that move; it needs no number of its own in a fit, and none in a prediction.
    - `is_timed`: whether the steps of the protocol end when those of the record did (by its step numbers, or without
      them as they are recognised), and not by their own voltages and currents. A switch then comes at the same time
      whatever the numbers that move, so that every residual is a smooth function of them.
    - `observe`: what is compared.
    - `is_by_time`: whether every row counts by the time that it stands for, and not each the same; for records that are
      much denser in some parts than in others.
    - `weight`: how much every row of the record counts besides, 1 for as much as its noise says, 0 for not at all.
    - `t_start`: when the run begins [s], on the clock of the record; by default with its first row. For records without
      their first moments, as digitised curves are: what passes before the first row is its current.
    - `rtol`, `max_steps`: of the time integration; `max_steps` bounds the time steps of one step of the protocol, and
      is raised where the rows of a current that is followed ask for more.
    """

    record: Record
    model: Callable[[Any], Any] = Build()
    protocol: Any = None
    soc: Any = 1.0
    T: Any = None
    name: str = ""
    is_timed: bool = False
    observe: tuple[AbstractResidual, ...] = (Voltage(),)
    is_by_time: bool = False
    weight: Any = None
    t_start: float | None = None
    rtol: float = 1e-6
    max_steps: int = 256

    @property
    def called(self) -> str:
        """Its name, or that of its record."""
        return self.name or self.record.name or "run"

    @property
    def said(self) -> tuple[str, ...]:
        """What reading its data found, a sentence each."""
        return self.record.said

    @property
    def length(self) -> int:
        """The rows of its record."""
        return len(self.record)

    @property
    def times(self) -> Float[np.ndarray, " rows"]:
        """Times of the record's rows since the run began [s]."""
        t = np.asarray(self.record.t, float)
        return t - (t[0] if self.t_start is None else self.t_start) if len(t) else t

    def prepared(self, cell: Any, rows: int = 0) -> "Prepared":
        """Its numbers on a cell like `cell`, with room for `rows` of the record at least. Raises `ValueError`, saying
        what is missing."""
        return prepared(self, cell, rows)


class Prepared(eqx.Module):
    """An experiment as numbers of fixed shape, so that one compiled program serves all that are alike."""

    model: Callable[[Any], Any] = eqx.field(static=True)
    protocol: Any
    times: Float[np.ndarray, " times"] | StepTimes
    observe: tuple[AbstractResidual, ...]
    measured: tuple[Float[np.ndarray, " _"], ...]  # each of what is compared has a length of its own
    sigma: tuple[Float[np.ndarray, " _"], ...]
    weight: tuple[Float[np.ndarray, " _"], ...]
    rows: Float[np.ndarray, ""]  # that count, of all kinds together
    duration: Float[np.ndarray, ""]  # of the record [s]
    conditions: Conditions
    rtol: Float[np.ndarray, ""]
    max_steps: int = eqx.field(static=True)
    follows_record: bool = eqx.field(static=True)
    resting: Resting | None = None

    def solution(self, cell: Any, conditions: Conditions) -> Solution:
        """The run of a cell, at the times of the record."""
        protocol = self.protocol
        if self.follows_record:
            protocol = _scaled(protocol, conditions.I_scale)
        soc = conditions.soc
        if self.resting is not None:
            soc = Resting(self.resting.V - conditions.V_offset).soc(cell, conditions.T)
        found = simulate(
            self.model(cell),
            protocol,
            soc=soc,
            T=conditions.T,
            times=self.times,
            rtol=self.rtol,
            max_steps=self.max_steps,
        )
        return eqx.tree_at(lambda s: s.V, found, found.V + conditions.V_offset)

    @property
    def labels(self) -> tuple[str, ...]:
        """What is compared, with units."""
        return tuple(each.label for each in self.observe)

    def residuals(self, cell: Any, conditions: Conditions, cost: AbstractCost) -> tuple[Array, Array, Any]:
        """Residuals of all rows, their weights (the variance expected of each), and what the run had in their places.

        A run that ends before its record keeps its last voltage for the rest of it, and one more residual grows with
        the time that is missing: finite, and with a slope that leads back.
        """
        return self.compared(self.solution(cell, conditions), cost)

    def compared(self, solution: Solution, cost: AbstractCost) -> tuple[Array, Array, Any]:
        """The residuals of a run."""
        share = 1.0 - solution.t_stop / self.duration
        is_short = share > TOLERATED
        far = jnp.where(jnp.isfinite(share), share, 1.0)
        missing = jnp.sqrt(self.rows) * MISSING * jnp.where(is_short, far - TOLERATED, 0.0)
        return compared(self, [each.found(solution) for each in self.observe], missing, cost)


def compared(
    data: Any, found: Sequence[Array], missing: Float[Array, ""], cost: AbstractCost
) -> tuple[Array, Array, tuple[Array, ...]]:
    """Residuals of all that was `found` against what the `data` of an experiment have measured, that of what is
    `missing` last; their weights; and what was found. What is not a number costs as much as a run that does not start,
    and has no slope."""
    parts, weights, seen = [], [], []
    values = zip(found, *jax.tree.map(jnp.asarray, (data.measured, data.sigma, data.weight)), strict=True)
    for there, measured, sigma, weight in values:
        is_number = jnp.isfinite(there)
        r = cost.residuals(jnp.where(is_number, there, measured), measured, sigma)
        parts.append(jnp.sqrt(weight) * jnp.where(is_number, r, MISSING))
        weights.append(weight)
        seen.append(jnp.where(is_number, there, jnp.nan))
    parts.append(missing[None])
    weights.append(jnp.zeros(1))
    return jnp.concatenate(parts), jnp.concatenate(weights), tuple(seen)


def prepared(experiment: Experiment, cell: Any, rows: int = 0) -> Prepared:
    """The numbers of an experiment on a cell like `cell`, with room for `rows` of the record at least. Raises
    `ValueError`, saying what is missing."""
    record, name = experiment.record, experiment.called
    t = experiment.times
    if len(t) < 2 or not np.all(np.diff(t) >= 0) or not t[-1] > 0:
        raise ValueError(f"{name}: a record needs two rows or more whose times rise; it has {len(t)}.")
    if t[0] < 0:
        raise ValueError(f"{name}: t_start = {experiment.t_start:g} s is after the first row, at {record.t[0]:g} s.")
    for what in ("I", "V"):
        if not np.all(np.isfinite(getattr(record, what))):
            raise ValueError(f"{name}: {what} of the record is not finite throughout. Leave such rows out.")
    follows_record = experiment.protocol is None
    ends_by_itself = not follows_record and not experiment.is_timed
    is_open = ends_by_itself and not all(each.is_along_record for each in experiment.observe)
    size = max(rows, padded_rows(len(t) + is_open))
    filled = lambda x, last: np.concatenate([x, np.full(size - len(x), last)])
    density = (_density(t) if experiment.is_by_time else np.ones(len(t))) * _weight(experiment)
    measured, sigma, weight = [], [], []
    for each in experiment.observe:
        if isinstance(each, Capacity) and not ends_by_itself:
            raise ValueError(
                f"{name}: the charge at the end tells nothing of a run that lasts as long as its record. Needed: a "
                'protocol that ends at a voltage, as "Discharge at 1C until 2.5 V".'
            )
        try:
            data = each.data(record)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
        along = each.is_along_record
        measured.append(filled(data.measured, data.measured[-1]) if along else data.measured)
        sigma.append(filled(data.sigma, data.sigma[-1]) if along else data.sigma)
        weight.append(filled(data.weight * density, 0.0) if along else data.weight)
    T = experiment.T
    if T is None:
        T = experiment.model(cell).T_usual if record.T is None else float(record.T[0])
    protocol = measured_current(record, t) if follows_record else without_words(experiment.protocol)
    times: np.ndarray | StepTimes = filled(t, LONGER * t[-1] if is_open else t[-1])
    if experiment.is_timed and not follows_record:
        try:
            protocol, since = timed(protocol, record, t)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
        if isinstance(protocol, Protocol):
            times = StepTimes(filled(since.step, since.step[-1]), filled(since.t, since.t[-1]))
    soc, resting = experiment.soc, None
    if isinstance(soc, Resting):
        resting = Resting(np.asarray(soc.V, float))
        soc = _resting_soc(resting, cell, T, name)
    return Prepared(
        model=experiment.model,
        protocol=protocol,
        times=times,
        observe=tuple(experiment.observe),
        measured=tuple(measured),
        sigma=tuple(sigma),
        weight=tuple(weight),
        rows=np.asarray(sum(float(np.sum(w > 0)) for w in weight)),
        duration=np.asarray(t[-1]),
        conditions=Conditions(soc=soc, T=T),
        rtol=np.asarray(experiment.rtol),
        max_steps=max(experiment.max_steps, _steps_to_follow(protocol) if follows_record else 0),
        follows_record=follows_record,
        resting=resting,
    )


def _steps_to_follow(step: Step) -> int:
    """Time steps that a measured current is given."""
    assert isinstance(step.control, Current)
    held = step.control.value
    return STEPS_A_POINT * len(held.t) if isinstance(held, Profile) else 0


def _resting_soc(resting: Resting, cell: Any, T: Any, name: str) -> float:
    """The state of charge that is meant. Raises `ValueError` where `cell` has none."""
    if not isinstance(cell, Cell):
        raise ValueError(f"{name}: only a full cell rests at a voltage by itself; give a number for soc.")
    soc = resting.soc(cell, T)
    reached = float(open_circuit_voltage(cell, at_soc(cell, soc, jnp.asarray(T)), jnp.asarray(T)))
    if not abs(reached - float(resting.V)) < REACHED:
        raise ValueError(
            f"{name}: {cell.name} cannot rest at {float(resting.V):.4g} V. Is it a voltage under current, or one of "
            "another cell?"
        )
    return float(soc)


def padded_rows(rows: int) -> int:
    """The rows that are made room for."""
    return -(-rows // ROWS) * ROWS


def _weight(experiment: Experiment) -> np.ndarray:
    """How much every row of the record counts besides. Raises `ValueError` for what is no such weight."""
    weight = np.asarray(1.0 if experiment.weight is None else experiment.weight, float)
    is_sound = np.all(np.isfinite(weight)) and np.all(weight >= 0) and np.any(weight > 0)
    if weight.shape not in ((), (experiment.length,)) or not is_sound:
        raise ValueError(
            f"{experiment.called}: weights are numbers from zero up, one or one for each of the {experiment.length} "
            f"rows of the record; found {weight.size} from {np.min(weight, initial=np.inf):g}."
        )
    return np.broadcast_to(weight, (experiment.length,))


def _density(t: np.ndarray) -> np.ndarray:
    """The time that every row stands for, over its mean."""
    width = np.gradient(t)
    return width / np.mean(width)


def measured_current(record: Record, times: Float[np.ndarray, " rows"]) -> Step:
    """A step that follows the current of a record, constant or straight from row to row, and gives up well beyond its
    voltages; `times` of its rows since the step began [s]."""
    t, I = times, np.asarray(record.I, float)
    if t[0] > 0:
        t, I = np.concatenate([[0.0], t]), np.concatenate([I[:1], I])
    low, high = jnp.asarray(np.min(record.V) - ROOM), jnp.asarray(np.max(record.V) + ROOM)
    mean = float(np.trapezoid(I, t) / t[-1])
    if np.ptp(I) <= CONSTANT * max(abs(mean), 1e-12) or not np.any(I):
        direction = int(np.sign(mean))
        ends = (AtVoltage(low if direction > 0 else high, direction),) if direction else ()
        return Step(Current(jnp.asarray(mean)), ends, t[-1], direction)
    points = 1 << (len(t) - 1).bit_length()  # a profile of few lengths, its last point over and over
    filled = lambda x: jnp.asarray(np.concatenate([x, np.full(points - len(x), x[-1])]))
    return Step(Current(Profile(filled(t), filled(I))), (AtVoltage(low, 1), AtVoltage(high, -1)), t[-1], 0)


def without_words(protocol: Any) -> Any:
    """A step or a protocol without its texts, which would make a compiled program for every wording."""
    if isinstance(protocol, str):
        protocol = language.step(protocol)
    if isinstance(protocol, Protocol) and len(protocol.steps) == 1 and protocol.until == Until():
        protocol = protocol.steps[0]
    if isinstance(protocol, Step):
        return dataclasses.replace(protocol, text="", tags=())
    if not isinstance(protocol, Protocol):
        protocol = language.protocol(protocol)
    bare = lambda cycle: Cycle(tuple(without_words(step) for step in cycle.steps))
    return Protocol([bare(cycle) for cycle in protocol.cycles], protocol.until)


def timed(
    protocol: Step | Protocol, record: Record, times: Float[np.ndarray, " rows"]
) -> tuple[Step | Protocol, StepTimes]:
    """The protocol with steps that last as long as those of the record, and give up well beyond its voltages; and the
    times of the record, which are `times` since the run began, since its steps began. Raises `ValueError` where the two
    have not the same number of steps."""
    cycles = protocol.cycles if isinstance(protocol, Protocol) else (Cycle((protocol,)),)
    count = sum(len(cycle.steps) for cycle in cycles)
    if record.step is not None:
        last = np.append(np.flatnonzero(np.diff(record.step) != 0), len(times) - 1)
    else:
        last = np.array([each.stop - 1 for each in record.steps if each.duration >= SHORTEST])
    if len(last) != count:
        raise ValueError(
            f"the record has {len(last)} steps, the protocol {count}: their ends cannot be matched. "
            "`record.steps` shows those of the record."
        )
    began = np.append(0.0, times[last[:-1]])  # a step begins with the last row of the one before
    durations = iter(np.diff(np.append(began, times[last[-1]])))
    low, high = (jnp.asarray(x) for x in (np.min(record.V) - ROOM, np.max(record.V) + ROOM))
    made = [Cycle(tuple(_lasting(step, next(durations), low, high) for step in cycle.steps)) for cycle in cycles]
    number = np.minimum(np.searchsorted(last, np.arange(len(times))), count - 1)  # of the row's step, from 0
    return (Protocol(made) if count > 1 else made[0].steps[0]), StepTimes(number + 1, times - began[number])


def _lasting(step: Step, duration: float, low: Array, high: Array) -> Step:
    held = isinstance(step.control, controls.Voltage)
    below, above = AtVoltage(low, 1), AtVoltage(high, -1)
    ends = () if held else (below,) if step.direction > 0 else (above,) if step.direction < 0 else (below, above)
    return dataclasses.replace(step, ends=ends, duration=jnp.asarray(duration))


def _scaled(step: Step, factor: Any) -> Step:
    """A step of the measured current with the current times `factor`."""
    assert isinstance(step.control, Current)
    held = step.control.value
    scaled = Profile(held.t, factor * held.values) if isinstance(held, Profile) else factor * held
    return dataclasses.replace(step, control=Current(scaled))
