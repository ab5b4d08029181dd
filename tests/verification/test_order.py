"""The whole model converges with second order in x, and at least so in r, with its voltage and its stop time."""

import itertools

import numpy as np
import pytest
import scipy.optimize

import cellsim

I = 5.0  # A, 1C
TIMES = np.array([30.0, 300.0, 1200.0, 2400.0, 3300.0])
RTOL = 1e-9
IN_X = [(8, 4, 6, 8), (16, 8, 12, 8), (32, 16, 24, 8)]
IN_R = [(8, 4, 6, 8), (8, 4, 6, 16), (8, 4, 6, 32)]
pytestmark = pytest.mark.xdist_group("order")


@pytest.fixture(scope="module")
def found():
    """Voltages at the times, and the stop time, on one mesh; each mesh is run once."""
    kept = {}

    def on(mesh):
        if mesh not in kept:
            model = cellsim.DFN(cellsim.load_cell("Chen2020"), cellsim.Mesh(*mesh))
            solution = cellsim.simulate(model, cellsim.discharge(I=I), rtol=RTOL)
            kept[mesh] = np.asarray(solution.at(TIMES).V), float(solution.t_stop)
        return kept[mesh]

    return on


def observed_order(values, spacings):
    """The p for which three values follow value + C spacing^p."""
    first, second = (np.linalg.norm(np.atleast_1d(a - b)) for a, b in itertools.pairwise(values))
    a, b, c = spacings
    excess = lambda p: (a**p - b**p) / (b**p - c**p) - first / second
    return scipy.optimize.brentq(excess, 0.1, 12.0)


def test_voltage_and_stop_time_are_second_order_in_x(found):
    V, stop = zip(*(found(mesh) for mesh in IN_X), strict=True)
    spacings = [1 / mesh[0] for mesh in IN_X]
    assert observed_order(V, spacings) >= 1.9
    assert observed_order(stop, spacings) >= 1.9


def test_voltage_and_stop_time_are_at_least_second_order_in_r(found):
    V, stop = zip(*(found(mesh) for mesh in IN_R), strict=True)
    spacings = [1 / (mesh[3] - 0.5) for mesh in IN_R]
    assert observed_order(V, spacings) >= 1.9
    assert observed_order(stop, spacings) >= 1.9
