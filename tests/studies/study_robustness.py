"""Cells, rates and temperatures drawn over all that is plausible: every run ends, or says why it cannot go on.

A Latin hypercube of cells around those of Chen (2020) and Marquis (2019): layers, pores, particles, rates of transport
and of reaction, the salt and the balance of the electrodes; -20 to 60 degC, C/20 to 6C, discharges, charges and
protocols of several steps, from any state of charge. A run must end where its step ends, or with what in the cell does
not let it go on; every number that it leaves must be a number, and lithium, salt and charge must balance.
"""

import collections
import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from rows import Row
from scipy.stats import qmc

import cellsim as cs
from cellsim.constants import ZERO_CELSIUS
from cellsim.ensemble.changes import with_changes
from cellsim.models.subject import subject_of, with_subject
from cellsim.parameters import get
from cellsim.simulation.solution import CannotStart, OutsideMeasuredRange

CELLS, SEED = 500, 0
BALANCE = 1e-8  # relative; asked of all three
BEYOND = 1e-3  # of the lithiation; more of it would be lithium without a site

# factors on what the published cell has, by path
FACTORS = {
    "negative.particle.R_p": (0.2, 3.0),
    "positive.particle.R_p": (0.2, 3.0),
    "negative.particle.D_s.scale": (0.03, 30.0),
    "positive.particle.D_s.scale": (0.03, 30.0),
    "negative.particle.kinetics.k": (0.03, 30.0),
    "positive.particle.kinetics.k": (0.03, 30.0),
    "negative.C_dl": (0.1, 25.0),
    "positive.C_dl": (0.1, 25.0),
    "negative.sigma": (0.1, 10.0),
    "positive.sigma": (0.1, 10.0),
    "separator.L": (0.4, 3.0),
    "positive.L": (0.3, 2.5),
    "electrolyte.kappa.scale": (0.1, 3.0),
    "electrolyte.D.scale": (0.1, 3.0),
}
# values of their own
VALUES = {
    "electrolyte.t_plus": (-0.2, 0.9),  # -
    "electrolyte.chi": (0.5, 5.0),  # -
    "c0": (400.0, 2200.0),  # mol/m3
    "negative.eps": (0.15, 0.6),
    "separator.eps": (0.3, 0.9),
    "positive.eps": (0.15, 0.6),
    "negative.particle.kinetics.E": (0.0, 7e4),  # J/mol
    "positive.particle.kinetics.E": (0.0, 7e4),
    "R_contact": (0.0, 0.02),  # Ohm
}
# what is no parameter of the cell
CONDITIONS = {
    "active share of the negative solid": (0.7, 0.98),
    "active share of the positive solid": (0.7, 0.98),
    "balance": (0.85, 1.25),  # capacity of the negative over that of the positive electrode, times the published one
    "C-rate": (0.05, 6.0),
    "temperature": (-20.0, 60.0),  # degC
    "soc": (0.0, 1.0),
    "kind": (0.0, 1.0),
    "procedure": (0.0, 1.0),
}
LOGARITHMIC = {*FACTORS, "C-rate"}
MODELS: dict[str, tuple[float, Callable[[], Any]]] = {  # shares of the runs
    "DFN of Chen2020": (0.45, lambda: cs.DFN(cs.load_cell("Chen2020"), cs.Mesh.coarse())),
    "DFN of Marquis2019": (0.25, lambda: cs.DFN(cs.load_cell("Marquis2019"), cs.Mesh.coarse())),
    "DFN of Chen2020 with heat": (0.1, lambda: cs.Lumped(cs.DFN(cs.load_cell("Chen2020"), cs.Mesh.coarse()))),
    "SPMe of Chen2020": (0.1, lambda: cs.SPMe(cs.load_cell("Chen2020"), cs.Mesh.coarse())),
    "SPM of Marquis2019": (0.1, lambda: cs.SPM(cs.load_cell("Marquis2019"), cs.Mesh.coarse())),
}
PROCEDURES = {
    "discharge": (0.4, "Discharge at {rate}C"),
    "charge": (0.25, "Charge at {rate}C"),
    "charge and hold": (0.15, ["Charge at {rate}C", "Hold at {V_max} V until C/20 or for 5 hours", "Rest for 1 hour"]),
    "pulses": (0.1, ["Rest for 10 seconds", ["Discharge at {rate}C for 30 seconds", "Rest for 10 minutes"]]),
    "power": (0.1, ["Discharge at {P} W", "Rest for 1 hour", "Charge at {rate}C"]),
}


class Draw(NamedTuple):
    """A run: its cell, and what is asked of it."""

    number: int
    kind: str
    procedure: str
    model: Any
    protocol: Any
    soc: float
    T: float  # K

    def __str__(self) -> str:
        return f"{self.number}: {self.kind}, {self.protocol} at {self.T - ZERO_CELSIUS:.1f} degC, soc {self.soc:.3f}"


class End(NamedTuple):
    """What became of a run; `wrong` where it is nothing that may be."""

    what: str
    is_wrong: bool = False
    is_complete: bool = False
    balance: tuple[float, ...] = (0.0, 0.0, 0.0)  # relative errors of lithium, salt and charge, where they are known
    reach: tuple[float, float] = (0.5, 0.5)  # least and greatest lithiation anywhere


def draws(cells: int, seed: int) -> Iterator[Draw]:
    """The runs, kind by kind, so that few programs are held at a time."""
    bounds = {**FACTORS, **VALUES, **CONDITIONS}
    points = qmc.LatinHypercube(len(bounds), rng=np.random.default_rng(seed)).random(cells)
    named = [dict(zip(bounds, point, strict=True)) for point in points]
    of = lambda point: {name: _value(name, *bounds[name], x) for name, x in point.items()}
    every = [(_chosen(MODELS, point["kind"]), k, of(point)) for k, point in enumerate(named)]
    for kind, (_, make) in MODELS.items():
        model = make()
        for _, k, values in (row for row in every if row[0] == kind):
            yield _draw(k, kind, model, values)


def _value(name: str, low: float, high: float, share: float) -> float:
    return low * (high / low) ** share if name in LOGARITHMIC else low + share * (high - low)


def _chosen(shares: dict[str, tuple[float, Any]], x: float) -> str:
    ends = np.cumsum([share for share, _ in shares.values()])
    return list(shares)[min(int(np.searchsorted(ends, x)), len(ends) - 1)]


def _draw(number: int, kind: str, model: Any, values: dict[str, float]) -> Draw:
    cell = drawn_cell(subject_of(model), values)
    procedure = _chosen(PROCEDURES, values["procedure"])
    rate, capacity = values["C-rate"], float(cell.capacity)
    words = {"rate": f"{rate:.4g}", "V_max": f"{float(cell.V_max):g}", "P": f"{3.6 * rate * capacity:.4g}"}
    protocol = _filled(PROCEDURES[procedure][1], words)
    T = values["temperature"] + ZERO_CELSIUS
    return Draw(number, kind, procedure, with_subject(model, cell), protocol, values["soc"], T)


def _filled(text: Any, words: dict[str, str]) -> Any:
    """A step in words, or a list of them, with its numbers."""
    return text.format(**words) if isinstance(text, str) else [_filled(part, words) for part in text]


def drawn_cell(published: Any, values: dict[str, float]) -> Any:
    """The published cell with these values in it; the nominal capacity is that of its positive electrode, and the
    thickness of the negative one follows from the balance."""
    changes = {path: values[path] for path in VALUES}
    for path in FACTORS:
        is_factor = path.endswith(".scale")
        changes[path] = values[path] * (1.0 if is_factor else float(get(published, path)))
    for side in ("negative", "positive"):
        share = values[f"active share of the {side} solid"]
        changes[f"{side}.particle.eps_s"] = (1 - changes[f"{side}.eps"]) * share
    held = lambda side: changes[f"{side}.particle.eps_s"] / float(get(published, f"{side}.particle.eps_s"))
    more = held("positive") * values["positive.L"]
    changes["negative.L"] = float(published.negative.L) * values["balance"] * more / held("negative")
    changes["capacity"] = float(published.capacity) * more
    return with_changes(published, changes)


# ---- what becomes of a run

# what a run may end with, by what its reason says; the first that fits
FULL = "(full|empty) at their surface"
COMPLETED = {
    FULL: "voltage reached with particles full or empty at their surface (diffusion in them)",
    "the electrolyte is depleted": "voltage reached with the electrolyte depleted (limiting current)",
    "cut-off voltage|^[0-9.]+ V reached": "voltage reached",
    "duration|C reached|A reached": "duration or current reached",
}
STATED = {
    "has no state of charge": "cannot rest at its cut-off voltages (balance of the electrodes)",
    "already past its end|is passed already": "past its end when it begins",
    FULL: "particles full or empty at their surface (diffusion in them)",
    "the electrolyte is depleted": "electrolyte depleted (limiting current)",
}


def ended(draw: Draw) -> End:
    """The end of a run, whatever happens."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OutsideMeasuredRange)
            return end_of(cs.simulate(draw.model, draw.protocol, soc=draw.soc, T=draw.T))
    except CannotStart as error:
        return stopped(str(error))
    except Exception as error:  # whatever comes is what is looked for
        return End(f"{type(error).__name__}: {error}", is_wrong=True)


def end_of(solution: Any) -> End:
    """Why a run stopped; wrong where it left anything that is no number."""
    reason = solution.stop_reason
    bad = not_numbers(solution)
    if bad:
        return End(f"no number in {', '.join(bad)}; {reason}", is_wrong=True)
    known = tuple(abs(x) if np.isfinite(x) else 0.0 for x in solution.balance)  # a model may know nothing of one
    seen = known, reach(solution)
    if not solution.succeeded:
        return stopped(reason, *seen)
    what = said(COMPLETED, reason)
    return End(what or f"ended unclearly: {reason}", not what, bool(what), *seen)


def stopped(reason: str, *seen: Any) -> End:
    """An end before that of the step; wrong where the reason is none of the cell's."""
    what = said(STATED, reason)
    return End(what or reason or "no reason", not what, False, *seen)


def said(known: dict[str, str], reason: str) -> str:
    """What a reason says, in the words of the table; nothing where it says none of that."""
    return next((what for words, what in known.items() if re.search(words, reason)), "")


def not_numbers(solution: Any) -> list[str]:
    """What a run left that is no number, by name."""
    found = {name: getattr(solution, name) for name in ("t", "V", "I", "T", "Q", "E", "capacity", "energy")}
    found |= {name: solution.profile(name) for name in solution.model.fields} | solution.losses
    return [name for name, x in found.items() if not np.isfinite(np.asarray(x)).all()]


def reach(solution: Any) -> tuple[float, float]:
    """The least and the greatest lithiation anywhere in a particle, at any time."""
    theta = [np.asarray(solution.profile(f"{side} particle lithiation")) for side in ("negative", "positive")]
    return min(float(x.min()) for x in theta), max(float(x.max()) for x in theta)


# ---- the table


def study(cells: int = CELLS, seed: int = SEED) -> list[Row]:
    """All runs, how they ended, and how well they balance."""
    ends: list[End] = []
    for draw in draws(cells, seed):
        ends.append(ended(draw))
        if ends[-1].is_wrong:
            print(f"  {draw}: {ends[-1].what}", flush=True)
    complete, wrong = [end for end in ends if end.is_complete], [end for end in ends if end.is_wrong]
    stated = [end for end in ends if not end.is_complete and not end.is_wrong]
    rows = [
        Row("runs", str(len(ends)), str(cells), len(ends) == cells),
        Row("completed", str(len(complete)), "most", 2 * len(complete) > len(ends)),
        *counted("completed", complete),
        Row("stopped with a reason", str(len(stated)), "with the rest completed", True),
        *counted("stopped", stated),
        Row("anything else", str(len(wrong)), "0", not wrong),
    ]
    names = ("lithium", "salt", "charge")
    for k, name in enumerate(names):
        worst = max((end.balance[k] for end in ends if len(end.balance) > k), default=0.0)
        rows.append(Row(f"{name} balance, worst", f"{worst:.1e}", f"at most {BALANCE:g}", worst <= BALANCE))
    least, greatest = min(end.reach[0] for end in ends), max(end.reach[1] for end in ends)
    rows.append(Row("least lithiation", f"{least:.4f}", f"{-BEYOND:g} or more", least >= -BEYOND))
    rows.append(Row("greatest lithiation", f"{greatest:.4f}", f"{1 + BEYOND:g} or less", greatest <= 1 + BEYOND))
    return rows


def counted(how: str, ends: list[End]) -> list[Row]:
    """A row for each kind of end."""
    counts = collections.Counter(end.what for end in ends)
    return [Row(f"{how}: {what}", str(count), "counted", True) for what, count in counts.most_common()]
