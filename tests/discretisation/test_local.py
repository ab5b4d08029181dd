"""The Jacobian from the slopes of laws at a point is that of the rate which they make."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cellsim.discretisation import local
from cellsim.discretisation.curvature import contracted
from cellsim.discretisation.jacobian import by_colours, product
from cellsim.discretisation.layout import Layout, State

LAYOUTS = {
    "one fibre on a node": Layout(2, 9, 4, (0, 1, 2, 6, 7, 8)),
    "several fibres on a node": Layout(2, 9, 4, (0, 1, 2, 0, 1, 2, 7, 8, 8)),
    "fibres in any order": Layout(2, 9, 4, (5, 4, 1, 8)),
}


def laws(p, layout):
    """Laws in which everything acts on everything that it may act on; `p` scales them."""

    def exchange(fields, tip):
        u, v = fields
        return (jnp.sin(u * p) * v + jnp.cos(tip), u * v**2 - tip**3)

    def across(left, right):
        (a, b, c, d), (e, f, g, h) = left, right
        return (a * f - jnp.sin(e * b) + c * g**2, p * jnp.exp(0.3 * (e - a)) + d * h - b * f)

    def at(here, outflow):
        (u, v, c, d), (m, n) = here, outflow
        return (u * c - jnp.tanh(m) * v, d * n + p * m**2 - u)

    leaving = lambda exchanges: jnp.tanh(exchanges[0]) + exchanges[1]
    along = lambda inner, outer: (1 + inner**2) * (outer - inner)
    share = None if len(set(layout.host)) == len(layout.host) else p * jnp.linspace(0.3, 1.1, len(layout.host))
    return local.Laws(exchange, across, at, leaving, along, np.array([0.4, 0.3, 0.2, 0.1]), share)


def some(layout, seed, *leading):
    """A state at random, or several."""
    rng = np.random.default_rng(seed)
    shapes = (layout.fields, layout.nodes), (layout.depth, len(layout.host))
    return State(*(jnp.asarray(rng.normal(size=(*leading, *shape))) for shape in shapes))


@pytest.fixture(params=LAYOUTS)
def layout(request):
    return LAYOUTS[request.param]


@pytest.fixture
def y(layout):
    return some(layout, 4)


def test_the_slopes_make_the_jacobian_that_directional_derivatives_find(y, layout):
    found = jax.jit(lambda y: local.jacobian(laws(1.3, layout), y, layout))(y)
    _, push = jax.linearize(lambda y: local.rate(laws(1.3, layout), y, layout), y)
    expected = jax.jit(lambda: by_colours(push, layout))()
    names = [name for name in vars(expected) if name != "border"]
    for name, one, other in zip(names, jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-13, err_msg=name)


def test_no_flux_crosses_the_ends_and_nothing_is_lost_within(y, layout):
    """With rates that are the outflows themselves, the sum over the line vanishes."""
    plain = laws(0.7, layout)._replace(at=lambda here, outflow: outflow)
    rate = local.rate(plain, y, layout)
    assert np.max(np.abs(np.sum(rate.line, axis=1))) < 1e-13
    held = plain._replace(leaving=lambda exchanges: jnp.zeros(len(layout.host)))
    content = plain.volumes @ np.asarray(local.rate(held, y, layout).fibre)
    assert np.max(np.abs(content)) < 1e-14


def test_the_change_of_the_jacobian_between_multipliers_and_directions_is_that_of_its_products(y, layout):
    mus, ks = some(layout, 6, 3), some(layout, 7, 3)

    def by_products(y, p):
        jac = local.jacobian(laws(p, layout), y, layout)
        jk = jax.vmap(lambda k: product(jac, k, layout))(ks)
        return jnp.sum(mus.line * jk.line) + jnp.sum(mus.fibre * jk.fibre)

    found = jax.jit(jax.grad(lambda y, p: contracted(laws(p, layout), y, mus, ks, layout), argnums=(0, 1)))(y, 1.3)
    expected = jax.jit(jax.grad(by_products, argnums=(0, 1)))(y, 1.3)
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-11)


def test_fibres_on_one_node_act_together_as_their_shares_say():
    """Two like fibres of half a share each are one of a whole share."""
    one = Layout(2, 9, 4, (0, 1, 2, 6, 7, 8))
    two = one._replace(host=one.host * 2)
    y = some(one, 4)
    doubled = State(y.line, jnp.concatenate([y.fibre, y.fibre], axis=1))
    halves = laws(1.3, one)._replace(share=jnp.full(12, 0.5))
    alone, together = local.rate(laws(1.3, one), y, one), local.rate(halves, doubled, two)
    np.testing.assert_allclose(together.line, alone.line, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(together.fibre, jnp.concatenate([alone.fibre, alone.fibre], axis=1), rtol=1e-13)


def test_a_line_without_fibres_has_laws_of_its_own():
    layout = Layout(2, 9)

    def across(left, right):
        (a, b), (e, f) = left, right
        return (a * f - jnp.sin(e * b), jnp.exp(0.3 * (e - a)) - b * f, a - e)

    laws = local.on_a_line(
        across, lambda here, out: (here[0] * here[1] - jnp.tanh(out[0]) * here[1], out[1] + out[2] ** 2)
    )
    rng = np.random.default_rng(6)
    y = State(jnp.asarray(rng.normal(size=(2, 9))), jnp.zeros((1, 0)))
    found = jax.jit(lambda y: local.jacobian(laws, y, layout))(y)
    _, push = jax.linearize(lambda y: local.rate(laws, y, layout), y)
    expected = jax.jit(lambda: by_colours(push, layout))()
    names = [name for name in vars(expected) if name != "border"]
    for name, one, other in zip(names, jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-13, err_msg=name)
        assert one.shape == other.shape
    states = lambda: State(jnp.asarray(rng.normal(size=(3, 2, 9))), jnp.zeros((3, 1, 0)))
    mus, ks = states(), states()
    by_products = lambda y: jnp.sum(
        mus.line * jax.vmap(lambda k: product(local.jacobian(laws, y, layout), k, layout).line)(ks)
    )
    change = jax.jit(jax.grad(lambda y: contracted(laws, y, mus, ks, layout)))(y)
    np.testing.assert_allclose(change.line, jax.jit(jax.grad(by_products))(y).line, rtol=1e-11, atol=1e-11)
