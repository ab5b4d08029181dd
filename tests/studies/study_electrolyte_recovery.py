"""Electrolyte properties of an LG M50 from noisy discharges: kappa, D, t_plus and chi at once, over many seeds.

Discharges at C/2, 1C and 2C to 2.5 V and an hour of rest after each, 1 mV of noise; all else is known. First factors on
kappa, D, t_plus and chi, from up to 30 % wrong; then splines of concentration with four knots for each of the four (as
the cell that made the data has them). The mesh is coarse, for the data as for the fits: this is about statistics.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

import cellsim as cs
from cellsim.fitting.fit import Fit
from cellsim.fitting.observables import Voltage
from cellsim.fitting.problem import Problem
from cellsim.splines import NaturalTable, positive_natural_table

BUILD = cs.Build(cs.DFN, cs.Mesh(6, 3, 6, 6))
NOISE = 1e-3  # V
RATES = (0.5, 1.0, 2.0)
REST = 3600.0  # s
ROWS = 90  # of a discharge; half as many of the rest after it
WRONG = 0.3
PROPERTIES = ("kappa", "D", "t_plus", "chi")
WEAK = 0.2  # half an interval, relative, from which a number or a value is not called identified
T = 298.15  # K


class Known(NamedTuple):
    """A cell and runs of it without noise, of which every seed makes records."""

    cell: Any
    runs: tuple[tuple[list[cs.Step], cs.Solution, np.ndarray], ...]


def known(cell: Any) -> Known:
    """The runs of `cell`."""
    runs = []
    for rate in RATES:
        steps = [cs.discharge(rate, until=2.5), cs.rest(REST)]
        run = cs.simulate(BUILD(cell), steps)
        end = run.step_ends[0].t_end
        rest = end + np.geomspace(1.0, REST, ROWS // 2)
        runs.append((steps, run, np.concatenate([np.linspace(0.0, end, ROWS), rest])))
    return Known(cell, tuple(runs))


def experiments(of: Known, seed: int) -> list[cs.Experiment]:
    """What an instrument wrote of the runs, and how a run answers it."""
    made = []
    for rate, (steps, run, times) in zip(RATES, of.runs, strict=True):
        record = cs.measured(run, np.random.default_rng([seed, int(100 * rate)]), noise_V=NOISE, every=times)
        made.append(
            cs.Experiment(record, BUILD, steps, T=T, name=f"{rate:g}C", is_timed=True, observe=(Voltage(NOISE),))
        )
    return made


# ---- factors

SCALES = tuple(cs.Free(f"electrolyte.{name}.scale", 0.1, 4.0) for name in PROPERTIES)


def scales_fitted(of: Known, seed: int) -> Fit:
    """Four factors, from wrong ones."""
    draw = np.random.default_rng([seed, 1])
    start = {each.path: 1 + WRONG * draw.uniform(-1, 1) for each in SCALES}
    return cs.fit(of.cell, experiments(of, seed), SCALES, start=start, is_noise_known=True)


# ---- splines

KNOTS = (300.0, 800.0, 1400.0, 2200.0)  # mol/m3


def with_splines(cell: Any) -> Any:
    """The cell with an electrolyte whose laws are splines, through those of LiPF6 in EC:EMC 3:7 at four knots."""
    laws, c = cs.load_electrolyte("landesfeind2019_ec_emc"), np.array(KNOTS)
    positive = lambda law: positive_natural_table(KNOTS, np.asarray(law(c, T)))
    made = cs.Electrolyte(
        kappa=positive(laws.kappa),
        D=positive(laws.D),
        t_plus=NaturalTable(KNOTS, laws.t_plus(c, T)),
        chi=positive(laws.chi),
        name="splines",
    )
    return cs.replace(cell, "electrolyte", made)


SPLINES = tuple(cs.Free(f"electrolyte.{name}") for name in PROPERTIES)


def splines_fitted(of: Known, seed: int) -> Fit:
    """Sixteen numbers, from wrong ones."""
    problem = Problem(of.cell, experiments(of, seed), SPLINES)
    draw = np.random.default_rng([seed, 2])
    wrong = draw.uniform(-1, 1, len(problem.names)) * np.where(["t_plus" in name for name in problem.names], 0.1, WRONG)
    start = dict(zip(problem.names, problem.values(problem.start) + wrong, strict=True))
    return cs.fit(of.cell, problem.experiments, SPLINES, start=start, is_noise_known=True)


def values_at(c: np.ndarray) -> Callable[[Any], Any]:
    """The four properties at concentrations, (properties, concentrations), of a cell."""

    def of(cell: Any) -> Any:
        return jnp.stack([getattr(cell.electrolyte, name)(c, T) for name in PROPERTIES])

    return of


def visited(of: Known) -> np.ndarray:
    """Salt concentrations [mol/m3], sorted, as often as each was there at the times of the records."""
    seen = [np.asarray(run.at(times)["electrolyte concentration"]).ravel() for _, run, times in of.runs]
    return np.sort(np.concatenate(seen))
