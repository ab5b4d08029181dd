"""Fewer rows, with what matters in them."""

import dataclasses

import numpy as np
import pytest

import cellsim as cs
from cellsim.fitting.segments import profile_of
from cellsim.fitting.synthetic import measured
from cellsim.fitting.thinning import thinned


@pytest.fixture(scope="module")
def record(cccv):
    return measured(cccv, 0, noise_V=0.0, every=5.0)


def off(record, thin, of):
    return np.abs(np.interp(record.t, thin.t, getattr(thin, of)) - getattr(record, of)).max()


@pytest.mark.parametrize("V_tolerance", [1e-4, 1e-3, 1e-2])
def test_straight_lines_between_the_rows_that_are_left_stay_within_the_tolerance(record, V_tolerance):
    thin = thinned(record, V_tolerance=V_tolerance)
    assert off(record, thin, "V") <= V_tolerance * (1 + 1e-9)
    assert off(record, thin, "I") <= 2e-3 * 2.5 * (1 + 1e-9)
    assert off(record, thin, "T") <= 0.1
    assert len(thin) < (0.2 if V_tolerance >= 1e-3 else 0.5) * len(record)


def test_a_finer_tolerance_keeps_more_rows(record):
    counts = [len(thinned(record, V_tolerance=tolerance)) for tolerance in (1e-2, 1e-3, 1e-4, 1e-5)]
    assert counts == sorted(counts) and counts[0] < counts[-1]


def test_every_row_that_is_left_is_a_row_of_the_record(record):
    thin = thinned(record, points=60)
    where = np.searchsorted(record.t, thin.t)
    for key in ("t", "I", "V", "T", "step", "cycle"):
        np.testing.assert_array_equal(getattr(thin, key), getattr(record, key)[where])


def test_both_sides_of_every_jump_of_the_current_are_kept(record):
    thin = thinned(record, V_tolerance=0.5)
    jumps = np.flatnonzero(np.abs(np.diff(record.I)) > 0.025)
    assert len(jumps) >= 3
    assert set(record.t[jumps]) | set(record.t[jumps + 1]) <= set(thin.t)
    assert {record.t[0], record.t[-1]} <= set(thin.t)


def test_at_most_as_many_points_are_left_as_are_asked_for_and_what_that_costs_is_said(record):
    for points in (40, 100, 400):
        thin = thinned(record, points=points)
        assert 0.7 * points < len(thin) <= points
        assert thin.said[-1].startswith(f"Thinned from {len(record)} to {len(thin)} rows")
        assert f"within {1e3 * off(record, thin, 'V'):.3g} mV" in thin.said[-1]


def test_the_knee_of_a_curve_is_kept():
    t = np.linspace(0.0, 1000.0, 2001)
    V = np.where(t < 700, 4.0 - 1e-4 * t, 3.93 - 2e-3 * (t - 700))
    thin = thinned(cs.Record(t, np.ones_like(t), V))
    assert len(thin) == 3 and abs(thin.t[1] - 700.0) <= 0.5  # half a second on the steeper side is one millivolt


def test_fewer_points_than_jumps_are_refused():
    t = np.arange(100.0)
    record = cs.Record(t, np.where(t % 10 < 5, 1.0, 0.0), 4.0 - 1e-3 * t)
    with pytest.raises(ValueError, match="10 points are fewer than the 40 rows at both sides of the jumps"):
        thinned(record, points=10)


def test_a_record_of_two_rows_is_left_alone():
    record = cs.Record(np.array([0.0, 1.0]), np.ones(2), np.array([4.0, 3.9]))
    assert len(thinned(dataclasses.replace(record))) == 2


def test_the_profile_of_a_thinned_record_passes_the_same_charge(record):
    charges = []
    for each in (record, thinned(record, points=80)):
        profile = profile_of(each).control.value
        charges.append(np.trapezoid(np.maximum(profile.values, 0), profile.t))
    assert charges[1] == pytest.approx(charges[0], rel=1e-3)
    assert charges[0] == pytest.approx(2.5 * record.steps[0].duration, rel=1e-6)
