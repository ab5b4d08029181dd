"""A file as it lies there: its bytes, and its lines where it is text."""

import codecs
import re
from functools import cached_property
from pathlib import Path

from cellsim import files
from cellsim.fitting.readers.errors import UnreadableRecord
from cellsim.registry import suggestion

TOP = 120  # lines that a format may look at to recognise its own
LOOKED_AT = 1 << 16  # bytes that tell text from anything else
ZIP, PARQUET = b"PK\x03\x04", b"PAR1"
WINDOWS = "cp1252"
WHOLE_LINE = re.compile(r'"([^"]*[,;\t][^"]*)"')  # one pair of quotes around all columns


class Sample:
    """The file at `path`. Raises `UnreadableRecord` where there is none, and where text is asked of what is no text."""

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.name = self.path.name
        self.suffix = self.path.suffix.lower()

    @cached_property
    def content(self) -> bytes:
        """All of its bytes."""
        try:
            content = files.content(self.path, files.MOST_DATA)
        except FileNotFoundError:
            raise UnreadableRecord(str(self.path), f"there is no such file.{self._beside()}") from None
        except OSError as error:
            raise UnreadableRecord(str(self.path), f"it cannot be read: {files.said(error)}.") from None
        if not content.strip(b"\x00 \t\r\n"):
            raise UnreadableRecord(self.name, "the file is empty. Was the export, or a download of it, cut short?")
        return content

    def refuse_bomb(self) -> None:
        """Raises `UnreadableRecord` for a packed file that is larger than it may be when it is unpacked."""
        try:
            files.refuse_bomb(self.path)
        except OSError as error:
            raise UnreadableRecord(self.name, f"{files.said(error)}.") from None

    def _beside(self) -> str:
        try:
            return suggestion(self.name, [each.name for each in self.path.parent.iterdir() if each.is_file()])
        except OSError:
            return " There is no such folder either."

    @cached_property
    def encoding(self) -> str:
        """How its text is written; nothing where it is no text."""
        content = self.content
        for mark, encoding in (
            (codecs.BOM_UTF8, "utf-8-sig"),
            (codecs.BOM_UTF16_LE, "utf-16"),
            (codecs.BOM_UTF16_BE, "utf-16"),
        ):
            if content.startswith(mark):
                return encoding
        seen = content[:LOOKED_AT]
        if content.startswith((ZIP, PARQUET)):
            return ""
        even, odd = seen[0::2].count(0), seen[1::2].count(0)
        if even + odd > 0.2 * len(seen):
            is_wide = max(even, odd) > 0.4 * len(seen) and min(even, odd) < 0.02 * len(seen)
            return ("utf-16-le" if odd > even else "utf-16-be") if is_wide else ""
        unprintable = sum(byte < 32 and byte not in (9, 10, 13) for byte in seen)
        if unprintable > 0.02 * len(seen):
            return ""
        try:
            content.decode("utf-8")
        except UnicodeDecodeError:
            return WINDOWS if sum(byte > 126 for byte in seen) < 0.1 * len(seen) else ""
        return "utf-8"

    @property
    def is_text(self) -> bool:
        """Whether it can be read as lines."""
        return bool(self.encoding)

    @cached_property
    def lines(self) -> list[str]:
        """Its lines, without quotes that stand around all columns of one."""
        if not self.is_text:
            raise UnreadableRecord(
                self.name,
                "the file is binary and of no known kind. Export it from the cycler's own program as text (CSV), or "
                "say its format, as format='biologic'.",
            )
        text = self.content.decode(self.encoding, errors="replace")
        lines = re.split(r"\r+\n|\n|\r", text)
        if any(line.startswith('"') for line in lines[:TOP]):
            lines = [match[1] if (match := WHOLE_LINE.fullmatch(line.strip())) else line for line in lines]
        return lines

    @cached_property
    def top(self) -> list[str]:
        """Its first lines; none where it is no text."""
        return self.lines[:TOP] if self.is_text else []

    @property
    def said(self) -> tuple[str, ...]:
        """What is worth saying of its encoding."""
        known = {WINDOWS: "Windows-1252, for it is no UTF-8", "utf-16": "UTF-16"}
        known |= {"utf-16-le": "UTF-16, without its mark", "utf-16-be": "UTF-16, without its mark"}
        return (f"The text was read as {known[self.encoding]}.",) if self.encoding in known else ()
