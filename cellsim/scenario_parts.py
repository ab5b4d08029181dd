"""Parts of a scenario that are tables of their own: an electrolyte made from ions, the protocol, and what is to be
optimised."""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cellsim.constants import ZERO_CELSIUS
from cellsim.electrode import side_reactions
from cellsim.electrode.side_reactions import AbstractSideReaction, SEIFilm
from cellsim.electrolyte import levels, speciation
from cellsim.electrolyte.electrolyte import AbstractElectrolyte, Electrolyte
from cellsim.entries import Entries, built, quantities
from cellsim.fitting.free import Free
from cellsim.hints import near_name
from cellsim.laws import Constant
from cellsim.parameters import Quantity, UnknownPath, get, replace
from cellsim.protocols import language
from cellsim.protocols.protocol import Protocol, Until
from cellsim.settings import Given, Reading, is_number, shown
from cellsim.splines import Table

LEVELS: dict[str, type[AbstractElectrolyte]] = {
    "properties": Electrolyte,
    "ions": levels.IdealElectrolyte,
    "onsager": levels.OnsagerElectrolyte,
    "stefan-maxwell": levels.StefanMaxwellElectrolyte,
    "association": levels.AssociatedElectrolyte,
    "trade-off": levels.TradeOffElectrolyte,
}
SIDE_REACTIONS: dict[str, type[AbstractSideReaction]] = {
    "solvent-limited SEI": side_reactions.SolventLimitedSEI,
    "solvent-reduction SEI": side_reactions.SolventReductionSEI,
    "interstitial-limited SEI": side_reactions.InterstitialLimitedSEI,
    "reversible plating": side_reactions.ReversiblePlating,
    "irreversible plating": side_reactions.IrreversiblePlating,
}
GOALS = ("capacity", "energy")
DEFAULT_STEPS = ("Discharge at 1C",)
DURING = Quantity("degC", -60.0, 100.0, "ambient temperature during the protocol")
PERIOD = Quantity("s", 1e-6, 1e7, "time between the points that are kept")


class Optimise(NamedTuple):
    """What is to be as great as it can be, and what moves."""

    goal: str
    free: tuple[Free, ...]
    steps: int


def electrolyte_from(given: Given, problems: list[str]) -> AbstractElectrolyte | None:
    """The electrolyte that a table describes: its `level`, and a number, or a table of values at concentrations, for
    each of the laws of that level. None, and what is wrong among `problems`, where it describes none."""
    table, place = dict(given.value), "[cell.electrolyte]"
    wrong: list[str] = []
    level, name = table.pop("level", None), table.pop("name", "electrolyte of the scenario")
    if not isinstance(level, str) or level not in LEVELS:
        near = near_name(str(level), LEVELS) if level is not None else ""
        problems.append(f"{place} level must be one of {', '.join(LEVELS)}, found {shown(level)}.{near}")
        return None
    kind = LEVELS[level]
    fields = {field.name: field for field in dataclasses.fields(kind) if field.init}
    about: dict[str, Any] = {
        name: field.metadata.get("law") or field.metadata.get("quantity")
        for name, field in fields.items()
        if "law" in field.metadata or "quantity" in field.metadata
    }
    known = [*about, *(["clusters"] if "clusters" in fields else [])]
    numbers: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            wrong.append(
                f"{place} has no '{key}' at level '{level}'.{near_name(key, known)} It has: {', '.join(known)}."
            )
        elif key == "clusters":
            numbers[key] = _clusters(value, place, wrong)
        else:
            numbers[key] = _law(
                value, f"{place} {key}", f" in {about[key].unit}" if about[key].unit != "-" else "", wrong
            )
    needed = [key for key in about if fields[key].default is dataclasses.MISSING and key not in table]
    if needed:
        listed = ", ".join(f"{key} [{about[key].unit}]" for key in needed)
        wrong.append(f"{place} needs {listed} at level '{level}'.")
    problems.extend(wrong)
    return None if wrong else kind(**numbers, name=str(name))


def _law(value: Any, place: str, unit: str, wrong: list[str]) -> Any:
    """A number, or a monotone spline through the values of a table {c = [...], values = [...]}."""
    if is_number(value):
        return value
    if isinstance(value, Mapping) and set(value) == {"c", "values"}:
        try:
            return Table(value["c"], value["values"])
        except (ValueError, TypeError) as error:
            wrong.append(f"{place}: {error}")
            return None
    wrong.append(
        f"{place} must be a number{unit}, or {{c = [...], values = [...]}} with c in mol/m3; found {shown(value)}."
    )
    return None


def _clusters(value: Any, place: str, wrong: list[str]) -> tuple[speciation.Cluster, ...]:
    known = {"cations", "anions", "K", "D"}
    found = []
    for entry in value if isinstance(value, list) else [value]:
        if not isinstance(entry, Mapping) or set(entry) != known:
            wrong.append(
                f"{place} clusters must be a list of tables with {', '.join(sorted(known))}; found {shown(entry)}."
            )
            continue
        if not all(is_number(x) for x in entry.values()):
            wrong.append(f"{place} clusters must hold numbers alone, found {entry}.")
            continue
        found.append(speciation.Cluster(entry["K"], entry["D"], cations=entry["cations"], anions=entry["anions"]))
    return tuple(found)


def with_side_reactions(given: Given, cell: Any, problems: list[str]) -> Any:
    """The cell with the side reactions that a list of tables describes in place of its own: each with its `electrode`,
    its `law`, and the numbers of that law and of its film. Complains among `problems` of what is wrong."""
    place = "[[cell.side_reactions]]"
    if not isinstance(given.value, list) or not all(isinstance(each, Mapping) for each in given.value):
        problems.append(f"{given.place} must be tables, each under {place}, found {shown(given.value)}.")
        return cell
    sides = [side for side in ("negative", "positive", "working") if hasattr(cell, side)]
    if not sides:
        problems.append(f"{given.place}: {cell.name} has no porous electrode for them.")
        return cell
    found: dict[str, list[AbstractSideReaction]] = {side: [] for side in sides}
    for k, each in enumerate(given.value, start=1):
        side, reaction = _side_reaction(Entries(each, f"{place} {k}:", problems), sides)
        if reaction is not None:
            found[side].append(reaction)
    for side, reactions in found.items():
        try:
            cell = replace(cell, f"{side}.side_reactions", tuple(reactions))
        except ValueError as error:  # two laws for the same
            problems.append(f"{given.place}: {error}")
    return cell


def _side_reaction(table: Entries, sides: list[str]) -> tuple[str, AbstractSideReaction | None]:
    side = table.chosen("electrode", sides[0], sides)
    if "law" not in table.content:
        table.problems.append(f"{table.place} needs law, one of {', '.join(SIDE_REACTIONS)}.")
        return side, None
    before = len(table.problems)
    kind = SIDE_REACTIONS[table.chosen("law", next(iter(SIDE_REACTIONS)), SIDE_REACTIONS)]
    if len(table.problems) > before:
        return side, None
    makes_film = any(field.name == "film" for field in dataclasses.fields(kind))
    table.only(["electrode", "law", *quantities(kind), *(quantities(SEIFilm) if makes_film else [])])
    parts = {"film": built(SEIFilm, table)} if makes_film else {}
    return side, built(kind, table, **parts)


def optimise_from(read: Reading, cell: Any) -> Optimise | None:
    """What the table [optimise] asks for; None where there is none."""
    if not any(key[0] == "optimise" for key in read.settings):
        return None
    goal = read.chosen(("optimise", "maximise"), "capacity", GOALS, "goal")
    steps = read.count(("optimise", "steps")) or 40
    over = {key[2]: given for key, given in read.settings.items() if key[:2] == ("optimise", "over")}
    if not over:
        read.problems.append('[optimise] moves nothing: write "PATH" = [low, high] under [optimise.over].')
    free = []
    for path, given in over.items():
        bounds = given.value
        is_pair = isinstance(bounds, list) and len(bounds) == 2 and all(map(is_number, bounds))
        if not (is_pair and bounds[0] < bounds[1]):
            read.problems.append(f"{given.place} must be [low, high] with low below high, found {shown(bounds)}.")
        elif cell is not None:
            try:
                held = get(cell, path)
            except UnknownPath as error:
                read.problems.append(f"{given.place}: {error}")
                continue
            leaf = f"{path}.value" if isinstance(held, Constant) else path
            if getattr(get(cell, leaf), "shape", None) != ():
                read.problems.append(f"{given.place}: '{path}' is no single number.")
                continue
            free.append(Free(leaf, float(bounds[0]), float(bounds[1])))
    return Optimise(goal or "capacity", tuple(free), steps)


def protocol_from(read: Reading, folder: Path) -> Protocol | None:
    """What the table [protocol] asks for: `steps`, a list in which lists are cycles and tables repeat theirs; `cycles`,
    how many times; `until`, what ends it; `temperature` [degC], `period` [s] and `skip` for steps that say none. Files
    that it runs are looked for in `folder`. None, and what is wrong among the problems, where it cannot be read."""
    before = len(read.problems)
    steps = read.take(("protocol", "steps"), list, f'a list of texts, such as ["{DEFAULT_STEPS[0]} until 2.5 V"]')
    cycles = read.count(("protocol", "cycles"))
    until = _until(read)
    T = _number_or_text(read, "temperature", DURING, language.temperature, ZERO_CELSIUS)
    period = _number_or_text(read, "period", PERIOD, language.time, 0.0)
    skip = read.flag(("protocol", "skip"), True)
    protocol = None
    try:
        items = DEFAULT_STEPS if steps is None else steps
        protocol = language.protocol(
            items, cycles, until, T=T, period=period, skip_ok=None if skip else False, folder=folder
        )
    except language.UnreadableProtocol as error:
        place = read.settings["protocol", "steps"].place
        read.problems.extend(f"{place}: {problem}" for problem in error.problems)
    return protocol if len(read.problems) == before else None


def _until(read: Reading) -> Until | None:
    key = ("protocol", "until")
    said = read.take(key, (str, list), "a text or a list of texts, such as '80% capacity'")
    try:
        return None if said is None else language.ending(said)
    except language.UnreadableStep as error:
        read.problems.append(f"{read.settings[key].place}: {error}")
        return None


def _number_or_text(
    read: Reading, name: str, about: Quantity, reader: Callable[[str], float], offset: float
) -> float | None:
    """A number in the unit of `about`, which `offset` takes to that of the code, or a text with its own unit."""
    key = ("protocol", name)
    given = read.settings.get(key)
    if given is None or not isinstance(given.value, str):
        value = read.number(key, None, about)
        return None if value is None else value + offset
    try:
        return reader(given.value)
    except language.UnreadableStep as error:
        read.problems.append(f"{given.place}: {error}")
        return None
