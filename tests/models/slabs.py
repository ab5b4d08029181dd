"""Slabs that tests share, and their steady states."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

import cellsim as cs
from cellsim.discretisation.layout import State
from cellsim.electrolyte.donnan import equilibrium
from cellsim.electrolyte.mobilities import CorrelatedIons, IndependentIons

T = 298.15
VT = cs.constants.R * T / cs.constants.F
K, NA, CL = cs.Ion("K+", 1), cs.Ion("Na+", 1), cs.Ion("Cl-", -1)
# m2/s at infinite dilution in water at 25 degC; Robinson & Stokes, Electrolyte Solutions, 2nd ed., appendix 6.1
D_K, D_NA, D_CL = 1.957e-9, 1.334e-9, 2.032e-9


def junction(left, right, cells=20, L=1e-4, reference=None):
    """K+, Na+ and Cl- between two baths, at first in an even mixture of both."""
    layer = cs.Layer(L, np.mean([left, right], axis=0))
    mobility = IndependentIons([D_K, D_NA, D_CL])
    ends = cs.Bath(left), cs.Bath(right)
    return cs.Slab((K, NA, CL), mobility, (layer,), *ends, reference=reference, mesh=cs.SlabMesh((cells,)))


ONE, OTHER = np.array([50.0, 10.0, 70.0]), np.array([20.0, 30.0, 80.0])


def membrane_stack(cells=6, fixed=-150.0, one=ONE, other=OTHER):
    """Solution, membrane, solution with three ions, one of them doubly charged, that drag each other along; the
    membrane is in equilibrium with the first solution."""
    ions = (K, cs.Ion("Ca2+", 2), CL)
    inside = np.asarray(equilibrium(one, np.array([ion.z for ion in ions]), fixed, T).c)
    layers = (
        cs.Layer(5e-5, one, factor=[1.0, 1.0, 1.0]),
        cs.Layer(1e-4, inside, fixed_charge=fixed, factor=[0.2, 0.1, 0.3], eps=0.4, name="membrane"),
        cs.Layer(4e-5, other, factor=[0.8, 0.8, 0.8], eps=0.9),
    )
    mobility = CorrelatedIons([D_K, 0.79e-9, D_CL], [0.2, 0.1, 0.3])
    return cs.Slab(ions, mobility, layers, cs.Bath(one), cs.Bath(other), area=2e-4, mesh=cs.SlabMesh((cells,)))


@partial(jax.jit, static_argnames="shape")
def _step(model, y, I, dt, shape):
    system = model.discretised(T)
    rate = lambda flat: system.rate(State(flat.reshape(shape), jnp.zeros((1, 0))), I).line.ravel()
    return jnp.linalg.solve(jnp.eye(y.size) / dt - jax.jacfwd(rate)(y), rate(y))


def steady(model, I=0.0):
    """The steady state at current `I` [A], by implicit steps that grow into Newton's method on the dense equations: no
    integrator, no elimination."""
    y = model.at_rest(model.discretised(T), 1.0).line
    shape, flat, dt = y.shape, y.ravel(), 1e-2
    for _ in range(100):
        change = _step(model, flat, jnp.asarray(I), dt, shape)
        size = float(jnp.max(jnp.abs(change)))
        flat, dt = flat + change, dt * (3.0 if size < 0.1 else 1.0)
        if size < 1e-11 and dt > 1e6:
            return State(flat.reshape(shape), jnp.zeros((1, 0)))
    raise AssertionError(f"no steady state was found: the last step was {size:.1e}")


@jax.jit
def seen(model, y, I):
    """Voltage, profiles and coordinates."""
    system = model.discretised(T)
    I = jnp.asarray(I)
    return system.terminal_voltage(y, I), system.profiles(y, I), system.coordinates()
