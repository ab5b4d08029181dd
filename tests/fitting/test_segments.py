"""What was done to a cell is recognised in the record of it, and done again."""

import dataclasses

import jax
import numpy as np
import pytest

import cellsim as cs
from cellsim.fitting.segments import Kind, profile_of, protocol_of, stretches
from cellsim.fitting.synthetic import measured
from cellsim.protocols.ends import AtCurrent, AtVoltage


def made(*pieces, step=None, noise=0.0):
    """A record from pieces of (seconds, current, voltage), each a number or a function of the time; rows 10 s apart."""
    columns, start = [], 0.0
    for k, (duration, I, V) in enumerate(pieces):
        t = np.arange(0.0, duration + 1e-9, 10.0)[0 if k == 0 else 1 :]
        value = lambda x, t=t: x(t) if callable(x) else np.full(len(t), float(x))
        columns.append((start + t, value(I), value(V)))
        start += duration
    t, I, V = (np.concatenate(each) for each in zip(*columns, strict=True))
    random = np.random.default_rng(0)
    V = V + noise * random.standard_normal(len(V))
    numbers = None if step is None else np.repeat(step, [len(each[0]) for each in columns])
    return cs.Record(t, I, V, step=numbers)


FALLING = lambda t: 3.9 - 1e-4 * t
RELAXING = lambda t: 3.6 + 0.05 * (1 - np.exp(-t / 300))


def kinds(record):
    return [stretch.kind for stretch in record.steps]


# ---- a simulated record


@pytest.fixture(scope="module")
def record(cccv):
    return measured(cccv, 0, noise_V=0.0, every=60.0)


def test_the_steps_of_a_run_are_recognised_with_their_values_and_ends(record, cccv):
    steps = record.steps
    assert [s.kind for s in steps] == [Kind.CURRENT, Kind.REST, Kind.CURRENT, Kind.VOLTAGE, Kind.REST]
    np.testing.assert_allclose([s.value for s in steps], [2.5, 0.0, -2.5, 4.1, 0.0], rtol=1e-9)
    assert [s.step for s in steps] == [1, 2, 3, 4, 5]
    assert [type(s.end) for s in steps] == [AtVoltage, type(None), AtVoltage, AtCurrent, type(None)]
    assert [s.words for s in steps] == [
        "Discharge at 2.5 A until 3.2 V",
        "Rest for 1200 s",
        "Charge at 2.5 A until 4.1 V",
        "Hold at 4.1 V until 0.5 A",
        "Rest for 3600 s",
    ]
    np.testing.assert_allclose([s.t_end for s in steps], [e.t_end for e in cccv.step_ends], rtol=1e-12)


def test_the_protocol_of_a_record_gives_the_record_back(record, cccv, lgm50_coarse):
    again = cs.simulate(lgm50_coarse, protocol_of(record))
    np.testing.assert_allclose([e.t_end for e in again.step_ends], [e.t_end for e in cccv.step_ends], rtol=1e-6)
    back = measured(again, 0, noise_V=0.0, every=60.0)
    np.testing.assert_allclose(np.interp(record.t, back.t, back.V), record.V, atol=1e-6)
    np.testing.assert_allclose(np.interp(record.t, back.t, back.I), record.I, atol=1e-5)


def test_the_measured_current_as_a_profile_gives_the_record_back_but_for_what_lies_between_its_rows(
    record, lgm50_coarse
):
    again = cs.simulate(lgm50_coarse, cs.Protocol([profile_of(record)]))
    inside = np.ones(len(record), dtype=bool)
    inside[[stretch.stop - 1 for stretch in record.steps]] = False  # at a jump the later side is seen
    inside[0] = False
    V = np.asarray(again.at(record.t).V)
    assert np.abs(V - record.V)[inside].max() < 2e-3


@pytest.mark.parametrize("has_numbers", [True, False], ids=["numbered", "without numbers"])
def test_the_same_steps_are_recognised_through_the_noise_of_an_instrument(cccv, has_numbers):
    noisy = measured(
        cccv, jax.random.key(3), noise_V=1e-3, noise_I=3e-3, every=30.0, resolution_V=1e-4, resolution_I=1e-4
    )
    if not has_numbers:
        noisy = dataclasses.replace(noisy, step=None, cycle=None)
    steps = noisy.steps
    assert [s.kind for s in steps] == [Kind.CURRENT, Kind.REST, Kind.CURRENT, Kind.VOLTAGE, Kind.REST]
    np.testing.assert_allclose([s.value for s in steps], [2.5, 0.0, -2.5, 4.1, 0.0], atol=1e-3)
    assert (float(steps[0].end.V), float(steps[2].end.V)) == (3.2, 4.1)
    assert float(steps[3].end.I) == pytest.approx(0.5, abs=0.012)


# ---- kinds


def test_a_rest_stays_one_while_the_voltage_relaxes():
    record = made((600, 0, 4.0), (600, 2.0, FALLING), (3600, 0, RELAXING))
    assert kinds(record) == [Kind.REST, Kind.CURRENT, Kind.REST]
    assert [s.duration for s in record.steps] == [600.0, 600.0, 3600.0]


def test_a_held_power_is_told_from_a_held_current():
    V = lambda t: 4.0 - 4.9e-4 * t
    record = made((600, 0, 4.0), (600, lambda t: 10.0 / V(t), V), (600, 0, 3.7))
    assert kinds(record) == [Kind.REST, Kind.POWER, Kind.REST]
    assert record.steps[1].value == pytest.approx(10.0) and record.steps[1].words == "Discharge at 10 W for 600 s"
    step = protocol_of(record).steps[1]
    assert isinstance(step.control, cs.controls.Power) and float(step.control.value) == pytest.approx(10.0)


def test_a_current_on_a_flat_voltage_is_no_held_voltage():
    record = made((600, 0, 3.3), (3600, 2.0, lambda t: 3.29 - 1e-7 * t), (600, 0, 3.3))
    assert kinds(record) == [Kind.REST, Kind.CURRENT, Kind.REST]


def test_two_currents_after_each_other_are_two_steps():
    record = made((600, 2.0, FALLING), (600, 1.0, lambda t: 3.9 - 5e-5 * t))
    assert [s.value for s in record.steps] == [2.0, 1.0]
    assert [s.t_start for s in record.steps] == [0.0, 600.0]


def test_a_drive_cycle_is_one_profile_and_its_protocol_holds_the_measured_current():
    drive = lambda t: 3.0 + np.sin(t / 17.0) + np.sin(t / 5.0)
    record = made((600, 0, 4.0), (1200, drive, lambda t: 3.9 - 2e-4 * t - 0.03 * drive(t)), (600, 0, 3.6))
    assert kinds(record) == [Kind.REST, Kind.PROFILE, Kind.REST]
    step = protocol_of(record).steps[1]
    profile = step.control.value
    stretch = record.steps[1]
    assert float(step.duration) == stretch.duration == 1200.0
    rows = slice(stretch.first, stretch.stop)
    np.testing.assert_allclose(np.interp(record.t[rows] - stretch.t_start, profile.t, profile.values), record.I[rows])


def test_the_row_in_which_a_current_sets_in_does_not_move_its_value():
    record = made((600, 0, 4.0), (600, lambda t: np.where(t < 15, 1.0, 2.0), FALLING), step=(1, 2))
    assert kinds(record) == [Kind.REST, Kind.CURRENT]
    assert record.steps[1].value == pytest.approx(2.0)


def test_steps_that_an_instrument_numbers_stay_apart():
    pieces = ((600, 2.0, FALLING), (600, 2.0, lambda t: 3.84 - 1e-4 * t))
    assert len(made(*pieces).steps) == 1
    assert [s.step for s in made(*pieces, step=(4, 7)).steps] == [4, 7]


def test_a_band_that_is_told_decides_what_is_held():
    record = made((600, 0, 4.0), (600, lambda t: 2.0 + 2e-4 * t, FALLING))
    assert stretches(record, I_band=0.1)[1].kind is Kind.CURRENT
    assert stretches(record, I_band=0.1)[1].value == pytest.approx(2.06, abs=5e-3)


# ---- ends


def test_a_discharge_of_whole_minutes_ends_by_time_and_one_at_a_round_voltage_by_that():
    timed = made((600, 0, 4.0), (600, 2.0, lambda t: 3.907 - 1.2e-4 * t), (600, 0, 3.9))
    assert timed.steps[1].end is None and float(protocol_of(timed).steps[1].duration) == 600.0
    V = lambda t: 3.9 - 0.2 * t / 570
    at_level = made((600, 0, 4.0), (570, 2.0, V), (600, 0, 3.8))
    assert float(at_level.steps[1].end.V) == 3.7
    assert at_level.steps[1].words == "Discharge at 2 A until 3.7 V"


def test_a_charge_before_a_hold_ends_at_the_voltage_that_is_held():
    hold = lambda t: -2.0 * np.exp(-t / 300)
    record = made((600, -2.0, lambda t: 4.0 + 0.187 * t / 600), (900, hold, 4.187), (600, 0, 4.18))
    assert kinds(record) == [Kind.CURRENT, Kind.VOLTAGE, Kind.REST]
    assert float(record.steps[0].end.V) == pytest.approx(4.187, abs=1e-3)
    assert record.steps[1].end is None  # a quarter of an hour: timed


def test_cycles_of_a_record_are_cycles_of_its_protocol():
    record = made((600, 2.0, FALLING), (600, 0, 3.8), (600, 2.0, FALLING), (600, 0, 3.8))
    numbered = dataclasses.replace(record, cycle=np.where(record.t <= 1200, 1, 2))
    assert [len(cycle.steps) for cycle in protocol_of(numbered).cycles] == [2, 2]
    assert len(protocol_of(record).cycles) == 1


def test_a_record_without_a_step_has_no_protocol():
    record = cs.Record(np.array([0.0, 1e-3]), np.ones(2), np.ones(2))
    with pytest.raises(ValueError, match=r"a record of 0\.001 s holds no step"):
        protocol_of(record)


# ---- parts of a record


def test_parts_are_taken_by_time_by_step_and_by_cycle():
    record = made((600, 0, 4.0), (600, 2.0, FALLING), (600, 0, RELAXING), step=(1, 2, 3))
    part = record.between(300.0, 900.0)
    assert (part.t[0], part.t[-1]) == (300.0, 900.0) and part.shifted().t[0] == 0.0
    assert part.shifted(5.0).t[0] == 5.0
    np.testing.assert_array_equal(record.of_step(2).I, 2.0)
    np.testing.assert_array_equal(dataclasses.replace(record, step=None).of_step(2).I, 2.0)
    cycled = dataclasses.replace(record, cycle=record.step)
    np.testing.assert_array_equal(cycled.of_cycle(3).I, 0.0)
    assert record.of_step(2).said[-1] == "Rows of step 2."


def test_a_part_that_is_not_there_is_refused_with_what_there_is():
    record = made((600, 0, 4.0), (600, 2.0, FALLING), step=(1, 2))
    with pytest.raises(ValueError, match="there is no step 7; the instrument wrote 1, 2"):
        record.of_step(7)
    with pytest.raises(ValueError, match="no row lies between 5000 and 6000 s; the record goes from 0 to 1200 s"):
        record.between(5000.0, 6000.0)
    with pytest.raises(ValueError, match="no numbers of cycles"):
        record.of_cycle(1)
    with pytest.raises(ValueError, match="there is no step 9; 2 are recognised"):
        dataclasses.replace(record, step=None).of_step(9)


def test_a_long_drive_cycle_is_taken_apart_in_little_time_and_row_by_row():
    random = np.random.default_rng(0)
    t = np.arange(10_000.0)
    I = 3 * np.sin(np.cumsum(random.standard_normal(len(t))) / 3) + 0.3 * random.standard_normal(len(t))
    record = cs.Record(t, I, 3.7 - 0.03 * I)
    rows = [k for stretch in record.steps for k in range(stretch.first, stretch.stop)]
    assert rows == list(range(len(record)))
    held = sum(stretch.duration for stretch in record.steps if stretch.kind in (Kind.VOLTAGE, Kind.POWER))
    assert held < 0.01 * t[-1]
    times = np.concatenate([[stretch.t_start, stretch.t_end] for stretch in record.steps])
    assert np.all(np.diff(times) >= 0) and times[0] == 0.0 and times[-1] == t[-1]


def test_the_current_of_a_rest_may_stray_from_zero_by_its_noise(cccv):
    for seed in range(5):
        noisy = measured(cccv, seed, noise_V=1e-3, noise_I=1e-2, every=5.0)
        assert [s.kind for s in noisy.steps] == [Kind.CURRENT, Kind.REST, Kind.CURRENT, Kind.VOLTAGE, Kind.REST]
