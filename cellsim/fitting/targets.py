"""Where a number that moves has its place: in the cell, in several places of it at once, or in how it was measured."""

import abc
import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float

from cellsim.laws import Constant, scaled
from cellsim.parameters import Quantity, UnknownPath, described, get, quantity, replace

AND = " & "  # between paths whose numbers move together
SCALE = ".scale"  # at the end of a path: what is there times a number
ONE_LESS = "1 - "  # before a path: the number moves by what it lacks to one


class Conditions(eqx.Module):
    """How an experiment was made, as far as it is not in its record; a fit may find it."""

    soc: Float[Array, ""] = quantity("-", -0.5, 1.5, "state of charge at the beginning", default=1.0)
    T: Float[Array, ""] = quantity("K", 200.0, 400.0, "temperature at the beginning", default=298.15)
    V_offset: Float[Array, ""] = quantity("V", -1.0, 1.0, "what the voltage was read too high by", default=0.0)
    I_scale: Float[Array, ""] = quantity("-", 0.5, 2.0, "true over recorded current", default=1.0)
    inductance: Float[Array, ""] = quantity("H", -1e-3, 1e-3, "of the leads, in series in a spectrum", default=0.0)


class Subject(NamedTuple):
    """What numbers may move of in one experiment."""

    cell: Any
    conditions: Conditions


class AbstractTarget(abc.ABC):
    """A place for numbers. Hashable: which numbers move is part of a compiled program, what they are is not."""

    @property
    @abc.abstractmethod
    def name(self) -> str:
        """What it is called."""

    @abc.abstractmethod
    def get(self, subject: Subject) -> Any:
        """The part of the subject that moves, all numbers within it together. Raises `UnknownPath`."""

    @abc.abstractmethod
    def put(self, subject: Subject, part: Any) -> Subject:
        """The subject with another part in its place."""

    def quantity(self, subject: Subject) -> Quantity | None:
        """Unit and meaning, where they are known."""
        del subject
        return None


@dataclasses.dataclass(frozen=True)
class At(AbstractTarget):
    """A path in the cell: a number, an array, or a law with all of its numbers, as `electrolyte.kappa`."""

    path: str

    @property
    def name(self) -> str:
        """The path."""
        return self.path

    def get(self, subject: Subject) -> Any:
        """What is there."""
        return get(subject.cell, self.path)

    def put(self, subject: Subject, part: Any) -> Subject:
        """The cell with `part` at the path."""
        return subject._replace(cell=replace(subject.cell, self.path, part))

    def quantity(self, subject: Subject) -> Quantity | None:
        """What the field says; of a law, where it is a constant one."""
        part = self.get(subject)
        return described(subject.cell, self.path) if eqx.is_array(part) or isinstance(part, Constant) else None


@dataclasses.dataclass(frozen=True)
class Scale(AbstractTarget):
    """A factor on what is at a path of the cell, a number or a law of any kind; 1 leaves it as it is."""

    path: str

    @property
    def name(self) -> str:
        """The path and `scale`."""
        return self.path + SCALE

    def get(self, subject: Subject) -> Any:
        """1: the factor on what the cell has."""
        get(subject.cell, self.path)
        return jnp.ones(())

    def put(self, subject: Subject, part: Any) -> Subject:
        """The cell with `part` times what it has there."""
        here = get(subject.cell, self.path)
        return subject._replace(cell=replace(subject.cell, self.path, scaled(here, part)))

    def quantity(self, subject: Subject) -> Quantity | None:
        """A plain number."""
        del subject
        return Quantity("-", 0.0, float("inf"), f"factor on {self.path}")


@dataclasses.dataclass(frozen=True)
class OneLess(AbstractTarget):
    """1 less the number, or the constant law, at a path of the cell: of the transference number of the cation that of
    the anion, on whose powers a voltage depends."""

    path: str

    @property
    def name(self) -> str:
        """As it is written."""
        return ONE_LESS + self.path

    def get(self, subject: Subject) -> Any:
        """What the number lacks to one. Raises `UnknownPath` where there is no single number."""
        number = get(subject.cell, _number_at(subject.cell, self.path))
        if not eqx.is_array_like(number):
            raise UnknownPath(f"'{self.name}' moves a number; at {self.path} is a law, {type(number).__name__}.")
        return 1 - number

    def put(self, subject: Subject, part: Any) -> Subject:
        """The cell with the number that lacks so much."""
        return subject._replace(cell=replace(subject.cell, _number_at(subject.cell, self.path), 1 - part))

    def quantity(self, subject: Subject) -> Quantity | None:
        """A plain number."""
        del subject
        return Quantity("-", -float("inf"), float("inf"), self.name)


@dataclasses.dataclass(frozen=True)
class Where(AbstractTarget):
    """The part of the cell that a function of it selects, as `lambda cell: cell.negative.L`. It must be the same object
    wherever the same is meant, as it is part of compiled programs."""

    selector: Callable[[Any], Any]
    called: str

    @property
    def name(self) -> str:
        """As it was called."""
        return self.called

    def get(self, subject: Subject) -> Any:
        """What is selected."""
        return self.selector(subject.cell)

    def put(self, subject: Subject, part: Any) -> Subject:
        """The cell with `part` there."""
        return subject._replace(cell=eqx.tree_at(self.selector, subject.cell, part))


@dataclasses.dataclass(frozen=True)
class Tied(AbstractTarget):
    """Several paths of the cell whose numbers move together, each `ratio` times as large as the common number."""

    paths: tuple[str, ...]
    ratios: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if len(self.paths) < 2 or len(self.ratios) not in (0, len(self.paths)):
            raise ValueError(
                f"numbers are tied two or more together, with as many ratios or none; found {len(self.paths)} paths "
                f"and {len(self.ratios)} ratios."
            )

    @property
    def name(self) -> str:
        """All paths."""
        return AND.join(self.paths)

    def _ratios(self) -> tuple[float, ...]:
        return self.ratios or (1.0,) * len(self.paths)

    def get(self, subject: Subject) -> Any:
        """The common number, by the first path."""
        first = _number_at(subject.cell, self.paths[0])
        return get(subject.cell, first) / self._ratios()[0]

    def put(self, subject: Subject, part: Any) -> Subject:
        """The cell with all of them moved."""
        cell = subject.cell
        for path, ratio in zip(self.paths, self._ratios(), strict=True):
            cell = replace(cell, _number_at(cell, path), ratio * part)
        return subject._replace(cell=cell)

    def quantity(self, subject: Subject) -> Quantity | None:
        """That of the first."""
        return described(subject.cell, _number_at(subject.cell, self.paths[0]))


@dataclasses.dataclass(frozen=True)
class Of(AbstractTarget):
    """One of the `Conditions` of an experiment."""

    condition: str

    @property
    def name(self) -> str:
        """The condition."""
        return self.condition

    def get(self, subject: Subject) -> Any:
        """Its value."""
        return get(subject.conditions, self.condition)

    def put(self, subject: Subject, part: Any) -> Subject:
        """The experiment under another one."""
        return subject._replace(conditions=replace(subject.conditions, self.condition, part))

    def quantity(self, subject: Subject) -> Quantity | None:
        """What the field says."""
        return described(subject.conditions, self.condition)


def _number_at(cell: Any, path: str) -> str:
    """The path of the number itself where `path` is that of a constant law."""
    return f"{path}.value" if isinstance(get(cell, path), Constant) else path


CONDITIONS = tuple(field.name for field in dataclasses.fields(Conditions))


def target_of(where: Any) -> AbstractTarget:
    """The target that is meant: a target itself, a path of the cell, a path with `.scale` at its end or `1 - ` before
    it, the name of a condition, or paths that move together, in a list or with " & " between them."""
    if isinstance(where, AbstractTarget):
        return where
    if isinstance(where, str):
        if where in CONDITIONS:
            return Of(where)
        if AND in where:
            return Tied(tuple(path.strip() for path in where.split(AND)))
        if where.startswith(ONE_LESS):
            return OneLess(where.removeprefix(ONE_LESS))
        return Scale(where.removesuffix(SCALE)) if where.endswith(SCALE) else At(where)
    if isinstance(where, (tuple, list)) and where and all(isinstance(path, str) for path in where):
        return Tied(tuple(where))
    raise TypeError(f"no place of a number: {where!r}. Give a path such as 'negative.L', or Where(function, 'name').")


def numbers_of(part: Any) -> tuple[Float[Array, " numbers"], Callable[[Any], Any]]:
    """All numbers of a part in a row, and the function that puts such a row in their place."""
    if not eqx.is_array_like(part):
        moving, fixed = eqx.partition(part, eqx.is_inexact_array)
        row, back = ravel_pytree(moving)
        return row, lambda row: eqx.combine(back(row), fixed)
    part = jnp.asarray(part, float)
    return part.ravel(), lambda row: jnp.reshape(row, part.shape)
