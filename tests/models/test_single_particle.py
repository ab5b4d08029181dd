"""The equations of the single-particle models in states far from any that a run reaches."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import cellsim
from cellsim.cells.balance import at_soc, open_circuit_voltage
from cellsim.discretisation import local
from cellsim.models import observables

F, R = cellsim.constants.F, cellsim.constants.R
MESH = cellsim.Mesh(7, 4, 6, 5, 0.6)
CASES = {
    "SPM, Chen2020": (cellsim.SPM, "Chen2020", None),
    "SPMe, Chen2020, t_plus(c)": (cellsim.SPMe, "Chen2020", "landesfeind2019_ec_emc"),
    "SPMe, Marquis2019": (cellsim.SPMe, "Marquis2019", None),
}


@pytest.fixture(scope="module", params=CASES)
def case(request):
    """A model, its state at rest, and a disturbed one."""
    kind, name, electrolyte = CASES[request.param]
    cell = cellsim.replace(cellsim.load_cell(name), "R_contact", 0.003)
    if electrolyte:
        cell = cellsim.replace(cell, "electrolyte", cellsim.load_electrolyte(electrolyte))
    model = kind(cell, MESH)
    rest = model.discretised(cell.T_ref).at_rest(at_soc(cell, jnp.asarray(0.5), cell.T_ref))
    rng = np.random.default_rng(1)
    if kind is cellsim.SPM:
        disturbed = eqx.tree_at(lambda y: y.fibre, rest, rest.fibre * (1 + 0.1 * rng.uniform(-1, 1, rest.fibre.shape)))
    else:
        disturbed = jax.tree.map(lambda x: x * (1 + 0.1 * rng.uniform(-1, 1, x.shape)), rest)
    return model, rest, disturbed


@eqx.filter_jit
def seen(model, y, rest, I):
    system = model.discretised(model.cell.T_ref)
    V, slope = jax.value_and_grad(lambda I: system.terminal_voltage(y, I))(jnp.asarray(I))
    return dict(
        rate=system.rate(y, jnp.asarray(I)),
        V=V,
        slope=slope,
        profiles=system.profiles(y, jnp.asarray(I)),
        losses=system.losses(y, jnp.asarray(I)),
        inventory_rate=jax.jvp(lambda y: system.inventory(y, rest), (y,), (system.rate(y, jnp.asarray(I)),))[1],
        width=system.pores.width,
    )


def test_without_current_a_cell_at_rest_stays_as_it_is(case):
    model, rest, _ = case
    out = seen(model, rest, rest, 0.0)
    for rate in jax.tree.leaves(out["rate"]):
        assert np.max(np.abs(rate)) < 1e-12
    theta = at_soc(model.cell, jnp.asarray(0.5), model.cell.T_ref)
    assert float(out["V"]) == pytest.approx(float(open_circuit_voltage(model.cell, theta, model.cell.T_ref)), abs=1e-13)
    for name, value in out["losses"].items():
        if name != "open circuit":
            assert abs(float(value)) < 1e-12, name


def test_the_voltage_falls_smoothly_with_the_current_but_not_as_a_straight_line(case):
    model, rest, y = case
    currents = float(model.cell.capacity) * np.linspace(-4.0, 4.0, 21)  # up to 4C
    found = [seen(model, y, rest, I) for I in currents]
    V, slope = np.array([float(x["V"]) for x in found]), np.array([float(x["slope"]) for x in found])
    assert np.all(np.diff(V) < 0) and np.all(slope <= -0.003)
    # the charge-transfer resistance is greatest without current
    assert np.argmin(slope) == 10 and slope[10] < 1.02 * slope[0] < 0
    h = 1e-4 * currents[-1]
    by_difference = [(seen(model, y, rest, I + h)["V"] - seen(model, y, rest, I - h)["V"]) / (2 * h) for I in currents]
    np.testing.assert_allclose(slope, by_difference, rtol=1e-6)


@pytest.mark.parametrize("I", [0.0, 3.0, -1.5])
def test_the_voltage_is_the_sum_of_its_losses_and_the_distance_of_the_potentials(case, I):
    model, rest, y = case
    out = seen(model, y, rest, I)
    assert set(out["losses"]) == set(observables.LOSSES)
    assert sum(map(float, out["losses"].values())) == pytest.approx(float(out["V"]), abs=1e-13)
    # w = phi_s - phi_e on average over each electrode is that of equilibrium and overpotential
    profile = {key: np.asarray(x) for key, x in out["profiles"].items()}
    width = np.asarray(out["width"])
    n, s = MESH.negative, MESH.separator
    T = model.cell.T_ref
    for side, cells in (("negative", slice(0, n)), ("positive", slice(n + s, None))):
        mean = lambda x, cells=cells: np.sum(x * width[cells]) / np.sum(width[cells])
        particle = getattr(model.cell, side).particle
        w = (
            np.asarray(particle.equilibrium(profile[f"{side} surface lithiation"], T))
            + profile[f"{side} overpotential"]
        )
        drop = profile[f"{side} electrode potential"] - profile["electrolyte potential"][cells]
        assert mean(drop) == pytest.approx(mean(w), abs=1e-12)


@pytest.mark.parametrize("I", [3.0, -1.5])
def test_every_electrode_takes_up_the_charge_that_passes_and_no_salt_is_lost(case, I):
    model, rest, y = case
    rate = seen(model, y, rest, I)["inventory_rate"]
    assert -F * float(rate.solid_negative) == pytest.approx(I, rel=1e-11)
    assert F * float(rate.solid_positive) == pytest.approx(I, rel=1e-11)
    assert abs(float(rate.salt)) < 1e-11 * abs(I) / F
    assert float(rate.layer_negative) == float(rate.layer_positive) == 0


def test_the_ionic_current_is_that_of_the_cell_in_the_separator_and_grows_evenly_within_the_electrodes(case):
    model, rest, y = case
    out = seen(model, y, rest, 2.0)
    i_e, width, i = (
        np.asarray(out["profiles"]["ionic current density"]),
        np.asarray(out["width"]),
        2.0 / model.cell.area,
    )
    n, s = MESH.negative, MESH.separator
    np.testing.assert_allclose(i_e[n : n + s + 1], i, rtol=1e-14)
    by_wall = np.diff(i_e) / width
    np.testing.assert_allclose(by_wall[:n], i / model.cell.negative.L, rtol=1e-12)
    np.testing.assert_allclose(by_wall[n + s :], -i / model.cell.positive.L, rtol=1e-12)
    assert i_e[0] == i_e[-1] == 0


def test_ohmic_drops_are_those_of_currents_that_grow_evenly():
    """L/3 of each electrode and all of the separator, in the electrolyte and in the solid."""
    cell = cellsim.load_cell("Marquis2019")
    n, s, p = cell.negative, cell.separator, cell.positive
    kappa = float(cell.electrolyte.kappa(cell.c0, cell.T_ref))
    I = 0.7
    i = I / float(cell.area)
    electrolyte = sum(float(x.L / x.kappa_factor) / d for x, d in ((n, 3), (s, 1), (p, 3))) * i / kappa
    solid = sum(float(x.L / x.sigma_eff) / 3 for x in (n, p)) * i
    off = []
    for cells in (8, 16):
        model = cellsim.SPMe(cell, cellsim.Mesh(cells, cells // 2, cells, 4))
        rest = model.discretised(cell.T_ref).at_rest(at_soc(cell, jnp.asarray(0.5), cell.T_ref))
        losses = seen(model, rest, rest, I)["losses"]
        assert float(losses["solid ohmic"]) == pytest.approx(-solid, rel=1e-12)
        off.append(-float(losses["electrolyte ohmic"]) / electrolyte - 1)
    assert abs(off[1]) < 2e-3 and abs(off[0]) / abs(off[1]) == pytest.approx(4.0, rel=0.2)


def test_in_a_concentration_gradient_the_electrolyte_adds_the_diffusion_potential():
    cell = cellsim.load_cell("Chen2020")
    model = cellsim.SPMe(cell, MESH)
    rest = model.discretised(cell.T_ref).at_rest(at_soc(cell, jnp.asarray(0.5), cell.T_ref))
    nodes = model.layout.nodes
    c = jnp.concatenate([jnp.full(MESH.negative, 1.3), jnp.full(nodes - MESH.negative, 0.8)])
    found = float(
        seen(model, eqx.tree_at(lambda y: y.line, rest, c[None]), rest, 0.0)["losses"]["electrolyte concentration"]
    )
    t_plus, chi = (float(getattr(cell.electrolyte, name)(cell.c0, cell.T_ref)) for name in ("t_plus", "chi"))
    assert found == pytest.approx(2 * R * float(cell.T_ref) / F * (1 - t_plus) * chi * np.log(0.8 / 1.3), rel=1e-12)


def test_the_jacobian_from_laws_is_the_dense_one(case):
    model, rest, y = case
    layout = model.layout
    system = model.discretised(model.cell.T_ref)
    dense = jax.jit(jax.jacfwd(lambda y: system.rate(y, jnp.asarray(2.0))))(y)
    jac = jax.jit(lambda y: local.jacobian(system.laws(jnp.asarray(2.0)), y, layout))(y)
    line = np.asarray(dense.line.line)[0, :, 0]
    banded = sum(
        np.diag(np.asarray(x)[0, 0][k], k=offset)
        for x, offset, k in (
            (jac.line_left, -1, slice(1, None)),
            (jac.line_here, 0, slice(None)),
            (jac.line_right, 1, slice(None, -1)),
        )
    )
    np.testing.assert_allclose(banded, line, rtol=1e-12, atol=1e-14)
    assert not np.any(np.asarray(dense.line.fibre)) and not np.any(np.asarray(jac.line_by_tip))
    assert not np.any(np.asarray(dense.fibre.line)) and not np.any(np.asarray(jac.tip_by_line))
    fibre = np.asarray(dense.fibre.fibre)
    for k in range(2):
        own = fibre[:, k, :, k]
        banded = np.diag(np.asarray(jac.fibre_here)[:, k])
        banded += np.diag(np.asarray(jac.fibre_below)[1:, k], -1) + np.diag(np.asarray(jac.fibre_above)[:-1, k], 1)
        np.testing.assert_allclose(banded, own, rtol=1e-12, atol=1e-14)


def test_less_salt_asks_for_more_overpotential():
    cell = cellsim.load_cell("Chen2020")
    model = cellsim.SPMe(cell, MESH)
    rest = model.discretised(cell.T_ref).at_rest(at_soc(cell, jnp.asarray(0.5), cell.T_ref))
    tilted = eqx.tree_at(lambda y: y.line, rest, jnp.linspace(1.4, 0.6, model.layout.nodes)[None])
    profiles = seen(model, tilted, rest, 5.0)["profiles"]
    assert np.all(np.diff(profiles["negative overpotential"]) > 0) and np.all(profiles["negative overpotential"] > 0)
    assert np.all(np.diff(profiles["positive overpotential"]) < 0) and np.all(profiles["positive overpotential"] < 0)
