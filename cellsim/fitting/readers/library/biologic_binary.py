"""BioLogic's own files, .mpr, through the package galvani."""

from cellsim.fitting.readers.errors import UnreadableRecord
from cellsim.fitting.readers.extras import imported
from cellsim.fitting.readers.format import Format
from cellsim.fitting.readers.library.biologic import FORMAT as TEXT
from cellsim.fitting.readers.sample import Sample
from cellsim.fitting.readers.table import Table

MAGIC = b"BIO-LOGIC MODULAR FILE"


def recognises(sample: Sample) -> bool:
    """By its first bytes."""
    return sample.content.startswith(MAGIC)


def table(sample: Sample) -> Table:
    """Its rows. Raises `UnreadableRecord`."""
    import numpy as np

    package = imported("galvani.BioLogic", sample.name, "BioLogic's binary files", of="galvani")
    try:
        data = package.MPRfile(str(sample.path)).data
    except Exception as error:  # whatever it meets in a broken file
        raise UnreadableRecord(
            sample.name,
            f"it is no .mpr file that can be read ({error or type(error).__name__}). Export it as text (.mpt) in "
            "EC-Lab.",
        ) from None
    names = data.dtype.names
    return Table(tuple(names), tuple(np.asarray(data[name]) for name in names), np.arange(1, len(data) + 1))


FORMAT = Format(name="BioLogic (binary)", recognises=recognises, table=table, columns=TEXT.columns, current_sign=-1)
