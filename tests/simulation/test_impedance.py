"""The impedance of a model is that of its equations, linearised and solved densely."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

import cellsim as cs
from cellsim.electrolyte.mobilities import IndependentIons
from cellsim.simulation.solution import CannotStart

MESH = cs.Mesh(3, 2, 4, 5)
FREQUENCIES = np.array([1e-4, 1e-2, 1.0, 30.0, 1e3, 1e5])


def half_cell():
    full = cs.load_cell("Chen2020")
    parts = dict(separator=full.separator, working=full.negative, electrolyte=full.electrolyte)
    lithium = cs.Metal(cs.Deposition(20.0), R_film=1e-3)
    return cs.HalfCellDesign(lithium, **parts, area=1e-4, c0=1000.0, V_min=0.1, V_max=1.2, capacity=5e-3)


def symmetric(metal):
    layers = (cs.Separator(2e-5, 0.4), cs.Separator(1e-4, 1.0))
    electrolyte = cs.load_electrolyte("landesfeind2019_ec_emc")
    return cs.SymmetricCell(
        cs.SymmetricDesign(metal, layers, metal, electrolyte, area=2e-4, R_contact=3.0), cs.LayerMesh((4,))
    )


def slab(left, right):
    ions = (cs.Ion("K+", 1), cs.Ion("Na+", 1), cs.Ion("Cl-", -1))
    layer = cs.Layer(1e-4, [35.0, 20.0, 55.0])
    return cs.Slab(ions, IndependentIons([1.957e-9, 1.334e-9, 2.032e-9]), (layer,), left, right, mesh=cs.SlabMesh((6,)))


ELECTRODE = cs.Electrode([0.5, 0.5, 0.0])
MODELS = {
    "DFN": lambda: cs.DFN(cs.load_cell("Chen2020"), MESH),
    "DFN of a blend with hysteresis": lambda: cs.DFN(cs.load_cell("Chen2020_composite"), MESH),
    "SPMe": lambda: cs.SPMe(cs.load_cell("Chen2020"), MESH),
    "lumped DFN": lambda: cs.Lumped(cs.DFN(cs.load_cell("Marquis2019"), MESH)),
    "lumped SPM": lambda: cs.Lumped(cs.SPM(cs.load_cell("Chen2020"), MESH)),
    "half cell": lambda: cs.HalfCell(half_cell(), MESH),
    "lithium and lithium": lambda: symmetric(cs.Metal(cs.Deposition(17.6, order=0.3, alpha_a=0.4), R_film=1e-3)),
    "blocking": lambda: symmetric(cs.Metal(cs.Blocking())),
    "slab": lambda: slab(cs.Bath([50.0, 10.0, 60.0]), ELECTRODE),
}


@pytest.fixture(scope="module", params=MODELS)
def model(request):
    return MODELS[request.param]()


@pytest.fixture(scope="module")
def dfn():
    return MODELS["DFN"]()


@jax.jit
def dense_parts(model, y, I):
    """The system's slopes in its unknowns, in the current, and in what charges double layers, all dense."""
    system = model.discretised(model.T_usual)
    flat, unravel = ravel_pytree(y)
    layers = len(system.double_layers(y, I)[1])
    u = jnp.append(I, jnp.zeros(layers))

    def all_of(flat, u):
        charged, y = system.charged(u[1:]), unravel(flat)
        seen = jnp.append(charged.terminal_voltage(y, u[0]), charged.double_layers(y, u[0])[0])
        return ravel_pytree(charged.rate(y, u[0]))[0], seen

    return *jax.jacfwd(all_of, argnums=(0, 1))(flat, u), system.double_layers(y, I)[1]


def dense_impedance(model, y, I, f):
    """All at once: unknowns, and what charges the layers, in one complex matrix."""
    (J, B), (C, D), C_dl = (jax.tree.map(np.asarray, part) for part in dense_parts(model, y, jnp.asarray(I)))
    size, layers, s = len(J), len(C_dl), 2j * np.pi * f
    whole = np.zeros((size + layers, size + layers), complex)
    whole[:size, :size] = s * np.eye(size) - J
    whole[:size, size:] = -B[:, 1:]
    whole[size:, :size] = -s * C_dl[:, None] * C[1:]
    whole[size:, size:] = np.eye(layers) - s * C_dl[:, None] * D[1:, 1:]
    right = np.concatenate([B[:, 0], s * C_dl * D[1:, 0]])
    x = np.linalg.solve(whole, right)
    return -(D[0, 0] + C[0] @ x[:size] + D[0, 1:] @ x[size:])


def test_it_is_that_of_a_dense_complex_solution(model):
    spectrum = cs.impedance(model, FREQUENCIES)
    exact = np.array([dense_impedance(model, spectrum.state, 0.0, f) for f in FREQUENCIES])
    np.testing.assert_allclose(spectrum.Z, exact, rtol=1e-10)


def test_a_cell_takes_up_power_at_every_frequency(model):
    assert np.all(np.asarray(cs.impedance(model, FREQUENCIES).Z).real > 0)


def test_in_a_run_it_is_that_of_the_state_and_the_current_there(lgm50_coarse_1C):
    run, model = lgm50_coarse_1C, lgm50_coarse_1C.model
    spectra = cs.impedance_during(run, [60.0, float(run.t[-1])], FREQUENCIES)
    assert spectra.Z.shape == (2, len(FREQUENCIES))
    y = jax.tree.map(lambda x: x[1], spectra.state)
    exact = np.array([dense_impedance(model, y, 5.0, f) for f in FREQUENCIES])
    np.testing.assert_allclose(spectra.Z[1], exact, rtol=1e-9)
    last = jax.tree.map(lambda x: jnp.asarray(x)[-1], run.states)
    np.testing.assert_allclose(cs.impedance(model, FREQUENCIES, initial=last, I=5.0).Z, exact, rtol=1e-9)
    assert np.max(np.abs(spectra.Z[1] - spectra.Z[0]) / np.abs(exact)) > 0.2


def test_charge_and_energy_that_a_protocol_tallies_are_no_unknowns_of_the_cell(lgm50_coarse_cycles, lgm50_coarse_1C):
    run, model = lgm50_coarse_cycles, lgm50_coarse_cycles.model
    last = jax.tree.map(lambda x: jnp.asarray(x)[-1], run.states)
    assert last.border is not None
    spectrum = cs.impedance(model, FREQUENCIES, initial=last, I=float(run.I[-1]))
    assert spectrum.state.border is None
    np.testing.assert_allclose(spectrum.Z[2], dense_impedance(model, spectrum.state, float(run.I[-1]), 1.0), rtol=1e-10)


# ---- derivatives


PATHS = {
    "DFN": [
        "negative.L",
        "negative.eps",
        "negative.C_dl",
        "negative.particle.kinetics.k",
        "negative.particle.R_p",
        "negative.particle.D_s.value",
        "positive.sigma",
        "positive.particle.c_max",
        "electrolyte.t_plus.value",
        "separator.transport.b",
        "area",
        "c0",
    ],
    "lithium and lithium": ["left.kinetics.j0_ref", "left.C_dl", "right.R_film", "layers.0.L", "c0"],
}


@pytest.mark.parametrize("name", PATHS)
def test_derivatives_in_parameters_are_those_of_finite_differences_forwards_and_in_reverse(name):
    model, paths = MODELS[name](), PATHS[name]
    values = jnp.asarray([float(cs.parameters.get(model.cell, path)) for path in paths])

    def cost(shares):
        cell = model.cell
        for path, share, value in zip(paths, shares, values, strict=True):
            cell = cs.replace(cell, path, share * value)
        Z = cs.impedance(cs.replace(model, "cell", cell), FREQUENCIES).Z
        return jnp.sum(jnp.log(jnp.abs(Z))) + 0.3 * jnp.sum(jnp.angle(Z))

    one, step = jnp.ones(len(paths)), 1e-5
    fast = jax.jit(cost)
    differences = np.array([(fast(one + d) - fast(one - d)) / (2 * step) for d in step * jnp.eye(len(paths))])
    reverse, forward = jax.jit(jax.grad(cost))(one), jax.jit(jax.jacfwd(cost))(one)
    np.testing.assert_allclose(forward, reverse, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(reverse, differences, rtol=1e-5, atol=1e-6)


def test_cells_can_be_mapped_over(dfn):
    of = lambda soc: cs.impedance(dfn, FREQUENCIES, soc=soc).Z
    together = jax.jit(jax.vmap(of))(jnp.asarray([0.2, 0.7]))
    np.testing.assert_allclose(together[1], of(0.7), rtol=1e-11)


def test_residuals_vanish_for_the_truth_and_are_relative(dfn):
    measured = cs.impedance(dfn, FREQUENCIES)
    assert np.all(np.asarray(cs.impedance_residuals(dfn, measured)) == 0)
    off = cs.Spectrum(measured.frequencies, 1.01 * measured.Z)
    residuals = np.asarray(cs.impedance_residuals(dfn, off))
    assert residuals.shape == (2 * len(FREQUENCIES),)
    parts = np.split(residuals, 2)
    np.testing.assert_allclose(np.hypot(*parts), 0.01 / 1.01, rtol=1e-9)
    by_one = np.asarray(cs.impedance_residuals(dfn, off, scale=1e-3))
    np.testing.assert_allclose(by_one[:1], residuals[:1] * np.abs(off.Z[0]) / 1e-3, rtol=1e-9)


# ---- what cannot be asked


@pytest.mark.parametrize("frequencies", [[], [1.0, 0.0], [-1.0], [np.nan], 3.0])
def test_frequencies_must_be_above_zero(dfn, frequencies):
    with pytest.raises(ValueError, match="above zero"):
        cs.impedance(dfn, frequencies)


def test_a_direct_current_needs_a_state_that_it_passes_through(dfn):
    with pytest.raises(ValueError, match="does not pass through a cell at rest"):
        cs.impedance(dfn, FREQUENCIES, I=1.0)


def test_a_state_of_another_mesh_or_many_states_are_refused(dfn):
    other = cs.impedance(cs.DFN(dfn.cell, cs.Mesh(4, 2, 4, 5)), FREQUENCIES).state
    with pytest.raises(ValueError, match="another mesh"):
        cs.impedance(dfn, FREQUENCIES, initial=other)
    with pytest.raises(ValueError, match="unknowns of the whole"):
        cs.impedance(cs.Lumped(dfn), FREQUENCIES, initial=cs.impedance(dfn, FREQUENCIES).state)


def test_a_closed_slab_has_no_impedance():
    with pytest.raises(CannotStart, match=r"there is no impedance: .*closed on the left"):
        cs.impedance(slab(cs.Closed(), cs.Closed()), FREQUENCIES)


# ---- spectra


def test_a_spectrum_knows_modulus_and_phase_and_writes_itself(tmp_path):
    spectrum = cs.Spectrum(jnp.asarray([10.0, 1.0]), jnp.asarray([1.0 - 1.0j, 3.0 - 4.0j]))
    np.testing.assert_allclose(spectrum.modulus, [2**0.5, 5.0])
    np.testing.assert_allclose(spectrum.phase, [-45.0, -np.rad2deg(np.arctan2(4, 3))])
    spectrum.to_csv(tmp_path / "it.csv")
    assert (tmp_path / "it.csv").read_text() == "frequency_Hz,z_real_Ohm,z_imag_Ohm\n1,3,-4\n10,1,-1\n"
    with pytest.raises(ValueError, match="one by one"):
        cs.Spectrum(spectrum.frequencies, jnp.stack([spectrum.Z] * 2)).to_csv(tmp_path / "no.csv")
