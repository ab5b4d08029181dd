"""Files: read within bounds, as anybody may have written them; and written whole, without a loss of what was there."""

import errno
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

MEGABYTE = 10**6
MOST_TEXT = 20 * MEGABYTE  # of a scenario or a cell; the longest that are published have a tenth of it
MOST_DATA = 4000 * MEGABYTE  # of measured data, packed or not
DEEPEST = 60  # tables or lists in each other
LARGEST = 2**63  # what TOML promises to hold
EARLIER = "earlier-{}"  # folder of what was there before
IS_REPLACING: ContextVar[bool] = ContextVar("IS_REPLACING", default=False)


class NestedTooDeeply(ValueError):
    """Tables or lists in each other, more of them than any file that is meant has."""

    def __init__(self) -> None:
        super().__init__(f"tables or lists are nested more than {DEEPEST} deep, which no file that is meant does")


def content(path: str | Path, most: int = MOST_TEXT) -> bytes:
    """The bytes of a file, at most `most` of them. Raises `OSError` where there are more, or no such file."""
    try:
        with open(path, "rb") as file:
            found = file.read(most + 1)
    except ValueError as error:  # a character that no name has
        raise OSError(errno.EINVAL, f"no file can have this name ({error})") from None
    if len(found) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most / MEGABYTE:g} MB, which no file that is meant is")
    return found


def text(path: str | Path, most: int = MOST_TEXT) -> str:
    """The text of a file in UTF-8. Raises `OSError`, and `ValueError` where it is none."""
    found = content(path, most)
    try:
        return found.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = found[: error.start].count(b"\n") + 1
        raise ValueError(f"it is no text in UTF-8: line {line} has the byte 0x{found[error.start]:02x}") from None


def is_file(path: str | Path) -> bool:
    """Whether there is a plain file of this name; none has a name that no file can have."""
    try:
        return Path(path).is_file()
    except (OSError, ValueError):
        return False


def said(error: Exception) -> str:
    """What an error says, without its number."""
    return str(getattr(error, "strerror", None) or error).rstrip(".")


def refuse_unreasonable(tree: Any) -> None:
    """Raises `ValueError` for a tree of tables and lists that is nested too deeply, or holds a whole number of more
    than 64 bits; looked at level by level, so that whatever was read can be looked at."""
    level = [tree]
    for _ in range(DEEPEST + 1):
        parts = [part for each in level for part in (each.values() if isinstance(each, Mapping) else each)]
        large = [part for part in parts if isinstance(part, int) and abs(part) >= LARGEST]
        if large:
            raise ValueError(f"a whole number of {len(str(abs(large[0])))} digits is too large")
        level = [part for part in parts if isinstance(part, (Mapping, list))]
        if not level:
            return
    raise NestedTooDeeply


def refuse_bomb(path: str | Path) -> None:
    """Raises `OSError` for a packed file whose content would be larger than measured data may be, or whose names lead
    out of it. A file that is not packed is left alone; a broken one is what its reader will say."""
    try:
        with zipfile.ZipFile(path) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return
    if sum(part.file_size for part in parts) > MOST_DATA:
        raise OSError(
            errno.EFBIG, f"unpacked it is larger than {MOST_DATA / MEGABYTE:g} MB, which no file that is meant is"
        )
    outside = [part.filename for part in parts if ".." in Path(part.filename).parts or part.filename.startswith("/")]
    if outside:
        raise OSError(errno.EINVAL, f"it holds a file that leads out of it, '{outside[0]}'")


# ---- written


@contextmanager
def moved_into_place(path: Path, keeps_earlier: bool = True) -> Iterator[Path]:
    """A temporary name beside `path`, moved to it when all went well and removed when not.

    A file that is there already goes to a folder beside it, `earlier-1` or the next that is free, unless it need not be
    kept, or `replacing` was asked for. Raises `OSError`.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        temporary.unlink(missing_ok=True)
        yield temporary
        if keeps_earlier and not IS_REPLACING.get():
            set_aside(path)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def replacing(is_asked: bool = True) -> Iterator[None]:
    """Files that are there already are replaced meanwhile."""
    token = IS_REPLACING.set(is_asked)
    try:
        yield
    finally:
        IS_REPLACING.reset(token)


def set_aside(path: Path) -> Path | None:
    """Moves what is at `path` to a folder of earlier files beside it; where it is then, None where nothing was."""
    if not os.path.lexists(path):
        return None
    number = 1
    while os.path.lexists(there := path.parent / EARLIER.format(number) / path.name):
        number += 1
    there.parent.mkdir(exist_ok=True)
    os.replace(path, there)
    return there


def write_new(path: Path, content: str) -> None:
    """Writes a file whole. Raises `FileExistsError` where one is there already, and other `OSError`."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        temporary.write_text(content, encoding="utf-8")
        try:
            os.link(temporary, path)  # which, unlike a move, replaces nothing
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            with path.open("x", encoding="utf-8") as file:
                file.write(content)
    finally:
        temporary.unlink(missing_ok=True)


def is_within(path: Path, folder: Path) -> bool:
    """Whether `path`, from `folder`, stays in it, also behind links. Raises `ValueError` for what is no name."""
    return (folder / path).resolve().is_relative_to(folder.resolve())
