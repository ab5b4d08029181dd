"""The single-particle model with electrolyte: one particle for each electrode, in an electrolyte that moves.

The walls of an electrode pass the same current density everywhere, so that the ionic current is known: it grows along
the negative electrode, is that of the cell in the separator and falls along the positive one. It carries salt, which
diffuses, and drops the potential; voltages are means over the electrodes. Diffusivity and transference number in the
balance of salt are those of the local concentration, as in the full model. Conductivity, transference number and
thermodynamic factor in the potential are those of the mean concentration, which does not change: what their variation
would add is of second order, and of the same size as what is left out by taking the walls' current as even.

Source: Marquis, Sulzer, Timms, Please & Chapman, J. Electrochem. Soc. 166 (2019) A3693, doi:10.1149/2.0341915jes.
"""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.cells.balance import Lithiation
from cellsim.cells.design import Cell
from cellsim.discretisation import local
from cellsim.discretisation import operators as op
from cellsim.discretisation.layout import Layout, State
from cellsim.discretisation.local import Fields
from cellsim.models.dfn import DiscreteDFN, Faces, Ionic
from cellsim.models.full_cell import AbstractFullCell
from cellsim.models.mesh import Mesh
from cellsim.models.single_particle import AbstractSingleParticleSystem, Walls, check_one_particle

Scalar = Float[Array, ""]


class SPMe(AbstractFullCell):
    """A cell of one particle for each electrode, and its electrolyte on a mesh.

    The unknowns are scaled to order one: salt concentration over `cell.c0`, lithiation.
    """

    cell: Cell
    mesh: Mesh = eqx.field(static=True, default=Mesh())

    def __check_init__(self) -> None:
        """Raises `ValueError` where one particle cannot stand for an electrode."""
        check_one_particle(self.cell, type(self).__name__)

    @property
    def layout(self) -> Layout:
        """One field, the salt concentration, on the cells; the particles, which the current alone drives, hang on the
        first cell of each electrode."""
        return _layout(self.mesh)

    @property
    def negative_particles(self) -> int:
        """The one that stands for all."""
        return 1

    def discretised(self, T: Any) -> "DiscreteSPMe":
        """The equations on the mesh at temperature `T` [K]."""
        return DiscreteSPMe(self.cell, self.mesh, T)


def _layout(mesh: Mesh) -> Layout:
    before = mesh.negative + mesh.separator
    return Layout(fields=1, nodes=before + mesh.positive, depth=mesh.radial, host=(0, before))


class DiscreteSPMe(AbstractSingleParticleSystem):
    """The equations of a single-particle model with electrolyte on its mesh."""

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
        return State(jnp.ones((1, self.layout.nodes)), self.walls.at_rest(theta))

    # ---- equations

    def laws(self, I: Scalar) -> local.Laws:
        """What the rate is made of at cell current `I` [A]."""
        pores, i = self.pores, I / self.cell.area
        i_n = pores.on_cells(self.spread(self.walls.i_n(I)))
        charge_out = op.outflow(pores.even_current(i))

        def across(left: Fields, right: Fields) -> Fields:
            ionic = Ionic(pores.even_current(i), pores.conduction(left[0], right[0]))
            sides = (left[0], 0.0 * left[0], i_n[:-1]), (right[0], 0.0 * right[0], i_n[1:])  # no w is asked for
            return (pores.salt_flux(*sides, ionic),)

        def at(here: Fields, outflow: Fields) -> Fields:
            return (pores.salt_rate(charge_out / pores.width, outflow[0]),)

        return local.Laws(
            exchange=lambda fields, tip: (),
            across=across,
            at=at,
            leaving=lambda exchanges: self.walls.leaving(I),
            along=self.walls.spheres.inward,
            volumes=pores.mesh.sphere.volumes,
        )

    # ---- what can be read off a state

    def salt(self, y: State) -> Float[Array, " cells"]:
        """Salt concentration [mol/m3] along the cell."""
        return y.line[0] * self.cell.c0

    def solution_phase(self, y: State, i: Scalar) -> Faces:
        """Currents and potentials between neighbouring cells at current density `i` [A/m2]."""
        through = self.pores.conduction(y.line[0, :-1], y.line[0, 1:], self.cell.c0)
        return self.pores.along(Ionic(self.pores.even_current(i), through))

    def solid_phase(self, i: Scalar) -> Float[Array, " places"]:
        """Potential [V] of the solid against its collector. The current in it falls evenly from that of the cell to
        none, so that the potential is a parabola."""
        n, p = self.cell.negative, self.cell.positive
        width, before = self.pores.on_electrodes(self.pores.width), self.pores.mesh.negative
        ends = jnp.cumsum(width[:before]), jnp.cumsum(width[before:][::-1])[::-1]  # of each cell, from its collector

        def drop(end: Array, width: Array, electrode: Any) -> Array:
            start = end - width
            mean, mean_square = 0.5 * (start + end), (start**2 + start * end + end**2) / 3
            return i / electrode.sigma_eff * (mean - mean_square / (2 * electrode.L))

        return jnp.concatenate([-drop(ends[0], width[:before], n), drop(ends[1], width[before:], p)])
