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

from rows import Row

import cellsim as cs
from cellsim.fitting.observables import Temperature, Voltage

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
KOKAM = Path(__file__).resolve().parents[2] / "scenarios" / "kokam_discharges.csv"
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
        for case in (lgm50_discharges, kokam_discharges):
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


def lgm50_discharges() -> Case:
    """Slow and medium discharges are fitted, the fastest one is predicted."""
    cell = cs.load_cell("Chen2020")
    free = [
        cs.Free("negative.particle.D_s.scale", 0.1, 10.0),
        cs.Free("positive.particle.D_s.scale", 0.1, 10.0),
        cs.Free("negative.particle.kinetics.k.scale", 0.1, 10.0),
        cs.Free("positive.particle.theta0", 0.2, 0.35),
        cs.Free("negative.particle.eps_s", 0.6, 0.9),
        cs.Free("positive.particle.eps_s", 0.55, 0.8),
        cs.Free("R_contact", 0.0, 0.03),
        cs.Free("heat.h", 2.0, 100.0),
    ]
    fitted = [lgm50(rate) for rate in ("0p5", "1")]
    return Case("LG M50", cell, free, fitted, [lgm50(rate) for rate in ("0p1", "2")])


def kokam_discharges() -> Case:
    """The points of the two discharges that come with a fit file: fitted at 5C, predicted at 1C."""
    cell = cs.load_cell("Ecker2015")
    free = [
        cs.Free("negative.particle.eps_s", 0.30, 0.45, prior=cs.Normal(0.372, 0.02)),
        cs.Free("positive.particle.eps_s", 0.33, 0.50, prior=cs.Normal(0.408, 0.02)),
        cs.Free("positive.particle.theta0", 0.20, 0.35, prior=cs.Normal(0.26, 0.01)),
    ]

    def discharge(rate: int, first: float) -> cs.Experiment:
        record = cs.read_record(KOKAM, where={"rate_C": rate}).between(first, 1e5)
        return cs.Experiment(
            record, EVEN, soc=1.0, T=298.15, t_start=0.0, name=f"{rate}C", observe=(Voltage(NOISE),), is_by_time=True
        )

    baseline = {"1C": (24.0, "PyBaMM's DFN with the published parameters")}
    return Case("Kokam", cell, free, [discharge(5, 1.0)], [discharge(1, 0.0)], baseline)
