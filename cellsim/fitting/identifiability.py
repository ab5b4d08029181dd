"""What the data can tell and what they cannot: directions in the space of parameters along which nothing changes, in
words, and which parameters to fix.

Source: B. B. Machta, R. Chachra, M. K. Transtrum and J. P. Sethna, Science 342 (2013) 604, on sloppy directions.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

LOOSE = 0.5  # relative standard error along a direction, above which it counts as not known
LOST = 5.0  # the same, above which nothing is seen of it at all: a factor of a hundred up or down
NEGLIGIBLE = 0.08  # of the greatest share of a direction
MEMBER = 0.3  # share of a direction that is known badly


class Direction(NamedTuple):
    """A direction in the logarithms of the parameters."""

    singular_value: float  # change of the residuals, in standard deviations, by a relative change of one
    shares: Float[np.ndarray, " free"]  # of length one

    @property
    def relative_error(self) -> float:
        """Standard error along it."""
        return 1.0 / self.singular_value if self.singular_value > 0 else np.inf


class Identifiability(NamedTuple):
    """What the data tell of parameters."""

    names: tuple[str, ...]
    directions: tuple[Direction, ...]  # the best known first
    said: tuple[str, ...]  # a sentence for every direction that is not known
    fix: tuple[str, ...]  # parameters to fix, so that all others are known

    @property
    def is_complete(self) -> bool:
        """Whether all is known."""
        return not self.said

    @property
    def singular_values(self) -> Float[np.ndarray, " free"]:
        """Of the Jacobian in the logarithms of the parameters, over the noise."""
        return np.array([each.singular_value for each in self.directions])

    def report(self) -> str:
        """In words."""
        if self.is_complete:
            worst = self.directions[-1].relative_error if self.directions else 0.0
            return f"All parameters are identifiable: the worst direction is known within {100 * worst:.2g} %."
        lines = ["Not everything is identifiable:", *(f"  - {line}" for line in self.said)]
        return "\n".join([*lines, f"Fix {' and '.join(self.fix)} to know the others."])


def identifiability(
    names: Sequence[str],
    J: Float[np.ndarray, "rows free"],
    is_ratio: Sequence[bool],
    is_length: Sequence[bool] = (),
    loose: float = LOOSE,
) -> Identifiability:
    """What residuals with slopes `J` tell of parameters. A column of `J` is the change of the residuals, in standard
    deviations, by a relative change of the parameter, or where it is none to which ratios apply (`is_ratio`), by a
    change over its whole span. What scales with a length is told as a ratio to it (`is_length`)."""
    names = tuple(names)
    found = _directions(J)
    lost = [each for each in found if each.relative_error > max(LOST, loose)]
    weak = [each for each in found if loose < each.relative_error <= max(LOST, loose)]
    lengths = is_length or [False] * len(names)
    said = [_in_words(names, vector, is_ratio, lengths) for vector in _sparse([each.shares for each in lost])]
    said += [_weak(names, each) for each in reversed(weak)]
    return Identifiability(names, tuple(found), tuple(said), tuple(names[k] for k in _to_fix(J, loose)))


def _directions(J: np.ndarray) -> list[Direction]:
    if J.shape[1] == 0:
        return []
    padded = np.vstack([J, np.zeros((max(J.shape[1] - J.shape[0], 0), J.shape[1]))])
    _, s, Vt = np.linalg.svd(padded, full_matrices=False)
    return [Direction(float(value), row) for value, row in zip(s, Vt, strict=True)]


def _to_fix(J: np.ndarray, loose: float) -> list[int]:
    """The parameters without which the others are known: the greatest in the worst direction, again and again."""
    left, fixed = list(range(J.shape[1])), []
    while left:
        worst = _directions(J[:, left])[-1]
        if worst.relative_error <= loose:
            break
        fixed.append(left.pop(int(np.argmax(np.abs(worst.shares)))))
    return fixed


def _sparse(vectors: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Vectors that span the same space, each of as few parameters as row reduction finds."""
    if not vectors:
        return []
    rows = np.array(vectors)
    pivots: list[int] = []
    for k in range(len(rows)):
        free = [j for j in range(rows.shape[1]) if j not in pivots]
        block = np.abs(rows[k:][:, free])
        row, column = np.unravel_index(int(np.argmax(block)), block.shape)
        pivot = free[int(column)]
        rows[[k, k + int(row)]] = rows[[k + int(row), k]]
        rows[k] /= rows[k, pivot]
        for other in range(len(rows)):
            if other != k:
                rows[other] -= rows[other, pivot] * rows[k]
        pivots.append(pivot)
    return [np.where(np.abs(row) < NEGLIGIBLE * np.max(np.abs(row)), 0.0, row) for row in rows]


def _in_words(names: tuple[str, ...], vector: np.ndarray, is_ratio: Sequence[bool], is_length: Sequence[bool]) -> str:
    """A direction of which nothing is seen."""
    members = [k for k in np.argsort(-np.abs(vector), kind="stable") if vector[k] != 0]
    if len(members) == 1:
        return f"{names[members[0]]} is not seen at all."
    if not all(is_ratio[k] for k in members):
        moves = ", ".join(f"{names[k]} by {_number(vector[k])}" for k in members)
        return f"moving {moves} (relative to size or span) changes nothing."
    # the smallest exponent, of a length if there is one: the others are powers of it
    base = min(members, key=lambda k: (not is_length[k], abs(vector[k])))
    power = {k: vector[k] / vector[base] for k in members}
    seen = [_combination(names[k], names[base], power[k]) for k in members if k != base]
    if len(members) == 2:
        return f"only {seen[0]} is seen."
    return f"only {', '.join(seen[:-1])} and {seen[-1]} are seen."


def _combination(name: str, base: str, power: float) -> str:
    """What stays as `name` changes with the `power` of `base`."""
    size = _number(abs(power))
    name, base = (f"({x})" if " " in x else x for x in (name, base))
    factor = base if size == "1" else f"{base}^{size}"
    return f"the ratio of {name} to {factor}" if power > 0 else f"the product of {name} and {factor}"


def _number(x: float) -> str:
    """Half a whole number where it nearly is one."""
    nearest = round(2 * x) / 2
    return f"{nearest:g}" if nearest and abs(x - nearest) < 0.1 * abs(nearest) else f"{x:.2g}"


def _weak(names: tuple[str, ...], direction: Direction) -> str:
    """A direction that is known badly."""
    shares = direction.shares
    members = [k for k in np.argsort(-np.abs(shares), kind="stable") if abs(shares[k]) > MEMBER]
    sign = np.sign(shares[members[0]])
    within = f"known within {100 * direction.relative_error:.2g} % only"
    if len(members) == 1:
        return f"{names[members[0]]} is {within}."
    moves = ", ".join(f"{names[k]} {'up' if sign * shares[k] > 0 else 'down'} ({abs(shares[k]):.2g})" for k in members)
    return f"{moves} together: {within}."
