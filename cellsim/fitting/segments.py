"""A record taken apart into what was done to the cell: rests, constant currents, voltages and powers, and the rest.

Where the instrument numbered its steps, no stretch goes beyond one; within one, and in a record without numbers, each
stretch is the longest in which the current, the voltage or the power keeps to a band. Stretches that keep to nothing
for more than a few rows are profiles.

A step is taken to begin with the last row of the one before: instruments write the last moment of a step, and the first
row of the next only after an interval.
"""

import enum
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from cellsim.fitting.noise import noise_on
from cellsim.fitting.record import Record
from cellsim.protocols.controls import Profile
from cellsim.protocols.ends import AbstractEnd, AtCurrent, AtVoltage
from cellsim.protocols.protocol import Cycle, Protocol
from cellsim.protocols.steps import Step, charge, current, discharge, hold, power, rest

V_BAND = 3e-3  # V, either way, in which a held voltage is written
V_WIDEST = 10e-3  # V, of the band where the noise asks for a wider one
I_BAND = 2e-3  # of the greatest current of the record
I_RELATIVE = 5e-3  # of the current itself
P_RELATIVE = 5e-3  # of the power
NOISE = 5.0  # standard deviations in a band
FEW = 3  # rows that make no stretch yet, where a step is not known to begin and to end there
FEW_HELD = 5  # the same for a voltage or a power, which may seem to be held for some rows
SURELY_HELD = 20  # rows for which it does not but seem so
ROUND_LEVEL = 0.05  # V, of cut-off voltages
ROUND_HOLD = 0.01  # V, of voltages that are held
ROUND_TIME = 60.0  # s, of durations
SETTING_IN = 0.05  # of a constant current, that rows differ by as it sets in
SHORTEST = 2e-3  # s, of a step that is worth one
JUMP = 0.01  # of the greatest current, between two rows


class Kind(enum.Enum):
    """What was held; the value is its name in a sentence."""

    REST = "rest"
    CURRENT = "constant current"
    VOLTAGE = "constant voltage"
    POWER = "constant power"
    PROFILE = "profile"


class Stretch(NamedTuple):
    """A stretch of a record: the rows from `first` to before `stop`, from `t_start` to `t_end` [s]; what was held, and
    the value of that [A, V or W, positive on discharge; NaN of a profile]; what ended it, None where that was the
    time; and the instrument's numbers of step and cycle."""

    kind: Kind
    value: float
    first: int
    stop: int
    t_start: float
    t_end: float
    end: AbstractEnd | None = None
    step: int | None = None
    cycle: int | None = None

    @property
    def duration(self) -> float:
        """How long it lasted [s]."""
        return self.t_end - self.t_start

    @property
    def words(self) -> str:
        """What was done, as one would write it."""
        verb = "Discharge" if self.value > 0 else "Charge"
        match self.kind:
            case Kind.REST:
                what = "Rest"
            case Kind.CURRENT:
                what = f"{verb} at {abs(self.value):.4g} A"
            case Kind.VOLTAGE:
                what = f"Hold at {self.value:.5g} V"
            case Kind.POWER:
                what = f"{verb} at {abs(self.value):.4g} W"
            case _:
                what = "Profile"
        return f"{what} for {self.duration:.6g} s" if self.end is None else f"{what} until {self.end.words}"


def stretches(record: Record, *, V_band: float | None = None, I_band: float | None = None) -> list[Stretch]:
    """What was done to the cell, in order; every row of the record is in one stretch.

    `V_band` [V] and `I_band` [A] are what a value that is held may differ by, either way; by default 3 mV, and a
    five-hundredth of the greatest current and a two-hundredth of itself, or five standard deviations of the noise.
    """
    bands = _Bands.of(record, V_band, I_band)
    bounds = _bounds(record)
    found = [each for a, b in pairwise(bounds) for each in _in_step(record, bands, a, b)]
    joined = _profiles_joined(found)
    made = [_measured(record, kind, first, stop) for kind, first, stop in joined]
    return [_ended(record, bands, made, k) for k in range(len(made))]


def protocol_of(record: Record) -> Protocol:
    """The protocol that does to a cell what was done in `record`: rests, constant currents, voltages and powers with
    what ended them, the measured current as a profile where nothing was held. Cycles are those of the instrument.

    A step that is not known to end at a voltage or a current lasts as long as it did; its values are the means of what
    was measured. Steps of less than 2 ms are left out. Raises `ValueError` for a record without a longer one.
    """
    cycles: list[list[Step]] = []
    last: int | None = None
    for stretch in record.steps:
        if stretch.duration < SHORTEST:
            continue
        if not cycles or stretch.cycle != last:
            cycles.append([])
        cycles[-1].append(_step(record, stretch))
        last = stretch.cycle
    if not cycles:
        raise ValueError(f"a record of {record.t[-1] - record.t[0]:g} s holds no step.")
    return Protocol([Cycle(tuple(each)) for each in cycles])


def profile_of(record: Record) -> Step:
    """One step that holds the measured current: straight lines between the rows, and jumps where a step begins, at the
    time of the row before it."""
    t, I = _with_jumps(record, 0, len(record))
    return current(Profile(t - t[0], I), float(t[-1] - t[0]))


# ---- taking apart


class _Bands(NamedTuple):
    """What a value that is held may differ by, and below what a current is none [A]."""

    V: float
    I: float
    I_relative: float
    zero: float

    @classmethod
    def of(cls, record: Record, V_band: float | None, I_band: float | None) -> "_Bands":
        most = float(np.max(np.abs(record.I), initial=0.0))
        if V_band is None:
            V_band = float(np.clip(NOISE * noise_on(record.V), V_BAND, V_WIDEST))
        if I_band is not None:
            return cls(V_band, I_band, 0.0, I_band)
        noise = min(NOISE * noise_on(record.I), 2 * JUMP * most)
        return cls(V_band, max(I_BAND * most, noise), I_RELATIVE, max(I_BAND * most, noise))


def _bounds(record: Record) -> list[int]:
    """Rows at which the instrument began a step or a cycle, and the end."""
    new = np.zeros(len(record), dtype=bool)
    for numbers in (record.step, record.cycle):
        if numbers is not None:
            new[1:] |= numbers[1:] != numbers[:-1]
    return [0, *np.flatnonzero(new).tolist(), len(record)]


def _in_step(record: Record, bands: _Bands, a: int, b: int) -> list[tuple[Kind, int, int]]:
    """The stretches from row `a` to before row `b`, each the longest that begins with its row."""
    I, V = record.I[a:b], record.V[a:b]
    size = np.abs(I)
    found: list[tuple[Kind, int, int]] = []
    k = 0
    while k < b - a:
        kind, n = _longest(I, V, size, bands, k)
        found.append((kind, a + k, a + k + n))
        k += n
    if len(found) == 1:
        return found
    doubted = [
        (Kind.PROFILE, *each[1:]) if _is_doubtful(record, bands, found, k) else each for k, each in enumerate(found)
    ]
    return _tidied(record, bands, doubted)


def _is_doubtful(record: Record, bands: _Bands, found: list[tuple[Kind, int, int]], k: int) -> bool:
    """Whether a voltage or a power may but seem to be held, as for a moment of a drive cycle: for few rows, and not at
    a voltage that a constant current has reached."""
    kind, first, stop = found[k]
    if kind not in (Kind.VOLTAGE, Kind.POWER) or stop - first >= SURELY_HELD:
        return False
    before, start, _ = found[k - 1] if k > 0 else (Kind.REST, 0, 0)
    is_reached = abs(record.V[first - 1] - np.median(record.V[first:stop])) <= 3 * bands.V
    return not (kind is Kind.VOLTAGE and before is Kind.CURRENT and first - start >= FEW_HELD and is_reached)


def _longest(I: np.ndarray, V: np.ndarray, size: np.ndarray, bands: _Bands, k: int) -> tuple[Kind, int]:
    """What is held from row `k` on, and for how many rows; `size` is that of the current."""
    if size[k] <= bands.zero:
        return Kind.REST, _run(size, k, 0.0, bands.zero)
    of_current = _with_current(size, k, _run(I, k, bands.I + bands.I_relative * size[k]), bands.zero)
    of_voltage = _with_current(size, k, _run(V, k, bands.V), bands.zero)
    longest = max(of_current, of_voltage)
    band = P_RELATIVE * abs(I[k] * V[k]) + 0.5 * bands.I * abs(V[k])
    part = slice(k, k + 4 * max(longest, 8))  # a look ahead tells whether to look further
    if _run(I[part] * V[part], 0, band) > max(1.2 * longest, FEW_HELD):
        of_power = _with_current(size, k, _run(I[k:] * V[k:], 0, band), bands.zero)
        if of_power > max(1.2 * longest, FEW_HELD):
            return Kind.POWER, of_power
    falls = size[k + of_voltage - 1] < size[k]  # as it does where a voltage is held
    if of_voltage > of_current and of_voltage >= FEW_HELD and falls:
        return Kind.VOLTAGE, of_voltage
    return Kind.CURRENT, of_current


def _with_current(size: np.ndarray, k: int, n: int, zero: float) -> int:
    """How many of `n` rows from `k` on come before one without a current."""
    is_none = size[k : k + n] <= zero
    return int(np.argmax(is_none)) if is_none.any() else n


def _run(x: np.ndarray, k: int, band: float, top: float | None = None) -> int:
    """How many values from `k` on keep to a band of twice `band`, or below `top`; looked at in windows that double."""
    n, window = 0, 32
    low, high = np.inf, -np.inf
    while k + n < len(x):
        part = x[k + n : k + n + window]
        if top is not None:
            is_out = part > top
        else:
            lows, highs = np.minimum.accumulate(part), np.maximum.accumulate(part)
            is_out = np.maximum(highs, high) - np.minimum(lows, low) > 2 * band
            low, high = min(low, float(lows[-1])), max(high, float(highs[-1]))
        if is_out.any():
            return max(n + int(np.argmax(is_out)), 1)
        n, window = n + len(part), 2 * window
    return n


def _tidied(record: Record, bands: _Bands, found: list[tuple[Kind, int, int]]) -> list[tuple[Kind, int, int]]:
    """Few rows at the beginning of a step, as its current sets in, belong to what follows; few rows between two equal
    stretches to both; other few rows are a profile."""
    kept: list[tuple[Kind, int, int]] = []
    for k, (kind, first, stop) in enumerate(found):
        is_short = stop - first < FEW
        following = found[k + 1] if k + 1 < len(found) else None
        if is_short and kind is not Kind.REST and following is not None and _sets_in(record, (first, stop), following):
            found[k + 1] = (following[0], first, following[2])
            continue
        before = kept[-1] if kept else None
        if (
            before is not None
            and before[2] == first
            and before[0] is kind
            and not is_short
            and _agree(record, bands, before, (kind, first, stop))
        ):
            kept[-1] = (kind, before[1], stop)
        elif (
            is_short
            and before is not None
            and following is not None
            and before[0] is following[0]
            and _agree(record, bands, before, following)
        ):
            kept[-1] = (before[0], before[1], stop)
        else:
            kept.append((Kind.PROFILE if is_short and kind is not Kind.REST else kind, first, stop))
    return kept


def _sets_in(record: Record, rows: tuple[int, int], following: tuple[Kind, int, int]) -> bool:
    """Whether rows with a current are but the first moment of the stretch that follows, which has one too."""
    kind, first, stop = following
    t, start = record.t, max(rows[0] - 1, 0)
    return bool(
        kind is not Kind.REST
        and stop - first >= FEW
        and t[rows[1] - 1] - t[start] <= max(1.0, 0.02 * (t[stop - 1] - t[first]))
    )


def _agree(record: Record, bands: _Bands, one: tuple[Kind, int, int], other: tuple[Kind, int, int]) -> bool:
    """Whether two stretches hold the same."""
    x = record.V if one[0] is Kind.VOLTAGE else record.I
    if one[0] in (Kind.PROFILE, Kind.POWER):
        return False
    a, b = np.median(x[one[1] : one[2]]), np.median(x[other[1] : other[2]])
    return bool(abs(a - b) <= (bands.V if one[0] is Kind.VOLTAGE else bands.I + bands.I_relative * abs(a)))


def _profiles_joined(found: list[tuple[Kind, int, int]]) -> list[tuple[Kind, int, int]]:
    """Profiles next to each other are one, and so are those with but few rows of something else between them."""
    kept: list[tuple[Kind, int, int]] = []
    for k, (kind, first, stop) in enumerate(found):
        is_between = k + 1 < len(found) and found[k + 1][0] is Kind.PROFILE
        is_few = kind is Kind.PROFILE or (stop - first <= 2 * FEW and (kind is not Kind.REST or is_between))
        if kept and kept[-1][0] is Kind.PROFILE and is_few:
            kept[-1] = (Kind.PROFILE, kept[-1][1], stop)
        else:
            kept.append((kind, first, stop))
    return kept


# ---- what was held, and until when


def _measured(record: Record, kind: Kind, first: int, stop: int) -> Stretch:
    t, I, V = record.t, record.I, record.V
    start = float(t[max(first - 1, 0)])
    weights = np.diff(t[first:stop], prepend=start)
    if first == 0 or not np.sum(weights) > 0:
        weights = np.gradient(t[first:stop]) if stop - first > 1 else np.ones(1)
    if kind in (Kind.VOLTAGE, Kind.POWER) and stop - first > 2:
        weights[0] = 0.0  # the voltage comes to what is held within the first interval
    x = {Kind.VOLTAGE: V, Kind.POWER: V * I}.get(kind, I)[first:stop]
    if kind is Kind.CURRENT:
        middle = float(np.median(x))
        weights = np.where(np.abs(x - middle) <= SETTING_IN * abs(middle), weights, 0.0)
    if not np.sum(weights) > 0:
        weights = np.ones(stop - first)
    value = {Kind.REST: 0.0, Kind.PROFILE: np.nan}.get(kind, float(np.average(x, weights=weights)))
    if kind is Kind.VOLTAGE:
        value = _rounded(value, ROUND_HOLD, 1e-3)
    number = lambda x: None if x is None else int(x[first])
    return Stretch(kind, value, first, stop, start, float(t[stop - 1]), None, number(record.step), number(record.cycle))


def _rounded(x: float, unit: float, within: float) -> float:
    """The next multiple of `unit`, where it is that near."""
    near = round(round(x / unit) * unit, 6)
    return near if abs(near - x) <= within else x


def _ended(record: Record, bands: _Bands, made: list[Stretch], k: int) -> Stretch:
    """The stretch with what ended it: the voltage that is held next, or a round one; the current of a hold, unless the
    time is round."""
    this = made[k]
    last = this.stop - 1
    V, I = float(record.V[last]), float(record.I[last])
    is_timed = _is_round(this.duration)
    if this.kind is Kind.VOLTAGE:
        return this if is_timed or abs(I) <= bands.zero else this._replace(end=AtCurrent(abs(I)))
    if this.kind not in (Kind.CURRENT, Kind.POWER):
        return this
    following = made[k + 1] if k + 1 < len(made) else None
    if following is not None and following.kind is Kind.VOLTAGE and abs(V - following.value) <= 3 * bands.V:
        return this._replace(end=AtVoltage(following.value))
    level = _rounded(V, ROUND_LEVEL, bands.V)
    is_extreme = V <= record.V.min() + bands.V if this.value > 0 else V >= record.V.max() - bands.V
    is_level = abs(level - V) <= bands.V and abs(level / ROUND_LEVEL - round(level / ROUND_LEVEL)) < 1e-6
    is_ended = (is_level and is_extreme) or (not is_timed and (is_level or is_extreme))
    return this._replace(end=AtVoltage(level)) if is_ended else this


def _is_round(duration: float) -> bool:
    """Whether somebody is likely to have asked for it: whole minutes, or tens of seconds, but for a little."""
    unit = ROUND_TIME if duration > 1.5 * ROUND_TIME else 10.0
    off = abs(duration / unit - round(duration / unit)) * unit
    return round(duration / unit) > 0 and off <= min(max(0.15, 2e-4 * duration), 1.0)


def _step(record: Record, stretch: Stretch) -> Step:
    end, duration = stretch.end, None if stretch.end is not None else stretch.duration
    match stretch.kind:
        case Kind.REST:
            return rest(stretch.duration)
        case Kind.CURRENT if isinstance(end, AtVoltage):
            return (discharge if stretch.value > 0 else charge)(I=abs(stretch.value), until=float(end.V))
        case Kind.CURRENT:
            return current(stretch.value, duration)
        case Kind.VOLTAGE:
            return hold(stretch.value, duration, end)
        case Kind.POWER:
            return power(stretch.value, duration, end)
        case _:
            t, I = _with_jumps(record, stretch.first, stretch.stop)
            start = stretch.t_start
            if t[0] > start:
                t, I = np.concatenate([[start], t]), np.concatenate([I[:1], I])
            return current(Profile(t - start, I), stretch.duration)


def _with_jumps(
    record: Record, first: int, stop: int
) -> tuple[Float[np.ndarray, " points"], Float[np.ndarray, " points"]]:
    """Times and currents of rows, with two points at the time of a row where the current jumps to another step."""
    t, I = record.t[first:stop], record.I[first:stop]
    at = np.array([s.first for s in record.steps if first < s.first < stop], dtype=int) - first
    jumps: Int[np.ndarray, " jumps"] = at[np.abs(I[at] - I[at - 1]) > JUMP * np.max(np.abs(record.I), initial=0.0)]
    return np.insert(t, jumps, t[jumps - 1]), np.insert(I, jumps, I[jumps])
