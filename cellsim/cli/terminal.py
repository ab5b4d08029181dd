"""What a person sees: a line that moves while it runs, and a table at the end."""

import os
import shutil
import sys
import textwrap
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, runtime_checkable

PREPARING = "preparing (the first run on this machine compiles, about half a minute)"
REFRESH = 0.2  # s
BAR = 30  # characters


@runtime_checkable
class Stream(Protocol):
    """What is asked of an output stream."""

    def write(self, text: str, /) -> int:
        """Appends `text`."""

    def flush(self) -> None:
        """Sends it on."""

    def isatty(self) -> bool:
        """Whether a person sits at the other end."""


class StatusLine:
    """One line on a terminal that is written over and over; nothing at all where `stream` is no terminal."""

    def __init__(self, stream: Stream, quiet: bool = False):
        self._stream = stream
        self._shown = not quiet and stream.isatty()
        self._text = PREPARING
        self._since = time.perf_counter()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._keep_drawing, daemon=True)

    def __enter__(self) -> "StatusLine":
        if self._shown:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            self._done.set()
            self._thread.join()
            self._stream.write("\r\x1b[K")  # back to the start of the line, and clear it
            self._stream.flush()

    def say(self, text: str) -> None:
        """Shows `text` from now on."""
        self._text = text

    def progress(self, fraction: float, t: float) -> None:
        """Shows a bar: `fraction` of the longest that the step may last, and the simulated time `t` [s]."""
        full = round(BAR * fraction)
        self.say(f"[{'#' * full}{'.' * (BAR - full)}] {100 * fraction:3.0f} %, {t:.4g} s simulated")

    def _keep_drawing(self) -> None:
        while not self._done.wait(REFRESH):
            elapsed = f"  {time.perf_counter() - self._since:.0f} s"
            width = shutil.get_terminal_size().columns - len(elapsed) - 1
            self._stream.write("\r\x1b[K" + self._text[:width] + elapsed)
            self._stream.flush()


def is_colourful(stream: Stream) -> bool:
    """Whether colour is welcome: on a terminal, unless the user asks for none (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def table(title: str, rows: Sequence[tuple[str, str]], colourful: bool) -> str:
    """Rows of a name and a text, long texts wrapped under themselves."""
    name_width = max(len(name) for name, _ in rows) + 2
    width = min(shutil.get_terminal_size((100, 24)).columns, 120) if sys.stdout.isatty() else 120
    lines = [f"\x1b[1m{title}\x1b[0m" if colourful else title]
    for name, text in rows:
        wrapped = textwrap.wrap(text, max(width - name_width - 2, 20), break_on_hyphens=False) or [""]
        lines.append(f"  {name:<{name_width}}{wrapped[0]}")
        lines.extend(" " * (name_width + 2) + more for more in wrapped[1:])
    return "\n".join(lines)


def columns(rows: Sequence[Sequence[str]], indent: str = "  ") -> str:
    """Rows as aligned columns, the last one as wide as it likes."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]) - 1)]
    lines = []
    for row in rows:
        cells = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)]
        lines.append((indent + "  ".join([*cells, row[-1]])).rstrip())
    return "\n".join(lines)
