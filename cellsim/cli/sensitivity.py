"""`cellsim sensitivity`."""

import argparse
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cellsim import __version__, shipped, study_output
from cellsim.cli import DONE, FAILED
from cellsim.cli.run import DEFAULT_FOLDER, folder_for, named_folder
from cellsim.cli.terminal import StatusLine, is_colourful, table
from cellsim.ensemble.outputs import OUTPUTS
from cellsim.parameters import UnknownPath
from cellsim.scenario_study import Study, load_study
from cellsim.settings import BadInput
from cellsim.simulation.simulate import CannotStart
from cellsim.simulation.solution import OutsideMeasuredRange

MOST_SHOWN = 8  # inputs of a result in the closing table


def sensitivity(arguments: argparse.Namespace, argv: Sequence[str]) -> int:
    """Runs the study that a file asks for and writes its files; the exit code. Raises `BadInput`."""
    started = time.perf_counter()
    arguments.file = shipped.found(arguments.file)
    study = load_study(arguments.file)
    named = named_folder(arguments, study.scenario.directory, arguments.file)
    directory = folder_for(named or _default(arguments.file))
    with StatusLine(sys.stderr, arguments.quiet) as status, warnings.catch_warnings():
        warnings.simplefilter("ignore", OutsideMeasuredRange)
        try:
            found = study.run(lambda progress: status.say(str(progress)))
        except (CannotStart, UnknownPath) as error:
            raise BadInput(arguments.file, [str(error)]) from None
        except ValueError as error:
            print(f"cellsim: {error}", file=sys.stderr)
            return FAILED
        status.say("writing files")
        about = {
            "title": study.title,
            "kind": study.kind,
            "cell": study.scenario.cell.name,
            "command": " ".join(["cellsim", *argv]),
            "version": __version__,
            "wall_s": time.perf_counter() - started,
        }
        try:
            files = study_output.write_study(found, study.labels, study.times, directory, study.title, about)
        except OSError as error:
            print(f"cellsim: the files in {directory} could not all be written: {error}.", file=sys.stderr)
            return FAILED
    if not arguments.quiet:
        print(closing_table(study, found, files, time.perf_counter() - started))
    lost = getattr(found, "lost", 0)
    if lost and not arguments.quiet:
        print(f"cellsim: warning: {lost} samples were left out, because a run of them failed.", file=sys.stderr)
    return DONE


def _default(file: str) -> Path:
    return DEFAULT_FOLDER / Path(file).stem


def closing_table(study: Study, found: Any, files: Sequence[Path], seconds: float) -> str:
    """What came out, on a dozen lines."""
    rows: list[tuple[str, str]] = []
    for row in study_output.rows_of(found):
        if "mean" in row or sum(1 for output, _ in rows if output == row["output"]) < MOST_SHOWN:
            unit = OUTPUTS[row["output"]].unit if row["output"] in OUTPUTS else ""
            rows.append((row["output"], _spoken(row, "" if unit in ("", "-") else f" {unit}")))
    runs = getattr(found, "runs", None)
    rows.append(("wall time", f"{seconds:.1f} s" + (f", {runs} runs" if runs else "")))
    rows.append(("files", f"{files[0].parent}: {', '.join(file.name for file in files)}"))
    return table(study.title, rows, is_colourful(sys.stdout))


def _spoken(row: dict[str, Any], unit: str) -> str:
    """A row of a study in words, `unit` that of the output with a space before it."""
    if "mean" in row:
        ends = f"{row['quantile_2.5']:.5g} to {row['quantile_97.5']:.5g}"
        return f"{row['mean']:.5g} +- {row['std']:.2g}{unit}, 95 % from {ends}"
    name = row["parameter"]
    if "total" in row:
        ends = f"[{row['total_low']:.3f}, {row['total_high']:.3f}]"
        return f"{name} {row['total']:.3f} {ends} in all, {row['first']:.3f} alone"
    if "mu_star" in row:
        size = f"{row['mu_star']:.4g} +- {row['mu_star_error']:.2g}{unit}"
        return f"{name} {size} over its range, deviation {row['sigma']:.3g}"
    return f"{name} {row['scaled']:.4g}{unit} per relative change"
