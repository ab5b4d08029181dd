"""A fit finds what made the data, says how sure it is, and never meets what is no number."""

import dataclasses

import numpy as np
import pytest

import cellsim as cs
from cellsim.fitting import priors
from cellsim.fitting.checkpoint import CannotResume
from cellsim.fitting.fit import starting_points
from cellsim.fitting.problem import Problem


@pytest.fixture(scope="module")
def cell():
    return cs.load_cell("Chen2020")


# ---- what is found


def test_the_numbers_that_made_the_data_are_found_within_their_errors(fitted, known):
    assert fitted.converged, fitted.reason
    assert set(fitted.values) == set(known.TRUTH)
    for name, truth in known.TRUTH.items():
        assert abs(fitted.values[name] - truth) < 4 * fitted.std_errors[name], name
        assert fitted.std_errors[name] < 0.1 * truth
    assert fitted.rmse_V == pytest.approx(known.NOISE, rel=0.15)
    assert fitted.fisher.noise == pytest.approx(1.0, rel=0.15)


def test_the_cell_that_is_found_has_the_numbers_that_are_found(fitted):
    assert float(fitted.cell.positive.L) == pytest.approx(fitted.values["positive.L"], rel=1e-12)
    assert fitted.initial["negative.particle.D_s"] == pytest.approx(6e-14, rel=1e-9)
    assert fitted.initial["1C.soc"] == pytest.approx(0.93, rel=1e-9)


def test_what_is_predicted_lies_on_a_run_of_the_cell_that_was_found(fitted, records, known):
    run = fitted.predicted["1C"]
    protocol = cs.current(5.0, float(records[0].t[-1]))
    V = cs.simulate(known.BUILD(fitted.cell), protocol, soc=fitted.values["1C.soc"], times=records[0].t).V
    np.testing.assert_allclose(run.found, V, atol=1e-6)
    np.testing.assert_array_equal(run.measured, records[0].V)


def test_the_way_goes_down_and_begins_where_it_was_told_to(fitted, fit_and_calls):
    assert fitted.history[-1, 0] == np.min(fitted.history[:, 0]) < 0.1 * fitted.history[0, 0]
    assert fitted.history[0, 1] == pytest.approx(6e-14, rel=1e-9)
    assert fitted.iterations == len(fitted.history) - 1
    assert fit_and_calls[1]["jacobians"] < 20


def test_numbers_at_their_bounds_are_told(fitted):
    assert fitted.at_bounds == {}
    z = np.array(fitted.here.z)
    z[0] += 50.0
    far = dataclasses.replace(fitted, here=fitted.here._replace(z=z))
    name = fitted.names[0]
    assert far.at_bounds == {name: fitted.problem.places[0].free.high}
    assert f"{name} is at its bound" in far.report()


def test_correlations_are_those_of_the_inverse_of_the_squared_jacobian(fitted):
    J = fitted.here.J
    covariance = np.linalg.inv(J.T @ J)
    errors = np.sqrt(np.diag(covariance))
    np.testing.assert_allclose(fitted.correlation, covariance / np.outer(errors, errors), atol=1e-8)


def test_the_report_tells_numbers_errors_and_what_is_known(fitted):
    said = fitted.report()
    for words in ("4 numbers were fitted to 2 experiments", "positive.L", "std. error", "1C.soc", "identifiable"):
        assert words in said


# ---- residuals and their slopes


def test_slopes_are_those_of_differences_and_both_modes_agree(problem):
    z = problem.start + 0.1
    here = problem.linearised(z)
    for k in range(len(z)):
        h = np.zeros(len(z))
        h[k] = 1e-4
        by_differences = (problem.residuals(z + h) - problem.residuals(z - h)) / 2e-4
        scale = np.max(np.abs(here.J[:, k]))
        np.testing.assert_allclose(here.J[:, k], by_differences, atol=2e-4 * scale)
    cost, gradient = problem.gradient(z)
    assert cost == pytest.approx(here.cost, rel=1e-9)
    np.testing.assert_allclose(gradient, here.gradient, rtol=1e-6)


def test_any_draw_between_the_bounds_gives_finite_residuals_and_slopes_runs_that_stop_early_included(problem):
    short = 0
    for z in starting_points(problem, 31, 5)[1:]:
        here = problem.linearised(z)
        assert np.all(np.isfinite(here.r)) and np.all(np.isfinite(here.J))
        assert np.linalg.norm(here.gradient) > 0
        short += max(here.missing) > 0
    assert short >= 3


def test_a_run_that_stops_early_costs_more_the_earlier_and_the_slope_leads_back(problem):
    z = problem.start.copy()
    k = problem.names.index("positive.L")
    z[k] = problem.places[k].free.coordinate(53e-6)  # too thin to hold the charge of the record
    here = problem.linearised(z)
    assert here.missing[0] > 100.0
    assert here.gradient[k] < 0  # the cost falls as the electrode grows
    there = problem.linearised(z + np.eye(len(z))[k] * 0.3)
    assert there.cost < here.cost and there.missing[0] < here.missing[0]


def test_rows_that_fill_up_and_rows_that_count_by_time_have_the_weights_they_should(problem, records, cell, known):
    here = problem.linearised(problem.start)
    assert int(np.sum(here.variance > 0)) == sum(len(record) for record in records)
    dense = np.sort(np.concatenate([records[0].t, np.linspace(1.0, 100.0, 60)]))
    record = cs.Record(dense, np.full(len(dense), 5.0), np.interp(dense, records[0].t, records[0].V), name="dense")
    weighted = Problem(cell, [cs.Experiment(record, known.BUILD, is_by_time=True)], known.FREE).data[0].weight[0]
    early = dense < 100.0
    assert np.sum(weighted[: len(dense)][early]) / np.sum(weighted) == pytest.approx(100.0 / 3000.0, rel=0.1)


# ---- how it is asked for


def test_a_fit_is_watched_stopped_stored_and_taken_up_again(experiments, cell, tmp_path, fitted, known):
    seen = []
    ask = dict(start={"negative.particle.D_s": 6e-14}, checkpoint=tmp_path / "state.npz")
    stopped = cs.fit(cell, experiments, known.FREE, progress=lambda p: seen.append(p) or len(seen) == 3, **ask)
    assert stopped.reason == "stopped from outside" and [p.iteration for p in seen] == [0, 1, 2]
    assert set(seen[0].values) == set(known.TRUTH) and seen[2].cost < seen[0].cost
    whole = cs.fit(cell, experiments, known.FREE, resume=True, checkpoint=tmp_path / "state.npz")
    assert whole.converged and whole.history[0, 0] == pytest.approx(fitted.history[0, 0])
    assert len(whole.history) == len(fitted.history)
    for name, value in fitted.values.items():
        assert whole.values[name] == pytest.approx(value, rel=1e-6)
    with pytest.raises(CannotResume, match="of other numbers"):
        cs.fit(cell, experiments[:1], known.FREE, resume=True, checkpoint=tmp_path / "state.npz")


def test_several_starts_end_at_the_same_place_and_the_best_counts(experiments, cell, fitted, known):
    many = cs.fit(cell, experiments, known.FREE, starts=3, seed=2)
    assert len(many.attempts) == 3
    assert many.here.cost == pytest.approx(min(cost for cost, _ in many.attempts))
    assert many.here.cost == pytest.approx(fitted.here.cost, rel=1e-4)


def test_a_prior_pulls_with_its_own_weight(experiments, cell, fitted, known):
    error, found = fitted.std_errors["positive.L"], fitted.values["positive.L"]
    prior = priors.Normal(found + 4 * error, error / fitted.fisher.noise)
    with_prior = (known.FREE[0], dataclasses.replace(known.FREE[1], prior=prior), known.FREE[2])
    pulled = cs.fit(cell, experiments, with_prior, is_noise_known=True)
    assert pulled.values["positive.L"] == pytest.approx(found + 2 * error, abs=0.3 * error)
    assert pulled.std_errors["positive.L"] == pytest.approx(error / np.sqrt(2), rel=0.1)


def test_outliers_hardly_move_a_robust_fit(experiments, cell, fitted, known):
    spoilt = []
    for each in experiments:
        V = np.array(each.record.V)
        V[5::15] += 0.1
        spoilt.append(each._replace(record=dataclasses.replace(each.record, V=V)))
    off = lambda found: abs(found.values["positive.L"] / fitted.values["positive.L"] - 1)
    squared, robust = (cs.fit(cell, spoilt, known.FREE, cost=cost) for cost in (cs.Squared(), cs.StudentT()))
    assert off(robust) < 0.1 * off(squared)


def test_only_what_can_be_seen_of_a_particle_is_said_to_be(experiments, cell):
    free = [
        cs.Free("negative.particle.D_s", 1e-15, 1e-12),
        cs.Free("negative.particle.R_p", 2e-6, 20e-6),
        cs.Free("negative.particle.kinetics.k", 1e-8, 1e-5),
        cs.Free("soc", 0.8, 1.0),
    ]
    problem = Problem(cell, [each._replace(soc=0.96) for each in experiments[:1]], free)
    found = cs.fit(cell, problem.experiments, free, method=cs.LevenbergMarquardt(iterations=3))
    (said,) = found.identifiability.said
    assert "the ratio of negative.particle.D_s to negative.particle.R_p^2" in said
    assert "the ratio of negative.particle.kinetics.k to negative.particle.R_p are seen" in said
    assert len(found.identifiability.fix) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (dict(free=[]), "nothing moves"),
        (dict(free=[cs.Free("negativ.L", 1e-6, 1e-3)]), "Did you mean 'negative'"),
        (dict(free=[cs.Free("soc", 0.1, 1.0), cs.Free("soc", 0.2, 1.0)]), "freed more than once"),
        (dict(free=[cs.Free("soc", 0.1, 1.0, of=("2C",))]), "the experiments are 1C, 0.5C"),
        (dict(experiments=[]), "at least one experiment"),
        (dict(start={"negative.L": 1.0}), "cannot be begun with"),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_what_cannot_be_meant_is_refused_with_a_reason(experiments, cell, change, said, known):
    ask = dict(experiments=experiments, free=list(known.FREE), start=None) | change
    with pytest.raises(ValueError, match=said):
        cs.fit(cell, ask["experiments"], ask["free"], start=ask["start"])


def test_a_record_that_is_none_is_refused_with_its_name(cell, known):
    t, good = np.linspace(0.0, 10.0, 5), np.full(5, 3.7)
    for record, said in (
        (cs.Record(t[:1], good[:1], good[:1], name="short"), "short: a record needs two rows"),
        (cs.Record(t[::-1], good, good, name="back"), "back: a record needs two rows or more whose times rise"),
        (cs.Record(t, good, np.where(t > 5, np.nan, good), name="holes"), "holes: V of the record is not finite"),
    ):
        with pytest.raises(ValueError, match=said):
            Problem(cell, [cs.Experiment(record, known.BUILD)], known.FREE)
