"""What a module remembers of itself."""

import copy
import gc

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array

from cellsim.protocols.steps import discharge
from cellsim.simulation.remembered import remembered


class Doubled(eqx.Module):
    x: Array

    @remembered
    def twice(self) -> list[Array]:
        """Twice it."""
        return [2 * self.x]


def test_it_is_found_once_for_each_and_forgotten_with_it():
    one, other = Doubled(jnp.ones(2)), Doubled(jnp.zeros(2))
    assert one.twice is one.twice
    assert one.twice[0][0] == 2 and other.twice[0][0] == 0
    found = Doubled.twice.found
    assert len(found) == 2 and Doubled.twice.__doc__ == "Twice it."
    del one, other
    gc.collect()
    assert not found


def test_a_module_that_was_asked_is_the_tree_it_was():
    asked, plain = Doubled(jnp.ones(2)), Doubled(jnp.ones(2))
    assert asked.twice
    assert jax.tree.structure(asked) == jax.tree.structure(plain)


def test_a_step_and_a_solution_that_were_asked_are_the_trees_they_were(lgm50_coarse_1C):
    asked = discharge(1.0)
    assert asked.numbers.value == 1
    assert eqx.tree_equal(asked, discharge(1.0))
    fresh = copy.copy(lgm50_coarse_1C)
    before = jax.tree.structure(fresh)
    assert fresh.losses and fresh.profile(next(iter(fresh.model.fields))) is not None
    assert jax.tree.structure(fresh) == before
