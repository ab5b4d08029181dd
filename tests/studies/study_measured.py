"""Measured records: a cell is fitted to some of them and predicts others, which the fit has not seen.

Root mean square differences of the voltage over time, with the published parameters and after the fit. Every run begins
at rest at the voltage that was measured before it, or full where the record says no more; no number of a record that is
predicted is fitted to it. What is left is mostly no noise but what the model does not tell: the noise is 10 mV to the
fit, so that priors and records weigh as much as that, and standard errors are those that the differences speak for.
The records are beside the repository; without them there is nothing to look at.
"""

import dataclasses
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rows import Row

import cellsim as cs
from cellsim.fitting.observables import Temperature, Voltage

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
MESH = cs.Mesh(6, 3, 6, 8)
WARM, EVEN = cs.Build(cs.DFN, MESH, is_lumped=True), cs.Build(cs.DFN, MESH)
NOISE = 10e-3  # V, of what the model does not tell


@dataclasses.dataclass(frozen=True)
class Case:
    """A cell, what moves, records to fit, records to predict, and within what they must be predicted [mV]."""

    title: str
    cell: Any
    free: Sequence[cs.Free]
    fitted: Sequence[cs.Experiment]
    unseen: Sequence[cs.Experiment]
    asked: Mapping[str, tuple[float, str]] = dataclasses.field(default_factory=dict)  # and who reached that
    cost: Any = None

    def rows(self) -> list[Row]:
        """What was found."""
        begun = time.perf_counter()
        found = cs.fit(self.cell, self.fitted, self.free, cost=self.cost, progress=told)
        seconds = time.perf_counter() - begun
        print("    " + found.report().replace("\n", "\n    "), flush=True)
        rows = []
        for name, run in found.predicted.items():
            before, after = (1e3 * each.rmse_in_time for each in (found.before[name], run))
            rows.append(
                Row(f"{self.title}, {name}: fitted [mV]", f"{before:.1f} to {after:.1f}", "less", after < before)
            )
        for name, each in cs.predictions(found, self.unseen).items():
            before, after = (1e3 * run.rmse_in_time for run in (each.before, each.run))
            most, who = self.asked.get(name, (before, "before the fit"))
            rows.append(
                Row(
                    f"{self.title}, {name}: predicted [mV]",
                    f"{before:.1f} to {after:.1f}",
                    f"below {most:.1f} ({who})",
                    after < most,
                )
            )
        calls = found.problem.calls["jacobians"]
        rows.append(
            Row(f"{self.title}: Jacobians, seconds with compilation", f"{calls}, {seconds:.0f}", "stated", True)
        )
        return rows


def told(progress: Any) -> None:
    """A line for every step."""
    print(f"    step {progress.iteration}: cost {progress.cost:.5g}", flush=True)


def study() -> list[Row]:
    """All cases."""
    if not DATA.is_dir():
        print("    the measured records are not here (../shared/data): nothing is looked at")
        return [Row("measured records", "not here", "nothing, without them", True)]
    rows = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cs.OutsideMeasuredRange)
        for case in CASES:
            rows += case().rows()
    return rows


# ---- the records


def lgm50(rate: str, points: int = 60, T: int = 25) -> cs.Experiment:
    """A discharge of an LG M50 in a chamber at `T` [degC], from rest."""
    record = cs.read_record(DATA / "lgm50_wmg_rate" / "tidy" / f"LGM50_T{T}_cRate_{rate}C.csv")
    rest, start, T0 = float(record.V[0]), float(record.t[0]), float(record.T[0])
    return cs.Experiment(
        cs.thinned(record.of_step(2), points=points),
        WARM,
        soc=cs.Resting(rest),
        T=T0,
        t_start=start,
        name=f"{rate.replace('p', '.')}C" + ("" if T == 25 else f" at {T} degC"),
        observe=(Voltage(NOISE), Temperature(1.0)),
        is_by_time=True,
    )
