"""Scenario files: what to run, as TOML; read into immutable objects, or refused with everything that is wrong at once.

Here, and in the command line that builds on it, names become classes and degC become K; nowhere else.
"""

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cellsim import registry
from cellsim.cells import bpx
from cellsim.cells import library as cell_library
from cellsim.cells.design import implausible_laws
from cellsim.constants import ZERO_CELSIUS
from cellsim.electrolyte.load import load_electrolyte
from cellsim.fitting.optimise import Optimum, maximised
from cellsim.fitting.optimise import Progress as Improving
from cellsim.hints import likely_unit
from cellsim.models.slab import Slab
from cellsim.parameters import Quantity, UnknownPath, described, get, leaves, problems, replace
from cellsim.protocols import language
from cellsim.protocols.protocol import Protocol
from cellsim.scenario_models import (
    MESHES,
    THERMAL,
    chosen_model,
    made,
    subject_of,
    table_given,
    with_subject,
)
from cellsim.scenario_models import (
    described as described_by,
)
from cellsim.scenario_parts import (
    Optimise,
    electrolyte_from,
    optimise_from,
    protocol_from,
    with_side_reactions,
)
from cellsim.settings import BadInput, Reading, Settings, settings_in, shown
from cellsim.simulation.simulate import Progress, simulate
from cellsim.simulation.solution import Solution

DEFAULT_STEP = "Discharge at 1C"
STATE_OF_CHARGE = Quantity("-", 0.0, 1.0, "initial state of charge")
AMBIENT = Quantity("degC", -60.0, 100.0, "ambient and initial temperature")
RTOL = Quantity("-", 1e-13, 1e-2, "relative tolerance")
ATOL = Quantity("-", 1e-16, 1e-2, "absolute tolerance")


@dataclasses.dataclass(frozen=True)
class Scenario:
    """A run that can begin: everything was read, found and judged. Temperatures are in K."""

    title: str
    description: str
    model: Any
    mesh: str
    changes: tuple[tuple[str, Any], ...]
    protocol: Protocol
    soc: float
    temperature: float | None
    rtol: float
    atol: float
    max_steps: int | None
    directory: Path | None
    optimise: Optimise | None = None

    @property
    def cell(self) -> Any:
        """What is run: a full, half or symmetric cell, or a slab."""
        return subject_of(self.model)

    def run(
        self,
        progress: Progress | None = None,
        on_cycle: Callable[[int, Solution], None] | None = None,
        after: Solution | None = None,
    ) -> Solution:
        """The solution; raises `cellsim.simulation.simulate.CannotStart` where a step has no beginning. `on_cycle` is
        called with the solution of every cycle when it ends; the run goes on `after` an earlier one."""
        return simulate(
            self.model,
            self.protocol if len(self.protocol.steps) > 1 else self.protocol.steps[0],
            soc=self.soc,
            T=self.temperature,
            rtol=self.rtol,
            atol=self.atol,
            max_steps=self.max_steps,
            progress=progress,
            on_cycle=on_cycle,
            after=after,
        )

    def goal(self, cell: Any) -> Any:
        """What is to be as great as it can be, of a run of the scenario with `cell` in the place of its own."""
        assert self.optimise is not None
        model = with_subject(self.model, cell)
        return abs(getattr(dataclasses.replace(self, model=model).run(), self.optimise.goal))

    def improved(self, progress: Improving | None = None) -> tuple["Scenario", Optimum]:
        """The scenario with the best cell that is found, and how it was found."""
        assert self.optimise is not None
        best = maximised(self.goal, self.cell, self.optimise.free, steps=self.optimise.steps, progress=progress)
        return dataclasses.replace(self, model=with_subject(self.model, best.cell)), best


def load_scenario(path: str | Path, changes: Settings | None = None, found: Iterable[str] = ()) -> Scenario:
    """The scenario in a TOML file, with `changes` put over it. Raises `BadInput`, `found` among what is wrong."""
    settings, wrong = settings_in(Path(path))
    folder = Path(path).parent
    return scenario_from({**settings, **(changes or {})}, str(path), [*wrong, *found], folder)


def scenario_from(settings: Settings, source: str, found: Iterable[str] = (), folder: Path = Path()) -> Scenario:
    """The scenario that `settings` describe, files that they name found from `folder`. Raises `BadInput` with `found`
    and everything else that is wrong."""
    read = Reading(settings, list(found))
    if any(key[0] == "fit" for key in settings):
        read.problems.append(f"[fit] is no part of a run: this is a fit file, for `cellsim fit {source}`.")
    if any(key[0] == "sensitivity" for key in settings):
        read.problems.append(f"[sensitivity] is no part of a run: this is a study, for `cellsim sensitivity {source}`.")
    check = read.flag(("cell", "check"), True)
    cell = subject_from(read)
    temperature = read.number(("model", "ambient_temperature"), None, AMBIENT)
    model = chosen_model(read, cell)
    mesh = read.chosen(("model", "mesh"), "default", MESHES, "mesh")
    thermal = read.chosen(("model", "thermal"), "isothermal", THERMAL, "thermal model")
    protocol = protocol_from(read, folder)
    soc = read.number(("protocol", "soc"), float(getattr(cell, "soc_initial", 1.0)), STATE_OF_CHARGE)
    rtol = read.number(("solver", "rtol"), 1e-6, RTOL)
    atol = read.number(("solver", "atol"), None, ATOL)
    max_steps = read.count(("solver", "max_steps"))
    directory = read.text(("output", "dir"), "")
    optimised = optimise_from(read, cell)
    title, description = read.text(("title",), ""), read.text(("description",), "")
    if cell is not None and check:
        read.problems.extend(_implausible(cell))
    if (
        read.problems
        or cell is None
        or protocol is None
        or soc is None
        or rtol is None
        or model is None
        or mesh is None
    ):
        raise BadInput(source, read.problems)
    try:
        built = made(model, cell, mesh, thermal or THERMAL[0])
    except ValueError as error:  # a model that the cell does not suit
        raise BadInput(source, [str(error)]) from None
    return Scenario(
        title=title or f"{cell.name}: {_spoken(protocol)}",
        description=" ".join(description.split()),
        model=built,
        mesh=mesh,
        changes=tuple((key[2], given.value) for key, given in settings.items() if key[:2] == ("cell", "set")),
        protocol=protocol,
        soc=soc,
        temperature=None if temperature is None else temperature + ZERO_CELSIUS,
        rtol=rtol,
        atol=rtol if atol is None else atol,
        max_steps=max_steps,
        directory=Path(directory) if directory else None,
        optimise=optimised,
    )


def subject_from(read: Reading) -> Any:
    """What is run, with its changes; None where something is wrong with it."""
    table = table_given(read)
    if table is None or table == "half_cell":
        cell = _cell(read)
        return cell if table is None else described_by(table, read, cell)
    subject = described_by(table, read, None)
    return None if subject is None else _changed(read, subject)


def _cell(read: Reading) -> Any:
    """The cell that is named, with its changes."""
    given = read.settings.get(("cell", "name"))
    name = read.text(("cell", "name"), "")
    if given is None or given.value == "":
        known = ", ".join(registry.names(cell_library))
        read.problems.append(f'no cell is named. Write name = "..." under [cell], or pass --cell. There are: {known}.')
    if not name:
        return None
    place = read.settings["cell", "name"].place
    if "/" in name and not bpx.is_bpx(name):
        read.problems.append(f"{place} = '{name}': a BPX file is called {', '.join(bpx.SUFFIXES)} at its end.")
        return None
    try:
        cell: Any = bpx.load(name) if bpx.is_bpx(name) else registry.module(cell_library, name).cell()
    except registry.UnknownName as error:
        read.problems.append(f"{place}: {registry.plain(error, 'cell')}")
        return None
    except bpx.UnreadableBPX as error:
        read.problems.extend(f"{place} = '{name}': {line}" for line in error.lines)
        return None
    asked = read.settings.get(("cell", "electrolyte"))
    if asked is not None and isinstance(asked.value, Mapping):
        made = electrolyte_from(asked, read.problems)
        cell = cell if made is None else dataclasses.replace(cell, electrolyte=made)
    elif solution := read.text(("cell", "electrolyte"), ""):
        try:
            cell = dataclasses.replace(cell, electrolyte=load_electrolyte(solution))
        except registry.UnknownName as error:
            read.problems.append(
                f"{read.settings['cell', 'electrolyte'].place}: {registry.plain(error, 'electrolyte')}"
            )
    beside = read.settings.get(("cell", "side_reactions"))
    if beside is not None:
        cell = with_side_reactions(beside, cell, read.problems)
    return _changed(read, cell)


def _changed(read: Reading, cell: Any) -> Any:
    """The cell with the numbers that are set by their paths, each judged alone."""
    for key, change in read.settings.items():
        if key[:2] == ("cell", "set"):
            wrong = _unsettable(cell, key[2], change.value)
            if wrong:
                read.problems.append(f"{change.place}: {wrong}")
                continue
            try:
                cell = replace(cell, key[2], change.value)
            except ValueError as error:  # what is made of it refuses it, as a slab that is not neutral
                read.problems.append(f"{change.place}: {error}")
    return cell


def _unsettable(cell: Any, path: str, value: Any) -> str:
    """Why `value` cannot stand at `path`; nothing when it can."""
    try:
        held = get(cell, path)
    except UnknownPath as error:
        return str(error).removeprefix(f"unknown parameter '{path}': ")
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    is_row = isinstance(value, list) and all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in value)
    about = described(cell, path)
    unit = f" in {about.unit}" if about is not None and about.unit != "-" else ""
    if hasattr(held, "shape"):
        if held.shape and not (is_row and len(value) == held.shape[0]):
            return f"must be a list of {held.shape[0]} numbers{unit}, found {shown(value)}."
        if not held.shape and not is_number:
            return f"must be a number{unit}, found {shown(value)}."
    elif about is None:
        parts = dict.fromkeys(leaf.path.split(".")[0] for leaf in leaves(held))
        return f"is no number but a part with {', '.join(parts)}; set one of them."
    elif not is_number:
        return f"must be a number{unit} (which makes it constant), found {shown(value)}."
    return "" if np.all(np.isfinite(value)) else "must be finite."


def _implausible(cell: Any) -> list[str]:
    """One problem that lists every number and law of `cell` that cannot be meant, with what it may have been."""
    lines = []
    for line in problems(cell) + ([] if isinstance(cell, Slab) else implausible_laws(cell)):
        path, _, rest = line.partition(" = ")
        about = described(cell, path)
        hint = likely_unit(float(rest.split()[0]), about) if about is not None else ""
        lines.append("  " + re.sub(r" -(?=[;.])", "", line) + hint)  # a fraction has no unit to show
    if not lines:
        return []
    head = "1 parameter looks" if len(lines) == 1 else f"{len(lines)} parameters look"
    tail = "Write `check = false` under [cell] of the scenario, or pass --no-check, if the value is meant."
    return ["\n".join([f"{head} implausible (wrong unit?):", *lines, tail])]


def _spoken(protocol: Protocol) -> str:
    """What is done, on half a line."""
    texts = [[step.text or language.words(step) for step in cycle.steps] for cycle in protocol.cycles]
    is_repeated = len(texts) > 1 and all(cycle == texts[0] for cycle in texts)
    first, *more = texts[0] if is_repeated else [text for cycle in texts for text in cycle]
    steps = f" and {len(more)} more step{'s' if len(more) > 1 else ''}" if more else ""
    return f"{len(texts)} cycles of {first}{steps}" if is_repeated else f"{first}{steps}"
