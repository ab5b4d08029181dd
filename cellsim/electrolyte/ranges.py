"""Concentrations and temperatures at which to look at an electrolyte: those in its measured range."""

import numpy as np

from cellsim.constants import T_ROOM, ZERO_CELSIUS
from cellsim.electrolyte.electrolyte import AbstractElectrolyte

UNBOUNDED = 3000.0  # mol/m3, looked at where an electrolyte states no range
NARROW = 1.5  # K
STEPS = (1, 2, 5, 10, 15, 20, 25, 30, 40, 50, 100, 200)  # K


def is_isothermal(electrolyte: AbstractElectrolyte) -> bool:
    """Whether an electrolyte was measured at one temperature, to the digit that it is known to."""
    low, high = electrolyte.T_range
    return high - low < NARROW


def concentrations(electrolyte: AbstractElectrolyte, count: int) -> np.ndarray:
    """`count` concentrations [mol/m3] over the measured range, up to 3 mol/L where none is stated."""
    low, high = electrolyte.c_range
    return np.linspace(low, high if np.isfinite(high) else max(UNBOUNDED, 2 * low), count)


def temperatures(electrolyte: AbstractElectrolyte, count: int) -> np.ndarray:
    """Up to `count` temperatures [K] in the measured range, evenly spaced by whole degrees, 25 degC among them where it
    was measured."""
    low, high = electrolyte.T_range
    if not (low > 0 and np.isfinite(high)):
        return np.array([T_ROOM])
    middle = T_ROOM if low <= T_ROOM <= high else ZERO_CELSIUS + round(0.5 * (low + high) - ZERO_CELSIUS)
    if is_isothermal(electrolyte) or count == 1:
        return np.array([middle])
    for step in STEPS:
        below, above = int((middle - low) / step), int((high - middle) / step)
        if below + 1 + above <= count:
            break
    return middle + step * np.arange(-below, above + 1)
