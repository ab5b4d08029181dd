"""The Doyle-Fuller-Newman model of a full cell, with a double layer at every interface.

The double layer's potential difference w = phi_s - phi_e is a state of each electrode, so that both potentials drop out
of the unknowns and the model is a set of stiff ordinary differential equations.

Sources: Doyle, Fuller & Newman, J. Electrochem. Soc. 140 (1993) 1526, doi:10.1149/1.2221597; Newman & Balsara,
Electrochemical Systems, 4th ed. (Wiley 2021), chapters 11, 12 and 22.
"""

import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from cellsim.cells.balance import Lithiation
from cellsim.cells.blends import lithiations
from cellsim.cells.design import Cell, Particle
from cellsim.constants import F
from cellsim.discretisation import local
from cellsim.discretisation import operators as op
from cellsim.discretisation.grid import graded_fractions
from cellsim.discretisation.layout import Layout, State
from cellsim.discretisation.local import Fields
from cellsim.models import binary
from cellsim.models import side_reactions as side
from cellsim.models.full_cell import AbstractFullCell, observables_of_a_cell
from cellsim.models.mesh import Mesh
from cellsim.models.model import AbstractIsothermal

Scalar = Float[Array, ""]


class DFN(AbstractFullCell):
    """A Doyle-Fuller-Newman cell on a mesh.

    The unknowns are scaled to order one: salt concentration over `cell.c0`, w in volts, lithiation.
    """

    cell: Cell
    mesh: Mesh = eqx.field(static=True, default=Mesh())

    @property
    def layout(self) -> Layout:
        """Two fields (salt concentration; w, idle in the separator) on the cells, one more for the hysteresis of each
        of the materials of an electrode that have it, and for each unknown of its side reactions; and on each electrode
        cell a particle of each of its materials."""
        return _layout(self.cell, self.mesh)

    @property
    def negative_particles(self) -> int:
        """One for each material on each cell."""
        return self.mesh.negative * len(self.cell.negative.materials)

    def discretised(self, T: Any) -> "DiscreteDFN":
        """The equations on the mesh at temperature `T` [K]."""
        return DiscreteDFN(self.cell, self.mesh, T)


def _layout(cell: Cell, mesh: Mesh) -> Layout:
    nodes = mesh.negative + mesh.separator + mesh.positive
    negative, positive = range(mesh.negative), range(mesh.negative + mesh.separator, nodes)
    host = (*(tuple(negative) * len(cell.negative.materials)), *(tuple(positive) * len(cell.positive.materials)))
    return Layout(fields=2 + hysteretic(cell) + side_unknowns(cell), nodes=nodes, depth=mesh.radial, host=host)


class DiscreteDFN(AbstractIsothermal):
    """The equations of a DFN cell on its mesh; all that depends on the parameters alone is worked out once.

    Particles lie in the order of their materials, those of the negative electrode first, each along its electrode.
    """

    cell: Cell
    T: Scalar
    width: Float[Array, " cells"]
    eps: Float[Array, " cells"]
    half_path: Float[Array, " cells"]  # pore length from centre to face, width / (2 transport factor) [m]
    solid_resistance: Float[Array, " cells"]  # of half a cell [Ohm m2]; zero in the separator
    wall: Float[Array, " places"]  # wall area per volume [1/m], of all materials
    wall_area: Float[Array, " cells"]  # of walls per area of the cell [-]; zero in the separator
    C_dl: Float[Array, " places"]
    R_p: Float[Array, " particles"]
    c_max: Float[Array, " particles"]
    share: Float[Array, " particles"] | None  # of a material in the walls of its electrode; all if there is one each
    mesh: Mesh = eqx.field(static=True)

    def __init__(self, cell: Cell, mesh: Mesh, T: Any):
        n, s, p = cell.negative, cell.separator, cell.positive
        self.cell, self.mesh, self.T = cell, mesh, jnp.asarray(T)
        g = mesh.grading
        fractions = (
            graded_fractions(mesh.negative, 0.0, g),
            graded_fractions(mesh.separator, g, g),
            graded_fractions(mesh.positive, g, 0.0),
        )
        over_cells = lambda x_n, x_s, x_p: jnp.concatenate(
            [jnp.broadcast_to(x, f.shape) for x, f in zip((x_n, x_s, x_p), fractions, strict=True)]
        )
        over_places = lambda x_n, x_p: jnp.concatenate([jnp.full(mesh.negative, x_n), jnp.full(mesh.positive, x_p)])
        over_particles = lambda of: jnp.concatenate(
            [jnp.full(each.cells, of(each.material)) for each in materials_on(cell, mesh)]
        )
        lengths = (n.L, s.L, p.L)
        self.width = jnp.concatenate([L * f for L, f in zip(lengths, fractions, strict=True)])
        self.eps = over_cells(n.eps, s.eps, p.eps)
        self.half_path = op.half_resistance(self.width, over_cells(n.kappa_factor, s.kappa_factor, p.kappa_factor))
        self.solid_resistance = 0.5 * self.width * over_cells(1 / n.sigma_eff, 0.0, 1 / p.sigma_eff)
        self.wall = over_places(n.a, p.a)
        self.wall_area = self.width * over_cells(n.a, 0.0, p.a)
        self.C_dl = over_places(n.C_dl, p.C_dl)
        self.R_p = over_particles(lambda material: material.R_p)
        self.c_max = over_particles(lambda material: material.c_max)
        is_blended = len(n.materials) + len(p.materials) > 2
        self.share = over_particles(lambda material: material.a) / self.at_particles(self.wall) if is_blended else None

    # ---- how the unknowns are laid out

    @property
    def layout(self) -> Layout:
        """That of the model."""
        return _layout(self.cell, self.mesh)

    @property
    def materials(self) -> tuple["Placed", ...]:
        """The materials of both electrodes, and where their particles are."""
        return materials_on(self.cell, self.mesh)

    def on_electrodes(self, x: Float[Array, "*rows cells"]) -> Float[Array, "*rows places"]:
        """Values on the cells of both electrodes, the separator left out."""
        n, s = self.mesh.negative, self.mesh.separator
        return jnp.concatenate([x[..., :n], x[..., n + s :]], axis=-1)

    def on_cells(self, x: Float[Array, " places"]) -> Float[Array, " cells"]:
        """Values on all cells from those on both electrodes, zero in the separator."""
        n, s = self.mesh.negative, self.mesh.separator
        return jnp.concatenate([x[:n], jnp.zeros(s), x[n:]])

    def at_particles(self, x: Float[Array, " places"]) -> Float[Array, " particles"]:
        """Values at the particles from those at their places on the electrodes."""
        return jnp.concatenate([x[each.places] for each in self.materials])

    def summed(self, x: Float[Array, "*rows particles"]) -> Float[Array, "*rows places"]:
        """The sum over all materials at every place."""
        if self.share is None:
            return x
        count = len(self.cell.negative.materials)
        sides = self.materials[:count], self.materials[count:]
        return jnp.concatenate([_sum([x[..., each.particles] for each in side]) for side in sides], axis=-1)

    def over_walls(self, x: Float[Array, "*rows particles"]) -> Float[Array, "*rows places"]:
        """The mean over the walls of all materials at every place."""
        return x if self.share is None else self.summed(self.share * x)

    def by_material(self, law_of: Callable[[Particle], Callable[..., Array]], *arguments: Array) -> Array:
        """The law of each material on its own columns."""
        return jnp.concatenate(
            [law_of(each.material)(*(x[..., each.particles] for x in arguments)) for each in self.materials], axis=-1
        )

    def scaled(self, c: Array, w: Array, theta: Array, h: Array | None = None) -> State:
        """The solver's unknowns from salt concentration [mol/m3], w [V] (on the electrodes), lithiation, and the state
        of hysteresis of the particles; side reactions are at their beginning."""
        fields = [c / self.cell.c0, self.on_cells(w)]
        if h is not None:
            for k in range(hysteretic(self.cell)):
                own = self.summed(jnp.concatenate([self._own(h, each, k) for each in self.materials]))
                fields.append(self.on_cells(own))
        n, p = side.begins(self.cell.negative), side.begins(self.cell.positive)
        for x_n, x_p in itertools.zip_longest(n, p, fillvalue=0.0):
            fields.append(
                self.on_cells(jnp.concatenate([jnp.full(self.mesh.negative, x_n), jnp.full(self.mesh.positive, x_p)]))
            )
        return State(jnp.stack(fields), theta)

    def _own(self, x: Array, each: "Placed", k: int) -> Array:
        """The values of the particles of a material whose hysteresis is number `k`, nothing of others."""
        return x[each.particles] if each.hysteresis == k else jnp.zeros(each.cells)

    def branch(self, fields: Fields) -> Float[Array, " particles"] | None:
        """The state of hysteresis of the particles from the fields there; of no meaning for materials without."""
        if not hysteretic(self.cell):
            return None
        of = lambda each: (
            jnp.zeros(each.cells) if each.hysteresis is None else fields[2 + each.hysteresis][each.particles]
        )
        return jnp.concatenate([of(each) for each in self.materials])

    def branch_in(self, y: State) -> Float[Array, " particles"] | None:
        """The same in the state `y`."""
        return self.branch(self.at_walls(y))

    def at_walls(self, y: State) -> Fields:
        """The fields of a state at the particles."""
        return tuple(self.at_particles(self.on_electrodes(x)) for x in y.line)

    def amounts(self, fields: Fields, each: "Placed") -> Fields:
        """The unknowns of the side reactions at the particles of a material, in their own units, from the fields
        there."""
        first, unknowns = 2 + hysteretic(self.cell), side.unknowns(getattr(self.cell, each.side))
        return tuple(fields[first + k][each.particles] * unknown.size for k, unknown in enumerate(unknowns))

    def at_rest(self, theta: Lithiation) -> State:
        """The state in equilibrium at lithiations `theta`."""
        filled = [
            lithiations(electrode, x, self.T)
            for electrode, x in ((self.cell.negative, theta.negative), (self.cell.positive, theta.positive))
        ]
        columns = jnp.concatenate(
            [jnp.full(each.cells, x) for each, x in zip(self.materials, jnp.concatenate(filled), strict=True)]
        )
        h = None
        if hysteretic(self.cell):
            begins = lambda material: 0.0 if material.hysteresis is None else material.hysteresis.h0
            h = jnp.concatenate([jnp.full(each.cells, begins(each.material)) for each in self.materials])
        return self.scaled(
            jnp.broadcast_to(self.cell.c0, self.width.shape),
            self.over_walls(self.equilibrium(columns, h)),
            jnp.broadcast_to(columns, (self.mesh.radial, len(columns))),
            h,
        )

    # ---- laws

    def equilibrium(self, theta: Float[Array, " particles"], h: Array | None = None) -> Float[Array, " particles"]:
        """Equilibrium potential [V] at surface lithiation `theta`, and at a state of hysteresis `h`."""
        if h is None:
            return self.by_material(lambda material: lambda x: material.equilibrium(x, self.T), theta)
        return self.by_material(lambda material: lambda x, h: material.equilibrium(x, self.T, h), theta, h)

    def insertion(
        self, fields: Fields, theta: Float[Array, " particles"], h: Float[Array, " particles"] | None
    ) -> Float[Array, " particles"]:
        """Faradaic current density [A/m2] of the lithium that leaves the solid, from the fields at the particles."""
        if side_unknowns(self.cell):
            return jnp.concatenate([x.insertion for x in self.passing(fields, theta, h)])
        c, w = fields[0] * self.cell.c0, fields[1]
        eta = w - self.equilibrium(theta, h)
        of = lambda material: lambda c, theta, eta: material.j(c, theta, eta, self.T)
        return self.by_material(of, c, theta, eta)

    def passing(
        self, fields: Fields, theta: Float[Array, " particles"], h: Float[Array, " particles"] | None
    ) -> tuple[side.Passing, ...]:
        """What passes the walls of each material, side reactions included."""
        c, w, U = fields[0] * self.cell.c0, fields[1], self.equilibrium(theta, h)
        found = []
        for each in self.materials:
            own = each.particles
            at = side.Found(c[own], w[own], theta[own], U[own], self.amounts(fields, each))
            found.append(side.passing(getattr(self.cell, each.side), each.material, at, self.T))
        return tuple(found)

    # ---- equations

    def exchange(self, fields: Fields, theta: Array) -> Fields:
        """Faradaic current density [A/m2] of the walls, from (c / c0, w, ...) there and the surface lithiation `theta`;
        where there are side reactions that of all of them too; and the rates [1/s] of the states of hysteresis and of
        the unknowns of side reactions."""
        h = self.branch(fields)
        if not side_unknowns(self.cell):
            j = self.insertion(fields, theta, h)
            return (j,) if h is None else (j, *self.hysteresis_rates(h, j))
        passed = self.passing(fields, theta, h)
        joined = lambda parts: jnp.concatenate(list(parts))
        j, j_side = joined(x.insertion for x in passed), joined(x.of_side for x in passed)
        of_hysteresis = () if h is None else self.hysteresis_rates(h, j)
        of_side = [joined(x.rate(k) for x in passed) for k in range(side_unknowns(self.cell))]
        return j + j_side, j_side, *of_hysteresis, *of_side

    def hysteresis_rates(self, h: Array, j: Array) -> Fields:
        """dh/dt [1/s] of every state of hysteresis, from those of the particles and their current densities; divided by
        the share with which exchanges are added up."""

        def of(material: Particle) -> Callable[..., Array]:
            if material.hysteresis is None:
                return lambda h, j, share: jnp.zeros_like(h)
            rate, R_p, c_max = material.hysteresis.rate, material.R_p, material.c_max
            return lambda h, j, share: rate(h, j, R_p, c_max) / share

        rates = self.by_material(of, h, j, jnp.ones_like(h) if self.share is None else self.share)
        count = range(hysteretic(self.cell))
        return tuple(jnp.concatenate([self._own(rates, each, k) for each in self.materials]) for k in count)

    def conduction(self, left: Array, right: Array, c: Array | None = None) -> binary.Between:
        """What the solution between neighbouring cells is like, from c / c0 on either side; with the properties of a
        solution of concentration `c` [mol/m3] where one is given, else of that at the face."""
        c_l, c_r = left * self.cell.c0, right * self.cell.c0
        return binary.between(self.cell.electrolyte, c_l, c_r, self.half_path[:-1], self.half_path[1:], self.T, c)

    def ionic(self, left: Fields, right: Fields, i: Scalar) -> "Ionic":
        """The ionic current between neighbouring cells, from (c / c0, w, ...) on either side, at current density `i`
        [A/m2]."""
        through = self.conduction(left[0], right[0])
        R_e, R_s = through.R_e, op.across_faces(self.solid_resistance)
        shared = (right[1] - left[1] + through.diffusion_potential + i * R_s) / (R_e + R_s)
        return Ionic(jnp.where(self.is_inside, shared, i), through)

    def salt_flux(self, left: Fields, right: Fields, ionic: "Ionic") -> Array:
        """Flux of salt [mol/(m2 s)] between neighbouring cells, from (c / c0, w, j) on either side."""
        c_l, c_r = left[0] * self.cell.c0, right[0] * self.cell.c0
        charge = self.cell.electrolyte.salt.equivalents * F
        added = self._added_by_walls(self.wall_area[:-1] * left[2], self.wall_area[1:] * right[2])
        path, t_plus = op.across_faces(self.half_path), ionic.through.t_plus
        migrating = (t_plus * ionic.i_e - (1 - t_plus) * added / path) / charge
        flux = migrating + binary.diffusion(self.cell.electrolyte, c_l, c_r, path, self.T)
        if self.cell.V_salt is None:
            return flux
        c = op.weighted_face_value(c_l, c_r, self.half_path[:-1], self.half_path[1:])
        return flux + binary.carried(c, t_plus, ionic.i_e, self.cell.V_salt, self.cell.electrolyte)

    def _added_by_walls(self, left: Array, right: Array) -> Array:
        """What the walls of the cells on either side, of `left` and `right` A per m2 of cell area, add to the integral
        of the ionic current from centre to centre, over that with the current at the face [A/m].

        Within an electrode the two sides cancel to second order and are left out. Next to the separator only one side
        has walls, and without it this one interface would make most of the error of a coarse mesh."""
        added = 0.25 * (right * self.half_path[1:] - left * self.half_path[:-1])
        return jnp.where(self.is_inside, 0.0, added)

    @property
    def is_inside(self) -> np.ndarray:
        """Whether a face lies within an electrode."""
        faces = np.arange(self.width.shape[0] - 1)
        return (faces < self.mesh.negative - 1) | (faces >= self.mesh.negative + self.mesh.separator)

    def at_a_point(self, here: Fields, outflow: Fields) -> Fields:
        """Rates of (c / c0, w, ...) in every cell, from them, what `exchange` says, and what flows out of the cell,
        charge and salt."""
        (charge_out, salt_out), fields = outflow, self.layout.fields
        j, of_others = here[fields], here[fields + (2 if side_unknowns(self.cell) else 1) :]
        # the wall passes what the ionic current gains
        wall_current = charge_out / self.width  # a i_n [A/m3]
        dw = self.on_cells((self.on_electrodes(wall_current) / self.wall - self.on_electrodes(j)) / self.C_dl)
        return self.salt_rate(wall_current, salt_out), dw, *of_others

    def salt_rate(self, wall_current: Array, salt_out: Array) -> Array:
        """d(c / c0)/dt [1/s] from the current of the walls [A/m3] and what flows out of every cell [mol/(m2 s)]."""
        charge = self.cell.electrolyte.salt.equivalents * F
        dc = (wall_current / charge - salt_out / self.width) / self.eps
        return dc / self.cell.c0

    def even_current(self, i: Scalar) -> Float[Array, " faces"]:
        """The ionic current density [A/m2] between neighbouring cells if all walls of an electrode pass the same."""
        n, s = self.mesh.negative, self.mesh.separator
        grown = lambda width: jnp.cumsum(width) / jnp.sum(width)
        falling = grown(self.width[n + s :][::-1])[::-1][1:]
        return i * jnp.concatenate([grown(self.width[:n]), jnp.ones(s), falling])

    def leaving(self, exchanges: Fields) -> Array:
        """What leaves the surface of every particle of unit radius [1/s]: what no side reaction passes."""
        j = exchanges[0] - exchanges[1] if side_unknowns(self.cell) else exchanges[0]
        return j / (F * self.c_max * self.R_p)

    def inward(self, inner: Array, outer: Array) -> Array:
        """What diffuses inwards between neighbouring nodes of the particles, from the lithiations of both [1/s]."""
        D_at = lambda theta: self.by_material(lambda material: lambda x: material.D_s(x, self.T), theta)
        # what diffuses from node to node is the integral of D dtheta: Simpson's rule
        D_s = (D_at(inner) + 4 * D_at(0.5 * (inner + outer)) + D_at(outer)) / 6
        return op.inward_flux(inner, outer, D_s / self.R_p**2, self.mesh.sphere)

    @property
    def is_affine(self) -> bool:
        """It is."""
        return True

    def at(self, T: Any) -> "DiscreteDFN":
        """The same at temperature `T` [K]; nothing else that is worked out depends on it."""
        return eqx.tree_at(lambda s: s.T, self, jnp.asarray(T))

    def laws(self, I: Scalar) -> local.Laws:
        """What the rate is made of at cell current `I` [A]."""

        def across(left: Fields, right: Fields) -> Fields:
            ionic = self.ionic(left, right, I / self.cell.area)
            c_w_j = lambda side: (*side[:2], side[self.layout.fields])
            return ionic.i_e, self.salt_flux(c_w_j(left), c_w_j(right), ionic)

        volumes = self.mesh.sphere.volumes
        return local.Laws(self.exchange, across, self.at_a_point, self.leaving, self.inward, volumes, self.share)

    def solution_phase(self, y: State, i: Scalar) -> "Faces":
        """Currents and potentials between neighbouring cells at current density `i` [A/m2]."""
        return self.along(self.ionic(*local.beside(tuple(y.line)), i))

    def along(self, ionic: "Ionic") -> "Faces":
        """The potential along a current."""
        i_e, through = ionic
        walls = op.outflow(i_e)
        drop = i_e * through.R_e + self._added_by_walls(walls[:-1], walls[1:]) / through.kappa
        return Faces(i_e, through.R_e, drop, through.diffusion_potential)

    def terminal_voltage(self, y: State, I: Scalar) -> Scalar:
        """Voltage [V] between the terminals at cell current `I` [A]; affine in `I`."""
        i = I / self.cell.area
        faces = self.solution_phase(y, i)
        w = y.line[1]
        phi_e_rise = jnp.sum(faces.phi_e_step)
        # the half cells of solid next to the collectors, where the ionic current grows from zero
        ends = (i - 0.25 * faces.i_e[0]) * self.solid_resistance[0]
        ends = ends + (i - 0.25 * faces.i_e[-1]) * self.solid_resistance[-1]
        return w[-1] - w[0] + phi_e_rise - ends - I * self.cell.R_contact

    # ---- what can be read off a state

    def coordinates(self) -> dict[str, Array]:
        """Positions [m] along each of `observables.AXES`."""
        return observables_of_a_cell().coordinates(self)

    def profiles(self, y: State, I: Scalar) -> dict[str, Array]:
        """Each of `observables.PROFILES`."""
        return observables_of_a_cell().profiles(self, y, I)

    def losses(self, y: State, I: Scalar) -> dict[str, Scalar]:
        """Each of `observables.LOSSES` [V]."""
        return observables_of_a_cell().losses(self, y, I)

    def heats(self, y: State, I: Scalar) -> dict[str, Scalar]:
        """Heat [W] by its cause."""
        return observables_of_a_cell().heats(self, y, I)

    def inventory(self, y: State, rest: State) -> Any:
        """What the state holds: an `observables.Inventory`."""
        return observables_of_a_cell().inventory(self, y, rest)


class Placed(NamedTuple):
    """A material of an electrode, and where its particles are."""

    material: Particle
    side: str  # negative or positive
    cells: int  # of its electrode
    particles: slice  # among all particles
    places: slice  # of its electrode, among the cells of both
    hysteresis: int | None  # which of the states of hysteresis of its electrode is its own


def materials_on(cell: Cell, mesh: Mesh) -> tuple[Placed, ...]:
    """The materials of both electrodes, in the order of the particles."""
    found: list[Placed] = []
    start = 0
    for name, first, cells in (("negative", 0, mesh.negative), ("positive", mesh.negative, mesh.positive)):
        states = itertools.count()
        for material in getattr(cell, name).materials:
            own = None if material.hysteresis is None else next(states)
            places = slice(start, start + cells), slice(first, first + cells)
            found.append(Placed(material, name, cells, *places, own))
            start += cells
    return tuple(found)


def hysteretic(cell: Cell) -> int:
    """How many states of hysteresis there are at a place: as many as an electrode has materials with it, at most."""
    of = lambda electrode: sum(material.hysteresis is not None for material in electrode.materials)
    return max(of(cell.negative), of(cell.positive))


def side_unknowns(cell: Cell) -> int:
    """How many unknowns of side reactions there are at a place: as many as an electrode has, at most."""
    return max(len(side.unknowns(cell.negative)), len(side.unknowns(cell.positive)))


def _sum(terms: list[Array]) -> Array:
    return sum(terms[1:], terms[0])


class Ionic(NamedTuple):
    """The ionic current between neighbouring cells, and what it passes through."""

    i_e: Float[Array, " faces"]  # ionic current density [A/m2]
    through: binary.Between


class Faces(eqx.Module):
    """The ionic current between neighbouring cells, and the potential along it."""

    i_e: Float[Array, " faces"]  # ionic current density [A/m2]
    R_e: Float[Array, " faces"]  # ionic resistance between the centres [Ohm m2]
    ohmic_drop: Float[Array, " faces"]  # of the ionic current between the centres [V]
    diffusion_potential: Float[Array, " faces"]  # [V]

    @property
    def phi_e_step(self) -> Float[Array, " faces"]:
        """Change of the electrolyte potential from each centre to the next [V]."""
        return self.diffusion_potential - self.ohmic_drop
