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
# thermal = "isothermal"      # the only one in this version
# ambient_temperature = 25.0  # degC, also the initial one; by default the temperature of the cell's data

[protocol]
steps = ["Discharge at 1C until 2.5 V"]  # one step of constant current; `cellsim list steps` shows the words
soc = 1.0                     # initial state of charge: 0 and 1 are the cut-off voltages at rest
# cycles = 1                  # only 1 in this version

[solver]
rtol = 1e-6                   # error control of the time steps
# atol = 1e-6                 # rtol by default
# max_steps = 10000           # give up after so many; by default never

[output]
# dir = "out/my_run"          # from where the command is started; by default out/ and the name of this file
"""


def new(file: str) -> int:
    """Writes the template to `file`, which must not be there; the exit code. Raises `BadInput`."""
    path = Path(file)
    try:
        with path.open("x", encoding="utf-8") as opened:
            opened.write(TEMPLATE)
    except FileExistsError:
        raise BadInput(file, ["the file is there already and is left alone. Give another name."]) from None
    except OSError as error:
        raise BadInput(file, [f"it cannot be written: {error.strerror}."]) from None
    print(f"wrote {path}; run it with: cellsim run {path}")
    return DONE
