"""The files of a run: `timeseries.csv`, `cycles.csv`, `solution.nc`, pictures and `summary.json`, in any state of
success.

Each file is written under a temporary name and then moved, so that none is ever half there; those of an earlier run go
to a folder beside them.
"""

import dataclasses
import json
import math
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cellsim import citations
from cellsim.constants import SECONDS_PER_HOUR
from cellsim.files import moved_into_place as moved_into_place
from cellsim.fitting.free import Free
from cellsim.fitting.optimise import Optimum
from cellsim.fitting.record import Record
from cellsim.parameters import described
from cellsim.polylines import needed_points
from cellsim.simulation.again import looking_at
from cellsim.simulation.chain import CycleSummary, StepEnd, passed
from cellsim.simulation.solution import Solution

TIMESERIES, CYCLES, SUMMARY, FIELDS = "timeseries.csv", "cycles.csv", "summary.json", "solution.nc"
OPTIMUM = "optimum"
COLUMNS = ("time_s", "current_A", "voltage_V", "temperature_K", "discharge_capacity_Ah", "step", "cycle")
GOAL_UNITS = {"capacity": "A.h", "energy": "W.h"}
INTERPOLATION = 5e-5  # V between the rows of the time series; the promise to others is 1e-4 V
PER_STEP = 6  # points looked at within a time step of the solver, before any refinement
INTERPOLATION_OF_CURRENT = 2e-4  # of the greatest current of a step, where the current changes
WIDEST_ROW = 1 / 100  # of the run; rows stay this close together also where a straight line would do


@dataclasses.dataclass(frozen=True)
class About:
    """What a solution does not know of itself: how it was asked for, and what it took."""

    title: str = ""
    description: str = ""
    mesh: str = ""
    protocol: tuple[str, ...] = ()
    soc: float | None = None
    rtol: float | None = None
    atol: float | None = None
    changes: tuple[tuple[str, Any], ...] = ()
    command: str = ""
    version: str = ""
    wall_seconds: Callable[[], Mapping[str, float]] = dict


def write_run(
    solution: Solution, directory: str | Path, about: About | None = None, timeseries: Path | None = None
) -> list[Path]:
    """Writes every file of a run into `directory`, which is made if need be; the files in the order of writing.

    The summary comes last, so that it can tell what the others took. `timeseries` is a file with the time series, where
    it was written as the run went on.
    """
    about = About() if about is None else about
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    files = [directory / TIMESERIES, directory / FIELDS]
    with moved_into_place(files[0]) as path:
        if timeseries is None:
            write_timeseries(solution, path)
        else:
            shutil.copyfile(timeseries, path)
    with moved_into_place(files[1]) as path:
        write_fields(solution, path, about)
    if len(solution.cycles) > 1:
        files.append(directory / CYCLES)
        with moved_into_place(files[-1]) as path:
            write_cycles(solution.cycles, path)
    for name, figure in _figures(solution, about.title):
        files.append(directory / name)
        with moved_into_place(files[-1]) as path:
            figure.savefig(path, format="png")
    files.append(directory / SUMMARY)
    with moved_into_place(files[-1]) as path:
        text = json.dumps(jsonable(summary(solution, about, [file.name for file in files])), indent=2)
        path.write_text(text + "\n", encoding="utf-8")
    return files


def write_optimum(cell: Any, goal: str, free: Sequence[Free], best: Optimum, directory: str | Path) -> list[Path]:
    """Writes what was optimised, from `cell` to the best one, as `optimum.json` and `optimum.png`; the files."""
    from cellsim import plotting

    parameters = {
        each.path: {
            "value": value,
            "unit": about.unit if (about := described(cell, each.path)) is not None else "",
            "initial": best.history[0][1 + k],
            "low": each.low,
            "high": each.high,
            "slope": slope,
        }
        for k, (each, value, slope) in enumerate(zip(free, best.values, best.slopes, strict=True))
    }
    unit = GOAL_UNITS[goal]
    told = {
        "maximised": goal,
        "unit": unit,
        "value": best.goal,
        "initial": best.history[0][0],
        "converged": best.converged,
        "parameters": parameters,
        "history": [dict(zip((goal, *parameters), row, strict=True)) for row in best.history],
    }
    files = [Path(directory) / f"{OPTIMUM}.{kind}" for kind in ("json", "png")]
    with moved_into_place(files[0]) as path:
        path.write_text(json.dumps(jsonable(told), indent=2) + "\n", encoding="utf-8")
    labels = [f"{path} [{about['unit']}]" for path, about in parameters.items()]
    figure = plotting.optimum_figure(np.array(best.history), [f"{goal.capitalize()} [{unit}]", *labels])
    with moved_into_place(files[1]) as path:
        figure.savefig(path, format="png")
    return files


# ---- time series


def write_timeseries(solution: Solution, path: Path) -> None:
    """Writes voltage, current, temperature and charge against time as CSV, to ten significant digits.

    A straight line between neighbouring rows is within 0.1 mV of the solution, save where a step says its own period;
    both ends of every step are there.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(COLUMNS) + "\n")
        file.writelines(rows_of(solution))


def rows_of(solution: Solution) -> Iterator[str]:
    """The lines of the time series of a run, or of a step of one."""
    places = [(end.step, end.cycle) for end in solution.step_ends]
    for leg, (step, cycle) in zip(solution.legs or (solution,), places, strict=True):
        is_as_it_is = leg.dense is None or leg.period is not None
        seen = leg if is_as_it_is else leg.at(interpolation_points(leg))
        columns = [np.asarray(x) for x in (seen.t, seen.I, seen.V, seen.T, seen.Q)]
        for row in zip(*columns, strict=True):
            yield ",".join(f"{x + 0.0:.10g}" for x in row) + f",{step},{cycle}\n"


def write_record(record: Record, path: Path) -> None:
    """Writes a measured record as CSV in the columns of a time series, to twelve significant digits; empty cells where
    the record has no temperature. Without the instrument's numbers the steps are those that are recognised, from 1."""
    t, I = record.t, record.I
    charge = np.concatenate([[0.0], np.cumsum(0.5 * (I[1:] + I[:-1]) * np.diff(t))]) / SECONDS_PER_HOUR
    if (step := record.step) is None:
        step = np.repeat(np.arange(1, len(record.steps) + 1), [each.stop - each.first for each in record.steps])
    cycle = np.ones(len(t), dtype=int) if record.cycle is None else record.cycle
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(COLUMNS) + "\n")
        for k in range(len(t)):
            T = "" if record.T is None else f"{record.T[k]:.12g}"
            file.write(f"{t[k]:.12g},{I[k]:.12g},{record.V[k]:.12g},{T},{charge[k]:.12g},{step[k]},{cycle[k]}\n")


def interpolation_points(solution: Solution, tolerance: float = INTERPOLATION) -> np.ndarray:
    """Times [s] between which straight lines stay within `tolerance` [V] of the voltage of a step, and within a share
    of its greatest current of the current.

    Both ends are among them. The steps of the solver are divided until the middles of all intervals lie on the straight
    line to a tenth of the tolerance, and what is not needed is then left out.
    """
    ends = solution.step_times()
    if len(ends) == 1:
        return ends
    first, duration = ends[0], ends[-1] - ends[0]
    within = np.arange(PER_STEP) / PER_STEP
    t = np.append((ends[:-1, None] + np.diff(ends)[:, None] * within).ravel(), ends[-1])
    off = _offsets(solution, tolerance)
    values = off(t)
    rough = np.ones(len(t) - 1, dtype=bool)
    while rough.any():
        left = np.flatnonzero(rough)
        middle = 0.5 * (t[left] + t[left + 1])
        at_middle = off(middle)
        is_off = np.max(np.abs(at_middle - 0.5 * (values[left] + values[left + 1])), axis=1) > 0.1
        is_off &= t[left + 1] - t[left] > 1e-9 * duration  # shorter than the last digit that is written
        t, values = np.insert(t, left + 1, middle), np.insert(values, left + 1, at_middle, axis=0)
        # both halves of an interval that was off are looked at again
        begin = left[is_off] + np.flatnonzero(is_off)
        rough = np.zeros(len(t) - 1, dtype=bool)
        rough[begin] = rough[begin + 1] = True
    return t[needed_points(t - first, values, 0.8, WIDEST_ROW * duration)]


def _offsets(solution: Solution, tolerance: float) -> Callable[[np.ndarray], np.ndarray]:
    """Voltage, and where it is not constant the current, at times [s], in units of what they may be off by."""
    I = np.asarray(solution.I)
    is_constant = float(np.ptp(I)) == 0.0
    share = INTERPOLATION_OF_CURRENT * max(float(np.max(np.abs(I))), 1e-12)

    look = looking_at(solution)

    def values(t: np.ndarray) -> np.ndarray:
        _, seen = look(t)
        V = np.asarray(seen.V) / tolerance
        return V[:, None] if is_constant else np.column_stack([V, np.asarray(seen.I) / share])

    return values


# ---- cycles


def write_cycles(cycles: list[CycleSummary], path: Path) -> None:
    """Writes what every cycle delivered and took as CSV; efficiencies are fractions, empty where nothing went in."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(CycleSummary._fields) + "\n")
        for cycle in cycles:
            *numbers, tags = cycle
            cells = ["" if math.isnan(x) else f"{x:.10g}" for x in numbers]
            file.write(",".join([*cells, " ".join(tags).replace(",", " ")]) + "\n")


# ---- fields


def write_fields(solution: Solution, path: Path, about: About) -> None:
    """Writes every profile on time, x and r as netCDF, with units and names."""
    import h5netcdf

    data, coordinates = solution.tables()
    with h5netcdf.File(path, "w") as file:
        file.dimensions = {name: len(values) for name, (_, values, _) in coordinates.items()}
        for name, (dims, values, said) in (coordinates | data).items():
            squeezed = {"compression": "gzip", "compression_opts": 4, "shuffle": True} if name in data else {}
            made = file.create_variable(name, dims, values.dtype, data=values, fillvalue=np.nan, **squeezed)
            made.attrs.update(said)
        file.attrs.update(
            title=about.title or solution.model.title,
            **solution.model.about,
            model=type(solution.model).__name__,
            stop_reason=solution.stop_reason,
            source=f"cellsim {about.version}".strip(),
        )


# ---- pictures


def _figures(solution: Solution, title: str) -> Iterator[tuple[str, Any]]:
    """Each picture with the name of its file, drawn when it is asked for."""
    from cellsim import plotting  # slow to import, and not needed to list cells

    yield "voltage.png", plotting.run_figure(solution, title=title)
    if plotting.is_cycled(solution.cycles):
        yield "cycles.png", plotting.cycles_figure(solution.cycles, title=title)
    if len(solution.t) > 1 and float(np.asarray(solution.t)[-1]) > 0:
        yield "profiles.png", plotting.profiles_figure(solution, title=title)
        if {"negative particle lithiation", "positive particle lithiation"} <= set(solution.model.fields):
            yield "particles.png", plotting.particles_figure(solution, title=title)
        if solution.model.losses:
            yield "losses.png", plotting.losses_figure(solution, title=title)


# ---- summary


def summary(solution: Solution, about: About, files: list[str]) -> dict[str, Any]:
    """What a run was and what came out, for people and programs; units are in the keys."""
    model = solution.model
    dissolved = {of: np.asarray(solution.profile(name)) for of, name in model.concentrations.items()}
    Q, E = np.asarray(solution.Q), np.asarray(solution.E)
    warning = solution.outside_measured_range
    t_end = float(np.asarray(solution.t)[-1])
    ends = solution.step_ends
    both = passed(ends)
    if about.protocol and len(ends) == 1:
        ends = [ends[0]._replace(text=about.protocol[0])]
    return {
        "title": about.title,
        "description": about.description,
        "cellsim_version": about.version,
        "command": about.command,
        **model.about,
        "changed_parameters": dict(about.changes),
        "model": type(model).__name__,
        "mesh": {"name": about.mesh, **model.divisions},
        "tolerances": {"rtol": about.rtol, "atol": about.atol},
        "initial_soc": about.soc,
        "temperature_K": float(np.asarray(solution.T)[0]),
        "succeeded": solution.succeeded,
        "stop_reason": solution.stop_reason,
        "steps": [_told(end) for end in ends],
        "cycles": [cycle._asdict() for cycle in solution.cycles],
        "time_s": t_end,
        "capacity_Ah": float(Q[-1] - Q[0]),
        "energy_Wh": float(E[-1] - E[0]),
        "charge_out_Ah": both.charge_out,
        "charge_in_Ah": both.charge_in,
        "energy_out_Wh": both.energy_out,
        "energy_in_Wh": both.energy_in,
        "voltage_start_V": float(np.asarray(solution.V)[0]),
        "voltage_end_V": float(np.asarray(solution.V)[-1]),
        **{
            f"{of}_concentration_{which}_mol_m3": float(value(c))
            for of, c in dissolved.items()
            for which, value in (("min", np.min), ("max", np.max))
        },
        "conservation": solution.balance._asdict(),
        **({"ageing": {name: float(x) for name, x in solution.ageing.items()}} if solution.ageing else {}),
        "time_steps": int(solution.steps),
        "time_steps_rejected": int(solution.rejected),
        "warnings": [warning] if warning else [],
        "citations": [citation._asdict() for citation in citations.of_run(solution.model)],
        "files": files,
        "wall_seconds": dict(about.wall_seconds()),
    }


def _told(end: StepEnd) -> dict[str, Any]:
    return {
        "step": end.step,
        "cycle": end.cycle,
        "text": end.text,
        "t_start_s": end.t_start,
        "t_end_s": end.t_end,
        "stop_reason": end.reason,
        "skipped": end.is_skipped,
        "charge_Ah": end.charge,
        "energy_Wh": end.energy,
        "voltage_end_V": end.V_end,
        "tags": list(end.tags),
    }


def jsonable(value: Any) -> Any:
    """`value` with null for numbers that JSON has no word for."""
    if isinstance(value, Mapping):
        return {key: jsonable(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
