"""The equations of a cell with several materials on an electrode."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import cellsim
from cellsim.cells.design import Blend
from cellsim.cells.sizes import in_sizes
from cellsim.discretisation import local
from cellsim.discretisation.curvature import contracted
from cellsim.discretisation.jacobian import product
from cellsim.models import observables
from cellsim.parameters import get

F = cellsim.constants.F
MESH = cellsim.Mesh(4, 3, 5, 5)


def disturbed(y, seed=1):
    rng = np.random.default_rng(seed)
    return jax.tree.map(lambda x: x * (1 + 0.1 * rng.uniform(-1, 1, x.shape)), y)


@eqx.filter_jit
def rest_of(model):
    return model.at_rest(model.discretised(model.cell.T_ref), jnp.asarray(0.5))


@eqx.filter_jit
def seen(model, y, rest, I):
    system = model.discretised(model.cell.T_ref)
    rate = system.rate(y, jnp.asarray(I))
    return dict(
        rate=rate,
        V=system.terminal_voltage(y, jnp.asarray(I)),
        profiles=system.profiles(y, jnp.asarray(I)),
        losses=system.losses(y, jnp.asarray(I)),
        inventory=system.inventory(y, rest),
        inventory_rate=jax.jvp(lambda y: system.inventory(y, rest), (y,), (rate,))[1],
    )


@pytest.fixture(scope="module")
def composite():
    """The cell with graphite and silicon, at rest and disturbed."""
    model = cellsim.DFN(cellsim.load_cell("Chen2020_composite"), MESH)
    rest = rest_of(model)
    return model, rest, disturbed(rest)


def test_without_current_a_cell_at_rest_stays_as_it_is(composite):
    model, rest, _ = composite
    for rate in jax.tree.leaves(seen(model, rest, rest, 0.0)["rate"]):
        assert np.max(np.abs(rate)) < 1e-8


@pytest.mark.parametrize("I", [3.0, -1.5])
def test_all_materials_together_take_up_the_charge_that_passes_and_no_lithium_is_lost(composite, I):
    model, rest, y = composite
    rate = seen(model, y, rest, I)["inventory_rate"]
    moved = max(abs(F * float(rate.solid_negative)), abs(float(rate.layer_negative)), abs(I))
    assert abs(-F * float(rate.solid_negative) + float(rate.layer_negative) - I) < 1e-11 * moved
    assert abs(float(rate.salt)) < 1e-11 * abs(I) / F


@pytest.mark.parametrize("I", [0.0, 3.0, -1.5])
def test_the_voltage_is_the_sum_of_its_losses(composite, I):
    model, rest, y = composite
    out = seen(model, y, rest, I)
    assert sum(map(float, out["losses"].values())) == pytest.approx(float(out["V"]), abs=1e-12)


def test_at_rest_only_the_open_circuit_is_left_of_the_voltage(composite):
    model, rest, _ = composite
    for name, value in seen(model, rest, rest, 0.0)["losses"].items():
        if name != "open circuit":
            assert abs(float(value)) < 1e-9, name


def test_every_field_that_is_promised_is_there_with_its_dimensions(composite):
    model, rest, y = composite
    found = seen(model, y, rest, 2.0)["profiles"]
    assert set(found) == set(model.fields)
    assert "negative silicon particle lithiation" in found and "negative particle lithiation" not in found
    along = jax.jit(lambda: model.discretised(model.cell.T_ref).coordinates())()
    assert set(along) == set(model.axes)
    for name, about in model.fields.items():
        assert found[name].shape == tuple(along[dim].size for dim in about.dims), name


def test_the_electrode_tells_the_means_over_its_materials(composite):
    model, rest, y = composite
    found = seen(model, y, rest, 2.0)["profiles"]
    negative = model.cell.negative
    graphite, silicon = negative.materials
    walls = np.array([float(each.a / negative.a) for each in negative.materials])
    room = np.array([float(each.eps_s * each.c_max) for each in negative.materials])
    room = room / room.sum()
    for what, weights in (
        ("interfacial current density", walls),
        ("overpotential", walls),
        ("surface lithiation", room),
        ("mean lithiation", room),
    ):
        parts = np.stack([found[f"negative {each.name} {what}"] for each in (graphite, silicon)])
        np.testing.assert_allclose(found[f"negative {what}"], weights @ parts, rtol=1e-12)
    drop = found["negative electrode potential"] - found["electrolyte potential"][:4]
    for each in (graphite, silicon):  # every material is at the same potential, with its own overpotential
        U = each.equilibrium(found[f"negative {each.name} surface lithiation"], model.cell.T_ref)
        np.testing.assert_allclose(found[f"negative {each.name} overpotential"], drop - U, atol=1e-12)


def test_the_jacobian_from_laws_is_that_of_directional_derivatives(composite):
    model, rest, y = composite
    system, layout = model.discretised(model.cell.T_ref), model.layout
    assert layout.host == (0, 1, 2, 3, 0, 1, 2, 3, 7, 8, 9, 10, 11)
    I = jnp.asarray(2.0)

    @jax.jit
    def both(direction):
        jac = local.jacobian(system.laws(I), y, layout)
        return product(jac, direction, layout), jax.jvp(lambda y: system.rate(y, I), (y,), (direction,))[1]

    for seed in range(3):
        rng = np.random.default_rng(seed)
        found, expected = both(jax.tree.map(lambda x, rng=rng: jnp.asarray(rng.normal(size=x.shape)), y))
        for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-11 * float(jnp.max(jnp.abs(other))))


def test_the_change_of_the_jacobian_in_the_numbers_of_each_material_is_that_of_its_products(composite):
    """What the derivative of a run in reverse mode rests on."""
    model, rest, y = composite
    paths = ("negative.particle.materials.0.eps_s", "negative.particle.materials.1.R_p", "positive.particle.R_p")
    rng = np.random.default_rng(2)
    some = lambda: jax.tree.map(lambda x: jnp.asarray(rng.normal(size=(2, *x.shape))), y)
    mus, ks, layout = some(), some(), model.layout

    def laws(x):
        cell = model.cell
        for path, factor in zip(paths, x, strict=True):
            cell = cellsim.replace(cell, path, get(cell, path) * factor)
        return cellsim.DFN(cell, MESH).discretised(cell.T_ref).laws(jnp.asarray(2.0))

    def by_products(x):
        jac = local.jacobian(laws(x), y, layout)
        jk = jax.vmap(lambda k: product(jac, k, layout))(ks)
        return jnp.sum(mus.line * jk.line) + jnp.sum(mus.fibre * jk.fibre)

    at = jnp.ones(len(paths))
    found = jax.jit(jax.grad(lambda x: contracted(laws(x), y, mus, ks, layout)))(at)
    np.testing.assert_allclose(found, jax.jit(jax.grad(by_products))(at), rtol=1e-9)


# ---- limits


def in_halves(particle):
    """The same material twice, each with a share of it."""
    part = lambda share, name: dataclasses.replace(particle, eps_s=particle.eps_s * share, name=name)
    return Blend((part(0.3, "one"), part(0.7, "other")))


@pytest.mark.parametrize("side", ["negative", "positive"])
@pytest.mark.parametrize("split", [in_halves, lambda particle: in_sizes(particle, [particle.R_p], [1.0])])
def test_like_materials_are_one_and_one_size_is_the_plain_electrode(side, split):
    cell = cellsim.load_cell("Chen2020")
    electrode = getattr(cell, side)
    blended = dataclasses.replace(cell, **{side: dataclasses.replace(electrode, particle=split(electrode.particle))})
    plain, several = cellsim.DFN(cell, MESH), cellsim.DFN(blended, MESH)
    y = disturbed(rest_of(plain))
    n = MESH.negative
    parts = [y.fibre[:, :n], y.fibre[:, n:]]
    count = len(getattr(blended, side).materials)
    parts = parts[:1] * count + parts[1:] if side == "negative" else parts[:1] + parts[1:] * count
    y_several = eqx.tree_at(lambda y: y.fibre, y, jnp.concatenate(parts, axis=1))
    np.testing.assert_allclose(rest_of(several).line, rest_of(plain).line, rtol=1e-9)
    expected, found = seen(plain, y, y, 2.0), seen(several, y_several, y_several, 2.0)
    np.testing.assert_allclose(found["rate"].line, expected["rate"].line, rtol=1e-9, atol=1e-9)
    each = np.asarray(found["rate"].fibre)
    own = each[:, :n] if side == "negative" else each[:, -MESH.positive :]
    plain_rate = np.asarray(expected["rate"].fibre)
    np.testing.assert_allclose(
        own, plain_rate[:, :n] if side == "negative" else plain_rate[:, n:], rtol=1e-9, atol=1e-12
    )
    assert float(found["V"]) == pytest.approx(float(expected["V"]), abs=1e-12)
    for name in observables.LOSSES:
        assert float(found["losses"][name]) == pytest.approx(float(expected["losses"][name]), abs=1e-9), name
    for one, other in zip(jax.tree.leaves(found["inventory"]), jax.tree.leaves(expected["inventory"]), strict=True):
        assert float(one) == pytest.approx(float(other), rel=1e-12, abs=1e-18)


def test_a_model_of_one_particle_for_each_electrode_refuses_a_blend():
    cell = cellsim.load_cell("Chen2020_composite")
    for model in (cellsim.SPM, cellsim.SPMe):
        with pytest.raises(
            ValueError, match="the negative electrode of Chen2020_composite is a blend of graphite, silicon"
        ):
            model(cell)
