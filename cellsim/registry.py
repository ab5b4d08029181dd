"""Published things by name: the modules of a library package are its register.

To add one, put a file in the package; nothing else is edited. A leading underscore keeps a module out.
"""

import difflib
import importlib
import pkgutil
import re
from collections.abc import Iterable
from types import ModuleType


class UnknownName(KeyError):
    """A name that no module of the library has."""

    def __str__(self) -> str:
        return str(self.args[0])


def names(package: ModuleType | str) -> list[str]:
    """The public modules of `package` (itself or its dotted name), sorted; none of them is imported."""
    return sorted(found.name for found in pkgutil.iter_modules(_opened(package).__path__) if found.name[0] != "_")


def module(package: ModuleType | str, name: str) -> ModuleType:
    """The module of `package` called `name`, whatever its case, `_` and `-`; only this one is imported.

    Raises `UnknownName` with what there is and what may have been meant.
    """
    package = _opened(package)
    known = names(package)
    by_plain_name = {_plain(each): each for each in known}
    if name not in known and _plain(name) not in by_plain_name:
        raise UnknownName(
            f"unknown name '{name}' in {package.__name__}.{suggestion(name, known)} It has "
            f"{', '.join(known) if known else 'no module'}."
        )
    chosen = name if name in known else by_plain_name[_plain(name)]
    return importlib.import_module(f"{package.__name__}.{chosen}")


def plain(error: UnknownName, what: str) -> str:
    """What was said of an unknown name of a `what`, without the name of a package."""
    said = re.sub(r"unknown name ('.*') in [\w.]+\.", rf"there is no {what} \1.", str(error), count=1)
    return said.replace(" It has ", " There are: ")


def suggestion(name: str, known: Iterable[str]) -> str:
    """A sentence that asks whether the one of `known` most like `name` was meant, or nothing."""
    by_plain_name = {_plain(each): each for each in known}
    near = difflib.get_close_matches(_plain(name), by_plain_name, n=1)
    return f" Did you mean '{by_plain_name[near[0]]}'?" if near else ""


def _opened(package: ModuleType | str) -> ModuleType:
    return importlib.import_module(package) if isinstance(package, str) else package


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")
