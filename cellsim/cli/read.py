"""`cellsim read`."""

import argparse
import re
import shlex
import sys
from pathlib import Path
from typing import Any

from cellsim.cli import DONE, FAILED
from cellsim.cli.terminal import columns, is_colourful, table
from cellsim.fitting.readers import UnreadableRecord, read_record
from cellsim.fitting.record import Record
from cellsim.output import moved_into_place, write_record
from cellsim.settings import BadInput

DEFAULT_FOLDER = Path("out")
CSV, PICTURE = "record.csv", "record.png"
MOST_STEPS_SHOWN = 40


def read(arguments: argparse.Namespace) -> int:
    """Reads a record, writes it as CSV and as a picture, and says what was found; the exit code. Raises `BadInput`."""
    try:
        record = read_record(arguments.file, **_options(arguments))
    except UnreadableRecord as error:
        raise BadInput(arguments.file, [as_options(str(error))]) from None
    directory = Path(arguments.out) if arguments.out else DEFAULT_FOLDER / Path(arguments.file).stem
    try:
        files = _written(record, directory)
    except OSError as error:
        print(f"cellsim: the files in {directory} could not be written: {error}.", file=sys.stderr)
        return FAILED
    if not arguments.quiet:
        rows = [("found", line) for line in record.said]
        rows.append(("files", ", ".join(str(file) for file in files)))
        print(table(f"{record.name}: {len(record)} rows", rows, is_colourful(sys.stdout)))
        print(steps_shown(record))
    return DONE


def as_options(said: str) -> str:
    """What an error says to a program's caller, as options of the command line."""
    options = {"columns": "--column", "units": "--unit", "where": "--where"}

    def pairs(match: re.Match[str]) -> str:
        found = re.findall(r"'([^']+)': ('[^']*'|[^,}]+)", match[2])
        words = (f"{options[match[1]]} {shlex.quote(name + '=' + value.strip(chr(39)))}" for name, value in found)
        return " ".join(words)

    said = re.sub(r"\b(columns|units|where)=\{([^}]*)\}", pairs, said)
    said = re.sub(r"\bcurrent_sign=(-?1)", r"--current-sign \1", said)
    said = re.sub(r"\bformat='(\w+)'", r"--format \1", said)
    return re.sub(r"(?<!--column )\b(current|area)=([\d.]+)", r"--\1 \2", said)


def steps_shown(record: Record) -> str:
    """The steps that are recognised, a line each."""
    steps = record.steps
    rows: list[tuple[str, ...]] = [("", "rows", "start [s]", "end [V]", "step", "cycle", "recognised")]
    number = lambda n: "" if n is None else str(n)
    for k, step in enumerate(steps[:MOST_STEPS_SHOWN], 1):
        start, V = f"{step.t_start - record.t[0]:.6g}", f"{record.V[step.stop - 1]:.4g}"
        rows.append((str(k), str(step.stop - step.first), start, V, number(step.step), number(step.cycle), step.words))
    more = len(steps) - MOST_STEPS_SHOWN
    return columns(rows) + (f"\n  and {more} more" if more > 0 else "")


def _written(record: Record, directory: Path) -> list[Path]:
    from cellsim.plotting.record import record_figure  # slow to import, and not needed for a file that is refused

    directory.mkdir(parents=True, exist_ok=True)
    files = [directory / CSV, directory / PICTURE]
    with moved_into_place(files[0]) as path:
        write_record(record, path)
    with moved_into_place(files[1]) as path:
        record_figure(record, record.name).savefig(path, format="png")
    return files


def _options(arguments: argparse.Namespace) -> dict[str, Any]:
    """The options as `read_record` takes them. Raises `BadInput` with all that is wrong."""
    wrong: list[str] = []

    def pairs(given: list[str], option: str, what: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for each in given:
            name, is_there, value = each.partition("=")
            if not is_there or not name.strip() or not value.strip():
                wrong.append(f"{option} {each}: write {what}.")
            found[name.strip()] = value.strip()
        return found

    options = {
        "columns": pairs(arguments.column, "--column", "ROLE=NAME, as --column current=I"),
        "units": pairs(arguments.unit, "--unit", "ROLE=UNIT, as --unit current=mA"),
        "where": pairs(arguments.where, "--where", "COLUMN=VALUE, as --where cell=A7"),
    }
    if wrong:
        raise BadInput("the command line", wrong)
    for name in ("format", "current", "current_sign", "capacity", "area"):
        options[name] = getattr(arguments, name)
    return options
