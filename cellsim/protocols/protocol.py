"""Steps in a row, in cycles, and what ends them all."""

from collections.abc import Sequence

import equinox as eqx

from cellsim.protocols.steps import Step


class Cycle(eqx.Module):
    """Steps that belong together, counted as one cycle. `tags` mark it, as a reference-performance test."""

    steps: tuple[Step, ...] = eqx.field(converter=tuple)
    tags: tuple[str, ...] = eqx.field(static=True, default=())


class Until(eqx.Module):
    """What ends a protocol between its cycles, or within a step; None where it does not.

    `retention`: the capacity of a cycle's discharge falls below this fraction of the first one; `capacity` [A.h]: below
    this. `V` [V]: the voltage falls to it. `duration` [s]: of all steps together.
    """

    retention: float | None = eqx.field(static=True, default=None)
    capacity: float | None = eqx.field(static=True, default=None)
    V: float | None = eqx.field(static=True, default=None)
    duration: float | None = eqx.field(static=True, default=None)


class Protocol(eqx.Module):
    """Cycles of steps, one after the other."""

    cycles: tuple[Cycle, ...]
    until: Until = Until()

    def __init__(self, cycles: Sequence[Cycle | Sequence[Step] | Step], until: Until | None = None):
        made = []
        for each in cycles:
            if isinstance(each, Step):
                each = Cycle((each,))
            elif not isinstance(each, Cycle):
                each = Cycle(tuple(each))
            made.append(each)
        if not made or any(not cycle.steps for cycle in made):
            raise ValueError("a protocol needs at least one cycle, and every cycle at least one step.")
        self.cycles = tuple(made)
        self.until = Until() if until is None else until

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps, in order."""
        return tuple(step for cycle in self.cycles for step in cycle.steps)

    @property
    def cycle_of_step(self) -> tuple[int, ...]:
        """The number of the cycle of every step, from 1."""
        return tuple(k + 1 for k, cycle in enumerate(self.cycles) for _ in cycle.steps)

    @property
    def tags(self) -> tuple[tuple[str, ...], ...]:
        """The tags of every step, with those of its cycle."""
        return tuple(tags_in(cycle, step) for cycle in self.cycles for step in cycle.steps)


def tags_in(cycle: Cycle, step: Step) -> tuple[str, ...]:
    """The tags of a step of a cycle, each once."""
    return tuple(dict.fromkeys((*step.tags, *cycle.tags)))
