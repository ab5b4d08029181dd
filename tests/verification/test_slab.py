"""The slab against closed forms and against others' equations: junctions, separation, iontophoresis, a binary salt.

Sources: Planck, Ann. Phys. 276 (1890) 561; Goldman, J. Gen. Physiol. 27 (1943) 37; Hodgkin & Katz, J. Physiol. 108
(1949) 37; Newman & Balsara, Electrochemical Systems, 4th ed. (Wiley 2021), chapter 11.
"""

import itertools
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.integrate
import scipy.optimize

import cellsim as cs
from cellsim.electrolyte.donnan import equilibrium
from cellsim.electrolyte.mobilities import IndependentIons, OfElectrolyte
from cellsim.output import write_run
from cellsim.plotting import profiles_figure
from cellsim.simulation.simulate import CannotStart

F, T = cs.constants.F, 298.15
VT = cs.constants.R * T / F
pytestmark = pytest.mark.xdist_group("slab")


def planck(z, D, left, right):
    """The potential of a junction of given thickness, of ions of charges 1 and -1."""
    U = lambda c: np.sum((D * c)[z > 0])
    V = lambda c: np.sum((D * c)[z < 0])
    ratio = np.sum(right) / np.sum(left)

    def off(ln_xi):
        xi = np.exp(ln_xi)
        one = (xi * U(right) - U(left)) * (np.log(ratio) + ln_xi) * (ratio - xi)
        return one - (V(right) - xi * V(left)) * (np.log(ratio) - ln_xi) * (xi * ratio - 1)

    x = np.linspace(-0.99, 0.99, 400) * abs(np.log(ratio))
    roots = [scipy.optimize.brentq(off, a, b, xtol=1e-15) for a, b in itertools.pairwise(x) if off(a) * off(b) < 0]
    return VT * roots[0]


# ---- junctions


@pytest.fixture(scope="module")
def at_junction(slabs):
    """The steady junction potential [V] of K+, Na+ and Cl- between two baths on a mesh."""

    def of(left, right, cells):
        model = slabs.junction(left, right, cells)
        return float(slabs.seen(model, slabs.steady(model), 0.0)[0])

    return of


def test_between_solutions_of_equal_total_concentration_the_junction_is_goldmans(slabs, at_junction):
    left, right = np.array([80.0, 20.0, 100.0]), np.array([30.0, 70.0, 100.0])
    D = np.array([slabs.D_K, slabs.D_NA, slabs.D_CL])
    to_left, to_right = (D[:2] @ a[:2] + D[2] * b[2] for a, b in ((right, left), (left, right)))
    expected = VT * np.log(to_right / to_left)
    errors = [at_junction(left, right, cells) - expected for cells in (16, 32)]
    assert abs(errors[1]) < 1e-4 * abs(expected)
    assert np.log2(errors[0] / errors[1]) >= 1.9


def test_between_any_two_solutions_the_junction_is_plancks(slabs, at_junction):
    left, right = np.array([100.0, 20.0, 120.0]), np.array([40.0, 50.0, 90.0])
    expected = planck(np.array([1, 1, -1]), np.array([slabs.D_K, slabs.D_NA, slabs.D_CL]), left, right)
    errors = [at_junction(left, right, cells) - expected for cells in (16, 32)]
    assert abs(errors[1]) < 1e-4 * abs(expected)
    assert np.log2(errors[0] / errors[1]) >= 1.9


def test_layers_with_donnan_jumps_between_them_converge_with_second_order(slabs):
    V, flux = [], []
    for cells in (8, 16, 32):
        model = slabs.membrane_stack(cells)
        potential, profiles, _ = slabs.seen(model, slabs.steady(model, 0.02), 0.02)
        V.append(float(potential))
        flux.append(float(profiles["Ca2+ flux"][0]))
    for found in (V, flux):
        assert np.log2((found[0] - found[1]) / (found[1] - found[2])) >= 1.9, found


# ---- medicine


DRUG = cs.Ion("drug+", 1)
D_DRUG, D_NA, D_CL = 4e-10, 1.334e-9, 2.032e-9  # m2/s; the drug's is that of an organic cation of 300 g/mol
DONOR, BODY = np.array([20.0, 80.0, 100.0]), np.array([0.0, 100.0, 100.0])
FIXED, HINDRANCE, L_SKIN, AREA = -150.0, 0.05, 2e-5, 1e-3
Z = np.array([1, 1, -1])


def skin(cells=24):
    """A charged membrane between a donor of drug and the body, at first in equilibrium with the body."""
    inside = equilibrium(BODY, Z, FIXED, T).c
    membrane = cs.Layer(L_SKIN, inside, fixed_charge=FIXED, factor=[HINDRANCE] * 3, name="skin")
    ions, mobility = (DRUG, cs.Ion("Na+", 1), cs.Ion("Cl-", -1)), IndependentIons([D_DRUG, D_NA, D_CL])
    ends, mesh = (cs.Bath(DONOR), cs.Bath(BODY)), cs.SlabMesh((cells,))
    return cs.Slab(ions, mobility, (membrane,), *ends, AREA, mesh=mesh, name="iontophoresis")


def goldman(u, i=0.0):
    """Fluxes [mol/(m2 s)] through the membrane in a constant field, u over R T/F lower on the right."""
    inside = [np.asarray(equilibrium(c, Z, FIXED, T).c) for c in (DONOR, BODY)]
    D = HINDRANCE * np.array([D_DRUG, D_NA, D_CL])
    v = Z * u
    J = D / L_SKIN * v * (inside[0] - inside[1] * np.exp(-v)) / -np.expm1(-v)
    return J, F * Z @ J - i


@pytest.fixture(scope="module")
def delivered():
    """Half an hour at 0.5 mA/cm2."""
    return cs.simulate(skin(), cs.current(5.0 * AREA, 1800.0))


@pytest.mark.parametrize("i", [-60.0, 5.0, 150.0])
def test_the_current_delivers_the_drug_as_goldman_hodgkin_and_katz_say(slabs, i):
    """At equal total concentrations the field in the membrane is constant."""
    u = scipy.optimize.brentq(lambda u: goldman(u, i)[1], -60, 60, xtol=1e-14)
    expected, _ = goldman(u)
    fluxes, V = [], []
    for cells in (12, 24):
        model = skin(cells=cells)
        potential, profiles, _ = slabs.seen(model, slabs.steady(model, i * AREA), i * AREA)
        fluxes.append([float(profiles[f"{name} flux"][0]) for name in ("drug+", "Na+", "Cl-")])
        V.append(float(potential))
    np.testing.assert_allclose(fluxes[1], expected, rtol=5e-3)
    np.testing.assert_allclose((4 * np.array(fluxes[1]) - fluxes[0]) / 3, expected, rtol=5e-4)
    assert (4 * V[1] - V[0]) / 3 == pytest.approx(-VT * u, rel=1e-4)


def test_a_run_reaches_that_steady_delivery_and_tells_of_it(slabs, delivered):
    model = delivered.model
    _, profiles, _ = slabs.seen(model, slabs.steady(model, 5.0 * AREA), 5.0 * AREA)
    np.testing.assert_allclose(delivered.profile("drug+ flux")[-1], profiles["drug+ flux"], rtol=1e-6)
    assert float(delivered.profile("drug+ flux")[0, -1]) < 1e-9 * float(delivered.profile("drug+ flux")[-1, -1])
    assert delivered.succeeded and delivered.stop_reason.startswith("duration of 1800 s completed")
    assert np.min(delivered.profile("drug+ concentration")) > -1e-6 * DONOR[0]
    assert delivered.balance.electroneutrality_relative_error < 1e-14
    data = delivered.dataset()
    assert data["drug+ flux"].attrs["units"] == "mol/(m2 s)" and data["drug+ flux"].dims == ("time", "x_face")
    assert data["electric potential"].shape == (101, 24)


def test_a_slab_has_files_and_figures_like_a_cell(delivered, tmp_path):
    files = {file.name: file for file in write_run(delivered, tmp_path)}
    assert set(files) == {"timeseries.csv", "solution.nc", "voltage.png", "profiles.png", "summary.json"}
    told = json.loads(files["summary.json"].read_text())
    assert told["slab"] == "iontophoresis" and told["ions"] == "drug+, Na+, Cl-"
    assert told["conservation"]["electroneutrality_relative_error"] < 1e-14
    assert any("Planck" in each["reference"] for each in told["citations"])
    figure = profiles_figure(delivered)
    assert [axes.get_ylabel() for axes in figure.axes[:4]] == [
        "drug+ [mol/m³]",
        "Na+ [mol/m³]",
        "Cl- [mol/m³]",
        "Electric potential [V]",
    ]


NAMES = ("thickness", "fixed charge", "cation diffusivity", "salt in the left bath", "current")


def outcome(x):
    """Voltages and a concentration at two times in a membrane between two baths of a salt, from factors of its
    parameters."""
    fixed, bath = -50.0 * x[1], np.array([100.0, 100.0])
    layer = cs.Layer(L_SKIN * x[0], equilibrium(bath, Z[1:], fixed, T).c, fixed_charge=fixed)
    mobility = IndependentIons(jnp.stack([D_NA * x[2], D_CL]))
    ends = cs.Bath(bath * x[3]), cs.Bath(0.2 * bath)
    slab = cs.Slab((cs.Ion("Na+", 1), cs.Ion("Cl-", -1)), mobility, (layer,), *ends, AREA, mesh=cs.SlabMesh((8,)))
    step = cs.current(0.05 * x[4], 0.2)
    solution = cs.simulate(slab, step, times=jnp.array([0.02, 0.2]), rtol=1e-10, max_steps=1000)
    return jnp.concatenate([solution.V, solution.states.line[:, 0, 3]])


def test_gradients_forward_and_reverse_agree_with_differences():
    value, at = jax.jit(outcome), np.ones(5)
    central = []
    for e in np.eye(5):
        near, far = ((value(at + h * e) - value(at - h * e)) / (2 * h) for h in (2e-3, 4e-3))
        central.append((4 * near - far) / 3)
    expected = np.array(central).T
    assert np.all(np.abs(expected) > 1e-5)
    forward = np.asarray(jax.jit(jax.jacfwd(outcome))(at))
    reverse = np.asarray(jax.jit(jax.jacrev(outcome))(at))
    for name, found, wanted in zip(NAMES, forward.T, expected.T, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-7, err_msg=name)
    np.testing.assert_allclose(reverse, forward, rtol=1e-8, atol=1e-12)


# ---- separation


LI, X = cs.Ion("Li+", 1), cs.Ion("X+", 1)
D_LI, D_X = 1.029e-9, 1.957e-9
C_X, C_CL, GAP = 30.0, 100.0, 1e-4


@pytest.fixture(scope="module")
def separated():
    """Li+ plated and stripped in a solution that also holds X+, which stays, for many times its relaxation."""
    i = 0.6 * 2 * F * D_LI * C_CL / GAP  # 0.6 of what would empty the anion at one end
    layer = cs.Layer(GAP, [C_X, C_CL - C_X, C_CL])
    ends = cs.Electrode([0.0, 1.0, 0.0]), cs.Electrode([0.0, 1.0, 0.0])
    slab = cs.Slab(
        (X, LI, cs.Ion("Cl-", -1)),
        IndependentIons([D_X, D_LI, D_CL]),
        (layer,),
        *ends,
        1e-4,
        reference="Li+",
        mesh=cs.SlabMesh((40,)),
    )
    return cs.simulate(slab, cs.current(i * 1e-4, 200.0), rtol=1e-8), i


def test_a_current_of_one_cation_drives_another_to_the_far_end_as_boltzmann_says(separated):
    """Steady: the anion's profile is straight, X+ is where the potential puts it, c_X c_Cl is even."""
    solution, i = separated
    x = np.asarray(solution.coordinates["x"])
    ends = C_CL + np.array([1, -1]) * i * GAP / (4 * F * D_LI)
    anion = ends[0] - (ends[0] - ends[1]) * x / GAP
    product = C_X * (ends[0] - ends[1]) / np.log(ends[0] / ends[1])
    np.testing.assert_allclose(solution.profile("Cl- concentration")[-1], anion, rtol=2e-4)
    np.testing.assert_allclose(solution.profile("X+ concentration")[-1], product / anion, rtol=1e-3)
    lithium = ends - product / ends
    expected = VT * np.log(ends[1] / ends[0]) + VT * np.log(lithium[1] / lithium[0])
    assert float(solution.V[-1]) == pytest.approx(expected, rel=2e-3)


def test_every_ion_is_conserved_to_rounding(separated):
    solution, _ = separated
    balance = solution.balance
    assert balance.ion_relative_drift < 1e-13
    assert balance.electroneutrality_relative_error < 1e-14


# ---- a binary salt


@pytest.fixture(scope="module")
def koh():
    """KOH between electrodes at which OH- carries the current (as at HgO), for two minutes of its relaxation."""
    electrolyte = cs.load_electrolyte("paxton1997_koh")
    c0, L, i = 6000.0, 5e-4, 4000.0
    ends = cs.Electrode([0.0, 1.0]), cs.Electrode([0.0, 1.0])
    slab = cs.Slab(
        (cs.Ion("K+", 1), cs.Ion("OH-", -1)),
        OfElectrolyte(electrolyte),
        (cs.Layer(L, [c0, c0]),),
        *ends,
        reference="OH-",
        mesh=cs.SlabMesh((40,)),
    )
    times = np.array([0.0, 1.0, 10.0, 60.0])
    return cs.simulate(slab, cs.current(i, 60.0), times=times, rtol=1e-8), electrolyte, (c0, L, i, times)


def test_potassium_hydroxide_runs_within_its_measured_range(koh):
    solution, electrolyte, (c0, *_) = koh
    assert solution.succeeded and solution.outside_measured_range is None
    assert np.ptp(solution.profile("K+ concentration")[-1]) > 0.2 * c0
    assert solution.balance.ion_relative_drift < 1e-13


def test_two_ions_are_the_binary_salt_of_another_solver(koh):
    """Chebyshev collocation of dc/dt = d/dx(D dc/dx) - i/F dt_plus/dx and of the potential of its cell."""
    solution, electrolyte, (c0, L, i, times) = koh
    n = 32
    theta = np.pi * np.arange(n + 1) / n
    nodes = 0.5 * L * (1 - np.cos(theta))
    weight = np.where((np.arange(n + 1) == 0) | (np.arange(n + 1) == n), 2.0, 1.0) * (-1.0) ** np.arange(n + 1)
    apart = nodes[:, None] - nodes[None, :] + np.eye(n + 1)
    derive = weight[:, None] / weight[None, :] / apart
    derive -= np.diag(derive.sum(axis=1))
    laws = jax.jit(lambda c: tuple(getattr(electrolyte, name)(c, T) for name in ("D", "t_plus", "kappa")))

    def rate(t, c):
        D, t_plus, _ = (np.asarray(x) for x in laws(c))
        N = -D * (derive @ c) + t_plus * i / F
        N[0] = N[-1] = 0.0  # of the cation
        return -derive @ N

    start = scipy.integrate.solve_ivp(
        rate, (0, times[-1]), np.full(n + 1, c0), "Radau", times[1:], rtol=1e-8, atol=1e-4
    )
    x = np.asarray(solution.coordinates["x"])
    quadrature = np.polynomial.legendre.leggauss(60)
    for k, c in enumerate(start.y.T, 1):
        between = np.polynomial.chebyshev.Chebyshev.fit(nodes, c, n)
        np.testing.assert_allclose(solution.profile("K+ concentration")[k], between(x), rtol=2e-4)
        s = 0.5 * L * (quadrature[0] + 1)
        _, t_plus, kappa = (np.asarray(y) for y in laws(between(s)))
        ohmic = -i * 0.5 * L * np.sum(quadrature[1] / kappa)
        slope = between.deriv()(s) / between(s)
        diffusion = -2 * VT * 0.5 * L * np.sum(quadrature[1] * t_plus * slope)  # against electrodes of the anion
        assert float(solution.V[k]) == pytest.approx(ohmic + diffusion, rel=1e-3)


# ---- what cannot be run


def test_a_closed_slab_lets_no_current_through_and_mixes_at_rest(slabs):
    left, right = np.array([100.0, 0.0, 100.0]), np.array([0.0, 50.0, 50.0])
    layers = cs.Layer(1e-4, left), cs.Layer(1e-4, right)
    mobility = IndependentIons([slabs.D_K, slabs.D_NA, slabs.D_CL])
    slab = cs.Slab((slabs.K, slabs.NA, slabs.CL), mobility, layers, cs.Closed(), cs.Closed(), mesh=cs.SlabMesh((10,)))
    with pytest.raises(CannotStart, match="closed on the left and the right and lets no current through"):
        cs.simulate(slab, cs.current(1.0, 60.0))
    with pytest.raises(CannotStart, match="has no capacity, so a C-rate means nothing"):
        cs.simulate(slab, "Discharge at 1C for 1 h")
    with pytest.raises(CannotStart, match="has no capacity"):
        cs.simulate(slab, "Discharge at 1 A")
    mixed = cs.simulate(slab, cs.rest(600.0))
    for k, ion in enumerate(slab.ions):
        c = np.asarray(mixed.profile(f"{ion.name} concentration"))
        np.testing.assert_allclose(c[-1], 0.5 * (left + right)[k], rtol=1e-4)
        assert c.min() > -1e-5 * 100.0
    assert mixed.balance.ion_relative_drift < 1e-13
    assert abs(float(mixed.V[-1])) < 1e-6
