"""What single-particle models have in common: each electrode's particles are alike, and one stands for all.

Charge transfer is quasi-static. All walls of an electrode pass the same current density, which follows from the cell
current alone, so that nothing of the state would be different with a double layer but the first milliseconds after a
change of the current; without it the model has no fast time scale at all. What the walls need to pass that current,
the overpotential, is a law of the state and the current, and with it the voltage: a smooth function of the current that
falls, but no straight line.
"""

import abc
from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.cells.balance import Lithiation, open_circuit_voltage
from cellsim.cells.design import Cell, lithium_capacity
from cellsim.constants import SECONDS_PER_HOUR, F
from cellsim.discretisation.layout import State
from cellsim.models.dfn import DiscreteDFN, Faces
from cellsim.models.full_cell import observables_of_a_cell
from cellsim.models.mesh import Mesh
from cellsim.models.model import AbstractIsothermal

Scalar = Float[Array, ""]


def check_one_particle(cell: Cell, model: str) -> None:
    """Raises `ValueError` where one particle cannot stand for an electrode."""
    for side, electrode in (("negative", cell.negative), ("positive", cell.positive)):
        if len(electrode.materials) > 1:
            names = ", ".join(each.name for each in electrode.materials)
            raise ValueError(
                f"{model} has one particle for each electrode, but the {side} electrode of {cell.name} is a blend of "
                f"{names}, which share the current as their states ask for. Needed: the DFN, or one material."
            )
        if electrode.materials[0].hysteresis is not None:
            raise ValueError(
                f"{model} knows no state of hysteresis, but the {side} electrode of {cell.name} has one. Needed: the "
                "DFN, or `hysteresis=None`."
            )
        if electrode.side_reactions:
            raise ValueError(
                f"{model} knows no side reactions, but the {side} electrode of {cell.name} has some. Needed: the DFN, "
                "or `side_reactions=()`."
            )


class Walls(eqx.Module):
    """The particle that stands for all in each electrode, negative first."""

    cell: Cell
    T: Scalar
    spheres: DiscreteDFN  # with one cell a layer: a particle, and its laws, for each electrode
    charging: Float[Array, "2"]  # current density [A/m2] that charges double layers; none, as they are no states

    def __init__(self, cell: Cell, mesh: Mesh, T: Any):
        self.cell, self.T = cell, jnp.asarray(T)
        self.spheres = DiscreteDFN(cell, mesh._replace(negative=1, separator=1, positive=1), T)
        self.charging = jnp.zeros(2)

    def i_n(self, I: Scalar) -> Float[Array, "2"]:
        """Current density [A/m2] that passes the walls at cell current `I` [A]: all of it, spread evenly."""
        n, p = self.cell.negative, self.cell.positive
        i = I / self.cell.area
        return jnp.stack([i / (n.a * n.L), -i / (p.a * p.L)])

    def j(self, I: Scalar) -> Float[Array, "2"]:
        """The faradaic part of it."""
        return self.i_n(I) - self.charging

    def leaving(self, I: Scalar) -> Float[Array, "2"]:
        """What leaves the surface of a particle of unit radius [1/s]."""
        return self.spheres.leaving((self.j(I),))

    def at_rest(self, theta: Lithiation) -> Float[Array, "depth 2"]:
        """Even lithiations."""
        return jnp.broadcast_to(jnp.stack([theta.negative, theta.positive]), (self.spheres.mesh.radial, 2))

    def mean(self, theta: Float[Array, "depth 2"]) -> Float[Array, "2"]:
        """Mean lithiations."""
        return jnp.tensordot(3.0 * jnp.asarray(self.spheres.mesh.sphere.volumes), theta, axes=1)


class AbstractSingleParticleSystem(AbstractIsothermal):
    """The equations of a cell in which one particle stands for each electrode. Its fibres are the two particles."""

    walls: eqx.AbstractVar[Walls]
    pores: eqx.AbstractVar[DiscreteDFN]  # the cell on the mesh

    @abc.abstractmethod
    def salt(self, y: State) -> Float[Array, " cells"]:
        """Salt concentration [mol/m3] along the cell."""

    @abc.abstractmethod
    def solution_phase(self, y: State, i: Scalar) -> Faces:
        """Currents and potentials between neighbouring cells at current density `i` [A/m2]."""

    @abc.abstractmethod
    def solid_phase(self, i: Scalar) -> Float[Array, " places"]:
        """Potential [V] of the solid against the collector of its electrode, averaged over each cell."""

    @property
    def cell(self) -> Cell:
        """The cell."""
        return self.walls.cell

    @property  # type: ignore[misc]  # a property where others have a field
    def T(self) -> Scalar:  # type: ignore[override]
        """Temperature [K]."""
        return self.walls.T

    # ---- what circuits ask

    @property
    def is_affine(self) -> bool:
        """It is not."""
        return False

    def at(self, T: Any) -> Any:
        """The same at temperature `T` [K]."""
        where = lambda s: (s.walls.T, s.walls.spheres.T, s.pores.T)
        return eqx.tree_at(where, self, (jnp.asarray(T),) * 3)

    def charged(self, i: Float[Array, " layers"]) -> Any:
        """The same where `i` [A/m2] of what passes the walls charges their double layers, negative first."""
        return eqx.tree_at(lambda s: s.walls.charging, self, i)

    def double_layers(self, y: State, I: Scalar) -> tuple[Float[Array, " layers"], Float[Array, " layers"]]:
        """Potential difference [V], the mean over each electrode, and capacity of its walls [F/m2]."""
        w = self.spread(self.walls.spheres.equilibrium(y.fibre[-1])) + self.overpotential(y, I)
        return jnp.stack(self.over(w)), jnp.stack([self.cell.negative.C_dl, self.cell.positive.C_dl])

    def heats(self, y: State, I: Scalar) -> dict[str, Scalar]:
        """Heat [W] by its cause: what the current loses on its way, and the entropy that it moves."""
        lost = self.losses(y, I)
        n, p = self.cell.negative.materials[0], self.cell.positive.materials[0]
        dUdT = p.dUdT(y.fibre[-1, 1], self.T) - n.dUdT(y.fibre[-1, 0], self.T)
        drops = lost["electrolyte ohmic"] + lost["electrolyte concentration"] + lost["solid ohmic"]
        return {
            "ohmic heat": -I * drops,
            "reaction heat": -I * (lost["negative reaction"] + lost["positive reaction"]),
            "reversible heat": -I * self.T * dUdT,
        }

    # ---- the average over each electrode

    def over(self, x: Float[Array, " places"]) -> tuple[Scalar, Scalar]:
        """Means over the electrodes."""
        n, width = self.pores.mesh.negative, self.pores.on_electrodes(self.pores.width)
        return jnp.sum(width[:n] * x[:n]) / jnp.sum(width[:n]), jnp.sum(width[n:] * x[n:]) / jnp.sum(width[n:])

    def rise(self, step: Float[Array, " faces"]) -> Scalar:
        """Mean over the positive less mean over the negative electrode of a potential with these steps."""
        phi = jnp.concatenate([jnp.zeros(1), jnp.cumsum(step)])
        negative, positive = self.over(self.pores.on_electrodes(phi))
        return positive - negative

    def spread(self, x: Float[Array, "*rows 2"]) -> Float[Array, "*rows places"]:
        """What holds of each electrode, on all of its cells."""
        mesh = self.pores.mesh
        wide = lambda x, cells: jnp.broadcast_to(x, (*x.shape[:-1], cells))
        return jnp.concatenate([wide(x[..., :1], mesh.negative), wide(x[..., 1:], mesh.positive)], axis=-1)

    # ---- voltage

    def overpotential(self, y: State, I: Scalar) -> Float[Array, " places"]:
        """What drives charge transfer [V] along both electrodes: more of it where there is less salt."""
        of = lambda material: lambda c, theta, j: material.eta(c, theta, j, self.T)
        c = self.pores.on_electrodes(self.salt(y))
        surface, j = self.spread(y.fibre[-1]), self.spread(self.walls.j(I))
        return self.pores.by_material(of, c, surface, j)

    def losses(self, y: State, I: Scalar) -> dict[str, Scalar]:
        """Each of `observables.LOSSES` [V]."""
        mean, surface = (Lithiation(x[0], x[1]) for x in (self.walls.mean(y.fibre), y.fibre[-1]))
        n, p = self.cell.negative.materials[0], self.cell.positive.materials[0]
        U_n, U_p = n.equilibrium(mean.negative, self.T), p.equilibrium(mean.positive, self.T)
        return {
            "open circuit": open_circuit_voltage(self.cell, mean, self.T),
            "negative particle diffusion": U_n - n.equilibrium(surface.negative, self.T),
            "positive particle diffusion": p.equilibrium(surface.positive, self.T) - U_p,
            **self.losses_outside_particles(y, I),
        }

    def losses_outside_particles(self, y: State, I: Scalar) -> dict[str, Scalar]:
        """Those of them [V] between the surfaces of the particles and the terminals."""
        i = I / self.cell.area
        eta_n, eta_p = self.over(self.overpotential(y, I))
        solid_n, solid_p = self.over(self.solid_phase(i))
        faces = self.solution_phase(y, i)
        return {
            "negative reaction": -eta_n,
            "positive reaction": eta_p,
            "electrolyte ohmic": self.rise(-faces.ohmic_drop),
            "electrolyte concentration": self.rise(faces.diffusion_potential),
            "solid ohmic": solid_n - solid_p - I * self.cell.R_contact,
        }

    def terminal_voltage(self, y: State, I: Scalar) -> Scalar:
        """Voltage [V] between the terminals at cell current `I` [A]; smooth in `I`, and falling. The sum of all losses,
        of which those within the particles leave the difference of their surfaces."""
        n, p = self.cell.negative.materials[0], self.cell.positive.materials[0]
        of_surfaces = p.equilibrium(y.fibre[-1, 1], self.T) - n.equilibrium(y.fibre[-1, 0], self.T)
        return sum(self.losses_outside_particles(y, I).values(), of_surfaces)

    # ---- what can be read off a state

    def coordinates(self) -> dict[str, Array]:
        """Positions [m] along each of `observables.AXES`."""
        return observables_of_a_cell().coordinates(self.pores)

    def profiles(self, y: State, I: Scalar) -> dict[str, Array]:
        """Each of `observables.PROFILES`; what one particle stands for is the same all along its electrode."""
        i, n = I / self.cell.area, self.pores.mesh.negative
        faces, eta, phi_s = self.solution_phase(y, i), self.overpotential(y, I), self.solid_phase(i)
        w = self.spread(self.walls.spheres.equilibrium(y.fibre[-1])) + eta
        along = jnp.concatenate([jnp.zeros(1), jnp.cumsum(faces.phi_e_step)])
        start = self.over(phi_s)[0] - self.over(w)[0] - self.over(self.pores.on_electrodes(along))[0]
        phi_e = along + start
        V = self.terminal_voltage(y, I) + I * self.cell.R_contact
        ends = jnp.zeros(1)
        by_electrode = lambda name, x: {f"negative {name}": x[..., :n], f"positive {name}": x[..., n:]}
        return {
            "electrolyte concentration": self.salt(y),
            "electrolyte potential": phi_e,
            "ionic current density": jnp.concatenate([ends, faces.i_e, ends]),
            "negative electrode potential": phi_s[:n],
            "positive electrode potential": V + phi_s[n:],
            **by_electrode("surface lithiation", self.spread(y.fibre[-1])),
            **by_electrode("mean lithiation", self.spread(self.walls.mean(y.fibre))),
            **by_electrode("interfacial current density", self.spread(self.walls.j(I))),
            **by_electrode("overpotential", eta),
            **by_electrode("particle lithiation", self.spread(y.fibre)),
        }

    def inventory(self, y: State, rest: State) -> Any:
        """What the state holds, an `observables.Inventory`; there is no double layer."""
        del rest
        cell, pores = self.cell, self.pores
        salt = cell.area * jnp.sum(pores.width * pores.eps * self.salt(y))
        theta_n, theta_p = self.walls.mean(y.fibre)
        of = lambda electrode: lithium_capacity(electrode, cell.area) * SECONDS_PER_HOUR / F
        none = jnp.zeros(())
        return observables_of_a_cell().Inventory(
            salt, of(cell.negative) * theta_n, of(cell.positive) * theta_p, none, none
        )
