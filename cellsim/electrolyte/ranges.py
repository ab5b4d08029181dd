"""Concentrations and temperatures at which to look at an electrolyte: those in its measured range."""

import numpy as np

from cellsim.constants import T_ROOM
from cellsim.electrolyte.electrolyte import Electrolyte

UNBOUNDED = 3000.0  # mol/m3, looked at where an electrolyte states no range
NARROW = 1.5  # K


def is_isothermal(electrolyte: Electrolyte) -> bool:
    """Whether an electrolyte was measured at one temperature, to the digit that it is known to."""
    low, high = electrolyte.T_range
    return high - low < NARROW


def concentrations(electrolyte: Electrolyte, count: int) -> np.ndarray:
    """`count` concentrations [mol/m3] over the measured range, up to 3 mol/L where none is stated."""
    low, high = electrolyte.c_range
    return np.linspace(low, high if np.isfinite(high) else max(UNBOUNDED, 2 * low), count)


def temperatures(electrolyte: Electrolyte, count: int) -> np.ndarray:
    """Up to `count` temperatures [K] over the measured range, 25 degC among them where it was measured."""
    low, high = electrolyte.T_range
    if not (low > 0 and np.isfinite(high)):
        return np.array([T_ROOM])
    has_room = low <= T_ROOM <= high
    if is_isothermal(electrolyte) or count == 1:
        return np.array([T_ROOM if has_room else 0.5 * (low + high)])
    T = np.linspace(low, high, count)
    if has_room:
        T[np.argmin(np.abs(T - T_ROOM))] = T_ROOM
    return T
