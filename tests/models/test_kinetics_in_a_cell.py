"""Every law of charge transfer, and a film, in the particles of a cell."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import cellsim
from cellsim.discretisation import local
from cellsim.discretisation.curvature import contracted
from cellsim.discretisation.jacobian import product
from cellsim.electrode.kinetics import AsymmetricButlerVolmer, LinearKinetics, MarcusHushChidsey

MESH = cellsim.Mesh(4, 3, 5, 5)
R_FILM = 0.01  # Ohm m2
LAWS = {
    "asymmetric Butler-Volmer": lambda k: AsymmetricButlerVolmer(k=k, alpha=0.4),
    "Marcus-Hush-Chidsey": lambda k: MarcusHushChidsey(k=k, E_reorganisation=3e4),
    "linear": lambda k: LinearKinetics(k=k),
    "Butler-Volmer under a film": None,
}


def with_law(cell, name):
    """The LG M50 with a law on both electrodes, or a film on both."""
    for side in ("negative", "positive"):
        particle = getattr(cell, side).particle
        if LAWS[name] is None:
            particle = dataclasses.replace(particle, R_film=R_FILM)
        else:
            particle = dataclasses.replace(particle, kinetics=LAWS[name](particle.kinetics.k))
        cell = cellsim.replace(cell, f"{side}.particle", particle)
    return cell


@pytest.fixture(scope="module", params=LAWS)
def case(request):
    """A model, its rest, and a disturbed state."""
    model = cellsim.DFN(with_law(cellsim.load_cell("Chen2020"), request.param), MESH)
    rest = rest_of(model)
    rng = np.random.default_rng(1)
    return model, rest, jax.tree.map(lambda x: x * (1 + 0.1 * rng.uniform(-1, 1, x.shape)), rest)


@eqx.filter_jit
def rest_of(model):
    return model.at_rest(model.discretised(model.cell.T_ref), jnp.asarray(0.5))


@eqx.filter_jit
def seen(model, y, I):
    system = model.discretised(model.cell.T_ref)
    I = jnp.asarray(I)
    return dict(rate=system.rate(y, I), V=system.terminal_voltage(y, I), losses=system.losses(y, I))


def test_a_cell_at_rest_stays_as_it_is(case):
    model, rest, _ = case
    for rate in jax.tree.leaves(seen(model, rest, 0.0)["rate"]):
        assert np.max(np.abs(rate)) < 1e-9


def test_the_jacobian_from_laws_is_that_of_directional_derivatives(case):
    model, rest, y = case
    system, layout, I = model.discretised(model.cell.T_ref), model.layout, jnp.asarray(2.0)

    @jax.jit
    def both(direction):
        jac = local.jacobian(system.laws(I), y, layout)
        return product(jac, direction, layout), jax.jvp(lambda y: system.rate(y, I), (y,), (direction,))[1]

    rng = np.random.default_rng(3)
    found, expected = both(jax.tree.map(lambda x: jnp.asarray(rng.normal(size=x.shape)), y))
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-10 * float(jnp.max(jnp.abs(other))))


@pytest.mark.parametrize("name", LAWS)
def test_the_reaction_of_one_particle_is_the_inverse_of_its_law(name):
    model = cellsim.SPM(with_law(cellsim.load_cell("Chen2020"), name), MESH)
    rest, cell, T = rest_of(model), model.cell, model.cell.T_ref
    losses = seen(model, rest, 5.0)["losses"]
    for side, sign, k in (("negative", 1, 0), ("positive", -1, 1)):
        electrode = getattr(cell, side)
        j = sign * 5.0 / float(cell.area * electrode.a * electrode.L)
        eta = -sign * float(losses[f"{side} reaction"])
        assert eta * j > 0
        assert float(electrode.particle.j(cell.c0, rest.fibre[-1, k], eta, T)) == pytest.approx(j, rel=1e-9)


def test_a_film_adds_its_ohmic_drop_and_none_without_resistance_changes_nothing():
    plain = cellsim.load_cell("Chen2020")
    model = cellsim.SPM(plain, MESH)
    rest = rest_of(model)
    V = {
        R: float(
            seen(cellsim.SPM(cellsim.replace(plain, "negative.particle.R_film", np.float64(R)), MESH), rest, 5.0)["V"]
        )
        for R in (0.0, R_FILM)
    }
    assert V[0.0] == pytest.approx(float(seen(model, rest, 5.0)["V"]), abs=1e-14)
    j = 5.0 / float(plain.area * plain.negative.a * plain.negative.L)
    assert V[0.0] - V[R_FILM] == pytest.approx(R_FILM * j, rel=1e-10)
    full = cellsim.DFN(plain, MESH)
    y = rest_of(full)
    y = eqx.tree_at(lambda y: y.line, y, y.line * 1.02)
    bare = cellsim.DFN(cellsim.replace(plain, "negative.particle.R_film", np.float64(0.0)), MESH)
    for one, other in zip(
        jax.tree.leaves(seen(bare, y, 2.0)["rate"]), jax.tree.leaves(seen(full, y, 2.0)["rate"]), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


def test_rates_and_their_jacobian_have_the_derivatives_in_a_film_and_in_the_asymmetry_that_a_run_needs():
    """First and second derivatives pass through the local search for the overpotential under the film."""
    cell = cellsim.load_cell("Chen2020")
    law = AsymmetricButlerVolmer(k=3e-5, alpha=0.4)
    negative = dataclasses.replace(cell.negative.particle, kinetics=law, R_film=R_FILM)
    cell = cellsim.replace(cell, "negative.particle", negative)
    y = rest_of(cellsim.DFN(cell, MESH))
    rng = np.random.default_rng(2)
    y = jax.tree.map(lambda x: x * (1 + 0.05 * rng.uniform(-1, 1, x.shape)), y)
    some = lambda: jax.tree.map(lambda x: jnp.asarray(rng.normal(size=(2, *x.shape))), y)
    mus, ks = some(), some()

    def system(x):
        changed = cellsim.replace(cell, "negative.particle.R_film", R_FILM * x[0])
        changed = cellsim.replace(changed, "negative.particle.kinetics.alpha", 0.4 * x[1])
        return cellsim.DFN(changed, MESH).discretised(cell.T_ref)

    inner = lambda mu, k: sum(jnp.sum(a * b) for a, b in zip(jax.tree.leaves(mu), jax.tree.leaves(k), strict=True))

    def by_products(x):
        laws, layout = system(x).laws(jnp.asarray(2.0)), system(x).layout
        jac = local.jacobian(laws, y, layout)
        return inner(mus, jax.vmap(lambda k: product(jac, k, layout))(ks))

    at = jnp.ones(2)
    laws = lambda x: system(x).laws(jnp.asarray(2.0))
    by_hand = jax.jit(jax.grad(lambda x: contracted(laws(x), y, mus, ks, system(x).layout)))(at)
    np.testing.assert_allclose(by_hand, jax.jit(jax.grad(by_products))(at), rtol=1e-8)
    first = jax.tree.map(lambda mu: mu[0], mus)
    for value in (by_products, lambda x: inner(first, system(x).rate(y, jnp.asarray(2.0)))):
        run, slope, h = jax.jit(value), jax.jit(jax.grad(value))(at), 1e-3
        for k, e in enumerate(np.eye(2)):
            near, far = (float(run(at + s * h * e) - run(at - s * h * e)) / (2 * s * h) for s in (1, 2))
            assert float(slope[k]) == pytest.approx((4 * near - far) / 3, rel=1e-6)
