"""One segment of a run: a state carried forward under a constant demand. The only caller of the integrator."""

from typing import Any, NamedTuple

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optimistix as optx
from jax import lax
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Int

from cellsim.discretisation.jacobian import Jacobian
from cellsim.discretisation.layout import Layout, State
from cellsim.simulation.circuit import AbstractCircuit
from cellsim.solvers.corners import AfterCorners
from cellsim.solvers.field import Field
from cellsim.solvers.rosenbrock import Rodas5P
from cellsim.solvers.trajectory import Trajectory, differentiable, recorded

Scalar = Float[Array, ""]
FIRST_STEP = 1e-5  # s; short beside the relaxation of any double layer
SHORTEST_STEP = 1e-10  # s; an error control that asks for less has failed
EVENT_TOLERANCE = 1e-13  # relative, in time
AT_JUMP = 1e-12  # relative, in time: an end that is found as near to a jump of what is held is that jump
SMALL = (
    1e-9  # times the margin, so that it is the time to which the search for the end goes, whatever the margin's unit
)


class Tolerances(NamedTuple):
    """Error control of the time integration, relative and absolute, in the solver's unknowns of order one."""

    rtol: Float[ArrayLike, ""]
    atol: Float[ArrayLike, ""]


def came_to(result: Any, *kinds: Any) -> bool:
    """Whether a result that is known is one of `kinds`, asked without a program of its own."""
    return int(np.asarray(result._value)) in [int(np.asarray(kind._value)) for kind in kinds]


class Start(eqx.Module):
    """Where a segment begins: time [s], state, and the first step to try [s]."""

    t: Float[Array | np.ndarray, ""]
    y: State
    step: Float[Array | np.ndarray, ""]


class Segment(eqx.Module):
    """What became of a segment."""

    t: Scalar  # where it stopped [s]
    y: State  # the state there
    result: diffrax.RESULTS
    steps: Int[Array, ""]
    rejected: Int[Array, ""]
    trajectory: Trajectory  # between its ends


def _rate(t: Any, y: State, circuit: AbstractCircuit) -> State:
    return circuit.rate(t, y)


def _jacobian(t: Any, y: State, circuit: AbstractCircuit) -> tuple[Jacobian, State | None]:
    return circuit.jacobian(t, y)


def _contracted(t: Any, y: State, circuit: AbstractCircuit, mus: State, ks: State) -> Scalar:
    return circuit.contracted(t, y, mus, ks)


FIELDS = {varies: Field(_rate, _jacobian, _contracted, varies) for varies in (False, True)}


def _margin(t: Scalar, y: State, args: AbstractCircuit, **_: Any) -> Scalar:  # diffrax names its arguments
    return SMALL * args.margin(t, y)


def error_norm(scaled: State) -> Scalar:
    """Root mean square over the fields, each counted once whatever its number of unknowns; unknowns of the border are
    added to them and not counted, so that one without error loosens nothing."""
    line = jnp.sum(jnp.mean(scaled.line**2, axis=1))
    if scaled.border is not None:
        line = line + jnp.sum(scaled.border**2)
    if not scaled.fibre.size:
        return jnp.sqrt(line / scaled.line.shape[0])
    fibre = jnp.mean(jnp.mean(scaled.fibre**2, axis=0))  # along the fibres first, which vector units can do
    return jnp.sqrt((line + fibre) / (scaled.line.shape[0] + 1))


def advanced(
    circuit: AbstractCircuit, start: Start, tolerances: Tolerances, *, layout: Layout, max_steps: int
) -> Segment:
    """Carries `start` forward until the circuit's demand is met, for at most `max_steps` steps.

    Differentiable, forward and reverse, in the circuit and in the initial state, the time of the stop included.
    """
    t0 = jnp.asarray(start.t)
    is_open = circuit.margin(t0, start.y) > 0  # a demand that is met already takes no time
    end = jnp.where(is_open, jnp.maximum(circuit.duration, t0), t0)
    held = lax.stop_gradient((t0, end, jnp.asarray(start.step), circuit.corners, circuit.jumps, tolerances))
    integration = Integration(*held, layout=layout, max_steps=max_steps)
    trajectory, (t_found, result, steps, rejected) = differentiable(
        start.y, circuit, integrate=integration, field=FIELDS[circuit.varies], layout=layout
    )
    has_met = jnp.asarray(result == diffrax.RESULTS.event_occurred)
    has_ended = jnp.asarray(result == diffrax.RESULTS.successful)
    is_moving = has_met  # a demand that a jump has met ends at the jump, whatever the state
    if circuit.jumps is not None:
        is_moving &= ~jnp.any(jnp.abs(t_found - circuit.jumps) <= AT_JUMP * jnp.abs(t_found))
    moved = _moved_root(t_found, is_moving, circuit, trajectory)
    t = jnp.where(has_met, moved, jnp.where(has_ended, end, t_found))
    took_time = trajectory.count > 0
    y = jax.tree.map(lambda a, b: jnp.where(took_time, a, b), trajectory.at(t), start.y)
    return Segment(t, y, result, steps, rejected, trajectory)


class FirstPassed(optx.Bisection):
    """Bisection for the time within a step at which a margin falls through zero. Where it is of one sign all along, as
    where a jump of what is held at the beginning or at the end of the step has met the demand, that is the time."""

    def terminate(
        self, fn: Any, y: Any, args: Any, options: dict[str, Any], state: Any, tags: frozenset[object]
    ) -> tuple[Any, Any]:
        """Where the interval is small, and the margin is, or one of its ends is as it was."""
        del fn, args, tags
        is_small = jnp.abs(state.upper - state.lower) < self.atol + self.rtol * jnp.abs(y)
        is_an_end = (state.lower == options["lower"]) | (state.upper == options["upper"])
        is_found = (jnp.abs(state.error) < self.atol) | is_an_end
        return is_small & is_found, optx.RESULTS.successful


class Integration(eqx.Module):
    """The steps that the error control accepts, and the end of the demand within the last of them."""

    start: Scalar  # s
    end: Scalar  # s
    step: Scalar  # the first to try [s]
    corners: Float[Array, " corners"] | None  # times at which a step must end [s]
    jumps: Float[Array, " corners"] | None  # those of them at which the rate jumps
    tolerances: Tolerances
    layout: Layout = eqx.field(static=True)
    max_steps: int = eqx.field(static=True)

    def __call__(
        self, y0: State, circuit: AbstractCircuit, keeps_increments: bool
    ) -> tuple[Trajectory, tuple[Any, ...]]:
        """The trajectory; where it ends [s], why, and after how many steps, of them rejected."""
        root_finder: Any = FirstPassed(rtol=EVENT_TOLERANCE, atol=EVENT_TOLERANCE, flip=True)  # type: ignore[call-arg]  # no norm
        controller: Any = diffrax.PIDController(
            jnp.asarray(self.tolerances.rtol),
            jnp.asarray(self.tolerances.atol),
            norm=error_norm,
            dtmin=SHORTEST_STEP,
            force_dtmin=False,
        )
        if self.corners is not None and self.jumps is not None:
            controller = AfterCorners(controller, self.corners, self.jumps)
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(_rate),
            Rodas5P(self.layout, _jacobian, keeps_increments),
            self.start,
            self.end,
            self.step,
            y0,
            circuit,
            saveat=diffrax.SaveAt(t1=True, dense=True),
            stepsize_controller=controller,
            event=diffrax.Event(_margin, root_finder, direction=False),
            adjoint=diffrax.ForwardMode(),  # a plain loop; the derivative is that of the trajectory
            max_steps=self.max_steps,
            throw=False,
        )
        assert solution.interpolation is not None and solution.ts is not None
        stats = solution.stats
        rest = (solution.ts[0], solution.result, stats["num_steps"], stats["num_rejected_steps"])
        return recorded(solution.interpolation), rest


def _moved_root(
    t_found: Scalar, is_moving: Bool[Array, ""], circuit: AbstractCircuit, trajectory: Trajectory
) -> Scalar:
    """`t_found`, at which the margin vanishes if `is_moving`, as a function of all that the margin depends on."""

    def margin(t: Scalar) -> Scalar:
        met = circuit.margin(t, trajectory.at(t))
        return jnp.where(is_moving, met, t - t_found)  # elsewhere nothing moves

    def moved(slope: Any, change: Scalar) -> Scalar:
        by_t = slope(jnp.ones_like(change))
        return change / jnp.where(by_t == 0, 1.0, by_t)  # a flat margin must not spoil a gradient that does not need it

    return lax.custom_root(margin, t_found, lambda _, t: t, moved)
