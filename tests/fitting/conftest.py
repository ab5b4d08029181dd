"""A run that several tests look at as a record."""

import pytest

import cellsim as cs

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
