"""One segment of a run: a state carried forward under a constant demand. The only caller of the integrator."""

from typing import Any

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import optimistix as optx
from jaxtyping import Array, Float, Int

from cellsim.discretisation.layout import State
from cellsim.simulation.control import Demand
from cellsim.solvers.rosenbrock import Rodas5P

Scalar = Float[Array, ""]
FIRST_STEP = 1e-5  # s; short beside the relaxation of any double layer
SHORTEST_STEP = 1e-10  # s; an error control that asks for less has failed
EVENT_TOLERANCE = 1e-13  # relative, in time


class Tolerances(eqx.Module):
    """Error control of the time integration, relative and absolute, in the solver's unknowns of order one."""

    rtol: Scalar
    atol: Scalar


class Start(eqx.Module):
    """Where a segment begins: time [s], state, and the first step to try [s]."""

    t: Scalar
    y: State
    step: Scalar


class Segment(eqx.Module):
    """What became of a segment."""

    t: Scalar  # where it stopped [s]
    y: State  # the state there
    result: diffrax.RESULTS
    steps: Int[Array, ""]
    rejected: Int[Array, ""]
    dense: diffrax.DenseInterpolation | None  # between its ends; None if values at given times were asked for
    at_times: State | None  # at the given times, the final state after the stop


class Circuit(eqx.Module):
    """A discretised model under a demand: what the integrator carries as its arguments."""

    system: Any
    demand: Demand

    def rate(self, y: State) -> State:
        """d(unknowns)/dt."""
        return self.system.rate(y, self.demand.I)

    def voltage(self, y: State) -> Scalar:
        """Terminal voltage [V]."""
        return self.system.terminal_voltage(y, self.demand.I)


def _rate(t: Scalar, y: State, circuit: Circuit) -> State:
    del t
    return circuit.rate(y)


def _margin(t: Scalar, y: State, args: Circuit, **_: Any) -> Scalar:  # diffrax names its arguments
    del t
    return args.demand.margin(args.voltage(y))


def error_norm(scaled: State) -> Scalar:
    """Root mean square over the fields, each counted once whatever its number of unknowns."""
    fields = [jnp.mean(scaled.line[k] ** 2) for k in range(scaled.line.shape[0])]
    return jnp.sqrt(jnp.mean(jnp.stack([*fields, jnp.mean(scaled.fibre**2)])))


def advanced(
    circuit: Circuit,
    start: Start,
    tolerances: Tolerances,
    times: Float[Array, " times"] | None,
    *,
    layout: Any,
    max_steps: int,
    adjoint: diffrax.AbstractAdjoint,
) -> Segment:
    """Carries `start` forward until the demand is met, for at most `max_steps` steps.

    With `times` [s] the states there are returned, else the whole dense output.
    """
    demand = circuit.demand
    is_open = demand.margin(circuit.voltage(start.y)) > 0  # a demand that is met already takes no time
    end = jnp.where(is_open, jnp.maximum(demand.duration, start.t), start.t)
    saveat = diffrax.SaveAt(t1=True, dense=True)
    if times is not None:
        subs = [diffrax.SubSaveAt(t1=True), diffrax.SubSaveAt(ts=jnp.clip(times, start.t, end))]
        saveat = diffrax.SaveAt(subs=subs)
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(_rate),
        Rodas5P(layout),
        start.t,
        end,
        start.step,
        start.y,
        circuit,
        saveat=saveat,
        stepsize_controller=diffrax.PIDController(
            tolerances.rtol, tolerances.atol, norm=error_norm, dtmin=SHORTEST_STEP, force_dtmin=False
        ),
        event=diffrax.Event(_margin, optx.Bisection(rtol=EVENT_TOLERANCE, atol=EVENT_TOLERANCE), direction=False),
        adjoint=adjoint,
        max_steps=max_steps,
        throw=False,
    )
    last = lambda ys: jax.tree.map(lambda x: x[0], ys)
    if times is None:
        t, y, at_times = solution.ts[0], last(solution.ys), None
    else:
        (t, saved_t), (y, saved) = solution.ts, solution.ys
        t, y = t[0], last(y)
        reached = saved_t <= t  # unsaved entries are infinite
        pick = lambda x, final: jnp.where(reached.reshape(-1, *[1] * final.ndim), x, final)
        at_times = jax.tree.map(pick, saved, y)
    stats = solution.stats
    return Segment(
        t, y, solution.result, stats["num_steps"], stats["num_rejected_steps"], solution.interpolation, at_times
    )
