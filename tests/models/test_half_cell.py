"""The equations of a half cell: what must hold in any of its states."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import cellsim as cs
from cellsim.cells.metal import HalfCellDesign, cut_offs_are_met, lithiation_at_soc
from cellsim.discretisation import local
from cellsim.discretisation.jacobian import product
from cellsim.discretisation.layout import State

T = 298.15
MESH = cs.Mesh(separator=3, positive=4, radial=5)


def graphite_half_cell():
    """The negative electrode of the LG M50 against lithium."""
    full = cs.load_cell("Chen2020")
    parts = dict(separator=full.separator, working=full.negative, electrolyte=full.electrolyte)
    lithium = cs.Metal(cs.Deposition(20.0), R_film=1e-3)
    return HalfCellDesign(lithium, **parts, area=1e-4, c0=1000.0, V_min=0.1, V_max=1.2, capacity=5e-3, name="graphite")


@pytest.fixture(scope="module", params=["Xu2019", "graphite"])
def model(request):
    cell = graphite_half_cell() if request.param == "graphite" else cs.load_cell(request.param)
    return cs.HalfCell(cell, MESH)


@pytest.fixture(scope="module")
def disturbed(model):
    """A state far from rest."""
    rng = np.random.default_rng(4)
    rest = model.at_rest(model.discretised(T), 0.5)
    shaken = jax.tree.map(lambda x: x * (1 + 0.03 * rng.uniform(-1, 1, x.shape)), rest)
    return State(shaken.line.at[1, 0].set(0.04), shaken.fibre)


@eqx.filter_jit
def seen(model, y, I):
    system = model.discretised(T)
    rate = system.rate(y, I)
    return dict(
        rate=rate,
        V=system.terminal_voltage(y, I),
        losses=system.losses(y, I),
        profiles=system.profiles(y, I),
        at=system.coordinates(),
        gained=jax.jvp(lambda now: system.inventory(now, y), (y,), (rate,))[1],
    )


def test_a_half_cell_at_rest_stays_there_and_has_its_cut_off_voltages(model):
    for soc, V in ((0.0, model.cell.V_min), (1.0, model.cell.V_max)):
        out = seen(model, model.at_rest(model.discretised(T), soc), jnp.asarray(0.0))
        assert float(out["V"]) == pytest.approx(float(V), abs=1e-9)
        assert max(float(np.max(np.abs(x))) for x in jax.tree.leaves(out["rate"])) < 1e-9  # 1/s


def test_salt_is_conserved_and_the_working_electrode_takes_what_passes(model, disturbed):
    I = 0.3 * float(model.cell.capacity)
    out = seen(model, disturbed, jnp.asarray(I))
    gained, F = out["gained"], cs.constants.F
    assert abs(float(gained.salt)) < 1e-12 * I / F
    taken = F * float(gained.solid_positive) - float(gained.layer_positive)
    assert taken == pytest.approx(I, rel=1e-10)
    # the lithium gives it: its reaction and its double layer
    j = float(out["profiles"]["lithium interfacial current density"][0])
    assert j * float(model.cell.area) + float(gained.layer_negative) == pytest.approx(I, rel=1e-8)
    assert j == pytest.approx(float(model.cell.lithium.j(1000.0 * disturbed.line[0, 0], 0.04, T)), rel=1e-12)


def test_the_losses_make_the_voltage_and_every_field_has_its_axis(model, disturbed):
    out = seen(model, disturbed, jnp.asarray(1e-4))
    assert set(out["losses"]) == set(model.losses) and set(out["profiles"]) == set(model.fields)
    assert sum(map(float, out["losses"].values())) == pytest.approx(float(out["V"]), rel=1e-12)
    assert float(out["losses"]["lithium reaction"]) == pytest.approx(-0.04, rel=1e-9)
    for name, about in model.fields.items():
        assert out["profiles"][name].shape == tuple(out["at"][dim].size for dim in about.dims), name
        assert set(about.dims) <= set(model.axes)
    end = float(model.cell.separator.L + model.cell.working.L)
    assert float(out["at"]["x_face"][-1]) == pytest.approx(end, rel=1e-4)
    assert float(model.regions[-1].end) == pytest.approx(end, rel=1e-12)


def test_the_jacobian_of_the_laws_is_that_of_the_rate(model, disturbed):
    system, I = model.discretised(T), jnp.asarray(1e-4)
    rng = np.random.default_rng(8)
    along = jax.tree.map(lambda x: jnp.asarray(rng.normal(size=x.shape)), disturbed)

    @jax.jit
    def both(y):
        found = product(local.jacobian(system.laws(I), y, system.layout), along, system.layout)
        return found, jax.jvp(lambda y: system.rate(y, I), (y,), (along,))[1]

    found, expected = both(disturbed)
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        assert np.max(np.abs(a - b)) < 1e-11 * np.max(np.abs(b))


def test_the_state_of_charge_follows_the_curve_of_the_working_electrode(model):
    theta = jax.jit(lambda soc: lithiation_at_soc(model.cell, soc, T))
    empty, half, full = (float(theta(jnp.asarray(soc))) for soc in (0.0, 0.5, 1.0))
    assert 0 < full < empty < 1 and half == pytest.approx(0.5 * (empty + full), rel=1e-12)
    assert bool(cut_offs_are_met(model.cell, T))
    held = cs.constants.F * model.cell.area * model.cell.working.L * model.cell.working.particle.eps_s
    usable = float(held * model.cell.working.particle.c_max) / 3600 * (empty - full)
    assert float(model.usable(T)) == pytest.approx(usable, rel=1e-9)
    slope = float(
        jax.jit(jax.grad(lambda V: lithiation_at_soc(cs.replace(model.cell, "V_max", V), 1.0, T)))(model.cell.V_max)
    )
    U = jax.grad(lambda x: model.cell.working.particle.equilibrium(x, jnp.asarray(T)))
    assert slope == pytest.approx(1 / float(U(jnp.asarray(full))), rel=1e-6)


def test_a_cut_off_that_no_lithiation_has_is_refused_with_the_reason():
    model = cs.HalfCell(cs.replace(cs.load_cell("Xu2019"), "V_max", jnp.asarray(5.5)), MESH)
    with pytest.raises(ValueError, match="at no lithiation has the working electrode of Xu2019"):
        cs.simulate(model, "Discharge at 1C")
