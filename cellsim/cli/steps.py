"""`cellsim list steps`, and `cellsim describe` of a step in words."""

import numpy as np

from cellsim.cli.terminal import columns
from cellsim.constants import SECONDS_PER_HOUR, ZERO_CELSIUS
from cellsim.protocols import language
from cellsim.protocols.controls import CRate, Current, Power, Profile, Resistance, Voltage
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
from cellsim.protocols.held import VERBS
from cellsim.protocols.steps import LONGEST_REST, Step
from cellsim.protocols.wording import QUANTITIES, SYMBOLS, amount, time, words
from cellsim.settings import BadInput

STEPS = (
    ("Discharge at 1C", "until the cell's lower cut-off voltage"),
    ("Discharge at 1C until 2.5 V", "a multiple of the current that passes the nominal capacity in an hour"),
    ("Charge at 2C/3 until 4.2 V", "a fraction of it; V or mV"),
    ("Discharge at 5 A for 30 minutes", "a current, in A or mA; s, minutes, hours or days"),
    ("Charge at 200 mA for 2 h or until 4.1 V or 2 A.h", "whichever comes first"),
    ("Hold at 4.2 V until C/50", "a voltage, until the current falls; 50 mA or C/50"),
    ("Charge at 4.2 V until 50 mA", "the same; the cell takes what it takes"),
    ("Discharge at 5 W until 2.5 V", "a power; W, mW or kW"),
    ("Discharge at 2 Ohm for 1 hour", "a load; Ohm, mOhm or kOhm"),
    ("Charge at 1C until 80% SOC", "a state of charge; also 2 A.h, 5 W.h, 45 degC, >4.1 V, <1 A"),
    ("Rest for 1 hour", "no current"),
    ("Rest until dV/dt < 1 mV/h or for 1 day", "until the voltage has settled"),
    ("Hold at -5 A for 10 s", "a value with its sign, positive discharges; no cut-off voltage ends it"),
    ("Run US06.csv for 300 s", "a profile: columns time_s and current_A, power_W, voltage_V or c_rate"),
    ("Run power of log.csv 3 times", "one of several columns, again and again"),
    ("Discharge at 1C at 10 degC until 3 V", "an ambient temperature; also 283.15 K"),
    ("Discharge at 1C until 3 V (10 second period)", "the time between the points that are kept"),
    ("Discharge at C/20 until 2.5 V [capacity check]", "a tag, by which the step is found again"),
    ("Charge at 1C until 4.2 V (no skip)", "an error, and not left out, where it is past its end when it begins"),
)


def is_step(name: str) -> bool:
    """Whether `name` is meant for a step: no cell, electrolyte or model has several words."""
    return len(name.split()) > 1 or name.lower() in (verb.lower() for verb in VERBS)


def text(name: str) -> str:
    """What a step in words means. Raises `BadInput`."""
    try:
        step = language.step(name)
    except language.UnreadableStep as error:
        raise BadInput("the command line", [str(error)]) from None
    direction = {1: "discharge", -1: "charge", 0: "neither charge nor discharge"}[step.direction]
    rows = [("holds", _held(step)), ("direction", direction)]
    rows += [("ends" if k == 0 else "or", said) for k, said in enumerate(_ends(step))]
    rows.append(("temperature", "that of the run" if step.T is None else amount(step.T, "K", "degC")))
    rows.append(("points", "as dense as the curve needs" if step.period is None else f"every {time(step.period)}"))
    rows.append(("past its end at the start", "it is left out" if step.skip_ok else "an error"))
    if step.tags:
        rows.append(("tags", ", ".join(step.tags)))
    if not isinstance(getattr(step.control, "value", None), Profile):
        rows.append(("in other words", words(step)))
    return f"{step.text.strip()}\n\n{columns(rows)}"


def _held(step: Step) -> str:
    control = step.control
    assert isinstance(control, (CRate, Current, Voltage, Power, Resistance))
    quantity, symbol = QUANTITIES[type(control)], SYMBOLS.get(type(control), "C")
    value = control.value
    if isinstance(value, Profile):
        low, high = float(np.min(value.values)), float(np.max(value.values))
        mean = float(np.trapezoid(value.values, value.t) / value.t[-1])
        return (
            f"a {quantity} profile, {low:g} to {high:g} {symbol}, {mean:g} {symbol} in the mean; {len(value.t)} points "
            f"over {time(value.t[-1])}, counted from its first row; positive discharges"
        )
    x = float(value)
    if isinstance(control, Current) and x == 0:
        return "no current"
    if isinstance(control, CRate):
        return f"a current of {x:g} C; 1 C passes the nominal capacity in an hour, positive discharges"
    return f"a {quantity} of {x:g} {symbol}" + ("" if isinstance(control, Voltage) else "; positive discharges")


def _ends(step: Step) -> list[str]:
    """What ends the step: what it says, the cut-off where it says no voltage, and the time."""
    said = [_end(end, step.direction) for end in step.ends]
    control = step.control
    is_profile = isinstance(getattr(control, "value", None), Profile)
    if not any(isinstance(end, AtVoltage) for end in step.ends):
        if is_profile:
            said.append("the voltage reaches a cut-off of the cell, the lower or the upper one")
        elif step.direction:
            side, to = ("lower", "falls") if step.direction > 0 else ("upper", "rises")
            said.append(f"the voltage {to} to the {side} cut-off of the cell")
    if step.duration is not None:
        said.append(f"{float(step.duration):g} s are over")
    elif is_profile:
        said.append("the profile is over")
    elif step.direction and isinstance(control, CRate):
        said.append(f"{2 / abs(float(np.asarray(control.value))):g} h are over, twice the time of the nominal capacity")
    elif step.direction and isinstance(control, Current):
        said.append("twice the time is over in which it passes the nominal capacity")
    else:
        said.append(f"{LONGEST_REST / SECONDS_PER_HOUR:g} h are over")
    return said


def _end(end: AbstractEnd, direction: int) -> str:
    falls = lambda side: "falls" if side > 0 else "rises"
    match end:
        case AtVoltage():
            return f"the voltage {falls(end.side or direction)} to {float(end.V):g} V"
        case AtSOC():
            return f"the state of charge {falls(end.side or direction)} to {float(end.soc):g}"
        case AtCurrent():
            return f"the size of the current {falls(end.side)} to {float(end.I):g} A"
        case AtCRate():
            return f"the size of the current {falls(end.side)} to {float(end.C_rate):g} C"
        case AfterCharge():
            return f"it has passed {float(end.Q):g} A.h"
        case AfterEnergy():
            return f"it has passed {float(end.E):g} W.h"
        case AtTemperature():
            return f"the temperature {falls(end.side)} to {float(end.T):g} K ({float(end.T) - ZERO_CELSIUS:g} degC)"
        case AtVoltageRate():
            return f"the voltage changes by no more than {amount(end.dVdt, 'V/s', 'mV/h', 'mV/min', 'mV/s')}"
        case _:
            return end.words
