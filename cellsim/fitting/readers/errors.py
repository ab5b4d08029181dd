"""What is said of a file that gives no record."""


class UnreadableRecord(ValueError):
    """A file from which no record can be read: what was found, what is needed, and the likely cause; `file`, and where
    they are known the `line` of it (from 1) and the `column` that are meant."""

    def __init__(self, file: str, said: str, line: int | None = None, column: str | None = None):
        self.file, self.said, self.line, self.column = file, said, line, column
        super().__init__(file, said, line, column)

    def __str__(self) -> str:
        line = "" if self.line is None else f", line {self.line}"
        column = "" if self.column is None else f", column '{self.column}'"
        return f"{self.file}{line}{column}: {self.said}"
