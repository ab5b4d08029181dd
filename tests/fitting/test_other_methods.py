"""Methods of every kind end where least squares does, stay between the bounds, are watched, stopped and taken up."""

import numpy as np
import pytest

import cellsim as cs
from cellsim.fitting import checkpoint
from cellsim.fitting.held import Held
from cellsim.fitting.methods import BFGS, CONVERGED, STOPPED, USED_UP, GaussNewton, LevenbergMarquardt
from cellsim.fitting.other_methods import DifferentialEvolution, FirstOrder, NelderMead, needed

optax = pytest.importorskip("optax", reason="the extra `fit` is not installed")
pytest.importorskip("scipy", reason="the extra `fit` is not installed")

METHODS = {
    "Adam": FirstOrder(optax.adam(0.02), iterations=800, patience=100),
    "momentum": FirstOrder(optax.sgd(0.02, momentum=0.9), iterations=400),
    "Nelder-Mead": NelderMead(400),
    "differential evolution": DifferentialEvolution(60, 5),
    "BFGS": BFGS(),
    "Gauss-Newton": GaussNewton(),
}
named = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


class Log:
    """What a method reports; stops it at the `most`th point."""

    def __init__(self, most=10**9):
        self.points, self.most = [], most

    def __call__(self, iterate):
        self.points.append(iterate)
        return len(self.points) >= self.most

    @property
    def costs(self):
        return np.array([point.cost for point in self.points])


@pytest.fixture(scope="module")
def small(problem, fitted):
    """Two numbers of a cell towards two records; the states of charge stay where they were found."""
    held = Held(problem, [0, 1], fitted.here.z)
    held.start = problem.start[:2]
    assert problem.names[:2] == ["negative.particle.D_s", "positive.L"]
    return held


@pytest.fixture(scope="module")
def best(small):
    log = Log()
    assert LevenbergMarquardt().run(small, small.start, {}, log) == CONVERGED
    end = small.linearised(log.points[-1].z)
    return end, np.sqrt(np.diag(np.linalg.inv(end.J.T @ end.J)))


def standard_errors_off(z, best):
    end, errors = best
    return np.max(np.abs(z - end.z) / errors)


@named
def test_every_method_ends_where_least_squares_does_and_never_leaves_the_bounds(method, small, best, problem):
    log = Log()
    assert method.run(small, small.start, {}, log) == CONVERGED
    assert standard_errors_off(log.points[-1].z, best) < 0.2
    assert log.costs[-1] == pytest.approx(best[0].cost, rel=1e-3)
    assert len(log.points) > 2 and np.all(np.diff(log.costs) <= 0)
    for point in log.points:
        values = problem.values(small.whole(point.z))
        assert all(place.free.low < x < place.free.high for place, x in zip(problem.places, values, strict=True))


@named
def test_every_method_stops_when_told_to_and_goes_on_from_its_file(method, small, best, tmp_path):
    first, second, names = Log(3), Log(), ["a", "b"]
    assert method.run(small, small.start, {}, first) == STOPPED and len(first.points) == 3
    stored = checkpoint.Stored(first.points[-1], np.zeros((3, 3)), small.start)
    checkpoint.save(tmp_path / "fit.npz", names, stored)
    z, _, memory = checkpoint.load(tmp_path / "fit.npz", names).iterate
    assert method.run(small, z, memory, second) == CONVERGED
    assert second.costs[0] == pytest.approx(first.costs[-1], rel=1e-9)
    assert standard_errors_off(second.points[-1].z, best) < 0.2


def test_adam_goes_on_as_if_it_had_never_stopped(small):
    method = FirstOrder(optax.adam(0.01), iterations=8)  # so slow that every step leads down
    whole, first, second = Log(), Log(5), Log()
    assert method.run(small, small.start, {}, whole) == USED_UP and len(whole.points) == 9
    method.run(small, small.start, {}, first)
    method.run(small, first.points[-1].z, first.points[-1].memory, second)
    np.testing.assert_allclose(second.costs[:5], whole.costs[4:], rtol=1e-9)


def test_a_search_that_is_given_too_few_runs_says_so_and_needs_far_more_than_least_squares(small):
    small._whole.calls = dict.fromkeys(small._whole.calls, 0)
    calls = small._whole.calls
    assert NelderMead(10).run(small, small.start, {}, Log()) == USED_UP
    assert calls["residuals"] <= 12
    NelderMead(400).run(small, small.start, {}, Log())
    LevenbergMarquardt().run(small, small.start, {}, Log())
    assert calls["residuals"] - 12 > 5 * calls["jacobians"] > 0


def test_a_search_serves_a_fit_and_is_watched(experiments, known):
    """Through the front door, with what is watched and stored."""
    seen = []
    found = cs.fit(
        cs.load_cell("Chen2020"),
        experiments,
        known.FREE,
        method=NelderMead(30),
        progress=lambda told: seen.append(told) and False,
    )
    assert found.reason == USED_UP and not found.converged
    assert [told.iteration for told in seen] == list(range(len(seen))) and len(seen) > 3
    assert found.here.cost == pytest.approx(seen[-1].cost, rel=1e-9)
    assert seen[-1].values == pytest.approx(found.values)


def test_a_library_that_is_missing_is_named_with_what_to_install():
    with pytest.raises(ImportError, match=r"this needs no_such_library: pip install 'cellsim\[fit\]'"):
        needed("no_such_library")
