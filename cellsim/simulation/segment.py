"""One segment of a run: a state carried forward under a constant demand. The only caller of the integrator."""

from typing import Any, NamedTuple

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import optimistix as optx
from jax import lax
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Int

from cellsim.discretisation import local
from cellsim.discretisation.curvature import contracted
from cellsim.discretisation.jacobian import Jacobian
from cellsim.discretisation.layout import Layout, State
from cellsim.simulation.control import Demand
from cellsim.solvers.field import Field
from cellsim.solvers.rosenbrock import Rodas5P
from cellsim.solvers.trajectory import Trajectory, differentiable, recorded

Scalar = Float[Array, ""]
FIRST_STEP = 1e-5  # s; short beside the relaxation of any double layer
SHORTEST_STEP = 1e-10  # s; an error control that asks for less has failed
EVENT_TOLERANCE = 1e-13  # relative, in time


class Tolerances(NamedTuple):
    """Error control of the time integration, relative and absolute, in the solver's unknowns of order one."""

    rtol: Float[ArrayLike, ""]
    atol: Float[ArrayLike, ""]


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
    trajectory: Trajectory  # between its ends


class Circuit(eqx.Module):
    """A discretised model under a demand: what the integrator carries as its arguments."""

    system: Any
    demand: Demand

    def rate(self, y: State) -> State:
        """d(unknowns)/dt."""
        return self.system.rate(y, self.demand.I)

    def jacobian(self, y: State) -> Jacobian:
        """d rate / d unknowns."""
        return local.jacobian(self.system.laws(self.demand.I), y, self.system.layout)

    def voltage(self, y: State) -> Scalar:
        """Terminal voltage [V]."""
        return self.system.terminal_voltage(y, self.demand.I)


def _rate(t: Any, y: State, circuit: Circuit) -> State:
    del t
    return circuit.rate(y)


def _jacobian(t: Any, y: State, circuit: Circuit) -> tuple[Jacobian, None]:
    del t
    return circuit.jacobian(y), None


def _contracted(t: Any, y: State, circuit: Circuit, mus: State, ks: State) -> Scalar:
    del t
    return contracted(circuit.system.laws(circuit.demand.I), y, mus, ks, circuit.system.layout)


FIELD = Field(_rate, _jacobian, _contracted)


def _margin(t: Scalar, y: State, args: Circuit, **_: Any) -> Scalar:  # diffrax names its arguments
    del t
    # the search for the event asks for a margin below its tolerance as well as for a time within it; where the salt
    # runs out the voltage moves further than that between two neighbouring times in float64, so it is told in GV
    return 1e-9 * args.demand.margin(args.voltage(y))


def error_norm(scaled: State) -> Scalar:
    """Root mean square over the fields, each counted once whatever its number of unknowns."""
    line = jnp.sum(jnp.mean(scaled.line**2, axis=1))
    if not scaled.fibre.size:
        return jnp.sqrt(line / scaled.line.shape[0])
    fibre = jnp.mean(jnp.mean(scaled.fibre**2, axis=0))  # along the fibres first, which vector units can do
    return jnp.sqrt((line + fibre) / (scaled.line.shape[0] + 1))


def advanced(circuit: Circuit, start: Start, tolerances: Tolerances, *, layout: Layout, max_steps: int) -> Segment:
    """Carries `start` forward until the demand is met, for at most `max_steps` steps.

    Differentiable, forward and reverse, in the circuit and in the initial state, the time of the stop included.
    """
    demand = circuit.demand
    is_open = demand.margin(circuit.voltage(start.y)) > 0  # a demand that is met already takes no time
    end = jnp.where(is_open, jnp.maximum(demand.duration, start.t), start.t)
    held = lax.stop_gradient((start.t, end, start.step, tolerances))
    integration = Integration(*held, layout=layout, max_steps=max_steps)
    trajectory, (t_found, result, steps, rejected) = differentiable(
        start.y, circuit, integrate=integration, field=FIELD, layout=layout
    )
    has_met = jnp.asarray(result == diffrax.RESULTS.event_occurred)
    has_ended = jnp.asarray(result == diffrax.RESULTS.successful)
    t = jnp.where(has_met, _moved_root(t_found, has_met, circuit, trajectory), jnp.where(has_ended, end, t_found))
    took_time = trajectory.count > 0
    y = jax.tree.map(lambda a, b: jnp.where(took_time, a, b), trajectory.at(t), start.y)
    return Segment(t, y, result, steps, rejected, trajectory)


class Integration(eqx.Module):
    """The steps that the error control accepts, and the end of the demand within the last of them."""

    start: Scalar  # s
    end: Scalar  # s
    step: Scalar  # the first to try [s]
    tolerances: Tolerances
    layout: Layout = eqx.field(static=True)
    max_steps: int = eqx.field(static=True)

    def __call__(self, y0: State, circuit: Circuit, keeps_increments: bool) -> tuple[Trajectory, tuple[Any, ...]]:
        """The trajectory; where it ends [s], why, and after how many steps, of them rejected."""
        root_finder: Any = optx.Bisection(rtol=EVENT_TOLERANCE, atol=EVENT_TOLERANCE)  # type: ignore[call-arg]  # no norm
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(_rate),
            Rodas5P(self.layout, _jacobian, keeps_increments),
            self.start,
            self.end,
            self.step,
            y0,
            circuit,
            saveat=diffrax.SaveAt(t1=True, dense=True),
            stepsize_controller=diffrax.PIDController(
                jnp.asarray(self.tolerances.rtol),
                jnp.asarray(self.tolerances.atol),
                norm=error_norm,
                dtmin=SHORTEST_STEP,
                force_dtmin=False,
            ),
            event=diffrax.Event(_margin, root_finder, direction=False),
            adjoint=diffrax.ForwardMode(),  # a plain loop; the derivative is that of the trajectory
            max_steps=self.max_steps,
            throw=False,
        )
        assert solution.interpolation is not None and solution.ts is not None
        stats = solution.stats
        rest = (solution.ts[0], solution.result, stats["num_steps"], stats["num_rejected_steps"])
        return recorded(solution.interpolation), rest


def _moved_root(t_found: Scalar, has_met: Bool[Array, ""], circuit: Circuit, trajectory: Trajectory) -> Scalar:
    """`t_found`, at which the margin vanishes if `has_met`, as a function of all that the margin depends on."""

    def margin(t: Scalar) -> Scalar:
        met = circuit.demand.margin(circuit.voltage(trajectory.at(t)))
        return jnp.where(has_met, met, t - t_found)  # elsewhere nothing moves

    def moved(slope: Any, change: Scalar) -> Scalar:
        by_t = slope(jnp.ones_like(change))
        return change / jnp.where(by_t == 0, 1.0, by_t)  # a flat margin must not spoil a gradient that does not need it

    return lax.custom_root(margin, t_found, lambda _, t: t, moved)
