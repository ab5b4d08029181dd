"""Nonlinear problems that keep to a layout, made at random."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cellsim.discretisation.jacobian import by_colours
from cellsim.discretisation.layout import Layout, State


class Problem:
    """A stiff, nonlinear, time-dependent vector field of (t, y, p) with the couplings of `layout` and no others.

    p[0] is its stiffness.
    """

    def __init__(self, layout: Layout, seed: int = 0):
        rng = np.random.default_rng(seed)
        self.layout = layout
        f, k = layout.fields, len(layout.host)
        self.host = np.array(layout.host, dtype=int)  # may be empty
        self.left, self.here, self.right = (jnp.asarray(rng.normal(size=(f, f))) for _ in range(3))
        self.pull, self.push = jnp.asarray(rng.normal(size=(f, k))), jnp.asarray(rng.normal(size=(f, k)))
        self.y0 = State(
            jnp.asarray(rng.uniform(-1, 1, (f, layout.nodes))), jnp.asarray(rng.uniform(-1, 1, (layout.depth, k)))
        )

    def __call__(self, t, y, p):
        x, r = y.line, y.fibre
        beside = jnp.pad(x, ((0, 0), (1, 1)))
        left, right = beside[:, :-2], beside[:, 2:]
        rate = p[0] * (left - 2 * x + right)
        rate = rate + jnp.sin(self.left @ left + self.here @ x) * (1 + 0.3 * x[::-1]) + jnp.tanh(self.right @ right * x)
        rate = rate + jnp.cos(3 * t) - p[1] * x**3
        tip, at_host = r[-1], x[:, self.host]
        exchange = jnp.tanh(jnp.sum(self.pull * at_host, axis=0) - 0.7 * tip * at_host[0])
        pushed = self.push * exchange * (1 + tip**2) * 0.3
        rate = rate.at[:, self.host].add(pushed)
        beside_host = jnp.zeros((x.shape[0], x.shape[1] + 2)).at[:, self.host].add(pushed[::-1] * jnp.cos(tip))
        rate = rate + beside_host.at[:, self.host + 2].add(0.5 * pushed)[:, 1:-1]  # on the nodes on either side
        along = jnp.pad(r, ((1, 1), (0, 0)))
        rate_r = p[0] * (along[:-2] - 2 * r + along[2:]) * (1 + p[1] * jnp.tanh(r) ** 2) - r * jnp.sin(along[:-2])
        return State(rate, rate_r.at[-1].add(-2 * exchange + 0.3 * t))

    def jacobian(self, p):
        """Its Jacobian where it starts, in one program."""
        of = lambda y: by_colours(jax.linearize(lambda y: self(0.1, y, p), y)[1], self.layout)
        return jax.jit(of)(self.y0)


@pytest.fixture(scope="session")
def flat():
    """The numbers of a tree in one row."""
    return lambda tree: np.concatenate([np.asarray(x).ravel() for x in jax.tree.leaves(tree)])


@pytest.fixture(scope="session")
def make_problem():
    return Problem
