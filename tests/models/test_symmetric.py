"""The equations between two metals in states far from any that a run reaches: identities that hold in all of them."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import cellsim as cs
from cellsim.cells.design import Separator
from cellsim.discretisation import local
from cellsim.discretisation.layout import State

T = 298.15
LITHIUM = cs.Metal(cs.Deposition(17.6, order=0.3, alpha_a=0.4), R_film=1e-3)
LAYERS = (Separator(2e-5, 0.4), Separator(1e-4, 1.0), Separator(2e-5, 0.4))


def symmetric(layers=LAYERS, metal=LITHIUM, cells=(4, 5, 4), **design):
    electrolyte = cs.load_electrolyte("landesfeind2019_ec_emc")
    design = cs.SymmetricDesign(metal, layers, metal, electrolyte, area=2e-4, R_contact=3.0, **design)
    return cs.SymmetricCell(design, cs.LayerMesh(cells))


def disturbed(model):
    """An uneven solution and charged double layers."""
    rng = np.random.default_rng(3)
    rest = model.at_rest(model.discretised(T), 1.0)
    w = jnp.zeros(model.layout.nodes).at[jnp.array([0, -1])].set(jnp.array([0.03, -0.11]))
    return State(jnp.stack([rest.line[0] * (1 + 0.2 * rng.uniform(-1, 1, w.shape)), w]), rest.fibre)


def seen(model, y, I):
    return _seen(model, y, jnp.asarray(I))


@eqx.filter_jit
def _seen(model, y, I):
    system = model.discretised(T)
    held = lambda y: system.inventory(y, y).salt
    rate = system.rate(y, I)
    return dict(
        rate=rate,
        V=system.terminal_voltage(y, I),
        losses=system.losses(y, I),
        profiles=system.profiles(y, I),
        at=system.coordinates(),
        gained=jax.jvp(held, (y,), (rate,))[1] / held(y),
        jacobian=local.jacobian(system.laws(I), y, system.layout),
        dense=jax.jacfwd(lambda line: system.rate(State(line, y.fibre), I).line)(y.line),
    )


def test_a_mirrored_cell_at_the_opposite_current_has_the_mirrored_rate_and_the_opposite_voltage():
    model = symmetric()
    y = disturbed(model)
    here, there = seen(model, y, 0.01), seen(model, State(y.line[:, ::-1], y.fibre), -0.01)
    np.testing.assert_allclose(there["rate"].line[:, ::-1], here["rate"].line, rtol=1e-9, atol=1e-9)
    assert float(there["V"]) == pytest.approx(-float(here["V"]), rel=1e-12)


def test_salt_is_conserved_at_any_current_and_enters_with_it():
    model = symmetric()
    for I in (0.0, 0.02, -0.3):
        out = seen(model, disturbed(model), I)
        fastest = float(np.max(np.abs(out["rate"].line[0])))
        assert abs(float(out["gained"])) < 1e-14 * fastest
        flux = np.asarray(out["profiles"]["salt flux"])
        entering = I / float(model.cell.area) / cs.constants.F
        np.testing.assert_allclose([flux[0], flux[-1]], entering, rtol=1e-12, atol=1e-20)


def test_a_cell_at_rest_stays_there():
    model = symmetric()
    out = seen(model, model.at_rest(model.discretised(T), 1.0), 0.0)
    assert np.all(np.asarray(out["rate"].line) == 0) and float(out["V"]) == 0


def test_the_losses_and_the_potentials_make_the_voltage():
    model = symmetric()
    out = seen(model, disturbed(model), 0.05)
    assert set(out["losses"]) == set(model.losses) and set(out["profiles"]) == set(model.fields)
    assert sum(map(float, out["losses"].values())) == pytest.approx(float(out["V"]), rel=1e-12)
    phi, w = (np.asarray(out["profiles"][name]) for name in list(model.fields)[1::3])
    assert phi[-1] + w[1] - 0.05 * 3.0 == pytest.approx(float(out["V"]), rel=1e-12)
    for name, about in model.fields.items():
        assert out["profiles"][name].shape == out["at"][about.dims[0]].shape
    assert float(out["at"]["x"][-1]) == pytest.approx(1.4e-4, rel=1e-12)


def test_the_jacobian_of_the_laws_is_that_of_the_rate():
    model = symmetric()
    out = seen(model, disturbed(model), 0.05)
    dense, n = np.asarray(out["dense"]), model.layout.nodes
    own, scale = np.arange(n), np.max(np.abs(dense), axis=(1, 2, 3))
    for offset, name in ((-1, "line_left"), (0, "line_here"), (1, "line_right")):
        rows = own[(own + offset >= 0) & (own + offset < n)]
        expected = dense[:, rows, :, rows + offset].transpose(1, 2, 0)
        found = np.asarray(getattr(out["jacobian"], name))[:, :, rows]
        assert np.max(np.abs(found - expected) / scale[:, None, None]) < 1e-12


def test_the_steady_resistance_of_layers_is_the_sum_of_their_closed_forms(slabs):
    """Each layer: L/kappa and nu R T (1 - t_plus)^2 chi L/(F^2 D c); each surface: R T/(F j0) and its film."""
    model, I = symmetric(), 1e-8
    y = slabs.steady(model, I)
    e, c0, area = model.cell.electrolyte, 1000.0, 2e-4
    kappa, D, t_plus, chi = (float(getattr(e, name)(c0, T)) for name in ("kappa", "D", "t_plus", "chi"))
    path = sum(float(layer.L / layer.kappa_factor) for layer in LAYERS)
    bulk = path * (1 / kappa + 2 * slabs.VT / cs.constants.F * (1 - t_plus) ** 2 * chi / (D * c0))
    expected = (bulk + 2 * (slabs.VT / 17.6 + 1e-3)) / area + 3.0
    assert -float(seen(model, y, I)["V"]) / I == pytest.approx(expected, rel=1e-6)


def test_what_is_no_symmetric_cell_is_refused_with_the_reason():
    with pytest.raises(ValueError, match="needs a layer of electrolyte"):
        symmetric(layers=())
    with pytest.raises(ValueError, match="cells for 2 layers, the cell has 3"):
        symmetric(cells=(3, 4))
