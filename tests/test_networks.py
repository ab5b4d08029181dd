"""Networks as laws."""

import jax
import numpy as np
import pytest
from jax.test_util import check_grads

from cellsim.networks import network
from cellsim.parameters import leaves

law = network(jax.random.key(7), x_scale=1000.0, T_ref=300.0, T_scale=25.0, hidden=(5, 3))
c, T = np.linspace(0.0, 3000.0, 6)[:, None], np.array([280.0, 300.0, 330.0])


def test_a_network_is_the_chain_of_its_layers():
    (W1, b1), (W2, b2), (W3, b3) = ((np.asarray(x.weight), np.asarray(x.bias)) for x in law.layers)
    for x, t in ((200.0, 290.0), (1500.0, 330.0)):
        inputs = np.array([x / 1000.0 - 1, (t - 300.0) / 25.0])
        expected = W3 @ np.tanh(W2 @ np.tanh(W1 @ inputs + b1) + b2) + b3
        assert float(law(x, t)) == pytest.approx(float(expected[0]), rel=1e-13)


def test_a_network_takes_the_shape_of_state_and_temperature_together_in_double_precision():
    values = law(c, T)
    assert values.shape == (6, 3) and values.dtype == np.float64
    np.testing.assert_allclose(values[2, 1], law(c[2, 0], T[1]), rtol=1e-14)
    assert law(1000.0, 300.0).shape == ()


def test_a_seed_says_which_network_it_is():
    same = network(jax.random.key(7), x_scale=1000.0, T_ref=300.0, T_scale=25.0, hidden=(5, 3))
    other = network(jax.random.key(8), x_scale=1000.0, T_ref=300.0, T_scale=25.0, hidden=(5, 3))
    np.testing.assert_array_equal(same(c, T), law(c, T))
    assert np.all(np.asarray(other(c, T)) != np.asarray(law(c, T)))


def test_every_weight_is_a_leaf_with_a_path_and_a_derivative_in_both_modes():
    paths = [leaf.path for leaf in leaves(law)]
    assert paths == [f"layers.{k}.{name}" for k in range(3) for name in ("weight", "bias")]
    assert all(leaf.dtype == np.float64 for leaf in jax.tree.leaves(law))
    check_grads(lambda law, x, T: law(x, T), (law, 700.0, 310.0), order=1, modes=("fwd", "rev"), rtol=1e-5)
