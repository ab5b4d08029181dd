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
from cellsim.fitting import priors
from cellsim.fitting.observables import Temperature, Voltage

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
MESH = cs.Mesh(6, 3, 6, 8)
WARM, EVEN = cs.Build(cs.DFN, MESH, is_lumped=True), cs.Build(cs.DFN, MESH)
NOISE = 10e-3  # V, of what the model does not tell
KOKAM = Path(__file__).resolve().parents[2] / "scenarios" / "kokam_discharges.csv"
KOKAM_SOC = 0.964  # of the lithiations that are published as the initial ones


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
            print(f"    ---- {case.__name__}")
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
        max_steps=512,
        rtol=2e-4,  # which is within 1 mV; at 1e-6 the published peaks of D_s ask for more time steps than are given
    )


def lgm50_pulse(soc: float, cell: str = "Cell1") -> cs.Experiment:
    """Ten seconds of 7.5 A and ten of rest, from rest at about that state of charge."""
    file = DATA / "lgm50_wmg_pulse" / "LGM50_pulses_all.csv"
    record = cs.read_record(file, where={"T_nominal_C": 25, "soc": soc, "cell": cell})
    passes = int(np.argmax(record.I > 1.0))  # the rows before it are at the edge of the step, or before it
    thin = cs.thinned(record.rows(slice(passes, None)), V_tolerance=0.5e-3)
    rest, start, T = float(record.V[0]), float(record.t[1]), float(record.T[0])
    return even(thin, f"pulse at {100 * soc:g} %", cs.Resting(rest), start, T)


def kokam(rate: int, soc: float) -> cs.Experiment:
    """A discharge of a Kokam cell at 25 degC, read off a figure, from `soc`."""
    record = cs.read_record(KOKAM, where={"rate_C": rate})
    return even(record.between(1.0, 1e4), f"{rate}C", soc)  # the time of the very first point is not known that well


def gitt(number: int) -> cs.Experiment:
    """A pulse of 15 minutes at about C/10, and the rest after it, of a laboratory cell with electrodes of an LG M50."""
    record = cs.read_record(DATA / "lgm50_gitt_3electrode" / f"pulse_{number}.csv")
    rest = cs.Resting(float(record.V[0]))
    first = int(np.argmax(record.I > 1e-3))  # the row before it is at the edge of the step
    start = float(record.t[first - 1])
    thin = cs.thinned(record.rows(slice(first, None)), V_tolerance=0.5e-3)
    return even(thin, f"pulse {number}", rest, start)


def aboutenergy(name: str, rate: str) -> cs.Experiment:
    """A discharge of one of the cells that About:Energy published with their parameters, from rest."""
    record = cs.read_record(DATA / "aboutenergy_bpx" / name / f"{name}_25degC_{rate}.csv")
    thin = cs.thinned(record.between(2.0, 1e9), points=80)  # in the second before it the current rises
    return even(thin, rate.replace("Co", "C/"), cs.Resting(float(record.V[0])))


def enertech(rate: str) -> cs.Experiment:
    """A discharge of an Enertech pouch cell, from rest."""
    t, V = np.loadtxt(DATA / "enertech_ai2020" / f"{rate}_discharge_U.txt").T
    record = cs.Record(t, np.full(len(t), 2.28 * float(rate[:-1])), V)
    return even(cs.thinned(record.between(2.0, 1e9), points=80), rate, cs.Resting(float(V[0])))


def even(record: cs.Record, name: str, soc: Any, t_start: float = 0.0, T: float = 298.15) -> cs.Experiment:
    """A record to which the model keeps one temperature [K]."""
    return cs.Experiment(
        record, EVEN, soc=soc, T=T, t_start=t_start, name=name, observe=(Voltage(NOISE),), is_by_time=True
    )


# ---- the cells


def known_about(value: float, sd: float) -> priors.Normal:
    """A number that was measured, within what cells differ by."""
    return priors.Normal(value, sd)


def factor(path: str, by: float = 1.5) -> cs.Free:
    """A factor on what is published."""
    return cs.Free(f"{path}.scale", 0.1, 10.0, prior=priors.LogNormal(1.0, by))


def balance(cell: Any) -> list[cs.Free]:
    """How much active material there is and how much lithium: what differs from cell to cell."""
    n, p = float(cell.negative.particle.eps_s), float(cell.positive.particle.eps_s)
    theta = float(cell.positive.particle.theta0)
    return [
        cs.Free("negative.particle.eps_s", 0.7 * n, 1.25 * n, prior=known_about(n, 0.06 * n)),
        cs.Free("positive.particle.eps_s", 0.7 * p, 1.25 * p, prior=known_about(p, 0.06 * p)),
        cs.Free("positive.particle.theta0", 0.75 * theta, 1.35 * theta, prior=known_about(theta, 0.04 * theta)),
    ]


def material(cell: Any, constant: str) -> list[cs.Free]:
    """The balance, and factors on diffusivities and on the `constant` of the kinetics of both electrodes."""
    paths = [f"{side}.particle.{what}" for what in ("D_s", f"kinetics.{constant}") for side in ("negative", "positive")]
    return [*balance(cell), *map(factor, paths)]


def lgm50_rates() -> Case:
    """Fitted at C/10 and at 2C, where it warms by 33 K; predicted between them, and in the cold."""
    cell = cs.load_cell("ORegan2022")
    free = [
        *material(cell, "rate"),
        factor("electrolyte.kappa", 1.2),
        cs.Free("R_contact", 0.0, 0.03),
        cs.Free("heat.h", 2.0, 100.0),
        cs.Free("heat.rho.scale", 0.3, 3.0, prior=priors.LogNormal(1.0, 1.3)),
    ]
    asked = {"0.5C": (38.0, "published set"), "1C": (42.0, "published set")}
    fitted, unseen = [lgm50("0p1"), lgm50("2")], [lgm50("0p5"), lgm50("1"), lgm50("0p5", T=10), lgm50("1", T=10)]
    return Case("LG M50", cell, free, fitted, unseen, asked)


def lgm50_pulses() -> Case:
    """Fitted at every other state of charge, predicted at those between."""
    cell = cs.load_cell("Chen2020")
    free = [
        factor("negative.particle.D_s", 2.0),
        factor("positive.particle.D_s", 2.0),
        factor("negative.particle.kinetics.k", 2.0),
        factor("positive.particle.kinetics.k", 2.0),
        cs.Free("R_contact", 0.0, 0.03),
    ]
    at = lambda *percents: [lgm50_pulse(x / 100) for x in percents]
    return Case("LG M50 pulses", cell, free, at(90, 70, 50, 30), at(80, 60, 40, 20))


def kokam_rates() -> Case:
    """Fitted at 1C from the state in which the published set begins, predicted at 5C, without the cell's warmth: heat
    is not in the record, and at 5C it is what is missing."""
    cell = cs.load_cell("Ecker2015")
    return Case(
        "Kokam",
        cell,
        material(cell, "k"),
        [kokam(1, KOKAM_SOC)],
        [kokam(5, KOKAM_SOC)],
        {"5C": (58.0, "published set")},
    )


def lgm50_gitt() -> Case:
    """Fitted at every other of the pulses in the middle, predicted at those between. The area is that of a disc of
    18 mm, of which the publication does not say whether it is right, so it moves."""
    cell = cs.load_cell("Chen2020")
    cell = cs.replace(cell, "area", np.pi * 9e-3**2)
    free = [
        cs.Free("area", 1e-4, 6e-4),
        factor("negative.particle.D_s", 3.0),
        factor("positive.particle.D_s", 3.0),
        factor("negative.particle.kinetics.k", 3.0),
        factor("positive.particle.kinetics.k", 3.0),
        cs.Free("R_contact", 0.0, 30.0),
    ]
    at = lambda *numbers: [gitt(x) for x in numbers]
    return Case("LG M50 GITT", cell, free, at(12, 16, 20, 24, 28), at(14, 18, 22, 26, 30))


def aboutenergy_nmc() -> Case:
    """Fitted at C/20 and C/2 to a published set that is within 15 mV already, predicted at 1C."""
    return _aboutenergy("NMC", "nmc_pouch_cell_BPX.json", ["Co20", "Co2"], ["1C"])


def aboutenergy_lfp() -> Case:
    """A cell with iron phosphate, whose knee no particle of one size has: fitted at C/20 and 1C, predicted between."""
    return _aboutenergy("LFP", "lfp_18650_cell_BPX.json", ["Co20", "1C"], ["Co2"])


def _aboutenergy(name: str, file: str, fitted: list[str], unseen: list[str]) -> Case:
    cell = cs.load_cell(str(DATA / "aboutenergy_bpx" / name / file))
    free = [*material(cell, "rate"), factor("electrolyte.kappa", 1.2), factor("electrolyte.D", 1.2)]
    records = lambda rates: [aboutenergy(name, rate) for rate in rates]
    return Case(f"About:Energy {name}", cell, free, records(fitted), records(unseen))


def enertech_rates() -> Case:
    """Fitted at C/10 and 2C, predicted between them; at 2C it warms by 10 K, which the model does not."""
    cell = cs.load_cell("Ai2020")
    free = [*material(cell, "k"), factor("electrolyte.kappa", 1.2), cs.Free("R_contact", 0.0, 0.03)]
    records = lambda *rates: [enertech(rate) for rate in rates]
    return Case("Enertech", cell, free, records("0.1C", "2C"), records("0.5C", "1C"))


CASES = (kokam_rates, lgm50_rates, lgm50_pulses, lgm50_gitt, aboutenergy_nmc, aboutenergy_lfp, enertech_rates)
