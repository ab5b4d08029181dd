"""Sobol's indices of six numbers of a DFN: 1,024 x 8 runs on the cores of this machine

First-order indices of the capacity of an LG M50 at 1C, default mesh.
"""

import time

import numpy as np
from rows import Row

import cellsim as cs
from cellsim.ensemble.ensemble import usable_cores
from cellsim.ensemble.outputs import OUTPUTS
from cellsim.sensitivity.inputs import LogUniform, Normal, Uncertain, Uniform
from cellsim.sensitivity.runs import of_cells
from cellsim.sensitivity.sobol import sobol

INPUTS = (
    Uncertain("negative.L", Normal(85.2e-6, 1.7e-6)),
    Uncertain("positive.L", Normal(75.6e-6, 1.5e-6)),
    Uncertain("negative.particle.R_p", Uniform(5.3e-6, 6.4e-6)),
    Uncertain("positive.particle.D_s.scale", LogUniform(0.5, 2.0)),
    Uncertain("electrolyte.kappa.scale", Uniform(0.8, 1.2)),
    Uncertain("electrolyte.t_plus", Uniform(0.22, 0.30)),
)


def study() -> list[Row]:
    model = cs.DFN(cs.load_cell("Chen2020"))
    runs = of_cells(model, "Discharge at 1C until 2.5 V", (OUTPUTS["capacity"], OUTPUTS["energy"]))
    start = time.perf_counter()
    found = sobol(runs, INPUTS, 1024)
    seconds = time.perf_counter() - start
    of = found.indices["capacity"]
    each = 1e3 * seconds / found.runs
    rows = [Row(f"{found.runs} runs on {usable_cores()} cores, {each:.1f} ms a run", f"{seconds:.0f} s", "done", True)]
    rows.append(Row("runs that failed", f"{found.lost}", "none", found.lost == 0))
    for path, first, low, high in zip(found.paths, of.first, of.first_low, of.first_high, strict=True):
        half = 0.5 * float(high - low)
        what = f"first-order index, {path}, and half of its interval"
        rows.append(Row(what, f"{first:.3f}, {half:.3f}", "known to 0.1", half <= 0.1))
    total = float(np.sum(of.first))
    rows.append(Row("sum of the first-order indices", f"{total:.3f}", "0.9 to 1.1", 0.9 <= total <= 1.1))
    return rows
