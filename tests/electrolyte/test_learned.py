"""Learned electrolytes: physics built in, and laws that a running cell takes as they are."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import cellsim
from cellsim.electrolyte.learned import Scales, learned_electrolyte
from cellsim.parameters import get, leaves
from cellsim.splines import positive_table

MESH = cellsim.Mesh(6, 3, 5, 5)
STEP = "Discharge at 1C for 10 minutes"
TIMES = jnp.asarray([30.0, 300.0, 600.0])


@pytest.fixture(scope="module", params=range(4))
def electrolyte(request):
    """An untrained one, and wilder ones."""
    made = learned_electrolyte(request.param, t_plus_range=(-0.6, 0.7))
    return jax.tree.map(lambda weight: weight * (1.0 + request.param), made)


def test_physics_holds_for_any_weights(electrolyte):
    c, T = np.meshgrid(np.linspace(1e-3, 4000.0, 30), np.linspace(250.0, 350.0, 7))
    kappa, D, t_plus, chi = (np.asarray(getattr(electrolyte, name)(c, T)) for name in ("kappa", "D", "t_plus", "chi"))
    assert np.all(kappa > 0) and np.all(D > 0) and np.all(chi > 0)
    assert np.all((t_plus > -0.6) & (t_plus < 0.7))
    assert np.all(np.abs(chi[:, 0] - 1) < 0.02) and np.all(kappa[:, 0] < 1e-4 * kappa[:, 8])


def test_an_untrained_electrolyte_starts_at_the_given_sizes():
    fresh = learned_electrolyte(0, scales=Scales(c=1200.0, kappa=0.9, D=2e-10))
    assert float(fresh.kappa(1200.0, 298.15)) == pytest.approx(0.9, rel=0.2)
    assert float(fresh.D(1200.0, 298.15)) == pytest.approx(2e-10, rel=0.2)
    assert abs(float(fresh.t_plus(1200.0, 298.15))) < 0.2
    with pytest.raises(TypeError):
        learned_electrolyte()  # type: ignore[call-arg]


def test_a_network_learns_a_published_conductivity():
    """Gauss-Newton on the weights: within 1 % of the values from 0.2 to 2 mol/L."""
    c = jnp.linspace(200.0, 2000.0, 19)
    target = cellsim.load_electrolyte("nyman2008").kappa(c, 298.15)
    law = learned_electrolyte(1, hidden=(5,)).kappa
    flat, rebuilt = jax.flatten_util.ravel_pytree(law)
    residual = lambda p: jnp.log(rebuilt(p)(c, 298.15) / target)

    @jax.jit
    def step(p):
        J, r = jax.jacfwd(residual)(p), residual(p)
        return p - jnp.linalg.solve(J.T @ J + 1e-3 * jnp.eye(p.size), J.T @ r)

    for _ in range(30):
        flat = step(flat)
    assert float(jnp.max(jnp.abs(residual(flat)))) < 0.01


@pytest.fixture(scope="module")
def voltages():
    """The voltage of the LG M50 with another electrolyte."""

    @jax.jit
    def of(electrolyte):
        cell = cellsim.replace(cellsim.load_cell("Chen2020"), "electrolyte", electrolyte)
        return cellsim.simulate(cellsim.DFN(cell, MESH), STEP, times=TIMES).V

    return of


def test_a_run_with_a_table_of_a_published_conductivity_is_the_run_with_the_formula(voltages):
    """The table is off by some 1e-3 where the conductivity has its maximum; the ohmic drop at 1C is some 30 mV."""
    electrolyte = cellsim.load_electrolyte("nyman2008")
    knots = np.linspace(100.0, 2500.0, 25)
    table = positive_table(knots, electrolyte.kappa(knots, 298.15))
    c = np.linspace(200.0, 2200.0, 500)
    off = np.max(np.abs(np.asarray(table(c, 298.15) / electrolyte.kappa(c, 298.15)) - 1))
    with_table = voltages(cellsim.replace(electrolyte, "kappa", table))
    assert off < 2e-3
    assert 0 < np.max(np.abs(np.asarray(with_table - voltages(electrolyte)))) < 2 * 0.03 * off


def test_the_voltage_of_a_cell_has_finite_derivatives_in_every_weight(voltages):
    electrolyte = learned_electrolyte(3, t_plus_range=(0.0, 0.6), hidden=(4,))
    told = jax.jit(jax.value_and_grad(lambda electrolyte: jnp.sum(voltages(electrolyte))))
    gradient = told(electrolyte)[1]
    assert len(leaves(electrolyte)) == 16
    for leaf in leaves(gradient):
        assert np.all(np.isfinite(leaf.value)) and np.any(leaf.value != 0), leaf.path
    path = "kappa.law.law.layers.1.bias"
    step = 1e-3
    shifted = [told(cellsim.replace(electrolyte, path, get(electrolyte, path) + sign * step))[0] for sign in (1, -1)]
    assert float(get(gradient, path)[0]) == pytest.approx(float((shifted[0] - shifted[1]) / (2 * step)), rel=1e-3)
