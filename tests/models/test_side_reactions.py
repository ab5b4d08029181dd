"""The equations of cells with side reactions: what must hold in any of their states."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import cellsim as cs
from cellsim.cells.metal import HalfCellDesign
from cellsim.constants import F
from cellsim.discretisation import local
from cellsim.discretisation.jacobian import product
from cellsim.discretisation.layout import State
from cellsim.electrode.side_reactions import IrreversiblePlating, SEIFilm, SolventLimitedSEI, SolventReductionSEI

T = 298.15
MESH = cs.Mesh(4, 3, 5, 5)
CONDUCTING = SEIFilm(L0=6e-9, V_bar=9.585e-5)


def on_both_sides():
    """A blend whose walls plate and grow a film that resists, against an electrode that grows one that does not."""
    cell = cs.load_cell("Chen2020_composite")
    aged = cs.load_cell("OKane2022_ageing").negative.side_reactions
    cell = cs.replace(cell, "negative.side_reactions", aged)
    growth = SolventReductionSEI(CONDUCTING, k=1e-13, D_sol=1e-20, c_sol=4000.0)
    return cs.replace(cell, "positive.side_reactions", (growth,))


def with_two_films():
    """A film of constant resistance, beneath which lithium plates for good."""
    cell = cs.replace(cs.load_cell("Chen2020"), "negative.particle.R_film", jnp.asarray(5e-3))
    return cs.replace(cell, "negative.side_reactions", (IrreversiblePlating(k=1e-10),))


def half_cell():
    """The negative electrode of an ageing cell against lithium."""
    full = cs.load_cell("OKane2022_ageing")
    parts = dict(separator=full.separator, working=full.negative, electrolyte=full.electrolyte)
    lithium = cs.Metal(cs.Deposition(20.0))
    return HalfCellDesign(lithium, **parts, area=1e-4, c0=1000.0, V_min=0.1, V_max=1.2, capacity=5e-3, name="graphite")


CASES = {
    "OKane2022": (lambda: cs.DFN(cs.load_cell("OKane2022_ageing"), MESH), 3),
    "both sides of a blend": (lambda: cs.DFN(on_both_sides(), MESH), 3),
    "two films": (lambda: cs.DFN(with_two_films(), MESH), 1),
    "half cell": (lambda: cs.HalfCell(half_cell(), MESH), 3),
}


@eqx.filter_jit
def rest_of(model):
    return model.at_rest(model.discretised(T), jnp.asarray(0.5))


@eqx.filter_jit
def seen(model, y, I, direction):
    """All that is looked at, in one program."""
    system, layout, I = model.discretised(T), model.layout, jnp.asarray(I)
    rate, slope = jax.jvp(lambda y: system.rate(y, I), (y,), (direction,))
    return dict(
        rate=rate,
        V=system.terminal_voltage(y, I),
        profiles=system.profiles(y, I),
        losses=system.losses(y, I),
        gained=jax.jvp(lambda now: system.inventory(now, y), (y,), (rate,))[1],
        at=system.coordinates(),
        slope=slope,
        product=product(local.jacobian(system.laws(I), y, layout), direction, layout),
    )


def disturbed(rest, rng):
    """A state near the potential of lithium in which something is plated everywhere."""
    y = jax.tree.map(lambda x: x * (1 + 0.03 * rng.uniform(-1, 1, x.shape)), rest)
    line = y.line.at[2:].add(jnp.asarray(rng.uniform(0.2, 1.0, y.line[2:].shape)))
    return State(line.at[1].add(-0.05), y.fibre)


@pytest.fixture(scope="module", params=CASES)
def case(request):
    make, unknowns = CASES[request.param]
    model, rng = make(), np.random.default_rng(5)
    y = disturbed(rest_of(model), rng)
    I = 0.3 * float(model.cell.capacity)
    return model, unknowns, I, seen(model, y, I, jax.tree.map(lambda x: jnp.asarray(rng.normal(size=x.shape)), y))


def test_there_is_an_unknown_a_place_for_everything_that_is_left_there(case):
    model, unknowns, _, out = case
    assert model.layout.fields == 2 + unknowns == out["rate"].line.shape[0]
    assert model.discretised(T).layout == model.layout


def test_every_field_that_is_promised_is_there_and_the_voltage_is_the_sum_of_its_losses(case):
    model, _, _, out = case
    assert set(out["profiles"]) == set(model.fields) and set(out["losses"]) == set(model.losses)
    for name, about in model.fields.items():
        assert out["profiles"][name].shape == tuple(out["at"][dim].size for dim in about.dims), name
    assert sum(map(float, out["losses"].values())) == pytest.approx(float(out["V"]), abs=1e-9)


def test_lithium_is_in_the_solution_the_particles_or_what_side_reactions_left(case):
    model, _, I, out = case
    gained = out["gained"]
    signs = {"positive": 1.0} if isinstance(model, cs.HalfCell) else {"negative": -1.0, "positive": 1.0}
    for side, sign in signs.items():
        left = [float(x) for name, x in gained.side.items() if name.startswith(side)]
        assert all(left)
        solid, layer = (float(getattr(gained, f"{what}_{side}")) for what in ("solid", "layer"))
        assert F * (solid + sum(left)) - layer == pytest.approx(sign * I, rel=1e-9)
    assert abs(float(gained.salt)) < 1e-12 * I / F


def test_the_jacobian_from_laws_is_that_of_directional_derivatives(case):
    out = case[-1]
    for one, other in zip(jax.tree.leaves(out["product"]), jax.tree.leaves(out["slope"]), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-11 * float(jnp.max(jnp.abs(other))))


def test_without_current_a_film_without_resistance_takes_its_charge_from_the_double_layer():
    """A film that conducts changes no voltage, and a cell without one has no unknown more."""
    plain = cs.DFN(cs.load_cell("OKane2022"), MESH)
    assert plain.layout.fields == 2
    growing = SolventLimitedSEI(CONDUCTING, D_sol=2.5e-22, c_sol=2636.0)
    model = cs.DFN(cs.replace(plain.cell, "negative.side_reactions", (growing,)), MESH)
    assert model.layout.fields == 3
    rest = rest_of(model)
    out = seen(model, rest, 0.0, rest)
    j = -F * 2.5e-22 * 2636 / 6e-9
    np.testing.assert_allclose(out["profiles"]["negative SEI thickness"], 6e-9, rtol=1e-12)
    np.testing.assert_allclose(out["profiles"]["negative SEI current density"], j, rtol=1e-12)
    negative = model.cell.negative
    area = float(model.cell.area * negative.L * negative.a)
    assert float(out["gained"].layer_negative) == pytest.approx(-j * area, rel=1e-6)
    assert float(out["gained"].side["negative SEI"]) == pytest.approx(-j * area / F, rel=1e-9)


def test_a_model_of_one_particle_says_whether_it_knows_them():
    with pytest.raises(ValueError, match="knows no side reactions, but the negative electrode of OKane2022_ageing"):
        cs.SPM(cs.load_cell("OKane2022_ageing"), MESH)
