"""The sign of a current: which way the file counts, found from the rows themselves."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from cellsim.fitting.readers.errors import UnreadableRecord
from cellsim.fitting.readers.table import Table, counted

LOADED = 0.02  # of the greatest current: what is no rest
JUMP = 0.2  # of the greatest current, between two rows
SURE = 0.5  # agreement, of 1, from which the voltage has a say
BOTH_WAYS = 0.15  # share of the voltage's way in each direction that one current cannot explain
WAY = 0.1  # V, that the voltage must have gone for it to tell so
LEAST_CHANGE = 1e-4  # V


class Signed(NamedTuple):
    """Currents [A], positive on discharge, and a sentence on how that was found."""

    I: Float[np.ndarray, " rows"]
    said: list[str]


class Evidence(NamedTuple):
    """What a file tells besides: the state of each row (1 discharge, -1 charge, 0 neither, NaN unknown), and charges
    that grow on charge and on discharge."""

    state: np.ndarray | None = None
    charge_in: np.ndarray | None = None
    charge_out: np.ndarray | None = None


def signed(
    file: str, I: np.ndarray, V: np.ndarray, known: Evidence, current_sign: int | None, usual: int, table: Table
) -> Signed:
    """The current with the sign that discharges are positive.

    `current_sign` is what a user says the file's numbers are to be multiplied with. Without it the states of the rows
    decide (and give an unsigned current its sign), then the charges, then the voltage, which falls on discharge, and
    last what is `usual` in files of the format (0 where nothing is).

    Raises `UnreadableRecord` where nothing decides, and where the voltage says the contrary of the states.
    """
    most = float(np.max(np.abs(I), initial=0.0))
    if most == 0.0:
        return Signed(I, ["No current passes in any row."])
    seen = _by_voltage(I, V)
    if current_sign is not None:
        if current_sign not in (1, -1):
            raise UnreadableRecord(
                file, f"current_sign is {current_sign}; it must be 1 (the file counts discharge positive) or -1."
            )
        disagrees = abs(seen) > SURE and np.sign(seen) != current_sign
        said = "; but the voltage rises with it" if disagrees else ""
        return Signed(
            current_sign * I, [f"The current's sign was {'kept' if current_sign == 1 else 'turned'}, as told{said}."]
        )
    if known.state is not None:
        found = _by_state(file, I, known.state, table)
        if found is not None:
            after = _by_voltage(found.I, V)
            if after < -SURE:
                raise UnreadableRecord(
                    file,
                    "the states of the rows and the voltage contradict each other: the voltage rises in what is "
                    "called a "
                    "discharge. Say current_sign=1 if the file counts discharge positive, or current_sign=-1.",
                )
            return found
    by_charge = _by_charge(I, known)
    if by_charge and not (abs(seen) > SURE and np.sign(seen) != by_charge):
        why = "the capacities grow" if by_charge else ""
        return Signed(
            by_charge * I,
            [f"The current is positive on {'discharge' if by_charge > 0 else 'charge'} in the file, as {why} with it."],
        )
    if _is_unsigned(I, V):
        raise UnreadableRecord(
            file,
            "the current never changes its sign, and yet the voltage rises and falls under it: the instrument wrote "
            "sizes "
            "alone. Name the column that tells charge from discharge: columns={'state': ...}.",
        )
    if abs(seen) <= 0.2 and usual:
        counts = "discharge" if usual > 0 else "charge"
        return Signed(
            usual * I,
            [f"The current is taken to be positive on {counts}, as is usual in such files: the voltage does not tell."],
        )
    if abs(seen) <= 0.2:
        flat = float(np.ptp(V)) < LEAST_CHANGE
        why = (
            f"the voltage is {V[0]:.4g} V in all rows (a hold, or not the voltage)"
            if flat
            else "the voltage does not follow the current"
        )
        raise UnreadableRecord(
            file,
            f"the sign of the current cannot be found: {why}. Say current_sign=1 if the file counts discharge "
            "positive, or current_sign=-1 if charge.",
        )
    counts = "discharge" if seen > 0 else "charge"
    turned = "" if seen > 0 else ", and was turned"
    return Signed(
        np.sign(seen) * I,
        [
            f"The current is positive on {counts} in the file{turned}: the voltage "
            f"{'falls' if seen > 0 else 'rises'} with it."
        ],
    )


def states_in(cells: Sequence[Any] | np.ndarray) -> np.ndarray | None:
    """1 for a discharge, -1 for a charge, 0 for a rest, NaN for other words; None where there are no such words."""
    if isinstance(cells, np.ndarray) and cells.dtype.kind in "fiub":
        return None
    meaning = {cell: _state(str(cell)) for cell in set(map(str, cells))}
    states = np.array([meaning[str(cell)] for cell in cells])
    return states if np.any(np.abs(states) == 1) else None


def _state(word: str) -> float:
    """`CC DChg`, `D`, `Discharge`, `DCH` discharge; `C`, `CHA`, `Chg` charge; `R`, `PAU`, `Rest`, `OCV` rest."""
    letters = re.sub(r"[^a-z]", "", word.lower())
    if letters == "d" or "dis" in letters or "dch" in letters or "entlad" in letters:
        return 1.0
    if (
        letters == "c"
        or letters.startswith("ch")
        or "chg" in letters
        or "charge" in letters
        or "chrg" in letters
        or letters == "laden"
    ):
        return -1.0
    is_rest = letters in ("r", "o", "p", "s", "ocv", "oc") or any(
        word in letters for word in ("rest", "pau", "idle", "relax")
    )
    return 0.0 if is_rest else np.nan


def _by_state(file: str, I: np.ndarray, state: np.ndarray, table: Table) -> Signed | None:
    """By the words for each row; None where they say nothing of the rows in which current passes."""
    loaded = np.abs(I) > LOADED * np.max(np.abs(I))
    out, into = loaded & (state == 1), loaded & (state == -1)
    if not (out.any() or into.any()):
        return None
    is_unsigned = out.any() and into.any() and np.sign(np.mean(I[out])) == np.sign(np.mean(I[into]))
    if not is_unsigned:
        sign = np.sign(np.sum(I[out]) - np.sum(I[into])) or 1.0
        said = (
            f"The current is positive on {'discharge' if sign > 0 else 'charge'} in the file, as the states of "
            "its rows have it."
        )
        return Signed(sign * I, [said if sign > 0 else f"{said[:-1]}; it was turned."])
    unknown = (np.abs(I) > 0) & (np.isnan(state) | (state == 0)) & loaded
    if unknown.any():
        k = int(np.flatnonzero(unknown)[0])
        raise UnreadableRecord(
            file,
            f"the current has no sign, and {counted(int(unknown.sum()), 'row')} with current neither charge nor "
            "discharge by "
            "the column of states. Name another: columns={'state': ...}.",
            line=int(table.lines[k]),
        )
    values = np.where(np.isnan(state), 0.0, state) * np.abs(I)
    return Signed(values, ["The current is unsigned in the file; it has the sign that the states of its rows give."])


def _by_charge(I: np.ndarray, known: Evidence) -> float:
    """1 where the charge given off grows with the current, -1 where the charge taken in does, 0 where none tells."""
    votes = 0.0
    for charge, sense in ((known.charge_out, 1.0), (known.charge_in, -1.0)):
        if charge is not None and len(I) > 1:
            loaded = np.abs(I[1:]) > LOADED * np.max(np.abs(I))
            grown = np.diff(charge)
            grown[~np.isfinite(grown)] = 0.0
            votes += sense * np.sum(np.sign(I[1:]) * np.sign(grown) * loaded) / max(np.sum(loaded), 1)
    return float(np.sign(votes)) if abs(votes) > 0.2 else 0.0


def _by_voltage(I: np.ndarray, V: np.ndarray) -> float:
    """From -1 to 1: how surely the voltage falls where the current is, or becomes, greater.

    A jump of the current tells most, for a resistance is positive; where there is none, the way the voltage goes.
    """
    if len(I) < 2:
        return 0.0
    dI, dV, most = np.diff(I), np.diff(V), np.max(np.abs(I))
    jumps = np.abs(dI) > JUMP * most
    by_jumps = -_share(dI[jumps] * dV[jumps]) if jumps.any() else 0.0
    between = 0.5 * (I[1:] + I[:-1])
    steady = ~jumps & (np.abs(between) > LOADED * most)
    by_way = -_share(np.sign(between[steady]) * dV[steady]) if steady.any() else 0.0
    return by_jumps if abs(by_jumps) > SURE else by_way


def _share(values: np.ndarray) -> float:
    """The sum as a share of the sum of sizes."""
    total = float(np.sum(np.abs(values)))
    return float(np.sum(values)) / total if total > 0 else 0.0


def _is_unsigned(I: np.ndarray, V: np.ndarray) -> bool:
    """Whether the voltage goes far both up and down under a current of one sign."""
    most = np.max(np.abs(I))
    if np.min(I) < -LOADED * most and np.max(I) > LOADED * most:
        return False
    loaded = (np.abs(I[1:]) > LOADED * most) & (np.abs(I[:-1]) > LOADED * most)
    steady = loaded & (np.abs(np.diff(I)) < 0.01 * most)
    up, down = np.sum(np.clip(np.diff(V)[steady], 0, None)), np.sum(np.clip(-np.diff(V)[steady], 0, None))
    return bool(min(up, down) > max(WAY, BOTH_WAYS * (up + down)))
