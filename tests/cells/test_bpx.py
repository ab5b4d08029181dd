"""Files of the Battery Parameter eXchange standard: what they say becomes a cell, a cell becomes a file again."""

import copy
import json
import re
from pathlib import Path

import bpx as standard
import jax.numpy as jnp
import numpy as np
import pytest

import cellsim
from cellsim.cells import bpx
from cellsim.cells.balance import at_soc, cut_offs_are_reached, open_circuit_voltage
from cellsim.cells.blends import lithiations
from cellsim.cells.bpx_write import contents
from cellsim.constants import F, R
from cellsim.parameters import leaves

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
# sums of steps, their slopes and a square root; laws at another temperature; a spline and a thermodynamic factor
WRITTEN = ("Chen2020", "Marquis2019", "Ecker2015", "Ai2020")
THETA = np.linspace(0.05, 0.95, 19)
SALT = np.linspace(200.0, 1800.0, 17)
pytestmark = pytest.mark.filterwarnings("ignore:The maximum voltage computed:UserWarning")
LEGACY = {  # a file of version 0.1, with everything that later ones moved
    "Header": {"BPX": 0.1, "Title": "A cell", "Description": "for tests", "References": "none", "Model": "DFN"},
    "Parameterisation": {
        "Cell": {
            "Ambient temperature [K]": 290.0,
            "Initial temperature [K]": 295.0,
            "Reference temperature [K]": 300.0,
            "Lower voltage cut-off [V]": 2.7,
            "Upper voltage cut-off [V]": 4.2,
            "Nominal cell capacity [A.h]": 12.5,
            "Specific heat capacity [J.K-1.kg-1]": 913,
            "Thermal conductivity [W.m-1.K-1]": 2.04,
            "Density [kg.m-3]": 1847,
            "Electrode area [m2]": 0.0168,
            "Number of electrode pairs connected in parallel to make a cell": 34,
            "External surface area [m2]": 0.0379,
            "Volume [m3]": 0.000128,
        },
        "Electrolyte": {
            "Initial concentration [mol.m-3]": 1100,
            "Cation transference number": 0.26,
            "Conductivity [S.m-1]": "0.1297 * (x / 1000) ** 3 - 2.51 * (x / 1000) ** 1.5 + 3.329 * (x / 1000)",
            "Diffusivity [m2.s-1]": 2e-10,
            "Conductivity activation energy [J.mol-1]": 17100,
            "Diffusivity activation energy [J.mol-1]": 15000,
        },
        "Negative electrode": {
            "Particle radius [m]": 4e-06,
            "Thickness [m]": 5.6e-05,
            "Diffusivity [m2.s-1]": {"x": [0, 1], "y": [1e-14, 3e-14]},
            "OCP [V]": "0.9 * exp(-40 * x) + 0.2 - 0.12 * x",
            "Entropic change coefficient [V.K-1]": {"x": [0, 0.5, 1], "y": [1e-4, 0, -1e-4]},
            "Conductivity [S.m-1]": 0.222,
            "Surface area per unit volume [m-1]": 499500,
            "Porosity": 0.25,
            "Transport efficiency": 0.125,
            "Reaction rate constant [mol.m-2.s-1]": 5.2e-06,
            "Minimum stoichiometry": 0.01,
            "Maximum stoichiometry": 0.8,
            "Maximum concentration [mol.m-3]": 29730,
            "Diffusivity activation energy [J.mol-1]": 30000,
            "Reaction rate constant activation energy [J.mol-1]": 55000,
        },
        "Positive electrode": {
            "Particle radius [m]": 4.6e-06,
            "Thickness [m]": 5.2e-05,
            "Diffusivity [m2.s-1]": 3.2e-14,
            "OCP [V]": "4.4 - 0.9 * x",
            "Entropic change coefficient [V.K-1]": -1e-4,
            "Conductivity [S.m-1]": 0.789,
            "Surface area per unit volume [m-1]": 432000,
            "Porosity": 0.28,
            "Transport efficiency": 0.1462,
            "Reaction rate constant [mol.m-2.s-1]": 2.3e-05,
            "Minimum stoichiometry": 0.42,
            "Maximum stoichiometry": 0.96,
            "Maximum concentration [mol.m-3]": 46200,
        },
        "Separator": {"Thickness [m]": 2e-05, "Porosity": 0.47, "Transport efficiency": 0.32},
    },
    "Validation": {
        "discharge": {"Time [s]": [0, 10, 20], "Current [A]": [-1, -1, -1], "Voltage [V]": [4.1, 4.0, 3.9]},
    },
}


@pytest.fixture
def saved(tmp_path):
    def saved(contents, name="cell.json"):
        path = tmp_path / name
        path.write_text(json.dumps(contents) if isinstance(contents, dict) else contents)
        return path

    return saved


@pytest.fixture
def legacy():
    return copy.deepcopy(LEGACY)


@pytest.fixture(scope="module")
def lgm50():
    return contents(cellsim.load_cell("Chen2020"))


@pytest.fixture
def present(lgm50):
    """A file of the present version."""
    return copy.deepcopy(lgm50)


# ---- reading


def test_a_file_of_an_old_version_says_all_that_it_says(saved, legacy):
    cell = cellsim.load_cell(saved(legacy))
    assert float(cell.area) == pytest.approx(34 * 0.0168, rel=1e-14)
    assert (float(cell.T_ref), float(cell.T_initial), float(cell.T_ambient)) == (300.0, 295.0, 290.0)
    assert (float(cell.c0), float(cell.V_min), float(cell.V_max), float(cell.capacity)) == (1100.0, 2.7, 4.2, 12.5)
    assert float(cell.heat.capacity(300.0)) == pytest.approx(1847 * 913 * 0.000128, rel=1e-14)
    assert (float(cell.heat.cooling_area), float(cell.heat.h)) == (0.0379, 0.0)  # adiabatic where it says nothing
    assert float(cell.negative.kappa_factor) == pytest.approx(0.125, rel=1e-14)
    assert float(cell.separator.kappa_factor) == pytest.approx(0.32, rel=1e-14)
    assert float(cell.positive.sigma_eff) == pytest.approx(0.789, rel=1e-14)  # effective as it stands
    assert float(cell.negative.particle.a) == pytest.approx(499500, rel=1e-14)
    assert cell.name == "cell" and cell.source == "none" and cell.notes.title == "A cell"


def test_laws_have_their_values_and_their_activation_energies(saved, legacy):
    cell = cellsim.load_cell(saved(legacy))
    arrhenius = lambda E: np.exp(E / R * (1 / 300.0 - 1 / 320.0))
    m = SALT / 1000
    kappa = 0.1297 * m**3 - 2.51 * m**1.5 + 3.329 * m
    np.testing.assert_allclose(cell.electrolyte.kappa(SALT, 320.0), kappa * arrhenius(17100), rtol=1e-10)
    np.testing.assert_allclose(cell.electrolyte.D(SALT, 320.0), 2e-10 * arrhenius(15000), rtol=1e-12)
    assert float(cell.electrolyte.t_plus(800.0, 320.0)) == 0.26 and float(cell.electrolyte.chi(800.0, 320.0)) == 1.0
    particle = cell.negative.particle
    np.testing.assert_allclose(particle.D_s(THETA, 320.0), (1e-14 + 2e-14 * THETA) * arrhenius(30000), rtol=1e-12)
    U = 0.9 * np.exp(-40 * THETA) + 0.2 - 0.12 * THETA
    np.testing.assert_allclose(
        particle.equilibrium(jnp.asarray(THETA), jnp.asarray(320.0)), U + 20 * (1e-4 - 2e-4 * THETA), rtol=1e-12
    )


def test_a_reaction_rate_constant_is_normalised_by_what_the_standard_says(saved, legacy):
    """j0 = F K (c/c0)^0.5 (theta (1 - theta))^0.5, with an Arrhenius factor."""
    particle = cellsim.load_cell(saved(legacy)).negative.particle
    j0 = particle.kinetics.j0(500.0, 0.3, particle.c_max, 310.0)
    expected = F * 5.2e-6 * np.sqrt(500 / 1100 * 0.3 * 0.7) * np.exp(55000 / R * (1 / 300 - 1 / 310))
    assert float(j0) == pytest.approx(expected, rel=1e-9)


def test_a_state_of_charge_lies_between_the_lithiations_whatever_the_cut_offs(saved, legacy):
    legacy["Parameterisation"]["Cell"]["Upper voltage cut-off [V]"] = 3.9
    cell = cellsim.load_cell(saved(legacy))
    assert bool(cut_offs_are_reached(cell, cell.T_ref))
    for soc, theta in ((1.0, (0.8, 0.42)), (0.0, (0.01, 0.96)), (0.25, (0.01 + 0.25 * 0.79, 0.96 - 0.25 * 0.54))):
        assert tuple(map(float, at_soc(cell, jnp.asarray(soc), cell.T_ref))) == pytest.approx(theta, rel=1e-14)
    assert float(open_circuit_voltage(cell, at_soc(cell, jnp.asarray(1.0), cell.T_ref), cell.T_ref)) > 3.9


def test_a_file_may_say_where_a_run_begins_how_it_is_cooled_and_what_the_standard_lacks(saved, present):
    present["State"]["Initial conditions"]["Initial state-of-charge"] = 0.6
    present["State"]["Thermal environment"]["Heat transfer coefficient [W.m-2.K-1]"] = 12.0
    present["Parameterisation"]["User-defined"] = {
        "Thermodynamic factor": "1 + 0.4 * (x / 1000)",
        "Cation transference number (function)": {"x": [0, 2000], "y": [0.3, 0.2]},
        "Contact resistance [Ohm]": 0.01,
        "Negative electrode double-layer capacity [F.m-2]": 0.1,
        "Supplier": {"Thickness of the can [m]": 2e-4},
    }
    cell = cellsim.load_cell(saved(present))
    assert (float(cell.soc_initial), float(cell.heat.h), float(cell.R_contact)) == (0.6, 12.0, 0.01)
    np.testing.assert_allclose(cell.electrolyte.chi(SALT, 298.15), 1 + 0.4 * SALT / 1000, rtol=1e-9)
    np.testing.assert_allclose(cell.electrolyte.t_plus(SALT, 298.15), 0.3 - 0.1 * SALT / 2000, rtol=1e-12)
    assert (float(cell.negative.C_dl), float(cell.positive.C_dl)) == (0.1, 0.2)
    assert dict(cell.notes.user_defined) == {"Supplier": {"Thickness of the can [m]": 2e-4}}


def test_a_measured_run_counts_its_discharge_positive(saved, legacy):
    (run,) = cellsim.load_cell(saved(legacy)).notes.measured
    assert (run.name, run.I, run.V) == ("discharge", (1.0, 1.0, 1.0), (4.1, 4.0, 3.9))
    assert run.is_constant_current


def test_a_file_for_single_particles_makes_a_cell_whose_electrolyte_resists_nothing(saved, legacy):
    legacy["Header"]["Model"] = "SPM"
    parameters = legacy["Parameterisation"]
    del parameters["Electrolyte"], parameters["Separator"]
    for side in ("Negative electrode", "Positive electrode"):
        for name in ("Conductivity [S.m-1]", "Porosity", "Transport efficiency"):
            del parameters[side][name]
    cell = cellsim.load_cell(saved(legacy))
    assert float(cell.electrolyte.t_plus(1000.0, 300.0)) == 1.0
    resistance = (cell.negative.L + cell.separator.L + cell.positive.L) / cell.electrolyte.kappa(1000.0, 300.0)
    assert float(resistance / cell.area * cell.capacity) < 1e-4  # V at 1C


def test_every_number_of_a_file_is_a_leaf_and_a_solution_without_salt_does_not_conduct(saved, legacy):
    legacy["Parameterisation"]["Electrolyte"]["Conductivity [S.m-1]"] = 1.1
    cell = cellsim.load_cell(saved(legacy))
    paths = {leaf.path for leaf in leaves(cell)}
    assert {"negative.particle.U.numbers", "negative.particle.D_s.law.values", "window.positive_full"} <= paths
    kappa = cell.electrolyte.kappa(jnp.asarray([-1.0, 0.0, 50.0]), 300.0)
    np.testing.assert_allclose(kappa, [0.0, 0.0, 1.1], atol=2e-3)


def test_a_file_in_yaml_says_the_same(saved, legacy):
    import yaml

    there = cellsim.load_cell(saved(yaml.safe_dump(legacy), "cell.yaml"))
    assert cellsim.parameters.leaves(there)[0].value == cellsim.load_cell(saved(legacy)).negative.L


# ---- blends and hysteresis


SILICON = {
    "Particle radius [m]": 1.5e-06,
    "Diffusivity [m2.s-1]": 2e-15,
    "OCP [V]": "0.725 - 0.75 * x",
    "OCP (delithiation) [V]": "0.85 - 0.8 * x",
    "OCP (lithiation) [V]": "0.6 - 0.7 * x",
    "OCP hysteresis decay constant": 30.0,
    "Surface area per unit volume [m-1]": 120000.0,
    "Reaction rate constant [mol.m-2.s-1]": 4e-06,
    "Minimum stoichiometry": 0.02,
    "Maximum stoichiometry": 0.7,
    "Maximum concentration [mol.m-3]": 278000.0,
}
OF_THE_ELECTRODE = ("Thickness [m]", "Porosity", "Transport efficiency", "Conductivity [S.m-1]")
H0 = "Initial hysteresis state: Negative electrode"


@pytest.fixture
def blended(present):
    """Graphite and silicon with hysteresis, half full."""
    electrode = present["Parameterisation"]["Negative electrode"]
    graphite = {name: electrode.pop(name) for name in list(electrode) if name not in OF_THE_ELECTRODE}
    electrode["Particle"] = {"graphite": graphite, "silicon": copy.deepcopy(SILICON)}
    present["State"]["Initial conditions"] |= {"Initial state-of-charge": 0.5, H0: {"graphite": 0.0, "silicon": 0.6}}
    return present


def test_each_material_of_a_blend_has_the_numbers_that_stand_under_its_name(saved, blended):
    cell = cellsim.load_cell(saved(blended))
    graphite, silicon = cell.negative.materials
    plain = cellsim.load_cell("Chen2020")
    assert (graphite.name, silicon.name) == ("graphite", "silicon")
    assert float(graphite.a) == pytest.approx(float(plain.negative.particle.a), rel=1e-12)
    assert float(silicon.a) == pytest.approx(120000.0, rel=1e-14) and float(silicon.R_p) == 1.5e-6
    assert float(silicon.c_max) == 278000.0 and float(silicon.theta0) == pytest.approx(0.36, rel=1e-14)
    j0 = float(silicon.kinetics.j0(cell.c0, 0.3, silicon.c_max, cell.T_ref))
    assert j0 == pytest.approx(F * 4e-6 * np.sqrt(0.3 * 0.7), rel=1e-9)
    np.testing.assert_allclose(cell.window.negative_empty[1], 0.02, rtol=1e-14)
    np.testing.assert_allclose(cell.window.negative_full[1], 0.7, rtol=1e-14)
    assert cell.window.positive_full.shape == () and cell.positive.materials[0].hysteresis is None


def test_the_lithium_of_a_blend_lies_between_that_of_its_windows_and_rests_at_one_potential(saved, blended):
    cell = cellsim.load_cell(saved(blended))
    room = np.array([float(each.eps_s * each.c_max) for each in cell.negative.materials])
    empty, full = (np.asarray(getattr(cell.window, f"negative_{end}")) for end in ("empty", "full"))
    for soc in (0.1, 0.4, 0.9):
        theta = float(at_soc(cell, jnp.asarray(soc), cell.T_ref).negative)
        assert theta == pytest.approx(room @ (empty + soc * (full - empty)) / room.sum(), rel=1e-14)
        each = lithiations(cell.negative, theta, cell.T_ref)
        w = [
            float(material.equilibrium(x, cell.T_ref, material.hysteresis and material.hysteresis.h0))
            for material, x in zip(cell.negative.materials, each, strict=True)
        ]
        assert w[0] == pytest.approx(w[1], abs=1e-9)


def test_hysteresis_moves_between_the_branches_by_half_the_constant_of_the_standard(saved, blended):
    """dh/dtheta = (gamma / 2) (1 -+ h), as PyBaMM has it."""
    graphite, silicon = cellsim.load_cell(saved(blended)).negative.materials
    assert graphite.hysteresis is None and float(silicon.hysteresis.h0) == 0.6
    for h, expected in ((1.0, 0.85 - 0.8 * THETA), (-1.0, 0.6 - 0.7 * THETA), (0.0, 0.725 - 0.75 * THETA)):
        np.testing.assert_allclose(silicon.equilibrium(THETA, 298.15, h), expected, rtol=1e-12)
    rate = silicon.hysteresis.rate(0.6, np.array([0.8, -0.8]), silicon.R_p, silicon.c_max)
    emptying = 3 * 0.8 / (F * 278000.0 * 1.5e-6)  # change of the lithiation [1/s]
    np.testing.assert_allclose(rate, [15.0 * emptying * 0.4, -15.0 * emptying * 1.6], rtol=1e-12)


@pytest.mark.parametrize("where", ["standard", "user-defined"])
def test_branches_without_a_constant_are_reached_at_once_wherever_they_stand(where, saved, present):
    names = {"user-defined": "Negative electrode {} OCP [V]", "standard": "OCP ({}) [V]"}[where]
    block = {"user-defined": present["Parameterisation"]["User-defined"], "standard": negative_of(present)}[where]
    block |= {names.format("lithiation"): {"x": [1, 0], "y": [0.1, 0.4]}, names.format("delithiation"): 0.5}
    present["State"]["Initial conditions"][H0] = -1.0
    cell = cellsim.load_cell(saved(present))
    particle = cell.negative.particle
    np.testing.assert_allclose(particle.equilibrium(THETA, 298.15, -1.0), 0.4 - 0.3 * THETA, rtol=1e-12)
    np.testing.assert_allclose(particle.equilibrium(THETA, 298.15, 1.0), 0.5, rtol=1e-12)
    assert float(particle.hysteresis.decay) == bpx.AT_ONCE and float(particle.hysteresis.h0) == -1.0
    assert not cell.notes.user_defined


def negative_of(file):
    return file["Parameterisation"]["Negative electrode"]


def test_branches_that_name_no_material_of_a_blend_are_refused(saved, blended):
    blended["Parameterisation"]["User-defined"]["Negative electrode lithiation OCP [V]"] = 0.1
    del negative_of(blended)["Particle"]["silicon"]["OCP (lithiation) [V]"]
    with pytest.raises(bpx.UnreadableBPX) as caught:
        bpx.load(saved(blended))
    alone, unclear = caught.value.lines
    assert "Negative electrode > Particle > silicon has 'OCP (delithiation) [V]' and 'OCP hysteresis decay" in alone
    assert "Negative electrode lithiation OCP [V]: the electrode is a blend, and this names none" in unclear


def test_losses_of_nothing_are_read_and_those_of_one_material_refused(saved, blended):
    lost = {"graphite": 0.0, "silicon": 0.0}
    blended["State"]["Degradation"] = {"LLI": 0.0, "LAM: Negative electrode": lost, "LAM: Positive electrode": 0.0}
    bpx.load(saved(blended))
    lost["silicon"] = 0.2
    with pytest.raises(bpx.UnreadableBPX, match=r"Degradation \(LAM: Negative electrode\) is not zero"):
        bpx.load(saved(blended))


@pytest.mark.parametrize("model", ["SPM", "SPMe"])
def test_models_with_one_particle_refuse_a_blend_and_hysteresis(model, saved, blended, cellsim_command):
    code, out, err = cellsim_command("run", "--cell", str(saved(blended)), "--model", model)
    assert (code, out) == (2, "") and "is a blend of graphite, silicon" in err and "Traceback" not in err
    electrode = negative_of(blended)
    electrode |= electrode.pop("Particle")["silicon"]
    blended["State"]["Initial conditions"][H0] = 0.6
    code, out, err = cellsim_command("run", "--cell", str(saved(blended)), "--model", model)
    assert (code, out) == (2, "") and "knows no state of hysteresis" in err and "Traceback" not in err


def test_a_blend_with_hysteresis_is_written_and_reads_back_as_itself(saved, blended, tmp_path):
    cell = cellsim.load_cell(saved(blended))
    bpx.write(cell, tmp_path / "again.json")
    standard.parse_bpx_file(tmp_path / "again.json")
    again = bpx.load(tmp_path / "again.json")
    same(cell, again)
    written = json.loads((tmp_path / "again.json").read_text())
    silicon = negative_of(written)["Particle"]["silicon"]
    assert silicon["OCP hysteresis decay constant"] == 30.0
    assert written["State"]["Initial conditions"][H0] == {"graphite": 0.0, "silicon": 0.6}
    mean = again.negative.materials[1].U(THETA, 298.15)
    np.testing.assert_allclose(table(silicon["OCP [V]"], THETA), mean, rtol=1e-5)


def table(written, x):
    return np.interp(x, written["x"], written["y"]) if isinstance(written, dict) else written


def test_a_published_blend_is_written_with_the_stoichiometries_at_its_cut_offs(tmp_path):
    cell = cellsim.load_cell("Chen2020_composite")
    bpx.write(cell, tmp_path / "cell.json")
    again = cellsim.load_cell(tmp_path / "cell.json")
    assert [each.name for each in again.negative.materials] == ["graphite", "silicon"]
    window, positive = again.window, cell.positive.particle
    for x, theta, V in (
        (window.negative_empty, window.positive_empty, cell.V_min),
        (window.negative_full, window.positive_full, cell.V_max),
    ):
        w = [float(each.equilibrium(x[k], cell.T_ref)) for k, each in enumerate(cell.negative.materials)]
        assert w[0] == pytest.approx(w[1], abs=1e-9)
        assert float(positive.equilibrium(theta, cell.T_ref)) - w[0] == pytest.approx(float(V), abs=1e-9)


# ---- writing


@pytest.mark.parametrize("name", WRITTEN)
def test_a_published_cell_is_written_and_reads_back_as_itself(name, tmp_path):
    cell, path = cellsim.load_cell(name), tmp_path / "cell.json"
    bpx.write(cell, path)
    standard.parse_bpx_file(path)
    again, T = cellsim.load_cell(path), float(cell.T_ref)
    for side in ("negative", "positive"):
        one, other = getattr(cell, side), getattr(again, side)
        for law in ("U", "D_s", "dUdT"):
            expected = np.asarray(getattr(one.particle, law)(THETA, T))
            found = getattr(other.particle, law)(THETA, T)
            np.testing.assert_allclose(found, expected, rtol=5e-5, atol=1e-6 * np.max(np.abs(expected)))
        j0 = [float(p.kinetics.j0(900.0, 0.4, p.c_max, T)) for p in (one.particle, other.particle)]
        assert j0[1] == pytest.approx(j0[0], rel=1e-9)
        assert float(other.kappa_factor) == pytest.approx(float(one.kappa_factor), rel=1e-12)
        assert float(other.particle.a * other.L) == pytest.approx(float(one.particle.a * one.L), rel=1e-12)
    for law in ("kappa", "D", "t_plus", "chi"):
        expected = getattr(cell.electrolyte, law)(SALT, T)
        np.testing.assert_allclose(getattr(again.electrolyte, law)(SALT, T), expected, rtol=5e-5)
    for soc in (0.0, 1.0):
        both = [at_soc(each, jnp.asarray(soc), each.T_ref) for each in (cell, again)]
        np.testing.assert_allclose(both[1], both[0], rtol=1e-12)
    assert float(again.heat.capacity(T)) == pytest.approx(float(cell.heat.capacity(T)), rel=1e-12)


def same(one, other):
    """Every number of two cells to 1e-12, and their notes."""
    for a, b in zip(leaves(one), leaves(other), strict=True):
        assert a.path == b.path
        np.testing.assert_allclose(b.value, a.value, rtol=1e-12, err_msg=a.path)
    assert one.notes == other.notes


def test_a_file_that_is_read_and_written_reads_the_same(saved, legacy, tmp_path):
    cell = cellsim.load_cell(saved(legacy))
    bpx.write(cell, tmp_path / "again.json")
    same(cell, bpx.load(tmp_path / "again.json"))


@pytest.mark.parametrize(
    "file", sorted(DATA.glob("*bpx*/**/*.json")), ids=lambda file: f"{file.parent.name}-{file.stem}"
)
def test_example_files_are_plausible_and_survive_writing(file, tmp_path):
    cell = cellsim.load_cell(file)
    bpx.write(cell, tmp_path / "again.json")
    standard.parse_bpx_file(tmp_path / "again.json")
    same(cell, bpx.load(tmp_path / "again.json"))


def test_what_the_standard_has_no_words_for_is_refused_by_name(tmp_path):
    with pytest.raises(bpx.UnreadableBPX) as caught:
        bpx.write(cellsim.load_cell("ORegan2022"), tmp_path / "no.json")
    assert len(caught.value.lines) == 2 and "negative.particle.kinetics" in str(caught.value)
    assert not list(tmp_path.iterdir())
    with pytest.raises(bpx.UnreadableBPX, match="the standard has no side reactions"):
        bpx.write(cellsim.load_cell("OKane2022_ageing"), tmp_path / "no.json")


# ---- what is wrong with a file


def changed(block, path, value):
    *names, last = path
    for name in names:
        block = block[name]
    if value is None:
        del block[last]
    else:
        block[last] = value


NEGATIVE = ("Parameterisation", "Negative electrode")
WRONG = {
    "a field is missing": (
        (*NEGATIVE, "Particle radius [m]"),
        None,
        "Negative electrode > Particle radius [m] is missing",
    ),
    "a field is unknown": ((*NEGATIVE, "Colour"), 3.0, "Negative electrode > Colour is no field of the standard"),
    "a number is a text": (("Parameterisation", "Cell", "Volume [m3]"), "large", "Volume [m3] = 'large': '"),
    "an unknown function": ((*NEGATIVE, "OCP [V]"), "sin(x)", "OCP [V] = 'sin(x)': 'sin(...)' is no function here"),
    "an unknown variable": ((*NEGATIVE, "OCP [V]"), "1 + y", "'y' is not known; the variable is x"),
    "a program": ((*NEGATIVE, "OCP [V]"), "exit(3)", "'exit(...)' is no function here"),
    "an open bracket": ((*NEGATIVE, "OCP [V]"), "2 * (x - 1", "cannot be read at"),
    "an uneven table": ((*NEGATIVE, "OCP [V]"), {"x": [0, 1], "y": [1]}, "x & y should be same length"),
    "a repeated point": (
        (*NEGATIVE, "OCP [V]"),
        {"x": [0, 1, 1], "y": [1, 2, 3]},
        "knots must be two or more and increase",
    ),
    "an unknown model": (
        ("Header", "Model"),
        "P2D",
        "Model = 'P2D': Input should be 'SPM', 'SPMe', 'DFN' or 'Partial'",
    ),
    "no version": (("Header", "BPX"), None, "missing 'Header' -> 'BPX' version field"),
    "a version that is none": (("Header", "BPX"), "new", "Invalid BPX version field: 'new'"),
    "no electrolyte": (("Parameterisation", "Electrolyte"), None, "Electrolyte is missing"),
    "a lost block": (("Parameterisation",), None, "holds the blocks 'Header' and 'Parameterisation'"),
    "hysteresis": (
        (*NEGATIVE, "OCP (lithiation) [V]"),
        0.1,
        "Negative electrode has 'OCP (lithiation) [V]' alone: hysteresis needs both",
    ),
    "a decay without branches": (
        (*NEGATIVE, "OCP hysteresis decay constant"),
        0.1,
        "Negative electrode has 'OCP hysteresis decay constant' alone: hysteresis needs both",
    ),
    "lost lithium": (
        ("State", "Degradation"),
        {"LLI": 0.1, "LAM: Negative electrode": 0.0, "LAM: Positive electrode": 0.0},
        "State > Degradation (LLI) is not zero, which this version does not support: the standard does not say",
    ),
}


@pytest.mark.parametrize(("path", "value", "says"), WRONG.values(), ids=WRONG)
def test_a_wrong_file_ends_a_command_with_one_message_and_code_2(path, value, says, saved, present, cellsim_command):
    changed(present, path, value)
    file = saved(present)
    with pytest.raises(bpx.UnreadableBPX, match=re.escape(says)):
        bpx.load(file)
    code, out, err = cellsim_command("run", "--cell", str(file))
    assert (code, out) == (2, "")
    assert says in err and "Traceback" not in err


@pytest.mark.parametrize(
    ("name", "text", "says"),
    (
        ("cell.json", "{", "it is not JSON"),
        ("cell.yaml", "a: [", "it is not YAML"),
        ("cell.json", "[1, 2]", "it is no BPX file"),
    ),
)
def test_a_file_that_is_no_such_file_is_refused_in_a_sentence(name, text, says, saved, cellsim_command):
    code, out, err = cellsim_command("run", "--cell", str(saved(text, name)))
    assert (code, out) == (2, "") and says in err and "Traceback" not in err


def test_a_number_in_another_unit_is_refused_with_its_path(saved, present, cellsim_command):
    changed(present, (*NEGATIVE, "Particle radius [m]"), 5.86)
    code, _, err = cellsim_command("run", "--cell", str(saved(present)))
    assert code == 2 and "negative.particle.R_p = 5.86 m; expected" in err


def test_all_problems_of_a_file_are_said_at_once(saved, present):
    changed(present, (*NEGATIVE, "Particle radius [m]"), None)
    changed(present, (*NEGATIVE, "Colour"), 3.0)
    with pytest.raises(bpx.UnreadableBPX) as caught:
        bpx.load(saved(present))
    assert len(caught.value.lines) == 2


def test_a_missing_file_is_said_to_be_missing(cellsim_command):
    code, _, err = cellsim_command("run", "--cell", "nowhere/cell.json")
    assert code == 2 and "there is no such file" in err


def test_a_file_is_described_and_cited_as_a_cell_is(saved, legacy, cellsim_command):
    file = str(saved(legacy))
    code, out, _ = cellsim_command("describe", file)
    assert code == 0 and out.startswith("cell: A cell") and "negative.particle.U.numbers" in out
    code, out, _ = cellsim_command("cite", file)
    assert code == 0 and "cell, cell" in out
