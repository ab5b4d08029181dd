"""Steps written in words, as `Discharge at 1C until 2.5 V`."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import jax

from cellsim.protocols.controls import CRate, Current
from cellsim.protocols.ends import AtVoltage
from cellsim.protocols.protocol import Protocol
from cellsim.protocols.steps import Step

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
SECONDS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3600.0),
    **dict.fromkeys(("d", "day", "days"), 86400.0),
}
EXAMPLES = "'Discharge at 1C until 2.5 V', 'Charge at C/2 until 4.2 V', 'Discharge at 5 A for 30 minutes or until 3 V'"


class UnreadableStep(ValueError):
    """A step that is not written as one."""


@lru_cache(maxsize=256)
def step(text: str) -> Step:
    """The step that `text` says. Raises `UnreadableStep` with what was not understood."""
    with jax.ensure_compile_time_eval():  # kept for later calls, so its numbers must not belong to a trace
        return _read(text)


def protocol(items: Sequence[Any]) -> Protocol:
    """Steps, words for them, and cycles of them (tuples or lists) as one protocol."""
    read = lambda item: step(item) if isinstance(item, str) else item
    return Protocol([[read(x) for x in item] if isinstance(item, (tuple, list)) else read(item) for item in items])


def _read(text: str) -> Step:
    words = " ".join(text.split())
    opening = re.match(r"(discharge|charge|rest)\b", words, re.IGNORECASE)
    if not opening:
        first = words.split(" ")[0] if words else ""
        raise UnreadableStep(f"step '{text}': begins with '{first}'; a step begins with Discharge, Charge or Rest.")
    verb = opening.group(1).lower()
    rest = words[opening.end() :].strip()
    direction = {"discharge": 1, "charge": -1, "rest": 0}[verb]
    drive: Current | CRate = Current(0.0)
    if direction:
        drive, rest = _drive(text, rest, direction)
    duration, rest = _duration(text, rest)
    until, rest = _voltage(text, rest)
    if duration is None:
        duration, rest = _duration(text, rest)
    if rest:
        raise UnreadableStep(f"step '{text}': '{rest}' was not understood. Examples: {EXAMPLES}.")
    if direction == 0 and until is not None:
        raise UnreadableStep(f"step '{text}': a rest ends after a time, not at a voltage. Write 'Rest for 1 hour'.")
    ends = () if until is None else (AtVoltage(until),)
    return Step(drive, ends, duration, direction, text=text)


def _drive(text: str, rest: str, direction: int) -> tuple[Current | CRate, str]:
    """The current after `at`, and what follows it."""
    said = re.match(r"at\s+", rest, re.IGNORECASE)
    if not said:
        raise UnreadableStep(f"step '{text}': says no current. Write 'at 1C', 'at C/2' or 'at 5 A'.")
    rest = rest[said.end() :]
    for pattern, drive in (
        (rf"({NUMBER})?\s*C\s*/\s*({NUMBER})(?![\w.])", lambda m: CRate(float(m[1] or 1) / float(m[2]) * direction)),
        (rf"({NUMBER})\s*C(?![\w/])", lambda m: CRate(float(m[1]) * direction)),
        (rf"({NUMBER})\s*mA\b", lambda m: Current(float(m[1]) * 1e-3 * direction)),
        (rf"({NUMBER})\s*A\b", lambda m: Current(float(m[1]) * direction)),
    ):
        found = re.match(pattern, rest)
        if found:
            if (found[1] is not None and float(found[1]) <= 0) or (found.lastindex == 2 and float(found[2]) <= 0):
                raise UnreadableStep(f"step '{text}': the current must be above zero; the verb gives its sign.")
            return drive(found), rest[found.end() :].strip()
    raise UnreadableStep(
        f"step '{text}': '{rest}' is not a current that this version knows (C, A or mA). Examples: {EXAMPLES}."
    )


def _duration(text: str, rest: str) -> tuple[float | None, str]:
    """The seconds after `for`, and what follows them."""
    found = re.match(rf"(?:or\s+)?for\s+({NUMBER})\s*([a-zA-Z]+)\b\s*", rest, re.IGNORECASE)
    if not found:
        return None, rest
    unit = found[2].lower()
    if unit not in SECONDS:
        raise UnreadableStep(f"step '{text}': '{found[2]}' is not a unit of time. It may be s, min, h or days.")
    seconds = float(found[1]) * SECONDS[unit]
    if seconds <= 0:
        raise UnreadableStep(f"step '{text}': the duration must be above zero.")
    return seconds, rest[found.end() :].strip()


def _voltage(text: str, rest: str) -> tuple[float | None, str]:
    """The volts after `until`, and what follows them."""
    found = re.match(rf"(?:or\s+)?until\s+[<>]?\s*({NUMBER})\s*(m?V)\b\s*", rest, re.IGNORECASE)
    if not found:
        return None, rest
    volts = float(found[1]) * (1e-3 if found[2].lower() == "mv" else 1.0)
    return volts, rest[found.end() :].strip()
