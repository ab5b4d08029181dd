"""A text that is read from left to right, and what is said of it where that fails."""

import math
import re
from collections.abc import Iterable
from typing import NamedTuple, NoReturn

from cellsim.protocols import units
from cellsim.protocols.units import Kind

NUMBER = r"[-+\u2212]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+\u2212]?\d+)?"
# 1C, C/2, 2C/3, 1/3 C. The letter stands alone, so it is no degC.
RATE = re.compile(
    rf"(?:({NUMBER})\s*(?:/\s*({NUMBER})\s*)?)?(C)(?![\w°])(?:[\s-]*rate\b)?(?:\s*/\s*({NUMBER}))?", re.IGNORECASE
)
TYPICAL_VOLTAGE = (1.0, 6.0)  # V, what a bare number after `until` is taken for in a message


class UnreadableStep(ValueError):
    """A step, or a condition, that is not written as one: what was found where, what was expected, what may be meant.

    `start` and `stop` are the place in `text`.
    """

    def __init__(self, text: str, said: str, start: int = 0, stop: int = 0, what: str = "step"):
        self.text, self.said, self.start, self.stop = text, said, start, stop
        line = re.sub(r"\s", " ", text)
        mark = " " * start + "^" * max(stop - start, 1)
        super().__init__(f"{what} '{text}': {said}\n  {line}\n  {mark}")


class Quantity(NamedTuple):
    """A number with its unit, in A, V, W, Ohm, A.h, W.h, s, K, V/s, C or 1, and where it stands."""

    value: float
    kind: Kind
    start: int
    stop: int


class Scanner:
    """Takes a text apart from its beginning; blanks between its parts do not count."""

    def __init__(self, text: str, what: str = "step"):
        self.text, self.what, self.at = text, what, 0

    def take(self, pattern: str | re.Pattern[str]) -> re.Match[str] | None:
        """What `pattern` matches here, in small or large letters, behind which the text goes on; or None."""
        found = self.ahead(pattern)
        if found is not None:
            self.at = found.end()
        return found

    def ahead(self, pattern: str | re.Pattern[str]) -> re.Match[str] | None:
        """What `pattern` matches here, without going on."""
        compiled = re.compile(pattern, re.IGNORECASE) if isinstance(pattern, str) else pattern
        return compiled.match(self.text, self.start)

    @property
    def start(self) -> int:
        """Where the next part begins."""
        blanks = re.compile(r"\s*").match(self.text, self.at)
        assert blanks is not None
        return blanks.end()

    @property
    def is_done(self) -> bool:
        """Whether nothing is left."""
        return self.start == len(self.text)

    @property
    def chunk(self) -> str:
        """What is left, up to the next blank."""
        found = self.ahead(r"\S*")
        return found[0] if found else ""

    def fail(self, said: str, start: int | None = None, stop: int | None = None) -> NoReturn:
        """Raises `UnreadableStep`, at the next part of the text where no place is given."""
        start = self.start if start is None else start
        stop = start + len(self.chunk) if stop is None else stop
        raise UnreadableStep(self.text, said, start, stop, self.what)

    def seen(self) -> str:
        """The next part of the text as a message names it."""
        return f"found '{self.chunk}'" if self.chunk else "the text ends"

    def number(self) -> float | None:
        """A number, or None where none stands."""
        found = self.take(NUMBER)
        if found is None:
            return None
        value = float(found[0].replace("\u2212", "-"))
        if not math.isfinite(value):
            self.fail(f"{found[0]} is too large a number.", *found.span())
        decimals = re.compile(r",\d+").match(self.text, self.at)
        if decimals:
            written = self.text[found.start() : decimals.end()]
            said = f"write the decimals of {written} behind a point, not a comma."
            self.fail(said, found.start(), decimals.end())
        return value

    def quantity(self, expected: str, units_expected: str, kinds: Iterable[Kind]) -> Quantity:
        """A number with a unit, of whatever kind; the arguments tell what a message says was expected."""
        kinds = tuple(kinds)
        rate = self.take(RATE)
        if rate is not None:
            return self._rate(rate)
        start = self.start
        value = self.number()
        if value is None:
            self.fail(f"{self.seen()}, expected {expected}.{self._meant_as_number(kinds)}")
        written = self.text[start : self.at]
        unit = None if self._is_next_part() else self.take(units.PATTERN)
        if unit is None:
            self.fail(
                f"{written} what? Write {units_expected} behind the number.{_usual(value, written, kinds)}",
                start,
                self.at,
            )
        known = units.named(unit[0])
        if known is None:
            which = f"a unit of {kinds[0].value.split(' ', 1)[1]}" if len(kinds) == 1 else "a known unit"
            like = units.near(unit[0], kinds)
            meant = f" Did you mean '{like}'?" if like else ""
            self.fail(f"'{unit[0]}' is not {which}; it may be {units_expected}.{meant}", *unit.span())
        return Quantity(known.worth(value), known.kind, start, self.at)

    def _rate(self, found: re.Match[str]) -> Quantity:
        numbers = [1.0 if each is None else float(each.replace("\u2212", "-")) for each in found.group(1, 2, 4)]
        for k, group in ((1, 2), (2, 4)):
            if not numbers[k] > 0:
                self.fail(f"the number after '/' must be above zero, found {found[group]}.", *found.span(group))
        if not math.isfinite(numbers[0]):
            self.fail(f"{found[1]} is too large a number.", *found.span(1))
        return Quantity(numbers[0] / (numbers[1] * numbers[2]), Kind.RATE, found.start(), found.end())

    def _is_next_part(self) -> bool:
        """Whether a word follows that begins another part of a step, and is no unit."""
        return self.ahead(r"(?:for|until|or|at|and|then)\b") is not None

    def _meant_as_number(self, kinds: tuple[Kind, ...]) -> str:
        glued = re.fullmatch(r"C(\d+\.?\d*)", self.chunk, re.IGNORECASE)
        if glued and Kind.RATE in kinds:
            return f" Did you mean 'C/{glued[1]}'?"
        spelled = ("an", "a", "one", "two", "three", "half", "ten")
        return " Write numbers in digits." if self.chunk.lower() in spelled else ""


def _usual(value: float, written: str, kinds: tuple[Kind, ...]) -> str:
    """The unit that a number without one most likely has."""
    low, high = TYPICAL_VOLTAGE
    if kinds == (Kind.TIME,):
        return f" Did you mean '{written} s'?"
    if kinds == (Kind.TEMPERATURE,):
        return f" Did you mean '{written} {'K' if value > 200 else 'degC'}'?"
    if Kind.SOC in kinds and low < value < high:
        return f" Did you mean '{written} V'?"
    return ""
