"""Electrolyte properties of an LG M50 from noisy discharges: kappa, D, t_plus and chi at once, over many seeds.

Discharges at C/2, 1C and 2C to 2.5 V and an hour of rest after each, 1 mV of noise; all else is known. First factors on
kappa, D, t_plus and chi, from up to 30 % wrong. Then natural splines of concentration with four knots, of ln kappa, ln
D, t_plus and ln chi. Sixteen numbers are more than such a record tells, so they are known before: kappa, D and chi to
25 % and t_plus to 0.1 at each knot, about LiPF6 in EC:EMC 3:7 (Landesfeind and Gasteiger). Each seed draws another
electrolyte from that, so that what an interval is worth can be counted; what the discharges alone would tell is stated
beside. The mesh is coarse, for the data as for the fits: this is about statistics.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from rows import Row, at_most, within

import cellsim as cs
from cellsim.fitting import priors
from cellsim.fitting.estimates import estimate
from cellsim.fitting.fit import Fit
from cellsim.fitting.identifiability import Identifiability, identifiability
from cellsim.fitting.observables import Voltage
from cellsim.fitting.targets import numbers_of
from cellsim.splines import NaturalTable, positive_natural_table

BUILD = cs.Build(cs.DFN, cs.Mesh(6, 3, 6, 6))
NOISE = 1e-3  # V
RATES = (0.5, 1.0, 2.0)
REST = 3600.0  # s
RTOL = 1e-5  # of the fits
METHOD = cs.GaussNewton()
ROWS = 90  # of a discharge; half as many of the rest after it
WRONG = 0.3
PROPERTIES = ("kappa", "D", "t_plus", "chi")
COVERED = (0.9, 0.98)  # how often an interval of 95 % is asked to hold the truth
CONFIDENT = 1.96  # standard errors to either side
WEAK = 0.2  # width of an interval, relative, from which a number or a value is not called identified
T = 298.15  # K


class Known(NamedTuple):
    """A cell and runs of it without noise, of which every seed makes records."""

    cell: Any
    build: cs.Build
    runs: tuple[tuple[list[cs.Step], cs.Solution, np.ndarray], ...]


def known(cell: Any, build: cs.Build = BUILD, rest: float = REST) -> Known:
    """The runs of `cell`, with a `rest` [s] after each discharge or none."""
    runs = []
    for rate in RATES:
        steps = [cs.discharge(rate, until=2.5), *([cs.rest(rest)] if rest else [])]
        run = cs.simulate(build(cell), steps)
        end = run.step_ends[0].t_end
        after = end + np.geomspace(1.0, rest, ROWS // 2) if rest else []
        runs.append((steps, run, np.concatenate([np.linspace(0.0, end, ROWS), after])))
    return Known(cell, build, tuple(runs))


def experiments(of: Known, seed: int) -> list[cs.Experiment]:
    """What an instrument wrote of the runs, and how a run answers it."""
    made = []
    for rate, (steps, run, times) in zip(RATES, of.runs, strict=True):
        record = cs.measured(run, np.random.default_rng([seed, int(100 * rate)]), noise_V=NOISE, every=times)
        made.append(
            cs.Experiment(
                record, of.build, steps, T=T, name=f"{rate:g}C", is_timed=True, observe=(Voltage(NOISE),), rtol=RTOL
            )
        )
    return made


# ---- factors

SCALES = tuple(cs.Free(f"electrolyte.{name}.scale", 0.1, 4.0) for name in PROPERTIES)


def scales_fitted(of: Known, seed: int) -> Fit:
    """Four factors, from wrong ones: by undamped steps, and by damped ones where these lose their way or end at a
    bound."""
    draw = np.random.default_rng([seed, 1])
    start = {each.path: 1 + WRONG * draw.uniform(-1, 1) for each in SCALES}
    ask = dict(cell=of.cell, experiments=experiments(of, seed), free=SCALES, start=start, is_noise_known=True)
    found = cs.fit(**ask, method=METHOD)
    return found if found.converged and not found.at_bounds else cs.fit(**ask)


def scales(seeds: int) -> list[Row]:
    """How often the interval of each factor holds the truth, and how wide it is."""
    of = known(cs.load_cell("Chen2020"))
    fits = [scales_fitted(of, seed) for seed in range(seeds)]
    rows = []
    for name in (each.path for each in SCALES):
        off = np.array([fit.values[name] - 1 for fit in fits])
        half = CONFIDENT * np.array([fit.std_errors[name] for fit in fits])
        rows.append(within(f"interval of {name} holds the truth", float(np.mean(np.abs(off) < half)), *COVERED))
        rows.append(at_most("    its width, median", float(np.median(2 * half)), WEAK))
    worst = fits[0].identifiability.directions[-1]
    most = fits[0].names[int(np.argmax(np.abs(worst.shares)))]
    rows.append(at_most(f"width along the worst direction (mostly {most})", 2 * CONFIDENT * worst.relative_error, WEAK))
    return rows + counted("factors", fits)


def counted(what: str, fits: list[Fit]) -> list[Row]:
    """What the fits cost, and how they ended."""
    calls = [fit.problem.calls["jacobians"] for fit in fits]
    ended = sum(fit.converged for fit in fits)
    return [
        Row(f"{what}: Jacobians a fit, median and most", f"{np.median(calls):.0f}, {max(calls)}", "stated", True),
        Row(f"{what}: fits that converged", f"{ended} of {len(fits)}", "all", ended == len(fits)),
    ]


# ---- splines

KNOTS = (200.0, 900.0, 1800.0, 3000.0)  # mol/m3
AT = np.array([200.0, 400.0, 600.0, 900.0, 1200.0, 1600.0, 2000.0, 2500.0, 3000.0])  # mol/m3, where values are compared
SPREAD = {
    "kappa": 0.25,
    "D": 0.25,
    "t_plus": 0.1,
    "chi": 0.25,
}  # of the numbers at the knots, logarithms but for t_plus


def with_splines(cell: Any, moved: Mapping[str, Any] | None = None) -> Any:
    """The cell with an electrolyte whose laws are splines, through those of LiPF6 in EC:EMC 3:7 at four knots, or as
    far from these as is said."""
    laws, c = cs.load_electrolyte("landesfeind2019_ec_emc"), np.array(KNOTS)
    by = lambda name: 0.0 if moved is None else moved[name]
    table = {name: np.asarray(getattr(laws, name)(c, T)) for name in PROPERTIES}
    made = {name: positive_natural_table(KNOTS, table[name] * np.exp(by(name))) for name in ("kappa", "D", "chi")}
    electrolyte = cs.Electrolyte(**made, t_plus=NaturalTable(KNOTS, table["t_plus"] + by("t_plus")), name="splines")
    return cs.replace(cell, "electrolyte", electrolyte)


def drawn(cell: Any, seed: int) -> Any:
    """The cell with another electrolyte, as likely as its numbers are."""
    draw = np.random.default_rng([seed, 3])
    return with_splines(cell, {name: sd * draw.standard_normal(len(KNOTS)) for name, sd in SPREAD.items()})


def splines_free(cell: Any) -> list[cs.Free]:
    """Four laws with four numbers each, about those of `cell`."""
    numbers = lambda name: numbers_of(getattr(cell.electrolyte, name))[0]
    prior = lambda name: priors.Normal(tuple(map(float, numbers(name))), SPREAD[name])
    return [cs.Free(f"electrolyte.{name}", prior=prior(name)) for name in PROPERTIES]


def values_of(cell: Any) -> Any:
    """The four properties where they are compared, (properties, concentrations)."""
    return jnp.stack([getattr(cell.electrolyte, name)(AT, T) for name in PROPERTIES])


class Compared(NamedTuple):
    """What a fit found, (properties, concentrations), and what was true."""

    fit: Fit
    off: np.ndarray
    half: np.ndarray  # of the interval
    true: np.ndarray
    is_visited: np.ndarray  # (concentrations,)


def compared(cell: Any, seed: int) -> Compared:
    """A fit to records of the electrolyte of a seed."""
    of = known(drawn(cell, seed))
    seen = np.concatenate([np.asarray(run.profile("electrolyte concentration")).ravel() for _, run, _ in of.runs])
    low, high = np.quantile(seen, [0.01, 0.99])
    start = with_splines(cell)
    ask = dict(cell=start, experiments=experiments(of, seed), free=splines_free(start), is_noise_known=True)
    fit = cs.fit(**ask, method=METHOD)
    if not fit.converged:
        fit = cs.fit(**ask)
    found, true = estimate(fit, values_of), np.asarray(values_of(of.cell))
    half = CONFIDENT * np.asarray(found.standard_error)
    return Compared(fit, np.asarray(found.value) - true, half, true, (low <= AT) & (high >= AT))


def splines(seeds: int) -> list[Row]:
    """How often the interval of each property at each concentration holds the truth, and how wide it is."""
    cell = cs.load_cell("Chen2020")
    each = [compared(cell, seed) for seed in range(seeds)]
    holds = np.array([np.abs(x.off) < x.half for x in each])  # (seeds, properties, concentrations)
    visited = np.array([x.is_visited for x in each])
    width = np.array([2 * x.half / np.abs(x.true) for x in each])
    rows = []
    for k, name in enumerate(PROPERTIES):
        inside, outside = (float(np.sum(holds[:, k] & where) / np.sum(where)) for where in (visited, ~visited))
        rows.append(within(f"interval of {name}(c) holds the truth where the data were", inside, *COVERED))
        rows.append(Row("    and where they were not, known before alone", f"{100 * outside:.1f} %", "stated", True))
        wide = np.median(width[:, k], axis=0)
        for is_weak, said in ((False, "identified"), (True, "weak")):
            where = [f"{c:.0f}: {100 * x:.0f} %" for c, x in zip(AT, wide, strict=True) if (x > WEAK) == is_weak]
            rows.append(Row(f"    {said} at mol/m3: its width, median", ", ".join(where) or "none", "stated", True))
    print("    without what was known before: " + alone(each[0].fit).report().replace("\n", "\n    "))
    return rows + counted("splines", [x.fit for x in each])


def alone(fit: Fit) -> Identifiability:
    """What the discharges tell without what was known before."""
    numbers = len(fit.names)
    data = fit.here.J[:-numbers]  # what is known before stands last, a row a number
    return identifiability(fit.names, data, [False] * numbers)


def study(seeds: int = 200) -> list[Row]:
    """Factors, then splines."""
    return scales(seeds) + splines(seeds)
