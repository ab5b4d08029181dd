"""Processes that start, simulate one discharge and end: what a user waits for."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

OURS = """
import cellsim as cs
solution = cs.simulate(cs.DFN(cs.load_cell("Chen2020")), "Discharge at 1C until 2.5 V")
print(float(solution.V[-1]))
"""
PEER = """
import pybamm
values = pybamm.ParameterValues("Chen2020")
values.set_initial_state(1.0)
sim = pybamm.Simulation(pybamm.lithium_ion.DFN(), parameter_values=values, solver=pybamm.IDAKLUSolver(rtol=1e-6))
print(float(sim.solve([0, 3700])["Voltage [V]"].entries[-1]))
"""


def _process(arguments: list[str], cache: Path) -> float:
    """Wall time of one process. Raises `subprocess.CalledProcessError` if it fails."""
    environment = {**os.environ, "CELLSIM_CACHE_DIR": str(cache), "PYTHONWARNINGS": "ignore"}
    start = time.perf_counter()
    subprocess.run(arguments, check=True, capture_output=True, env=environment, stdin=subprocess.DEVNULL)
    return time.perf_counter() - start


def times(repeats: int, empty_repeats: int) -> dict[str, float | None]:
    """Medians [s] of a process with an empty and a warm cache, of the command line with a warm one, and of PyBaMM's."""
    here = Path(tempfile.mkdtemp(prefix="cellsim-bench-"))
    warm = here / "warm"
    python = lambda code: [sys.executable, "-c", code]
    step = "Discharge at 1C until 2.5 V"
    command = [sys.executable, "-m", "cellsim", "run", "--cell", "Chen2020", "--protocol", step, "--quiet"]
    command += ["--out", str(here / "run"), "--overwrite"]
    try:
        jobs: dict[str, Callable[[], float]] = {
            "ours": lambda: _process(python(OURS), warm),
            "peer": lambda: _process(python(PEER), warm),
            "command": lambda: _process(command, warm),
        }
        for name, job in list(jobs.items()):  # the first of each fills the caches of the disk and of the compiler
            try:
                job()
            except subprocess.CalledProcessError as failure:
                last_words = failure.stderr.decode().strip().splitlines()[-1:]
                print(f"  no cold process of '{name}': {' '.join(last_words)}", flush=True)
                del jobs[name]
        found: dict[str, list[float]] = {name: [] for name in jobs}
        for _ in range(repeats):
            for name, job in jobs.items():
                found[name].append(job())
        medians: dict[str, float | None] = dict.fromkeys(("ours", "peer", "command", "empty"))
        medians.update({name: statistics.median(values) for name, values in found.items()})
        if "ours" in jobs:
            fresh = [_process(python(OURS), here / f"empty{k}") for k in range(empty_repeats)]
            medians["empty"] = statistics.median(fresh)
        return medians
    finally:
        shutil.rmtree(here, ignore_errors=True)
