"""What somebody asked for, as key and value, before anybody knows what it means.

A scenario file and the options of the command line both become `Settings`; what is wrong with them is collected, so
that all of it can be said at once, at the place where the user will find it.
"""

import dataclasses
import difflib
import math
import tomllib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from cellsim import files, registry, shipped
from cellsim.cells import library as cell_library
from cellsim.hints import likely_unit, near_name
from cellsim.parameters import Quantity

Key = tuple[str, ...]

KEYS: dict[str, tuple[str, ...]] = {
    "": ("title", "description"),
    "cell": ("name", "electrolyte", "side_reactions", "check", "set"),
    "model": ("name", "mesh", "thermal", "ambient_temperature"),
    "protocol": ("steps", "soc", "cycles", "until", "temperature", "period", "skip"),
    "solver": ("rtol", "atol", "max_steps"),
    "optimise": ("maximise", "over", "steps"),
    "fit": (
        "method",
        "cost",
        "iterations",
        "starts",
        "seed",
        "noise_is_known",
        "free",
        "start",
        "truth",
        "priors",
        "smooth",
        "each",
        "only_in",
        "experiments",
    ),
    "sensitivity": (
        "kind",
        "parameters",
        "inputs",
        "correlations",
        "outputs",
        "samples",
        "sampling",
        "seed",
        "curve_until",
        "curve_points",
        "cores",
    ),
    "output": ("dir",),
    "slab": (
        "name",
        "ions",
        "electrolyte",
        "layers",
        "left",
        "right",
        "area",
        "T_ref",
        "reference",
        "cells",
        "grading",
    ),
    "symmetric": (
        "name",
        "electrolyte",
        "layers",
        "metal",
        "left",
        "right",
        "area",
        "c0",
        "V_limit",
        "T_ref",
        "R_contact",
    ),
    "half_cell": ("electrode", "lithium", "V_min", "V_max", "capacity", "R_contact"),
    "impedance": ("frequencies", "data", "spectrum"),
}


BY_PATH = {  # tables whose keys are paths in the cell
    ("cell", "set"): "value",
    ("optimise", "over"): "[low, high]",
    ("fit", "free"): "[low, high]",
    ("fit", "start"): "value",
    ("fit", "truth"): "value",
    ("fit", "only_in"): "[names of experiments]",
    ("sensitivity", "inputs"): "[low, high]",
}


class BadInput(ValueError):
    """What is wrong with an input, all of it at once; `lines` holds one problem each (which may run over lines)."""

    def __init__(self, source: str, lines: Iterable[str]):
        self.source = source
        self.lines = tuple(lines)
        super().__init__(source, self.lines)

    def __str__(self) -> str:
        count = "1 problem" if len(self.lines) == 1 else f"{len(self.lines)} problems"
        listed = "\n".join("  " + line.replace("\n", "\n  ") for line in self.lines)
        return f"{count} in {self.source}:\n{listed}"


class Given(NamedTuple):
    """A value as somebody gave it, and the place where he will find it: `[solver] rtol`, or `--rtol`."""

    value: Any
    place: str


Settings = dict[Key, Given]


def settings_in(path: Path) -> tuple[Settings, list[str]]:
    """Every value in a scenario file, with the problems of its structure. Raises `BadInput` for a file that is none."""
    try:
        tables = tomllib.loads(files.text(path))
        files.refuse_unreasonable(tables)
    except FileNotFoundError:
        raise BadInput(str(path), [f"there is no such file.{_like_file(path)}"]) from None
    except OSError as error:
        raise BadInput(str(path), [f"it cannot be read: {files.said(error)}."]) from None
    except tomllib.TOMLDecodeError as error:
        raise BadInput(str(path), [f"it is not TOML: {error}. Text needs quotes, and a key stands once."]) from None
    except RecursionError:
        raise BadInput(str(path), [f"{files.NestedTooDeeply()}."]) from None
    except ValueError as error:
        raise BadInput(str(path), [f"{files.said(error)}."]) from None
    return flattened(tables)


def flattened(tables: Mapping[str, Any]) -> tuple[Settings, list[str]]:
    """The known keys of a tree of tables by their path, and a line for each that is not known."""
    settings: Settings = {}
    found: list[str] = []
    for name, content in tables.items():
        if name in KEYS[""]:
            settings[(name,)] = Given(content, name)
        elif name not in KEYS:
            there = [f"[{table}]" for table in KEYS if table] + list(KEYS[""])
            written = f"[{name}]" if isinstance(content, Mapping) else name
            found.append(
                f"{written} is unknown.{near_name(written, there)}{_belongs(name)} There are: {', '.join(there)}."
            )
        elif not isinstance(content, Mapping):
            found.append(f"{name} must be a table: write [{name}] on a line of its own, found {shown(content)}.")
        else:
            _flatten_table(name, content, settings, found)
    return settings, found


def _flatten_table(table: str, content: Mapping[str, Any], settings: Settings, found: list[str]) -> None:
    for key, value in content.items():
        if key not in KEYS[table]:
            known = ", ".join(KEYS[table])
            near = near_name(key, KEYS[table]) or _belongs(key)
            found.append(f"[{table}] has no key '{key}'.{near} It has: {known}.")
        elif (table, key) not in BY_PATH:
            settings[table, key] = Given(value, f"[{table}] {key}")
        elif not isinstance(value, Mapping):
            found.append(f"[{table}] {key} must be a table of path = {BY_PATH[table, key]}, found {shown(value)}.")
        else:
            for path, number in _dotted(value):
                here = key_of_change(path) if table == "cell" else (table, key, path)
                if here in settings:
                    found.append(f"[cell.set] {path}: the same is said under {settings[here].place}; say it once.")
                settings[here] = Given(number, f"[{table}.{key}] {path}")


def key_of_change(path: str) -> Key:
    """Where a change of the cell at `path` is kept. The electrolyte as a whole is one of the library, by its name."""
    return ("cell", "electrolyte") if path == "electrolyte" else ("cell", "set", path)


def _dotted(table: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    """Values of nested tables with dotted names: `negative.L = 1` and `"negative.L" = 1` are the same."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _dotted(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


@dataclasses.dataclass
class Reading:
    """Values taken one by one out of what was given; what is wrong with them is collected, not raised."""

    settings: Settings
    problems: list[str]

    def take(self, key: Key, kind: type | tuple[type, ...], wanted: str) -> Any:
        """The value at `key`, or None where there is none of this kind."""
        given = self.settings.get(key)
        if given is None:
            return None
        if isinstance(given.value, kind) and (kind is bool or not isinstance(given.value, bool)):
            return given.value
        self.problems.append(f"{given.place} must be {wanted}, found {shown(given.value)}.")
        return None

    def text(self, key: Key, default: str) -> str:
        """A text."""
        value = self.take(key, str, "text in quotes")
        return default if value is None else value

    def flag(self, key: Key, default: bool) -> bool:
        """True or false."""
        value = self.take(key, bool, "true or false")
        return default if value is None else value

    def number(self, key: Key, default: float | None, about: Quantity) -> float | None:
        """A number in the unit of `about`, within its range; `default` where none or a wrong one was given."""
        unit = "" if about.unit == "-" else f" in {about.unit}"
        value = self.take(key, (int, float), f"a number{unit}")
        if value is None:
            return default
        if not about.low <= value <= about.high:
            unit = "" if about.unit == "-" else f" {about.unit}"
            self.problems.append(
                f"{self.settings[key].place} = {value:g}{unit}; expected {about.low:g} to {about.high:g}{unit}."
                f"{likely_unit(float(value), about)}"
            )
            return default
        return float(value)

    def count(self, key: Key) -> int | None:
        """A whole number above zero."""
        value = self.take(key, int, "a whole number above zero")
        if value is not None and value < 1:
            self.problems.append(f"{self.settings[key].place} must be a whole number above zero, found {value}.")
            return None
        return value

    def chosen(self, key: Key, default: str, known: Collection[str], what: str) -> str | None:
        """One of the names in `known`, whatever its case."""
        value = self.text(key, default)
        same = [name for name in known if name.lower() == value.lower()]
        if same:
            return same[0]
        self.problems.append(
            f"{self.settings[key].place}: there is no {what} '{value}' in this version."
            f"{near_name(value, known)} There is: {', '.join(known)}."
        )
        return None


def _belongs(key: str) -> str:
    """Where a key stands that was written somewhere else."""
    tables = [table for table, keys in KEYS.items() if table and key in keys]
    return f" '{key}' belongs under [{tables[0]}]." if tables else ""


def _like_file(path: Path) -> str:
    """A file beside the one asked for with a name like it, or the cell that may have been meant."""
    if any(path.name.lower() == cell for cell in registry.names(cell_library)):
        return f" For the cell of that name: --cell {path.name}."
    try:
        beside = [each.name for each in path.parent.iterdir() if each.suffix == ".toml"]
    except OSError:
        return f" There is no folder {path.parent} either."
    near = difflib.get_close_matches(path.name, beside, n=1)
    return f" Did you mean '{path.parent / near[0]}'?" if near else shipped.hint(str(path))


def is_number(value: Any) -> bool:
    """Whether a value is a finite number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def shown(value: Any) -> str:
    """A value as it may be shown in a message, with its kind."""
    if isinstance(value, str):
        return f"the text '{value}'"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return str(value)
