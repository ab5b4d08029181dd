"""A run that can be taken up again: what its folder holds while it goes on.

`.resume/` in the folder of a run of several cycles holds how it was asked for, the rows of the time series of every
finished cycle, and a file with what each of them left. It goes away when the run has ended well.
"""

import hashlib
import json
import shutil
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np

from cellsim import files
from cellsim.files import moved_into_place
from cellsim.models.model import AbstractModel
from cellsim.output import COLUMNS, TIMESERIES, rows_of
from cellsim.protocols.protocol import Protocol
from cellsim.protocols.saved import Broken, read_legs, write_legs
from cellsim.protocols.several import default_keep, is_kept, thinned, together
from cellsim.simulation.solution import Solution

FOLDER, ASKED = ".resume", "asked.json"
FORMAT = 1


class CannotResume(ValueError):
    """A folder that holds no run to take up, or not the one that is meant."""


class Asked(NamedTuple):
    """How a run was asked for."""

    words: list[str]  # of the command line
    folder: str  # in which it was given
    scenario: str  # the file that it names, or nothing
    scenario_sha256: str  # of its content
    fingerprint: str  # of all numbers that the run depends on
    version: str  # of the program
    format: int = FORMAT


class Place(NamedTuple):
    """How far the time series reaches."""

    end: int  # bytes
    crc: int  # of all until there


def fingerprint(*trees: Any) -> str:
    """A text that differs where any number, or any word of a protocol, does."""
    digest = hashlib.sha256()
    for x in jax.tree.leaves(trees):
        if eqx.is_array_like(x):
            array = np.asarray(x)
            digest.update(f"{array.dtype}{array.shape}".encode() + array.tobytes())
    for tree in trees:
        if isinstance(tree, Protocol):
            steps = [[(step.text, step.period, step.skip_ok) for step in cycle.steps] for cycle in tree.cycles]
            digest.update(repr((tree.until, steps)).encode())
    return digest.hexdigest()


def sha256_of(path: Path) -> str:
    """Of the content of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Record:
    """What is kept of a run in its folder; called with the number and the solution of every cycle that has ended."""

    def __init__(self, directory: Path, protocol: Protocol):
        self.folder = directory / FOLDER
        self.rows = self.folder / TIMESERIES
        self.protocol = protocol
        self.keep = default_keep(protocol)
        self.steps = self.cycles = 0
        self.place = Place(0, 0)
        self.last: tuple[Sequence[Solution], Place] | None = None

    def begin(self, asked: Asked) -> None:
        """Empties the folder for a new run."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        with moved_into_place(self.folder / ASKED, keeps_earlier=False) as path:
            path.write_text(json.dumps(asked._asdict(), indent=2) + "\n", encoding="utf-8")
        self._append((",".join(COLUMNS) + "\n").encode())

    def __call__(self, number: int, solution: Solution) -> None:
        """A cycle has ended."""
        self._append(_rows(solution.legs))
        self._save(number, solution.legs, self.place)
        if self.last is not None and not is_kept(number - 1, number, self.keep, len(self.protocol.cycles)):
            legs, place = self.last
            self._save(number - 1, [thinned(leg) for leg in legs], place)
        self.last = solution.legs, self.place
        self.cycles, self.steps = number, self.steps + len(solution.legs)

    def finish(self, solution: Solution) -> Path:
        """The time series of all that was reached."""
        self._append(_rows(solution.legs[self.steps :]))
        return self.rows

    def remove(self) -> None:
        """Nothing is to be taken up any more."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def read(self, model: AbstractModel) -> tuple[Solution | None, str]:
        """What the good cycles left, the first of them in a row, None without any; and what is wrong with the next
        one. Whatever comes after them is dropped."""
        rows = self.rows.read_bytes() if self.rows.exists() else b""
        legs: list[Solution] = []
        broken = ""
        for number in range(1, len(self.protocol.cycles) + 1):
            path = self._file(number)
            if not path.exists():
                break
            try:
                found, about = read_legs(path, model, self.protocol, number)
                place = Place(*about["place"])
                if place.end > len(rows) or zlib.crc32(rows[: place.end]) != place.crc:
                    raise Broken(f"{TIMESERIES} is not what cycle {number} left")
            except Broken as error:
                broken = str(error)
                break
            legs += found
            self.place, self.last, self.cycles = place, (found, place), number
        self.steps = len(legs)
        self._drop(rows)
        return (together(legs) if legs else None), broken

    def _drop(self, rows: bytes) -> None:
        """Whatever comes after the cycles that count."""
        header = (",".join(COLUMNS) + "\n").encode()
        if not self.cycles:
            rows, self.place = header, Place(len(header), zlib.crc32(header))
        with moved_into_place(self.rows, keeps_earlier=False) as path:
            path.write_bytes(rows[: self.place.end])
        for path in self.folder.glob("cycle_*.npz"):
            if not path.stem[6:].isdigit() or int(path.stem[6:]) > self.cycles:
                path.unlink()

    def _append(self, rows: bytes) -> None:
        with self.rows.open("ab") as file:
            file.write(rows)
        self.place = Place(self.place.end + len(rows), zlib.crc32(rows, self.place.crc))

    def _save(self, number: int, legs: Sequence[Solution], place: Place) -> None:
        with moved_into_place(self._file(number), keeps_earlier=False) as path:
            write_legs(path, legs, {"place": place})

    def _file(self, number: int) -> Path:
        return self.folder / f"cycle_{number:05d}.npz"


def _rows(legs: Sequence[Solution]) -> bytes:
    return "".join(line for leg in legs for line in rows_of(leg)).encode()


def asked_in(directory: Path, version: str) -> Asked:
    """How the run in a folder was asked for. Raises `CannotResume`."""
    path = directory / FOLDER / ASKED
    if not directory.is_dir():
        raise CannotResume(f"there is no folder '{directory}'.")
    if not path.exists():
        raise CannotResume(
            f"'{directory}' holds no run to go on with: it ended well, or never finished a step of several. Give the "
            "folder that was given by --out."
        )
    try:
        said = json.loads(files.text(path))
        asked = Asked(**said)
        if not (isinstance(asked.folder, str) and all(isinstance(word, str) for word in asked.words)):
            raise TypeError("words that are none")
    except (ValueError, TypeError, RecursionError):
        raise CannotResume(f"'{path}' is broken, so nobody knows what was run. Run it again from the start.") from None
    if (asked.format, asked.version) != (FORMAT, version):
        raise CannotResume(
            f"the run in '{directory}' was begun by version {asked.version} of cellsim, this is {version}: together "
            "they would not make one run. Run it again from the start."
        )
    return asked


def unfinished(directory: Path) -> int | None:
    """How many cycles an unfinished run left in a folder; None where there is none."""
    folder = directory / FOLDER
    return len(list(folder.glob("cycle_*.npz"))) if folder.is_dir() else None
