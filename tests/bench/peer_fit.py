"""The ten-parameter fit of `study_fit_ten` as PyBOP can state it, in an environment of its own: `make bench-fit`.

Reads the problem from standard input as JSON and writes what was found there. PyBOP builds the model anew for every
thickness and has no derivatives for it, nor for a protocol of steps, nor for an initial state; so it searches without
them, by CMA-ES in the logarithms of the numbers. The record is one of PyBaMM's own model at the truth, with noise as
large as ours; the initial state is given, which leaves nine numbers.
"""

import json
import sys
import time
import warnings
from typing import Any

import numpy as np
import pybamm
import pybop

pybamm.set_logging_level("ERROR")
warnings.filterwarnings("ignore")

LENGTHS = {"negative.L": "Negative electrode thickness [m]", "positive.L": "Positive electrode thickness [m]"}
NUMBERS = {
    "negative.particle.D_s": "Negative particle diffusivity [m2.s-1]",
    "positive.particle.D_s": "Positive particle diffusivity [m2.s-1]",
    "electrolyte.t_plus": "Cation transference number",
}
FUNCTIONS = {
    "negative.particle.kinetics.k": "Negative electrode exchange-current density [A.m-2]",
    "positive.particle.kinetics.k": "Positive electrode exchange-current density [A.m-2]",
    "electrolyte.kappa.scale": "Electrolyte conductivity [S.m-1]",
    "electrolyte.D.scale": "Electrolyte diffusivity [m2.s-1]",
}


def parameters(soc: float) -> tuple[Any, dict[str, float]]:
    """Chen2020 with a factor on each law that moves, and what those numbers are."""
    values = pybamm.ParameterValues("Chen2020")
    values.set_initial_state(soc)
    values.update({"Lower voltage cut-off [V]": 0.5, "Upper voltage cut-off [V]": 6.0})
    true = {path: float(values[name]) for path, name in {**LENGTHS, **NUMBERS}.items()}
    for path, name in FUNCTIONS.items():
        law, factor = values[name], f"Factor of {path}"
        scaled = lambda *args, law=law, factor=factor: pybamm.Parameter(factor) * law(*args)
        values.update({name: scaled, factor: 1.0}, check_already_exists=False)
        true[path] = 1.0
    return values, true


def name_of(path: str) -> str:
    """What a number is called there."""
    return {**LENGTHS, **NUMBERS}.get(path, f"Factor of {path}")


def main() -> None:
    asked = json.load(sys.stdin)
    values, true = parameters(asked["soc"])
    period = asked["period"]
    steps = [
        pybamm.step.current(value, duration=length, period=period)
        if kind == "current"
        else pybamm.step.voltage(value, duration=length, period=period)
        for kind, value, length in asked["steps"]
    ]
    experiment = pybamm.Experiment(steps)
    mesh = dict(zip(("x_n", "x_s", "x_p", "r_n", "r_p"), asked["mesh"], strict=True))
    made = pybamm.Simulation(
        pybamm.lithium_ion.DFN(), parameter_values=values, experiment=experiment, var_pts=mesh
    ).solve()
    clean = {key: np.asarray(made[key].entries) for key in ("Time [s]", "Voltage [V]", "Current [A]")}
    draw = np.random.default_rng(0)
    noisy = clean["Voltage [V]"] + asked["noise_V"] * draw.standard_normal(len(clean["Voltage [V]"]))
    data = pybop.Dataset(
        {"Time [s]": clean["Time [s]"], "Voltage [V]": noisy, "Current function [A]": clean["Current [A]"]}
    )

    free = {}
    for path, low_over, high_over in asked["free"]:
        free[name_of(path)] = pybop.Parameter(
            bounds=(low_over * true[path], high_over * true[path]), transformation=pybop.LogTransformation()
        )
    values.update(free)
    simulator = pybop.pybamm.Simulator(pybamm.lithium_ion.DFN(), values, protocol=experiment, var_pts=mesh)
    has_derivatives = simulator.has_sensitivities
    problem = pybop.Problem(simulator, pybop.RootMeanSquaredError(data))
    truth = {name_of(path): true[path] for path, *_ in asked["free"]}
    at_truth = float(problem(truth))
    begun = time.perf_counter()
    problem({name: 1.05 * value for name, value in truth.items()})
    one_run = time.perf_counter() - begun
    options = pybop.PintsOptions(max_iterations=None, max_evaluations=asked["evaluations"])
    begun = time.perf_counter()
    result = pybop.CMAES(problem, options=options).run()
    seconds = time.perf_counter() - begun
    found_there = dict(zip(problem.parameters.names, map(float, result.x), strict=True))
    off = [abs(value / truth[name] - 1) for name, value in found_there.items()]
    found = dict(
        version=pybop.__version__,
        has_derivatives=bool(has_derivatives),
        rmse_at_truth=at_truth,
        rmse=float(problem(found_there)),
        worst=float(max(off)),
        evaluations=int(result.n_evaluations),
        seconds=seconds,
        seconds_a_run=one_run,
    )
    print("\n" + json.dumps(found))


if __name__ == "__main__":
    main()
