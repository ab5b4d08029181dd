"""`cellsim run` as a run that can be interrupted, and `cellsim run --resume`."""

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cellsim import __version__, resume
from cellsim.scenario import Scenario
from cellsim.settings import BadInput
from cellsim.simulation.solution import Solution

ALONE = ("resume", "quiet", "overwrite", "command")  # what `--resume` leaves to be said


class TakenUp(NamedTuple):
    """A run to go on with, as it was asked for."""

    directory: Path
    asked: resume.Asked
    arguments: argparse.Namespace
    argv: Sequence[str]


def asked(arguments: argparse.Namespace) -> TakenUp:
    """The run in the folder that `--resume` names. Raises `BadInput`."""
    from cellsim.cli.parser import parser

    directory = Path(arguments.resume)
    given = [name for name, value in vars(arguments).items() if value and name not in ALONE]
    if given:
        said = ", ".join(name if name == "scenario" else f"--{name.replace('_', '-')}" for name in given)
        raise BadInput(
            "the command line", [f"--resume goes on with what was asked for in {directory}: leave out {said}."]
        )
    try:
        found = resume.asked_in(directory, __version__)
    except resume.CannotResume as error:
        raise BadInput("the command line", [f"--resume: {error}"]) from None
    if not Path(found.folder).is_dir():
        said = f"the folder {found.folder}, in which the run was begun, is gone: files that it names cannot be found."
        raise BadInput("the command line", [f"--resume: {said}"])
    known = parser().parse_args(found.words)
    known.quiet = arguments.quiet
    return TakenUp(directory, found, known, found.words)


class Keeper:
    """Keeps what is needed to go on with a run of several cycles, and takes it up again."""

    def __init__(self, arguments: argparse.Namespace, argv: Sequence[str], taken_up: TakenUp | None):
        self.arguments, self.argv, self.taken_up = arguments, argv, taken_up
        self.working_folder = Path() if taken_up is None else Path(taken_up.asked.folder)
        self.directory = None if taken_up is None else taken_up.directory
        self.record: resume.Record | None = None
        self.after: Solution | None = None
        self.notes: list[str] = []

    def open(self, scenario: Scenario, directory: Path) -> None:
        """Before the run begins. Raises `BadInput` where it is not the one that was interrupted."""
        self.directory, left = directory, resume.unfinished(directory)
        if self.taken_up is None and left is not None:
            cycles = "1 cycle" if left == 1 else f"{left} cycles"
            self.notes.append(f"an unfinished run in {directory} ({cycles} of it) is dropped.")
        record = resume.Record(directory, scenario.protocol)
        if self.taken_up is not None:
            self._refuse_another(scenario, self.taken_up.asked)
            self.after, broken = record.read(scenario.model)
            if broken:
                after = f"after cycle {record.cycles}" if record.cycles else "from the start"
                self.notes.append(f"what is kept in {directory} is damaged ({broken}): the run went on {after}.")
            self.record = record
            return
        record.remove()
        if len(scenario.protocol.cycles) > 1 and scenario.optimise is None:
            self.record = record
            record.begin(self._told(scenario))

    def timeseries(self, solution: Solution) -> Path | None:
        """The file of the time series, where it was written as the run went on."""
        return None if self.record is None else self.record.finish(solution)

    def close(self) -> None:
        """Nothing is left to go on with."""
        if self.record is not None:
            self.record.remove()

    @property
    def how_to_go_on(self) -> str:
        """What to tell whoever interrupts a run; nothing where it is lost."""
        if self.record is None or not self.record.cycles:
            return ""
        count, cycles = self.record.cycles, len(self.record.protocol.cycles)
        return f"{count} of {cycles} cycles are kept. To go on: cellsim run --resume {shlex.quote(str(self.directory))}"

    def _told(self, scenario: Scenario) -> resume.Asked:
        path = self._path()
        return resume.Asked(
            words=list(self.argv),
            folder=str(self.working_folder.resolve()),
            scenario=self.arguments.scenario or "",
            scenario_sha256="" if path is None else resume.sha256_of(path),
            fingerprint=_fingerprint(scenario),
            version=__version__,
        )

    def _path(self) -> Path | None:
        return None if self.arguments.scenario is None else self.working_folder / self.arguments.scenario

    def _refuse_another(self, scenario: Scenario, asked: resume.Asked) -> None:
        path = self._path()
        if path is not None and resume.sha256_of(path) != asked.scenario_sha256:
            raise BadInput(
                str(path),
                [
                    f"it has changed since the run in {self.directory} began, so going on would join two different "
                    "runs. Put it back as it was, or run it anew without --resume."
                ],
            )
        if _fingerprint(scenario) != asked.fingerprint:
            raise BadInput(
                "the command line",
                [
                    f"--resume: a number of the cell, or a file that the protocol runs, has changed since the run in "
                    f"{self.directory} began. Put it back as it was, or run it anew without --resume."
                ],
            )


def _fingerprint(scenario: Scenario) -> str:
    numbers = (scenario.soc, scenario.temperature, scenario.rtol, scenario.atol, scenario.max_steps)
    return resume.fingerprint(scenario.model, scenario.protocol, numbers)
