"""Open-circuit curves, entropic coefficients, diffusivities and exchange currents against an independent code."""

from pathlib import Path

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

import cellsim

SHARED = Path(__file__).resolve().parents[3] / "shared"
NAMES = ("Ai2020", "Chen2020", "Ecker2015", "Marquis2019", "Mohtat2020", "OKane2022", "ORegan2022", "Prada2013")
CASES = [(name, side) for name in NAMES for side in ("negative", "positive")]
# Measured curves that are splines of fewer points here: so far [V] in the mean from all, between two lithiations
SPLINES = {
    ("Ai2020", "negative"): (2e-4, 0.005, 0.85),
    ("Ai2020", "positive"): (1.5e-4, 0.43, 0.967),
    ("OKane2022", "negative"): (1.5e-3, 0.03, 0.91),
}


@pytest.fixture(scope="module", params=CASES, ids="-".join)
def curves(request):
    name, side = request.param
    file = SHARED / "reference" / "functions" / f"functions_{name}_solid.csv"
    if not file.exists():
        pytest.skip(f"the reference functions are not here: {file}")
    table = np.genfromtxt(file, delimiter=",", names=True)
    cell = cellsim.load_cell(name)
    column = lambda column: table[column.format(side[0])]
    return getattr(cell, side).particle, column, table["sto"], float(cell.T_initial)


def test_the_open_circuit_curve_is_the_published_one(curves, request):
    particle, table, theta, T = curves
    found = np.asarray(eqx.filter_jit(particle.U)(theta, particle.T_ref))
    case = request.node.callspec.params["curves"]
    if case in SPLINES:
        within, low, high = SPLINES[case]
        used = (theta >= low) & (theta <= high)
        assert np.sqrt(np.mean((found - table("U_{}"))[used] ** 2)) < within
    else:
        np.testing.assert_allclose(found, table("U_{}"), rtol=1e-10)
    np.testing.assert_allclose(eqx.filter_jit(particle.equilibrium)(theta, particle.T_ref), found, rtol=1e-15)


def test_the_entropic_coefficient_is_the_published_one_and_tilts_the_curve_with_temperature(curves):
    particle, table, theta, T = curves
    expected = table("dUdT_{}")
    np.testing.assert_allclose(eqx.filter_jit(particle.dUdT)(theta, T), expected, rtol=1e-10, atol=1e-16)
    at = lambda T: np.asarray(eqx.filter_jit(particle.equilibrium)(theta, jnp.asarray(T)))
    warmer = at(308.15) - at(298.15)
    np.testing.assert_allclose(warmer, 10.0 * expected, rtol=1e-8, atol=1e-10)


def test_the_solid_diffusivity_is_the_published_one(curves):
    particle, table, theta, T = curves
    np.testing.assert_allclose(eqx.filter_jit(particle.D_s)(theta, T), table("D_{}"), rtol=1e-10)


def test_the_exchange_current_density_is_the_published_one(curves):
    particle, table, theta, T = curves
    expected = table("j0_{}_at_ce900")
    found = eqx.filter_jit(particle.kinetics.j0)(900.0, theta, particle.c_max, T)
    inside = (theta > 0.02) & (theta < 0.98)  # the smooth floors under sqrt(theta (1 - theta)) show at the ends
    np.testing.assert_allclose(found[inside], expected[inside], rtol=1e-9)
    np.testing.assert_allclose(found, expected, rtol=1e-7)


def test_curves_of_arrays_are_those_of_their_points(curves):
    particle, _, theta, _ = curves
    grid = theta[:12].reshape(3, 4)
    for law in (particle.U, particle.dUdT):
        alone = np.array([[float(law(x, 300.0)) for x in row] for row in grid])
        np.testing.assert_allclose(law(grid, 300.0), alone, rtol=1e-12, atol=1e-18)


@pytest.mark.parametrize("name", NAMES)
def test_the_electrolyte_of_a_cell_is_the_published_one(name):
    file = SHARED / "reference" / "functions" / f"functions_{name}_electrolyte.csv"
    if not file.exists():
        pytest.skip(f"the reference functions are not here: {file}")
    table, cell = np.genfromtxt(file, delimiter=",", names=True), cellsim.load_cell(name)
    for law, column in (("kappa", "kappa_e"), ("D", "D_e"), ("t_plus", "t_plus"), ("chi", "TDF")):
        found = eqx.filter_jit(getattr(cell.electrolyte, law))(table["c_e_mol_m3"], cell.T_initial)
        np.testing.assert_allclose(found, table[column], rtol=1e-8, err_msg=law)
