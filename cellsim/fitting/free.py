"""Which numbers move, and between which bounds."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from cellsim.fitting.priors import AbstractPrior
from cellsim.fitting.targets import AbstractTarget, Conditions, Subject, numbers_of, target_of
from cellsim.fitting.transforms import AbstractTransform, Between, between


@dataclasses.dataclass(frozen=True)
class Free:
    """A number that moves, between bounds that it never reaches, in the unit of the number.

    - `where`: a path of the cell (a number, an array, or a law with all its numbers), a path with `.scale` at its end
      (a factor on what is there) or `1 - ` before it (what is there lacks so much to one), the name of a condition of
      an experiment (`soc`, `T`, `V_offset`, `I_scale`), paths that move together, or a target of
      `cellsim.fitting.targets`.
    - `low`, `high`: bounds, of every number where there are several. A span of more than a decade is one of ratios.
      Without an upper bound, or without any, the number is free that way.
    - `prior`: what is known of it besides.
    - `each`: whether every experiment has a value of its own. A condition always has; a number of the cell may, as
      where every experiment was made on another cell.
    - `of`: names of the experiments in which it moves; all of them by default.

    Raises `ValueError` for bounds that leave no room.
    """

    where: Any
    low: float = -np.inf
    high: float = np.inf
    prior: AbstractPrior | None = None
    each: bool = False
    of: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "where", target_of(self.where))
        object.__setattr__(self, "of", tuple(self.of))
        try:
            between(self.low, self.high)
        except ValueError as error:
            raise ValueError(f"{self.path}: {error}") from None

    @property
    def target(self) -> AbstractTarget:
        """The place of the number."""
        target: AbstractTarget = self.where
        return target

    @property
    def path(self) -> str:
        """What it is called."""
        return self.target.name

    @property
    def transform(self) -> AbstractTransform:
        """Between the number and its unbounded coordinate."""
        return between(self.low, self.high)

    @property
    def is_logarithmic(self) -> bool:
        """Whether the span between the bounds is one of ratios."""
        transform = self.transform
        return isinstance(transform, Between) and transform.is_logarithmic

    def value(self, z: Any) -> Float[Array, "*shape"]:
        """The number at the unbounded coordinate `z`."""
        return self.transform.value(z)

    def coordinate(self, value: Any) -> Any:
        """The unbounded coordinate of a number; one at or beyond a bound is taken just inside."""
        return self.transform.coordinate(value)

    def start(self, subject: Subject) -> Float[np.ndarray, " numbers"]:
        """The numbers as the subject has them."""
        return np.asarray(numbers_of(self.target.get(subject))[0])

    def moved(self, subject: Subject, z: Float[Array, " numbers"]) -> Subject:
        """The subject with its numbers at the coordinates `z`."""
        _, back = numbers_of(self.target.get(subject))
        return self.target.put(subject, back(self.value(z)))


def moved_subject(subject: Subject, free: Sequence[Free], z: Float[Array, " free"]) -> Subject:
    """The subject with all that is free at the unbounded coordinates `z`."""
    at = 0
    for each in free:
        size = numbers_of(each.target.get(subject))[0].size
        subject = each.moved(subject, z[at : at + size])
        at += size
    return subject


def coordinates(cell: Any, free: Sequence[Free]) -> Float[Array, " free"]:
    """Where `cell` is, in unbounded coordinates."""
    subject = Subject(cell, Conditions())
    return jnp.asarray(np.concatenate([each.coordinate(each.start(subject)) for each in free]))


def moved(cell: Any, free: Sequence[Free], z: Float[Array, " free"]) -> Any:
    """`cell` with its free numbers at the unbounded coordinates `z`."""
    return moved_subject(Subject(cell, Conditions()), free, z).cell
