"""`cellsim new`."""

from pathlib import Path

from cellsim.cli import DONE
from cellsim.settings import BadInput

TEMPLATE = """\
# A scenario of cellsim. Run it with:  cellsim run FILE
# Lines that begin with # are comments; those with a key show its default, or an example.

title = "LG M50, discharge at 1C"
description = \"\"\"
What this run is for, in as many lines as you like.
\"\"\"

[cell]
name = "Chen2020"             # one of `cellsim list cells`
# electrolyte = "nyman2008"   # another one of `cellsim list electrolytes`, in place of the cell's own
# an electrolyte made from ions, and a search for the best cell: see scenarios/best_transference_4C.toml
# check = true                # false accepts numbers that look implausible

[cell.set]                    # numbers to change, by the paths that `cellsim describe Chen2020` shows, in SI units
# negative.L = 85.2e-6
# electrolyte.t_plus = 0.4

[model]
name = "DFN"                  # Doyle-Fuller-Newman; SPMe or SPM: one particle for each electrode
mesh = "default"              # coarse, default or fine
# thermal = "isothermal"      # lumped: it warms by its own heat
# ambient_temperature = 25.0  # degC, also the initial one; by default the temperature of the cell's data

[protocol]
steps = ["Discharge at 1C until 2.5 V"]  # in turn; `cellsim list steps` shows the words
soc = 1.0                     # initial state of charge: 0 and 1 are the cut-off voltages at rest
# cycles = 1                  # how often the steps are repeated

[solver]
rtol = 1e-6                   # error control of the time steps
# atol = 1e-6                 # rtol by default
# max_steps = 10000           # give up after so many; by default never

[output]
# dir = "out/my_run"          # from where the command is started; by default out/ and the name of this file
"""

FIT_TEMPLATE = """\
# A fit file of cellsim. Run it with:  cellsim fit FILE
# Lines that begin with # are comments; those with a key show its default, or an example.

title = "LG M50: two numbers from a record"
description = \"\"\"
What this fit is for, in as many lines as you like.
\"\"\"

[cell]
name = "Chen2020"             # one of `cellsim list cells`, or a BPX file

[cell.set]                    # numbers to change before the fit, by the paths that `cellsim describe Chen2020` shows
# negative.L = 85.2e-6

[model]
name = "DFN"                  # DFN, SPMe, SPM, HalfCell
mesh = "coarse"               # coarse, default or fine
# thermal = "isothermal"      # or lumped, for a temperature of its own

[fit]
# method = "levenberg-marquardt"  # gauss-newton, bfgs; with the extra `fit`: adam, nelder-mead, differential-evolution
# cost = "squared"            # huber or student where there are outliers; relative
# iterations = 100
# starts = 1                  # from how many points between the bounds to begin
# noise_is_known = false      # true: the noise that is stated below sets the standard errors

[fit.free]                    # what moves, and between which bounds, in SI units
"negative.particle.D_s" = [1e-15, 1e-12]
"electrolyte.kappa.scale" = [0.4, 2.5]  # .scale: a factor on what the cell has, a number or a law
# soc = [0.9, 1.0]            # of every experiment: soc, T (K), V_offset (V), I_scale

# [fit.priors]                # what is known besides
# "electrolyte.kappa.scale" = {median = 1.0, factor = 1.3}

# [fit.start]                 # where to begin, if not at what the cell has
# "electrolyte.kappa.scale" = 0.8

[[fit.experiments]]
name = "1C"
# file = "record.csv"         # time_s, current_A (positive discharges), voltage_V; or a cycler's own file
synthetic = {noise = 1e-3, period = 30.0}  # a record that the cell makes itself, with [fit.truth] changed
protocol = ["Discharge at 1C until 2.7 V"]
# follow = "protocol"         # "steps": its steps as long as in the record; "current": that of the record, the default
                              # where no protocol is given
# soc = 1.0                   # or rest_voltage = 4.18, at which the cell rested before
# temperature = 25.0          # degC
# noise = 1e-3                # V, standard deviation
# read = {columns = {voltage = "U"}, current = 5.0}  # what `cellsim read` is told by options
# between = [0.0, 3600.0]     # s; or step = 2, as `cellsim read` numbers them: a part of the file
# start = 0.0                 # s, when the run began, of a record without its first moments
# points = 100                # thinned to so many rows
# fitted = false              # the record is not fitted, but predicted by the fitted cell

[fit.truth]                   # for synthetic records
"electrolyte.kappa.scale" = 1.3
"""


def new(file: str, is_fit: bool = False) -> int:
    """Writes the template, of a scenario or of a fit, to `file`, which must not be there; the exit code. Raises
    `BadInput`."""
    path = Path(file)
    try:
        with path.open("x", encoding="utf-8") as opened:
            opened.write(FIT_TEMPLATE if is_fit else TEMPLATE)
    except FileExistsError:
        raise BadInput(file, ["the file is there already and is left alone. Give another name."]) from None
    except OSError as error:
        raise BadInput(file, [f"it cannot be written: {error.strerror}."]) from None
    print(f"wrote {path}; run it with: cellsim {'fit' if is_fit else 'run'} {path}")
    return DONE
