"""Where the data of a fit file come from: files, or runs of the cell that is to be found again."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from cellsim.fitting.experiment import Experiment
from cellsim.fitting.impedance import SHARE, ImpedanceExperiment
from cellsim.fitting.readers.read import read_record
from cellsim.fitting.record import Record
from cellsim.fitting.thinning import thinned
from cellsim.protocols.protocol import Protocol
from cellsim.simulation.impedance import impedance
from cellsim.simulation.simulate import simulate
from cellsim.simulation.spectrum import Spectrum

AFTER = 1e-3  # s, after which the first row of a made-up step is written, as instruments do


@dataclasses.dataclass(frozen=True)
class Synthetic:
    """A record that is made by running the true cell: `noise` [V], `current_noise` [A], `period` [s] between
    rows, `resolution` [V]."""

    noise: float = 1e-3
    current_noise: float = 0.0
    period: float = 30.0
    seed: int = 0
    resolution: float = 0.0


@dataclasses.dataclass(frozen=True)
class Stored:
    """A record in a file, how it is read (the options of `read_record`), and which part of it is meant: the rows from
    and to a time [s], those of a step, as few as `points`."""

    path: Path
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    between: tuple[float, float] | None = None
    step: int | None = None
    points: int | None = None

    def record(self) -> Record:
        """What is meant. Raises `OSError` and `ValueError`."""
        try:
            found = read_record(self.path, **self.options)
        except TypeError as error:  # an option of the wrong kind
            raise ValueError(f"read: {error}") from None
        if self.between is not None:
            found = found.between(*self.between)
        if self.step is not None:
            found = found.of_step(self.step)
        return found if self.points is None else thinned(found, points=self.points)


@dataclasses.dataclass(frozen=True)
class SyntheticSpectrum:
    """A spectrum that is made of the true cell, at `count` frequencies from `low` to `high` [Hz], with a `noise` over
    the modulus."""

    low: float = 1e-3
    high: float = 1e3
    count: int = 31
    noise: float = SHARE
    seed: int = 0


def made_record(experiment: Experiment, protocol: Protocol, about: Synthetic, cell: Any) -> Record:
    """What the true cell gives, as an instrument would write it, step by step. Raises `ValueError`."""
    asked = protocol.steps[0] if len(protocol.steps) == 1 else protocol
    solution = simulate(experiment.model(cell), asked, soc=experiment.soc, T=experiment.T, rtol=experiment.rtol)
    if not solution.succeeded:
        raise ValueError(f"the made-up record: {solution.stop_reason}")
    rows = []
    for number, (leg, end) in enumerate(zip(solution.legs or (solution,), solution.step_ends, strict=True), start=1):
        first = end.t_start + (AFTER if number > 1 else 0.0)
        t = np.append(np.arange(first, end.t_end - 0.5 * about.period, about.period), end.t_end)
        seen = leg.at(t)
        rows.append([t, *(np.asarray(x) for x in (seen.I, seen.V, seen.T)), np.full(len(t), number)])
    t, I, V, T, step = (np.concatenate(column) for column in zip(*rows, strict=True))
    draw = np.random.default_rng(about.seed)
    V = V + about.noise * draw.standard_normal(len(t))
    I = I + about.current_noise * draw.standard_normal(len(t))
    if about.resolution > 0:
        V = np.round(V / about.resolution) * about.resolution
    return Record(t, I, V, T, step, name=experiment.name)


def made_spectrum(experiment: ImpedanceExperiment, about: SyntheticSpectrum, cell: Any) -> Spectrum:
    """What the true cell gives, with noise."""
    f = np.geomspace(about.low, about.high, about.count)
    Z = np.asarray(impedance(experiment.model(cell), f, soc=experiment.soc, T=experiment.T).Z)
    draw = np.random.default_rng(about.seed)
    noise = draw.standard_normal(len(f)) + 1j * draw.standard_normal(len(f))
    return Spectrum(jnp.asarray(f), Z + about.noise * np.abs(Z) * noise, name=experiment.name)
