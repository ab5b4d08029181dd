"""Runs of symmetric and blocking cells against another solver's converged ones, and against closed forms."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import cellsim as cs
from cellsim.cells.design import Separator
from cellsim.constants import F, R
from cellsim.electrolyte.measurements import depleting_concentration, limiting_current, sand_time
from cellsim.electrolyte.mobilities import OfElectrolyte

T = 298.15
# j0 = 3.5e-8 mol/(m2 s) F (c_Li)^0.7 c^0.3 with c_Li = 1/1.3e-5 mol/m3; Xu et al. 2019, doi:10.1149/2.0991914jes
LITHIUM = cs.Metal(cs.Deposition(3.5e-8 * F * (1 / 1.3e-5) ** 0.7 * 1000**0.3, order=0.3))
CONSTANT = dict(kappa=0.95, D=1.77e-10, t_plus=0.2594, chi=1.0)
ELECTROLYTES = {"nyman": "nyman2008", "landesfeind": "landesfeind2019_ec_emc"}
CASES = (
    *("sep_nyman_10", "sep_landesfeind_10", "sep_landesfeind_50_273K", "sep_landesfeind_50_318K"),
    *("thick_landesfeind_20", "small_nyman", "small_landesfeind"),
    *("sand_constant_100", "sand_constant_200", "sand_nyman_100", "sand_landesfeind_100"),
)
pytestmark = pytest.mark.xdist_group("symmetric")


def between_lithium(electrolyte, *layers, mesh=cs.LayerMesh(), metal=LITHIUM, **design):
    return cs.SymmetricCell(cs.SymmetricDesign(metal, layers, metal, electrolyte, **design), mesh)


def constant(**changes):
    return cs.Electrolyte(**{**CONSTANT, **changes})


@pytest.fixture(scope="module")
def polarised(reference):
    """The table of a case and the run that it shows, each run once."""
    kept = {}

    def of(name):
        if name not in kept:
            case = json.loads(reference.file("reference", "li_li_symmetric", "info.json").read_text())[name]["case"]
            chosen = case["electrolyte"]
            electrolyte = cs.load_electrolyte(ELECTROLYTES[chosen]) if chosen in ELECTROLYTES else constant()
            model = between_lithium(electrolyte, Separator(case["L_m"], case["eps"]), c0=case["c0_mol_m3"])
            step = cs.discharge(I=case["i_A_m2"], duration=case["t_end_s"])
            run = cs.simulate(model, step, T=case["T_K"], rtol=1e-7)
            kept[name] = reference.table("li_li_symmetric", f"{name}.csv"), run
        return kept[name]

    return of


def read(run, t, name):
    return np.asarray(run.at(t).profile(name))


@pytest.mark.filterwarnings("ignore::cellsim.OutsideMeasuredRange")
@pytest.mark.parametrize("name", CASES)
def test_voltage_overpotentials_and_concentrations_are_those_of_another_solver(name, polarised):
    table, run = polarised(name)
    t = table["time_s"]
    # the first instants are those of the double layers; near the end of the salt the voltage rises without bound
    seen = (t >= 1e-3 * t[-1]) & (table["c_xL_mol_m3"] > 50.0)
    w = read(run, t, "interfacial potential difference")[seen]
    c = read(run, t, "electrolyte concentration")[seen]
    of = lambda column: table[column][seen]
    error = np.asarray(run.at(t).V)[seen] + of("V_V")
    assert np.sqrt(np.mean(error**2)) < 1e-4 and np.max(np.abs(error)) < 5e-4
    assert np.max(np.abs(w - np.stack([of("eta_x0_V"), of("eta_xL_V")], axis=-1))) < 3e-4
    span = np.max(np.abs(of("c_x0_mol_m3") - 1000.0))
    for found, expected in ((c[:, 0], of("c_x0_mol_m3")), (c[:, -1], of("c_xL_mol_m3"))):
        assert np.max(np.abs(found - expected)) < 2e-3 * span
    parts = run.at(t).losses
    assert np.max(np.abs(parts["electrolyte ohmic"][seen] + of("dphi_ohm_V"))) < 2e-4
    assert np.max(np.abs(parts["electrolyte concentration"][seen] + of("dphi_diff_V"))) < 3e-4


@pytest.mark.filterwarnings("ignore::cellsim.OutsideMeasuredRange")
@pytest.mark.parametrize("name", ["sep_landesfeind_50_273K", "thick_landesfeind_20", "sand_nyman_100"])
def test_the_profiles_of_concentration_and_potential_are_those_of_another_solver(name, polarised, reference):
    _, run = polarised(name)
    there = reference.arrays("li_li_symmetric", f"{name}_profiles.npz")
    t, x = there["time_s"], np.asarray(run.coordinates["x"])
    c, phi = read(run, t, "electrolyte concentration"), read(run, t, "electrolyte potential")
    for k in range(1, len(t) - 1):  # the last of a run to Sand's time is beyond any mesh
        expected = np.interp(x, there["x_m"], there["c_mol_m3"][k])
        assert np.max(np.abs(c[k] - expected)) < 3e-3 * np.max(np.abs(expected - 1000.0))
        drop = np.interp(x, there["x_m"], there["phi_e_rel_V"][k])
        assert np.max(np.abs(phi[k] - phi[k, 0] - drop)) < 1e-4 + 1e-3 * np.max(np.abs(drop))


def test_a_current_above_the_limiting_one_runs_out_of_salt_and_one_below_does_not():
    L = 2e-4
    at = float(limiting_current(1.77e-10, 0.2594, 1000.0, L))
    model = between_lithium(constant(), Separator(L, 1.0))
    relaxation = L**2 / (np.pi**2 * 1.77e-10)
    below = cs.simulate(model, cs.discharge(I=0.97 * at, duration=30 * relaxation), rtol=1e-8)
    assert below.succeeded and "duration" in below.stop_reason
    c = np.asarray(below.profile("electrolyte concentration"))[-1]
    np.testing.assert_allclose(c, 1000 + 970 * (1 - 2 * np.asarray(below.coordinates["x"]) / L), rtol=1e-6)
    above = cs.simulate(model, cs.discharge(I=1.03 * at, duration=30 * relaxation), rtol=1e-8)
    assert "depleted at the right metal" in above.stop_reason and "limiting current" in above.stop_reason
    assert 3 * relaxation < float(above.t_stop) < 10 * relaxation
    other = cs.simulate(model, cs.charge(I=1.03 * at, duration=30 * relaxation), rtol=1e-8)
    assert "depleted at the left metal" in other.stop_reason
    assert float(other.t_stop) == pytest.approx(float(above.t_stop), rel=1e-9)


def test_far_from_the_other_metal_the_salt_lasts_for_sands_time():
    tau = float(sand_time(300.0, 1.77e-10, 0.2594, 1000.0))
    for cells in (80, 160):
        model = between_lithium(constant(), Separator(1e-3, 1.0), mesh=cs.LayerMesh((cells,), 2.5))
        run = cs.simulate(model, cs.discharge(I=300.0, duration=2 * tau), rtol=1e-8)
        assert "depleted" in run.stop_reason
        assert float(run.t_stop) == pytest.approx(tau, rel=0.2 / cells)
        t = np.linspace(0.1, 0.9, 9) * tau
        c = read(run, t, "electrolyte concentration")[:, -1]
        expected = np.asarray(depleting_concentration(0.0, t, 300.0, 1.77e-10, 0.2594, 1000.0))
        assert np.max(np.abs(c - expected)) < 3.0 * (80 / cells) ** 2


def test_the_order_of_convergence_is_the_second():
    """A polarised solution of constant properties, as a series of cosines."""
    L, i, t = 1e-4, 50.0, 2.0
    D, k = 1.77e-10, np.arange(1, 2001, 2)[:, None]

    def exact(x):
        slope = (1 - 0.2594) * i / (F * D)
        decaying = np.exp(-((k * np.pi / L) ** 2) * D * t) * np.cos(k * np.pi * x / L) / (k * np.pi) ** 2
        return 1000 + slope * (L / 2 - x - 4 * L * np.sum(decaying, axis=0))

    errors = []
    for cells in (10, 20):
        model = between_lithium(constant(), Separator(L, 1.0), mesh=cs.LayerMesh((cells,), 1.5))
        run = cs.simulate(model, cs.discharge(I=i, duration=t), rtol=1e-9)
        x = np.asarray(run.coordinates["x"])
        errors.append(np.max(np.abs(np.asarray(run.profile("electrolyte concentration"))[-1] - exact(x))))
    assert np.log(errors[0] / errors[1]) / np.log(21 / 11) > 1.9  # steps from surface to surface


def test_a_blocking_cell_is_two_capacitors_and_a_resistor():
    """With a transference number of one no salt moves. Source: any text on circuits."""
    metal, L, i = cs.Metal(cs.Blocking(), C_dl=0.3), 5e-5, 2.0
    model = between_lithium(constant(t_plus=1.0), Separator(L, 0.5), metal=metal)
    run = cs.simulate(model, cs.discharge(I=i, duration=0.1), rtol=1e-9)
    expected = -i * L / (0.95 * 0.5**1.5) - 2 * i * np.asarray(run.t) / 0.3
    np.testing.assert_allclose(np.asarray(run.V), expected, rtol=1e-9)
    held = cs.simulate(model, cs.rest(60.0), initial=jax.tree.map(lambda x: x[-1], run.states))
    np.testing.assert_allclose(np.asarray(held.V), -2 * i * 0.1 / 0.3, rtol=1e-9)  # nothing leaks


def test_salt_is_conserved_and_the_opposite_current_gives_the_opposite_voltage():
    layers = (Separator(2e-5, 0.4), Separator(1e-4, 1.0), Separator(2e-5, 0.4))
    metal = cs.Metal(cs.Deposition(5.0, alpha_a=0.3), R_film=2e-3)
    electrolyte = cs.load_electrolyte("landesfeind2019_ec_emc")
    model = between_lithium(electrolyte, *layers, metal=metal, mesh=cs.LayerMesh((10,)))
    t = np.geomspace(1e-4, 100.0, 20)
    one = cs.simulate(model, cs.current(20.0, 100.0), times=t)
    other = cs.simulate(model, cs.current(-20.0, 100.0), times=t)
    np.testing.assert_allclose(np.asarray(one.V), -np.asarray(other.V), rtol=1e-9)
    c = [np.asarray(run.profile("electrolyte concentration")) for run in (one, other)]
    np.testing.assert_allclose(c[0], c[1][:, ::-1], rtol=1e-9)
    assert one.balance.salt_relative_drift < 1e-12


def test_gradients_of_a_run_are_those_of_differences_forward_and_reverse():
    def voltage(x):
        electrolyte = cs.Electrolyte(kappa=0.9 * x[0], D=2e-10 * x[1], t_plus=0.3 * x[2], chi=1.5 * x[3])
        left = cs.Metal(cs.Deposition(20.0 * x[4], order=0.5 * x[5], alpha_a=0.4 * x[6]), 0.2 * x[7], 1e-3 * x[8])
        right = cs.Metal(cs.Deposition(10.0), R_film=2e-3)
        layers = Separator(3e-5 * x[9], 0.5 * x[10]), Separator(2e-5, 1.0)
        design = cs.SymmetricDesign(left, layers, right, electrolyte, area=1e-3 * x[11], c0=1000.0 * x[12])
        model = cs.SymmetricCell(design, cs.LayerMesh((5,)))
        times = jnp.array([0.01, 0.3, 4.0])
        run = cs.simulate(model, cs.current(0.05, 4.0), T=300.0 * x[13], times=times, rtol=1e-9)
        return jnp.sum(run.V * jnp.array([3.0, -2.0, 1.0]))

    at, value = jnp.ones(14), jax.jit(voltage)
    differences = []
    for e in np.eye(14):
        d = [float(value(at + h * e) - value(at - h * e)) / (2 * h) for h in (1e-3, 2e-3)]
        differences.append((4 * d[0] - d[1]) / 3)
    assert np.all(np.abs(differences) > 0)
    scale = np.max(np.abs(differences))
    np.testing.assert_allclose(jax.jit(jax.grad(voltage))(at), differences, rtol=1e-5, atol=1e-7 * scale)
    way = np.random.default_rng(2).normal(size=14)
    forward = float(jax.jit(lambda at: jax.jvp(voltage, (at,), (jnp.asarray(way),))[1])(at))
    assert forward == pytest.approx(float(way @ differences), abs=1e-6 * scale)


def test_a_step_in_C_is_refused_because_a_symmetric_cell_has_no_capacity():
    with pytest.raises(ValueError, match="a C-rate means nothing there"):
        cs.simulate(between_lithium(constant(), Separator(1e-4, 1.0)), "Discharge at 1C")


def test_the_diffusion_voltage_left_after_a_current_relaxes_at_the_rate_of_diffusion():
    L = 1e-4
    model = between_lithium(constant(), Separator(L, 1.0))
    run = cs.simulate(model, cs.discharge(I=2.0, duration=200.0), rtol=1e-9)
    rested = cs.simulate(model, cs.rest(60.0), initial=jax.tree.map(lambda x: x[-1], run.states), rtol=1e-9)
    t = np.array([30.0, 40.0])
    V = np.asarray(rested.at(t).V)
    assert np.log(V[0] / V[1]) / 10.0 == pytest.approx(np.pi**2 * 1.77e-10 / L**2, rel=1e-3)
    assert R * T / F > 0 > V[0]


@pytest.mark.parametrize("i", [30.0, -30.0])
def test_potassium_hydroxide_in_a_slab_is_the_same_as_between_amalgams(i):
    """Ions with the mobilities of the salt, which its source takes as ideal; electrodes reversible to potassium."""
    koh, L, c0, t = cs.load_electrolyte("paxton1997_koh"), 1e-3, 4000.0, np.array([1.0, 30.0, 300.0, 1200.0])
    ions, layer = (cs.Ion("K+", 1), cs.Ion("OH-", -1)), cs.Layer(L, [c0, c0])
    end = cs.Electrode([1.0, 0.0])
    slab = cs.Slab(ions, OfElectrolyte(koh), (layer,), end, end, reference="K+", mesh=cs.SlabMesh((80,)))
    here = cs.simulate(slab, cs.current(i, t[-1]), rtol=1e-8).at(t)
    amalgam = cs.Metal(cs.Deposition(100.0))
    between = cs.simulate(
        between_lithium(koh, Separator(L, 1.0), metal=amalgam, c0=c0), cs.current(i, t[-1]), rtol=1e-8
    )
    there = between.at(t)
    solution = np.asarray(there.losses["electrolyte ohmic"] + there.losses["electrolyte concentration"])
    np.testing.assert_allclose(np.asarray(here.V), solution, rtol=2e-3)
    c = np.asarray(there.profile("electrolyte concentration"))
    x = np.asarray(between.coordinates["x"])
    at = np.asarray(here.coordinates["x"])
    for k in range(len(t)):
        found = np.asarray(here.profile("K+ concentration"))[k] - c0
        expected = np.interp(at, x, c[k]) - c0
        assert np.max(np.abs(found - expected)) < 3e-3 * np.max(np.abs(expected))
