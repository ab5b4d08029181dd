"""A solution that the salt pushes along: its closed form between two metals, its limits, and what is kept."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import cellsim as cs
from cellsim.cells.design import Separator
from cellsim.constants import F

D, T_PLUS, L, C0 = 2e-10, 0.3, 1e-4, 1000.0
V_SALT = 6e-5  # m3/mol, of the size of that of LiPF6 in carbonates
I = 360.0  # A/m2, two thirds of the limiting current


def between_lithium(V_salt):
    electrolyte = cs.Electrolyte(kappa=1.0, D=D, t_plus=T_PLUS, chi=1.0)
    lithium = cs.Metal(cs.Deposition(20.0))
    design = cs.SymmetricDesign(lithium, (Separator(L, 1.0),), lithium, electrolyte, c0=C0, V_salt=V_salt)
    return cs.SymmetricCell(design, cs.LayerMesh((60,), crowding=0.0))


def steady(V_salt, I=I):
    """Concentrations where nothing changes any more."""
    run = cs.simulate(between_lithium(V_salt), cs.current(I, 2000.0), rtol=1e-9)
    return run, np.asarray(run.profile("electrolyte concentration"))[-1]


def closed_form(x, I=I):
    """D dc/dx = -(1 - t_plus)(i/F)(1 - V c), with as much salt as at first."""
    rate = V_SALT * (1 - T_PLUS) * I * L / (F * D)
    return (1 - (1 - V_SALT * C0) * rate / np.expm1(rate) * np.exp(rate * x / L)) / V_SALT


@pytest.fixture(scope="module")
def moving():
    return steady(V_SALT)


def test_between_two_metals_the_steady_profile_is_that_of_the_closed_form(moving):
    run, c = moving
    x = np.asarray(run.coordinates["x"])
    assert np.max(np.abs(c - closed_form(x))) < 1e-4 * np.ptp(c)
    straight = C0 + (1 - T_PLUS) * I / (F * D) * (L / 2 - x)
    assert np.max(np.abs(c - straight)) > 20.0  # mol/m3: the solution that stands still is another one
    assert run.balance.salt_relative_drift < 1e-12


def test_the_opposite_current_has_the_mirrored_profile_and_the_opposite_voltage(moving):
    run, c = moving
    other, mirrored = steady(V_SALT, -I)
    np.testing.assert_allclose(mirrored[::-1], c, rtol=1e-8)
    assert float(other.V[-1]) == pytest.approx(-float(run.V[-1]), rel=1e-8)


def test_a_salt_without_volume_moves_nothing():
    (still, c), (none, unmoved) = steady(0.0), steady(None)
    np.testing.assert_allclose(np.asarray(still.V), np.asarray(none.V), rtol=1e-10)
    np.testing.assert_allclose(c, unmoved, rtol=1e-10)


def test_in_a_cell_it_keeps_lithium_salt_and_charge():
    cell = cs.replace(cs.load_cell("Chen2020"), "V_salt", jnp.asarray(V_SALT))
    run = cs.simulate(cs.DFN(cell, cs.Mesh(3, 2, 3, 4)), cs.discharge(2.0, duration=300.0), soc=0.9)
    assert run.succeeded and max(map(abs, run.balance)) < 1e-11


def test_the_voltage_of_a_cell_moves_with_the_volume_of_its_salt_as_it_should():
    cell = cs.load_cell("Chen2020")

    def V(volume):
        model = cs.SPMe(cs.replace(cell, "V_salt", V_SALT * volume), cs.Mesh(3, 2, 3, 4))
        times = jnp.array([0.0, 60.0, 300.0])
        return cs.simulate(model, cs.discharge(2.0), soc=0.9, times=times, rtol=1e-9, max_steps=600).V[-1]

    both = jax.jit(lambda x: jax.jvp(V, (x,), (jnp.ones(()),)))
    (up, _), (down, _), (none, _) = (both(jnp.asarray(x)) for x in (1.01, 0.99, 0.0))
    value, slope = both(jnp.asarray(1.0))
    assert float(slope) == pytest.approx(float(up - down) / 2e-2, rel=1e-4)
    assert 1e-5 < abs(float(value - none)) < 2e-2
