"""The Doyle-Fuller-Newman model of a full cell, with a double layer at every interface.

The double layer's potential difference w = phi_s - phi_e is a state of each electrode, so that both potentials drop out
of the unknowns and the model is a set of stiff ordinary differential equations.

Sources: Doyle, Fuller & Newman, J. Electrochem. Soc. 140 (1993) 1526, doi:10.1149/1.2221597; Newman & Balsara,
Electrochemical Systems, 4th ed. (Wiley 2021), chapters 11, 12 and 22.
"""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.cells.balance import Lithiation
from cellsim.cells.design import Cell
from cellsim.constants import F, R
from cellsim.discretisation import operators as op
from cellsim.discretisation.grid import graded_fractions, radial_grid
from cellsim.discretisation.layout import Layout, State
from cellsim.limits import positive
from cellsim.models.mesh import Mesh

Scalar = Float[Array, ""]
LOG_FLOOR = 1e-2  # mol/m3; the logarithm of the concentration is that of the concentration down to here


class DFN(eqx.Module):
    """A Doyle-Fuller-Newman cell on a mesh.

    The unknowns are scaled to order one: salt concentration over `cell.c0`, w in volts, lithiation.
    """

    cell: Cell
    mesh: Mesh = eqx.field(static=True, default=Mesh())

    @property
    def layout(self) -> Layout:
        """Two fields (salt concentration; w, idle in the separator) on the cells, a particle on each electrode cell."""
        m = self.mesh
        nodes = m.negative + m.separator + m.positive
        host = (*range(m.negative), *range(m.negative + m.separator, nodes))
        return Layout(fields=2, nodes=nodes, depth=m.radial, host=host)

    def discretised(self, T: Any) -> "DiscreteDFN":
        """The equations on the mesh at temperature `T` [K]."""
        return DiscreteDFN(self.cell, self.mesh, T)


class DiscreteDFN(eqx.Module):
    """The equations of a DFN cell on its mesh; all that depends on the parameters alone is worked out once."""

    cell: Cell
    T: Scalar
    width: Float[Array, " cells"]
    eps: Float[Array, " cells"]
    half_path: Float[Array, " cells"]  # pore length from centre to face, width / (2 transport factor) [m]
    solid_resistance: Float[Array, " cells"]  # of half a cell [Ohm m2]; zero in the separator
    wall: Float[Array, " hosts"]  # wall area per volume [1/m]
    C_dl: Float[Array, " hosts"]
    R_p: Float[Array, " hosts"]
    c_max: Float[Array, " hosts"]
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
        over_hosts = lambda x_n, x_p: jnp.concatenate([jnp.full(mesh.negative, x_n), jnp.full(mesh.positive, x_p)])
        lengths = (n.L, s.L, p.L)
        self.width = jnp.concatenate([L * f for L, f in zip(lengths, fractions, strict=True)])
        self.eps = over_cells(n.eps, s.eps, p.eps)
        self.half_path = op.half_resistance(self.width, over_cells(n.kappa_factor, s.kappa_factor, p.kappa_factor))
        self.solid_resistance = 0.5 * self.width * over_cells(1 / n.sigma_eff, 0.0, 1 / p.sigma_eff)
        self.wall = over_hosts(n.particle.a, p.particle.a)
        self.C_dl = over_hosts(n.C_dl, p.C_dl)
        self.R_p = over_hosts(n.particle.R_p, p.particle.R_p)
        self.c_max = over_hosts(n.particle.c_max, p.particle.c_max)

    # ---- how the unknowns are laid out

    def on_electrodes(self, x: Float[Array, "*rows cells"]) -> Float[Array, "*rows hosts"]:
        """Values on the cells of both electrodes, the separator left out."""
        n, s = self.mesh.negative, self.mesh.separator
        return jnp.concatenate([x[..., :n], x[..., n + s :]], axis=-1)

    def on_cells(self, x: Float[Array, " hosts"]) -> Float[Array, " cells"]:
        """Values on all cells from those on both electrodes, zero in the separator."""
        n, s = self.mesh.negative, self.mesh.separator
        return jnp.concatenate([x[:n], jnp.zeros(s), x[n:]])

    def by_electrode(self, law_n: Any, law_p: Any, *arguments: Array) -> Array:
        """One law on the columns of the negative electrode, another on those of the positive."""
        n = self.mesh.negative
        return jnp.concatenate(
            [law_n(*(x[..., :n] for x in arguments)), law_p(*(x[..., n:] for x in arguments))], axis=-1
        )

    def scaled(self, c: Array, w: Array, theta: Array) -> State:
        """The solver's unknowns from salt concentration [mol/m3], w [V] (on the electrodes) and lithiation."""
        return State(jnp.stack([c / self.cell.c0, self.on_cells(w)]), theta)

    def at_rest(self, theta: Lithiation) -> State:
        """The state in equilibrium at lithiations `theta`."""
        n, p = self.mesh.negative, self.mesh.positive
        columns = jnp.concatenate([jnp.full(n, theta.negative), jnp.full(p, theta.positive)])
        return self.scaled(
            jnp.broadcast_to(self.cell.c0, self.width.shape),
            self.equilibrium(columns),
            jnp.broadcast_to(columns, (self.mesh.radial, n + p)),
        )

    # ---- laws

    def equilibrium(self, theta: Float[Array, " hosts"]) -> Float[Array, " hosts"]:
        """Equilibrium potential [V] at surface lithiation `theta`."""
        of = lambda electrode: lambda x: electrode.particle.equilibrium(x, self.T)
        return self.by_electrode(of(self.cell.negative), of(self.cell.positive), theta)

    def faradaic(
        self, c: Float[Array, " hosts"], w: Float[Array, " hosts"], theta: Float[Array, " hosts"]
    ) -> Float[Array, " hosts"]:
        """Faradaic current density [A/m2] of the walls, positive when lithium leaves the solid."""
        eta = w - self.equilibrium(theta)

        def of(electrode: Any) -> Any:
            kinetics, c_max = electrode.particle.kinetics, electrode.particle.c_max
            return lambda c, theta, eta: kinetics.j(kinetics.j0(c, theta, c_max, self.T), eta, self.T)

        return self.by_electrode(of(self.cell.negative), of(self.cell.positive), c, theta, eta)

    # ---- equations

    def solution_phase(self, y: State, i: Scalar) -> "Faces":
        """Transport between neighbouring cells at current density `i` [A/m2]."""
        electrolyte, T = self.cell.electrolyte, self.T
        c, w = y.line[0] * self.cell.c0, y.line[1]
        path = op.across_faces(self.half_path)
        c_face = op.face_value(c, self.half_path)
        # what diffuses from centre to centre is the integral of D dc, whatever layers lie between: Simpson's rule
        D = electrolyte.D(c, T)
        D_mean = (D[:-1] + 4 * electrolyte.D(op.mean(c), T) + D[1:]) / 6
        R_e = path / electrolyte.kappa(c_face, T)
        t_plus, chi = electrolyte.t_plus(c_face, T), electrolyte.chi(c_face, T)
        salt = electrolyte.salt
        thermal = salt.nu * R * T / (salt.equivalents * F)  # 2RT/F for a 1:1 salt
        diffusion_potential = thermal * (1 - t_plus) * chi * op.difference(jnp.log(positive(c, LOG_FLOOR)))

        R_s = op.across_faces(self.solid_resistance)
        shared = (op.difference(w) + diffusion_potential + i * R_s) / (R_e + R_s)
        faces = jnp.arange(c.shape[0] - 1)
        inside = (faces < self.mesh.negative - 1) | (faces >= self.mesh.negative + self.mesh.separator)
        i_e = jnp.where(inside, shared, i)
        N = -D_mean * op.difference(c) / path + t_plus * i_e / (salt.equivalents * F)
        return Faces(i_e, N, R_e, diffusion_potential)

    def rate(self, y: State, I: Scalar) -> State:
        """d(unknowns)/dt [1/s] at cell current `I` [A]."""
        i = I / self.cell.area
        c, w = self.on_electrodes(y.line[0]) * self.cell.c0, self.on_electrodes(y.line[1])
        theta = y.fibre
        faces = self.solution_phase(y, i)
        charge = self.cell.electrolyte.salt.equivalents * F

        # charge: the wall passes what the ionic current gains
        wall_current = op.divergence(faces.i_e, self.width)  # a i_n [A/m3]
        i_n = self.on_electrodes(wall_current) / self.wall
        j = self.faradaic(c, w, theta[-1])
        dw = (i_n - j) / self.C_dl

        # salt
        dc = (wall_current / charge - op.divergence(faces.N, self.width)) / self.eps

        # solid
        D_of = lambda electrode: lambda x: electrode.particle.D_s(x, self.T)
        between = 0.5 * (theta[1:] + theta[:-1])
        D_s = self.by_electrode(D_of(self.cell.negative), D_of(self.cell.positive), between)
        outflux = j / (F * self.c_max * self.R_p)
        dtheta = op.sphere_accumulation(theta, D_s / self.R_p**2, outflux, radial_grid(self.mesh.radial))
        return State(jnp.stack([dc / self.cell.c0, self.on_cells(dw)]), dtheta)

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


class Faces(eqx.Module):
    """What passes between neighbouring cells."""

    i_e: Float[Array, " faces"]  # ionic current density [A/m2]
    N: Float[Array, " faces"]  # salt flux [mol/(m2 s)]
    R_e: Float[Array, " faces"]  # ionic resistance between the centres [Ohm m2]
    diffusion_potential: Float[Array, " faces"]  # [V]

    @property
    def phi_e_step(self) -> Float[Array, " faces"]:
        """Change of the electrolyte potential from each centre to the next [V]."""
        return self.diffusion_potential - self.i_e * self.R_e
