"""The sign of a current: which way the file counts, found from the rows themselves."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from cellsim.fitting.noise import noise_on
from cellsim.fitting.readers.format import Role
from cellsim.fitting.readers.numbers import numbers_in
from cellsim.fitting.readers.reading import Reading
from cellsim.fitting.readers.table import counted

LOADED = 0.02  # of the greatest current: what is no rest
JUMP = 0.2  # of the greatest current, between two rows
SURE = 0.5  # agreement, of 1, from which the voltage has a say
UNSURE = 0.2  # agreement below which nothing was found
BOTH_WAYS = 0.15  # share of the voltage's way in each direction that one current cannot explain
WAY = 0.1  # V, that the voltage must have gone for it to tell so
MOVES = 10.0  # standard deviations, above which a move of the voltage is one
FEW = 10  # rows that do not show the digits of an instrument yet
LEAST_CHANGE = 1e-4  # V


def signed(reading: Reading, I: np.ndarray, V: np.ndarray) -> Float[np.ndarray, " rows"]:
    """The current [A] with the sign that discharges are positive.

    A sign that is told wins. Without it the states of the rows decide (and give an unsigned current its sign), then the
    charges that grow, then the voltage, which falls on discharge, and last what is usual in files of the format.

    Raises `UnreadableRecord` where nothing decides, and where the voltage says the contrary of the states.
    """
    told = reading.told
    if told.current is not None or Role.CURRENT not in reading.columns:
        return I  # a current that is told has its sign, and so has one of two columns
    if np.max(np.abs(I), initial=0.0) == 0.0:
        reading.say("No current passes in any row.")
        return I
    seen = _by_voltage(I, V)
    if told.current_sign is not None:
        return _as_told(reading, I, seen, told.current_sign)
    by_states = _by_states(reading, I, V)
    if by_states is not None:
        return by_states
    by_charges = _by_charges(reading, I)
    if by_charges and not (abs(seen) > SURE and np.sign(seen) != by_charges):
        reading.say(f"The current is positive on {_way(by_charges)} in the file, as the capacities grow with it.")
        return by_charges * I
    if _is_unsigned(I, V):
        raise reading.refused(
            "the current never changes its sign, and yet the voltage rises and falls under it: the instrument wrote "
            "sizes alone. Name the column that tells charge from discharge: columns={'state': ...}."
        )
    if abs(seen) > UNSURE:
        turned, goes = ("", "falls") if seen > 0 else (", and was turned", "rises")
        reading.say(f"The current is positive on {_way(seen)} in the file{turned}: the voltage {goes} with it.")
        return np.sign(seen) * I
    usual = reading.form.current_sign
    if usual:
        reading.say(
            f"The current is taken to be positive on {_way(usual)}, as is usual in such files: the voltage does not "
            "tell."
        )
        return usual * I
    is_flat = float(np.ptp(V)) < LEAST_CHANGE
    flat = f"the voltage is {V[0]:.4g} V in all rows (a hold, or not the voltage)"
    raise reading.refused(
        f"the sign of the current cannot be found: {flat if is_flat else 'the voltage does not follow the current'}. "
        "Say current_sign=1 if the file counts discharge positive, or current_sign=-1 if charge."
    )


def _way(sign: Any) -> str:
    return "discharge" if sign > 0 else "charge"


def _as_told(reading: Reading, I: np.ndarray, seen: float, sign: int) -> np.ndarray:
    if sign not in (1, -1):
        raise reading.refused(
            f"current_sign is {sign}; it must be 1 (the file counts discharge positive) or -1 (it counts charge so)."
        )
    disagrees = abs(seen) > SURE and np.sign(seen) != sign
    more = "; but the voltage rises with it" if disagrees else ""
    reading.say(f"The current's sign was {'kept' if sign == 1 else 'turned'}, as told{more}.")
    return sign * I


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


def _by_states(reading: Reading, I: np.ndarray, V: np.ndarray) -> np.ndarray | None:
    """By the words for each row; None where they say nothing of the rows in which current passes."""
    cells = reading.cells(Role.STATE)
    state = None if cells is None else states_in(cells)
    if state is None:
        return None
    loaded = np.abs(I) > LOADED * np.max(np.abs(I))
    out, into = loaded & (state == 1), loaded & (state == -1)
    if not (out.any() or into.any()):
        return None
    if out.any() and into.any() and np.sign(np.mean(I[out])) == np.sign(np.mean(I[into])):
        found = _with_signs(reading, I, state, loaded)
    else:
        sign = float(np.sign(np.sum(I[out]) - np.sum(I[into]))) or 1.0
        turned = "" if sign > 0 else "; it was turned"
        reading.say(f"The current is positive on {_way(sign)} in the file, as the states of its rows have it{turned}.")
        found = sign * I
    if _by_voltage(found, V) < -SURE:
        raise reading.refused(
            "the states of the rows and the voltage contradict each other: the voltage rises in what is called a "
            "discharge. Say current_sign=1 if the file counts discharge positive, or current_sign=-1."
        )
    return found


def _with_signs(reading: Reading, I: np.ndarray, state: np.ndarray, loaded: np.ndarray) -> np.ndarray:
    """An unsigned current with the signs of the states. Raises `UnreadableRecord` where a state has none."""
    unknown = loaded & (np.isnan(state) | (state == 0))
    if unknown.any():
        raise reading.refused(
            f"the current has no sign, and {counted(int(unknown.sum()), 'row')} with current neither charge nor "
            "discharge by the column of states. Name another: columns={'state': ...}.",
            row=int(np.flatnonzero(unknown)[0]),
        )
    reading.say("The current is unsigned in the file; it has the sign that the states of its rows give.")
    return np.where(np.isnan(state), 0.0, state) * np.abs(I)


def _by_charges(reading: Reading, I: np.ndarray) -> float:
    """1 where the charge given off grows with the current, -1 where the charge taken in does, 0 where none tells."""
    votes = 0.0
    for role, sense in ((Role.CHARGE_OUT, 1.0), (Role.CHARGE_IN, -1.0)):
        cells = reading.cells(role)
        if cells is not None and len(I) > 1:
            loaded = np.abs(I[1:]) > LOADED * np.max(np.abs(I))
            grown = np.nan_to_num(np.diff(numbers_in(cells).values))
            votes += sense * np.sum(np.sign(I[1:]) * np.sign(grown) * loaded) / max(np.sum(loaded), 1)
    return float(np.sign(votes)) if abs(votes) > UNSURE else 0.0


def _by_voltage(I: np.ndarray, V: np.ndarray) -> float:
    """From -1 to 1: how surely the voltage falls where the current is, or becomes, greater.

    It does at a jump of the current, for a resistance is positive, and under a steady current; each counts by how far
    the voltage moves.
    """
    if len(I) < 2:
        return 0.0
    dI, dV = np.diff(I), np.diff(V)
    jumps = np.abs(dI) > JUMP * np.max(np.abs(I))
    I_steady, dV_steady = _way_under_current(I, V)
    moves = np.concatenate([np.sign(dI[jumps]) * dV[jumps], np.sign(I_steady) * dV_steady])
    total = float(np.sum(np.abs(moves)))
    return -float(np.sum(moves)) / total if total > 0 else 0.0


def _way_under_current(I: np.ndarray, V: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The way that the voltage goes under a steady current: currents [A], and moves of the voltage [V] that are greater
    than its noise and its digits."""
    dV = np.abs(np.diff(V))
    digit = float(np.min(dV[dV > 0], initial=np.inf)) if len(V) >= FEW and dV.any() else 0.0
    least = max(MOVES * noise_on(V), 1.5 * digit)
    rows, last = [0], float(V[0])
    for k, x in enumerate(V.tolist()):
        if abs(x - last) > least:
            rows.append(k)
            last = x
    I, dV = I[rows], np.diff(V[rows])
    most = np.max(np.abs(I), initial=0.0)
    is_steady = (np.abs(np.diff(I)) < JUMP * most) & (np.minimum(np.abs(I[1:]), np.abs(I[:-1])) > LOADED * most)
    return I[1:][is_steady], dV[is_steady]


def _is_unsigned(I: np.ndarray, V: np.ndarray) -> bool:
    """Whether the voltage goes far both up and down under a current of one sign."""
    most = np.max(np.abs(I))
    if np.min(I) < -LOADED * most and np.max(I) > LOADED * most:
        return False
    _, dV = _way_under_current(I, V)
    up, down = np.sum(np.clip(dV, 0, None)), np.sum(np.clip(-dV, 0, None))
    return bool(min(up, down) > max(WAY, BOTH_WAYS * (up + down)))
