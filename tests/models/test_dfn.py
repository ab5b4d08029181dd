"""The equations of a full cell in states far from any that a run reaches: identities that hold in all of them."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import cellsim
from cellsim.cells.balance import at_soc, open_circuit_voltage
from cellsim.models import observables

CASES = {
    "Chen2020": ("Chen2020", None, 0.0),
    "Marquis2019, graded": ("Marquis2019", None, 0.8),
    "Chen2020, t_plus(c)": ("Chen2020", "landesfeind2019_ec_emc", 0.0),
}
MESH = cellsim.Mesh(7, 4, 6, 5)


def seen(model, y, rest, I):
    """Everything that is read off a state."""
    return _seen(model, y, rest, jnp.asarray(I))


@eqx.filter_jit
def _seen(model, y, rest, I):
    system = model.discretised(model.cell.T_ref)
    return dict(
        rate=system.rate(y, I),
        V=system.terminal_voltage(y, I),
        faces=system.solution_phase(y, I / model.cell.area),
        profiles=observables.profiles(system, y, I),
        losses=observables.losses(system, y, I),
        inventory=observables.inventory(system, y, rest),
        inventory_rate=jax.jvp(lambda y: observables.inventory(system, y, rest), (y,), (system.rate(y, I),))[1],
        system=system,
    )


@pytest.fixture(scope="module", params=CASES)
def case(request):
    """A model, its state at rest, and a disturbed one."""
    name, electrolyte, grading = CASES[request.param]
    cell = cellsim.load_cell(name)
    if electrolyte:
        cell = cellsim.replace(cell, "electrolyte", cellsim.load_electrolyte(electrolyte))
    model = cellsim.DFN(cellsim.replace(cell, "R_contact", 0.003), MESH._replace(grading=grading))
    rest = model.discretised(cell.T_ref).at_rest(at_soc(model.cell, jnp.asarray(0.5), cell.T_ref))
    rng = np.random.default_rng(1)
    disturbed = jax.tree.map(lambda x: x * (1 + 0.1 * rng.uniform(-1, 1, x.shape)), rest)
    return model, rest, disturbed


def area(model):
    return float(model.cell.area)


def test_without_current_a_cell_at_rest_stays_as_it_is(case):
    model, rest, _ = case
    out = seen(model, rest, rest, 0.0)
    for rate in jax.tree.leaves(out["rate"]):
        assert np.max(np.abs(rate)) < 1e-9  # 1/s; rounding of the equilibrium potential over the layer's capacity
    theta = at_soc(model.cell, jnp.asarray(0.5), model.cell.T_ref)
    assert float(out["V"]) == pytest.approx(float(open_circuit_voltage(model.cell, theta, model.cell.T_ref)), abs=1e-13)


def test_the_voltage_is_a_straight_line_in_the_current(case):
    model, rest, y = case
    V = {I: float(seen(model, y, rest, I)["V"]) for I in (-4.0, 0.0, 1.0, 9.0)}
    slope = V[1.0] - V[0.0]
    assert slope < -0.003, "every resistance lowers the voltage of a discharge"
    for I in (-4.0, 9.0):
        assert V[I] == pytest.approx(V[0.0] + slope * I, abs=1e-12)


@pytest.mark.parametrize("I", [0.0, 3.0, -1.5])
def test_the_voltage_is_the_sum_of_its_losses(case, I):
    model, rest, y = case
    out = seen(model, y, rest, I)
    assert set(out["losses"]) == set(observables.LOSSES)
    assert sum(map(float, out["losses"].values())) == pytest.approx(float(out["V"]), abs=1e-12)
    profile = out["profiles"]
    ends = profile["positive electrode potential"][-1] - profile["negative electrode potential"][0]
    assert float(out["V"]) == pytest.approx(float(ends) - I * 0.003, abs=0.05 + 0.01 * abs(I))


def test_at_rest_only_the_open_circuit_is_left_of_the_voltage(case):
    model, rest, _ = case
    losses = seen(model, rest, rest, 0.0)["losses"]
    for name, value in losses.items():
        if name != "open circuit":
            assert abs(float(value)) < 1e-12, name


@pytest.mark.parametrize("I", [0.0, 3.0, -1.5])
def test_ions_and_electrons_together_carry_the_current_through_every_face(case, I):
    """Potentials and currents from a dense solution of Ohm's laws and of the sum of both currents."""
    model, rest, y = case
    out = seen(model, y, rest, I)
    n, q, N = MESH.negative, MESH.separator, MESH.negative + MESH.separator + MESH.positive
    i = I / area(model)
    R_e, diffusion = np.asarray(out["faces"].R_e), np.asarray(out["faces"].diffusion_potential)
    R_s, w = np.asarray(out["system"].solid_resistance), np.asarray(y.line[1])
    solid = [*range(n), *range(n + q, N)]
    row_of = {cell: N + k for k, cell in enumerate(solid)}
    size = N + len(solid)
    M, b = np.zeros((size, size)), np.zeros(size)
    row = 0
    for cell in solid:  # phi_s - phi_e = w
        M[row, row_of[cell]], M[row, cell], b[row] = 1, -1, w[cell]
        row += 1
    # Beside the separator the current of the walls is spread over the half cell: what it adds to the drop is given.
    faces = out["faces"]
    added = np.asarray(faces.ohmic_drop) - R_e * np.asarray(faces.i_e)
    beside = {n - 1, n + q - 1}
    assert all(bool(added[face] != 0) == (face in beside) for face in range(N - 1))
    diffusion = diffusion - added
    for face in range(N - 1):  # i_e + i_s = i
        M[row, face], M[row, face + 1], b[row] = 1 / R_e[face], -1 / R_e[face], i - diffusion[face] / R_e[face]
        if face in row_of and face + 1 in row_of:
            conductance = 1 / (R_s[face] + R_s[face + 1])
            M[row, row_of[face]] += conductance
            M[row, row_of[face + 1]] -= conductance
        row += 1
    M[row, 0], b[row] = 1, out["profiles"]["electrolyte potential"][0]  # potentials are known up to a constant
    potentials = np.linalg.solve(M, b)
    i_e = (potentials[: N - 1] - potentials[1:N] + diffusion) / R_e
    scale = max(abs(i), np.max(np.abs(i_e)))
    profiles = {key: np.asarray(value) for key, value in out["profiles"].items()}
    assert np.max(np.abs(i_e - np.asarray(out["faces"].i_e))) < 1e-9 * scale
    np.testing.assert_allclose(profiles["electrolyte potential"], potentials[:N], atol=1e-11)
    found = np.concatenate([profiles["negative electrode potential"], profiles["positive electrode potential"]])
    np.testing.assert_allclose(found, potentials[N:], atol=1e-11)
    assert profiles["ionic current density"][0] == profiles["ionic current density"][-1] == 0
    np.testing.assert_allclose(profiles["ionic current density"][n : n + q + 1], i, atol=1e-12 * scale)


@pytest.mark.parametrize("I", [3.0, -1.5])
def test_every_electrode_takes_up_the_charge_that_passes_and_no_lithium_is_lost(case, I):
    model, rest, y = case
    rate = seen(model, y, rest, I)["inventory_rate"]
    F = cellsim.constants.F
    moved = max(abs(F * float(rate.solid_negative)), abs(float(rate.layer_negative)), abs(I))
    assert abs(-F * float(rate.solid_negative) + float(rate.layer_negative) - I) < 1e-11 * moved
    moved = max(abs(F * float(rate.solid_positive)), abs(float(rate.layer_positive)), abs(I))
    assert abs(-F * float(rate.solid_positive) + float(rate.layer_positive) + I) < 1e-11 * moved
    salt_turnover = abs(I) / F
    assert abs(float(rate.salt)) < 1e-11 * salt_turnover


def test_the_potential_of_the_electrolyte_falls_along_the_current_where_the_salt_is_even(case):
    model, rest, _ = case
    profile = np.asarray(seen(model, rest, rest, 2.0)["profiles"]["electrolyte potential"])
    assert np.all(np.diff(profile) < 0)


def test_unknowns_and_layout_agree(case):
    model, rest, _ = case
    layout = model.layout
    assert rest.line.shape == (layout.fields, layout.nodes)
    assert rest.fibre.shape == (layout.depth, len(layout.host))


@pytest.mark.parametrize("which", ["line", "fibre"])
def test_the_rate_couples_only_what_the_layout_says(case, which):
    """Outside the structure that the layout promises, the dense Jacobian is zero: the elimination loses nothing."""
    model, rest, y = case
    system, layout = model.discretised(model.cell.T_ref), model.layout
    J = jax.jit(jax.jacfwd(lambda y: system.rate(y, jnp.asarray(2.0))))(y)
    if which == "line":
        block = np.asarray(J.line.line)  # row field, row node, column field, column node
        apart = np.abs(np.arange(layout.nodes)[:, None] - np.arange(layout.nodes)[None, :]) > 1
        assert np.all(block.transpose(1, 3, 0, 2)[apart] == 0)
        assert np.all(np.asarray(J.line.fibre)[:, :, :-1] == 0), "only the tip of a fibre acts on the line"
    else:
        depth = np.arange(layout.depth)
        block = np.asarray(J.fibre.fibre)  # row depth, row fibre, column depth, column fibre
        apart = np.abs(depth[:, None] - depth[None, :]) > 1
        assert np.all(block.transpose(0, 2, 1, 3)[apart] == 0)
        other = ~np.eye(len(layout.host), dtype=bool)
        assert np.all(block.transpose(1, 3, 0, 2)[other] == 0), "fibres act on each other through the line alone"
        assert np.all(np.asarray(J.fibre.line)[:-1] == 0)
