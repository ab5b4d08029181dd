"""What became of the steps of a protocol."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import diffrax
import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float

RESULTS: Any = diffrax.RESULTS


class Legs(NamedTuple):
    """What became of the steps of a protocol, one row a step."""

    t: Float[Array, " steps"]  # when each ended, since the run began [s]
    V: Float[Array, " steps"]  # V, then
    Q: Float[Array, " steps+1"]  # A.h passed since the run began, at the beginning of the first step and at every end
    E: Float[Array, " steps+1"]  # W.h
    result: Any
    end: Any  # which of its ends was nearest then
    steps: Any
    rejected: Any


class StepEnd(NamedTuple):
    """How a step went."""

    step: int  # from 1
    cycle: int  # from 1
    text: str
    t_start: float  # s, since the run began
    t_end: float
    reason: str
    is_skipped: bool
    charge: float  # A.h, positive on discharge
    energy: float  # W.h
    V_end: float  # V
    tags: tuple[str, ...]


class Passed(NamedTuple):
    """What steps gave and took, each of them counted as a whole."""

    charge_out: float  # A.h
    charge_in: float  # A.h
    energy_out: float  # W.h
    energy_in: float  # W.h

    @property
    def is_both(self) -> bool:
        """Whether there was charge both ways, more than rounding leaves of a rest."""
        return min(self.charge_out, self.charge_in) > 1e-9 * max(self.charge_out, self.charge_in)


def passed(steps: Sequence[StepEnd]) -> Passed:
    """Charge and energy out of the cell and into it."""
    out = lambda values: sum(max(x, 0.0) for x in values)
    charges, energies = [step.charge for step in steps], [step.energy for step in steps]
    return Passed(out(charges), out(-x for x in charges), out(energies), out(-x for x in energies))


class CycleSummary(NamedTuple):
    """What a cycle delivered and took."""

    cycle: int
    t_end_s: float
    discharge_capacity_Ah: float
    charge_capacity_Ah: float
    discharge_energy_Wh: float
    charge_energy_Wh: float
    coulombic_efficiency: float  # discharge over charge; not-a-number without a charge
    energy_efficiency: float
    V_end_V: float
    tags: tuple[str, ...]


class Chain(eqx.Module):
    """The steps that were run, and what became of each. `words` of its ends, cut-off voltages last.

    The first of them is step `first` of its run, and began `t_start` [s] after the run did.
    """

    legs: Legs
    texts: tuple[str, ...] = eqx.field(static=True)
    cycles: tuple[int, ...] = eqx.field(static=True)
    words: tuple[tuple[str, ...], ...] = eqx.field(static=True)
    tags: tuple[tuple[str, ...], ...] = eqx.field(static=True)
    t_start: Any = 0.0
    first: int = eqx.field(static=True, default=1)

    def steps(self, limitation: str = "") -> list[StepEnd]:
        """How each step went; `limitation` is what the model adds to the reason of the last."""
        legs, rows = self.legs, []
        t, V, Q, E, end = (np.asarray(x) for x in (legs.t, legs.V, legs.Q, legs.E, legs.end))
        for k, text in enumerate(self.texts):
            t_start = float(t[k - 1]) if k else float(self.t_start)
            is_skipped = float(t[k]) <= t_start
            reason = self._reason(k, int(end[k]), float(t[k]), float(V[k]), is_skipped)
            if k == len(self.texts) - 1:
                reason += limitation
            charge, energy = (float(x[k + 1] - x[k]) for x in (Q, E))
            rows.append(
                StepEnd(
                    self.first + k,
                    self.cycles[k],
                    text,
                    t_start,
                    float(t[k]),
                    reason,
                    is_skipped,
                    charge,
                    energy,
                    float(V[k]),
                    self.tags[k],
                )
            )
        return rows

    def _reason(self, k: int, end: int, t: float, V: float, is_skipped: bool) -> str:
        words, result = self.words[k], np.asarray(self.legs.result._value)[k]
        what = words[end] if end < len(words) else "its end"
        if is_skipped:
            return f"skipped: {what} was passed already at {V:.4g} V"
        if result == RESULTS.event_occurred._value:
            return f"{what} reached at {t:.4g} s"
        if result == RESULTS.successful._value:
            return f"duration completed at {V:.4g} V"
        if result == RESULTS.max_steps_reached._value:
            return f"failed: the number of time steps was used up at {t:.4g} s, {V:.4g} V"
        return f"failed: no time step is small enough at {t:.4g} s, {V:.4g} V"


def joined(chains: Sequence[Chain]) -> Chain:
    """Chains that follow each other as one."""
    legs = [chain.legs for chain in chains]
    rows: Any = jax.tree.map(lambda *xs: np.concatenate([np.asarray(x) for x in xs]), *legs)
    from_start = lambda of: np.concatenate([of(legs[0])[:1], *(of(each)[1:] for each in legs)])
    rows = rows._replace(Q=from_start(lambda each: each.Q), E=from_start(lambda each: each.E))
    together = lambda of: tuple(x for chain in chains for x in of(chain))
    return Chain(
        rows,
        together(lambda chain: chain.texts),
        together(lambda chain: chain.cycles),
        together(lambda chain: chain.words),
        together(lambda chain: chain.tags),
        chains[0].t_start,
        chains[0].first,
    )


def summarised(steps: list[StepEnd]) -> list[CycleSummary]:
    """A row for every cycle."""
    rows = []
    for cycle in dict.fromkeys(step.cycle for step in steps):
        of = [step for step in steps if step.cycle == cycle]
        charge_out, charge_in, energy_out, energy_in = passed(of)
        share = lambda out, into: out / into if into > 0 else float("nan")
        tags = tuple(dict.fromkeys(tag for step in of for tag in step.tags))
        rows.append(
            CycleSummary(
                cycle,
                of[-1].t_end,
                charge_out,
                charge_in,
                energy_out,
                energy_in,
                share(charge_out, charge_in),
                share(energy_out, energy_in),
                of[-1].V_end,
                tags,
            )
        )
    return rows
