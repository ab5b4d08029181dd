"""How a record becomes a run: its current followed, its steps matched, its words left out."""

import numpy as np
import pytest

import cellsim as cs
from cellsim.fitting.experiment import ROOM, measured_current, prepared, timed, without_words
from cellsim.fitting.observables import DifferentialCapacity, Profiles
from cellsim.fitting.problem import Problem
from cellsim.protocols import controls, language

STEPS = ["Discharge at 1C until 2.7 V", "Rest for 10 minutes", "Hold at 4.2 V until C/20"]


@pytest.fixture
def record():
    """Three steps of 100, 50 and 80 s."""
    t = np.concatenate([np.linspace(0, 100, 11), np.linspace(100.001, 150, 6), np.linspace(150.001, 230, 9)]) + 7.0
    step = np.repeat([1, 2, 3], [11, 6, 9])
    I = np.where(step == 1, 5.0, np.where(step == 2, 0.0, -1.0))
    V = np.where(step == 1, 3.5, np.where(step == 2, 3.6, 4.2))
    return cs.Record(t, I, V, step=step, name="three")


def test_steps_last_as_long_as_those_of_the_record_and_keep_what_they_hold(record):
    found, times = timed(language.protocol(STEPS), record, record.t - 7.0)
    assert [float(step.duration) for step in found.steps] == pytest.approx([100.0, 50.0, 80.0])
    kinds = [type(step.control) for step in found.steps]
    assert kinds == [controls.CRate, controls.Current, controls.Voltage]
    discharge, rest, hold = found.steps
    assert [float(end.V) for end in discharge.ends] == pytest.approx([3.5 - ROOM])
    assert len(rest.ends) == 2 and hold.ends == ()
    assert times.t[0] == 0.0 and times.t[10] == 100.0 and times.step[10] == 1  # the last row of a step is still in it
    assert 0.0 < times.t[11] < 50.0 and times.step[11] == 2
    assert times.t[-1] == pytest.approx(80.0) and times.step[-1] == 3


def test_steps_that_cannot_be_matched_are_refused(record):
    with pytest.raises(ValueError, match="the record has 3 steps, the protocol 2"):
        timed(language.protocol(STEPS[:2]), record, record.t - 7.0)


def test_steps_without_numbers_are_those_that_are_recognised(record):
    numbered = timed(language.protocol(STEPS), record, record.t - 7.0)
    bare = timed(language.protocol(STEPS), cs.Record(record.t, record.I, record.V), record.t - 7.0)
    np.testing.assert_allclose(bare[1], numbered[1])
    for one, other in zip(bare[0].steps, numbered[0].steps, strict=True):
        assert float(one.duration) == pytest.approx(float(other.duration))


def test_a_run_may_begin_before_the_first_row_of_its_record(record):
    late = record.rows(slice(3, 11))  # the first one 30 s after the discharge began
    experiment = cs.Experiment(late, t_start=7.0)
    assert experiment.times[0] == pytest.approx(30.0)
    step = measured_current(late, experiment.times)
    assert float(step.duration) == pytest.approx(100.0) and float(step.control.value) == 5.0
    whole = record.rows(slice(3, None))
    profile = measured_current(whole, cs.Experiment(whole, t_start=7.0).times).control.value
    assert [float(x) for x in profile.t[:2]] == pytest.approx([0.0, 30.0]) and float(profile.values[0]) == 5.0
    with pytest.raises(ValueError, match=r"t_start = 50 s is after the first row, at 37 s"):
        prepared(cs.Experiment(late, t_start=50.0), cs.load_cell("Chen2020"))


def test_a_resting_voltage_is_a_state_of_charge_and_one_out_of_reach_is_refused(record):
    cell = cs.load_cell("Chen2020")
    made = prepared(cs.Experiment(record, soc=cs.Resting(4.2)), cell)
    assert float(made.conditions.soc) == pytest.approx(1.0, abs=1e-9) and float(made.resting.V) == 4.2
    with pytest.raises(ValueError, match="cannot rest at 5 V"):
        prepared(cs.Experiment(record, soc=cs.Resting(5.0)), cell)
    with pytest.raises(ValueError, match="soc cannot move in three"):
        Problem(cell, [cs.Experiment(record, soc=cs.Resting(4.1))], [cs.Free("soc", 0.5, 1.0)])


def test_a_constant_current_is_held_and_another_followed_on_straight_lines(record):
    first = cs.Record(record.t[:11], record.I[:11], record.V[:11])
    step = measured_current(first, first.t - 7.0)
    assert step.is_constant_current and float(step.control.value) == 5.0 and float(step.duration) == 100.0
    assert step.direction == 1 and float(step.ends[0].V) == pytest.approx(3.1)
    whole = measured_current(record, record.t - 7.0)
    profile = whole.control.value
    assert isinstance(profile, controls.Profile) and len(profile.t) == 32  # 26 rows, filled up to a power of two
    at = np.interp(record.t - 7.0, np.asarray(profile.t)[:26], np.asarray(profile.values)[:26])
    np.testing.assert_allclose(at, record.I)
    assert float(whole.duration) == pytest.approx(230.0)
    assert {end.side for end in whole.ends} == {1, -1}


def test_words_make_no_new_program():
    one, other = (without_words(text) for text in ("Discharge at 1C until 2.7 V", "discharge at 1 C until 2.7 V"))
    assert one.text == other.text == "" and one.direction == other.direction


def test_the_charge_between_two_voltages_is_that_of_the_curve():
    V = np.linspace(4.0, 3.0, 101)
    Q = 2.0 * (4.0 - V) ** 2  # A.h
    t = np.linspace(0.0, 1.0, 101)
    I = np.gradient(Q * 3600.0, t)
    found = DifferentialCapacity((3.2, 3.4, 3.6)).data(cs.Record(t, I, V)).measured
    of = lambda V: 2.0 * (4.0 - V) ** 2
    np.testing.assert_allclose(found, [(of(3.2) - of(3.4)) / 0.2, (of(3.4) - of(3.6)) / 0.2], rtol=2e-2)
    with pytest.raises(ValueError, match="levels from 2"):
        DifferentialCapacity((2.0, 3.4)).data(cs.Record(t, I, V))


def test_profiles_beyond_the_record_or_of_another_shape_are_refused(record):
    with pytest.raises(ValueError, match=r"values of shape \(2, 2\)"):
        Profiles("electrolyte concentration", (1.0,), (0.0, 1e-5), np.zeros((2, 2)), 1.0)
    late = Profiles("electrolyte concentration", (500.0,), (0.0,), np.zeros((1, 1)), 1.0)
    with pytest.raises(ValueError, match="in a record of 230 s"):
        late.data(record)


def test_a_current_that_is_followed_is_given_time_steps_for_every_row():
    t = np.linspace(0.0, 600.0, 120)
    noisy = cs.Record(t, 5.0 + 0.1 * np.sin(t), np.full(120, 3.7))
    cell = cs.load_cell("Chen2020")
    assert prepared(cs.Experiment(noisy), cell).max_steps == 6 * 128
    assert prepared(cs.Experiment(noisy, max_steps=1000), cell).max_steps == 1000
    assert prepared(cs.Experiment(cs.Record(t, np.full(120, 5.0), noisy.V)), cell).max_steps == 256
