"""`cellsim fit`."""

import argparse
import contextlib
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

from cellsim import __version__, fit_output, shipped
from cellsim.cli import DONE, FAILED, INTERRUPTED
from cellsim.cli.run import DEFAULT_FOLDER, folder_for, named_folder
from cellsim.cli.terminal import StatusLine, is_colourful, table
from cellsim.fitting.fit import Fit, Progress
from cellsim.fitting.prediction import Prediction
from cellsim.fitting.report import notes
from cellsim.scenario_fit import FitFile, load_fit
from cellsim.settings import BadInput
from cellsim.simulation.solution import OutsideMeasuredRange

Predictions = Mapping[str, Prediction]
MOST_SHOWN = 6  # numbers in the status line


def fit(arguments: argparse.Namespace, argv: Sequence[str]) -> int:
    """Fits what a file asks for and writes its files; the exit code. Raises `BadInput`."""
    arguments.file = shipped.found(arguments.file)
    file = load_fit(arguments.file)
    named = named_folder(arguments, file.directory, arguments.file)
    directory = folder_for(named or _default(arguments.file))
    state = directory / fit_output.STATE
    if arguments.resume and not state.is_file():
        raise BadInput("the command line", [f"--resume: there is no unfinished fit in {directory}."])
    try:
        with StatusLine(sys.stderr, arguments.quiet) as status, warnings.catch_warnings():
            warnings.simplefilter("ignore", OutsideMeasuredRange)

            def show(progress: Progress) -> None:
                status.say(_line(progress))

            found = file.run(show, state, arguments.resume)
            unseen = file.predictions(found)
            status.say("writing files")
            files = _written(found, unseen, file, directory, argv)
    except KeyboardInterrupt:
        if state.is_file():
            again = f"{arguments.file} --out {arguments.out}" if arguments.out else arguments.file
            print(f"cellsim: interrupted; go on with: cellsim fit {again} --resume", file=sys.stderr)
            return INTERRUPTED
        raise
    except OSError as error:
        print(f"cellsim: the files in {directory} could not all be written: {error}.", file=sys.stderr)
        return FAILED
    with contextlib.suppress(FileNotFoundError):
        state.unlink()
    if not arguments.quiet:
        print(closing_table(file, found, unseen, files))
    if found.converged:
        return DONE
    print(f"cellsim: the fit has not converged: {found.reason}; what was reached is in {directory}.", file=sys.stderr)
    return FAILED


def _default(file: str) -> Path:
    return DEFAULT_FOLDER / Path(file).stem


def _line(progress: Progress) -> str:
    shown = list(progress.values.items())[:MOST_SHOWN]
    numbers = ", ".join(f"{name.split('.')[-1] if len(shown) > 3 else name} = {value:.4g}" for name, value in shown)
    start = f"start {progress.start}, " if progress.start > 1 else ""
    return f"{start}step {progress.iteration}: cost {progress.cost:.5g}; {numbers}"


def _written(found: Fit, unseen: Predictions, file: FitFile, directory: Path, argv: Sequence[str]) -> list[Path]:
    about = {
        "title": file.title,
        "cell": file.cell.name,
        "model": file.model,
        "command": " ".join(["cellsim", *argv]),
        "version": __version__,
    }
    return fit_output.write_fit(found, directory, file.title, about, unseen)


def closing_table(file: FitFile, found: Fit, unseen: Predictions, files: Sequence[Path]) -> str:
    """What came out, on a dozen lines."""
    rows = [("fitted", found.report_head().replace("\n", " "))]
    rows += [("predicted", f"{name}: {fit_output.prediction_in_words(each)}") for name, each in unseen.items()]
    for k, name in enumerate(found.names):
        about = found.problem.quantity(k)
        unit = "" if about is None or about.unit == "-" else f" {about.unit}"
        value, error = found.values[name], found.std_errors[name]
        share = f" ({100 * error / abs(value):.2g} %)" if value else ""
        rows.append((name, f"{value:.5g} +- {error:.2g}{unit}{share}, from {found.initial[name]:.5g}"))
    rows += [("note", note) for note in notes(found)]
    rows.append(("known", " ".join(found.identifiability.report().split())))
    rows.append(("files", f"{files[0].parent}: {', '.join(each.name for each in files)}"))
    return table(file.title, rows, is_colourful(sys.stdout))
