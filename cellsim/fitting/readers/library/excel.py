"""Spreadsheets (.xlsx), those of Arbin's and Neware's programs among them."""

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np

from cellsim.fitting.readers.errors import UnreadableRecord
from cellsim.fitting.readers.extras import imported
from cellsim.fitting.readers.format import Format
from cellsim.fitting.readers.names import lacks
from cellsim.fitting.readers.sample import ZIP, Sample
from cellsim.fitting.readers.table import Table
from cellsim.fitting.readers.text import table_of

OLD = b"\xd0\xcf\x11\xe0"  # of spreadsheets before 2007


def recognises(sample: Sample) -> bool:
    """By its first bytes and its ending."""
    is_zipped = sample.content.startswith(ZIP) and sample.suffix not in (".ndax",)
    return is_zipped or sample.content.startswith(OLD)


def table(sample: Sample) -> Table:
    """The first sheet that holds times and voltages, and those after it with the same columns. Raises
    `UnreadableRecord`."""
    if sample.content.startswith(OLD):
        raise UnreadableRecord(sample.name, "it is a spreadsheet of the old kind (.xls); save it as .xlsx or as CSV.")
    sample.refuse_bomb()
    package = imported("openpyxl", sample.name, "spreadsheets")
    try:
        book = package.load_workbook(sample.path, read_only=True, data_only=True)
        sheets = {name: [_line(row) for row in book[name].iter_rows(values_only=True)] for name in book.sheetnames}
        book.close()
    except Exception as error:  # whatever it meets in a broken file
        raise UnreadableRecord(sample.name, f"it is no spreadsheet that can be read: {error}.") from None
    found: list[tuple[str, Table]] = []
    for name, lines in sheets.items():
        try:
            there = table_of(f"{sample.name}, sheet '{name}'", lines)
        except UnreadableRecord:
            continue
        if not lacks(there, FORMAT) and (not found or there.names == found[0][1].names):
            found.append((name, there))
    if not found:
        raise UnreadableRecord(
            sample.name,
            "no sheet holds rows with times and voltages under their names. There are: "
            f"{', '.join(map(repr, sheets))}.",
        )
    first = found[0][1]
    columns = tuple([cell for _, each in found for cell in each.columns[k]] for k in range(len(first.names)))
    read = [name for name, _ in found]
    others = ", ".join(repr(name) for name in sheets if name not in read)
    said = [f"Read from sheet {' and '.join(map(repr, read))}{f', and not from {others}' if others else ''}."]
    return dataclasses.replace(
        first, columns=columns, lines=np.concatenate([each.lines for _, each in found]), said=(*first.said, *said)
    )


def _line(cells: Iterable[Any]) -> str:
    return "\t".join("" if cell is None else str(cell).replace("\t", " ") for cell in cells)


FORMAT = Format(name="Excel", recognises=recognises, table=table, current_sign=-1)
