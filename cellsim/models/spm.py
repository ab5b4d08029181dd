"""The single-particle model of a full cell: one particle for each electrode, in an electrolyte that is always at rest.

The limit of small currents, in which the electrolyte and the solid conduct as well as need be; the contact resistance
remains.

Sources: Atlung, West & Jacobsen, J. Electrochem. Soc. 126 (1979) 1311, doi:10.1149/1.2129269; Marquis, Sulzer, Timms,
Please & Chapman, J. Electrochem. Soc. 166 (2019) A3693, doi:10.1149/2.0341915jes.
"""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.cells.balance import Lithiation
from cellsim.cells.design import Cell
from cellsim.discretisation import local
from cellsim.discretisation.layout import Layout, State
from cellsim.models.dfn import DiscreteDFN, Faces
from cellsim.models.full_cell import AbstractFullCell
from cellsim.models.mesh import Mesh
from cellsim.models.single_particle import AbstractSingleParticleSystem, Walls, check_one_particle

Scalar = Float[Array, ""]


class SPM(AbstractFullCell):
    """A cell of one particle for each electrode. Of the mesh the radii matter; along x profiles are only shown."""

    cell: Cell
    mesh: Mesh = eqx.field(static=True, default=Mesh())

    def __check_init__(self) -> None:
        """Raises `ValueError` where one particle cannot stand for an electrode."""
        check_one_particle(self.cell, type(self).__name__)

    @property
    def layout(self) -> Layout:
        """A node for each electrode, with a particle on it. The one field is the salt concentration, which rests: a
        line needs a field."""
        return _layout(self.mesh)

    @property
    def negative_particles(self) -> int:
        """The one that stands for all."""
        return 1

    def discretised(self, T: Any) -> "DiscreteSPM":
        """The equations at temperature `T` [K]."""
        return DiscreteSPM(self.cell, self.mesh, T)


def _layout(mesh: Mesh) -> Layout:
    return Layout(fields=1, nodes=2, depth=mesh.radial, host=(0, 1))


class DiscreteSPM(AbstractSingleParticleSystem):
    """The equations of a single-particle model on its mesh."""

    walls: Walls
    pores: DiscreteDFN

    def __init__(self, cell: Cell, mesh: Mesh, T: Any):
        self.walls, self.pores = Walls(cell, mesh, T), DiscreteDFN(cell, mesh, T)

    @property
    def layout(self) -> Layout:
        """That of the model."""
        return _layout(self.pores.mesh)

    def at_rest(self, theta: Lithiation) -> State:
        """The state in equilibrium at lithiations `theta`."""
        return State(jnp.ones((1, 2)), self.walls.at_rest(theta))

    def laws(self, I: Scalar) -> local.Laws:
        """What the rate is made of at cell current `I` [A]."""
        still = lambda x: (jnp.zeros_like(x),)
        return local.Laws(
            exchange=lambda fields, tip: (),
            across=lambda left, right: still(left[0]),
            at=lambda here, outflow: still(here[0]),
            leaving=lambda exchanges: self.walls.leaving(I),
            along=self.walls.spheres.inward,
            volumes=self.pores.mesh.sphere.volumes,
        )

    def salt(self, y: State) -> Float[Array, " cells"]:
        """Salt concentration [mol/m3] along the cell: that at rest."""
        return jnp.broadcast_to(self.cell.c0, self.pores.width.shape)

    def solution_phase(self, y: State, i: Scalar) -> Faces:
        """The current, without any drop of the potential."""
        i_e = self.pores.even_current(i)
        none = jnp.zeros_like(i_e)
        return Faces(i_e, none, none, none)

    def solid_phase(self, i: Scalar) -> Float[Array, " places"]:
        """No drop of the potential."""
        return jnp.zeros_like(self.pores.wall)
