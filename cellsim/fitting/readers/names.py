"""Which column is the time, which the current, and in what unit: read from the names that people give them."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from cellsim.fitting.readers.errors import UnreadableRecord
from cellsim.fitting.readers.format import Format, Role
from cellsim.fitting.readers.numbers import numbers_in
from cellsim.fitting.readers.table import Table
from cellsim.protocols import units
from cellsim.protocols.units import Kind, Unit
from cellsim.registry import suggestion

# Letters and digits of names in use, the most telling first.
NAMES: dict[Role, tuple[str, ...]] = {
    Role.TIME: (
        *("testtime", "totaltime", "totalelapsedtime", "cumulativetime", "elapsedtime", "runtime", "progtime"),
        *("time", "t", "zeit", "timeelapsed", "experimenttime", "recordtime"),
    ),
    Role.CURRENT: (
        *("current", "cellcurrent", "i", "amps", "amp", "strom", "measuredcurrent", "batterycurrent"),
        *("averagecurrent", "currentmeasured", "loadcurrent"),
    ),
    Role.VOLTAGE: (
        *("voltage", "cellvoltage", "ecell", "eweece", "terminalvoltage", "volts", "volt", "u", "v", "spannung"),
        *("potential", "cellpotential", "measuredvoltage", "batteryvoltage", "voltagemeasured", "ewe", "e"),
    ),
    Role.TEMPERATURE: (
        *("temperature", "celltemperature", "cellsurfacetemperature", "surfacetemperature", "celltemp", "temp"),
        *("tempmid", "logtempmid", "auxtemperature1", "temperature1", "temp1", "t1", "logtemp001"),
        *("surfacetemp", "tcell", "tsurf", "batterytemperature", "xaveragedcelltemperature", "temperaturet1", "T"),
        *("surfacetemperaturet1", "skintemperature"),
    ),
    Role.STEP: ("stepindex", "step", "stepnumber", "stepno", "stepid", "ns", "stepcount", "line", "steps"),
    Role.CYCLE: (
        *("cycleindex", "cycle", "cyclenumber", "cyclec", "cyc", "cyclecount", "cycleno", "cycleid", "cyccount"),
    ),
    Role.STATE: ("state", "status", "steptype", "mode", "md", "command", "stepname", "steptypename"),
    Role.CLOCK: (
        *("datetime", "dateandtime", "dpttime", "date", "realtime", "timestamp", "absolutetime", "unixtime"),
        *("systemtime", "absolutetimestamp", "utctime", "datetimestamp", "recordingtime"),
    ),
    Role.STEP_TIME: ("steptime", "relativetime"),
    Role.CURRENT_IN: ("chargecurrent", "currentcharge", "chargingcurrent", "ichg", "icharge", "currentchg"),
    Role.CURRENT_OUT: (
        *("dischargecurrent", "currentdischarge", "dischargingcurrent", "idchg", "idis", "idischarge", "currentdchg"),
    ),
    Role.CHARGE_IN: ("chargecapacity", "chgcap", "chgcapacity", "qcharge", "chargingcapacity", "capacitycharge"),
    Role.CHARGE_OUT: (
        *("dischargecapacity", "dchgcap", "dchgcapacity", "qdischarge", "dischargingcapacity", "capacitydischarge"),
    ),
}
KINDS: dict[Role, Kind | None] = {
    Role.TIME: Kind.TIME,
    Role.STEP_TIME: Kind.TIME,
    Role.CURRENT: Kind.CURRENT,
    Role.CURRENT_IN: Kind.CURRENT,
    Role.CURRENT_OUT: Kind.CURRENT,
    Role.VOLTAGE: Kind.VOLTAGE,
    Role.TEMPERATURE: Kind.TEMPERATURE,
    Role.CHARGE_IN: Kind.CHARGE,
    Role.CHARGE_OUT: Kind.CHARGE,
}
NEEDED = (Role.TIME, Role.VOLTAGE, Role.CURRENT)
FAHRENHEIT = Unit(Kind.TEMPERATURE, 5.0, 9.0, 459.67 * 5 / 9)
DENSITY = re.compile(r"(?P<size>[mµuμk]?A)\s*[/.]?\s*(?P<length>c?m)\s*(?:\^?-?2|²|⁻²|\*\*-?2)", re.IGNORECASE)
NO_UNIT = ("", "-", "1", "?", "n/a")


class Column(NamedTuple):
    """A column that is understood: where it is, what it is called, its unit as it is written (or nothing)."""

    place: int
    name: str
    unit: str = ""


def understood(
    file: str, table: Table, form: Format, columns: Mapping[str, str | int], units_given: Mapping[str, str]
) -> tuple[dict[Role, Column], list[str]]:
    """The column of each role that the table has, and what is worth saying of the choice.

    `columns` and `units_given` are those that a user names, by role. Raises `UnreadableRecord` for names that are not
    there, and for two columns between which nothing decides.
    """
    asked = {_role(file, name): which for name, which in columns.items()}
    said: list[str] = []
    found: dict[Role, Column] = {}
    taken = {_place(file, table, which) for which in asked.values()}
    for role in Role:
        if role in asked:
            place = _place(file, table, asked[role])
            found[role] = Column(place, table.names[place], _unit(table, place, role))
            continue
        candidates = sorted(_candidates(table, form, role, taken))
        if not candidates:
            continue
        candidates.sort(key=lambda each: (each[0], not _is_si(each[2], KINDS.get(role)), each[1]))
        rank, place, unit = candidates[0]
        equals = [other for r, other, its in candidates[1:] if r == rank and its == unit]
        if equals and role in (*NEEDED, Role.TEMPERATURE):
            said += _same(file, table, role, place, equals)
        found[role] = Column(place, table.names[place], unit)
        others = [table.names[other] for r, other, its in candidates if r != rank or its != unit]
        if others and role in (Role.VOLTAGE, Role.TEMPERATURE, Role.TIME, Role.CURRENT):
            shown = ", ".join(f"'{name}'" for name in dict.fromkeys(others))
            said.append(f"The {role.value} is that of column '{table.names[place]}', and not of {shown}.")
    for name, unit in units_given.items():
        role = _role(file, name)
        if role in found:
            found[role] = found[role]._replace(unit=unit)
    for role, unit in form.units.items():
        if role in found and (not found[role].unit or unit_of(found[role].unit, KINDS.get(role)) is None):
            found[role] = found[role]._replace(unit=unit)
    return found, said


def unit_of(text: str, kind: Kind | None) -> Unit | None:
    """The unit that `text` names, where it is one of that kind."""
    text = text.strip("[]() ")
    if kind is Kind.TEMPERATURE:
        if text.upper() in ("C", "\ufffdC", "DEG. C"):
            text = "degC"
        if re.fullmatch(r"(?:[°º]|deg ?)?F(?:ahrenheit)?", text, re.IGNORECASE):
            return FAHRENHEIT
        if text.lower() == "kelvin":
            text = "K"
    if kind is Kind.TIME and re.fullmatch(r"s+\.x+", text):  # seconds with their digits
        text = "s"
    found = units.named(text)
    return found if found is not None and found.kind is kind else None


def plain(name: str) -> str:
    """Letters and digits of a name, in lower case; a T alone is a temperature, a t a time."""
    letters = re.sub(r"[^\w]|_", "", name)
    return letters if letters == "T" else letters.lower()


def split(header: str) -> Iterator[tuple[str, str, bool]]:
    """A header as a name and a unit, in the ways it can be meant: `Time [s]`, `Voltage / V`, `time_s`, `ImA`; and
    whether the unit is marked as one, so that it may be one that nobody knows."""
    header = header.strip()
    bracket = re.fullmatch(r"(.*?)\s*[\[(]\s*([^\[\]()]*)\s*[\])]", header)
    if bracket:
        yield bracket[1], bracket[2].strip(), True
    slash = re.fullmatch(r"(.*\S)\s*/\s*([^/\s]+(?: [^/\s]+)*)", header)
    if slash:
        yield slash[1], slash[2], True
    yield header, "", True
    tail = re.fullmatch(r"(.*[^_\s])[_\s]+([^_\s]+)", header)
    if tail:
        yield tail[1], tail[2], False
    for size in (1, 2, 3):
        if len(header) > size:
            yield header[:-size], header[-size:], False


# ---- choosing


def _role(file: str, name: str) -> Role:
    known = {role.value: role for role in Role}
    if (found := known.get(name.strip().lower().replace("_", " "))) is None:
        raise UnreadableRecord(
            file,
            f"there is no '{name}' in a record.{suggestion(name, known)} Columns can be named of: {', '.join(known)}.",
        )
    return found


def _place(file: str, table: Table, which: str | int) -> int:
    """The place of a column that is given by its name, or by its number from 1."""
    if isinstance(which, int) or (str(which).isdigit() and which not in table.names):
        if not 1 <= int(which) <= len(table.names):
            raise UnreadableRecord(file, f"there is no column {which}: the file has {len(table.names)}.")
        return int(which) - 1
    same = [k for k, name in enumerate(table.names) if name == which]
    same = same or [k for k, name in enumerate(table.names) if plain(name) == plain(which)]
    if not same:
        raise UnreadableRecord(
            file, f"there is no column '{which}'.{suggestion(which, table.names)} There are: {listed(table)}."
        )
    return same[0]


def listed(table: Table) -> str:
    """The names of the columns."""
    return ", ".join(f"'{name}'" for name in table.names) if table.has_header else f"{len(table.names)} without names"


def _unit(table: Table, place: int, role: Role) -> str:
    """The unit of a column that somebody has named."""
    if table.units and table.units[place]:
        return table.units[place].strip("[]() ")
    ways = list(split(table.names[place]))
    known = [unit for _, unit, _ in ways if unit and unit_of(unit, KINDS.get(role)) is not None]
    return known[0] if known else ways[0][1]


def _candidates(table: Table, form: Format, role: Role, taken: set[int]) -> Iterator[tuple[int, int, str]]:
    """Rank, place and unit of every column that may have a role; the format's own names rank first."""
    own = [name.lower() for name in form.columns.get(role, ())]
    ranks = {plain(name): k for k, name in reversed(list(enumerate(NAMES[role])))}
    for place, header in enumerate(table.names):
        if place in taken or not header:
            continue
        for name, unit, is_marked in split(header):
            unit = table.units[place].strip("[]() ") if table.units and table.units[place] and not unit else unit
            is_own = header.lower() in own or name.strip().lower() in own
            if not is_own and plain(name) not in ranks:
                continue
            if not _suits(unit, KINDS.get(role), is_marked) or (role not in KINDS and not is_marked):
                continue
            rank = (
                (own.index(header.lower() if header.lower() in own else name.strip().lower()) - len(own))
                if is_own
                else ranks[plain(name)]
            )
            yield rank, place, unit
            break


def _suits(unit: str, kind: Kind | None, may_be_unknown: bool) -> bool:
    """Whether a column of this unit can be of a kind: not where the unit is that of another kind."""
    if unit.strip("[]() ") in NO_UNIT:
        return True
    if kind is None:
        return units.named(unit.strip("[]() ")) is None
    if unit_of(unit, kind) is not None or (kind is Kind.CURRENT and DENSITY.fullmatch(unit)):
        return True
    other = units.named(unit.strip("[]() "))
    return may_be_unknown and other is None


def _is_si(unit: str, kind: Kind | None) -> bool:
    found = unit_of(unit, kind)
    return found is not None and found.factor == found.divisor == 1


def _same(file: str, table: Table, role: Role, place: int, equals: list[int]) -> list[str]:
    """Says that columns of one name are equal; refuses those that are not."""
    first = numbers_in(table.columns[place]).values
    for other in equals:
        values = numbers_in(table.columns[other]).values
        if not ((first == values) | ((first != first) & (values != values))).all():
            if role not in NEEDED:
                return [f"The {role.value} is that of the first of {len(equals) + 1} columns that can be meant."]
            raise UnreadableRecord(
                file,
                f"columns {place + 1} and {other + 1} can both be the {role.value} ('{table.names[place]}', "
                f"'{table.names[other]}'), and their numbers differ. Say which: columns={{'{role.value}': "
                f"{place + 1}}}.",
            )
    name = table.names[place]
    return [f"There are {len(equals) + 1} columns '{name}' with the same numbers; the first was read."]


def lacks(table: Table, form: Format) -> list[str]:
    """What a record needs and the columns do not have, the current aside."""
    of = lambda *roles: any(True for role in roles for _ in _candidates(table, form, role, set()))
    found = {"time": of(Role.TIME, Role.CLOCK), "voltage": of(Role.VOLTAGE)}
    return [name for name, is_there in found.items() if not is_there]
