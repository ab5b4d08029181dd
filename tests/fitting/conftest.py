"""Records of a known cell, and a fit to them that many tests look at."""

from typing import NamedTuple

import numpy as np
import pytest

import cellsim as cs
from cellsim.fitting.problem import Problem

MESH = cs.Mesh(4, 3, 4, 5)
BUILD = cs.Build(cs.SPM, MESH)
NOISE = 1e-3  # V
FREE = (
    cs.Free("negative.particle.D_s", 1e-15, 1e-12),
    cs.Free("positive.L", 50e-6, 110e-6),
    cs.Free("soc", 0.8, 1.0),
)
TRUE_L, TRUE_SOC = 80e-6, 0.96


def made(cell, rate, seed, rows=90, noise=NOISE, build=BUILD):
    """A record of a discharge at `rate` C with noise."""
    I, stop = 5.0 * rate, 3000.0 / rate
    t = np.linspace(0.0, stop, rows)
    V = np.asarray(cs.simulate(build(cell), cs.current(I, stop), soc=TRUE_SOC, times=t).V)
    V = V + noise * np.random.default_rng(seed).standard_normal(rows)
    return cs.Record(t, np.full(rows, I), V, name=f"{rate:g}C")


class Known(NamedTuple):
    """What the records were made with."""

    FREE: tuple
    BUILD: cs.Build
    NOISE: float
    TRUTH: dict


@pytest.fixture(scope="session")
def known():
    truth = {"negative.particle.D_s": 3.3e-14, "positive.L": TRUE_L, "1C.soc": TRUE_SOC, "0.5C.soc": TRUE_SOC}
    return Known(FREE, BUILD, NOISE, truth)


@pytest.fixture(scope="session")
def true_cell():
    return cs.replace(cs.load_cell("Chen2020"), "positive.L", TRUE_L)


@pytest.fixture(scope="session")
def records(true_cell):
    return [made(true_cell, 1.0, 0), made(true_cell, 0.5, 1)]


@pytest.fixture(scope="session")
def experiments(records):
    return [cs.Experiment(record, BUILD, soc=0.93) for record in records]


@pytest.fixture(scope="session")
def problem(experiments):
    return Problem(cs.load_cell("Chen2020"), experiments, FREE)


@pytest.fixture(scope="session")
def fit_and_calls(experiments):
    """A fit, and what it asked of its problem before any test asked more."""
    fit = cs.fit(cs.load_cell("Chen2020"), experiments, FREE, start={"negative.particle.D_s": 6e-14})
    return fit, dict(fit.problem.calls)


@pytest.fixture(scope="session")
def fitted(fit_and_calls):
    return fit_and_calls[0]


STEPS = (
    "Discharge at C/2 until 3.2 V",
    "Rest for 20 minutes",
    "Charge at C/2 until 4.1 V",
    "Hold at 4.1 V until C/10",
    "Rest for 1 hour",
)


@pytest.fixture(scope="session")
def cccv(lgm50_coarse) -> cs.Solution:
    """A discharge, a rest, a charge with a hold, and a rest."""
    return cs.simulate(lgm50_coarse, list(STEPS))
