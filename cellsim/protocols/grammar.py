"""The parts of a step in words: what is held, for how long, until what, and what else is said of it.

step    :=  Rest  |  Discharge at VALUE  |  Charge at VALUE  |  Hold at VALUE  |  Run [QUANTITY of] FILE [N times]
            then, in any order:  for TIME,  until END [or END ...],  at TEMPERATURE,  (TIME period),  (no skip),  [TAG]
VALUE   :=  1C, C/2, 2C/3, 5 A, 200 mA, 4.2 V, 5 W, 0.1 kOhm, ...
END     :=  [QUANTITY] [< or >] 2.5 V, 50 mA, C/50, 2 A.h, 5 W.h, 80% SOC, 45 degC, 1 mV/h, 1 hour
"""

import dataclasses
import difflib
from pathlib import Path
from typing import Any

from cellsim.protocols.ends import AbstractEnd
from cellsim.protocols.held import Held, held_in, lasting
from cellsim.protocols.levels import ENDS, LEVEL, TEMPERATURES, until
from cellsim.protocols.scanner import NUMBER, Quantity, Scanner
from cellsim.protocols.steps import Step
from cellsim.protocols.units import Kind

TIME_UNITS = "s, min, h or days"


@dataclasses.dataclass
class Clauses:
    """What is said behind the value."""

    ends: list[AbstractEnd] = dataclasses.field(default_factory=list)
    duration: float | None = None
    T: float | None = None
    period: float | None = None
    skip_ok: bool = True
    tags: tuple[str, ...] = ()


def step(text: str, folder: Path) -> Step:
    """The step that `text` says; files are looked for in `folder`. Raises `UnreadableStep`."""
    scan = Scanner(text)
    held = held_in(scan, folder)
    said = Clauses()
    while not scan.is_done:
        _clause(scan, held, said)
    control = held.control
    if held.repeats and said.duration is not None:
        control = dataclasses.replace(control, value=lasting(scan, control.value, said.duration))
    return Step(
        control,
        tuple(said.ends),
        said.duration,
        held.direction,
        T=said.T,
        period=said.period,
        skip_ok=said.skip_ok,
        tags=said.tags,
        text=text,
    )


def _clause(scan: Scanner, held: Held, said: Clauses) -> None:
    joined = scan.take(r",?\s*or\b|,")
    start = scan.start
    goes_on = joined and (said.ends or said.duration is not None)
    if scan.take(r"for\b"):
        _set(scan, said, "duration", _duration(scan), "its duration", start)
    elif scan.take(r"until\b") or (goes_on and scan.ahead(LEVEL)):
        found = until(scan, held)
        if isinstance(found, float):
            _set(scan, said, "duration", found, "its duration", start)
        else:
            said.ends.append(found)
    elif joined:
        scan.fail(_leftover(scan))
    elif scan.take(r"at\b|@"):
        _set(scan, said, "T", _temperature(scan), "its temperature", start)
    elif scan.take(r"\("):
        _parenthesis(scan, said, start)
    elif tag := scan.take(r"\[([^\[\]]*)\]"):
        named = tuple(each.strip() for each in tag[1].split(",") if each.strip())
        if not named:
            scan.fail("a tag needs a name, as in [capacity check].", *tag.span())
        said.tags += named
    else:
        scan.fail(_leftover(scan))


def _leftover(scan: Scanner) -> str:
    word = scan.chunk
    meant = {
        "and": " Conditions are joined by 'or': whichever comes first ends the step.",
        "then": " What comes then is a step of its own: a text for each.",
        "(": " A bracket holds a period: '(10 second period)'.",
        "[": " A tag stands between [ and ].",
        **dict.fromkeys(("to", "till", "til", "up", "down"), " Did you mean 'until'?"),
        **dict.fromkeys(("during", "over"), " Did you mean 'for'?"),
    }.get(word.lower(), "")
    if not word:
        return "the text ends behind 'or'; expected another condition, as 'or until 2.5 V' or 'or for 1 hour'."
    if not meant and (like := difflib.get_close_matches(word.lower(), ("until", "for", "or", "at"), n=1)):
        meant = f" Did you mean '{like[0]}'?"
    return (
        f"'{word}' was not understood; expected 'for', 'until', 'or', a temperature ('at 25 degC') or the end.{meant}"
    )


def _set(scan: Scanner, said: Clauses, field: str, value: Any, noun: str, start: int) -> None:
    if getattr(said, field) is not None:
        scan.fail(f"{noun} is said twice.", start, scan.at)
    setattr(said, field, value)


def _duration(scan: Scanner) -> float:
    """Seconds: one time, or several in a row as `1 h 30 min`."""
    total, more = 0.0, True
    while more:
        found = scan.quantity("a time behind 'for', as 30 minutes", TIME_UNITS, (Kind.TIME,))
        written = scan.text[found.start : found.stop]
        if found.kind is not Kind.TIME:
            meant = f" Did you mean 'until {written}'?" if found.kind in ENDS else ""
            scan.fail(f"{written} is {found.kind.value}; 'for' takes a time.{meant}", found.start, found.stop)
        if not found.value > 0:
            scan.fail("the duration must be above zero.", found.start, found.stop)
        total += found.value
        more = scan.take(rf"and\b(?=\s*{NUMBER})") is not None or scan.ahead(NUMBER) is not None
    return total


def _temperature(scan: Scanner) -> float:
    found = scan.quantity("a temperature, as 25 degC", "degC or K", (Kind.TEMPERATURE,))
    written = scan.text[found.start : found.stop]
    if found.kind is not Kind.TEMPERATURE:
        if found.kind is Kind.RATE and "/" not in written:
            meant = f"{written.rstrip('Cc ')} degC"
        else:
            meant = f"{'for' if found.kind is Kind.TIME else 'until'} {written}"
        what = f"{written} is {found.kind.value}; a second 'at' gives the temperature."
        scan.fail(f"{what} Did you mean '{meant}'?", found.start, found.stop)
    return plausible(scan, found)


def plausible(scan: Scanner, found: Quantity) -> float:
    """The temperature [K] that was found, refused where no cell is so hot or cold."""
    low, high = TEMPERATURES
    if not low <= found.value <= high:
        written = scan.text[found.start : found.stop]
        meant = f" Did you mean '{written.rstrip('Kk ')} degC'?" if 0 <= found.value < 120 else ""
        said = f"a temperature of {found.value:g} K; expected {low:g} to {high:g} K.{meant}"
        scan.fail(said, found.start, found.stop)
    return found.value


def _parenthesis(scan: Scanner, said: Clauses, start: int) -> None:
    if scan.take(r"no\s+skip(?:ping)?\s*\)"):
        said.skip_ok = False
        return
    begun = scan.take(r"period\s*:?\s*(?:of\b)?|every\b")
    found = scan.quantity("a period, as in (10 second period)", TIME_UNITS, (Kind.TIME,))
    if found.kind is not Kind.TIME or not found.value > 0:
        scan.fail("a period is a time above zero, as in (10 second period).", found.start, found.stop)
    if not (scan.take(r"\)") if begun else scan.take(r"period\s*\)")):
        closing = ")" if begun else "period)"
        scan.fail(f"{scan.seen()}, expected '{closing}', as in (10 second period).")
    _set(scan, said, "period", found.value, "its period", start)
