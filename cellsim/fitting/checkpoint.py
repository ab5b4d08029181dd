"""The state of a fit on disk, so that one that was interrupted goes on."""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cellsim import files
from cellsim.fitting.methods import Iterate

VERSION = 1


class CannotResume(ValueError):
    """A file that holds no state of this fit."""


class Stored(NamedTuple):
    """How far a fit had come."""

    iterate: Iterate
    history: np.ndarray  # a row an iteration: the cost, then the numbers
    start: np.ndarray  # the coordinates at which it began


def save(path: Path, names: Sequence[str], stored: Stored) -> None:
    """Writes the state, whole or not at all."""
    z, cost, memory = stored.iterate
    kept = {f"memory_{name}": value for name, value in memory.items()}
    with files.moved_into_place(path, keeps_earlier=False) as temporary, temporary.open("wb") as file:
        np.savez(
            file,
            version=VERSION,
            names=np.array(list(names)),
            z=z,
            cost=cost,
            history=stored.history,
            start=stored.start,
            **kept,  # type: ignore[arg-type]  # names of arrays, not the option of numpy
        )


def load(path: Path, names: Sequence[str]) -> Stored:
    """The state in a file. Raises `CannotResume` where it is of another fit, or none."""
    try:
        files.refuse_bomb(path)
        with np.load(path, allow_pickle=False) as file:
            held = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, KeyError, MemoryError, zipfile.BadZipFile) as error:
        raise CannotResume(f"{path} holds no fit to go on with: {error}") from None
    if int(held.get("version", 0)) != VERSION:
        raise CannotResume(f"{path} holds no fit to go on with, or one of another version.")
    found = [str(name) for name in held["names"]]
    if found != list(names):
        raise CannotResume(
            f"{path} holds a fit of other numbers ({', '.join(found)}); asked for are {', '.join(names)}. Likely "
            "cause: what is free, or an experiment's name, was changed."
        )
    memory = {name.removeprefix("memory_"): x for name, x in held.items() if name.startswith("memory_")}
    return Stored(Iterate(held["z"], float(held["cost"]), memory), held["history"], held["start"])
