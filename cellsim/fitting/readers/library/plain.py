"""A plain table: text with any separator between its columns and any names above them."""

from cellsim.fitting.readers.format import Format

FORMAT = Format(name="plain table", recognises=lambda sample: sample.is_text)
