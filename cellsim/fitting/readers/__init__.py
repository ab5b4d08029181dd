"""Measured records from the files of cyclers, one small module a format."""

from cellsim.fitting.readers.errors import UnreadableRecord as UnreadableRecord
from cellsim.fitting.readers.format import formats as formats
from cellsim.fitting.readers.read import read_record as read_record
