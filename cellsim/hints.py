"""What may have been meant: names like the one given, and the unit in which a number was probably given."""

import difflib
from collections.abc import Collection

from cellsim.constants import ZERO_CELSIUS, F
from cellsim.parameters import Quantity

# What a number in another unit has to be multiplied with; the first that makes it plausible is offered.
OTHER_UNITS: dict[str, tuple[tuple[str, float], ...]] = {
    "m": (("um", 1e-6), ("nm", 1e-9), ("mm", 1e-3), ("cm", 1e-2)),
    "m2": (("cm2", 1e-4), ("mm2", 1e-6)),
    "m2/s": (("cm2/s", 1e-4), ("um2/s", 1e-12)),
    "mol/m3": (("mol/L", 1e3), ("mol/cm3", 1e6)),
    "A.h": (("mA.h", 1e-3),),
    "V": (("mV", 1e-3),),
    "S/m": (("mS/cm", 0.1), ("S/cm", 100.0)),
    "F/m2": (("uF/cm2", 1e-2),),
    "J/mol": (("kJ/mol", 1e3), ("eV", F)),
    "Ohm": (("mOhm", 1e-3),),
}


def near_name(name: str, known: Collection[str]) -> str:
    """A sentence that asks whether the name most like `name` was meant, or nothing."""
    lower = {each.lower(): each for each in known}
    near = difflib.get_close_matches(name.lower(), lower, n=1)
    return f" Did you mean '{lower[near[0]]}'?" if near else ""


def likely_unit(value: float, about: Quantity) -> str:
    """A sentence with the unit in which an implausible `value` was probably given, or nothing."""
    low, high = about.low, about.high
    if about.unit == "degC" and low <= value - ZERO_CELSIUS <= high:
        return f" Given in K? {value:g} K are {value - ZERO_CELSIUS:g} degC."
    if about.unit == "K" and low <= value + ZERO_CELSIUS <= high:
        return f" Given in degC? {value:g} degC are {value + ZERO_CELSIUS:g} K."
    if about.unit == "-" and 1 < value <= 100 and low <= value / 100 <= high and high > 0.5:
        return f" Given in percent? {value:g} percent are {value / 100:g}."
    for unit, factor in OTHER_UNITS.get(about.unit, ()):
        if value != 0 and low <= value * factor <= high:
            return f" Given in {unit}? {value:g} {unit} are {value * factor:g} {about.unit}."
    return ""
