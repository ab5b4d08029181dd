"""Heat that a cell holds and gives off."""

import jax
import numpy as np
import pytest

import cellsim
from cellsim.cells.heat import Heat, Layer, stacked


def test_a_stack_holds_what_its_layers_hold():
    layers = (Layer(1e-5, 8000.0, 400.0), Layer(8e-5, 2000.0, 1000.0), Layer(2e-5, 500.0, 1500.0))
    heat = stacked(layers, volume=3e-5, cooling_area=0.01, h=7.0)
    by_volume = sum(layer.L * layer.rho * layer.cp for layer in layers) / sum(layer.L for layer in layers)
    assert float(heat.capacity(300.0)) == pytest.approx(3e-5 * by_volume, rel=1e-14)
    assert float(heat.loss(310.0, 300.0)) == pytest.approx(7.0 * 0.01 * 10.0, rel=1e-14)


def test_a_layer_whose_specific_heat_rises_makes_that_of_the_stack_rise():
    layers = (Layer(1e-5, 8000.0, 400.0), Layer(8e-5, 2000.0, (200.0, 3.0, -1e-3)))
    heat = stacked(layers, volume=3e-5, cooling_area=0.01)
    for T in (280.0, 320.0):
        mass = np.array([0.08, 0.16])  # kg/m2
        expected = mass @ [400.0, 200.0 + 3.0 * T - 1e-3 * T**2] / mass.sum()
        assert float(heat.cp(T, T)) == pytest.approx(expected, rel=1e-14)


def test_an_adiabatic_cell_loses_nothing():
    assert float(Heat(volume=1e-5, cooling_area=1e-2, h=0.0).loss(350.0, 290.0)) == 0.0


def test_a_cell_without_values_for_heat_is_a_cube_of_its_layers_that_begins_at_its_reference_temperature():
    cell = cellsim.load_cell("Prada2013")
    volume = float(cell.area * (cell.negative.L + cell.separator.L + cell.positive.L))
    assert float(cell.heat.volume) == pytest.approx(volume, rel=1e-14)
    assert float(cell.heat.cooling_area) == pytest.approx(6 * volume ** (2 / 3), rel=1e-12)
    assert float(cell.T_initial) == float(cell.T_ambient) == float(cell.T_ref) == 298.0


def test_the_heat_of_a_cell_is_set_by_its_path_and_differentiable():
    cell = cellsim.load_cell("Prada2013")
    assert float(cellsim.replace(cell, "heat.h", 25.0).heat.h) == 25.0
    slope = jax.grad(lambda cell: cell.heat.capacity(300.0), allow_int=True)(cell)
    assert float(slope.heat.rho) == pytest.approx(float(cell.heat.cp(300.0, 300.0) * cell.heat.volume), rel=1e-12)


def test_copper_aluminium_and_wet_electrodes_of_the_lgm50_hold_what_was_measured_at_room_temperature():
    """Closed form of the published polynomials at 298.15 K, layer by layer."""
    T = 298.15
    dry = {
        "negative": (85.2e-6, 0.25, 1740.0, -1.897e4 + 169.4 * T - 0.491 * T**2 + 4.932e-4 * T**3),
        "separator": (12e-6, 0.47, 946.0, -5.13e4 + 475.5 * T - 1.444 * T**2 + 1.494e-3 * T**3),
        "positive": (75.6e-6, 0.335, 3270.0, 2.508e4 - 241.3 * T + 0.7892 * T**2 - 8.414e-4 * T**3),
    }
    held = 12e-6 * 8933.0 * (236.0 + 0.9633 * T - 1.946e-3 * T**2 + 1.445e-6 * T**3)
    held += 16e-6 * 2702.0 * (355.7 + 3.281 * T - 6.256e-3 * T**2 + 4.503e-6 * T**3)
    held += sum(L * (rho * cp + 1280.0 * 229.0 * eps) for L, eps, rho, cp in dry.values())
    thickness = 28e-6 + sum(L for L, *_ in dry.values())
    heat = cellsim.load_cell("ORegan2022").heat
    assert float(heat.capacity(T)) == pytest.approx(2.42e-5 * held / thickness, rel=1e-12)
