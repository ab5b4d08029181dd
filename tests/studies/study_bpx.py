"""Files of the Battery Parameter eXchange standard: every example against PyBaMM run from the same file.

PyBaMM runs on a refined mesh, cellsim on its fine one. Voltages are compared from 1 % to 98 % of the time of each run.
Needs PyBaMM, which `make bench` installs. A blend begins at the lithiations that its file gives each material; the
branches that a file names among its own parameters are followed at once, by PyBaMM's tanh of the current; the same
file is compared again when cellsim has written it with a decay constant, which PyBaMM's one-state model reads. A file
for single particles is compared with PyBaMM's single-particle model of the file for porous electrodes with the same
particles; PyBaMM reads none without an electrolyte.
"""

import json
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from rows import Row

import cellsim as cs
from cellsim.cells import bpx
from cellsim.electrode.hysteresis import OneState

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
PARTICLES_OF = {"nmc_pouch_cell_BPX_SPM": "nmc_pouch_cell_BPX"}
RADII = ("r_n", "r_p", "r_n_prim", "r_n_sec", "r_p_prim", "r_p_sec")
HYSTERESIS = "Negative electrode lithiation OCP [V]"  # PyBaMM's name too
DECAY = "OCP hysteresis decay constant"
CASES = (("discharge", 0.2), ("discharge", 1.0), ("charge", 0.5))
SOC = {"discharge": 1.0, "charge": 0.1}
ASKED = 1e-3  # V
POINTS = 400


def files() -> list[Path]:
    """Every example."""
    return sorted([*DATA.glob("bpx_files/*.json"), *DATA.glob("aboutenergy_bpx/*/*.json")])


def of_pybamm(file: Path, kind: str, rate: float, is_single: bool, hours: float) -> tuple[np.ndarray, np.ndarray, bool]:
    """Times [s] and voltages [V] that PyBaMM finds on a refined mesh, and whether it reached the cut-off."""
    import pybamm

    pybamm.set_logging_level("ERROR")
    parameters = json.loads(file.read_text())["Parameterisation"]
    electrodes = [parameters[f"{side} electrode"] for side in ("Negative", "Positive")]
    materials = [len(each.get("Particle", (1,))) for each in electrodes]
    options = {"particle phases": tuple(str(count) for count in materials)} if max(materials) > 1 else {}
    if HYSTERESIS in parameters.get("User-defined", {}):
        options["open-circuit potential"] = ("current sigmoid", "single")
    if DECAY in electrodes[0]:
        options["open-circuit potential"] = ("one-state hysteresis", "single")
    model = pybamm.lithium_ion.SPM() if is_single else pybamm.lithium_ion.DFN(options)
    if max(materials) > 1:
        values = pybamm.ParameterValues.create_from_bpx(str(file))
        values.update(of_a_blend(values, electrodes, SOC[kind]))
    else:
        values = pybamm.ParameterValues.create_from_bpx(str(file), target_soc=SOC[kind])  # between the lithiations
    capacity = values["Nominal cell capacity [A.h]"]
    values["Current function [A]"] = rate * capacity * (1 if kind == "discharge" else -1)
    points = {"x_n": 60, "x_s": 40, "x_p": 60, **dict.fromkeys(RADII, 100)}
    solver = pybamm.IDAKLUSolver(rtol=1e-7, atol=1e-9)
    simulation = pybamm.Simulation(model, parameter_values=values, var_pts=points, solver=solver)
    span = [0, 3600 * hours / rate]
    solution = simulation.solve(span, t_interp=np.linspace(*span, 2000))
    return solution["Time [s]"].entries, solution["Voltage [V]"].entries, "event" in solution.termination


def of_a_blend(values: Any, electrodes: list[dict], soc: float) -> dict[str, float]:
    """The concentrations at which the materials begin, by PyBaMM's names, where each is filled as its file says."""
    found = {}
    for side, electrode, full in zip(("negative", "positive"), electrodes, ("Maximum", "Minimum"), strict=True):
        blend = electrode.get("Particle", {"": electrode})
        phases = ("Primary: ", "Secondary: ") if len(blend) > 1 else ("",)
        empty = "Minimum" if full == "Maximum" else "Maximum"
        for phase, material in zip(phases, blend.values(), strict=True):
            theta = (1 - soc) * material[f"{empty} stoichiometry"] + soc * material[f"{full} stoichiometry"]
            name = f"{phase}{{}} concentration in {side} electrode [mol.m-3]"
            found[name.format("Initial")] = theta * values[name.format("Maximum")]
    return found


def row(file: Path, kind: str, rate: float) -> Row:
    """One line of the table."""
    what = f"{file.parent.name}/{file.stem.removeprefix('FaradayInstitution_')} {kind} {rate:g}C"
    asked = f"at most {1e3 * ASKED:g} mV"
    try:
        cell = cs.load_cell(str(file))
    except bpx.UnreadableBPX as error:
        return Row(what, f"refused: {error.lines[0]}", "runs", False)
    step = (cs.discharge if kind == "discharge" else cs.charge)(C_rate=rate)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        single = next((other for name, other in PARTICLES_OF.items() if file.stem.endswith(name)), None)
        solution = cs.simulate(cs.DFN(cell, cs.Mesh.fine()), step, soc=SOC[kind])
        theirs = file if single is None else file.with_name(f"FaradayInstitution_{single}.json")
        try:
            t, V, _ = of_pybamm(theirs, kind, rate, single is not None, 1.5)
        except Exception as error:  # whatever the other program says of its own
            return Row(what, f"PyBaMM fails: {str(error)[:40]}; {solution.stop_reason}", "runs", solution.succeeded)
    end = min(float(solution.t_stop), t[-1])
    at = np.linspace(0.01 * end, 0.98 * end, POINTS)
    error = np.asarray(solution.at(at).V) - np.interp(at, t, V)
    rms = float(np.sqrt(np.mean(error**2)))
    worst, later = 1e3 * float(np.max(np.abs(error))), float(solution.t_stop) - t[-1]
    found = f"{1e3 * rms:.3f} mV (at most {worst:.2f}; ends {later:+.1f} s)"
    return Row(what, found, asked, rms <= ASKED)


def with_decay(file: Path, directory: Path) -> Path:
    """The file as cellsim writes it, its hysteresis slow and on the branch of lithiation to begin with."""
    cell = cs.load_cell(str(file))
    cell = cs.replace(cell, "negative.particle.hysteresis", OneState(decay=6.0, h0=-1.0))
    path = directory / f"{file.stem}_with_decay.json"
    bpx.write(cell, path)
    return path


def study() -> list[Row]:
    """All files in all cases."""
    try:
        import pybamm  # noqa: F401
    except ImportError:
        raise SystemExit("PyBaMM is not installed: `make bench` installs it.") from None
    if not DATA.exists():
        raise SystemExit(f"the example files are not here: {DATA}")
    with tempfile.TemporaryDirectory() as directory:
        written = Path(directory, "written")
        written.mkdir()
        slow = [with_decay(each, written) for each in files() if each.stem.endswith("hysteresis")]
        blend = written / "Chen2020_composite.json"  # whose materials differ; full, they are at one potential
        bpx.write(cs.load_cell(blend.stem), blend)
        rows = [row(file, kind, rate) for file in [*files(), *slow] for kind, rate in CASES]
        return rows + [row(blend, kind, rate) for kind, rate in CASES if kind == "discharge"]
