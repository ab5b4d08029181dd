"""What a step in words holds."""

import dataclasses
import difflib
from pathlib import Path
from typing import Any

import numpy as np

from cellsim.protocols import files
from cellsim.protocols.controls import CRate, Current, Power, Profile, Resistance, Voltage
from cellsim.protocols.scanner import NUMBER, Quantity, Scanner
from cellsim.protocols.units import Kind

VERBS = ("Discharge", "Charge", "Rest", "Hold", "Run")
ALSO_SAID = {
    **dict.fromkeys(("relax", "wait", "pause", "idle", "open", "ocv"), "Rest"),
    **dict.fromkeys(("keep", "float", "cv", "maintain", "potentiostatic"), "Hold"),
    **dict.fromkeys(("drive", "play", "follow", "profile"), "Run"),
    **dict.fromkeys(("discharging", "dchg", "dch", "draw"), "Discharge"),
    **dict.fromkeys(("charging", "recharge", "chg"), "Charge"),
}
Control = CRate | Current | Voltage | Power | Resistance
CONTROLS: dict[Kind, type[Control]] = {
    Kind.RATE: CRate,
    Kind.CURRENT: Current,
    Kind.VOLTAGE: Voltage,
    Kind.POWER: Power,
    Kind.RESISTANCE: Resistance,
}
DRIVEN_BY = "a current (1C, C/2, 5 A, 200 mA), a power (5 W), a resistance (2 Ohm) or a voltage (4.2 V)"
DRIVE_UNITS = "C, A, mA, W, Ohm or V"


@dataclasses.dataclass(frozen=True)
class Held:
    """What is held, the direction of the step, and the sense (1 down, -1 up, 0 unknown) in which a voltage or a state
    of charge without a sign is meant."""

    control: Control
    direction: int
    sense: int
    repeats: bool = False  # a profile, which goes round where the step lasts longer

    @property
    def is_rest(self) -> bool:
        """Whether no current passes."""
        control = self.control
        return isinstance(control, Current) and not isinstance(control.value, Profile) and float(control.value) == 0.0

    def keeps(self, *kinds: type[Control]) -> bool:
        """Whether one of these is constant."""
        return isinstance(self.control, kinds) and not isinstance(self.control.value, Profile)


def held_in(scan: Scanner, folder: Path) -> Held:
    """The verb and its value; files are looked for in `folder`."""
    verb = scan.take(r"(discharge|charge|rest|hold|run)\b")
    if verb is None:
        first = scan.chunk
        if not first:
            scan.fail("is empty; write a step, as 'Discharge at 1C until 2.5 V', or 'Rest for 1 hour'.")
        scan.fail(f"begins with '{first}'; a step begins with Discharge, Charge, Rest, Hold or Run.{_like_verb(first)}")
    match verb[1].lower():
        case "rest":
            return Held(Current(0.0), 0, 0)
        case "run":
            return _file(scan, folder)
        case "hold":
            return _hold(scan)
        case "charge":
            return _driven(scan, verb[1], -1)
        case _:
            return _driven(scan, verb[1], 1)


def _like_verb(word: str) -> str:
    known = {verb.lower(): verb for verb in VERBS} | ALSO_SAID
    found = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.7)
    return f" Did you mean '{known[found[0]]}'?" if found else ""


def _value(scan: Scanner, verb: str) -> Quantity:
    if scan.take(r"at\b|@") is None:
        bare = scan.ahead(rf"(?:(?:with|by|of)\s+)?((?:{NUMBER}\s*|C\b)\S*)")
        meant = f" Did you mean '{verb} at {bare[1]}'?" if bare else " Write 'at 1C', 'at C/2', 'at 5 A' or 'at 5 W'."
        scan.fail(f"says no current and no other value to hold.{meant}")
    found = scan.quantity(f"{DRIVEN_BY} behind 'at'", DRIVE_UNITS, CONTROLS)
    if found.kind not in CONTROLS:
        written = scan.text[found.start : found.stop]
        wrong = {
            Kind.TIME: f" Did you mean 'for {written}'?",
            Kind.TEMPERATURE: " Say the value first, and then the temperature.",
            Kind.CHARGE: f" Did you mean 'until {written}'?",
            Kind.ENERGY: f" Did you mean 'until {written}'?",
        }.get(found.kind, "")
        scan.fail(f"{written} is {found.kind.value}; 'at' takes {DRIVEN_BY}.{wrong}", found.start, found.stop)
    return found


def _driven(scan: Scanner, verb: str, direction: int) -> Held:
    """A charge or a discharge. One at a voltage holds it, whatever the sign: `Charge at 4.2 V until 50 mA`."""
    found = _value(scan, verb)
    if found.kind is Kind.VOLTAGE:
        return Held(Voltage(found.value), 0, direction)
    if not found.value > 0:
        noun = "current" if found.kind in (Kind.RATE, Kind.CURRENT) else found.kind.value.split(" ", 1)[1]
        scan.fail(f"the {noun} must be above zero; the verb gives its sign.", found.start, found.stop)
    return Held(CONTROLS[found.kind](direction * found.value), direction, direction)


def _hold(scan: Scanner) -> Held:
    """A voltage; or a current, a power or a resistance with its sign, positive discharges, which no cut-off ends."""
    found = _value(scan, "Hold")
    if found.kind is Kind.RESISTANCE and found.value == 0:
        scan.fail("the resistance must not be zero.", found.start, found.stop)
    sense = 0 if found.kind is Kind.VOLTAGE else int(np.sign(found.value))
    return Held(CONTROLS[found.kind](found.value), 0, sense)


def _file(scan: Scanner, folder: Path) -> Held:
    which = scan.take(r"(current|power|voltage|C-?rate)\s+(?:of|from|in)\b")
    quoted = scan.take(r"\"([^\"]+)\"|'([^']+)'|([^\s\[(]+)")
    if quoted is None or quoted[0].lower() == "at":
        place = (scan.start, None) if quoted is None else quoted.span()
        scan.fail(
            "Run takes a file of columns, as 'Run US06.csv'. For a constant value write 'Discharge at ...'.", *place
        )
    name = quoted[1] or quoted[2] or quoted[3]
    try:
        profile = files.profile_in(folder, name, None if which is None else which[1])
    except files.UnreadableProfile as error:
        scan.fail(str(error), *quoted.span())
    times = scan.take(rf"({NUMBER})\s*(?:times\b|x(?!\w))")
    values = profile.profile
    if times is not None:
        count = float(times[1])
        if count < 1 or count != int(count):
            scan.fail("a file is run a whole number of times, once at least.", *times.span())
        values = lasting(scan, values, count * float(values.t[-1]), times.span())
    net = float(np.trapezoid(np.asarray(values.values), np.asarray(values.t)))
    sense = 0 if profile.kind is Kind.VOLTAGE else int(np.sign(net))
    return Held(CONTROLS[profile.kind](values), 0, sense, repeats=True)


def lasting(scan: Scanner, profile: Any, duration: float, place: tuple[int, int] | None = None) -> Profile:
    """`profile`, again and again until `duration` [s]; as it is where it covers that already."""
    try:
        return files.repeated(profile, duration)
    except files.UnreadableProfile as error:
        scan.fail(str(error), *(place or (0, len(scan.text))))
