"""Whatever is held, the current follows from the state: Jacobian and its change against plain derivatives."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

import cellsim as cs
from cellsim.discretisation.jacobian import product
from cellsim.discretisation.layout import State
from cellsim.protocols import orders
from cellsim.protocols.orders import Beginning
from cellsim.simulation.circuit import Controlled

MESH = cs.Mesh(negative=3, separator=2, positive=3, radial=4)


def relation(t, V, I):
    return V - 3.7 - 0.01 * I - 0.001 * t


STEPS = {
    "current": cs.current(4.0, 60.0),
    "C-rate": cs.discharge(0.7),
    "voltage": cs.hold(3.8, 60.0),
    "power": cs.power(20.0, 60.0),
    "load": cs.resistance(0.5, 60.0),
    "relation": cs.Step(cs.Relation(relation), duration=60.0),
    "profile of power": cs.Step(cs.controls.Power(cs.Profile([0.0, 10.0, 10.0, 30.0], [5.0, 20.0, -5.0, 9.0]))),
}


def circuit_of(step, model):
    shape = orders.shape_of([step])
    setpoint = orders.setpoint(orders.orders_of(step, shape), shape, model.limits, Beginning(0.0, 0.0, 1.0, 5.0))
    return Controlled(model.discretised(jnp.asarray(300.0)), setpoint, jnp.asarray(5.0), model.borders)


def disturbed(model):
    """A state far from rest."""
    system = model.discretised(jnp.asarray(300.0))
    rest = model.at_rest(system, jnp.asarray(0.6))
    rng = np.random.default_rng(3)
    off = lambda x, size: x * (1 + size * rng.normal(size=x.shape))
    own = jnp.zeros(0) if rest.border is None else off(rest.border, 0.02)
    return State(
        jnp.stack([off(rest.line[0], 0.1), off(rest.line[1], 0.002)]),
        off(rest.fibre, 0.01),
        jnp.concatenate([own, jnp.asarray([0.1, 0.4])]),
    )


@pytest.fixture(scope="module")
def models():
    model = cs.DFN(cs.load_cell("Marquis2019"), mesh=MESH)  # has entropic coefficients
    return {"isothermal": model, "lumped": cs.Lumped(model)}


@pytest.mark.parametrize("name", STEPS)
def test_what_is_held_has_its_value(models, name):
    model = models["isothermal"]
    circuit, y = circuit_of(STEPS[name], model), disturbed(model)
    t = jnp.asarray(4.0)
    seen = jax.jit(lambda t, y: circuit.observed(t, y))(t, y)
    V, I = float(seen.V), float(seen.I)
    held = {
        "current": (I, 4.0),
        "C-rate": (I, 0.7 * float(model.limits.capacity)),
        "voltage": (V, 3.8),
        "power": (V * I, 20.0),
        "load": (V / I, 0.5),
        "relation": (relation(4.0, V, I), 0.0),
        "profile of power": (V * I, 11.0),
    }[name]
    assert held[0] == pytest.approx(held[1], rel=1e-11, abs=1e-11)


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("current", "isothermal"),
        ("relation", "isothermal"),
        ("voltage", "lumped"),
        ("load", "lumped"),
        ("profile of power", "lumped"),
    ],
)
def test_the_jacobian_with_its_border_is_the_derivative_of_the_rate(models, name, of):
    model = models[of]
    circuit, y = circuit_of(STEPS[name], model), disturbed(model)
    t = jnp.asarray(4.0)
    flat, unravel = ravel_pytree(y)

    @jax.jit
    def both(flat, t):
        jac, of_t = circuit.jacobian(t, unravel(flat))
        columns = jax.vmap(lambda d: ravel_pytree(product(jac, unravel(d), model.layout))[0])(jnp.eye(flat.size)).T
        rate = lambda flat, t: ravel_pytree(circuit.rate(t, unravel(flat)))[0]
        return columns, of_t, jax.jacfwd(rate)(flat, t), jax.jacfwd(rate, argnums=1)(flat, t)

    columns, of_t, dense, dense_of_t = both(flat, t)
    size = (
        np.max(np.abs(dense), axis=1, keepdims=True) + 1e-8
    )  # what is constant, as the power held, moves by rounding alone
    assert np.max(np.abs(columns - dense) / size) < 1e-10
    if of_t is None:
        assert not circuit.varies and np.all(np.asarray(dense_of_t) == 0)
    else:
        np.testing.assert_allclose(ravel_pytree(of_t)[0], dense_of_t, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("name", "of"), [("voltage", "isothermal"), ("profile of power", "lumped")])
def test_the_change_of_the_jacobian_is_that_of_its_products(models, name, of):
    model = models[of]
    circuit, y = circuit_of(STEPS[name], model), disturbed(model)
    t = jnp.asarray(4.0)
    rng = np.random.default_rng(5)
    several = lambda: jax.tree.map(lambda x: jnp.asarray(rng.normal(size=(3, *x.shape))), y)
    mus, ks = several(), several()
    moving, still = eqx.partition(circuit, eqx.is_inexact_array)

    def by_products(y, moving):
        jac, _ = eqx.combine(moving, still).jacobian(t, y)
        jk = jax.vmap(lambda k: product(jac, k, model.layout))(ks)
        return sum(jax.tree.leaves(jax.tree.map(lambda a, b: jnp.sum(a * b), mus, jk)))

    by_laws = lambda y, moving: eqx.combine(moving, still).contracted(t, y, mus, ks)
    expected, found = (jax.jit(jax.grad(f, argnums=(0, 1)))(y, moving) for f in (by_products, by_laws))
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        size = float(jnp.max(jnp.abs(other))) if other.size else 0.0
        np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-8 * size + 1e-12)


def test_of_two_currents_that_give_a_power_the_smaller_is_meant_and_more_than_the_greatest_ends_the_step(models):
    model = models["isothermal"]
    y = disturbed(model)
    weak, strong = (circuit_of(cs.power(P, 60.0), model) for P in (1e-3, 1e4))
    t = jnp.zeros(())
    assert float(weak.observed(t, y).I) == pytest.approx(1e-3 / float(weak.observed(t, y).V), rel=1e-9)
    assert float(weak.margins(t, y)[-1]) > 0 > float(strong.margins(t, y)[-1])
