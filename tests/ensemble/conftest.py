"""One small cell, and one ensemble of it, for all tests of this folder."""

from typing import Any

import numpy as np
import pytest

import cellsim as cs
from cellsim.ensemble.ensemble import ensemble

CELLS = 40
STEP = "Discharge at 1C until 2.5 V"
TIMES = np.array([0.0, 60.0, 600.0, 5000.0])


@pytest.fixture(scope="session")
def small() -> cs.SPM:
    """An LG M50 with one particle for each electrode."""
    return cs.SPM(cs.load_cell("Chen2020"), mesh=cs.Mesh(4, 3, 4, 5))


@pytest.fixture(scope="session")
def differences() -> dict[str, Any]:
    """What differs from cell to cell, as arguments of `ensemble`."""
    rng = np.random.default_rng(0)
    changes = {
        "negative.L": 85.2e-6 * rng.uniform(0.9, 1.1, CELLS),
        "negative.particle.D_s.scale": np.linspace(0.5, 2, CELLS),
    }
    return dict(changes=changes, soc=np.linspace(0.2, 1.0, CELLS), times=TIMES)


@pytest.fixture(scope="session")
def found(small: cs.SPM, differences: dict[str, Any]) -> Any:
    """The ensemble."""
    return ensemble(small, STEP, **differences)
