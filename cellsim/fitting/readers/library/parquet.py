"""Parquet files with columns of any names."""

from cellsim import files
from cellsim.fitting.readers.errors import UnreadableRecord
from cellsim.fitting.readers.extras import imported
from cellsim.fitting.readers.format import Format
from cellsim.fitting.readers.frames import table_from
from cellsim.fitting.readers.sample import PARQUET, Sample
from cellsim.fitting.readers.table import Table


def recognises(sample: Sample) -> bool:
    """By its first bytes."""
    return sample.content.startswith(PARQUET)


def table(sample: Sample) -> Table:
    """Its columns. Raises `UnreadableRecord`."""
    package = imported("pyarrow.parquet", sample.name, "Parquet files", of="pyarrow")
    try:
        about = package.read_metadata(sample.path)
        size = sum(about.row_group(k).total_byte_size for k in range(about.num_row_groups))
        if max(size, 8 * about.num_rows * about.num_columns) > files.MOST_DATA:
            raise OSError(f"it holds {about.num_rows} rows of {about.num_columns} columns, more than can be meant")
        frame = package.read_table(sample.path).to_pandas()
    except Exception as error:  # whatever it meets in a broken file
        raise UnreadableRecord(sample.name, f"it is no Parquet file that can be read: {error}") from None
    return table_from(frame, sample.name)


FORMAT = Format(name="Parquet", recognises=recognises, table=table)
