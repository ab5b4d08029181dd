"""What can be read off a state of a DFN cell: profiles, where the losses are, and what must be conserved."""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from cellsim.cells.blends import equilibrium
from cellsim.cells.design import Cell, Electrode, Particle
from cellsim.constants import F
from cellsim.discretisation import operators as op
from cellsim.discretisation.layout import State
from cellsim.models import ageing
from cellsim.models.dfn import DiscreteDFN
from cellsim.models.model import Panel, Profile

Scalar = Float[Array, ""]


PROFILES = {
    "electrolyte concentration": Profile(("x",), "mol/m3", "Salt concentration in the electrolyte"),
    "electrolyte potential": Profile(("x",), "V", "Electrolyte potential against a lithium reference electrode"),
    "ionic current density": Profile(("x_face",), "A/m2", "Superficial ionic current density"),
    "negative electrode potential": Profile(("x_n",), "V", "Solid potential of the negative electrode"),
    "positive electrode potential": Profile(("x_p",), "V", "Solid potential of the positive electrode"),
    "negative surface lithiation": Profile(("x_n",), "-", "Lithiation at the surface of the negative particles"),
    "positive surface lithiation": Profile(("x_p",), "-", "Lithiation at the surface of the positive particles"),
    "negative mean lithiation": Profile(("x_n",), "-", "Mean lithiation of the negative particles"),
    "positive mean lithiation": Profile(("x_p",), "-", "Mean lithiation of the positive particles"),
    "negative interfacial current density": Profile(("x_n",), "A/m2", "Faradaic current density, negative walls"),
    "positive interfacial current density": Profile(("x_p",), "A/m2", "Faradaic current density, positive walls"),
    "negative overpotential": Profile(("x_n",), "V", "Overpotential of charge transfer, negative electrode"),
    "positive overpotential": Profile(("x_p",), "V", "Overpotential of charge transfer, positive electrode"),
    "negative particle lithiation": Profile(("r_n", "x_n"), "-", "Lithiation within the negative particles"),
    "positive particle lithiation": Profile(("r_p", "x_p"), "-", "Lithiation within the positive particles"),
}

AXES = {
    **dict.fromkeys(("x", "x_face", "x_n", "x_p"), "Distance from the negative collector"),
    **dict.fromkeys(("r_n", "r_p"), "Radius within a particle"),
}

PANELS = (
    Panel("Salt concentration [mol/m³]", ("electrolyte concentration",)),
    Panel("Electrolyte potential [V]", ("electrolyte potential",)),
    Panel("Surface lithiation [-]", ("negative surface lithiation", "positive surface lithiation")),
    Panel(
        "Interfacial current density [A/m²]",
        ("negative interfacial current density", "positive interfacial current density"),
    ),
)

LOSSES = {
    "open circuit": "Open-circuit voltage at the mean lithiations",
    "negative particle diffusion": "Diffusion in the negative particles",
    "positive particle diffusion": "Diffusion in the positive particles",
    "negative reaction": "Charge transfer, negative electrode",
    "positive reaction": "Charge transfer, positive electrode",
    "electrolyte ohmic": "Ohmic drop in the electrolyte",
    "electrolyte concentration": "Concentration overpotential of the electrolyte",
    "solid ohmic": "Ohmic drop in the solids and contacts",
}


# What is told of each material of a blend besides, where the electrode's own values are means over its materials.
OF_A_MATERIAL = {
    "surface lithiation": ("-", "Lithiation at the surface of the particles"),
    "mean lithiation": ("-", "Mean lithiation of the particles"),
    "interfacial current density": ("A/m2", "Faradaic current density"),
    "overpotential": ("V", "Overpotential of charge transfer"),
    "particle lithiation": ("-", "Lithiation within the particles"),
}


def fields(cell: Cell) -> dict[str, Profile]:
    """The profiles of a cell: `PROFILES`, and those of every material of a blend."""
    found = dict(PROFILES)
    for side, electrode in (("negative", cell.negative), ("positive", cell.positive)):
        found |= remembered(side, electrode)
        if len(electrode.materials) == 1:
            continue
        del found[f"{side} particle lithiation"]  # radii differ
        for material in electrode.materials:
            for what, (unit, text) in OF_A_MATERIAL.items():
                along = (f"x_{side[0]}",)
                dims = (f"r_{side[0]}_{material.name}", *along) if what == "particle lithiation" else along
                found[f"{side} {material.name} {what}"] = Profile(dims, unit, f"{text}, {material.name} ({side})")
    return found


def remembered(side: str, electrode: Electrode) -> dict[str, Profile]:
    """The profiles of an electrode of its hysteresis and of its side reactions."""
    along, found = (f"x_{side[0]}",), {}
    for material in electrode.materials:
        if material.hysteresis is not None:
            text = f"Between the branches of lithiation (-1) and delithiation (1), {side}"
            found[hysteresis_name(side, electrode, material)] = Profile(along, "-", text)
    return found | ageing.fields(side, electrode)


def hysteresis_name(side: str, electrode: Electrode, material: Particle) -> str:
    """How the state of hysteresis of a material is called."""
    of = f" {material.name}" if len(electrode.materials) > 1 else ""
    return f"{side}{of} hysteresis state"


def axes(cell: Cell) -> dict[str, str]:
    """The dimensions of the profiles of a cell."""
    dims = (dim for profile in fields(cell).values() for dim in profile.dims)
    return {dim: AXES.get(dim, AXES["r_n"]) for dim in dict.fromkeys((*AXES, *dims))}


class Inventory(eqx.Module):
    """What a state holds, for the balances of PHYSICAL invariants: amounts [mol] and charge of double layers [C]."""

    salt: Scalar
    solid_negative: Scalar
    solid_positive: Scalar
    layer_negative: Scalar
    layer_positive: Scalar
    side: dict[str, Scalar] = eqx.field(default_factory=dict)  # held by side reactions, by electrode and what holds it


def coordinates(system: DiscreteDFN) -> dict[str, Array]:
    """Positions [m] along each dimension of the profiles, x from the negative current collector."""
    n, s = system.mesh.negative, system.mesh.separator
    ends = jnp.concatenate([jnp.zeros(1), jnp.cumsum(system.width)])
    centres = 0.5 * (ends[1:] + ends[:-1])
    r = jnp.asarray(system.mesh.sphere.nodes)
    radii = {}
    for side, electrode in (("n", system.cell.negative), ("p", system.cell.positive)):
        radii[f"r_{side}"] = r * electrode.materials[0].R_p
        if len(electrode.materials) > 1:
            radii |= {f"r_{side}_{material.name}": r * material.R_p for material in electrode.materials}
    return {"x": centres, "x_face": ends, "x_n": centres[:n], "x_p": centres[n + s :], **radii}


def _split(system: DiscreteDFN, x: Array) -> tuple[Array, Array]:
    return x[..., : system.mesh.negative], x[..., system.mesh.negative :]


def _mean_lithiation(system: DiscreteDFN, theta: Array) -> Array:
    weights = 3.0 * jnp.asarray(system.mesh.sphere.volumes)
    return jnp.tensordot(weights, theta, axes=1)


def _filled(system: DiscreteDFN, theta: Float[Array, " particles"]) -> Float[Array, " places"]:
    """Lithiation of all materials together at every place."""
    if system.share is None:
        return theta
    of = lambda material: material.eps_s * material.c_max
    room = jnp.concatenate([jnp.full(each.cells, of(each.material)) for each in system.materials])
    return system.summed(room * theta) / system.summed(room)


def profiles(system: DiscreteDFN, y: State, I: Scalar) -> dict[str, Array]:
    """Every profile of `PROFILES` in the state `y` at cell current `I` [A]."""
    i = I / system.cell.area
    c = y.line[0] * system.cell.c0
    w_n, w_p = _split(system, system.on_electrodes(y.line[1]))
    faces = system.solution_phase(y, i)
    i_e = jnp.concatenate([jnp.zeros(1), faces.i_e, jnp.zeros(1)])
    phi_s_first = -(i - 0.25 * faces.i_e[0]) * system.solid_resistance[0]
    phi_e = phi_s_first - w_n[0] + jnp.concatenate([jnp.zeros(1), jnp.cumsum(faces.phi_e_step)])
    n, s = system.mesh.negative, system.mesh.separator
    there = system.at_walls(y)
    surface, mean = y.fibre[-1], _mean_lithiation(system, y.fibre)
    h = system.branch_in(y)
    j, eta = system.insertion(there, surface, h), there[1] - system.equilibrium(surface, h)
    j_n, j_p = _split(system, system.over_walls(j))
    eta_n, eta_p = _split(system, system.over_walls(eta))
    surface_n, surface_p = _split(system, _filled(system, surface))
    mean_n, mean_p = _split(system, _filled(system, mean))
    found = {
        "electrolyte concentration": c,
        "electrolyte potential": phi_e,
        "ionic current density": i_e,
        "negative electrode potential": phi_e[:n] + w_n,
        "positive electrode potential": phi_e[n + s :] + w_p,
        "negative surface lithiation": surface_n,
        "positive surface lithiation": surface_p,
        "negative mean lithiation": mean_n,
        "positive mean lithiation": mean_p,
        "negative interfacial current density": j_n,
        "positive interfacial current density": j_p,
        "negative overpotential": eta_n,
        "positive overpotential": eta_p,
    }
    if ageing.has_any(system):
        found |= ageing.profiles(system, y)
    sides = [each.side for each in system.materials]
    for side, each in zip(sides, system.materials, strict=True):
        if h is not None and each.hysteresis is not None:
            found[hysteresis_name(side, getattr(system.cell, side), each.material)] = h[each.particles]
        if sides.count(side) == 1:
            found[f"{side} particle lithiation"] = y.fibre[:, each.particles]
            continue
        values = dict(zip(OF_A_MATERIAL, (surface, mean, j, eta, y.fibre), strict=True))
        found |= {f"{side} {each.material.name} {what}": x[..., each.particles] for what, x in values.items()}
    return found


def losses(system: DiscreteDFN, y: State, I: Scalar) -> dict[str, Scalar]:
    """The terminal voltage [V] as the sum of the terms of `LOSSES`, each averaged over its electrode."""
    n, s = system.mesh.negative, system.mesh.separator
    weight_n = system.width[:n] / jnp.sum(system.width[:n])
    weight_p = system.width[n + s :] / jnp.sum(system.width[n + s :])
    over = lambda x: (jnp.sum(weight_n * x[..., :n]), jnp.sum(weight_p * x[..., n:]))

    w = system.on_electrodes(y.line[1])
    h, mean = system.branch_in(y), _mean_lithiation(system, y.fibre)
    U = system.over_walls(system.equilibrium(y.fibre[-1], h))
    mean_n, mean_p = over(_filled(system, mean))
    U_n, U_p = over(U)
    eta_n, eta_p = over(w - U)
    rest_n = equilibrium(system.cell.negative, mean_n, system.T)
    rest_p = equilibrium(system.cell.positive, mean_p, system.T)
    if h is not None:  # what hysteresis adds is no loss by the current of the moment
        added_n, added_p = over(system.over_walls(system.equilibrium(mean, h) - system.equilibrium(mean)))
        rest_n, rest_p = rest_n + added_n, rest_p + added_p
    rest = rest_p - rest_n

    faces = system.solution_phase(y, I / system.cell.area)

    def rise(step: Array) -> Array:
        """Mean over the positive less mean over the negative electrode of a potential with these steps."""
        phi = jnp.concatenate([jnp.zeros(1), jnp.cumsum(step)])
        return jnp.sum(weight_p * phi[n + s :]) - jnp.sum(weight_n * phi[:n])

    ohmic, concentration = rise(-faces.ohmic_drop), rise(faces.diffusion_potential)
    terms = {
        "open circuit": rest,
        "negative particle diffusion": -(U_n - rest_n),
        "positive particle diffusion": U_p - rest_p,
        "negative reaction": -eta_n,
        "positive reaction": eta_p,
        "electrolyte ohmic": ohmic,
        "electrolyte concentration": concentration,
    }
    V = system.terminal_voltage(y, I)
    return {**terms, "solid ohmic": V - sum(terms.values())}


def heats(
    system: DiscreteDFN, y: State, I: Scalar, current: Callable[[Array], Array] = lambda j: j
) -> dict[str, Scalar]:
    """Heat [W] that the cell makes, by its cause. `current` gives the current densities of the walls from those of
    insertion, where some pass another."""
    i, area = I / system.cell.area, system.cell.area
    faces = system.solution_phase(y, i)
    R_s = jnp.where(system.is_inside, op.across_faces(system.solid_resistance), 0.0)
    # from centre to centre, and in the half cells next to the collectors, where the ionic current grows from zero
    ohmic = jnp.sum(-faces.i_e * faces.phi_e_step + (i - faces.i_e) ** 2 * R_s)
    ends = [(i - 0.25 * faces.i_e[k]) ** 2 * system.solid_resistance[k] for k in (0, -1)]

    there, surface = system.at_walls(y), y.fibre[-1]
    h = system.branch_in(y)
    j = current(system.insertion(there, surface, h))
    dUdT = system.by_material(lambda material: lambda x: material.dUdT(x, system.T), surface)
    walls = system.on_electrodes(system.wall_area)
    of_walls = lambda x: area * jnp.sum(walls * system.over_walls(x))
    reaction = of_walls(j * (there[1] - system.equilibrium(surface, h)))
    return {
        "ohmic heat": area * (ohmic + ends[0] + ends[1]) + I**2 * system.cell.R_contact,
        "reaction heat": reaction + ageing.heat(system, y) if ageing.has_any(system) else reaction,
        "reversible heat": of_walls(j * system.T * dUdT),
    }


def inventory(system: DiscreteDFN, y: State, rest: State) -> Inventory:
    """Salt and lithium [mol] in the state `y`, and the charge [C] of its double layers over that of `rest`."""
    area, n = system.cell.area, system.mesh.negative
    salt = area * jnp.sum(system.width * system.eps * y.line[0]) * system.cell.c0
    width = system.on_electrodes(system.width)
    in_particles = area * system.R_p / 3.0 * system.c_max * _mean_lithiation(system, y.fibre)  # per wall area
    solid = width * system.wall * system.over_walls(in_particles)
    w = system.on_electrodes(y.line[1] - rest.line[1])
    layer = area * width * system.wall * system.C_dl * w
    sides = jnp.sum(solid[:n]), jnp.sum(solid[n:]), jnp.sum(layer[:n]), jnp.sum(layer[n:])
    return Inventory(salt, *sides, ageing.lithium(system, y) if ageing.has_any(system) else {})


class Balance(NamedTuple):
    """How far a run strayed from what must hold, relative; only rounding may show."""

    lithium_relative_drift: float
    salt_relative_drift: float
    charge_balance_relative_error: float


def balance(held: Inventory, charge: np.ndarray) -> Balance:
    """Balances along a run: `held` at its times, and the charge [C] passed until then.

    Lithium is that of the salt, the solid and what side reactions hold, less what the double layers drew across without
    a reaction. Each electrode's solid, side reactions and double layer together take up the charge that was passed.
    """
    layers = (np.asarray(held.layer_negative) + np.asarray(held.layer_positive)) / F
    in_negative = np.asarray(held.solid_negative) + ageing.held_by("negative", held.side)
    in_positive = np.asarray(held.solid_positive) + ageing.held_by("positive", held.side)
    lithium = np.asarray(held.salt) + in_negative + in_positive - layers
    salt = np.asarray(held.salt)
    change = lambda x: np.asarray(x) - np.asarray(x)[0]
    negative = -F * change(in_negative) + change(held.layer_negative)
    positive = -F * change(in_positive) + change(held.layer_positive)
    # at rest of what side reactions move, or of a millionth of the lithium: over nothing, rounding would look large
    moved = max(float(np.max(np.abs(F * change(x)))) for x in (in_negative, in_positive))
    passed = max(float(np.max(np.abs(charge))), moved, 1e-6 * F * abs(float(lithium[0])))
    wrong = max(float(np.max(np.abs(negative - charge))), float(np.max(np.abs(positive + charge))))
    drift = lambda x: float(np.max(np.abs(x - x[0])) / abs(x[0]))
    return Balance(drift(lithium), drift(salt), wrong / passed)
