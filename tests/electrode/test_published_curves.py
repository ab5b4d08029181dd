"""Open-circuit curves, entropic coefficients, diffusivities and exchange currents against an independent code."""

from pathlib import Path

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

import cellsim

SHARED = Path(__file__).resolve().parents[3] / "shared"
CASES = [(name, side) for name in ("Chen2020", "Marquis2019") for side in ("negative", "positive")]


@pytest.fixture(scope="module", params=CASES, ids="-".join)
def curves(request):
    name, side = request.param
    file = SHARED / "reference" / "functions" / f"functions_{name}_solid.csv"
    if not file.exists():
        pytest.skip(f"the reference functions are not here: {file}")
    table = np.genfromtxt(file, delimiter=",", names=True)
    particle = getattr(cellsim.load_cell(name), side).particle
    return particle, lambda column: table[column.format(side[0])], table["sto"]


def test_the_open_circuit_curve_is_the_published_one(curves):
    particle, table, theta = curves
    found = eqx.filter_jit(particle.U)(theta, particle.T_ref)
    np.testing.assert_allclose(found, table("U_{}"), rtol=1e-10)
    np.testing.assert_allclose(eqx.filter_jit(particle.equilibrium)(theta, particle.T_ref), found, rtol=1e-15)


def test_the_entropic_coefficient_is_the_published_one_and_tilts_the_curve_with_temperature(curves):
    particle, table, theta = curves
    expected = table("dUdT_{}")
    np.testing.assert_allclose(eqx.filter_jit(particle.dUdT)(theta, 298.15), expected, rtol=1e-10, atol=1e-16)
    warmer = np.asarray(eqx.filter_jit(particle.equilibrium)(theta, jnp.asarray(308.15))) - table("U_{}")
    np.testing.assert_allclose(warmer, 10.0 * expected, rtol=1e-8, atol=1e-10)


def test_the_solid_diffusivity_is_the_published_one(curves):
    particle, table, theta = curves
    np.testing.assert_allclose(eqx.filter_jit(particle.D_s)(theta, particle.T_ref), table("D_{}"), rtol=1e-10)


def test_the_exchange_current_density_is_the_published_one(curves):
    particle, table, theta = curves
    expected = table("j0_{}_at_ce900")
    found = eqx.filter_jit(particle.kinetics.j0)(900.0, theta, particle.c_max, particle.T_ref)
    inside = (theta > 0.02) & (theta < 0.98)  # the smooth floors under sqrt(theta (1 - theta)) show at the ends
    np.testing.assert_allclose(found[inside], expected[inside], rtol=1e-9)
    np.testing.assert_allclose(found, expected, rtol=1e-7)


def test_curves_of_arrays_are_those_of_their_points(curves):
    particle, _, theta = curves
    grid = theta[:12].reshape(3, 4)
    for law in (particle.U, particle.dUdT):
        alone = np.array([[float(law(x, 300.0)) for x in row] for row in grid])
        np.testing.assert_allclose(law(grid, 300.0), alone, rtol=1e-12, atol=1e-18)
