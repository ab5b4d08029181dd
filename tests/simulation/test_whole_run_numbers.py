"""Charge and energy of a run do not depend on the times at which it is looked at."""

import jax
import numpy as np
import pytest

import cellsim as cs

STEP = "Discharge at 1C until 2.5 V"
TIMES = {"few": [0.0, 1000.0, 5000.0], "from later on": [30.0, 5000.0], "past the end": [4000.0, 9000.0]}


@pytest.fixture(scope="module")
def model() -> cs.SPM:
    return cs.SPM(cs.load_cell("Chen2020"), cs.Mesh.coarse())


@pytest.fixture(scope="module")
def whole(model) -> cs.Solution:
    return cs.simulate(model, STEP)


@pytest.mark.parametrize("times", TIMES.values(), ids=TIMES)
@pytest.mark.parametrize("later", [False, True], ids=["asked for", "looked at"])
def test_few_times_change_neither_charge_nor_energy(model, whole, times, later):
    seen = whole.at(times) if later else cs.simulate(model, STEP, times=np.array(times))
    assert float(seen.capacity) == pytest.approx(float(whole.capacity), rel=1e-9)
    assert float(seen.energy) == pytest.approx(float(whole.energy), rel=2e-6)
    assert float(seen.Q[0]) == pytest.approx(min(times[0], float(seen.t_stop)) * float(seen.I[0]) / 3600)
    assert seen.step_ends[0].charge == pytest.approx(float(whole.capacity), rel=1e-9)


def test_of_a_run_that_is_cut_off_by_its_times_it_is_what_was_passed_until_then(model, whole):
    seen = cs.simulate(model, STEP, times=np.array([100.0, 1800.0]))
    assert float(seen.capacity) == pytest.approx(2.5, rel=1e-12)
    # the two are summed over different hundreds of points, each exact to some millionths
    assert float(seen.energy) == pytest.approx(float(whole.at([1800.0]).energy), rel=1e-5)


def test_several_steps_count_from_the_beginning_as_well(model):
    steps = [STEP, cs.rest(600.0)]
    whole, seen = (cs.simulate(model, steps, times=times) for times in (None, np.array([30.0, 2000.0, 9000.0])))
    assert float(seen.capacity) == pytest.approx(float(whole.capacity), rel=1e-6)
    assert float(seen.energy) == pytest.approx(float(whole.energy), rel=1e-6)
    leg = whole.legs[1]
    assert abs(float(leg.capacity)) < 1e-9


def test_the_energy_at_few_times_has_the_derivative_of_the_whole(model):
    def energy(share, times):
        cell = cs.replace(model.cell, "negative.L", share * model.cell.negative.L)
        return cs.simulate(cs.SPM(cell, model.mesh), STEP, times=times, rtol=1e-9).energy

    few = np.array([10.0, 5000.0])
    step = 1e-4
    difference = (energy(1 + step, few) - energy(1 - step, few)) / (2 * step)
    assert float(jax.grad(energy)(1.0, few)) == pytest.approx(float(difference), rel=1e-5)
    assert float(jax.jvp(lambda x: energy(x, few), (1.0,), (1.0,))[1]) == pytest.approx(float(difference), rel=1e-5)
