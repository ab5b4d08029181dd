"""What PyBaMM (IDAKLU) does in the benchmark."""

import warnings
from typing import Any, NamedTuple

import numpy as np
import pybamm

pybamm.set_logging_level("ERROR")
warnings.filterwarnings("ignore", module="pybamm")

SPAN = [0.0, 6000.0]  # s; every discharge ends before
DOMAINS = ("negative electrode", "separator", "positive electrode")
PARTICLES = ("negative particle", "positive particle")

# in the order of `ours.PARAMETERS`
SENSITIVITIES = (
    "Negative particle diffusivity [m2.s-1]",
    "Positive particle diffusivity [m2.s-1]",
    "Negative electrode active material volume fraction",
    "Positive electrode active material volume fraction",
    "Cation transference number",
    "Negative electrode porosity",
    "Separator porosity",
    "Positive electrode porosity",
)


class Setting(NamedTuple):
    """Points in the three layers and in the particles, and tolerances.

    `graded` cells next to each interface of the separator shrink geometrically; `stretch` crowds the radial points
    towards the surface. Either also asks for quadratic extrapolation to the particle's surface. Without them this is
    PyBaMM's default mesh.
    """

    x: tuple[int, int, int] = (20, 20, 20)
    r: int = 20
    graded: int = 0
    stretch: float = 0.0
    rtol: float = 1e-6
    atol: float = 1e-6

    def __str__(self) -> str:
        cells = "/".join(map(str, self.x))
        how = f", {self.graded} graded, radial stretch {self.stretch:g}, quadratic" if self.stretch else ""
        return f"{cells} cells, {self.r} radial points{how}, rtol {self.rtol:g}, atol {self.atol:g}"


DEFAULT = Setting()

# what the work-precision diagram shows, and where the cheapest run within a given error is looked for
CANDIDATES = (
    *(Setting(rtol=rtol) for rtol in (1e-4, 1e-5, 1e-6)),
    Setting(rtol=1e-3, atol=1e-4),
    Setting((10, 10, 10), 12, rtol=1e-4),
    *(Setting((40, 40, 40), 40, rtol=rtol) for rtol in (1e-4, 1e-6)),
    *(Setting((20, 20, 20), 20, 6, 2.0, rtol, atol) for rtol, atol in ((1e-4, 1e-6), (1e-4, 1e-4), (1e-6, 1e-6))),
    *(Setting((40, 40, 40), 40, 6, 2.0, rtol) for rtol in (1e-4, 1e-6)),
    Setting((20, 12, 20), 22, 6, 2.0, 1e-3, 1e-4),
    Setting((20, 10, 20), 22, 6, 1.8, 1e-3, 1e-4),
)


def _edges(cells: int, graded: int, at_start: bool, at_end: bool) -> np.ndarray:
    """Faces as fractions of a layer whose cells shrink by 1.4 towards its ends."""
    shrinking = 1.4 ** -np.arange(1.0, graded + 1)
    widths = np.ones(cells)
    if at_start:
        widths[:graded] = shrinking[::-1]
    if at_end:
        widths[cells - graded :] = shrinking
    return np.concatenate([[0.0], np.cumsum(widths) / np.sum(widths)])


def parameters(cell: str = "Chen2020") -> pybamm.ParameterValues:
    """A cell at 100 % state of charge."""
    values = pybamm.ParameterValues(cell)
    values.set_initial_state(1.0)
    return values


def simulation(
    setting: Setting = DEFAULT,
    inputs: tuple[str, ...] = (),
    voltage_only: bool = False,
    cell: str = "Chen2020",
    threads: int = 1,
) -> Any:
    """A DFN ready to be solved, with `inputs` as parameters that a solve is given."""
    model = pybamm.lithium_ion.DFN()
    values = parameters(cell)
    submeshes, methods = model.default_submesh_types, model.default_spatial_methods
    if setting.graded:
        start = 0.0
        for domain, cells in zip(DOMAINS, setting.x, strict=True):
            length = values[f"{domain.capitalize()} thickness [m]"]
            graded = min(setting.graded, cells // 2 - 1) if domain == "separator" else setting.graded
            edges = start + length * _edges(cells, graded, domain != DOMAINS[0], domain != DOMAINS[2])
            edges[-1] = start = start + length
            submeshes[domain] = pybamm.MeshGenerator(pybamm.UserSupplied1DSubMesh, {"edges": edges})
    if setting.stretch:
        order = {"gradient": "quadratic", "value": "quadratic"}
        for particle in PARTICLES:
            stretch = {"side": "right", "stretch": setting.stretch}
            submeshes[particle] = pybamm.MeshGenerator(pybamm.Exponential1DSubMesh, stretch)
            methods[particle] = pybamm.FiniteVolume({"extrapolation": {"order": order, "use bcs": False}})
    values.update(dict.fromkeys(inputs, "[input]"))
    x_n, x_s, x_p = setting.x
    return pybamm.Simulation(
        model,
        parameter_values=values,
        submesh_types=submeshes,
        spatial_methods=methods,
        var_pts={"x_n": x_n, "x_s": x_s, "x_p": x_p, "r_n": setting.r, "r_p": setting.r},
        solver=pybamm.IDAKLUSolver(
            rtol=setting.rtol,
            atol=setting.atol,
            output_variables=["Voltage [V]"] if voltage_only else None,
            options={"num_threads": threads, "num_solvers": threads},
        ),
    )


def model_simulation(name: str, cell: str = "Chen2020") -> Any:
    """SPM, SPMe or DFN of a cell on the default mesh, ready to be discharged at 1C."""
    model = getattr(pybamm.lithium_ion, name)()
    return pybamm.Simulation(model, parameter_values=parameters(cell), solver=_default_solver())


def protocol_simulation(steps: list[Any]) -> Any:
    """A DFN of Chen2020 on the default mesh under an experiment; a tuple of steps is a cycle."""
    experiment = pybamm.Experiment(steps)
    model = pybamm.lithium_ion.DFN()
    return pybamm.Simulation(model, experiment=experiment, parameter_values=parameters(), solver=_default_solver())


def drive_simulation(t: np.ndarray, current: np.ndarray) -> Any:
    """A DFN of Chen2020 on the default mesh at 80 % that follows a current, straight between its points."""
    values = pybamm.ParameterValues("Chen2020")
    values.set_initial_state(0.8)
    values["Current function [A]"] = pybamm.Interpolant(t, current, pybamm.t, interpolator="linear")
    return pybamm.Simulation(pybamm.lithium_ion.DFN(), parameter_values=values, solver=_default_solver())


def _default_solver() -> Any:
    return pybamm.IDAKLUSolver(rtol=DEFAULT.rtol, atol=DEFAULT.atol)


def solved(sim: Any, times: np.ndarray | None = None) -> Any:
    """All steps of a protocol (or all of a drive cycle of given `times`), with the voltage read."""
    solution = sim.solve() if times is None else sim.solve(times)
    _ = solution["Voltage [V]"].entries
    return solution


def discharge(sim: Any) -> Any:
    """The whole run, with its voltage read."""
    solution = sim.solve(SPAN)
    _ = solution["Voltage [V]"].entries
    return solution


def work(solution: Any) -> dict[str, int]:
    """What a solution took: accepted steps, calls of the residual, and matrices that were factorised."""
    stats = solution.solver_statistics
    return {
        "steps": stats.number_of_steps,
        "right_hand_sides": stats.number_of_nonlinear_solver_iterations,
        "factorisations": stats.number_of_linear_solver_setups,
    }


def nominal() -> dict[str, float]:
    """Values of `SENSITIVITIES`."""
    values = parameters()
    return {name: float(values[name]) for name in SENSITIVITIES}


def voltages(sim: Any, times: np.ndarray, inputs: dict[str, float]) -> np.ndarray:
    """Voltages [V] at `times` [s]."""
    return np.asarray(sim.solve([0.0, times[-1]], t_interp=times, inputs=inputs)["Voltage [V]"].entries)[-len(times) :]


def gradient(sim: Any, times: np.ndarray, inputs: dict[str, float], target: np.ndarray) -> np.ndarray:
    """Gradient of the mean squared distance from `target`, in factors on the inputs, by forward sensitivities."""
    names = list(inputs)
    solution = sim.solve([0.0, times[-1]], t_interp=times, inputs=inputs, calculate_sensitivities=names)
    voltage = solution["Voltage [V]"]
    last = slice(-len(times), None)
    miss = np.asarray(voltage.entries)[last] - target
    slopes = [np.asarray(voltage.sensitivities[name]).ravel()[last] * inputs[name] for name in names]
    return np.array([np.mean(2 * miss * slope) for slope in slopes])


def batch(sim: Any, many: list[dict[str, float]]) -> list[np.ndarray]:
    """Voltages of many cells."""
    return [solution["Voltage [V]"].entries for solution in sim.solve(SPAN, inputs=many)]


def inputs_of(spread: np.ndarray) -> list[dict[str, float]]:
    """Inputs of some cells from factors on `SENSITIVITIES`."""
    return [{name: value * f for (name, value), f in zip(nominal().items(), row, strict=True)} for row in spread]
