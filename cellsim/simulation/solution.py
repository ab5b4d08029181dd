"""What a run found."""

import dataclasses
from typing import TYPE_CHECKING, Any

import diffrax
import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float, Int

from cellsim.constants import SECONDS_PER_HOUR
from cellsim.discretisation.layout import State
from cellsim.models.model import AbstractModel
from cellsim.programs import stored
from cellsim.simulation.blocks import in_blocks
from cellsim.simulation.chain import Chain, CycleSummary, StepEnd, summarised
from cellsim.simulation.control import Demand, Setpoint
from cellsim.simulation.remembered import remembered
from cellsim.simulation.segment import came_to
from cellsim.solvers.trajectory import Trajectory

if TYPE_CHECKING:
    import xarray

Scalar = Float[Array, ""]
Table = tuple[tuple[str, ...], np.ndarray, dict[str, str]]  # dimensions, values, and what they are


class OutsideMeasuredRange(UserWarning):
    """A run left the range of concentrations and temperatures in which its electrolyte was measured."""


class CannotStart(ValueError):
    """A step whose end is already passed when it begins, or a state of charge that the cell does not have."""


class Solution(eqx.Module):
    """Voltage, current and every field of a run, at times `t` from its start to its stop.

    Times are in s, voltages in V, currents in A (positive discharges), temperatures in K. The last point of what
    `simulate` returns is the stop.
    """

    t: Float[Array, " times"]
    V: Float[Array, " times"]
    I: Float[Array, " times"]
    T: Float[Array, " times"]
    Q: Float[Array, " times"]  # charge passed since the run began [A.h]
    E: Float[Array, " times"]  # energy delivered since then [W.h]
    states: State  # of the solver, one a time (of those in `rows`)
    rest: State  # before the current was switched on
    model: AbstractModel
    demand: Demand | Setpoint | None  # None where there were several
    t_stop: Scalar  # where the run stopped
    result: diffrax.RESULTS
    steps: Int[Array, ""]
    rejected: Int[Array, ""]
    dense: tuple[Trajectory, ...] | None = None
    chain: Chain | None = None  # of a protocol
    legs: tuple["Solution", ...] = ()  # one for every step of a protocol, not under transformations
    t_start: Any = 0.0  # of a leg, since the run began [s]
    ambient: Any = None  # temperature around the model in a leg [K]; None: its own
    rows: Any = None  # where the fields are kept among the times; None: everywhere
    period: float | None = eqx.field(static=True, default=None)  # of the points of a leg, where one was asked for [s]

    # ---- whole-run numbers, differentiable

    @property
    def capacity(self) -> Scalar:
        """Charge [A.h] passed from the beginning of the run to its last point, positive on discharge."""
        return self.Q[-1] - (0.0 if self.chain is None else self.chain.legs.Q[0])

    @property
    def energy(self) -> Scalar:
        """Energy [W.h] delivered from the beginning of the run to its last point, negative on charge."""
        return self.E[-1] - (0.0 if self.chain is None else self.chain.legs.E[0])

    # ---- points

    @property
    def points(self) -> tuple[Any, ...]:
        """Times, voltages, currents, temperatures, charges, energies and states."""
        return self.t, self.V, self.I, self.T, self.Q, self.E, self.states

    def with_points(self, points: tuple[Any, ...], **more: Any) -> "Solution":
        """The same with other `points`, and with `more` replaced."""
        names = ("t", "V", "I", "T", "Q", "E", "states")
        return dataclasses.replace(self, **dict(zip(names, points, strict=True)), **more)

    # ---- steps and cycles

    @property
    def step_ends(self) -> list[StepEnd]:
        """How every step went: when, why it ended, what it passed."""
        if self.chain is not None:
            return self.chain.steps(self._limitation())
        t, V = np.asarray(self.t), np.asarray(self.V)
        charge, energy = float(self.capacity), float(self.energy)
        is_skipped = float(self.t_stop) == 0
        return [StepEnd(1, 1, "", 0.0, float(t[-1]), self.stop_reason, is_skipped, charge, energy, float(V[-1]), ())]

    @property
    def cycles(self) -> list[CycleSummary]:
        """What every cycle delivered and took."""
        return summarised(self.step_ends)

    def __len__(self) -> int:
        """The number of points."""
        return len(self.t)

    # ---- fields

    @property
    def system(self) -> Any:
        """The model's equations on its mesh, at the temperature of the beginning."""
        return self.model.discretised(self.T[0])

    @property
    def rows_of_fields(self) -> np.ndarray:
        """The places among the times at which the fields are kept."""
        return np.arange(len(self.t)) if self.rows is None else np.asarray(self.rows)

    def kept(self, x: Any) -> Any:
        """Of values at all times those at which the fields are kept."""
        return x if self.rows is None else np.asarray(x)[self.rows]

    @property
    def coordinates(self) -> dict[str, Array]:
        """Positions [m] along each dimension of the profiles."""
        return _coordinates(self.model, self.T)

    def profile(self, name: str) -> Float[Array, "times ..."]:
        """One of the model's `fields` at every time, as a plain array; works under JAX's transformations."""
        return self._profiles[self._known(name)]

    @remembered
    def _profiles(self) -> dict[str, Array]:
        return self._seen[0]

    @remembered
    def losses(self) -> dict[str, Float[Array, " times"]]:
        """The voltage as a sum of contributions [V] at every time, see the model's `losses`."""
        return self._seen[1]

    @remembered
    def _seen(self) -> tuple[dict[str, Array], dict[str, Array], Any]:
        """Profiles, losses and inventories at every time, by one program."""
        rows = (self.states, self.kept(self.I), self.kept(self.T))
        see = lambda rows: _seen(self.model, self.rest, *rows)
        is_traced = any(isinstance(x, jax.core.Tracer) for x in jax.tree.leaves((self.model, self.rest, rows)))
        return see(rows) if is_traced else in_blocks(see, rows)

    def __getitem__(self, name: str) -> "xarray.DataArray":
        """One profile with its coordinates and units. Raises `KeyError`, with what there is, for an unknown name."""
        return self.dataset([name])[name]

    def dataset(self, names: list[str] | None = None) -> "xarray.Dataset":
        """Profiles (all without `names`) with voltage, current and temperature, as one data set with units."""
        import xarray

        data, coords = self.tables(names)
        return xarray.Dataset(data, coords)

    def tables(self, names: list[str] | None = None) -> tuple[dict[str, Table], dict[str, Table]]:
        """What `dataset` is made of, and its coordinates: dimensions, values and attributes of each."""
        fields, axes = self.model.fields, self.model.axes
        names = list(fields) if names is None else [self._known(name) for name in names]
        along = {k: np.asarray(v) for k, v in self.coordinates.items()}
        used = {dim for name in names for dim in fields[name].dims}
        coords: dict[str, Table] = {"time": table(self.kept(self.t), "s", "Time")}
        for dim in sorted(used):
            coords[dim] = table(along[dim], "m", axes[dim], dim)
        data = {
            "voltage": table(self.kept(self.V), "V", "Terminal voltage"),
            "current": table(self.kept(self.I), "A", "Cell current, positive on discharge"),
            "temperature": table(self.kept(self.T), "K", "Cell temperature"),
        }
        for name in names:
            about = fields[name]
            data[name] = table(self._profiles[name], about.unit, about.long_name, "time", *about.dims)
        return data, coords

    def _known(self, name: str) -> str:
        fields = self.model.fields
        if name in fields:
            return name
        import difflib

        near = difflib.get_close_matches(name, fields, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise KeyError(f"no field '{name}'.{hint} There are: {', '.join(fields)}.")

    # ---- how it went

    @property
    def succeeded(self) -> bool:
        """Whether the step ended as it was meant to: at its voltage or after its duration."""
        return came_to(self.result, diffrax.RESULTS.successful, diffrax.RESULTS.event_occurred)

    @property
    def stop_reason(self) -> str:
        """Why the run stopped, in a sentence."""
        if self.chain is not None:
            return self.step_ends[-1].reason
        assert isinstance(self.demand, Demand)
        t, V = float(self.t_stop), float(np.asarray(self.V)[-1])
        if came_to(self.result, diffrax.RESULTS.event_occurred):
            fell = float(self.demand.side) > 0
            how = "lower" if fell else "upper"
            return f"{how} cut-off voltage {float(self.demand.V_stop):g} V reached at {t:.4g} s{self._limitation()}"
        if came_to(self.result, diffrax.RESULTS.successful):
            if t < float(self.demand.duration):
                return f"not started: the voltage {V:.4g} V is already past {float(self.demand.V_stop):g} V"
            return f"duration of {float(self.demand.duration):g} s completed at {V:.4g} V"
        if came_to(self.result, diffrax.RESULTS.max_steps_reached):
            return f"failed: the number of time steps was used up at {t:.4g} s, {V:.4g} V"
        return f"failed: no time step is small enough at {t:.4g} s, {V:.4g} V{self._limitation()}"

    def _limitation(self) -> str:
        """What the model adds to the reason."""
        return self.model.limitation(jax.tree.map(lambda x: np.asarray(x)[-1], self.states))

    @property
    def outside_measured_range(self) -> str | None:
        """A sentence with the range when the run left the one in which its electrolyte was measured, else None."""
        parts = [part for each in (self, *self.legs) for part in each.dense or ()]
        # cut by numpy: a slice by JAX would compile for every length
        lines = [np.asarray(self.states.line)]
        lines += [np.asarray(part.steps.y0.line)[: int(part.count)] for part in parts]
        return self.model.outside_measured_range(np.concatenate(lines), np.asarray(self.T))

    @property
    def balance(self) -> Any:
        """How far the run strayed from what must hold, as a named tuple of the model's (of a cell: lithium, salt and
        charge, double layers counted)."""
        Q = np.asarray(self.kept(self.Q))
        return self.model.balance(self._seen[2], (Q - Q[0]) * SECONDS_PER_HOUR)

    @property
    def ageing(self) -> Any:
        """What side reactions took, by name, with units in the names: lithium, capacity, and the loss of lithium
        inventory; empty where there are none. Differentiable."""
        return self.model.ageing(self._seen[2])

    def at(self, times: Any) -> "Solution":
        """The same run seen at other times [s], from the dense output of the solver; beyond the stop, the stop.

        Not under JAX's transformations: give `times` to `simulate` there.
        """
        from cellsim.simulation.again import joined, seen_at  # the two know each other: it can be looked at again

        if self.legs:
            return joined(self, times)
        if self.dense is None:
            raise ValueError("this solution keeps no dense output; give `times` to simulate() instead")
        return seen_at(self, times)

    def nearest(self, times: Any) -> "Solution":
        """The same run at those of its points that have fields and are next to `times` [s]."""
        rows = self.rows_of_fields
        t = np.asarray(self.t)[rows]
        near = np.unique([int(np.argmin(np.abs(t - time))) for time in np.asarray(times, dtype=float)])
        pick = lambda x: jax.device_put(np.asarray(x)[rows[near]])
        states = jax.tree.map(lambda x: jax.device_put(np.asarray(x)[near]), self.states)
        picked = (*(pick(x) for x in self.points[:-1]), states)
        return self.with_points(picked, rows=None, legs=())

    def step_times(self) -> np.ndarray:
        """Times [s] at which the solver's accepted steps ended, both ends included; none past the stop."""
        if self.legs:
            return np.unique(np.concatenate([leg.step_times() for leg in self.legs]))
        if self.dense is None:
            raise ValueError("this solution keeps no dense output")
        ends = np.concatenate([np.asarray(part.ts)[: int(part.count) + 1] for part in self.dense])
        stop, start = float(self.t_stop), float(self.t_start)
        return np.unique(np.append(start + ends[start + ends < stop], stop))

    def plot(self, title: str = "", slider: bool | None = None) -> Any:
        """In a notebook with ipywidgets (the extra `notebook`) the profiles with a slider over time, elsewhere a figure
        of voltage and current; see `cellsim.plotting.sliding` and `cellsim.plotting.run_figure`. `slider` True or
        False decides it."""
        from cellsim import plotting

        is_sliding = plotting.can_slide(self) if slider is None else slider
        return plotting.sliding(self, title) if is_sliding else plotting.run_figure(self, title)

    def animate(self, path: Any, title: str = "", **more: Any) -> Any:
        """Writes the profiles as a film, .gif or .mp4; see `cellsim.plotting.animated`."""
        from cellsim import plotting

        return plotting.animated(self, path, title, **more)


def table(values: Any, unit: str, long_name: str, *dims: str) -> Table:
    """Values, over time if nothing else is said, with what they are."""
    return (dims or ("time",)), np.asarray(values), {"units": unit, "long_name": long_name}


@stored
def _seen(model: AbstractModel, rest: State, states: State, I: Any, T: Any) -> tuple[Any, Any, Any]:
    def of(y: State, I: Any, T: Any) -> tuple[Any, Any, Any]:
        system = model.discretised(T)
        return system.profiles(y, I), system.losses(y, I), system.inventory(y, rest)

    return jax.vmap(of)(states, I, T)


@stored
def _coordinates(model: AbstractModel, T: Any) -> dict[str, Array]:
    return model.discretised(T[0]).coordinates()
