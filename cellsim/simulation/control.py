"""What a step asks of a model, as numbers: no step, current or cut-off is ever part of a compiled program."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.parameters import as_float_array

Scalar = Float[Array, ""]


class Demand(eqx.Module):
    """A constant current [A] (positive discharges) for at most `duration` [s], ended early at the voltage `V_stop` [V].

    `side` is 1 when the step ends as the voltage falls to `V_stop`, -1 when it ends as it rises, 0 when no voltage
    ends it.
    """

    I: Scalar = eqx.field(converter=as_float_array)
    duration: Scalar = eqx.field(converter=as_float_array)
    V_stop: Scalar = eqx.field(converter=as_float_array)
    side: Scalar = eqx.field(converter=as_float_array)

    def margin(self, V: Scalar) -> Scalar:
        """Distance [V] to the end of the step; it falls through zero there."""
        return self.side * (V - self.V_stop) + (1 - self.side * self.side)


class Observed(NamedTuple):
    """What is seen of a cell at its terminals."""

    V: Scalar  # V
    I: Scalar  # A
    T: Scalar  # K
    Q: Scalar  # A.h passed since the run began
    E: Scalar  # W.h delivered since the run began


Function = Callable[[Any, Any, Any], Any]
OBSERVABLES = ("V", "I", "|I|", "charge of the step", "energy of the step", "Q", "T", "|dV/dt|")


class Ends(eqx.Module):
    """What ends a step: a number of margins, each a weighted sum of `OBSERVABLES`, and of `conditions` of the time in
    the step [s], the voltage [V] and the current [A], less a level. One without weights stays at minus its level."""

    weights: Float[Array, "ends observables"]
    levels: Float[Array, " ends"]
    Q0: Scalar  # A.h, when the step began
    E0: Scalar  # W.h
    conditions: tuple[Function, ...] = eqx.field(static=True, default=())
    watches_rate: bool = eqx.field(static=True, default=False)

    def margins(self, t: Scalar, seen: Observed, dVdt: Scalar) -> Float[Array, " ends"]:
        """The distance to every end; one that is reached falls through zero."""
        charge, energy = jnp.abs(seen.Q - self.Q0), jnp.abs(seen.E - self.E0)
        values = [seen.V, seen.I, jnp.abs(seen.I), charge, energy, seen.Q, seen.T, jnp.abs(dVdt)]
        values += [jnp.asarray(condition(t, seen.V, seen.I)) for condition in self.conditions]
        return self.weights @ jnp.stack(values) - self.levels


class Setpoint(eqx.Module):
    """What a step holds, whatever it is: `weights` times (V, I, V I) is the target, or a relation between time, voltage
    and current is zero, the one of number `relation` among `relations`, where that is not negative."""

    weights: Float[Array, "3"]
    target: Scalar | tuple[Float[Array, " points"], Float[Array, " points"]]  # or times [s] and values between
    relation: Scalar
    duration: Scalar
    ends: Ends
    relations: tuple[Function, ...] = eqx.field(static=True, default=())

    @property
    def varies(self) -> bool:
        """Whether what is held changes in time."""
        return isinstance(self.target, tuple) or bool(self.relations)

    @property
    def corners(self) -> Float[Array, " points"] | None:
        """The times of the points between which the target runs straight."""
        return self.target[0] if isinstance(self.target, tuple) else None

    @property
    def jumps(self) -> Float[Array, " points"] | None:
        """The times at which the target jumps; infinity for those at which it does not."""
        if not isinstance(self.target, tuple):
            return None
        t = self.target[0]
        is_jump = jnp.append(t[1:] == t[:-1], False) & (t < t[-1])
        return jnp.sort(jnp.where(is_jump, t, jnp.inf))

    def target_at(self, t: Scalar) -> Scalar:
        """The value to hold at time `t` [s] of the step."""
        if not isinstance(self.target, tuple):
            return self.target
        return _between(t, *self.target)

    def _quadratic(self, t: Scalar, V: Scalar, slope: Scalar) -> tuple[Scalar, Scalar, Scalar]:
        """The coefficients of what I is a root of, for the voltage V + slope I."""
        of_V, of_I, of_VI = self.weights
        return of_VI * slope, of_V * slope + of_I + of_VI * V, of_V * V - self.target_at(t)

    def current(self, t: Scalar, V: Scalar, slope: Scalar) -> Scalar:
        """The current [A] of a cell whose voltage is V + slope I; of two, the one that goes with no power at none."""
        a, b, c = self._quadratic(t, V, slope)
        root = jnp.sqrt(jnp.maximum(b * b - 4 * a * c, 1e-12 * b * b))
        return -2 * c / (b + jnp.where(b < 0, -root, root))

    def feasibility(self, t: Scalar, V: Scalar, slope: Scalar) -> Scalar:
        """Falls through zero where no current gives the power that is asked for."""
        a, b, c = self._quadratic(t, V, slope)
        is_power = self.weights[2] != 0
        return jnp.where(is_power, 1 - 4 * a * c / jnp.where(is_power, b * b, 1.0) - 1e-9, 1.0)

    def residual(self, t: Scalar, V: Scalar, I: Scalar) -> Scalar:
        """What vanishes when the step's value is held at voltage `V` [V] and current `I` [A]."""
        of_V, of_I, of_VI = self.weights
        off = of_V * V + of_I * I + of_VI * V * I - self.target_at(t)
        for k, relation in enumerate(self.relations):
            off = jnp.where(self.relation == k, relation(t, V, I), off)
        return off


def _between(t: Scalar, times: Array, values: Array) -> Scalar:
    """On the straight line between the two points about `t`; a jump counts from its later point on."""
    k = jnp.clip(jnp.searchsorted(times, t, side="right") - 1, 0, len(times) - 2)
    span = times[k + 1] - times[k]
    share = jnp.clip((t - times[k]) / jnp.where(span > 0, span, 1.0), 0.0, 1.0)
    return values[k] + share * (values[k + 1] - values[k])
