"""What the command line understands."""

import argparse
from collections.abc import Sequence
from typing import Any

RUN = """\
Runs a scenario file, or a cell and a step named here, and writes timeseries.csv, summary.json, solution.nc and
pictures. Options given here win over those of the file.

examples:
  cellsim run my_scenario.toml
  cellsim run lgm50_1C
  cellsim run scenarios/lgm50_1C.toml --mesh fine --out out/fine
  cellsim run --cell Chen2020 --protocol "Discharge at 2C until 2.5 V"
  cellsim run --cell Chen2020 --protocol "Charge at C/2 until 4.2 V" --soc 0
  cellsim run --cell Chen2020 --set electrolyte.t_plus=0.4 --set negative.L=90e-6 --out out/thick
  cellsim run --cell Chen2020 --set electrolyte=landesfeind2019_ec_emc
  cellsim run --cell Chen2020 --model SPMe
  cellsim run --cell cell_BPX.json --validate
  cellsim run scenarios/lgm50_1C.toml --animate gif
  cellsim run --resume out/lgm50_CCCV

exit codes: 0 done; 1 the solve failed, and what was reached is written; 2 bad input; 130 interrupted
"""
IMPEDANCE = """\
Computes the impedance of a cell at rest and writes impedance.csv, summary.json and pictures (Nyquist and Bode). A
measured spectrum is shown beside it: files of BioLogic, Gamry, ZPlot, Autolab, CH Instruments, Parstat, PowerSuite
and VersaStudio, or a table of frequency, real and imaginary part.

examples:
  cellsim impedance --cell Chen2020
  cellsim impedance --cell Chen2020 --soc 0.2 --frequencies 1e-3:1e4:80 --out out/low
  cellsim impedance --cell Chen2020 --model SPM --set positive.C_dl=0.5
  cellsim impedance --cell cell_BPX.json --ambient-temperature 10
  cellsim impedance --cell Chen2020 --data measured.mpt
  cellsim impedance scenarios/lithium_polymer_lithium.toml

exit codes: 0 done; 1 the solve failed; 2 bad input; 130 interrupted
"""
FIT = """\
Fits numbers of a cell to measured records, as a fit file says, and writes fit.json, residuals.csv, fit_summary.md and
pictures.

examples:
  cellsim fit scenarios/fit_lgm50.toml
  cellsim fit scenarios/fit_lgm50.toml --out out/my_fit
  cellsim fit scenarios/fit_lgm50.toml --resume
  cellsim new --fit my_fit.toml

exit codes: 0 done; 1 it did not converge, and what was reached is written; 2 bad input; 130 interrupted
"""
SENSITIVITY = """\
Asks what the results of a run depend on, as a study file says (a scenario with the table [sensitivity]): local
derivatives, Morris, Sobol, or Monte Carlo with tolerances. Writes sensitivity.csv, sensitivity.json and pictures.

examples:
  cellsim sensitivity scenarios/study_sobol_lgm50.toml
  cellsim sensitivity scenarios/study_tolerances_lgm50.toml --out out/tolerances

exit codes: 0 done; 1 too many runs failed; 2 bad input; 130 interrupted
"""
LIST = """\
Lists what there is to name.

examples:
  cellsim list cells
  cellsim list electrolytes
  cellsim list scenarios
  cellsim list steps
"""
DESCRIBE = """\
Shows a cell (every parameter with its path for --set), an electrolyte (its four functions), an ion in water, a
model, or what a step means in numbers. With --out, the functions of the electrolyte are drawn as well.

examples:
  cellsim describe Chen2020
  cellsim describe landesfeind2019_ec_emc --out landesfeind.png
  cellsim describe DFN
  cellsim describe "Discharge at C/2 until 3 V"
"""
CITE = """\
Prints what to cite for a cell, an electrolyte or a model, or for a run by the folder it was written to.

examples:
  cellsim cite Marquis2019
  cellsim cite out/lgm50_1C
"""
NEW = """\
Writes a commented file to start from: a scenario, a fit or a study; a file that is there already is left alone.

examples:
  cellsim new
  cellsim new my_cell.toml
  cellsim new fit my_fit.toml
  cellsim new study my_study.toml
"""
CHECK = """\
Reads scenarios, fit files, studies and BPX files as the commands that run them do, records that they name among them,
and says what each is, or all that is wrong with it; nothing is run.

examples:
  cellsim check my_scenario.toml
  cellsim check scenarios/*.toml my_cell_BPX.json

exit codes: 0 all can be run; 2 one or more cannot
"""
COMPLETION = """\
Prints a script with which a shell completes commands and options (`pip install 'cellsim[completion]'`).

examples:
  cellsim completion bash > ~/.local/share/bash-completion/completions/cellsim
  cellsim completion zsh > ~/.zfunc/_cellsim
"""
READ = """\
Reads what a cycler wrote (Maccor, Arbin, Neware, BioLogic, Basytec, Digatron, Bitrode and others), a BPX file's
validation runs, or a table with columns of any names; says what was found, repaired and left out, and which steps are
recognised; and writes record.csv (the columns of a time series, SI units, positive currents discharge) and record.png.
What is said here wins over what is found.

examples:
  cellsim read cell_12.csv
  cellsim read cell_12.csv --out out/cell_12 --current-sign -1
  cellsim read table.csv --column time=1 --column voltage=U2 --current 5.0
  cellsim read pulses.csv --where cell=A7 --where soc=0.5
  cellsim read export.txt --format maccor --unit time=min
"""
ABOUT = """\
A differentiable simulator of battery cells.

examples:
  cellsim run --cell Chen2020 --protocol "Discharge at 1C until 2.5 V"
  cellsim new my_cell.toml
  cellsim list cells
"""


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser("cellsim", description=ABOUT, formatter_class=_Plain, allow_abbrev=False)
    top.set_defaults(command=None)
    top.add_argument("--version", action=_Version, help="show the version and leave")
    commands = top.add_subparsers(title="commands", metavar="COMMAND")

    def command(name: str, text: str, help: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=help, description=text, formatter_class=_Plain, allow_abbrev=False)

    _add_run(command("run", RUN, "run a scenario file, or a cell and a step"))

    fitting = command("fit", FIT, "fit numbers of a cell to measured records")
    fitting.add_argument("file", metavar="FIT.toml", help="a fit file; `cellsim new --fit` writes one")
    fitting.add_argument("--out", metavar="DIR", help="where files go; default out/ and the name of the file")
    _add_overwrite(fitting)
    fitting.add_argument("--resume", action="store_true", help="go on with a fit that was interrupted")
    fitting.add_argument("--quiet", action="store_true", help="print nothing")
    fitting.set_defaults(command=_fit)

    _add_impedance(command("impedance", IMPEDANCE, "compute an impedance spectrum"))

    studying = command("sensitivity", SENSITIVITY, "what the results of a run depend on, and how much")
    studying.add_argument("file", metavar="STUDY.toml", help="a scenario with the table [sensitivity]")
    studying.add_argument("--out", metavar="DIR", help="where files go; default out/ and the name of the file")
    _add_overwrite(studying)
    studying.add_argument("--quiet", action="store_true", help="print nothing")
    studying.set_defaults(command=_sensitivity)

    listing = command("list", LIST, "list cells, electrolytes, formats, ions, models, scenarios or steps")
    listing.add_argument(
        "kind",
        metavar="KIND",
        help="cells, electrolytes, formats (of measured records), ions (in water), models, scenarios or steps",
    )
    listing.set_defaults(command=_list)

    describing = command("describe", DESCRIBE, "show the parameters of a cell, or an electrolyte's functions")
    describing.add_argument("name", metavar="NAME", help="a cell, an electrolyte, an ion, a model or a step")
    describing.add_argument(
        "--out", metavar="FILE_OR_DIR", help="also draw the electrolyte: .png, .pdf, .svg, a folder"
    )
    describing.set_defaults(command=_describe)

    citing = command("cite", CITE, "print what to cite")
    citing.add_argument("name", metavar="NAME_OR_DIR", help="a cell, an electrolyte, a model, or the folder of a run")
    citing.set_defaults(command=_cite)

    _add_read(command("read", READ, "read a measured record, and say what was found"))

    new = command("new", NEW, "write a commented scenario to start from")
    new.add_argument(
        "what", metavar="KIND FILE", nargs="*", help="scenario, fit or study; default a scenario, and its kind.toml"
    )
    new.add_argument("--fit", action="store_true", help="the same as the kind fit")
    new.set_defaults(command=_new)

    checking = command("check", CHECK, "read a file and say what is wrong with it, without running it")
    checking.add_argument("files", metavar="FILE", nargs="+", help="a scenario, a fit, a study, or a BPX file")
    checking.set_defaults(command=_check)

    completing = command("completion", COMPLETION, "print a script that completes commands in a shell")
    completing.add_argument("shell", metavar="SHELL", help="bash, zsh or tcsh")
    completing.set_defaults(command=_completion)
    return top


def _add_overwrite(command: Any) -> None:
    command.add_argument(
        "--overwrite", action="store_true", help="replace files that are there; else they are kept in earlier-1 and on"
    )


def _add_run(run: argparse.ArgumentParser) -> None:
    run.add_argument(
        "scenario",
        metavar="SCENARIO.toml",
        nargs="?",
        help="a scenario file, as `cellsim new` writes one, or the name of a shipped one",
    )
    run.add_argument(
        "--resume", metavar="DIR", help="go on with the run of several cycles that was interrupted in this folder"
    )
    what = run.add_argument_group("what to run")
    what.add_argument("--cell", metavar="NAME_OR_FILE", help="a cell of `cellsim list cells`, or a BPX file")
    what.add_argument("--electrolyte", metavar="NAME", help="another electrolyte, of `cellsim list electrolytes`")
    what.add_argument(
        "--set", metavar="PATH=VALUE", action="append", default=[], help="change a number, or the electrolyte"
    )
    what.add_argument(
        "--protocol", metavar="STEP", action="append", help='as "Discharge at 1C until 2.5 V"; again for more steps'
    )
    what.add_argument("--cycles", metavar="N", type=int, help="how many times the steps are run, one after the other")
    what.add_argument("--soc", metavar="FRACTION", type=float, help="initial state of charge; default 1")
    what.add_argument(
        "--ambient-temperature",
        metavar="DEGC",
        type=float,
        help="also the initial one; default that of the cell",
    )
    what.add_argument("--no-check", action="store_true", help="accept numbers that look implausible")
    how = run.add_argument_group("how to run it")
    how.add_argument("--model", metavar="NAME", help="DFN, SPMe or SPM; default DFN")
    how.add_argument("--thermal", metavar="NAME", help="isothermal or lumped; default isothermal")
    how.add_argument("--mesh", metavar="NAME", help="coarse, default, fine or spectral (for impedance)")
    how.add_argument("--rtol", metavar="X", type=float, help="relative tolerance in time; default 1e-6")
    how.add_argument("--atol", metavar="X", type=float, help="absolute tolerance; by default the relative one")
    how.add_argument("--max-steps", metavar="N", type=int, help="give up after so many time steps; default never")
    out = run.add_argument_group("output")
    out.add_argument("--out", metavar="DIR", help="where files go; default out/ and the name of the scenario or cell")
    _add_overwrite(out)
    out.add_argument("--animate", choices=("gif", "mp4"), help="write the moving profiles as a film, too")
    out.add_argument("--validate", action="store_true", help="compare with the measured runs in the cell's BPX file")
    out.add_argument("--quiet", action="store_true", help="print nothing")
    run.set_defaults(command=_run)


def _add_read(read: argparse.ArgumentParser) -> None:
    read.add_argument("file", metavar="FILE", help="CSV, text, Parquet, Excel, BPX, .mpr, .nda, .ndax")
    read.add_argument(
        "--column", metavar="ROLE=NAME", action="append", default=[], help="time, current, voltage, ...; or its number"
    )
    read.add_argument("--unit", metavar="ROLE=UNIT", action="append", default=[], help="as current=mA")
    read.add_argument(
        "--where",
        metavar="COLUMN=VALUE",
        action="append",
        default=[],
        help="rows to read, of a file with several records",
    )
    read.add_argument("--format", metavar="NAME", help="as maccor; by default found from the file")
    read.add_argument("--current", metavar="A", type=float, help="of a file without one, positive on discharge")
    read.add_argument(
        "--current-sign", metavar="SIGN", type=int, choices=(1, -1), help="1: the file counts discharge positive; or -1"
    )
    read.add_argument("--capacity", metavar="AH", type=float, help="the nominal one, which tells a wrong unit")
    read.add_argument("--area", metavar="M2", type=float, help="of the electrode, for a file with current densities")
    read.add_argument("--out", metavar="DIR", help="where files go; default out/ and the name of the file")
    _add_overwrite(read)
    read.add_argument("--quiet", action="store_true", help="print nothing")
    read.set_defaults(command=_read)


def _add_impedance(of: argparse.ArgumentParser) -> None:
    of.add_argument("scenario", metavar="SCENARIO.toml", nargs="?", help="a scenario file; its protocol is left aside")
    what = of.add_argument_group("what of")
    what.add_argument("--cell", metavar="NAME_OR_FILE", help="a cell of `cellsim list cells`, or a BPX file")
    what.add_argument("--electrolyte", metavar="NAME", help="another electrolyte, of `cellsim list electrolytes`")
    what.add_argument(
        "--set", metavar="PATH=VALUE", action="append", default=[], help="change a number, or the electrolyte"
    )
    what.add_argument("--soc", metavar="FRACTION", type=float, help="state of charge at which it rests; default 0.5")
    what.add_argument("--ambient-temperature", metavar="DEGC", type=float, help="default that of the cell")
    what.add_argument("--no-check", action="store_true", help="accept numbers that look implausible")
    how = of.add_argument_group("how to compute it")
    how.add_argument("--frequencies", metavar="LOW:HIGH:COUNT", help="in Hz; default 1e-4:1e3:60, or those of the data")
    how.add_argument("--model", metavar="NAME", help="DFN, SPMe or SPM; default DFN")
    how.add_argument("--thermal", metavar="NAME", help="isothermal or lumped; default isothermal")
    how.add_argument("--mesh", metavar="NAME", help="coarse, default, fine or spectral; default spectral")
    out = of.add_argument_group("output")
    out.add_argument("--data", metavar="FILE", help="a measured spectrum, to compare")
    out.add_argument("--spectrum", metavar="N", type=int, help="which one, of a file of several; from 0")
    out.add_argument("--out", metavar="DIR", help="where files go; default out/, the name of the cell and _impedance")
    _add_overwrite(out)
    out.add_argument("--quiet", action="store_true", help="print nothing")
    of.set_defaults(command=_impedance, protocol=None, cycles=None, rtol=None, atol=None, max_steps=None)


class _Plain(argparse.RawDescriptionHelpFormatter):
    """Keeps the lines of the examples."""


class _Version(argparse.Action):
    """Shows the version; looked up only when asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str | None = None):
        super().__init__(option_strings, dest, nargs=0, help=help)

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: object, option: str | None = None
    ) -> None:
        from cellsim import __version__

        print(f"cellsim {__version__}")
        parser.exit(0)


# Each command is imported when it is used.


def _run(arguments: argparse.Namespace, argv: Sequence[str]) -> int:
    from cellsim.cli.run import run

    return run(arguments, argv)


def _impedance(arguments: argparse.Namespace, argv: Sequence[str]) -> int:
    from cellsim.cli.impedance import run

    return run(arguments, argv)


def _fit(arguments: argparse.Namespace, argv: Sequence[str]) -> int:
    from cellsim.cli.fit import fit

    return fit(arguments, argv)


def _sensitivity(arguments: argparse.Namespace, argv: Sequence[str]) -> int:
    from cellsim.cli.sensitivity import sensitivity

    return sensitivity(arguments, argv)


def _list(arguments: argparse.Namespace, argv: Sequence[str]) -> int:
    from cellsim.cli.library import list_kind

    return list_kind(arguments.kind)


def _describe(arguments: argparse.Namespace, argv: Sequence[str]) -> int:
    from cellsim.cli.library import describe

    return describe(arguments.name, arguments.out)


def _cite(arguments: argparse.Namespace, argv: Sequence[str]) -> int:
    from cellsim.cli.library import cite

    return cite(arguments.name)


def _read(arguments: argparse.Namespace, argv: Sequence[str]) -> int:
    from cellsim.cli.read import read

    return read(arguments)


def _new(arguments: argparse.Namespace, argv: Sequence[str]) -> int:
    from cellsim.cli.new import new

    return new(arguments.what, arguments.fit)


def _check(arguments: argparse.Namespace, argv: Sequence[str]) -> int:
    from cellsim.cli.check import check

    return check(arguments.files)


def _completion(arguments: argparse.Namespace, argv: Sequence[str]) -> int:
    from cellsim.cli.completion import completion

    return completion(arguments.shell, parser())
