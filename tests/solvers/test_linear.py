"""A linear function with a transpose of its own is differentiated, mapped and transposed as its plain form is."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cellsim.solvers.linear import linear

G = {"matrix": jnp.asarray(np.random.default_rng(0).normal(size=(3, 4)))}
X = jnp.asarray([0.3, -1.0, 2.0, 0.5])


def plain(given, x):
    return {"y": jnp.tanh(given["matrix"]) @ x}


def transpose(given, y):
    return jnp.tanh(given["matrix"]).T @ y["y"]


def by_hand(given, x):
    return linear(lambda g, x: plain(g, x), transpose, plain, given, x)


def loss(form):
    return lambda given, x: jnp.sum(jnp.sin(form(given, x)["y"]) ** 2)


def agree(of, *arguments):
    for found, expected in zip(*(jax.tree.leaves(of(form)(*arguments)) for form in (by_hand, plain)), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


def test_the_value_is_that_of_the_function():
    agree(lambda form: form, G, X)
    agree(jax.jit, G, X)


@pytest.mark.parametrize("mode", [jax.jacfwd, jax.jacrev])
def test_derivatives_in_both_modes_are_those_of_the_plain_form(mode):
    agree(lambda form: mode(form, argnums=(0, 1)), G, X)


def test_second_derivatives_are_those_of_the_plain_form():
    agree(lambda form: jax.hessian(loss(form), argnums=(0, 1)), G, X)
    agree(lambda form: jax.jacrev(jax.jacrev(loss(form), argnums=(0, 1)), argnums=(0, 1)), G, X)


def test_it_maps_over_either_argument_and_the_derivative_of_the_map_is_the_map_of_the_derivative():
    many = {"matrix": jnp.stack([G["matrix"], 2 * G["matrix"]])}
    agree(lambda form: jax.vmap(jax.grad(loss(form), argnums=(0, 1))), many, jnp.stack([X, -X]))
    for axes in ((0, None), (None, 0)):
        arguments = (many if axes[0] == 0 else G, X if axes[1] is None else jnp.stack([X, -X]))
        summed = lambda form, axes=axes: lambda given, x: jnp.sum(jnp.cos(jax.vmap(form, in_axes=axes)(given, x)["y"]))
        agree(lambda form, summed=summed: jax.grad(summed(form), argnums=(0, 1)), *arguments)


def test_the_transpose_by_hand_is_what_reverse_mode_uses():
    wrong = lambda given, y: 2.0 * transpose(given, y)
    doubled = lambda x: linear(plain, wrong, plain, G, x)["y"]
    np.testing.assert_allclose(jax.jacrev(doubled)(X), 2.0 * np.tanh(G["matrix"]), rtol=1e-12)
    np.testing.assert_allclose(jax.jacfwd(doubled)(X), np.tanh(G["matrix"]), rtol=1e-12)
