"""Reference solutions, and runs that tests share: one compiled program a cell and mesh."""

from pathlib import Path

import numpy as np
import pytest

import cellsim
from cellsim.models import observables

SHARED = Path(__file__).resolve().parents[3] / "shared"
POINTS = 1024  # looked up at once, so that every look-up is the same compiled program
REFERENCE_SOC = {"dis": 1.0, "chg": 0.1}


def _existing(file: Path) -> Path:
    if not file.exists():
        pytest.skip(f"the reference is not here: {file}")
    return file


def _seen(solution, times):
    """`solution` at `times`, any number of them, by look-ups of one size."""
    times = np.asarray(times, dtype=float)
    padded = np.full(-(-len(times) // POINTS) * POINTS, times[-1])
    padded[: len(times)] = times
    return solution.at(padded)


class Reference:
    """What was computed by others, in SI units."""

    def table(self, *parts):
        return np.genfromtxt(_existing(SHARED.joinpath("reference", *parts)), delimiter=",", names=True)

    def arrays(self, *parts):
        return dict(np.load(_existing(SHARED.joinpath("reference", *parts))))

    def file(self, *parts):
        return _existing(SHARED.joinpath(*parts))

    def curve(self, name, kind, rate):
        """Times [s], voltage [V] extrapolated to a mesh of no width, and current [A]."""
        table = self.table(f"dfn_iso_{name}", f"{kind}_{rate}C_ref.csv")
        best = table["voltage_extrapolated_V"]
        return table["time_s"], np.where(np.isnan(best), table["voltage_V"], best), float(table["current_A"][0])

    def profiles(self, name, kind, rate):
        return self.arrays(f"dfn_iso_{name}", f"{kind}_{rate}C_profiles_ref.npz")


@pytest.fixture(scope="session")
def reference():
    return Reference()


@pytest.fixture(scope="session")
def run():
    """Runs a published cell from rest, each run once."""
    kept = {}

    def from_rest(name, mesh, I, soc, changes=(), rtol=1e-6):
        key = (name, mesh, I, soc, changes, rtol)
        if key not in kept:
            cell = cellsim.load_cell(name)
            for path, value in changes:
                cell = cellsim.replace(cell, path, value)
            step = cellsim.discharge(I=I) if I > 0 else cellsim.charge(I=-I)
            kept[key] = cellsim.simulate(cellsim.DFN(cell, mesh), step, soc=soc, rtol=rtol)
        return kept[key]

    return from_rest


@pytest.fixture(scope="session")
def reference_run(reference, run):
    """The run of a published cell that one of the reference solutions shows."""

    def of(name, mesh, kind, rate):
        return run(name, mesh, reference.curve(name, kind, rate)[2], REFERENCE_SOC[kind])

    return of


@pytest.fixture(scope="session")
def voltage_at():
    return lambda solution, times: np.asarray(_seen(solution, times).V)[: len(times)]


@pytest.fixture(scope="session")
def profiles_at():
    """Profiles at times, as (times, places), and the places [m]."""

    def at(solution, times):
        there = _seen(solution, times)
        read = lambda name: np.asarray(there.profile(name))[: len(times)]
        return read, {name: np.asarray(x) for name, x in observables.coordinates(there.system).items()}

    return at
