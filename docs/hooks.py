"""What is made while the site is built: formulas, the pages of the reference, and the picture on the first page.

Formulas become MathML, which browsers draw by themselves: a page needs no script and no network.
"""

import html
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

import cellsim

ROOT = Path(__file__).parents[1]
FORMULA = re.compile(r'<(span|div) class="arithmatex">(?:\\\((.*?)\\\)|\\\[(.*?)\\\])</\1>', re.DOTALL)
UNREAD = re.compile(r"\\[a-zA-Z]|<mi>&</mi>")  # what the converter leaves of a command that it does not know

# The layers from the ground up, each a page; packages that are not named here come after them.
LAYERS = {
    "electrolyte": "Electrolyte",
    "electrode": "Electrode",
    "discretisation": "Discretisation",
    "cells": "Cells",
    "models": "Models",
    "solvers": "Solvers",
    "simulation": "Simulation",
    "protocols": "Protocols",
    "fitting": "Fitting",
    "plotting": "Plotting",
    "cli": "Command line",
}
LIBRARIES = ("cellsim.cells.library", "cellsim.electrolyte.library")
REPORTS = (("Verification", "verification.md"), ("Performance report", "performance_report.md"))  # before and after
PICTURE = ("figures/lgm50_1C.png", "profiles.png", ROOT / "scenarios" / "lgm50_1C.toml")


# ---- formulas


def on_page_content(content: str, page: Any, **_: Any) -> str:
    """Every formula of a page as MathML."""

    def drawn(found: re.Match[str]) -> str:
        is_inline = found[2] is not None
        formula = html.unescape(found[2] if is_inline else found[3])
        made = convert(formula, display="inline" if is_inline else "block")
        if UNREAD.search(made):
            raise PluginError(f"{page.file.src_uri}: this formula cannot be drawn: {formula}")
        return made

    return FORMULA.sub(drawn, content)


# ---- the reference


def on_config(config: Any, **_: Any) -> Any:
    """Adds to the table of contents what is made, and the reports where they have been written."""
    for place, (title, page) in enumerate(REPORTS):
        if (Path(config.docs_dir) / page).exists():
            at = next(k for k, entry in enumerate(config.nav) if "Performance" in entry)
            config.nav.insert(at + place, {title: page})
    config.nav.append({"Reference": [{title: uri} for uri, title, _ in pages()]})
    return config


def on_files(files: Files, config: Any, **_: Any) -> Files:
    """Adds the pages of the reference and the picture."""
    for uri, _title, text in pages():
        files.append(File.generated(config, uri, content=text))
    uri, name, scenario = PICTURE
    folder = ROOT / "build" / "docs" / scenario.stem
    command = [sys.executable, "-m", "cellsim", "run", str(scenario), "--out", str(folder), "--quiet"]
    subprocess.run(command, check=True)
    files.append(File.generated(config, uri, content=(folder / name).read_bytes()))
    return files


def pages() -> Iterator[tuple[str, str, str]]:
    """Address, title and text of every page of the reference."""
    yield "reference/index.md", "The names of cellsim", names_page()
    own = [module.name for module in pkgutil.iter_modules(cellsim.__path__) if not module.name.startswith("_")]
    packages = [name for name in own if (Path(cellsim.__path__[0]) / name).is_dir()]
    for name in sorted(packages, key=lambda name: ([*LAYERS, name].index(name), name)):
        title = LAYERS.get(name, name.capitalize())
        yield f"reference/{name}.md", title, layer_page(title, f"cellsim.{name}")
    modules = [f"cellsim.{name}" for name in own if name not in packages]
    yield "reference/modules.md", "Modules on their own", "\n\n".join(["# Modules on their own", *map(whole, modules)])


def names_page() -> str:
    """What `import cellsim as cs` brings, with a line each."""
    lines = [
        "# The names of cellsim",
        "",
        "What `import cellsim as cs` brings. Everything else is imported from the module that has it.",
        "",
        "| name | |",
        "|---|---|",
    ]
    for name, thing in sorted(vars(cellsim).items(), key=lambda item: item[0].lower()):
        home = thing.__name__ if inspect.ismodule(thing) else f"{getattr(thing, '__module__', '')}.{name}"
        is_package = inspect.ismodule(thing) and name != "controls"
        if not name.startswith("_") and home.startswith("cellsim.") and not is_package:
            lines.append(f"| [`cs.{name}`][{home}] | {headline(thing)} |")
    return "\n".join(lines)


def layer_page(title: str, package: str) -> str:
    """All public modules of a package."""
    parts = [f"# {title}", inspect.cleandoc(importlib.import_module(package).__doc__ or "")]
    for name in below(package):
        parts.append(library_section(name) if name in LIBRARIES else whole(name))
    return "\n\n".join(parts)


def below(package: str) -> Iterator[str]:
    """The public modules in a package, those of packages in it too; a library counts as one."""
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
        if module.name.rpartition(".")[2].startswith("_"):
            continue
        yield module.name
        if module.ispkg and module.name not in LIBRARIES:
            yield from below(module.name)


def library_section(package: str) -> str:
    """What a library holds, with a line each."""
    rows = [f"| `{name.rpartition('.')[2]}` | {headline(importlib.import_module(name))} |" for name in below(package)]
    about = inspect.cleandoc(importlib.import_module(package).__doc__ or "")
    return "\n".join([f"## `{package}`", "", about, "", "| name | |", "|---|---|", *rows])


def whole(module: str) -> str:
    """A module with all of its public names."""
    return f"::: {module}"


def headline(thing: Any) -> str:
    """The first sentence of a docstring, or what its first line has of it."""
    text = " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())
    return re.split(r"(?<=[a-z)`])[.:] ", text, maxsplit=1)[0].rstrip(".:,").replace("|", r"\|")
