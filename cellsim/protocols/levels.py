"""What ends a step in words."""

import re

from cellsim.protocols.controls import CRate, Current, Voltage
from cellsim.protocols.ends import (
    AbstractEnd,
    AfterCharge,
    AfterEnergy,
    AtCRate,
    AtCurrent,
    AtSOC,
    AtTemperature,
    AtVoltage,
    AtVoltageRate,
)
from cellsim.protocols.held import Held
from cellsim.protocols.scanner import NUMBER, Quantity, Scanner
from cellsim.protocols.units import Kind

ENDS = (Kind.VOLTAGE, Kind.CURRENT, Kind.RATE, Kind.CHARGE, Kind.ENERGY, Kind.SOC, Kind.TEMPERATURE, Kind.SLOPE)
END_UNITS = "V, A, C, A.h, W.h, % SOC, degC or mV/h"
END_EXAMPLE = "a level such as 2.5 V, 50 mA, C/50, 2 A.h, 5 W.h, 80% SOC, 45 degC or 1 mV/h"
TEMPERATURES = (200.0, 400.0)  # K, where a temperature is taken as meant
# What may stand before a level; a single letter only where a comparison follows.
NAMES: tuple[tuple[str, tuple[Kind, ...]], ...] = (
    (r"\|?\s*dV\s*/\s*dt\s*\|?", (Kind.SLOPE,)),
    (r"voltage\b|[VU](?=\s*[<>≤≥])", (Kind.VOLTAGE,)),
    (r"(?:\|I\||current\b|I(?=\s*[<>≤≥]))", (Kind.CURRENT, Kind.RATE)),
    (r"temperature\b|T(?=\s*[<>≤≥])", (Kind.TEMPERATURE,)),
    (r"SOC\b|state\s+of\s+charge\b", (Kind.SOC,)),
    (r"(?:capacity|throughput)\b", (Kind.CHARGE,)),
    (r"energy\b", (Kind.ENERGY,)),
)
BELOW = r"(?:<=?|≤|below\b|under\b|falls?\s+(?:to|below)\b)"
ABOVE = r"(?:>=?|≥|above\b|over\b|rises?\s+(?:to|above)\b|exceeds\b)"
EQUAL = r"(?:=|of\b|is\b|reaches\b)"
LEVEL = "|".join((NUMBER, r"C\b", BELOW, ABOVE, *(name for name, _ in NAMES)))  # what a level may begin with


def until(scan: Scanner, held: Held) -> AbstractEnd | float:
    """The level behind `until`, or a number of seconds."""
    start = scan.start
    kinds: tuple[Kind, ...] = ()
    for name, of_name in NAMES:
        if scan.take(name):
            kinds = of_name
            break
    side = 1 if scan.take(BELOW) else -1 if scan.take(ABOVE) else 0
    if not side:
        scan.take(EQUAL)
    if kinds == (Kind.SOC,):
        found = _fraction(scan)
    else:
        found = scan.quantity(f"{END_EXAMPLE} behind 'until'", END_UNITS, kinds or ENDS)
    written = scan.text[found.start : found.stop]
    if kinds and found.kind not in kinds:
        scan.fail(f"{written} is {found.kind.value}, not {kinds[0].value}.", found.start, found.stop)
    if found.kind is Kind.SHARE:
        scan.fail(f"{written} of what? Did you mean '{written} SOC'?", found.start, found.stop)
    if found.kind is Kind.TIME and not side and found.value > 0:
        return found.value
    if found.kind not in ENDS:
        scan.fail(f"{written} is {found.kind.value}; 'until' takes {END_EXAMPLE}.", found.start, found.stop)
    wrong = _senseless(held, found, side, written)
    if wrong:
        scan.fail(wrong, start, scan.at)
    return _end(held, found, side)


def _fraction(scan: Scanner) -> Quantity:
    """What follows `SOC`: 80% or 0.8."""
    start = scan.start
    value = scan.number()
    if value is None:
        scan.fail(f"{scan.seen()}, expected a state of charge such as 80% or 0.8.")
    share = scan.take(r"%") is not None
    return Quantity(value / 100 if share else value, Kind.SOC, start, scan.at)


def _end(held: Held, found: Quantity, side: int) -> AbstractEnd:
    value = found.value
    sense = side or (0 if held.direction else held.sense)  # the direction decides by itself, where there is one
    match found.kind:
        case Kind.VOLTAGE:
            return AtVoltage(value, sense)
        case Kind.SOC:
            return AtSOC(value, sense)
        case Kind.CURRENT:
            return AtCurrent(value, side or 1)
        case Kind.RATE:
            return AtCRate(value, side or 1)
        case Kind.CHARGE:
            return AfterCharge(value)
        case Kind.ENERGY:
            return AfterEnergy(value)
        case Kind.TEMPERATURE:
            return AtTemperature(value, side or -1)
        case _:
            return AtVoltageRate(value)


def _senseless(held: Held, found: Quantity, side: int, written: str) -> str:
    """Why the level cannot end the step; nothing where it can."""
    kind, value = found.kind, found.value
    if kind not in (Kind.VOLTAGE, Kind.SOC, Kind.TEMPERATURE) and not value > 0:
        return f"{kind.value} that ends a step must be above zero: its size counts."
    if kind is Kind.SOC and not 0 <= value <= 1:
        meant = f" Did you mean '{value:g}%'?" if 1 < value <= 100 and "%" not in written else ""
        return f"a state of charge lies between 0 and 1, or 0% and 100%.{meant}"
    if (kind in (Kind.CHARGE, Kind.ENERGY) and side > 0) or (kind is Kind.SLOPE and side < 0):
        return f"{kind.value} ends a step as it {'rises' if side > 0 else 'falls'} to {written}; leave out the sign."
    if kind is Kind.TEMPERATURE:
        low, high = TEMPERATURES
        if not low <= value <= high:
            return f"a temperature of {value:g} K; expected {low:g} to {high:g} K."
        return _both_signs("a rest cools or warms", written) if held.is_rest and not side else ""
    if held.is_rest:
        if kind is Kind.VOLTAGE:
            return "" if side else _both_signs("a rest ends after a time, or at a voltage with a sign", written)
        if kind is not Kind.SLOPE:
            return f"a rest never reaches {written}: no current passes. It ends after a time, as 'Rest for 1 hour'."
    if held.keeps(Voltage) and kind in (Kind.VOLTAGE, Kind.SLOPE):
        return (
            f"the step holds {float(held.control.value):g} V, so its voltage does not change; it ends at a current, as "
            "'until C/50', or after a time. To reach a voltage, hold a current: 'Charge at 1C until 4.2 V'."
        )
    if held.keeps(Current, CRate) and kind in (Kind.CURRENT, Kind.RATE):
        return (
            "the step holds a current, which does not change; it ends at a voltage, as 'until 2.5 V', or after a time. "
            "To let the current fall, hold a voltage: 'Hold at 4.2 V until C/50'."
        )
    if kind in (Kind.VOLTAGE, Kind.SOC) and not (side or held.sense or held.direction):
        return _both_signs("the step has no direction", written)
    return ""


def _both_signs(why: str, written: str) -> str:
    level = re.sub(r"\s+", " ", written)
    return f"{why}: did you mean '>{level}' (until it rises to that) or '<{level}' (until it falls to that)?"
