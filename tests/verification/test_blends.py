"""Runs of a cell with several materials on an electrode."""

import numpy as np
import pytest

import cellsim

MESH = cellsim.Mesh(5, 3, 5, 6)


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
