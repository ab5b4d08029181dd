"""`cellsim new`."""

from collections.abc import Sequence
from pathlib import Path

from cellsim.cli import DONE
from cellsim.files import write_new
from cellsim.settings import BadInput

TEMPLATES = Path(__file__).parents[1] / "templates"
COMMANDS = {"scenario": "run", "fit": "fit", "study": "sensitivity"}  # what a file is, and what runs it


def new(words: Sequence[str], is_fit: bool = False) -> int:
    """Writes the template of what `words` name, a kind and a file of which either may be missing, to the file, which
    must not be there; the exit code. Raises `BadInput`."""
    left = list(words)
    kind = left.pop(0) if left and left[0] in COMMANDS else "fit" if is_fit else "scenario"
    if len(left) > 1:
        needed = f"one of {', '.join(COMMANDS)} and a file"
        raise BadInput("the command line", [f"found {' '.join(words)}; needed: {needed}, or one of the two."])
    path = Path(left[0] if left else f"{kind}.toml")
    try:
        write_new(path, template(kind))
    except FileExistsError:
        raise BadInput(str(path), ["the file is there already and is left alone. Give another name."]) from None
    except OSError as error:
        raise BadInput(str(path), [f"it cannot be written: {error.strerror}."]) from None
    print(f"wrote {path}; run it with: cellsim {COMMANDS[kind]} {path}")
    return DONE


def template(kind: str) -> str:
    """The commented file of a kind."""
    return (TEMPLATES / f"{kind}.toml").read_text(encoding="utf-8")
