"""Runs of a cell with several materials on an electrode."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import cellsim
from cellsim.parameters import get

MESH = cellsim.Mesh(5, 3, 5, 6)
PATHS = (
    "negative.particle.materials.0.eps_s",
    "negative.particle.materials.1.eps_s",
    "negative.particle.materials.1.R_p",
    "negative.particle.materials.1.kinetics.k",
    "positive.particle.R_p",
)
TIMES = np.array([0.0, 60.0, 500.0, 1000.0])  # s, from a state in which both materials take part


@pytest.fixture(scope="module")
def cell():
    return cellsim.load_cell("Chen2020_composite")


def test_silicon_waits_until_graphite_is_nearly_empty_and_nothing_is_lost(cell):
    solution = cellsim.simulate(cellsim.DFN(cell, MESH), "Discharge at C/2 until 2.5 V")
    assert solution.succeeded, solution.stop_reason
    balance = solution.balance
    assert balance.lithium_relative_drift < 1e-12 and balance.salt_relative_drift < 1e-12
    assert balance.charge_balance_relative_error < 1e-10
    graphite, silicon = (
        np.mean(np.asarray(solution.profile(f"negative {name} mean lithiation")), axis=1)
        for name in ("graphite", "silicon")
    )
    assert np.all(np.diff(graphite) < 0) and np.all(np.diff(silicon) < 0)
    assert silicon[np.argmin(np.abs(graphite - 0.5))] > 0.9
    assert silicon[-1] < 0.2 and graphite[-1] < 0.05
    sums = sum(np.asarray(x) for x in solution.losses.values())
    np.testing.assert_allclose(sums, solution.V, atol=1e-12)


def test_derivatives_in_the_numbers_of_each_material_agree_with_differences(cell):
    model = cellsim.DFN(cell, MESH)
    initial = jax.jit(lambda: model.at_rest(model.discretised(cell.T_ref), jnp.asarray(0.4)))()

    def output(x):
        """A mean of the voltage, from a state that stays as it is."""
        changed = cell
        for path, factor in zip(PATHS, x, strict=True):
            changed = cellsim.replace(changed, path, get(cell, path) * factor)
        solution = cellsim.simulate(
            cellsim.DFN(changed, MESH), cellsim.discharge(I=5.0), initial=initial, times=TIMES, rtol=1e-8, max_steps=600
        )
        return jnp.mean(solution.V**2)

    at = np.ones(len(PATHS))
    both = jax.jit(jax.value_and_grad(output))  # one program, as compiling takes longer than running
    slope = both(at)[1]
    run = lambda x: float(both(x)[0])
    h = 2e-3
    for k, e in enumerate(np.eye(len(at))):
        near, far = ((run(at + s * h * e) - run(at - s * h * e)) / (2 * s * h) for s in (1, 2))
        assert abs(near) > 1e-6
        assert float(slope[k]) == pytest.approx((4 * near - far) / 3, rel=1e-4), PATHS[k]
