"""Units as people write them, and what they are worth."""

import difflib
import enum
import re
from typing import NamedTuple

from cellsim.constants import SECONDS_PER_HOUR, ZERO_CELSIUS


class Kind(enum.Enum):
    """What a number with its unit is; the value is its name in a sentence."""

    RATE = "a C-rate"
    CURRENT = "a current"
    VOLTAGE = "a voltage"
    POWER = "a power"
    RESISTANCE = "a resistance"
    CHARGE = "a charge"
    ENERGY = "an energy"
    TIME = "a time"
    TEMPERATURE = "a temperature"
    SLOPE = "a rate of voltage change"
    SOC = "a state of charge"
    SHARE = "a percentage"


class Unit(NamedTuple):
    """A unit: a number of it counts `(number * factor) / divisor + offset` in A, V, W, Ohm, A.h, W.h, s, K, V/s or 1.

    A divisor of its own, because 4100 / 1000 is 4.1 to the last digit, and 4100 * 0.001 is not.
    """

    kind: Kind
    factor: float = 1.0
    divisor: float = 1.0
    offset: float = 0.0

    def worth(self, number: float) -> float:
        """What `number` of the unit is in the unit that is calculated with."""
        return number * self.factor / self.divisor + self.offset


# A unit behind a number. Two words make one unit only where nothing else can be meant: `deg C`, `A h`, `mV / h`.
PATTERN = re.compile(
    r"""  %? \s* (?: SOC | state \s+ of \s+ charge ) \b
        | %
        | ℃ | (?: [°º] | deg(?:rees?)? | o ) \s* (?: C | celsius ) \b
        | [^\W\d_]*[AW] \s* [ .·⋅*-] \s* h (?: r | rs | our | ours )? \b
        | [^\W\d_]+ \s* / \s* [^\W\d_]+
        | [^\W\d_]+
    """,
    re.IGNORECASE | re.VERBOSE,
)

SECONDS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), SECONDS_PER_HOUR),
    **dict.fromkeys(("d", "day", "days"), 24 * SECONDS_PER_HOUR),
    **dict.fromkeys(("week", "weeks"), 7 * 24 * SECONDS_PER_HOUR),
}
_PREFIXES = {"": (1.0, 1.0), "n": (1.0, 1e9), "u": (1.0, 1e6), "m": (1.0, 1e3), "k": (1e3, 1.0)}
_BASES = {
    **dict.fromkeys(("A", "amp", "amps", "ampere", "amperes"), Kind.CURRENT),
    **dict.fromkeys(("V", "volt", "volts"), Kind.VOLTAGE),
    **dict.fromkeys(("W", "watt", "watts"), Kind.POWER),
    **dict.fromkeys(("Ohm", "Ohms"), Kind.RESISTANCE),
    **dict.fromkeys(("Ah", "Ahr", "Ahrs"), Kind.CHARGE),
    **dict.fromkeys(("Wh", "Whr", "Whrs"), Kind.ENERGY),
}
UNITS: dict[str, Unit] = {
    "C": Unit(Kind.RATE),
    **{prefix + base: Unit(kind, *size) for prefix, size in _PREFIXES.items() for base, kind in _BASES.items()},
    **{f"{prefix}J": Unit(Kind.ENERGY, size[0], size[1] * 3600.0) for prefix, size in _PREFIXES.items()},
    **{
        f"{prefix}V/{name}": Unit(Kind.SLOPE, size[0], size[1] * seconds)
        for prefix, size in _PREFIXES.items()
        for name, seconds in SECONDS.items()
    },
    **{name: Unit(Kind.TIME, seconds) for name, seconds in SECONDS.items()},
    "ms": Unit(Kind.TIME, 1.0, 1e3),
    "K": Unit(Kind.TEMPERATURE),
    "degC": Unit(Kind.TEMPERATURE, offset=ZERO_CELSIUS),
    "%": Unit(Kind.SHARE, 1.0, 100.0),
    "SOC": Unit(Kind.SOC),
    "%SOC": Unit(Kind.SOC, 1.0, 100.0),
}
_FOLDED = {name.lower(): name for name in reversed(UNITS)}


def named(text: str) -> Unit | None:
    """The unit that `text` names, whatever its case; None where there is none.

    A large M is not read as milli: nobody can tell it from mega.
    """
    name = _normal(text)
    if name in UNITS:
        return UNITS[name]
    known = _FOLDED.get(name.lower())
    is_mega = name.startswith("M") and known is not None and UNITS[known].kind is not Kind.TIME
    return None if known is None or is_mega else UNITS[known]


def near(text: str, kinds: tuple[Kind, ...] = ()) -> str:
    """The known unit that looks most like `text`, or nothing."""
    name = _normal(text).lower()
    known = [unit for unit, about in UNITS.items() if not kinds or about.kind in kinds]
    folded = {unit.lower(): unit for unit in reversed(known)}
    found = [name] if name in folded else difflib.get_close_matches(name, folded, n=1, cutoff=0.75)
    return folded[found[0]] if found else ""


def _normal(text: str) -> str:
    """The spelling of the table: without blanks and dots, Greek letters and degrees spelled out."""
    name = re.sub(r"[\s.·⋅*-]", "", text)
    if re.fullmatch(r"(?:[°º]|deg(?:rees?)?|o)(?:C|celsius)|℃|celsius", name, re.IGNORECASE):
        return "degC"
    if re.fullmatch(r"%?(?:SOC|stateofcharge)", name, re.IGNORECASE):
        return "%SOC" if name.startswith("%") else "SOC"
    name = re.sub(r"(?<=[AW])hours?$", "h", name, flags=re.IGNORECASE)
    return re.sub("[\u03a9\u2126]", "Ohm", re.sub("[\u00b5\u03bc]", "u", name))
