"""What a file format says of itself, and which one a file has."""

import dataclasses
import enum
from collections.abc import Callable, Mapping

from cellsim import registry
from cellsim.fitting.readers import library
from cellsim.fitting.readers.errors import UnreadableRecord
from cellsim.fitting.readers.sample import Sample
from cellsim.fitting.readers.table import Table
from cellsim.fitting.readers.text import table_in

PLAIN = "plain"  # the format of files of no known instrument


class Role(enum.Enum):
    """What a column is to a record; the value is its name in `columns={...}`."""

    TIME = "time"
    CURRENT = "current"
    VOLTAGE = "voltage"
    TEMPERATURE = "temperature"
    STEP = "step"
    CYCLE = "cycle"
    STATE = "state"  # charge, discharge or rest, in words
    CLOCK = "clock"  # date and time of day
    STEP_TIME = "step time"
    CURRENT_IN = "charge current"
    CURRENT_OUT = "discharge current"
    CHARGE_IN = "charge capacity"
    CHARGE_OUT = "discharge capacity"


@dataclasses.dataclass(frozen=True)
class Format:
    """A file format: `recognises` says whether a file has it, `table` makes the columns of one.

    `columns` holds the instrument's own names, in order of preference, where they are better known than what is guessed
    from any name; `units` the unit of a column that the file gives none, or a word of its own; `current_sign` makes
    discharges positive where nothing in a file tells which way it counts.
    """

    name: str
    recognises: Callable[[Sample], bool]
    table: Callable[[Sample], Table] = table_in
    columns: Mapping[Role, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    units: Mapping[Role, str] = dataclasses.field(default_factory=dict)
    current_sign: int = 0


def formats() -> list[str]:
    """The formats that are known, by the names of their modules."""
    return registry.names(library)


def format_called(name: str, file: str) -> Format:
    """The format of that name. Raises `UnreadableRecord` with what there is."""
    try:
        found: Format = registry.module(library, name).FORMAT
    except registry.UnknownName as error:
        raise UnreadableRecord(file, registry.plain(error, "format")) from None
    return found


def format_of(sample: Sample) -> Format:
    """The format of a file: the one that recognises it, or a plain table."""
    for name in formats():
        found: Format = registry.module(library, name).FORMAT
        if name != PLAIN and found.recognises(sample):
            return found
    plain: Format = registry.module(library, PLAIN).FORMAT
    return plain


def has_words(line: str, *words: str) -> bool:
    """Whether a line holds all of these words, in any case."""
    return all(word.lower() in line.lower() for word in words)
