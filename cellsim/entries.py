"""Tables of a scenario that describe a part, entry by entry; what is wrong with them is collected, not raised."""

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeVar

from cellsim.hints import near_name
from cellsim.parameters import Quantity
from cellsim.settings import Reading, shown

Part = TypeVar("Part")


@dataclasses.dataclass
class Entries:
    """The entries of one table, the place where the user finds it, and what is wrong so far."""

    content: Mapping[str, Any]
    place: str
    problems: list[str]

    def only(self, known: Collection[str]) -> None:
        """Complains of every entry that is not known."""
        for key in self.content:
            if key not in known:
                self.problems.append(f"{self.place} has no '{key}'.{near_name(key, known)} It has: {', '.join(known)}.")

    def take(self, key: str, kind: type | tuple[type, ...], wanted: str, default: Any = None) -> Any:
        """The entry `key`, or the default where there is none of this kind."""
        if key not in self.content:
            return default
        value = self.content[key]
        if isinstance(value, kind) and not (isinstance(value, bool) and bool not in (kind, *_several(kind))):
            return value
        self.problems.append(f"{self.place} {key} must be {wanted}, found {shown(value)}.")
        return default

    def text(self, key: str, default: str) -> str:
        """A text."""
        value: str = self.take(key, str, "text in quotes", default)
        return value

    def number(self, key: str, about: Quantity) -> float | None:
        """A number in the unit of `about`; that it is there is asked for."""
        unit = "" if about.unit == "-" else f" in {about.unit}"
        if key not in self.content:
            self.problems.append(f"{self.place} needs {key}, a number{unit}: {about.doc}.")
            return None
        value = self.take(key, (int, float), f"a number{unit}")
        return None if value is None else float(value)

    def chosen(self, key: str, default: str, known: Collection[str]) -> str:
        """One of the names in `known`."""
        value = self.text(key, default)
        if value in known:
            return value
        self.problems.append(
            f"{self.place} {key} must be one of {', '.join(known)}, found '{value}'.{near_name(value, known)}"
        )
        return default

    def table(self, key: str) -> "Entries | None":
        """The table at `key`; None where there is none."""
        value = self.take(key, Mapping, "a table")
        return None if value is None else Entries(value, f"{self.place[:-1]}.{key}]", self.problems)

    def tables(self, key: str) -> "list[Entries]":
        """The tables of the list at `key`, of which there is at least one."""
        place = f"[{self.place[:-1]}.{key}]]"
        value = self.take(key, list, f"a list of tables, each under {place}", [])
        if not value and key not in self.content:
            self.problems.append(f"{self.place} needs {key}: tables, each under {place}.")
        found = []
        for k, each in enumerate(value):
            if isinstance(each, Mapping):
                found.append(Entries(each, f"{place} {k + 1}:", self.problems))
            else:
                self.problems.append(f"{place} {k + 1} must be a table, found {shown(each)}.")
        return found


def _several(kind: type | tuple[type, ...]) -> tuple[type, ...]:
    return kind if isinstance(kind, tuple) else (kind,)


def entries_of(read: Reading, table: str) -> Entries:
    """What a scenario says in one of its tables."""
    content = {key[1]: given.value for key, given in read.settings.items() if key[0] == table}
    return Entries(content, f"[{table}]", read.problems)


def numbers_of(kind: type, entries: Entries, without: Iterable[str] = ()) -> dict[str, float | None]:
    """The numbers of a part of `kind` that its table gives, by the names of its fields; those without a default are
    asked for."""
    numbers = {}
    for field in dataclasses.fields(kind):
        about = field.metadata.get("quantity")
        is_asked_for = field.default is dataclasses.MISSING
        if about is not None and field.name not in without and (is_asked_for or field.name in entries.content):
            numbers[field.name] = entries.number(field.name, about)
    return numbers


def quantities(kind: type) -> list[str]:
    """The names of the numbers of a part of `kind`."""
    return [field.name for field in dataclasses.fields(kind) if "quantity" in field.metadata]


def built(kind: type[Part], entries: Entries, **parts: Any) -> Part | None:
    """A part of `kind` from the numbers in its table and other `parts`; None where something was wrong before or is
    now."""
    numbers = numbers_of(kind, entries, parts)
    return None if entries.problems else kind(**numbers, **parts)
