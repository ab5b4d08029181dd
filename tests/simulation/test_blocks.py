"""Points are worked on in blocks of few sizes, and come out as if each had been worked on alone."""

import jax.numpy as jnp
import numpy as np
import pytest

from cellsim.simulation.blocks import BLOCKS, POINTS, first_rows, in_blocks


@pytest.mark.parametrize("count", [1, 7, POINTS, POINTS + 1, 3 * POINTS, BLOCKS[0] + 5])
def test_blocks_give_what_the_points_give_and_have_few_sizes(count):
    seen = []

    def square(rows):
        seen.append(len(rows["x"]))
        return {"y": jnp.asarray(rows["x"]) ** 2, "z": jnp.stack([rows["x"], -rows["x"]], axis=-1)}

    x = np.linspace(-1.0, 2.0, count)
    out = in_blocks(square, {"x": x})
    np.testing.assert_array_equal(out["y"], x**2)
    np.testing.assert_array_equal(out["z"], np.stack([x, -x], axis=-1))
    assert set(seen) <= set(BLOCKS)


def test_rows_are_cut_from_every_array():
    out = first_rows((np.arange(5.0), np.ones((5, 2))), 3)
    assert [x.shape for x in out] == [(3,), (3, 2)]
