"""cellsim beside PyBaMM, on one core, repetitions in turn: `make bench` writes build/bench.json.

One flat object. Times are medians in seconds, ratios are cellsim over PyBaMM (below 1 is faster), errors are in mV
against a mesh-refined curve, and a figure that could not be measured is null.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from timing import DISTURBED, Timing, busy_cores, interleaved, pinned_to_one_core, seconds

WITHIN_mV = {"matched_error": 0.3, "matched_1p1_mV": 1.1}  # RMS errors at which the programs are compared
ALWAYS = (
    "ratio_dfn_1C_default",
    "ratio_dfn_matched_error",
    "ratio_grad8",
    "forward_runs_per_grad8",
    "forward_runs_per_jac8",
    "ratio_cold_warm_cache",
    "ratio_cold_empty_cache",
    "mesh_cost_exponent",
    "rms_mV_ours_default",
    "rms_mV_pybamm_default",
    "ratio_cccv_cycle",
    "batch256_per_cell_over_single",
    "ratio_batch256",
)

Figures = dict[str, Any]


def installed(package: str) -> str:
    """A package and its version."""
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package} (not installed)"


def machine(core: int | None) -> Figures:
    """Where this was measured, and with what."""
    cpu = platform.processor() or platform.machine()
    about = Path("/proc/cpuinfo")
    if about.exists():
        names = [line.split(":", 1)[1].strip() for line in about.read_text().splitlines() if line.startswith("model n")]
        cpu = names[0] if names else cpu
    packages = ("cellsim", "jax", "jaxlib", "equinox", "diffrax", "numpy", "pybamm", "pybammsolvers", "casadi")
    return {
        "machine": f"{cpu}, {os.cpu_count()} cores, {platform.system()} {platform.release()}",
        "versions": f"python {platform.python_version()}, " + ", ".join(map(installed, packages)),
        "core": core,
        "xla_flags": os.environ.get("XLA_FLAGS", ""),
    }


def quiet(figures: Figures) -> None:
    """Says so when other processes keep the machine busy."""
    busy = busy_cores()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    figures["load_average_before"], figures["busy_cores_before"] = load, busy
    print(f"load average {load}, cores busy with other work {busy}")
    if busy is not None and busy > 0.2:
        print("WARNING: another job is running; these times are not to be trusted. Repeat on a quiet machine.")


def noted(figures: Figures, prefix: str, timing: Timing) -> None:
    """Writes one timing down."""
    figures[f"{prefix}_s"] = timing.median
    figures[f"{prefix}_least_s"] = timing.least
    figures["disturbance"] = max(figures.get("disturbance", 1.0), timing.disturbance)


def worked(figures: Figures, name: str, solution: Any, theirs: Any) -> None:
    """Writes down what a run took in both programs."""
    import ours
    import peer

    for who, counts in (("ours", ours.work(solution)), ("pybamm", peer.work(theirs))):
        figures.update({f"{who}_{name}_{what}": count for what, count in counts.items()})


def strayed(figures: Figures, name: str, curve: Any, solution: Any, theirs: Any) -> None:
    """Writes down the errors of the voltages of both programs, if there is a converged curve."""
    if curve is not None:
        mine = curve.errors(lambda t: solution.at(t).V, float(solution.t[-1]))
        figures[f"rms_mV_ours_{name}"] = mine.rms_mV
        figures[f"rms_mV_pybamm_{name}"] = curve.errors(theirs["Voltage [V]"], theirs.t[-1]).rms_mV


def default_discharge(figures: Figures, repeats: int) -> None:
    """1C discharge of Chen2020 on both default meshes at rtol 1e-6, and what compiling it costs."""
    import jax
    import ours
    import peer
    import reference

    from cellsim import programs

    figures["ours_default"], figures["pybamm_default"] = str(ours.DEFAULT), str(peer.DEFAULT)
    figures["ours_first_call_empty_cache_s"] = seconds(ours.discharge)
    jax.clear_caches()
    programs.forget()
    figures["ours_first_call_warm_cache_s"] = seconds(ours.discharge)

    sim, voltage_only = peer.simulation(), peer.simulation(voltage_only=True)
    figures["pybamm_first_call_s"] = seconds(lambda: peer.discharge(sim))
    traced = jax.jit(ours.voltages_at(_times()))
    jobs = {
        "ours": ours.discharge,
        "peer": lambda: peer.discharge(sim),
        "peer_voltage_only": lambda: peer.discharge(voltage_only),
        "ours_traced": lambda: jax.block_until_ready(traced(ours.ONES)),
    }
    found = interleaved(jobs, repeats, warm=2)
    noted(figures, "ours_dfn_1C_default", found["ours"])
    noted(figures, "pybamm_dfn_1C_default", found["peer"])
    noted(figures, "pybamm_dfn_1C_default_voltage_only", found["peer_voltage_only"])
    noted(figures, "ours_dfn_1C_default_100_voltages_jit", found["ours_traced"])
    figures["ratio_dfn_1C_default"] = found["ours"].median / found["peer"].median
    figures["ratio_dfn_1C_default_voltage_only"] = found["ours_traced"].median / found["peer_voltage_only"].median

    solution, theirs = ours.discharge(), peer.discharge(sim)
    worked(figures, "dfn_1C_default", solution, theirs)
    figures["ours_steps"], figures["ours_rejected_steps"] = int(solution.steps), int(solution.rejected)
    figures["ours_unknowns"] = ours.unknowns(ours.DEFAULT.mesh)
    figures["pybamm_steps"] = len(theirs.t) - 1
    figures["pybamm_unknowns"] = int(sim.built_model.len_rhs_and_alg)
    curve = reference.loaded()
    if curve is None:
        print("  no reference curve beside the repository: errors and the run at equal error are null")
        return
    for name, errors in (
        ("ours", curve.errors(lambda t: solution.at(t).V, float(solution.t[-1]))),
        ("pybamm", curve.errors(theirs["Voltage [V]"], theirs.t[-1])),
    ):
        figures[f"rms_mV_{name}_default"] = errors.rms_mV
        figures[f"max_mV_{name}_default"] = errors.max_mV
        figures[f"stop_error_s_{name}_default"] = errors.stop_s


def marquis(figures: Figures, repeats: int) -> None:
    """1C discharge of Marquis2019 on both default meshes at rtol 1e-6."""
    import ours
    import peer
    import reference

    cell = "Marquis2019"
    sim = peer.simulation(cell=cell)
    job = lambda: ours.discharge(cell=ours.MARQUIS, step=ours.MARQUIS_STEP)
    found = interleaved({"ours": job, "peer": lambda: peer.discharge(sim)}, repeats, warm=2)
    noted(figures, "ours_dfn_1C_marquis", found["ours"])
    noted(figures, "pybamm_dfn_1C_marquis", found["peer"])
    figures["ratio_dfn_1C_marquis"] = found["ours"].median / found["peer"].median
    solution, theirs = job(), peer.discharge(sim)
    worked(figures, "dfn_1C_marquis", solution, theirs)
    strayed(figures, "marquis", reference.loaded(cell), solution, theirs)


def single_particle_models(figures: Figures, repeats: int) -> None:
    """1C discharge of both cells by SPM and SPMe, default meshes."""
    import ours
    import peer
    import reference

    import cellsim as cs

    cells = (("Chen2020", "", ours.CELL, ours.STEP), ("Marquis2019", "_marquis", ours.MARQUIS, ours.MARQUIS_STEP))
    for title, suffix, cell, step in cells:
        for model, kind in (("SPM", cs.SPM), ("SPMe", cs.SPMe)):
            name = f"{model.lower()}_1C{suffix}"
            sim = peer.model_simulation(model, title)
            jobs: dict[str, Callable[[], Any]] = {
                "ours": lambda kind=kind, cell=cell, step=step: ours.of_model(kind, cell, step),
                "peer": lambda sim=sim: peer.discharge(sim),
            }
            found = interleaved(jobs, repeats, warm=2)
            noted(figures, f"ours_{name}", found["ours"])
            noted(figures, f"pybamm_{name}", found["peer"])
            figures[f"ratio_{name}"] = found["ours"].median / found["peer"].median
            solution, theirs = jobs["ours"](), jobs["peer"]()
            worked(figures, name, solution, theirs)
            strayed(figures, name, reference.loaded(title, model), solution, theirs)


def protocols(figures: Figures, repeats: int, cycles: int) -> None:
    """A CCCV cycle (of many), 20 pulses of a GITT, and the US06 drive cycle, DFN on both default meshes."""
    import ours
    import peer
    import reference

    cccv, gitt = peer.protocol_simulation([ours.CCCV] * cycles), peer.protocol_simulation([ours.PULSE] * 20)
    jobs = {"ours_cccv": lambda: ours.protocol([ours.CCCV] * cycles), "pybamm_cccv": lambda: peer.solved(cccv)}
    found = interleaved(jobs, min(repeats, 3), warm=1)
    for who in ("ours", "pybamm"):
        figures[f"{who}_cccv_cycle_s"] = found[f"{who}_cccv"].median / cycles
    figures["cccv_cycles"] = cycles
    figures["ratio_cccv_cycle"] = found["ours_cccv"].median / found["pybamm_cccv"].median
    worked(figures, f"cccv_{cycles}_cycles", jobs["ours_cccv"](), jobs["pybamm_cccv"]())
    found = interleaved(
        {"ours": lambda: ours.protocol([ours.PULSE] * 20), "pybamm": lambda: peer.solved(gitt)}, repeats, warm=1
    )
    for who in ("ours", "pybamm"):
        noted(figures, f"{who}_gitt20", found[who])
    figures["ratio_gitt20"] = found["ours"].median / found["pybamm"].median
    worked(figures, "gitt20", ours.protocol([ours.PULSE] * 20), peer.solved(gitt))

    drive = reference.drive_cycle()
    if drive is None:
        print("  no drive cycle beside the repository: its figures are null")
        return
    import cellsim as cs

    t, current = drive
    step = cs.current(cs.Profile(t, current), None)
    sim = peer.drive_simulation(t, current)
    jobs = {"ours": lambda: ours.protocol(step, soc=0.8), "pybamm": lambda: peer.solved(sim, t)}
    found = interleaved(jobs, repeats, warm=1)
    for who in ("ours", "pybamm"):
        noted(figures, f"{who}_drive_us06", found[who])
    figures["ratio_drive_us06"] = found["ours"].median / found["pybamm"].median
    solution, theirs = jobs["ours"](), jobs["pybamm"]()
    worked(figures, "drive_us06", solution, theirs)
    strayed(figures, "drive_us06", reference.drive(), solution, theirs)


def work_precision(figures: Figures, repeats: int, out: Path) -> None:
    """Time against voltage error over meshes and tolerances, both programs, as table and figure; and the cheapest
    setting of each within two given errors, timed against each other."""
    import ours
    import peer
    import reference

    curve = reference.loaded()
    if curve is None:
        return
    our_jobs = {str(s): lambda s=s: ours.discharge(s) for s in ours.CANDIDATES}
    sims = {str(s): peer.simulation(s) for s in peer.CANDIDATES}
    peer_jobs = {s: lambda sim=sim: peer.discharge(sim) for s, sim in sims.items()}
    errors = {
        "ours": {k: curve.errors(lambda t, s=s: s.at(t).V, float(s.t[-1])) for k, s in _each(our_jobs)},
        "pybamm": {k: curve.errors(s["Voltage [V]"], s.t[-1]) for k, s in _each(peer_jobs)},
    }
    jobs = {"ours": our_jobs, "pybamm": peer_jobs}
    works = {"ours": ours.work, "pybamm": peer.work}
    rows = [
        {
            "program": name,
            "setting": key,
            "rms_mV": errors[name][key].rms_mV,
            "time_s": timing.least,
            **works[name](jobs[name][key]()),
        }
        for name in jobs
        for key, timing in interleaved(jobs[name], max(3, repeats // 3)).items()
    ]
    out.with_name("work_precision.json").write_text(json.dumps(rows, indent=2) + "\n")
    work_precision_figure(rows).savefig(out.with_name("work_precision.png"))
    for label, within in WITHIN_mV.items():
        best = {}
        for name in jobs:
            good = [row for row in rows if row["program"] == name and row["rms_mV"] <= within]
            if good:
                row = min(good, key=lambda row: row["time_s"])
                best[name] = row["setting"]
                figures[f"{label}_{name}"], figures[f"rms_mV_{label}_{name}"] = row["setting"], row["rms_mV"]
        if len(best) == len(jobs):
            found = interleaved({name: jobs[name][key] for name, key in best.items()}, repeats)
            noted(figures, f"ours_dfn_{label}", found["ours"])
            noted(figures, f"pybamm_dfn_{label}", found["pybamm"])
            figures[f"ratio_dfn_{label}"] = found["ours"].median / found["pybamm"].median


def _each(jobs: dict[str, Callable[[], Any]]) -> Any:
    return ((key, job()) for key, job in jobs.items())


def work_precision_figure(rows: list[dict[str, Any]]) -> Any:
    """Voltage error against time, a point a setting, with the cheapest way to each error as a line."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 5.0), dpi=150, layout="constrained")
    axes = figure.subplots()
    for name, label, colour, marker in (
        ("ours", "cellsim", "#0072B2", "o"),
        ("pybamm", "PyBaMM (IDAKLU)", "#D55E00", "s"),
    ):
        points = sorted((1e3 * row["time_s"], row["rms_mV"]) for row in rows if row["program"] == name)
        front, least = [], float("inf")
        for point in points:
            if point[1] < least:
                front.append(point)
                least = point[1]
        axes.plot(*zip(*points, strict=True), marker, color=colour, alpha=0.45, markersize=5, linestyle="none")
        axes.plot(*zip(*front, strict=True), marker + "-", color=colour, markersize=6, label=label)
    axes.set(
        xscale="log", yscale="log", xlabel="Time of a warm run, one core [ms]", ylabel="RMS error of the voltage [mV]"
    )
    axes.set_title("1C discharge of Chen2020 (DFN), against a converged solution", fontsize=11)
    axes.grid(True, which="both", color="0.9", linewidth=0.6)
    axes.legend(frameon=False)
    return figure


def _times() -> Any:
    import numpy as np

    return np.linspace(35.0, 3500.0, 100)  # s, all before the stop


def gradients(figures: Figures, repeats: int) -> None:
    """Gradient of the voltage cost, and Jacobian of 100 voltages, in eight parameters that both programs have."""
    import jax
    import numpy as np
    import ours
    import peer

    times = _times()
    bias = 0.01 * (1.0 + times / times[-1])  # V; each program's own curve, shifted, is what it is to fit
    voltages = ours.voltages_at(times)
    forward = jax.jit(voltages)
    cost = ours.cost(voltages, np.asarray(forward(ours.ONES)) + bias)
    gradient, jacobian = jax.jit(jax.grad(cost)), jax.jit(jax.jacfwd(voltages))
    figures["ours_grad8_first_call_s"] = seconds(lambda: jax.block_until_ready(gradient(ours.ONES)))
    figures["ours_jac8_first_call_s"] = seconds(lambda: jax.block_until_ready(jacobian(ours.ONES)))

    inputs = peer.nominal()
    sim, plain = (peer.simulation(inputs=peer.SENSITIVITIES, voltage_only=True) for _ in range(2))
    target = peer.voltages(plain, times, inputs) + bias
    jobs = {
        "forward": lambda: jax.block_until_ready(forward(ours.ONES)),
        "gradient": lambda: jax.block_until_ready(gradient(ours.ONES)),
        "jacobian": lambda: jax.block_until_ready(jacobian(ours.ONES)),
        "peer": lambda: peer.gradient(sim, times, inputs, target),
        "peer_forward": lambda: peer.voltages(plain, times, inputs),
    }
    found = interleaved(jobs, repeats)
    noted(figures, "ours_forward_100_voltages", found["forward"])
    noted(figures, "ours_grad8", found["gradient"])
    noted(figures, "ours_jac8", found["jacobian"])
    noted(figures, "pybamm_grad8", found["peer"])
    noted(figures, "pybamm_forward_100_voltages", found["peer_forward"])
    figures["ratio_grad8"] = found["gradient"].median / found["peer"].median
    figures["ratio_jac8"] = found["jacobian"].median / found["peer"].median
    figures["forward_runs_per_grad8"] = found["gradient"].median / found["forward"].median
    figures["forward_runs_per_jac8"] = found["jacobian"].median / found["forward"].median
    figures["pybamm_forward_runs_per_grad8"] = found["peer"].median / found["peer_forward"].median
    # the two must be gradients of the same thing; what is left are the errors of the default meshes
    mine, theirs = np.asarray(gradient(ours.ONES)), peer.gradient(sim, times, inputs, target)
    figures["grad8_relative_difference"] = float(np.linalg.norm(mine - theirs) / np.linalg.norm(theirs))


def other_numbers_of_parameters(figures: Figures, repeats: int) -> None:
    """Gradient and forward Jacobian in 1 and in 32 parameters; PyBaMM's sensitivities in 1."""
    import jax
    import numpy as np
    import ours
    import peer

    times = _times()
    forward = jax.jit(ours.voltages_at(times))
    target = np.asarray(forward(ours.ONES)) + 0.01
    jobs: dict[str, Callable[[], Any]] = {"forward": lambda: jax.block_until_ready(forward(ours.ONES))}
    for n in (1, 32):
        voltages = ours.voltages_at(times, ours.BY_NUMBER[n])
        for name, of in (("grad", jax.grad(ours.cost(voltages, target))), ("jac", jax.jacfwd(voltages))):
            jobs[f"{name}{n}"] = lambda f=jax.jit(of), x=np.ones(n): jax.block_until_ready(f(x))
    one = peer.SENSITIVITIES[:1]
    sim, inputs = peer.simulation(inputs=one, voltage_only=True), {one[0]: peer.nominal()[one[0]]}
    jobs["peer"] = lambda: peer.gradient(sim, times, inputs, target)
    found = interleaved(jobs, repeats)
    for name in jobs.keys() - {"forward", "peer"}:
        noted(figures, f"ours_{name}", found[name])
        figures[f"forward_runs_per_{name}"] = found[name].median / found["forward"].median
    noted(figures, "pybamm_grad1", found["peer"])
    figures["ratio_grad1"] = found["grad1"].median / found["peer"].median


def memory(figures: Figures) -> None:
    """The most memory of a process that evaluates a gradient in eight parameters: with the program to be compiled, and
    with the program in the cache."""
    code = (
        "import jax, numpy as np, ours; times = np.linspace(35.0, 3500.0, 100); "
        "cost = ours.cost(ours.voltages_at(times), np.full(100, 3.6)); "
        "jax.block_until_ready(jax.jit(jax.grad(cost))(ours.ONES)); "
        "print(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1])"
    )
    with tempfile.TemporaryDirectory() as cache:
        for name in ("grad8_peak_memory_compiling_GiB", "grad8_peak_memory_GiB"):
            told = subprocess.run(
                [sys.executable, "-c", code],
                check=True,
                capture_output=True,
                text=True,
                cwd=Path(__file__).parent,
                env={**os.environ, "CELLSIM_CACHE_DIR": cache},
            ).stdout
            figures[name] = int(told) / 2**20  # KiB; of the process itself, ru_maxrss begins at that of its parent


def two_cores(figures: Figures, cells: int) -> None:
    """A batch on two cores, two threads each, in a process that may use them."""
    file = Path(__file__).with_name("two_cores.py")
    told = subprocess.run([sys.executable, str(file), str(cells)], check=True, capture_output=True, text=True).stdout
    figures.update(json.loads(told.splitlines()[-1]))


def mesh_cost(figures: Figures, repeats: int) -> None:
    """How the time grows with the number of unknowns as x and r are refined together."""
    import numpy as np
    import ours

    settings = [ours.Setting(mesh, ours.DEFAULT.rtol, ours.DEFAULT.atol) for mesh in ours.MESHES]
    found = interleaved({str(s): lambda s=s: ours.discharge(s) for s in settings}, repeats)
    size = [ours.unknowns(s.mesh) for s in settings]
    time_ = [found[str(s)].median for s in settings]
    for factor, setting in zip((1, 2, 4, 8), settings, strict=True):
        noted(figures, f"ours_mesh_{factor}x", found[str(setting)])
        figures[f"ours_mesh_{factor}x"] = str(setting)
    figures["mesh_cost_exponent"] = float(np.polyfit(np.log(size), np.log(time_), 1)[0])
    figures["mesh_cost_exponent_4x_to_8x"] = float(np.log(time_[3] / time_[2]) / np.log(size[3] / size[2]))


def batch(figures: Figures, repeats: int, sizes: tuple[int, ...]) -> None:
    """Cells with different parameters, 100 voltages each: one after the other in one program, which on a CPU is faster
    than in step, as a single run fills the vector units already."""
    import jax
    import ours
    import peer

    one = jax.jit(ours.voltages_at(_times()))
    all_ = jax.jit(lambda many: jax.lax.map(ours.voltages_at(_times()), many))
    in_step = jax.jit(jax.vmap(ours.voltages_at(_times())))
    spread = {n: ours.spread(n) for n in sizes}
    jobs = {f"{n}": lambda x=x: jax.block_until_ready(all_(x)) for n, x in spread.items()}
    jobs["one"] = lambda: jax.block_until_ready(one(ours.ONES))
    jobs["in_step"] = lambda x=ours.spread(min(16, max(sizes))): jax.block_until_ready(in_step(x))
    found = interleaved(jobs, repeats, warm=1)
    few = peer.inputs_of(ours.spread(min(max(sizes), 32)))
    sim = peer.simulation(inputs=peer.SENSITIVITIES, voltage_only=True)
    theirs = interleaved({"peer": lambda: peer.batch(sim, few)}, repeats, warm=1)["peer"]
    figures["pybamm_batch_cells"] = len(few)  # one after the other, so any number costs the same
    figures["pybamm_batch_per_cell_s"] = theirs.median / len(few)
    for n in sizes:
        noted(figures, f"ours_batch{n}", found[f"{n}"])
        figures[f"batch{n}_per_cell_over_single"] = found[f"{n}"].median / n / found["one"].median
        figures[f"ratio_batch{n}"] = found[f"{n}"].median / n / figures["pybamm_batch_per_cell_s"]
    figures["batch16_in_step_per_cell_over_single"] = (
        found["in_step"].median / min(16, max(sizes)) / found["one"].median
    )


def cold_processes(figures: Figures, quick: bool) -> None:
    """From starting a process to its first curve."""
    import cold

    found = cold.times(repeats=1 if quick else 3, empty_repeats=1 if quick else 2)
    names = {"ours": "ours_cold_warm_cache_s", "empty": "ours_cold_empty_cache_s", "peer": "pybamm_cold_s"}
    names["command"] = "ours_cold_command_line_warm_cache_s"
    for key, name in names.items():
        figures[name] = found[key]
    over = lambda a, b: a / b if a is not None and b is not None else None
    figures["ratio_cold_warm_cache"] = over(found["ours"], found["peer"])
    figures["ratio_cold_empty_cache"] = over(found["empty"], found["peer"])
    figures["ratio_cold_command_line_warm_cache"] = over(found["command"], found["peer"])


def main() -> None:
    """Runs everything and writes the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/bench.json"))
    parser.add_argument("--quick", action="store_true", help="few repetitions: to see that it works, not to measure")
    parser.add_argument("--repeats", type=int, default=21, help="repetitions of a discharge (21)")
    parser.add_argument("--only", nargs="*", default=[], help="names of parts, such as gradients")
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    core = pinned_to_one_core()
    os.environ["PYBAMM_DISABLE_TELEMETRY"] = "true"
    cache = Path(tempfile.mkdtemp(prefix="cellsim-bench-cache-"))
    os.environ["CELLSIM_CACHE_DIR"] = str(cache)  # empty: the first calls below show what compiling costs

    figures: Figures = dict.fromkeys(ALWAYS)
    figures.update(machine(core), quick=options.quick, date=time.strftime("%Y-%m-%d %H:%M %Z"))
    figures["case"] = "Chen2020 DFN, 1C from 100 % to 2.5 V, one core, medians of repetitions taken in turn"
    repeats = 3 if options.quick else options.repeats
    few = 2 if options.quick else max(5, repeats // 3)
    parts: dict[str, Callable[[], None]] = {
        "default_discharge": lambda: default_discharge(figures, repeats),
        "marquis": lambda: marquis(figures, repeats),
        "single_particle_models": lambda: single_particle_models(figures, repeats),
        "protocols": lambda: protocols(figures, few, 3 if options.quick else 50),
        "work_precision": lambda: work_precision(figures, repeats, options.out),
        "gradients": lambda: gradients(figures, few if options.quick else max(15, few)),
        "other_numbers_of_parameters": lambda: other_numbers_of_parameters(figures, few),
        "mesh_cost": lambda: mesh_cost(figures, few),
        "batch": lambda: batch(figures, 1 if options.quick else 3, (1, 4) if options.quick else (1, 16, 256)),
        "two_cores": lambda: two_cores(figures, 8 if options.quick else 64),
        "memory": lambda: memory(figures),
        "cold_processes": lambda: cold_processes(figures, options.quick),
    }
    figures["repeats"] = repeats
    quiet(figures)
    for name, part in parts.items():
        if options.only and name not in options.only:
            continue
        print(f"{name} ...", flush=True)
        print(f"  {seconds(part):.0f} s", flush=True)
        options.out.write_text(json.dumps(figures, indent=2) + "\n")  # whatever comes next, this is kept
    shutil.rmtree(cache, ignore_errors=True)
    if figures.get("disturbance", 1.0) > DISTURBED:
        print(f"WARNING: wall over processor time is {figures['disturbance']:.2f}: something else used this core.")

    for name in (*ALWAYS, *(k for k in figures if k.startswith("ratio_") and k not in ALWAYS)):
        value = figures[name]
        print(f"  {name:40s} {'-' if value is None else format(value, '.3g')}")
    print(f"written: {options.out}")


if __name__ == "__main__":
    main()
