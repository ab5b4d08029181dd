"""Records that a fit has not seen: the fitted cell meets them better, and knows how well."""

import dataclasses

import numpy as np
import pytest

import cellsim as cs
from cellsim.fitting.fit import Predicted
from cellsim.fitting.observables import Current
from cellsim.fitting.prediction import predictions


@pytest.fixture(scope="module")
def unseen(true_cell, known):
    """A charge of the true cell, from a state of charge that is known, with noise."""
    t = np.linspace(0.0, 2000.0, 60)
    V = np.asarray(cs.simulate(known.BUILD(true_cell), cs.current(-4.0, 2000.0), soc=0.3, times=t).V)
    V = V + known.NOISE * np.random.default_rng(7).standard_normal(60)
    return cs.Experiment(cs.Record(t, np.full(60, -4.0), V, name="charge"), known.BUILD, soc=0.3)


@pytest.fixture(scope="module")
def predicted(fitted, unseen):
    return predictions(fitted, unseen)["charge"]


def test_a_fit_to_discharges_predicts_a_charge_within_its_noise(predicted, known):
    assert predicted.before.rmse > 5 * known.NOISE  # where the fit began
    assert predicted.run.rmse == pytest.approx(known.NOISE, rel=0.3)
    assert predicted.run.rmse_in_time == pytest.approx(predicted.run.rmse, rel=0.1)
    assert abs(predicted.run.persistence) < 0.4


def test_what_the_fit_does_not_know_is_what_it_does_not_know_of_the_prediction(predicted, fitted, known, unseen):
    names = ["negative.particle.D_s", "positive.L"]
    places = [fitted.names.index(name) for name in names]
    values = [fitted.values[name] for name in names]

    def voltage(values):
        cell = fitted.problem.cell
        for name, value in zip(names, values, strict=True):
            cell = cs.replace(cell, name, value)
        return np.asarray(cs.simulate(known.BUILD(cell), cs.current(-4.0, 2000.0), soc=0.3, times=unseen.record.t).V)

    slopes = []
    for k, value in enumerate(values):
        up, down = (list(values), list(values))
        up[k], down[k] = 1.002 * value, 0.998 * value
        slopes.append((voltage(up) - voltage(down)) / (0.004 * value))
    J, C = np.array(slopes).T, fitted.covariance[np.ix_(places, places)]
    expected = np.sqrt(np.einsum("ij,jk,ik->i", J, C, J))
    np.testing.assert_allclose(predicted.std_error, expected, rtol=2e-2, atol=1e-3 * expected.max())
    assert 0 < predicted.std_error.max() < known.NOISE


def test_a_prediction_of_what_was_fitted_is_the_fit(fitted, experiments):
    again = experiments[0]._replace(soc=fitted.values["1C.soc"])
    np.testing.assert_allclose(predictions(fitted, again)["1C"].run.found, fitted.predicted["1C"].found, atol=1e-7)


def test_a_record_of_which_no_voltage_is_compared_is_refused(fitted, unseen):
    with pytest.raises(ValueError, match="no voltage is compared"):
        predictions(fitted, unseen._replace(observe=(Current(),)))


def test_what_is_left_runs_on_where_the_model_lacks_something_and_not_where_there_is_but_noise(fitted):
    t = np.linspace(0.0, 1.0, 400)
    left = {"noise": np.random.default_rng(0).standard_normal(400), "wave": np.sin(12 * t), "nothing": 0 * t}
    of = {name: Predicted(t, 0 * t, 0 * t, x).persistence for name, x in left.items()}
    assert abs(of["noise"]) < 0.15 and of["wave"] > 0.95 and of["nothing"] == 0.0
    assert not any("runs on" in note for note in fitted.notes())
    poor = dataclasses.replace(fitted, here=fitted.problem.linearised(fitted.problem.start))
    assert len([note for note in poor.notes() if "runs on from row to row" in note]) == 2


def test_a_run_that_ends_before_its_record_is_told_with_what_ended_it(fitted):
    short = fitted.here._replace(missing=(2000.0, 0.0))
    (said,) = [note for note in dataclasses.replace(fitted, here=short).notes() if "too early" in note]
    assert "the run of 1C ends" in said and "256 time steps are used up: raise max_steps" in said
    dead = tuple(tuple(0 * V + 2.0 for V in seen) for seen in fitted.here.seen)
    (said,) = [note for note in dataclasses.replace(fitted, here=short._replace(seen=dead)).notes() if "early" in note]
    assert said.endswith("too early, at 2 V.")
