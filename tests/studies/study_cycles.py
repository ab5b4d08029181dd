"""A hundred cycles of constant current and constant voltage: one compilation, flat memory, and a run killed half-way

The default Doyle-Fuller-Newman model of the LG M50 through 1C discharge, rest, C/2 charge and a taper to C/50. After
two such cycles every program is there: a hundred compile nothing more. Memory is the greatest that the process had,
after a tenth of the cycles and after all; what the solution keeps of every cycle is told beside it. The time of a cycle
is told beside PyBaMM's, where `make bench` has installed that. At the end the command line is killed by the operating
system in the middle of a run, goes on by `--resume`, and leaves the files that it leaves undisturbed.
"""

import csv
import json
import resource
import signal
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jax
import numpy as np
from rows import Row

import cellsim as cs
from cellsim.resume import unfinished

CYCLE = ("Discharge at 1C until 2.5 V", "Rest for 1 hour", "Charge at C/2 until 4.2 V", "Hold at 4.2 V until C/50")
CYCLES, FEW, OF_PEER = 100, 10, 10
COMPILED = "/jax/core/compile/backend_compile_duration"
KILLED_CYCLES = 6
BENCH = Path(__file__).resolve().parents[1] / "bench"
SCENARIO = f"""
title = "To be killed"
[cell]
name = "Chen2020"
[protocol]
steps = {json.dumps(CYCLE)}
cycles = {KILLED_CYCLES}
"""


def study() -> list[Row]:
    """A hundred cycles in this process, and a killed run in others."""
    return [*many(), *killed()]


def many() -> list[Row]:
    """A hundred cycles."""
    compiled: list[str] = []
    jax.monitoring.register_event_duration_secs_listener(lambda event, seconds, **more: compiled.append(event))
    model = cs.DFN(cs.load_cell("Chen2020"))
    _, first = timed(model, 2)
    before = compiled.count(COMPILED)
    _, _ = timed(model, FEW)
    peak = [peak_MiB()]
    solution, seconds = timed(model, CYCLES)
    peak.append(peak_MiB())
    anew = compiled.count(COMPILED) - before
    kept = sum(np.asarray(x).nbytes for leg in solution.legs for x in jax.tree.leaves(leg.states)) / 2**20
    capacities = [each.discharge_capacity_Ah for each in solution.cycles]
    rows = [
        Row("two cycles with compilation [s]", f"{first:.1f}", "stated", True),
        Row(f"programs compiled by {CYCLES} cycles more", f"{anew}", "0", anew == 0),
        Row("cycles that ended by their limits", f"{len(capacities)}", f"{CYCLES}", len(capacities) == CYCLES),
        Row(
            "last capacity over the second",
            f"{capacities[-1] / capacities[1]:.6f}",
            "1 within 1e-4: nothing ages",
            abs(capacities[-1] / capacities[1] - 1) < 1e-4,
        ),
        Row(
            f"peak memory after {FEW} and {CYCLES} cycles [MiB], states kept",
            f"{peak[0]:.0f}, {peak[1]:.0f}, {kept:.0f}",
            "within 150 and what is kept",
            peak[1] - peak[0] < 150 + kept,
        ),
        Row("time of a cycle [ms]", f"{1e3 * seconds / CYCLES:.1f}", "stated", True),
    ]
    if find_spec("pybamm") is None:
        return [*rows, Row("PyBaMM beside it", "not here", "`make bench` installs it", True)]
    peer = peer_seconds()
    return [*rows, Row("over PyBaMM's cycle", f"{seconds / CYCLES / peer:.2f}", "stated; `make bench` asks", True)]


def timed(model: Any, cycles: int) -> tuple[cs.Solution, float]:
    """A run, and what it took."""
    begun = time.perf_counter()
    solution = cs.simulate(model, [CYCLE] * cycles)
    jax.block_until_ready(solution.V)
    return solution, time.perf_counter() - begun


def peak_MiB() -> float:
    """The most memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def peer_seconds() -> float:
    """What PyBaMM takes for a cycle, once it has built its model, at the same tolerances."""
    sys.path.append(str(BENCH))
    import peer

    sim = peer.protocol_simulation([CYCLE] * OF_PEER)
    took = []
    for _ in range(2):
        begun = time.perf_counter()
        peer.solved(sim)
        took.append(time.perf_counter() - begun)
    return min(took) / OF_PEER


# ---- the command line


def killed() -> list[Row]:
    """A run that the operating system kills after two of its cycles, and one that nothing disturbs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "cycles.toml").write_text(SCENARIO)
        command = [sys.executable, "-m", "cellsim", "run"]
        whole = subprocess.run([*command, "cycles.toml", "--out", "whole", "--quiet"], cwd=folder, check=False)
        process = subprocess.Popen([*command, "cycles.toml", "--out", "part", "--quiet"], cwd=folder)
        part = folder / "part"
        while process.poll() is None and (unfinished(part) or 0) < 2:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        at = unfinished(part) or 0
        again = subprocess.run([*command, "--resume", "part", "--quiet"], cwd=folder, check=False)
        series = [(each / "timeseries.csv").read_bytes() for each in (folder / "whole", part)]
        with (part / "cycles.csv").open() as file:
            rows = list(csv.DictReader(file))
    codes = whole.returncode, again.returncode
    return [
        Row("killed with cycles kept", f"{at} of {KILLED_CYCLES}", "some, not all", 0 < at < KILLED_CYCLES),
        Row("exit codes: undisturbed, resumed", f"{codes[0]}, {codes[1]}", "0, 0", not any(codes)),
        Row(
            "its time series is that of the other, byte by byte",
            f"{series[0] == series[1]}",
            "True",
            series[0] == series[1],
        ),
        Row("cycles in its table", f"{len(rows)}", f"{KILLED_CYCLES}", len(rows) == KILLED_CYCLES),
    ]
