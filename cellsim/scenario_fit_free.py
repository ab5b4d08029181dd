"""What moves in a fit file: bounds, where to begin, what is known before, and the truth of made-up records."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from cellsim.entries import Entries
from cellsim.fitting import priors
from cellsim.fitting.free import Free
from cellsim.fitting.targets import CONDITIONS, SCALE, Conditions, Subject, target_of
from cellsim.hints import near_name
from cellsim.parameters import UnknownPath, get, replace
from cellsim.settings import Given, Reading, is_number, shown

OF_SMOOTH, POINTS = ("sd", "from", "to", "points", "relative"), 15


def changed(read: Reading, cell: Any) -> Any:
    """The cell with the numbers of `[fit.truth]` at their paths; factors for those that end in `.scale`."""
    for key, given in read.settings.items():
        if key[:2] != ("fit", "truth") or len(key) < 3 or cell is None or not _is_number(read, given):
            continue
        try:
            if key[2].endswith(SCALE):
                cell = target_of(key[2]).put(Subject(cell, Conditions()), np.asarray(float(given.value))).cell
            else:
                held = get(cell, key[2])
                cell = replace(
                    cell, key[2], np.full(held.shape, given.value) if hasattr(held, "shape") else given.value
                )
        except (UnknownPath, ValueError) as error:
            read.problems.append(f"{given.place}: {error}")
    return cell


def _is_number(read: Reading, given: Given) -> bool:
    if not is_number(given.value):
        read.problems.append(f"{given.place} must be a number, found {shown(given.value)}.")
    return is_number(given.value)


def _is_bound(value: Any) -> bool:
    """Whether it is a number, or an infinite one, beyond which nothing lies."""
    return is_number(value) or (isinstance(value, float) and math.isinf(value))


def starting(read: Reading) -> dict[str, float]:
    """The numbers of `[fit.start]`, by the names of what is free."""
    rows = {key[2]: given for key, given in read.settings.items() if key[:2] == ("fit", "start") and len(key) > 2}
    return {path: float(given.value) for path, given in rows.items() if _is_number(read, given)}


def freed(read: Reading, cell: Any) -> tuple[Free, ...]:
    """What moves."""
    rows = {key[2]: given for key, given in read.settings.items() if key[:2] == ("fit", "free")}
    only_in = {key[2]: given for key, given in read.settings.items() if key[:2] == ("fit", "only_in")}
    each = read.take(("fit", "each"), list, "a list of paths that have a value of their own in every experiment") or []
    known = _known(read, cell)
    if not rows:
        read.problems.append('[fit] moves nothing: write "PATH" = [low, high] under [fit.free].')
    found = []
    for path, given in rows.items():
        bounds = given.value
        is_pair = isinstance(bounds, list) and len(bounds) == 2 and all(map(_is_bound, bounds))
        if not (is_pair and bounds[0] < bounds[1]):
            read.problems.append(f"{given.place} must be [low, high] with low below high, found {shown(bounds)}.")
            continue
        try:
            free = Free(
                path, float(bounds[0]), float(bounds[1]), known.get(path), path in each, _names(read, only_in.get(path))
            )
            start = np.ones(1) if cell is None or path in CONDITIONS else free.start(Subject(cell, Conditions()))
        except (UnknownPath, ValueError) as error:
            read.problems.append(f"{given.place}: {error}")
            continue
        if not start.size:
            read.problems.append(f"{given.place}: '{path}' holds no number that could move.")
        found.append(free)
    for what, paths in (("priors", known), ("each", each), ("only_in", only_in)):
        for path in paths:
            if str(path) not in rows:
                read.problems.append(f"[fit.{what}] {path}: it is not free.{near_name(str(path), rows)}")
    return tuple(found)


def _names(read: Reading, given: Given | None) -> tuple[str, ...]:
    """The names of experiments in a list."""
    if given is None:
        return ()
    if isinstance(given.value, list) and given.value and all(isinstance(name, str) for name in given.value):
        return tuple(given.value)
    read.problems.append(f"{given.place} must be a list of names of experiments, found {shown(given.value)}.")
    return ()


def _known(read: Reading, cell: Any) -> dict[str, priors.AbstractPrior]:
    """What is known of every path before: the priors of its numbers, and how smooth its law is."""
    found, smooth = _priors(read), _smooth(read, cell)
    both = {path: priors.Both(found[path], smooth[path]) for path in found if path in smooth}
    return {**found, **smooth, **both}


def _smooth(read: Reading, cell: Any) -> dict[str, priors.AbstractPrior]:
    """Laws whose curves do not bend much."""
    wanted = 'a table of "PATH" = {sd = ..., from = ..., to = ...}'
    table = read.take(("fit", "smooth"), Mapping, wanted) or {}
    found: dict[str, priors.AbstractPrior] = {}
    for path, said in table.items():
        here = Entries(said if isinstance(said, Mapping) else {}, f"[fit.smooth] {path}:", read.problems)
        here.only(OF_SMOOTH)
        numbers = [here.take(key, (int, float), "a number") for key in OF_SMOOTH[:3]]
        if any(x is None for x in numbers):
            read.problems.append(f"{here.place} needs {', '.join(OF_SMOOTH[:3])}: {wanted}.")
        elif cell is not None:
            sd, low, high = map(float, numbers)
            at = tuple(map(float, np.linspace(low, high, here.take("points", int, "a whole number", POINTS))))
            is_relative = here.take("relative", bool, "true or false", True)
            try:
                found[path] = priors.SmoothLaw(get(cell, path), at, sd, is_relative)
            except (UnknownPath, ValueError) as error:
                read.problems.append(f"{here.place} {error}")
    return found


def _priors(read: Reading) -> dict[str, priors.AbstractPrior]:
    table = read.take(("fit", "priors"), Mapping, 'a table of "PATH" = {mean = ..., sd = ...}') or {}
    found: dict[str, priors.AbstractPrior] = {}
    for path, said in table.items():
        numbers = said if isinstance(said, Mapping) else {}
        try:
            if set(numbers) == {"mean", "sd"}:
                found[path] = priors.Normal(float(numbers["mean"]), float(numbers["sd"]))
                continue
            if set(numbers) == {"median", "factor"}:
                found[path] = priors.LogNormal(float(numbers["median"]), float(numbers["factor"]))
                continue
        except (TypeError, ValueError) as error:
            read.problems.append(f"[fit.priors] {path}: {error}")
            continue
        read.problems.append(
            f"[fit.priors] {path} must be {{mean = ..., sd = ...}} or {{median = ..., factor = ...}}, found "
            f'{shown(said)}. A path with dots needs quotes: "negative.L" = {{...}}.'
        )
    return found
