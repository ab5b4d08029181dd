"""Impedance of any model, by the exact linearisation of its equations.

A model is a set of ordinary differential equations dy/dt = f(y, I) with a voltage V = g(y, I). To a small current of
frequency omega on top of I the voltage answers, by linearity and as a positive current discharges, with

    Z(omega) = -(g_I + g_y (i omega - f_y)^-1 f_I).

Where charge transfer is quasi-static, as with one particle for each electrode, the double layers are put beside it: of
the current i_n that passes a wall, C_dl dw/dt charges its layer, with w the potential difference across it.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from cellsim.discretisation import local
from cellsim.discretisation.jacobian import Border, Jacobian, Tips
from cellsim.discretisation.layout import State
from cellsim.models.model import AbstractModel, AbstractSystem
from cellsim.programs import stored
from cellsim.simulation.solution import CannotStart, Solution
from cellsim.simulation.spectrum import Spectrum
from cellsim.solvers.frequency import Linear, transfer

Scalar = Float[Array, ""]


def impedance(
    model: AbstractModel, frequencies: Any, *, soc: Any = 0.5, T: Any = None, initial: State | None = None, I: Any = 0.0
) -> Spectrum:
    """The impedance of `model` at `frequencies` [Hz].

    - `soc`: the state of charge [-] at which it rests.
    - `T`: temperature [K]; that of the model's parameters by default.
    - `initial`: a state instead of rest at `soc`, such as one of a run; what of it changes slowly beside the frequency
      is taken to stand still.
    - `I`: the direct current [A] that passes in that state, positive discharges.

    Differentiable, forward and reverse, in the model, the state and all numbers; works under `jit`, `vmap` and other
    transformations. Raises `ValueError` for a frequency that is not above zero, for a state that is not of the model,
    and for a current without a state that it passes through, and `CannotStart` where no current passes at all (not
    under transformations).
    """
    number = lambda x: x if isinstance(x, jax.Array) else np.asarray(x, dtype=float)
    frequencies, soc, I = number(frequencies), number(soc), number(I)
    T = model.T_usual if T is None else number(T)
    if initial is not None:
        initial = _of_model(model, initial)
    if not any(isinstance(x, jax.core.Tracer) for x in jax.tree.leaves((model, frequencies, soc, T, initial, I))):
        _refuse_meaningless(frequencies, initial, I)
    Z, state, passes = _spectrum(model, frequencies, soc, T, initial, I)
    if not isinstance(passes, jax.core.Tracer) and not passes:
        raise CannotStart(f"there is no impedance: {model.why_not(1.0)}")
    return Spectrum(jnp.asarray(frequencies), Z, state)


def impedance_during(solution: Solution, times: Any, frequencies: Any) -> Spectrum:
    """The impedance at `frequencies` [Hz] of a model in the states of a run at `times` [s], stacked in front, each
    under the current that passes there.

    Quasi-stationary: what of the state changes slowly beside the frequency is taken to stand still.
    """
    at = solution.at(np.atleast_1d(np.asarray(times, dtype=float)))
    model, states = solution.model, at.states
    T = at.T if not model.borders else jnp.full_like(at.T, model.T_usual)  # of the surroundings where it is an unknown
    states = jax.vmap(lambda y: _of_model(model, y))(states)
    frequencies = jnp.asarray(frequencies, dtype=float)
    Z = _spectra(model, frequencies, T, states, at.I)
    return Spectrum(frequencies, Z, states, at.t)


def impedance_residuals(
    model: AbstractModel,
    measured: Spectrum,
    *,
    scale: Any = None,
    soc: Any = 0.5,
    T: Any = None,
    initial: State | None = None,
    I: Any = 0.0,
) -> Float[Array, " residuals"]:
    """What a fit makes small: real and imaginary parts [-] of the difference between the impedance of `model` and a
    `measured` one, over `scale` [Ohm], one number or one a frequency, by default the measured modulus; all real parts
    first. The rest as for `impedance`."""
    there = impedance(model, measured.frequencies, soc=soc, T=T, initial=initial, I=I)
    off = (there.Z - measured.Z) / (measured.modulus if scale is None else scale)
    return jnp.concatenate([off.real, off.imag])


# ---- linearisation


def linearised(system: AbstractSystem, y: State, I: Scalar) -> Linear:
    """The equations about the state `y` at current `I` [A]. Inputs are the current and, where double layers are left
    out of the equations, what charges each [A/m2]; outputs the voltage and the potential difference at each [V]."""
    layers = len(system.double_layers(y, I)[1])
    u = jnp.append(I, jnp.zeros(layers))

    def rate(u: Array) -> State:
        return system.charged(u[1:]).rate(y, u[0])

    def seen(y: State, u: Array) -> Array:
        charged = system.charged(u[1:])
        return jnp.append(charged.terminal_voltage(y, u[0]), charged.double_layers(y, u[0])[0])

    B = jax.vmap(lambda d: jax.jvp(rate, (u,), (d,))[1])(jnp.eye(1 + layers))
    C, D = jax.jacrev(seen, argnums=(0, 1))(y, u)
    return Linear(_jacobian(system, y, I), B, C, D)


def _jacobian(system: AbstractSystem, y: State, I: Scalar) -> Jacobian:
    """d rate / d unknowns, with those of the border."""
    core = local.jacobian(system.laws_at(y, I), y.inner, system.layout)
    if y.border is None:
        return core
    inner = lambda border: system.rate(State(y.line, y.fibre, border), I).inner
    columns = jax.vmap(lambda d: jax.jvp(inner, (y.border,), (d,))[1])(jnp.eye(len(y.border)))
    by = jax.jacrev(lambda y: system.border_rate(y, I))(y)
    rows = Tips(by.line, by.fibre[:, -1])
    border = Border(columns, rows, by.border, tuple(range(len(y.border))), False)
    return eqx.tree_at(lambda jac: jac.border, core, border, is_leaf=lambda x: x is None)


def at_state(
    system: AbstractSystem, y: State, I: Scalar, frequencies: Float[Array, " frequencies"]
) -> Complex[Array, " frequencies"]:
    """Impedance [Ohm] of a system in the state `y` at current `I` [A]."""
    linear = linearised(system, y, I)
    C_dl = system.double_layers(y, I)[1]

    def of(omega: Scalar) -> Complex[Array, ""]:
        G = transfer(linear, omega, system.layout)
        if not len(C_dl):
            return -G[0, 0]
        by_rate = 1j * omega * C_dl[:, None]  # what charges the layers [A/m2], of a potential difference [V]
        charging = jnp.linalg.solve(jnp.eye(len(C_dl)) - by_rate * G[1:, 1:], (by_rate * G[1:, :1])[:, 0])
        return -(G[0, 0] + G[0, 1:] @ charging)

    return jax.vmap(of)(2 * jnp.pi * frequencies)


@stored
def _spectrum(
    model: AbstractModel, frequencies: Any, soc: Any, T: Any, initial: Any, I: Any
) -> tuple[Array, State, Array]:
    system = model.discretised(jnp.asarray(T))
    y = model.at_rest(system, soc) if initial is None else initial
    Z = at_state(system, y, jnp.asarray(I), jnp.asarray(frequencies))
    return Z, y, model.can_carry(jnp.ones(()), jnp.asarray(T))


@stored
def _spectra(model: AbstractModel, frequencies: Any, T: Any, states: State, I: Any) -> Array:
    of = lambda each: at_state(model.discretised(each[0]), each[1], each[2], frequencies)
    return jax.lax.map(of, (T, states, I))  # one after the other: each has its frequencies innermost


# ---- what can be asked


def _of_model(model: AbstractModel, y: State) -> State:
    """The state without the charge and energy that a run tallies in it."""
    border = None if y.border is None or not model.borders else y.border[: model.borders]
    if model.borders and border is None:
        raise ValueError(
            f"the state has no unknowns of the whole, and {type(model).__name__} of {model.title} has {model.borders}: "
            "is it a state of another model?"
        )
    layout = model.layout
    shapes = (layout.fields, layout.nodes), (layout.depth, len(layout.host))
    if (y.line.shape, y.fibre.shape) != shapes:
        raise ValueError(
            f"a state of {type(model).__name__} of {model.title} has a line of {shapes[0]} and fibres of {shapes[1]}, "
            f"found {y.line.shape} and {y.fibre.shape}. Likely cause: all states of a run instead of one, as of "
            "`solution.states`, or another mesh; `impedance_during` takes times of a run."
        )
    return State(y.line, y.fibre, border)


def _refuse_meaningless(frequencies: Any, initial: State | None, I: Any) -> None:
    f = np.asarray(frequencies)
    if f.ndim != 1 or not len(f) or not (np.all(np.isfinite(f)) and np.all(f > 0)):
        found = f"{np.sum(~(f > 0))} of {f.size} not above zero" if f.ndim == 1 and len(f) else f"shape {f.shape}"
        raise ValueError(f"frequencies must be a list of numbers above zero [Hz], found {found}.")
    if initial is None and np.any(np.asarray(I) != 0):
        raise ValueError(
            f"a direct current of {float(I):g} A does not pass through a cell at rest. Needed: `initial`, a state of a "
            "run under that current, or `impedance_during(solution, times, frequencies)`."
        )
