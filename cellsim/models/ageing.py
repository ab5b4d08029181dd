"""What can be read off the side reactions of a cell: profiles, heat, and where the lithium went."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from cellsim.cells.design import Electrode
from cellsim.constants import SECONDS_PER_HOUR, F
from cellsim.discretisation.layout import State
from cellsim.models import side_reactions
from cellsim.models.dfn import DiscreteDFN, side_unknowns
from cellsim.models.model import Panel, Profile

Scalar = Float[Array, ""]


def fields(side: str, electrode: Electrode) -> dict[str, Profile]:
    """The profiles of the side reactions of an electrode: what they leave there, and what drives them."""
    along, found = (f"x_{side[0]}",), {}
    for unknown in side_reactions.unknowns(electrode):
        found[f"{side} {unknown.name}"] = Profile(along, unknown.unit, f"{unknown.long_name}, {side} electrode")
    for reaction in electrode.side_reactions:
        of = f"{reaction.name}, {side} electrode"
        found[f"{side} {reaction.name} current density"] = Profile(along, "A/m2", f"Current density of {of}")
        found[f"{side} {reaction.name} overpotential"] = Profile(along, "V", f"Overpotential of {of}")
    return found


def _electrodes(system: DiscreteDFN) -> tuple[tuple[str, Electrode, slice], ...]:
    """Both electrodes, and where they are among the places of both."""
    n = system.mesh.negative
    return ("negative", system.cell.negative, slice(0, n)), ("positive", system.cell.positive, slice(n, None))


def _passing(system: DiscreteDFN, y: State) -> tuple[side_reactions.Passing, ...]:
    return system.passing(system.at_walls(y), y.fibre[-1], system.branch_in(y))


def _of(passed: tuple[side_reactions.Passing, ...], k: int) -> list[Array]:
    """The current density of side reaction `k` at every material, none where there are fewer."""
    return [x.side[k] if k < len(x.side) else jnp.zeros_like(x.insertion) for x in passed]


def _over_walls(system: DiscreteDFN, side: str, values: list[Array]) -> Array:
    """The mean over the walls of all materials of an electrode, from the values at each material of both."""
    terms = [
        x * (1.0 if system.share is None else system.share[each.particles])
        for each, x in zip(system.materials, values, strict=True)
        if each.side == side
    ]
    return sum(terms[1:], terms[0])


def profiles(system: DiscreteDFN, y: State) -> dict[str, Array]:
    """Each of `fields` of both electrodes."""
    found: dict[str, Array] = {}
    passed = _passing(system, y)
    for side, electrode, _ in _electrodes(system):
        each = next(x for x in system.materials if x.side == side)  # all share what is left at a place
        amounts = system.amounts(system.at_walls(y), each)
        for unknown, amount in zip(side_reactions.unknowns(electrode), amounts, strict=True):
            found[f"{side} {unknown.name}"] = amount
        for k, reaction in enumerate(electrode.side_reactions):
            j, w = (
                _over_walls(system, side, _of(passed, k)),
                _over_walls(system, side, [jnp.asarray(x.wall.w) for x in passed]),
            )
            found[f"{side} {reaction.name} current density"] = j
            found[f"{side} {reaction.name} overpotential"] = w - reaction.U
    return found


def heat(system: DiscreteDFN, y: State) -> Scalar:
    """Irreversible heat of the side reactions [W], films included."""
    made, passed = jnp.zeros(()), _passing(system, y)
    walls, w = system.on_electrodes(system.wall_area), system.on_electrodes(y.line[1])
    for side, electrode, places in _electrodes(system):
        for k, reaction in enumerate(electrode.side_reactions):
            j = _over_walls(system, side, _of(passed, k))
            made = made + system.cell.area * jnp.sum(walls[places] * j * (w[places] - reaction.U))
    return made


def lithium(system: DiscreteDFN, y: State) -> dict[str, Scalar]:
    """Lithium [mol] that side reactions hold, by electrode and what holds it."""
    found: dict[str, Scalar] = {}
    width = system.on_electrodes(system.width)
    for side, electrode, places in _electrodes(system):
        each = next(x for x in system.materials if x.side == side)
        amounts = system.amounts(system.at_walls(y), each)
        own = side_reactions.grouped(electrode.side_reactions, amounts)
        for reaction, of in zip(electrode.side_reactions, own, strict=True):
            for name, held in reaction.lithium(electrode.a, of).items():
                found[f"{side} {name}"] = system.cell.area * jnp.sum(width[places] * held)
    return found


def held_by(side: str, held: dict[str, Any]) -> Any:
    """All of the `lithium` of one electrode."""
    return sum((np.asarray(x) for name, x in held.items() if name.startswith(f"{side} ")), np.zeros(()))


def taken(held: Any) -> dict[str, Any]:
    """What side reactions took along a run, from its inventories: the lithium of each that holds some [mol], and as the
    capacity that went with it [A.h]; and the loss of lithium inventory, which is all of it over the lithium that was in
    the particles at first. Nothing where there are no side reactions."""
    if not held.side:
        return {}
    gained = {name: x[-1] - x[0] for name, x in held.side.items()}
    everything = sum(gained.values())
    named = {f"lithium_in_{name.replace(' ', '_')}_mol": x for name, x in gained.items()}
    return {
        **named,
        "capacity_taken_Ah": everything * F / SECONDS_PER_HOUR,
        "loss_of_lithium_inventory": everything / (held.solid_negative[0] + held.solid_positive[0]),
    }


def panels(cell: Any) -> tuple[Panel, ...]:
    """What side reactions leave in either electrode, for the figure of profiles."""
    shown: dict[tuple[str, float], list[str]] = {}
    for side in ("negative", "positive"):
        for unknown in side_reactions.unknowns(getattr(cell, side)):
            unit, factor = ("nm", 1e9) if unknown.unit == "m" else (unknown.unit.replace("m3", "m³"), 1.0)
            label = f"{unknown.name[0].upper()}{unknown.name[1:]} [{unit}]"
            shown.setdefault((label, factor), []).append(f"{side} {unknown.name}")
    return tuple(Panel(label, tuple(names), factor) for (label, factor), names in shown.items())


def has_any(system: DiscreteDFN) -> bool:
    """Whether the cell has side reactions."""
    return side_unknowns(system.cell) > 0
