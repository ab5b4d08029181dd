"""What a lumped thermal model needs of a cell: how much heat it holds, and how it gives it off."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float

from cellsim.laws import Law, Polynomial, law
from cellsim.parameters import quantity


class Heat(eqx.Module):
    """A cell of one temperature that is cooled through its surface.

    `cp` is a law of the temperature alone, called `cp(T, T)`. The values that stand here by default are no cell's own:
    a density and specific heat that are usual for lithium-ion cells, and still air with radiation.
    """

    volume: Float[Array, ""] = quantity("m3", 1e-12, 10.0, "volume of the cell, which holds its heat")
    cooling_area: Float[Array, ""] = quantity("m2", 1e-9, 100.0, "surface through which the cell is cooled")
    rho: Float[Array, ""] = quantity("kg/m3", 100.0, 2e4, "density of the cell", default=2000.0)
    cp: Law = law("J/(kg K)", 50.0, 1e4, "specific heat of the cell, of (T, T)", default=1000.0)
    h: Float[Array, ""] = quantity("W/(m2 K)", 0.0, 1e5, "heat-transfer coefficient; 0 is adiabatic", default=10.0)

    def capacity(self, T: Any) -> Any:
        """Heat capacity of the cell [J/K] at temperature `T` [K]."""
        return self.rho * self.cp(T, T) * self.volume

    def loss(self, T: Any, T_ambient: Any) -> Any:
        """Heat that leaves the cell [W] at `T` [K] into surroundings at `T_ambient` [K]."""
        return self.h * self.cooling_area * (T - T_ambient)


def of_a_cube(volume: Any) -> Heat:
    """The heat of a cell of `volume` [m3] that has the shape of a cube, and usual properties."""
    return Heat(volume=volume, cooling_area=6 * volume ** (2 / 3))


class Layer(NamedTuple):
    """One layer of a cell: thickness [m], density [kg/m3], and specific heat [J/(kg K)], a number or the coefficients
    of a polynomial in T [K], lowest power first."""

    L: float
    rho: float
    cp: float | tuple[float, ...]


def stacked(layers: Iterable[Layer], volume: float, cooling_area: float, h: float = 10.0) -> Heat:
    """A cell of `volume` [m3] made of layers: their mean density, and their mean specific heat by mass, which is a
    polynomial in T where that of a layer is one. `cooling_area` is in m2 and `h` in W/(m2 K)."""
    layers = tuple(layers)
    mass = np.array([layer.L * layer.rho for layer in layers])  # kg/m2
    curves = [np.atleast_1d(layer.cp) for layer in layers]
    powers = max(map(len, curves))
    cp = mass @ np.array([np.pad(curve, (0, powers - len(curve))) for curve in curves]) / mass.sum()
    rho = mass.sum() / sum(layer.L for layer in layers)
    return Heat(volume, cooling_area, rho, float(cp[0]) if powers == 1 else Polynomial(cp), h)
