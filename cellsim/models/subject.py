"""What a model runs: its cell, or a slab itself."""

import dataclasses
from typing import Any

from cellsim.models.lumped import Lumped
from cellsim.models.slab import Slab


def subject_of(model: Any) -> Any:
    """What a model runs: its cell, or a slab itself."""
    return model if isinstance(model, Slab) else model.cell


def with_subject(model: Any, subject: Any) -> Any:
    """The model with another one in its place."""
    if isinstance(model, Lumped):
        return Lumped(with_subject(model.model, subject))
    return subject if isinstance(model, Slab) else dataclasses.replace(model, cell=subject)
