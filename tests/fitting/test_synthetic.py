"""Records made from runs: what an instrument adds to the truth, and when it writes."""

import jax
import numpy as np
import pytest

from cellsim.fitting.synthetic import measured


def test_without_noise_the_record_is_the_run(cccv):
    record = measured(cccv, 0, noise_V=0.0, every=600.0)
    inside = np.isin(record.t, np.asarray([end.t_end for end in cccv.step_ends]), invert=True)
    seen = cccv.at(record.t[inside])
    np.testing.assert_allclose(record.V[inside], seen.V, atol=1e-12)
    np.testing.assert_allclose(record.I[inside], seen.I, atol=1e-12)


def test_both_ends_of_every_step_are_written(cccv):
    record = measured(cccv, 0, noise_V=0.0, every=600.0)
    for end in cccv.step_ends:
        rows = record.step == end.step
        assert record.t[rows][-1] == end.t_end
        assert 0 <= record.t[rows][0] - end.t_start <= 1e-3 + 1e-9
        assert record.V[rows][-1] == pytest.approx(end.V_end, abs=1e-9)
    assert np.all(np.diff(record.t) > 0)


def test_the_same_key_gives_the_same_record_and_another_key_another(cccv):
    key = jax.random.key(7)
    one, two, other = (measured(cccv, k, every=60.0).V for k in (key, key, jax.random.key(8)))
    np.testing.assert_array_equal(one, two)
    assert np.all(one != other)
    np.testing.assert_array_equal(
        measured(cccv, 5, every=60.0).V, measured(cccv, np.random.default_rng(5), every=60.0).V
    )


def test_noise_has_the_deviation_that_was_asked_for(cccv):
    truth = measured(cccv, 0, noise_V=0.0, every=5.0)
    noisy = measured(cccv, 1, noise_V=2e-3, noise_I=5e-3, noise_T=0.3, every=5.0)
    few = 5 / np.sqrt(2 * len(truth))  # five standard deviations of a standard deviation
    for of, deviation in (("V", 2e-3), ("I", 5e-3), ("T", 0.3)):
        noise = getattr(noisy, of) - getattr(truth, of)
        assert np.std(noise) == pytest.approx(deviation, rel=few)
        assert abs(np.mean(noise)) < 5 * deviation / np.sqrt(len(noise))
        assert abs(np.corrcoef(noise[1:], noise[:-1])[0, 1]) < 5 / np.sqrt(len(noise))


def test_offsets_and_drift_are_added_as_they_are(cccv):
    truth = measured(cccv, 0, noise_V=0.0, every=60.0)
    off = measured(cccv, 0, noise_V=0.0, every=60.0, offset_V=2e-3, offset_I=-1e-2, drift_V=1e-3)
    np.testing.assert_allclose(off.V - truth.V, 2e-3 + 1e-3 * truth.t / 3600, atol=1e-12)
    np.testing.assert_allclose(off.I - truth.I, -1e-2, atol=1e-12)


def test_digits_are_those_of_the_instrument(cccv):
    truth = measured(cccv, 0, noise_V=0.0, every=60.0)
    coarse = measured(cccv, 0, noise_V=0.0, every=60.0, resolution_V=5e-3, resolution_I=0.1)
    np.testing.assert_allclose(coarse.V / 5e-3, np.round(coarse.V / 5e-3), atol=1e-9)
    assert np.abs(coarse.V - truth.V).max() <= 2.5e-3 + 1e-12
    assert np.abs(coarse.I - truth.I).max() <= 0.05 + 1e-12


def test_rows_are_written_at_intervals_or_at_times_that_are_told(cccv):
    record = measured(cccv, 0, every=100.0)
    first = record.t[record.step == 1]
    np.testing.assert_allclose(np.diff(first)[:-1], 100.0)
    times = np.array([0.0, 17.0, 5000.0])
    np.testing.assert_array_equal(measured(cccv, 0, every=times).t, times)


def test_a_trigger_writes_a_row_whenever_the_voltage_has_moved(cccv):
    record = measured(cccv, 0, noise_V=0.0, every=600.0, dV=0.01)
    inside = np.diff(record.step) == 0
    assert np.abs(np.diff(record.V))[inside].max() < 0.012
    assert np.diff(record.t).max() <= 600.0 + 1e-9
    assert len(record) > len(measured(cccv, 0, every=600.0))


def test_a_single_step_is_a_record_too(lgm50_coarse_1C):
    record = measured(lgm50_coarse_1C, 0, noise_V=0.0, every=60.0)
    assert record.t[0] == 0.0 and record.t[-1] == float(lgm50_coarse_1C.t_stop)
    np.testing.assert_allclose(record.I, 5.0)
    assert set(record.step) == {1} and set(record.cycle) == {1}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"noise_V": -1.0}, "noise_V=-1: noise and resolution are sizes"),
        ({"every": 0.0}, "must be above zero"),
        ({"every": np.array([0.0, 1e9])}, "to the stop of the run"),
        ({"every": np.array([5.0, 5.0])}, "the times must rise"),
    ],
)
def test_what_no_instrument_does_is_refused(options, message, cccv):
    with pytest.raises(ValueError, match=message):
        measured(cccv, 0, **options)
