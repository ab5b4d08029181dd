"""Packages of the extras `data` and `biologic`, which are imported when a file needs them."""

import importlib
from typing import Any

from cellsim.fitting.readers.errors import UnreadableRecord


def imported(module: str, file: str, what: str, of: str = "", extra: str = "data") -> Any:
    """The module. Raises `UnreadableRecord` with the line that installs it where it is not there."""
    try:
        return importlib.import_module(module)
    except ImportError:
        needed = f"{what} need the package {of or module}: pip install 'cellsim[{extra}]'"
        raise UnreadableRecord(file, needed) from None
