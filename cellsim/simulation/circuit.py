"""A discretised model in the circuit that a step makes: what the integrator carries as its arguments.

A step that holds a constant current leaves the model as it is. Any other makes the current follow from the state: the
voltage is a function of the current at any instant, so what is held (a voltage, a power, a load) gives the current, and
the model remains a set of ordinary differential equations, with one feedback. Charge and energy are tallied beside it.
"""

import abc
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from cellsim.constants import SECONDS_PER_HOUR
from cellsim.discretisation import local
from cellsim.discretisation.curvature import contracted
from cellsim.discretisation.jacobian import Border, Jacobian, Tips
from cellsim.discretisation.layout import State
from cellsim.simulation.control import Demand, Observed, Setpoint

Scalar = Float[Array, ""]
NEWTON_STEPS = 60
NEWTON_TOLERANCE = 1e-13  # relative


class AbstractCircuit(eqx.Module):
    """A model under a demand."""

    @property
    @abc.abstractmethod
    def varies(self) -> bool:
        """Whether time appears in the rate."""

    @property
    @abc.abstractmethod
    def duration(self) -> Scalar:
        """The longest that the step may take [s]."""

    @property
    @abc.abstractmethod
    def corners(self) -> Float[Array, " corners"] | None:
        """Times [s] at which what is held has a corner or a jump."""

    @property
    @abc.abstractmethod
    def jumps(self) -> Float[Array, " corners"] | None:
        """Those of `corners` at which it jumps; infinity for the others."""

    @abc.abstractmethod
    def rate(self, t: Scalar, y: State) -> State:
        """d(unknowns)/dt."""

    @abc.abstractmethod
    def jacobian(self, t: Scalar, y: State) -> tuple[Jacobian, State | None]:
        """d rate / d unknowns, and d rate / dt, None where time does not appear."""

    @abc.abstractmethod
    def contracted(self, t: Scalar, y: State, mus: State, ks: State) -> Scalar:
        """A number whose gradient is that of sum_i mu_i . J k_i."""

    @abc.abstractmethod
    def margin(self, t: Scalar, y: State) -> Scalar:
        """Distance to the end of the step; it falls through zero there."""

    @abc.abstractmethod
    def observed(self, t: Scalar, y: State) -> Observed:
        """What is seen at the terminals."""


class Circuit(AbstractCircuit):
    """A constant current through a model."""

    system: Any
    demand: Demand

    @property
    def varies(self) -> bool:
        """It does not."""
        return False

    @property
    def duration(self) -> Scalar:
        """That of the demand."""
        return self.demand.duration

    @property
    def corners(self) -> None:
        """None."""
        return None

    @property
    def jumps(self) -> None:
        """None."""
        return None

    def rate(self, t: Scalar, y: State) -> State:
        """d(unknowns)/dt."""
        del t
        return self.system.rate(y, self.demand.I)

    def jacobian(self, t: Scalar, y: State) -> tuple[Jacobian, None]:
        """d rate / d unknowns."""
        del t
        return local.jacobian(self.system.laws(self.demand.I), y, self.system.layout), None

    def contracted(self, t: Scalar, y: State, mus: State, ks: State) -> Scalar:
        """A number whose gradient is that of sum_i mu_i . J k_i."""
        del t
        return contracted(self.system.laws(self.demand.I), y, mus, ks, self.system.layout)

    def voltage(self, y: State) -> Scalar:
        """Terminal voltage [V]."""
        return self.system.terminal_voltage(y, self.demand.I)

    def margin(self, t: Scalar, y: State) -> Scalar:
        """Distance [V] to the voltage that ends the step."""
        del t
        return self.demand.margin(self.voltage(y))

    def observed(self, t: Scalar, y: State) -> Observed:
        """What is seen at the terminals; the energy is not tallied."""
        I = self.demand.I
        return Observed(self.voltage(y), I, self.system.T, I * t / SECONDS_PER_HOUR, jnp.full_like(I, jnp.nan))


class Controlled(AbstractCircuit):
    """A model of which anything is held. The border of its state is that of the model, then the charge [`unit`] and the
    energy [`unit` V] passed since the run began, positive on discharge."""

    system: Any
    setpoint: Setpoint
    unit: Scalar  # A.h
    own: int = eqx.field(static=True)  # unknowns of the model's border

    @property
    def varies(self) -> bool:
        """Whether what is held changes in time."""
        return self.setpoint.varies

    @property
    def duration(self) -> Scalar:
        """That of the setpoint."""
        return self.setpoint.duration

    @property
    def corners(self) -> Float[Array, " corners"] | None:
        """Those of the setpoint."""
        return self.setpoint.corners

    @property
    def jumps(self) -> Float[Array, " points"] | None:
        """Those of the setpoint."""
        return self.setpoint.jumps

    # ---- the current

    def open(self, y: State) -> tuple[Scalar, Scalar]:
        """The voltage [V] at no current, and its slope there [V/A]."""
        nothing = jnp.zeros(())
        return jax.jvp(lambda I: self.system.terminal_voltage(y, I), (nothing,), (jnp.ones(()),))

    @property
    def is_explicit(self) -> bool:
        """Whether the current follows from the voltage at none and its slope."""
        return self.system.is_affine and not self.setpoint.relations

    def at_terminals(self, t: Scalar, y: State) -> tuple[Scalar, Scalar]:
        """The current [A] at which what is held has its value, the one that goes with no current at no load, and the
        voltage [V] at it."""
        return _at_terminals(self, t, y)

    def current(self, t: Scalar, y: State) -> Scalar:
        """The current [A]."""
        return self.at_terminals(t, y)[0]

    def observed(self, t: Scalar, y: State) -> Observed:
        """What is seen at the terminals."""
        own = self.of_model(y)
        I, V = self.at_terminals(t, own)
        return Observed(V, I, self.system.temperature(own), *self.tallied(y))

    def tallied(self, y: State) -> tuple[Scalar, Scalar]:
        """Charge [A.h] and energy [W.h]."""
        assert y.border is not None
        return y.border[self.own] * self.unit, y.border[self.own + 1] * self.unit

    # ---- the state

    def of_model(self, y: State) -> State:
        """The state of the model alone."""
        assert y.border is not None
        return State(y.line, y.fibre, y.border[: self.own] if self.own else None)

    def of_border(self, own: State, I: Scalar, V: Scalar) -> Float[Array, " border"]:
        """d(border)/dt [1/s] at a given current and the voltage at it."""
        per_s = I / (SECONDS_PER_HOUR * self.unit)
        tallies = jnp.stack([per_s, per_s * V])
        return jnp.concatenate([self.system.border_rate(own, I), tallies]) if self.own else tallies

    def at_current(self, own: State, I: Scalar, V: Scalar | None = None) -> State:
        """d(unknowns)/dt at a given current, and the voltage at it where that is known."""
        V = self.system.terminal_voltage(own, I) if V is None else V
        inner = self.system.rate(own, I)
        return State(inner.line, inner.fibre, self.of_border(own, I, V))

    # ---- the vector field

    def rate(self, t: Scalar, y: State) -> State:
        """d(unknowns)/dt."""
        own = self.of_model(y)
        return self.at_current(own, *self.at_terminals(t, own))

    def slopes(self, t: Scalar, own: State) -> tuple[Scalar, State, State]:
        """The current, and how it and the voltage at a given current follow the state of the model."""
        if not self.is_explicit:
            I, I_by = jax.value_and_grad(self.current, argnums=1)(t, own)
            return I, I_by, jax.grad(self.system.terminal_voltage)(own, I)
        (V, slope), pull = jax.vjp(self.open, own)
        I, (by_V, by_slope) = jax.value_and_grad(self.setpoint.current, argnums=(1, 2))(t, V, slope)
        (both,) = jax.vmap(pull)((jnp.stack([by_V, jnp.ones_like(V)]), jnp.stack([by_slope, I])))
        I_by, V_by = (jax.tree.map(lambda x, k=k: x[k], both) for k in range(2))
        return I, I_by, V_by

    def jacobian(self, t: Scalar, y: State) -> tuple[Jacobian, State | None]:
        """d rate / d unknowns, and d rate / dt."""
        own = self.of_model(y)
        I, I_by, V_by = self.slopes(t, own)
        core = local.jacobian(self.system.laws_at(own, I), own.inner, self.system.layout)
        _, push = jax.jvp(lambda I: self.at_current(own, I), (I,), (jnp.ones_like(I),))
        per_s = I / (SECONDS_PER_HOUR * self.unit)
        # of the charge, of the energy, of the current
        last = jax.tree.map(lambda dV, dI: jnp.stack([jnp.zeros_like(dV), per_s * dV, dI]), V_by, I_by)
        rows = last
        if self.own:
            by_own = jax.jacrev(self.system.border_rate)(own, I)
            rows = jax.tree.map(lambda a, b: jnp.concatenate([a, b]), by_own, last)
        size = self.own + 3
        corner = jnp.zeros((size, size)).at[: size - 1, -1].set(push.border)
        columns = jax.tree.map(lambda x: x[None], push.inner)
        if self.own:
            corner = corner.at[:, : self.own].set(rows.border)
            columns = jax.tree.map(lambda x, last: jnp.concatenate([x, last]), self._by_border(own, I), columns)
        tips = Tips(rows.line, rows.fibre[:, -1])
        border = Border(columns, tips, corner, (*range(self.own), size - 1), True)
        of_t = None
        if self.varies:
            _, I_t = jax.jvp(lambda t: self.current(t, own), (t,), (jnp.ones_like(t),))
            of_t = jax.tree.map(lambda x: x * I_t, push)
        return eqx.tree_at(lambda jac: jac.border, core, border, is_leaf=lambda x: x is None), of_t

    def _by_border(self, own: State, I: Scalar) -> State:
        """d rate(inner) / d(border of the model), stacked."""

        def of(border: Array) -> State:
            return self.system.rate(State(own.line, own.fibre, border), I).inner

        return jax.vmap(lambda d: jax.jvp(of, (own.border,), (d,))[1])(jnp.eye(self.own))

    def contracted(self, t: Scalar, y: State, mus: State, ks: State) -> Scalar:
        """A number whose gradient is that of sum_i mu_i . J k_i.

        The border's part of J is a sum of products (a column times what moves it), so that the sum over all pairs
        is one directional derivative for each column and each row."""
        own = self.of_model(y)
        I = self.current(t, own)
        k_own = State(ks.line, ks.fibre, ks.border[:, : self.own] if self.own and ks.border is not None else None)
        assert mus.border is not None
        held = lax.stop_gradient
        total = contracted(self.system.laws_at(own, I), own.inner, mus.inner, ks.inner, self.system.layout)

        # columns of the model's border: mu . d rate/d border, summed with what each pair makes of it
        for place in range(self.own):
            assert k_own.border is not None and own.border is not None
            along = jax.tree.map(lambda mu, k=k_own.border[:, place]: _summed(k, mu), mus.inner)
            moved = jnp.zeros(self.own).at[place].set(1.0)
            rate = lambda border: self.system.rate(State(own.line, own.fibre, border), I).inner
            total = total + _dot(along, jax.jvp(rate, (own.border,), (moved,))[1])
        # rows of the border
        border_rate = lambda own: self.of_border(own, I, self.system.terminal_voltage(own, I))
        for place in range(self.own + 2):
            along = jax.tree.map(lambda k, mu=mus.border[:, place]: _summed(mu, k), k_own)
            total = total + jax.jvp(border_rate, (own,), (along,))[1][place]
        # the feedback: (mu . d rate/dI)(dI/dy . k)
        current = lambda own: self.current(t, own)
        by_current = lambda own, I: jax.jvp(lambda I: self.at_current(own, I), (I,), (jnp.ones_like(I),))[1]
        pushed = held(by_current(own, I))
        pulled = held(jax.vmap(lambda k: jax.jvp(current, (own,), (k,))[1])(k_own))
        by_mu = jax.vmap(lambda mu: _dot(mu, pushed))(mus)
        along_mu = jax.tree.map(lambda mu: _summed(pulled, mu), mus)
        along_k = jax.tree.map(lambda k: _summed(held(by_mu), k), k_own)
        return total + _dot(along_mu, by_current(own, I)) + jax.jvp(current, (own,), (along_k,))[1]

    # ---- the end

    def margins(self, t: Scalar, y: State) -> Float[Array, " ends"]:
        """Distance to every end of the step."""
        V0, slope = self.open(self.of_model(y))
        seen = self.observed(t, y)
        dVdt = jnp.zeros(())
        if self.setpoint.ends.watches_rate:
            dVdt = jax.jvp(lambda t, y: self.observed(t, y).V, (t, y), (jnp.ones_like(t), self.rate(t, y)))[1]
        return jnp.append(self.setpoint.ends.margins(t, seen, dVdt), self.setpoint.feasibility(t, V0, slope))

    def margin(self, t: Scalar, y: State) -> Scalar:
        """Distance to the nearest end of the step."""
        return jnp.min(self.margins(t, y))


@eqx.filter_jit  # traced once however often a program asks for the current, and it does so a dozen times
def _at_terminals(circuit: Controlled, t: Scalar, y: State) -> tuple[Scalar, Scalar]:
    V, slope = circuit.open(y)
    I = circuit.setpoint.current(t, V, slope)
    if circuit.is_explicit:
        return I, V + slope * I
    voltage = lambda I: circuit.system.terminal_voltage(y, I)
    residual = lambda I: circuit.setpoint.residual(t, voltage(I), I)
    root = lax.custom_root(residual, lax.stop_gradient(I), _newton, lambda slope, b: b / slope(jnp.ones_like(b)))
    return root, voltage(root)


def _summed(weights: Array, rows: Array) -> Array:
    return lax.stop_gradient(jnp.tensordot(weights, rows, axes=1))


def _dot(a: State, b: State) -> Scalar:
    return sum(jax.tree.leaves(jax.tree.map(lambda a, b: jnp.sum(a * b), a, b)), jnp.zeros(()))


def _newton(residual: Any, start: Scalar) -> Scalar:
    """The root of a residual that rises or falls everywhere."""

    def is_off(carry: tuple[Scalar, Scalar, Array]) -> Array:
        I, step, count = carry
        return (jnp.abs(step) > NEWTON_TOLERANCE * (jnp.abs(I) + 1e-12)) & (count < NEWTON_STEPS)

    def better(carry: tuple[Scalar, Scalar, Array]) -> tuple[Scalar, Scalar, Array]:
        I, _, count = carry
        value, slope = jax.jvp(residual, (I,), (jnp.ones_like(I),))
        step = -value / jnp.where(slope == 0, 1.0, slope)
        return I + step, step, count + 1

    return lax.while_loop(is_off, better, (start, jnp.full_like(start, jnp.inf), jnp.asarray(0)))[0]
