"""Ten parameters of a Doyle-Fuller-Newman cell from one noisy record of discharge, rest, CC-CV charge and rest.

Both thicknesses, D_s over R_p squared and the exchange-current constant over R_p of each electrode (by D_s and k at a
known radius), t_plus, factors on kappa and D, and the initial state of charge; ten starts that are up to 30 % wrong in
all of them. What is asked: nine of ten end within three standard errors and 5 % of the truth. `make bench-fit` runs it
beside PyBOP.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from rows import Row

import cellsim as cs
from cellsim.fitting.experiment import Experiment
from cellsim.fitting.observables import Current, Voltage
from cellsim.fitting.other_methods import NelderMead
from cellsim.fitting.problem import Problem
from cellsim.protocols import language

BUILD = cs.Build(cs.DFN, cs.Mesh(8, 3, 8, 8))
NOISE_V, NOISE_I, PERIOD, SOC = 1e-3, 1e-2, 20.0, 0.9
PROTOCOL = [
    "Discharge at 2C until 2.7 V",
    "Rest for 30 minutes",
    "Charge at 1C until 4.2 V",
    "Hold at 4.2 V until C/20",
    "Rest for 30 minutes",
]
WRONG = 0.3
PYBOP = "CELLSIM_PYBOP"  # the Python of an environment with PyBOP
PEER = Path(__file__).parents[1] / "bench/peer_fit.py"
PEER_EVALUATIONS = 100  # it takes 0.8 to 5 s for each
FREE = {
    "negative.L": (45e-6, 140e-6),
    "positive.L": (40e-6, 130e-6),
    "negative.particle.D_s": (5e-15, 3e-13),
    "positive.particle.D_s": (5e-16, 5e-14),
    "negative.particle.kinetics.k": (5e-8, 5e-6),
    "positive.particle.kinetics.k": (3e-7, 3e-5),
    "electrolyte.t_plus": (0.05, 0.6),
    "electrolyte.kappa.scale": (0.3, 3.0),
    "electrolyte.D.scale": (0.3, 3.0),
    "soc": (0.4, 1.0),
}


def record(cell: object, seed: int) -> cs.Record:
    """What an instrument would have written: the first row of a step a second after the switch, when the double layers
    are charged, so that nothing but their capacitance could tell a radius from what it is combined with."""
    solution = cs.simulate(BUILD(cell), language.protocol(PROTOCOL), soc=SOC)
    draw, rows = np.random.default_rng(seed), []
    for number, (leg, end) in enumerate(zip(solution.legs, solution.step_ends, strict=True), start=1):
        first = end.t_start + (1.0 if number > 1 else 0.0)
        t = np.append(np.arange(first, end.t_end - 0.5 * PERIOD, PERIOD), end.t_end)
        seen = leg.at(t)
        rows.append([t, np.asarray(seen.I), np.asarray(seen.V), np.full(len(t), number)])
    t, I, V, step = (np.concatenate(column) for column in zip(*rows, strict=True))
    noise_V, noise_I = NOISE_V * draw.standard_normal(len(t)), NOISE_I * draw.standard_normal(len(t))
    return cs.Record(t, I + noise_I, V + noise_V, step=step.astype(int), name="CC-CV")


def experiment(cell: object, seed: int) -> Experiment:
    """The record, and how a run answers it: its steps last as long as those of the record."""
    return Experiment(
        record(cell, seed), BUILD, PROTOCOL, soc=SOC, is_timed=True, observe=(Voltage(NOISE_V), Current(NOISE_I))
    )


def truth(cell: object) -> dict[str, float]:
    """The numbers that made it."""
    found = {}
    for name in FREE:
        key = "CC-CV.soc" if name == "soc" else name
        at = None if name == "soc" or name.endswith(".scale") else cs.parameters.get(cell, name)
        value = SOC if name == "soc" else 1.0 if at is None else getattr(at, "value", at)
        found[key] = float(value)
    return found


def study(starts: int = 10) -> list[Row]:
    """Ten starts, the degenerate case, and a search without derivatives."""
    cell = cs.load_cell("Chen2020")
    made, true = experiment(cell, 0), truth(cell)
    free = [cs.Free(name, *bounds) for name, bounds in FREE.items()]
    rows, good, worst, calls, seconds = [], 0, 0.0, [], []
    for seed in range(starts):
        draw = np.random.default_rng(100 + seed)
        start = {name: value * (1 + WRONG * draw.uniform(-1, 1)) for name, value in true.items()}
        start["CC-CV.soc"] = min(start["CC-CV.soc"], 0.99)
        begun = time.perf_counter()
        found = cs.fit(cell, made, free, start=start, is_noise_known=True)
        seconds.append(time.perf_counter() - begun)
        calls.append(found.problem.calls["jacobians"])
        off = {name: abs(found.values[name] - value) for name, value in true.items()}
        ends = all(off[n] < 3 * found.std_errors[n] and off[n] < 0.05 * v for n, v in true.items())
        good += ends
        print(f"    start {seed}: {found.reason}, {calls[-1]} Jacobians, rmse {1e3 * found.rmse_V:.3f} mV, {ends}")
        if ends:
            worst = max(worst, *(off[name] / value for name, value in true.items()))
    rows.append(
        Row("starts that end at the truth", f"{good} of {starts}", "at least nine of ten", good >= 0.9 * starts)
    )
    rows.append(Row("worst relative error of those", f"{100 * worst:.2f} %", "5 %", worst < 0.05))
    rows.append(Row("Jacobians a fit, median", f"{np.median(calls):.0f}", "stated", True))
    rows.append(Row("seconds a fit once compiled, median", f"{np.median(seconds[1:]):.1f}", "stated", True))
    rows += degenerate(cell, made, free) + against_simplex(cell, made, free, true, float(np.median(calls)))
    if PYBOP in os.environ:
        rows += beside_pybop(made, true, float(np.median(seconds[1:])))
    return rows


def degenerate(cell: object, made: Experiment, free: list[cs.Free]) -> list[Row]:
    """With the radii freed as well, the data tell ratios alone, and this is said."""
    radii = [cs.Free(f"{side}.particle.R_p", 2e-6, 15e-6) for side in ("negative", "positive")]
    found = cs.fit(cell, made, [*free, *radii], is_noise_known=True, method=cs.LevenbergMarquardt(iterations=2))
    said = " ".join(found.identifiability.said)
    print("    " + found.identifiability.report().replace("\n", "\n    "))
    rows = []
    for side in ("negative", "positive"):
        told = f"the ratio of {side}.particle.D_s to {side}.particle.R_p^2" in said
        rows.append(Row(f"radius of the {side} electrode is told to be degenerate", str(told), "True", told))
    return rows


def against_simplex(
    cell: object, made: Experiment, free: list[cs.Free], true: dict[str, float], jacobians: float
) -> list[Row]:
    """How many runs a search without derivatives takes to come as far as the fit, from the first start."""
    problem = Problem(cell, [made], free)
    draw = np.random.default_rng(100)
    start = {name: value * (1 + WRONG * draw.uniform(-1, 1)) for name, value in true.items()}
    start["CC-CV.soc"] = min(start["CC-CV.soc"], 0.99)
    problem.begin_at(start)
    timed = {}
    for what in ("linearised", "residuals"):
        getattr(problem, what)(problem.start)
        begun = time.perf_counter()
        for _ in range(5):
            getattr(problem, what)(problem.start)
        timed[what] = (time.perf_counter() - begun) / 5
    runs = jacobians * timed["linearised"] / timed["residuals"]
    best = problem.linearised(problem.coordinates(np.array(list(true.values())))).cost
    most, reached = 2000, [np.inf]
    problem.calls["residuals"] = 0
    begun = time.perf_counter()
    close = best + 0.5 * len(free)  # half a unit for each number: as near as its error
    NelderMead(iterations=most).run(problem, problem.start, {}, lambda it: reached.append(it.cost) or it.cost < close)
    needed, took = problem.calls["residuals"], time.perf_counter() - begun
    arrived = reached[-1] < close
    print(f"    simplex: cost {reached[-1]:.4g} of {best:.4g} after {needed} runs, {took:.0f} s")
    ratio = needed / jacobians
    return [
        Row("one Jacobian in forward runs", f"{timed['linearised'] / timed['residuals']:.1f}", "stated", True),
        Row("fit in forward-equivalent runs", f"{runs:.0f}", "stated", True),
        Row(f"simplex search, runs ({'arrived' if arrived else 'not arrived'})", str(needed), "stated", True),
        Row("evaluations of the model, simplex over fit", f"{ratio:.0f}", "at least 10", ratio >= 10),
        Row("forward-equivalent runs, simplex over fit", f"{needed / runs:.1f}", "stated", True),
    ]


def beside_pybop(made: Experiment, true: dict[str, float], seconds: float) -> list[Row]:
    """What PyBOP finds with the same protocol, mesh, noise and bounds, with the initial state given."""
    record, kinds = made.record, ("current", "current", "current", "voltage", "current")
    ends = np.append(0.0, record.t[np.append(np.flatnonzero(np.diff(record.step)), len(record) - 1)])
    levels = [float(np.mean(record.I[record.step == number])) for number in range(1, 6)]
    levels = [4.2 if kind == "voltage" else level for kind, level in zip(kinds, levels, strict=True)]
    bounds = [(name, low / true[name], high / true[name]) for name, (low, high) in FREE.items() if name != "soc"]
    steps = list(zip(kinds, levels, np.diff(ends).tolist(), strict=True))
    mesh = [8, 3, 8, 8, 8]
    asked = dict(soc=SOC, period=PERIOD, noise_V=NOISE_V, mesh=mesh, steps=steps, free=bounds)
    told = json.dumps({**asked, "evaluations": PEER_EVALUATIONS})
    run = subprocess.run([os.environ[PYBOP], str(PEER)], input=told, capture_output=True, text=True, check=False)
    if run.returncode:
        print(run.stderr, file=sys.stderr)
        return [Row("PyBOP beside it", "failed", "ends", False)]
    found = json.loads(run.stdout.strip().splitlines()[-1])
    name = f"PyBOP {found['version']}"
    return [
        Row(f"{name}: has derivatives for this problem", str(found["has_derivatives"]), "stated", True),
        Row(f"{name}: RMSE at the truth", f"{1e3 * found['rmse_at_truth']:.2f} mV", "stated", True),
        Row(
            f"{name}: RMSE after {found['evaluations']} runs of CMA-ES", f"{1e3 * found['rmse']:.2f} mV", "stated", True
        ),
        Row(f"{name}: worst error of a number", f"{100 * found['worst']:.0f} %", "stated", True),
        Row(f"{name}: time over that of our whole fit", f"{found['seconds'] / seconds:.1f}", "stated", True),
    ]
