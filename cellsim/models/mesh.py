"""How finely a cell is divided."""

from typing import NamedTuple

from cellsim.discretisation.grid import RadialGrid, radial_grid


class Mesh(NamedTuple):
    """Cells through the layers and nodes along a particle's radius. Hashable: each mesh is a compiled program.

    `grading` refines the electrodes towards the separator and the separator towards the electrodes, from 0 (uniform)
    to 1. The radial spacing at the centre is exp(`crowding`) times that at the surface.
    """

    negative: int = 16
    separator: int = 4
    positive: int = 20
    radial: int = 10
    grading: float = 0.0
    crowding: float = 3.5

    @property
    def sphere(self) -> RadialGrid:
        """The grid along a particle's radius."""
        return radial_grid(self.radial, self.crowding)

    @classmethod
    def coarse(cls) -> "Mesh":
        """For long studies, and for a first look."""
        return cls(10, 3, 10, 8)

    @classmethod
    def default(cls) -> "Mesh":
        """Within 0.1 mV (RMS) of the converged voltage up to 1C, 0.3 mV at 2C, one at limiting current."""
        return cls()

    @classmethod
    def fine(cls) -> "Mesh":
        """For reference curves."""
        return cls(48, 8, 48, 24)

    @classmethod
    def spectral(cls) -> "Mesh":
        """For impedance: what diffuses in and out within a period stays close to the surface of a particle, the closer
        the higher the frequency. Within 0.1 % from 0.1 mHz to 1 kHz for usual particles."""
        return cls(24, 6, 24, 28, 0.0, 6.5)
