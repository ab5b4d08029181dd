"""CSV exports of Neware's testers: one table, or three in each other (cycles, their steps, their rows)."""

import dataclasses

from cellsim.fitting.readers.format import Format, Role, has_words
from cellsim.fitting.readers.sample import Sample
from cellsim.fitting.readers.table import Table
from cellsim.fitting.readers.text import table_in, table_of

CARRIED = ("Cycle Index", "Step Index", "Step Type")  # what the rows have from the lines above them


def recognises(sample: Sample) -> bool:
    """By the names of its columns."""
    return any(has_words(line, "datapoint", "voltage") and has_words(line, "current") for line in sample.top[:5])


def table(sample: Sample) -> Table:
    """One table of rows, each with its cycle and its step."""
    top = [line.split(",") for line in sample.top[:3]]
    is_nested = (
        len(top) == 3
        and top[0][0].strip().lower().startswith("cycle")
        and not top[1][0].strip()
        and not "".join(top[2][:2]).strip()
    )
    return _flat(sample, top) if is_nested else table_in(sample)


def _flat(sample: Sample, header: list[list[str]]) -> Table:
    of_cycle, of_step = len(header[0]), [name.strip() for name in header[1]]
    index, kind = of_step.index("Step Index"), of_step.index("Step Type")
    rows = [",".join([*CARRIED, *header[2][2:]]), "", ""]
    cycle, step, state = "", "", ""
    for line in sample.lines[3:]:
        cells = line.split(",")
        if cells[0].strip():
            cycle, cells = cells[0], ["", *cells[of_cycle:]]  # a step may follow in the same line
        if len(cells) > kind and cells[1].strip():
            step, state = cells[index], cells[kind]
        is_row = len(cells) > 2 and not cells[0].strip() and not cells[1].strip()
        rows.append(",".join([cycle, step, state, *cells[2:]]) if is_row else "")
    found = table_of(sample.name, rows)
    return dataclasses.replace(
        found,
        said=(
            *found.said,
            "Cycles, steps and rows stand in each other in the file; each row was given its cycle and its step.",
        ),
    )


FORMAT = Format(
    name="Neware",
    recognises=recognises,
    table=table,
    columns={
        Role.TIME: ("cumulative time", "total time", "time"),
        Role.STEP_TIME: ("time",),
        Role.CURRENT: ("current",),
        Role.VOLTAGE: ("voltage",),
        Role.TEMPERATURE: ("t1", "aux. temp"),
        Role.STEP: ("step index",),
        Role.CYCLE: ("cycle index",),
        Role.STATE: ("step type",),
        Role.CLOCK: ("date",),
    },
    current_sign=-1,
)
