"""Methods of every kind end where least squares does, stay between the bounds, are watched, stopped and taken up."""

import numpy as np
import pytest

import cellsim as cs
from cellsim.fitting.methods import CONVERGED, STOPPED, USED_UP, LevenbergMarquardt
from cellsim.fitting.other_methods import DifferentialEvolution, FirstOrder, NelderMead, needed

optax = pytest.importorskip("optax", reason="the extra `fit` is not installed")
pytest.importorskip("scipy", reason="the extra `fit` is not installed")

FREE = (cs.Free("negative.particle.D_s", 1e-15, 1e-12), cs.Free("positive.L", 50e-6, 110e-6))
ADAM = FirstOrder(optax.adam(0.05), iterations=400)
METHODS = {
    "Adam": ADAM,
    "momentum": FirstOrder(optax.sgd(0.02, momentum=0.9), iterations=400),
    "Nelder-Mead": NelderMead(400),
    "differential evolution": DifferentialEvolution(30, 5),
    "BFGS": cs.BFGS(),
    "Gauss-Newton": cs.GaussNewton(),
}
named = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


@pytest.fixture(scope="module")
def asked(experiments):
    """A small fit: the cell, the record, what moves."""
    return cs.load_cell("Chen2020"), experiments[0]._replace(soc=0.96), FREE


@pytest.fixture(scope="module")
def best(asked):
    return cs.fit(*asked)


def standard_errors_off(found, best):
    return max(abs(found.values[name] - best.values[name]) / best.std_errors[name] for name in best.names)


@named
def test_every_method_ends_where_least_squares_does_and_never_leaves_the_bounds(method, asked, best):
    seen = []
    found = cs.fit(*asked, method=method, progress=lambda p: seen.append(p) and False)
    assert found.reason == CONVERGED, found.reason
    assert standard_errors_off(found, best) < 0.2
    assert found.here.cost == pytest.approx(best.here.cost, rel=1e-3)
    costs = [p.cost for p in seen]
    assert len(seen) > 2 and np.all(np.diff(costs) <= 0) and costs[-1] == pytest.approx(found.here.cost, rel=1e-9)
    for free in FREE:
        assert all(free.low < p.values[free.path] < free.high for p in seen)


@named
def test_every_method_stops_when_told_to_and_goes_on_from_its_file(method, asked, best, tmp_path):
    seen = []
    ask = dict(method=method, checkpoint=tmp_path / "state.npz")
    stopped = cs.fit(*asked, progress=lambda p: seen.append(p) or len(seen) == 3, **ask)
    assert stopped.reason == STOPPED and len(seen) == 3
    assert stopped.here.cost == pytest.approx(seen[-1].cost, rel=1e-9)
    resumed = cs.fit(*asked, resume=True, **ask)
    assert resumed.reason == CONVERGED and standard_errors_off(resumed, best) < 0.2
    assert resumed.initial == stopped.initial
    np.testing.assert_allclose(resumed.history[:3], stopped.history, rtol=1e-12)


def test_adam_goes_on_as_if_it_had_never_stopped(asked, tmp_path):
    brief = FirstOrder(optax.adam(0.05), iterations=8)
    whole = cs.fit(*asked, method=brief)
    assert whole.reason == USED_UP and len(whole.history) == 9  # every step led down
    count = []
    ask = dict(method=brief, checkpoint=tmp_path / "state.npz")
    cs.fit(*asked, progress=lambda p: count.append(p) or len(count) == 5, **ask)
    resumed = cs.fit(*asked, resume=True, **ask)
    np.testing.assert_allclose(resumed.history[:9], whole.history, rtol=1e-9)


def test_a_search_that_is_given_too_few_runs_says_so(asked):
    found = cs.fit(*asked, method=NelderMead(10))
    assert found.reason == USED_UP and not found.converged
    assert found.problem.calls["residuals"] <= 12


def test_least_squares_needs_far_fewer_runs_than_a_search(asked):
    calls = {}
    for method in (LevenbergMarquardt(), NelderMead(400)):
        calls[type(method)] = cs.fit(*asked, method=method).problem.calls
    jacobians = calls[LevenbergMarquardt]["jacobians"]
    assert calls[NelderMead]["residuals"] > 5 * jacobians


def test_a_library_that_is_missing_is_named_with_what_to_install():
    with pytest.raises(ImportError, match=r"this needs no_such_library: pip install 'cellsim\[fit\]'"):
        needed("no_such_library")
