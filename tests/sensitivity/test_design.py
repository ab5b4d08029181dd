"""What an experiment promises of numbers is what a fit of its data finds."""

import jax.numpy as jnp
import numpy as np
import pytest

import cellsim as cs
from cellsim.sensitivity import design
from cellsim.sensitivity.design import A, C, D, E, Experiment, promised, refitted, standard_errors, synthetic
from cellsim.sensitivity.design import _seen as seen
from cellsim.sensitivity.fast_charge import DEPLETION, fast_charge, stages_of
from cellsim.sensitivity.pulses import Form, Pulses, followed, weights

pytestmark = pytest.mark.xdist_group("design")
PATHS = ("electrolyte.t_plus", "electrolyte.D.scale", "electrolyte.kappa.scale", "negative.particle.D_s.scale")
PLAIN = Pulses(np.full(6, 4.5), np.full(6, 300.0))
FOUND = Pulses(  # by `optimised`, for the transference number
    np.array([9.98, -10.0, 9.99, -10.0, 9.98, -10.0]), np.array([237.0, 168.0, 472.0, 128.0, 301.0, 494.0])
)


@pytest.fixture(scope="module")
def experiment():
    model = cs.SPMe(cs.load_cell("Chen2020"), mesh=cs.Mesh(4, 3, 4, 5))
    return Experiment(model, PATHS)


def test_criteria_of_independent_numbers_are_those_of_their_variances():
    F = jnp.diag(jnp.asarray([4.0, 25.0, 100.0]))
    np.testing.assert_allclose(standard_errors(F), [0.5, 0.2, 0.1], rtol=1e-9)
    assert float(D()(F)) == pytest.approx(-np.log(4.0 * 25 * 100), rel=1e-9)
    assert float(A()(F)) == pytest.approx(np.log((1 / 4 + 1 / 25 + 1 / 100) / 3), rel=1e-9)
    assert float(E()(F)) == pytest.approx(-np.log(4.0), rel=1e-9)
    assert float(C(1)(F)) == pytest.approx(np.log(1 / 25), rel=1e-9)


def test_a_number_that_is_found_with_another_is_known_less_well():
    F = jnp.asarray([[1.0, 0.9], [0.9, 1.0]])
    assert float(C(0)(F)) == pytest.approx(-np.log(1 - 0.81), rel=1e-9)
    assert np.isfinite(float(C(0)(jnp.ones((2, 2))))), "and where both act the same, its error is large and finite"


def test_pulses_of_a_form_keep_to_it():
    form = Form(4, 1000.0, -3.0, 8.0, 20.0)
    pulses = form.at(jnp.asarray([-50.0, 0.0, 50.0, 1.0, 0.0, -60.0, 0.0, 3.0]))
    np.testing.assert_allclose(pulses.I[:3], [-3.0, 2.5, 8.0], atol=1e-9)
    assert float(jnp.sum(pulses.duration)) == pytest.approx(1000.0) and float(jnp.min(pulses.duration)) >= 20.0
    np.testing.assert_allclose(jnp.sum(weights(pulses), axis=1), pulses.duration)
    steps = pulses.protocol.steps
    assert len(steps) == 4 and float(steps[2].control.value) == pytest.approx(8.0)


def test_stages_of_a_charge_pass_the_same():
    stages = stages_of(jnp.asarray([1.0, 2.0, 4.0]), 3.0)
    np.testing.assert_allclose(-stages.I * stages.duration / 3600, 1.0, rtol=1e-12)


def test_steps_that_were_made_from_numbers_say_them():
    steps = Pulses(np.array([4.5, -10.0]), np.array([300.0, 90.0])).protocol.steps
    assert [str(step) for step in steps] == ["Hold at 4.5 A for 5 minutes", "Hold at -10 A for 90 s"]


def test_the_information_is_compiled_once_whatever_the_pulses(experiment, monkeypatch):
    traced = []
    monkeypatch.setattr(design, "followed", lambda *x, **how: traced.append(0) or followed(*x, **how))
    design._seen.clear_cache()
    for pulses in (PLAIN, FOUND, FOUND._replace(I=-FOUND.I)):
        F = experiment.information(pulses)
    assert len(traced) == 1
    _, errors = promised(experiment, FOUND._replace(I=-FOUND.I))
    np.testing.assert_allclose(standard_errors(F), errors, rtol=1e-9)
    assert len(traced) == 1


def test_sensitivities_along_pulses_are_those_of_differences(experiment):
    pulses, numbers = Pulses(*map(jnp.asarray, FOUND)), experiment.numbers
    _, slopes = seen(experiment, pulses, numbers)
    for k in range(len(PATHS)):
        at = lambda h, k=k: np.asarray(seen(experiment, pulses, numbers.at[k].multiply(1 + h))[0])
        once, twice = ((at(h) - at(-h)) / (2 * h) for h in (1e-3, 2e-3))
        difference = (4 * once - twice) / 3  # of fourth order: strong pulses are far from linear
        np.testing.assert_allclose(slopes[..., k], difference, atol=1e-4 * np.max(np.abs(difference)))


def test_pulses_for_the_transference_number_tell_three_times_more_of_it_than_a_discharge(experiment):
    V, errors = promised(experiment, FOUND)
    _, plain = promised(experiment, PLAIN)
    assert errors[0] < plain[0] / 3, (errors, plain)
    assert 2.5 < V.min() and V.max() < 4.2
    scatter = {}
    for name, pulses in (("found", FOUND), ("plain", PLAIN)):
        fits = [
            refitted(experiment, pulses, synthetic(experiment, pulses, seed), experiment.numbers) for seed in range(24)
        ]
        scatter[name] = np.std(np.log(np.array(fits)[:, 0]), ddof=1)
    # the deviation of 24 values is known to 15 %
    assert 0.6 < scatter["found"] / errors[0] < 1.5 and 0.6 < scatter["plain"] / plain[0] < 1.5
    assert scatter["found"] < scatter["plain"] / 3


def test_a_fit_from_elsewhere_finds_the_truth(experiment):
    truth = experiment.numbers * jnp.asarray([1.05, 0.97, 1.03, 1.1])
    found = refitted(experiment, FOUND, synthetic(experiment, FOUND, 1, truth), experiment.numbers, steps=12)
    _, errors = promised(experiment, FOUND)
    np.testing.assert_array_less(np.abs(found / truth - 1), 6 * errors)


# ---- fast charge

BOUNDS = dict(limit=DEPLETION, soc=0.7, I_low=1.0, I_high=30.0)


def test_a_fast_charge_stays_below_the_upper_cut_off_of_the_cell(experiment):
    model, told = experiment.model, []
    found = fast_charge(model, 1.0, 2, **BOUNDS, steps=12, progress=lambda *x: told.append(x))
    assert found.V.max() < 4.21 and -found.stages.I.max() > 2.0 and found.watched.min() > 95.0
    assert told == list(enumerate(found.history)) and found.history[-1] < 0.6 * found.history[0]
    free = fast_charge(model, 1.0, 2, **BOUNDS, V_high=np.inf, steps=12)
    assert free.V.max() > 4.25 and free.time < found.time, "where no voltage is too high"


def test_a_fast_charge_begins_where_it_is_told(experiment):
    start = dict(start=[2.0, 4.0], steps=0, V_high=np.inf)
    found = fast_charge(experiment.model, 1.0, 2, **BOUNDS, **start)
    np.testing.assert_allclose(-found.stages.I, [2.0, 4.0], rtol=1e-9)
    assert found.history == (pytest.approx(0.5 * (1 / 2 + 1 / 4)),) and found.time == pytest.approx(1350.0)
    coarse = fast_charge(experiment.model, 1.0, 2, **BOUNDS, **start, rtol=1e-3)
    assert 1e-7 < np.max(np.abs(coarse.V - found.V)) < 1e-2, "the tolerance is that of the runs"
    for wrong in ([2.0], [2.0, 31.0], [1.0, 2.0], [-2.0, -4.0]):
        with pytest.raises(ValueError, match="needs 2 currents above 1 and below 30 A"):
            fast_charge(experiment.model, 1.0, 2, **BOUNDS, start=wrong)
    with pytest.raises(ValueError, match="a run fails there"):
        fast_charge(experiment.model, 1.0, 2, **BOUNDS, start=[2.0, 4.0], V_high=np.nan)
