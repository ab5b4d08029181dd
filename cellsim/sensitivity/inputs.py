"""What is uncertain, and how it is distributed, alone or together."""

import abc
import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

Unit = Float[np.ndarray, "samples inputs"]  # of the unit cube
CUT = 0.005  # of the probability at either end, left out where a distribution has no end and its ends are asked for


@dataclasses.dataclass(frozen=True)
class AbstractDistribution(abc.ABC):
    """How a number is distributed: as a coordinate that is uniform or normal, which is the number or its logarithm."""

    @property
    @abc.abstractmethod
    def is_bounded(self) -> bool:
        """Whether it has a least and a greatest value."""

    @property
    @abc.abstractmethod
    def median(self) -> float:
        """The value that half of all exceed."""

    @property
    @abc.abstractmethod
    def poincare(self) -> float:
        """The constant C of the coordinate x in Var f <= C E (df/dx)^2.

        Source: I. M. Sobol' and S. Kucherenko, Math. Comput. Simul. 79 (2009) 3009-3017.
        """

    @abc.abstractmethod
    def quantile(self, u: Any) -> Any:
        """The value that a share `u` of all falls below."""

    @abc.abstractmethod
    def slope(self, value: Any) -> Any:
        """Derivative of the value in its coordinate."""


@dataclasses.dataclass(frozen=True)
class Uniform(AbstractDistribution):
    """Evenly from `low` to `high`. Raises `ValueError` where these leave no room."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError(f"the bounds {self.low:g} and {self.high:g} leave no room; low comes first.")

    @property
    def is_bounded(self) -> bool:
        """Yes."""
        return True

    @property
    def median(self) -> float:
        """The middle."""
        return 0.5 * (self.low + self.high)

    @property
    def poincare(self) -> float:
        """That of an interval."""
        return ((self.high - self.low) / math.pi) ** 2

    def quantile(self, u: Any) -> Any:
        """A straight line."""
        return self.low + np.asarray(u) * (self.high - self.low)

    def slope(self, value: Any) -> Any:
        """1: the coordinate is the value."""
        return np.ones_like(value)


@dataclasses.dataclass(frozen=True)
class LogUniform(AbstractDistribution):
    """Its logarithm evenly between those of `low` and `high`, both above zero. Raises `ValueError`."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not 0 < self.low < self.high:
            raise ValueError(f"the bounds {self.low:g} and {self.high:g} must be above zero, low first.")

    @property
    def is_bounded(self) -> bool:
        """Yes."""
        return True

    @property
    def median(self) -> float:
        """The geometric mean of the bounds."""
        return math.sqrt(self.low * self.high)

    @property
    def poincare(self) -> float:
        """That of an interval."""
        return (math.log(self.high / self.low) / math.pi) ** 2

    def quantile(self, u: Any) -> Any:
        """A straight line of logarithms."""
        return self.low * (self.high / self.low) ** np.asarray(u)

    def slope(self, value: Any) -> Any:
        """The value itself: the coordinate is its logarithm."""
        return np.asarray(value)


@dataclasses.dataclass(frozen=True)
class Normal(AbstractDistribution):
    """A normal distribution with standard deviation `std`. Raises `ValueError` where that is not above zero."""

    mean: float
    std: float

    def __post_init__(self) -> None:
        if not self.std > 0:
            raise ValueError(f"a standard deviation is above zero, found {self.std:g}.")

    @property
    def is_bounded(self) -> bool:
        """No."""
        return False

    @property
    def median(self) -> float:
        """The mean."""
        return self.mean

    @property
    def poincare(self) -> float:
        """The variance."""
        return self.std**2

    def quantile(self, u: Any) -> Any:
        """By the inverse of the normal distribution."""
        return self.mean + self.std * _normal(u)

    def slope(self, value: Any) -> Any:
        """1: the coordinate is the value."""
        return np.ones_like(value)


@dataclasses.dataclass(frozen=True)
class LogNormal(AbstractDistribution):
    """Its logarithm is normal: two of three values lie within a factor `factor` of `middle`, either way. Raises
    `ValueError`."""

    middle: float
    factor: float

    def __post_init__(self) -> None:
        if not (self.middle > 0 and self.factor > 1):
            raise ValueError(
                f"a median above zero and a factor above one are needed, found {self.middle:g} and {self.factor:g}."
            )

    @property
    def is_bounded(self) -> bool:
        """No."""
        return False

    @property
    def median(self) -> float:
        """As it is given."""
        return self.middle

    @property
    def poincare(self) -> float:
        """The variance of the logarithm."""
        return math.log(self.factor) ** 2

    def quantile(self, u: Any) -> Any:
        """By the inverse of the normal distribution."""
        return self.middle * self.factor ** _normal(u)

    def slope(self, value: Any) -> Any:
        """The value itself: the coordinate is its logarithm."""
        return np.asarray(value)


@dataclasses.dataclass(frozen=True)
class Uncertain:
    """A number by its path, as `ensemble` knows them, and its distribution."""

    path: str
    distribution: AbstractDistribution


Inputs = Sequence[Uncertain]


def values_at(inputs: Inputs, u: Unit) -> dict[str, Float[np.ndarray, " samples"]]:
    """The values of inputs at points of the unit cube, by path."""
    return {each.path: each.distribution.quantile(u[:, k]) for k, each in enumerate(inputs)}


def within(inputs: Inputs, u: Unit) -> Unit:
    """Points of the whole cube moved to where every value is finite, along the inputs without ends."""
    is_bounded = np.array([each.distribution.is_bounded for each in inputs])
    return np.where(is_bounded, u, CUT + (1 - 2 * CUT) * u)


def correlated(u: Unit, correlation: Any) -> Unit:
    """Points of the unit cube that belong together as normal numbers with this `correlation` do, each evenly
    distributed alone: a Gaussian copula. Raises `ValueError` for a matrix that is no correlation.

    Source: R. B. Nelsen, An Introduction to Copulas, 2nd ed. (Springer 2006), section 2.9.
    """
    from scipy.special import ndtr

    R = np.asarray(correlation, float)
    d = u.shape[1]
    if R.shape != (d, d) or not np.allclose(R, R.T) or not np.allclose(np.diag(R), 1.0):
        raise ValueError(f"a correlation of {d} inputs is a symmetric {d} x {d} matrix with ones on its diagonal.")
    try:
        root = np.linalg.cholesky(R)
    except np.linalg.LinAlgError:
        least = float(np.linalg.eigvalsh(R)[0])
        raise ValueError(
            f"no numbers have these correlations together: the matrix has the eigenvalue {least:.3g}, and all must be "
            "above zero. Weaken the strongest ones."
        ) from None
    moved: Unit = ndtr(_normal(u) @ root.T)
    return moved


def _normal(u: Any) -> Any:
    from scipy.special import ndtri

    return ndtri(np.asarray(u))
