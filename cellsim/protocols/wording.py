"""What a step says, in the words that are read back to the same step."""

from typing import Any

import jax
import numpy as np

from cellsim.protocols.controls import AbstractControl, CRate, Current, Power, Profile, Relation, Resistance, Voltage
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
from cellsim.protocols.steps import Step
from cellsim.protocols.units import UNITS

SYMBOLS: dict[type[AbstractControl], str] = {Current: "A", Voltage: "V", Power: "W", Resistance: "Ohm"}
QUANTITIES: dict[type[AbstractControl], str] = {
    CRate: "C-rate",
    Current: "current",
    Voltage: "voltage",
    Power: "power",
    Resistance: "resistance",
}
VERBS = {1: "Discharge", -1: "Charge", 0: "Hold"}


def words(step: Step) -> str:
    """The step as a text that `language.step` reads back to it, number by number.

    A profile, a relation and a custom end are told, but cannot be read back. Where JAX traces a number of the step, its
    own text is all that can be said.
    """
    if any(isinstance(x, jax.core.Tracer) for x in jax.tree.leaves(step)):
        return step.text
    parts = [_held(step)]
    if step.duration is not None:
        parts.append(f"for {time(step.duration)}")
    ends = " or ".join(f"until {_end(end)}" for end in step.ends)
    if ends:
        parts.append(f"or {ends}" if step.duration is not None else ends)
    if step.T is not None:
        parts.append(f"at {amount(step.T, 'K', 'degC')}")
    if step.period is not None:
        parts.append(f"({time(step.period)} period)")
    if not step.skip_ok:
        parts.append("(no skip)")
    if step.tags:
        parts.append(f"[{', '.join(step.tags)}]")
    return " ".join(parts)


def _held(step: Step) -> str:
    control = step.control
    if isinstance(control, Relation):
        return f"Keep {getattr(control.function, '__name__', 'a relation')} of time, voltage and current at zero"
    assert isinstance(control, (CRate, Current, Voltage, Power, Resistance))
    value = control.value
    if isinstance(value, Profile):
        last = np.asarray(value.t)[-1]
        return f"Run a {QUANTITIES[type(control)]} profile of {len(value.t)} points over {time(last)}"
    x = float(value)
    if isinstance(control, Current) and step.direction == 0 and x == 0:
        return "Rest"
    x = abs(x) if x * step.direction > 0 else x  # the verb gives the sign
    said = rate(x) if isinstance(control, CRate) else f"{number(x)} {SYMBOLS[type(control)]}"
    return f"{VERBS[step.direction]} at {said}"


def _end(end: AbstractEnd) -> str:
    match end:
        case AtVoltage():
            return f"{_sign(end.side)}{number(end.V)} V"
        case AtSOC():
            return f"{_sign(end.side)}{amount(end.soc, 'SOC', '%SOC').replace(' %SOC', '% SOC')}"
        case AtCurrent():
            return f"{'' if end.side > 0 else '>'}{number(end.I)} A"
        case AtCRate():
            return f"{'' if end.side > 0 else '>'}{rate(float(end.C_rate))}"
        case AfterCharge():
            return f"{number(end.Q)} A.h"
        case AfterEnergy():
            return f"{number(end.E)} W.h"
        case AtTemperature():
            return f"{'<' if end.side > 0 else '>'}{amount(end.T, 'K', 'degC')}"
        case AtVoltageRate():
            return f"dV/dt < {amount(end.dVdt, 'V/s', 'mV/h', 'mV/min', 'uV/s', 'mV/s')}"
        case _:
            return end.words


def _sign(side: int) -> str:
    return {1: "<", -1: ">", 0: ""}[side]


def number(value: Any) -> str:
    """The shortest digits that are read back to the same number."""
    return repr(float(value)).removesuffix(".0")


def amount(value: Any, *names: str) -> str:
    """`value` with the one of these units of `units.UNITS` in which it is exact and has the fewest digits; the first is
    the one that it is counted in."""
    found = [f"{number(value)} {names[0]}"]
    for name in names[1:]:
        unit = UNITS[name]
        digits = number(f"{(float(value) - unit.offset) * unit.divisor / unit.factor:.12g}")
        if unit.worth(float(digits)) == float(value):
            found.append(f"{digits} {name}")
    return min(found, key=lambda text: len(text.split()[0]))


def rate(x: float) -> str:
    """A C-rate, as a fraction where that is exact and shorter."""
    if 0 < x < 1 and 1 / (1 / x) == x:
        slower = number(1 / x)
        if len(slower) < len(number(x)):
            return f"C/{slower}"
    return f"{number(x)}C"


def time(seconds: Any) -> str:
    """A time in the unit in which it is shortest."""
    text = amount(seconds, "s", "hour", "minute", "day")
    count, name = text.split()
    return text if name == "s" or count == "1" else f"{text}s"
