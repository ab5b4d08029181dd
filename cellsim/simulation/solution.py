"""What a run found."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from cellsim.constants import SECONDS_PER_HOUR
from cellsim.discretisation.layout import State
from cellsim.models import observables
from cellsim.models.dfn import DFN
from cellsim.simulation.blocks import in_blocks
from cellsim.simulation.control import Demand
from cellsim.solvers.trajectory import Trajectory

if TYPE_CHECKING:
    import xarray

Scalar = Float[Array, ""]
DEPLETED = 0.02  # of the resting salt concentration: so little that the electrolyte limits the current


class OutsideMeasuredRange(UserWarning):
    """A run left the range of concentrations and temperatures in which its electrolyte was measured."""


class Solution(eqx.Module):
    """Voltage, current and every field of a run, at times `t` from its start to its stop.

    Times are in s, voltages in V, currents in A (positive discharges), temperatures in K. The last point of what
    `simulate` returns is the stop.
    """

    t: Float[Array, " times"]
    V: Float[Array, " times"]
    I: Float[Array, " times"]
    T: Float[Array, " times"]
    states: State  # of the solver, one a time
    rest: State  # before the current was switched on
    model: DFN
    demand: Demand
    t_stop: Scalar  # where the run stopped
    result: diffrax.RESULTS
    steps: Int[Array, ""]
    rejected: Int[Array, ""]
    dense: tuple[Trajectory, ...] | None = None

    # ---- whole-run numbers, differentiable

    @property
    def capacity(self) -> Scalar:
        """Charge [A.h] passed, positive on discharge."""
        return _totals(self.t, self.V, self.I)[0]

    @property
    def energy(self) -> Scalar:
        """Energy [W.h] delivered, negative on charge."""
        return _totals(self.t, self.V, self.I)[1]

    # ---- fields

    @property
    def system(self) -> Any:
        """The model's equations on its mesh."""
        return self.model.discretised(self.T[0])

    @property
    def coordinates(self) -> dict[str, Array]:
        """Positions [m] along each dimension of the profiles, x from the negative current collector."""
        return _coordinates(self.model, self.T)

    def profile(self, name: str) -> Float[Array, "times ..."]:
        """One of `observables.PROFILES` at every time, as a plain array; works under JAX's transformations."""
        return self._profiles[_known(name)]

    @cached_property
    def _profiles(self) -> dict[str, Array]:
        return self._seen[0]

    @cached_property
    def losses(self) -> dict[str, Float[Array, " times"]]:
        """The voltage as a sum of contributions [V] at every time, see `observables.LOSSES`."""
        return self._seen[1]

    @cached_property
    def _seen(self) -> tuple[dict[str, Array], dict[str, Array], observables.Inventory]:
        """Profiles, losses and inventories at every time, by one program."""
        rows = (self.states, self.I, self.T)
        see = lambda rows: _seen(self.model, self.rest, *rows)
        is_traced = any(isinstance(x, jax.core.Tracer) for x in jax.tree.leaves((self.model, self.rest, rows)))
        return see(rows) if is_traced else in_blocks(see, rows)

    def __getitem__(self, name: str) -> "xarray.DataArray":
        """One profile with its coordinates and units. Raises `KeyError`, with what there is, for an unknown name."""
        return self.dataset([name])[name]

    def dataset(self, names: list[str] | None = None) -> "xarray.Dataset":
        """Profiles (all without `names`) with voltage, current and temperature, as one data set with units."""
        import xarray

        names = list(observables.PROFILES) if names is None else [_known(name) for name in names]
        along = {k: np.asarray(v) for k, v in self.coordinates.items()}
        used = {dim for name in names for dim in observables.PROFILES[name].dims}
        coords: dict[str, Any] = {"time": ("time", np.asarray(self.t), {"units": "s", "long_name": "Time"})}
        for dim in sorted(used):
            what = "Radius within a particle" if dim.startswith("r_") else "Distance from the negative collector"
            coords[dim] = (dim, along[dim], {"units": "m", "long_name": what})
        series = {
            "voltage": (self.V, "V", "Terminal voltage"),
            "current": (self.I, "A", "Cell current, positive on discharge"),
            "temperature": (self.T, "K", "Cell temperature"),
        }
        data: dict[str, Any] = {
            key: ("time", np.asarray(values), {"units": unit, "long_name": text})
            for key, (values, unit, text) in series.items()
        }
        for name in names:
            about = observables.PROFILES[name]
            values = np.asarray(self._profiles[name])
            data[name] = (("time", *about.dims), values, {"units": about.unit, "long_name": about.long_name})
        return xarray.Dataset(data, coords)

    # ---- how it went

    @property
    def succeeded(self) -> bool:
        """Whether the step ended as it was meant to: at its voltage or after its duration."""
        return bool(self.result == diffrax.RESULTS.successful) or bool(self.result == diffrax.RESULTS.event_occurred)

    @property
    def stop_reason(self) -> str:
        """Why the run stopped, in a sentence."""
        t, V = float(self.t_stop), float(np.asarray(self.V)[-1])
        if bool(self.result == diffrax.RESULTS.event_occurred):
            fell = float(self.demand.side) > 0
            how = "lower" if fell else "upper"
            return f"{how} cut-off voltage {float(self.demand.V_stop):g} V reached at {t:.4g} s{self._depletion()}"
        if bool(self.result == diffrax.RESULTS.successful):
            if t < float(self.demand.duration):
                return f"not started: the voltage {V:.4g} V is already past {float(self.demand.V_stop):g} V"
            return f"duration of {float(self.demand.duration):g} s completed at {V:.4g} V"
        if bool(self.result == diffrax.RESULTS.max_steps_reached):
            return f"failed: the number of time steps was used up at {t:.4g} s, {V:.4g} V"
        return f"failed: no time step is small enough at {t:.4g} s, {V:.4g} V{self._depletion()}"

    def _depletion(self) -> str:
        """What to add when the salt has run out somewhere."""
        cell, mesh = self.model.cell, self.model.mesh
        c = np.asarray(self.states.line)[-1, 0] * float(cell.c0)
        at = int(np.argmin(c))
        if c[at] > DEPLETED * float(cell.c0):
            return ""
        n, s = mesh.negative, mesh.separator
        where = "negative electrode" if at < n else "separator" if at < n + s else "positive electrode"
        return (
            f": the electrolyte is depleted in the {where} (salt down to {max(float(c[at]), 0.0):.2g} mol/m3 from "
            f"{float(cell.c0):.4g}), so the current is above what the electrolyte can carry (limiting current)"
        )

    @property
    def outside_measured_range(self) -> str | None:
        """A sentence with the range when the run left the one in which its electrolyte was measured, else None."""
        parts = () if self.dense is None else self.dense
        # cut by numpy: a slice by JAX would compile for every length
        lines = [np.asarray(self.states.line)]
        lines += [np.asarray(part.steps.y0.line)[: int(part.count)] for part in parts]
        salt = np.concatenate([line[:, 0].ravel() for line in lines]) * float(self.model.cell.c0)
        return self.model.cell.electrolyte.outside_measured_range(salt, np.asarray(self.T))

    @property
    def balance(self) -> observables.Balance:
        """Conservation of lithium, salt and charge along the run, double layers counted."""
        t, I = np.asarray(self.t), np.asarray(self.I)
        charge = np.concatenate([[0.0], np.cumsum(np.diff(t) * 0.5 * (I[1:] + I[:-1]))])
        return observables.balance(self._seen[2], charge)

    def at(self, times: Any) -> "Solution":
        """The same run seen at other times [s], from the dense output of the solver; beyond the stop, the stop.

        Not under JAX's transformations: give `times` to `simulate` there.
        """
        if self.dense is None:
            raise ValueError("this solution keeps no dense output; give `times` to simulate() instead")
        from cellsim.simulation.simulate import seen_at  # the two know each other: a solution can be looked at again

        return seen_at(self, times)

    def step_times(self) -> np.ndarray:
        """Times [s] at which the solver's accepted steps ended, both ends included; none past the stop."""
        if self.dense is None:
            raise ValueError("this solution keeps no dense output")
        ends = np.concatenate([np.asarray(part.ts)[: int(part.count) + 1] for part in self.dense])
        stop = float(self.t_stop)
        return np.unique(np.append(ends[ends < stop], stop))

    def plot(self, **options: Any) -> Any:
        """A figure of the run; see `cellsim.plotting.run_figure`."""
        from cellsim.plotting import run_figure

        return run_figure(self, **options)


def _known(name: str) -> str:
    if name in observables.PROFILES:
        return name
    import difflib

    near = difflib.get_close_matches(name, observables.PROFILES, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise KeyError(f"no field '{name}'.{hint} There are: {', '.join(observables.PROFILES)}.")


@eqx.filter_jit
def _seen(model: DFN, rest: State, states: State, I: Any, T: Any) -> tuple[Any, Any, observables.Inventory]:
    system = model.discretised(T[0])

    def of(y: State, I: Any) -> tuple[Any, Any, observables.Inventory]:
        seen = observables.profiles(system, y, I), observables.losses(system, y, I)
        return *seen, observables.inventory(system, y, rest)

    return jax.vmap(of)(states, I)


@eqx.filter_jit
def _coordinates(model: DFN, T: Any) -> dict[str, Array]:
    return observables.coordinates(model.discretised(T[0]))


@jax.jit
def _totals(t: Any, V: Any, I: Any) -> tuple[Array, Array]:
    """Charge [A.h] and energy [W.h]."""
    return jnp.trapezoid(I, t) / SECONDS_PER_HOUR, jnp.trapezoid(I * V, t) / SECONDS_PER_HOUR
