"""Electrolytes by name."""

from cellsim import registry
from cellsim.electrolyte import library
from cellsim.electrolyte.electrolyte import AbstractElectrolyte


def load_electrolyte(name: str) -> AbstractElectrolyte:
    """The published electrolyte called `name`, such as "landesfeind2019_ec_emc"; every coefficient of it is a
    differentiable leaf. Raises `cellsim.registry.UnknownName` with a suggestion."""
    return registry.module(library, name).electrolyte()
