"""Tables in text, whatever separates their columns and whatever stands above them."""

import csv
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from cellsim.fitting.readers.errors import UnreadableRecord
from cellsim.fitting.readers.sample import Sample
from cellsim.fitting.readers.table import Table, at_lines, counted
from cellsim.protocols import units

DELIMITERS = (",", ";", "\t", "|", None)  # None is any blank
NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", None: "blanks"}
NUMBER = re.compile(r"[+-]?(?:\d[\d.,'\u00a0\u202f ]*|[.,]\d+)(?:[eE][+-]?\d+)?")
HOURS = r"(?:\d+[ d.-]*)?\d+:\d\d(?::\d\d(?:[.,]\d*)?)?(?: ?[AP]M)?"
STAMP = re.compile(
    rf"\d{{1,4}}[-/.]\w{{1,3}}[-/.]\d{{1,4}}(?:[T ]{{HOURS}}(?:Z|[+-]\d\d:?\d\d)?)?|{HOURS}", re.IGNORECASE
)
NO_NUMBER = ("nan", "inf", "-inf", "n/a", "na", "-", "null", "none", "#n/a")
BODY = 200  # lines that decide what separates the columns
BLANKS = 0.8  # how much less they count
MOST_COLUMNS = 5000
MOST_ODD = 0.01  # share of the lines that may have another number of columns


def table_in(sample: Sample, first_line: int = 1) -> Table:
    """The table in a text from `first_line` on. Raises `UnreadableRecord`."""
    return table_of(sample.name, sample.lines, first_line)


def table_of(file: str, lines: Sequence[str], first_line: int = 1) -> Table:
    """The table in these lines; what stands above its header is left alone, `#` begins a comment.

    The header is the last line of names above the first rows of numbers, or the one above a line of units. Lines with
    too few columns are left out where there are few of them, and said; a last line that was cut short is among them.
    """
    delimiter = _delimiter(file, lines[first_line - 1 :])
    above, rows = [], []
    for k in range(first_line - 1, len(lines)):
        line = lines[k]
        if line.strip():
            above.append((k, _split(line, delimiter)))
        if len(above) >= 3 and all(_is_data(cells) for _, cells in above[-3:]):
            break
    first = next((k for k in range(len(above)) if _begins(above, k)), None)
    if first is None:
        raise UnreadableRecord(file, f"there are no rows of numbers{_only(above)}.")
    header, unit_row = _header(above[:first])
    names, width = _names(file, header, above[first], delimiter)
    if width > MOST_COLUMNS:
        raise UnreadableRecord(file, f"it has {width} columns; a record has some dozens, {MOST_COLUMNS} at most.")
    number_of = above[first][0]
    numbers: list[int] = []
    odd: list[int] = []
    repeated, comments = [], 0
    others: Counter[str | None] = Counter()
    for k in range(number_of, len(lines)):
        line = lines[k]
        if not line.strip():
            continue
        if line.lstrip()[0] == "#":
            comments += 1
            continue
        cells = _fitted(_split(line, delimiter), width)
        if cells is None:
            found = _otherwise(line, delimiter, width)
            if found is None:
                odd.append(k + 1)
                continue
            others[found[0]] += 1
            cells = found[1]
        if header is not None and [cell.strip() for cell in cells] == names:
            repeated.append(k + 1)
            continue
        rows.append(cells)
        numbers.append(k + 1)
    said = _told(file, lines, odd, numbers, width, delimiter)
    if repeated:
        said.append(f"The header stands again in {at_lines(repeated)}, which was left out: files put together?")
    if others:
        marks = " and ".join(NAMES[mark] for mark in others)
        said.append(
            f"{counted(sum(others.values()), 'line')} of {len(rows)} had {marks} between the columns where the "
            f"others have {NAMES[delimiter]}."
        )
    if comments:
        said.append(f"{counted(comments, 'comment')} among the rows {'was' if comments == 1 else 'were'} left out.")
    units_there = () if unit_row is None else tuple(_padded(unit_row, width))
    columns = tuple(zip(*rows, strict=True)) if rows else ()
    return Table(tuple(names), columns, np.array(numbers, int), units_there, tuple(said), header is not None)


def is_value(cell: str) -> bool:
    """Whether a cell is a number, a date or a clock."""
    cell = cell.strip()
    return bool(NUMBER.fullmatch(cell) or STAMP.fullmatch(cell)) or cell.lower() in NO_NUMBER


# ---- lines to cells


def _split(line: str, delimiter: str | None) -> list[str]:
    if delimiter is None:
        return line.split()
    if '"' in line:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))
    return line.split(delimiter)


def _delimiter(file: str, lines: Sequence[str]) -> str | None:
    """What separates the columns: the mark that cuts most lines into equally many cells that are numbers."""
    filled = [line for line in lines if line.strip() and line.lstrip()[0] != "#"]
    if not filled:
        raise UnreadableRecord(file, "there is no line of a table in it. Was the export, or a download, cut short?")
    body = filled[len(filled) // 4 :][:BODY] + filled[-BODY // 10 :]
    best, found = 0.0, None
    for delimiter in DELIMITERS:
        rows = [_split(line, delimiter) for line in body]
        (width, count), *_ = Counter(map(len, rows)).most_common(1)
        cells = [cell for row in rows if len(row) == width for cell in row if cell.strip()]
        score = 0.0 if width < 2 or not cells else count / len(rows) * sum(map(is_value, cells)) / len(cells)
        score *= 1.0 if delimiter else BLANKS  # they also stand within dates
        if score > best + 1e-9:
            best, found = score, delimiter
    if best == 0.0:
        shown = filled[0].strip()[:40] if filled else ""
        raise UnreadableRecord(
            file,
            f"no columns were found; the text begins with '{shown}'. A record is a table of times, currents and "
            "voltages.",
        )
    return found


def _fitted(cells: list[str], width: int) -> list[str] | None:
    """Cells without empty ones behind the last column; None where there are too few or too many."""
    if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
        cells = cells[:width]
    return cells if len(cells) == width else None


def _otherwise(line: str, delimiter: str | None, width: int) -> tuple[str | None, list[str]] | None:
    """The cells that another mark makes of a line, where they are all numbers."""
    for other in DELIMITERS:
        cells = _fitted(_split(line, other), width) if other != delimiter else None
        if cells is not None and all(is_value(cell) or not cell.strip() for cell in cells):
            return other, cells
    return None


def _padded(cells: list[str], width: int) -> list[str]:
    return [cell.strip() for cell in [*cells, *[""] * width][:width]]


def _told(
    file: str, lines: Sequence[str], odd: list[int], numbers: list[int], width: int, delimiter: str | None
) -> list[str]:
    """What is said of lines with another number of columns; refuses a file with many of them."""
    if not odd:
        return []
    last = len(lines)
    while not lines[last - 1].strip():
        last -= 1
    if odd == [last]:
        return [f"The last line ({last}) is cut short, and was left out."]
    if len(odd) > max(3, MOST_ODD * len(numbers)):
        found = len(_split(lines[odd[0] - 1], delimiter))
        raise UnreadableRecord(
            file,
            f"{counted(found, 'column')} where the header has {width}, and so in {counted(len(odd), 'line')} in all. "
            f"The columns are separated by {NAMES[delimiter]}: are there numbers with decimal commas, or tables of "
            "several kinds in one file?",
            line=odd[0],
        )
    return [f"{counted(len(odd), 'line')} without the {width} columns of the others ({at_lines(odd)}) left out."]


# ---- the header


def _is_data(cells: Sequence[str]) -> bool:
    """Whether a line is a row: two numbers at least, and no more words than numbers."""
    filled = [cell for cell in cells if cell.strip()]
    values = sum(map(is_value, filled))
    return values >= 2 and 2 * values >= len(filled)


def _begins(above: list[tuple[int, list[str]]], k: int) -> bool:
    """Whether the rows begin with this line: the next ones are of its kind and its width."""
    here = above[k : k + 3]
    widths = [len(cells) for _, cells in here]
    return all(_is_data(cells) for _, cells in here) and max(widths) - min(widths) <= 1


def _only(above: list[tuple[int, list[str]]]) -> str:
    if not above:
        return ""
    k, cells = above[-1]
    shown = ", ".join(cell.strip() for cell in cells[:4])
    return f": the file ends with line {k + 1}, '{shown}'" + (", a header" if len(cells) > 1 else "")


def _header(above: list[tuple[int, list[str]]]) -> tuple[list[str] | None, list[str] | None]:
    """The line of names above the rows, and the line of units between them, where they are there."""
    named = [
        [re.sub(r"^[#~%\s]+", "", cells[0]), *cells[1:]]
        for _, cells in above
        if len(cells) >= 2 and sum(not is_value(cell) for cell in cells if cell.strip()) >= 2
    ]
    if not named:
        return None, None
    if len(named) >= 2 and _are_units(named[-1]) and abs(len(named[-1]) - len(named[-2])) <= 1:
        return named[-2], named[-1]
    return named[-1], None


def _are_units(cells: list[str]) -> bool:
    filled = [cell.strip() for cell in cells if cell.strip()]
    is_unit = lambda cell: bool(re.fullmatch(r"\[.*\]|\(.*\)", cell)) or units.named(cell) is not None
    return bool(filled) and sum(map(is_unit, filled)) >= 0.7 * len(filled)


def _names(
    file: str, header: list[str] | None, first: tuple[int, list[str]], delimiter: str | None
) -> tuple[list[str], int]:
    """The names of the columns and how many there are; without a header they are called by their numbers."""
    line, cells = first
    while cells and not cells[-1].strip() and (header is None or len(cells) > len(header)):
        cells = cells[:-1]
    if header is None:
        return [str(k + 1) for k in range(len(cells))], len(cells)
    names = [name.strip() for name in header]
    while names and not names[-1] and len(names) > len(cells):
        names.pop()
    if len(names) < len(cells) and delimiter == "," and len(cells) > 1.4 * len(names):
        raise UnreadableRecord(
            file,
            f"{len(cells)} columns where the header has {len(names)}: decimal commas, with commas between the "
            "columns as well, cannot be told apart. Export the file with decimal points, or with semicolons.",
            line=line + 1,
        )
    if abs(len(names) - len(cells)) > 1:
        raise UnreadableRecord(file, f"{len(cells)} columns where the header has {len(names)}.", line=line + 1)
    names += [str(k + 1) for k in range(len(names), len(cells))]
    return names, len(names)
