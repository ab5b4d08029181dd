"""BioLogic's own files, .mpr, through the package galvani."""

import io

import numpy as np

from cellsim.fitting.readers.errors import UnreadableRecord
from cellsim.fitting.readers.extras import imported
from cellsim.fitting.readers.format import Format
from cellsim.fitting.readers.library.biologic import FORMAT as TEXT
from cellsim.fitting.readers.sample import Sample
from cellsim.fitting.readers.table import Table

MAGIC = b"BIO-LOGIC MODULAR FILE"
CHARGES = {"dq/mA.h": 3600.0, "dQ/mA.h": 3600.0, "dQ/C": 1e3}  # to mA.s


def recognises(sample: Sample) -> bool:
    """By its first bytes."""
    return sample.content.startswith(MAGIC)


def table(sample: Sample) -> Table:
    """Its rows; where they hold charges and no current, the current is the charge since the row above by the time
    that it took. Raises `UnreadableRecord`."""
    package = imported("galvani.BioLogic", sample.name, "BioLogic's binary files", of="galvani", extra="biologic")
    try:
        data = package.MPRfile(io.BytesIO(sample.content)).data
    except Exception as error:  # whatever it meets in a broken file
        why = str(error) or type(error).__name__
        raise UnreadableRecord(
            sample.name, f"it is no .mpr file that can be read ({why}). Export it as text (.mpt) in EC-Lab."
        ) from None
    columns = {name: np.asarray(data[name]) for name in data.dtype.names}
    charge = next((name for name in CHARGES if name in columns), None)
    said: tuple[str, ...] = ()
    if charge is not None and "time/s" in columns and not {"I/mA", "<I>/mA"} & set(columns):
        columns["I/mA"] = CHARGES[charge] * columns[charge] / np.diff(columns["time/s"], prepend=np.nan)
        said = (
            f"The file holds no current: that of a row is its charge ('{charge}') by the time since the row above.",
        )
    return Table(tuple(columns), tuple(columns.values()), np.arange(1, len(data) + 1), said=said)


FORMAT = Format(name="BioLogic (binary)", recognises=recognises, table=table, columns=TEXT.columns, current_sign=-1)
