"""`simulate` is a pure function: it works as it stands under every transformation, and no number of it recompiles."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import cellsim
from cellsim.protocols.controls import Current
from cellsim.protocols.ends import AtVoltage
from cellsim.protocols.steps import Step
from cellsim.simulation.simulate import CannotStart

pytestmark = pytest.mark.xdist_group("pure")
POINTS = 101


def with_thickness(model, factor):
    return cellsim.DFN(cellsim.replace(model.cell, "positive.L", model.cell.positive.L * factor), model.mesh)


def seen(solution):
    return dict(t=solution.t, V=solution.V, stop=solution.t_stop, capacity=solution.capacity, energy=solution.energy)


@pytest.fixture(scope="module")
def eager(model):
    return cellsim.simulate(model, "Discharge at 1C until 2.5 V", soc=0.9)


@pytest.fixture(scope="module")
def compiled(model):
    """The run as one program of every number that it may depend on."""

    @jax.jit
    def run(soc, factor, I, until, duration, rtol):
        step = Step(Current(I), (AtVoltage(until),), duration, 1)
        return cellsim.simulate(with_thickness(model, factor), step, soc=soc, rtol=rtol, max_steps=400)

    return run


USUAL = dict(soc=0.9, factor=1.0, I=5.0, until=2.5, duration=7200.0, rtol=1e-6)


def test_a_compiled_run_is_the_run_itself(eager, compiled):
    found = compiled(**USUAL)
    assert found.t.shape == (POINTS,)
    assert float(found.t_stop) == pytest.approx(float(eager.t_stop), rel=1e-10)
    np.testing.assert_allclose(found.V, eager.V, atol=1e-9)
    assert float(found.t[-1]) == float(found.t_stop) and float(eager.t[-1]) == float(eager.t_stop)
    assert float(found.capacity) == pytest.approx(5.0 * float(found.t_stop) / 3600, rel=1e-12)
    assert found.stop_reason == eager.stop_reason


def test_the_run_stops_where_the_voltage_is_the_cut_off(eager):
    assert float(eager.V[-1]) == pytest.approx(2.5, abs=1e-9)
    assert np.all(np.asarray(eager.V[:-1]) > 2.5)
    assert eager.stop_reason.startswith("lower cut-off voltage 2.5 V reached at")
    assert eager.succeeded


def test_no_number_compiles_a_run_anew(compiled):
    compiled(**USUAL)
    before = compiled._cache_size()
    stops = []
    for changed in (dict(soc=0.8), dict(factor=1.1), dict(I=4.0), dict(until=3.0), dict(duration=600.0)):
        stops.append(float(compiled(**{**USUAL, **changed}).t_stop))
    assert compiled._cache_size() == before == 1
    assert len({round(stop, 3) for stop in stops}) == 5, "every number acted"
    assert stops[-1] == 600.0


def test_outside_transformations_no_number_compiles_a_run_anew(model, eager):
    compilations = []

    def listen(event, seconds, **_):
        if event == "/jax/core/compile/backend_compile_duration":
            compilations.append(seconds)

    run = lambda factor, soc, **step: cellsim.simulate(
        with_thickness(model, factor), cellsim.discharge(**step), soc=soc
    )
    first = run(1.0, 0.9, I=5.0, until=2.6, duration=4000.0)
    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        second = run(1.05, 0.85, I=4.5, until=2.7, duration=3900.0)
        assert compilations == []
        jax.jit(lambda x: x * 3.21)(jnp.ones(17)).block_until_ready()
        assert len(compilations) >= 1, "the listener hears compilations"
    finally:
        jax.monitoring.clear_event_listeners()
    assert float(first.t_stop) != float(second.t_stop)


def test_a_batch_of_cells_stops_each_at_its_own_time(model, compiled):
    socs, factors = jnp.asarray([0.9, 0.5, 0.2]), jnp.asarray([1.0, 1.1, 0.95])
    run = lambda soc, factor: seen(
        cellsim.simulate(with_thickness(model, factor), "Discharge at 1C until 2.5 V", soc=soc)
    )
    together = jax.jit(jax.vmap(run))(socs, factors)
    assert np.min(-np.diff(together["stop"])) > 300
    for k in range(3):
        alone = compiled(**{**USUAL, "soc": socs[k], "factor": factors[k]})
        assert float(together["t"][k, -1]) == float(together["stop"][k])
        assert float(together["stop"][k]) == pytest.approx(float(alone.t_stop), rel=1e-9)
        np.testing.assert_allclose(together["V"][k], alone.V, atol=1e-8)


def test_the_gradient_of_the_whole_voltage_curve_in_reverse_mode_agrees_with_differences(model, compiled):
    """At the default times, which move with the stop; as plain `jax.grad`, batched over states of charge."""
    weight = jnp.linspace(0.5, 1.5, POINTS)
    of_curve = lambda V: jnp.mean(weight * V**2)

    def loss(x, soc):
        return of_curve(cellsim.simulate(with_thickness(model, x), "Discharge at 1C until 2.5 V", soc=soc, rtol=1e-7).V)

    socs = jnp.asarray([0.9, 0.4])
    values, slopes = jax.jit(jax.vmap(jax.value_and_grad(loss), in_axes=(None, 0)))(1.0, socs)
    for k in range(2):
        value = lambda x, k=k: float(of_curve(compiled(**{**USUAL, "soc": socs[k], "factor": x, "rtol": 1e-7}).V))
        assert float(values[k]) == pytest.approx(value(1.0), rel=1e-9)
        h = 4e-3
        near, far = ((value(1 + h * s) - value(1 - h * s)) / (2 * h * s) for s in (1, 2))
        assert float(slopes[k]) == pytest.approx((4 * near - far) / 3, rel=2e-3)


def test_one_tangent_moves_the_stop_but_not_the_last_voltage(model, compiled):
    def run(soc):
        solution = cellsim.simulate(model, "Discharge at 1C until 2.5 V", soc=soc, rtol=1e-7)
        return solution.t[-1], solution.V[-1], solution.capacity

    (stop, _, _), (stop_dot, V_dot, capacity_dot) = jax.jit(lambda soc: jax.jvp(run, (soc,), (jnp.ones(()),)))(0.9)
    value = lambda soc: float(compiled(**{**USUAL, "soc": soc, "rtol": 1e-7}).t_stop)
    h = 4e-3
    near, far = ((value(0.9 + h * s) - value(0.9 - h * s)) / (2 * h * s) for s in (1, 2))
    assert float(stop) == pytest.approx(value(0.9), rel=1e-10)
    assert float(stop_dot) == pytest.approx((4 * near - far) / 3, rel=1e-3)
    assert float(capacity_dot) == pytest.approx(5.0 * float(stop_dot) / 3600, rel=1e-10)
    assert abs(float(V_dot)) < 1e-6, "the stop is where the voltage is the cut-off, whatever the state of charge"


def test_a_run_of_plain_numbers_within_a_traced_function_is_part_of_it(model, eager):
    words = "Discharge at 1.00C until 2.5 V"  # not read before, so that nothing of it was kept
    inside = jax.jit(lambda x: x * cellsim.simulate(model, words, soc=0.9, max_steps=400).t[-1])
    assert float(inside(2.0)) == pytest.approx(2 * float(eager.t_stop), rel=1e-10)
    outside = cellsim.simulate(model, words, soc=0.9)
    assert float(outside.t_stop) == pytest.approx(float(eager.t_stop), rel=1e-12)


# ---- runs that end otherwise


def test_a_run_without_enough_steps_keeps_what_it_reached_and_says_why(model, eager):
    short = cellsim.simulate(model, "Discharge at 1C until 2.5 V", soc=0.9, max_steps=12)
    assert not short.succeeded
    assert short.stop_reason.startswith("failed: the number of time steps was used up at ")
    assert 0 < float(short.t_stop) < float(eager.t_stop) and float(short.t[-1]) == float(short.t_stop)
    assert np.all(np.isfinite(short.V)) and all(np.all(np.isfinite(x)) for x in jax.tree.leaves(short.states))
    np.testing.assert_allclose(short.V, eager.at(short.t).V, atol=1e-9)


def test_a_compiled_run_without_enough_steps_keeps_finite_arrays_and_the_reason(compiled, eager):
    short = compiled(**{**USUAL, "rtol": 1e-12})  # asks for more steps than there are
    assert not short.succeeded
    assert short.stop_reason.startswith("failed: the number of time steps was used up at ")
    assert 0 < float(short.t_stop) < float(eager.t_stop) and float(short.t[-1]) == float(short.t_stop)
    assert all(np.all(np.isfinite(x)) for x in jax.tree.leaves((short.t, short.V, short.states)))
    np.testing.assert_allclose(short.V, eager.at(short.t).V, atol=2e-5)


def test_a_run_ends_with_the_last_of_the_times_asked_for(model, eager):
    times = np.array([0.0, 10.0, 500.0, 1000.0])
    solution = cellsim.simulate(model, "Discharge at 1C until 2.5 V", soc=0.9, times=times)
    assert float(solution.t_stop) == 1000.0
    np.testing.assert_array_equal(solution.t, times)
    np.testing.assert_allclose(solution.V, eager.at(times).V, atol=2e-5)
    beyond = cellsim.simulate(model, "Discharge at 1C until 2.5 V", soc=0.9, times=[10.0, 1e5])
    assert float(beyond.t[-1]) == float(beyond.t_stop) == pytest.approx(float(eager.t_stop), rel=1e-9)


def test_a_duration_that_comes_first_ends_the_run(model):
    solution = cellsim.simulate(model, "Discharge at 1C for 5 minutes or until 2.5 V", soc=0.9)
    assert float(solution.t_stop) == 300.0
    assert solution.stop_reason.startswith("duration of 300 s completed at ")


def test_a_charge_raises_the_voltage_to_its_cut_off_and_passes_negative_charge(model):
    solution = cellsim.simulate(model, "Charge at 1C until 4.2 V", soc=0.3)
    assert float(solution.V[-1]) == pytest.approx(4.2, abs=1e-9)
    assert float(solution.V[0]) < 3.9 and float(solution.capacity) < 0 and float(solution.energy) < 0
    assert solution.stop_reason.startswith("upper cut-off voltage 4.2 V reached at ")
    by_step = cellsim.simulate(model, cellsim.charge(I=5.0), soc=0.3)
    assert float(by_step.t_stop) == pytest.approx(float(solution.t_stop), rel=1e-12)


def test_a_rest_changes_nothing(model):
    solution = cellsim.simulate(model, "Rest for 2 hours", soc=0.6)
    assert float(solution.t_stop) == 7200.0
    assert float(np.ptp(solution.V)) < 1e-9
    for x in jax.tree.leaves(solution.states):
        assert np.max(np.abs(x - x[0])) < 1e-9


# ---- runs that cannot be


@pytest.mark.parametrize(
    ("step", "soc", "said"),
    [
        ("Discharge at 1C until 2.5 V", 0.0, r"already past its end at 2\.5 V\. Raise `soc` for a discharge"),
        ("Charge at 1C until 4.2 V", 1.0, r"already past its end at 4\.2 V\. Lower `soc` for a charge"),
    ],
)
def test_a_step_whose_end_is_passed_is_refused_with_the_voltage(model, step, soc, said):
    with pytest.raises(CannotStart, match=said):
        cellsim.simulate(model, step, soc=soc)


def test_a_cell_without_a_state_of_charge_is_refused(model, cell):
    changed = cellsim.DFN(cellsim.replace(cell, "V_max", jnp.asarray(5.2)), model.mesh)
    with pytest.raises(CannotStart, match="has no state of charge"):
        cellsim.simulate(changed, "Discharge at 1C until 2.5 V")


def test_a_current_that_is_no_number_is_refused(model):
    with pytest.raises(CannotStart, match="finite current"):
        cellsim.simulate(model, cellsim.discharge(I=float("nan")))


def test_under_transformations_a_run_that_cannot_start_takes_no_time_and_says_so(compiled):
    found = compiled(**{**USUAL, "soc": 0.0})
    assert float(found.t_stop) == 0.0
    assert np.all(np.isfinite(found.V)) and float(np.ptp(found.V)) == 0
    assert found.stop_reason.startswith("not started: the voltage ")
