"""Protocols of several steps on a cell."""

import warnings
from contextlib import contextmanager

import jax
import numpy as np
import pytest

import cellsim as cs
from cellsim.protocols import language
from cellsim.protocols.protocol import Protocol, Until
from cellsim.protocols.several import is_kept
from cellsim.simulation.simulate import CannotStart

CYCLE = ("Discharge at C/2 for 5 minutes", "Charge at C/2 for 4 minutes", "Rest for 1 minute")


def simulate(model, protocol, soc=0.6, **more):
    """A run from a state between full and empty."""
    return cs.simulate(model, protocol, soc=soc, **more)


@contextmanager
def compiled():
    """The names of the programs that are compiled meanwhile."""
    heard = []

    def listen(event, duration_secs, **about):
        if event.endswith("backend_compile_duration"):
            heard.append(about["fun_name"])

    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        yield heard
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)


@pytest.fixture(scope="module")
def model(lgm50_coarse):
    return lgm50_coarse


@pytest.fixture(scope="module")
def six(model):
    """Six short cycles."""
    return simulate(model, [CYCLE] * 6)


def is_the_same(a, b):
    """Whether two solutions are the same to the last bit."""
    leaves = [[np.asarray(x) for x in jax.tree.leaves(each)] for each in (a, b)]
    return all(np.array_equal(x, y) for x, y in zip(*leaves, strict=True)) and a.step_ends == b.step_ends


# ---- steps


def test_a_step_that_is_past_its_end_is_left_out_with_a_note(model):
    solution = simulate(model, ["Charge at C/2 until 4 V", "Discharge at C/2 for 1 minute"], soc=1.0)
    first, second = solution.step_ends
    assert first.is_skipped and (first.t_start, first.t_end, first.charge) == (0.0, 0.0, 0.0)
    assert first.reason.startswith("skipped: upper cut-off voltage 4 V was passed already at 4.2")
    assert (second.t_start, second.t_end) == (0.0, 60.0)
    assert solution.succeeded
    assert float(solution.capacity) == pytest.approx(2.5 / 60, rel=1e-12)


def test_a_step_in_the_middle_is_left_out_as_well(model):
    solution = simulate(
        model, ["Discharge at C/2 for 1 minute", "Discharge at C/2 until 4.15 V", "Rest for 1 s"], soc=1.0
    )
    assert [end.is_skipped for end in solution.step_ends] == [False, True, False]
    assert [end.t_start for end in solution.step_ends] == [0.0, 60.0, 60.0]


@pytest.mark.parametrize("steps", [["Rest for 1 minute", "Charge at C/2 until 4 V (no skip)"], ["Charge to 4 V"]])
def test_a_step_that_must_not_be_left_out_is_refused(model, steps):
    steps = [step.replace("Charge to", "Charge at 2 A for 1 h at 20 degC until") for step in steps]
    with pytest.raises(
        CannotStart, match=rf"step {len(steps)} \('Charge .*'\) cannot start: upper cut-off voltage 4 V"
    ):
        simulate(model, steps, soc=1.0)


def test_what_was_reached_is_kept_where_a_step_fails(model):
    steps = [*CYCLE, "Discharge at C/2 until 3.4 V", "Rest for 1 hour"]
    before = simulate(model, steps[:3])
    enough = int(before.steps) - int(before.rejected)
    failed = simulate(model, steps, max_steps=enough + 10)
    assert not failed.succeeded
    assert len(failed.step_ends) == 4
    assert failed.stop_reason.startswith("failed: the number of time steps was used up at ")
    assert int(failed.steps) - int(failed.rejected) == enough + 10
    for leg, same in zip(failed.legs, before.legs, strict=False):
        np.testing.assert_array_equal(leg.V, same.V)
    last = failed.legs[-1]
    assert float(last.t[-1]) == float(last.t_stop) == float(failed.t[-1]) > 600
    whole = simulate(model, steps[:4])
    np.testing.assert_allclose(last.V, whole.at(last.t).V, rtol=0, atol=1e-10)
    assert np.all(np.isfinite(failed.V))


def test_a_step_of_more_time_steps_than_one_call_takes_goes_on(model):
    steps = ["Discharge at C/2 until 3.4 V", "Rest for 1 minute"]
    whole = simulate(model, steps)
    with compiled() as heard:
        fine = simulate(model, steps, rtol=1e-10)
    assert not [name for name in heard if "leg" in name]
    assert len(fine.legs[0].dense) == 2
    assert int(fine.steps) == sum(int(leg.steps) for leg in fine.legs) > 256
    assert np.all(np.diff(fine.step_times()) > 0)
    assert float(fine.t_stop) == pytest.approx(float(whole.t_stop), rel=1e-5)
    t = np.asarray(whole.legs[0].t)[:-1]
    np.testing.assert_allclose(fine.at(t).V, np.asarray(whole.V)[: len(t)], atol=2e-5)
    assert [end.charge for end in fine.step_ends] == pytest.approx([end.charge for end in whole.step_ends], abs=1e-5)


# ---- what ends a protocol


def test_a_protocol_ends_after_the_cycle_that_gives_less_than_a_share_of_the_first(model):
    cycles = [["Discharge at C/2 until 3.9 V", f"Charge at C/2 until {V} V"] for V in (4.15, 4.1, 4.02, 4.1)]
    whole = [cycle.discharge_capacity_Ah for cycle in simulate(model, cycles, soc=1.0).cycles]
    assert whole[0] > whole[1] > whole[2] > whole[3]
    share = 0.5 * (whole[1] + whole[2]) / whole[0]
    protocol = Protocol([language.protocol([cycle]).cycles[0] for cycle in map(tuple, cycles)], Until(retention=share))
    assert len(simulate(model, protocol, soc=1.0).cycles) == 3
    level = 0.5 * (whole[0] + whole[1])
    assert len(simulate(model, Protocol(protocol.cycles, Until(capacity=level)), soc=1.0).cycles) == 2


def test_a_protocol_ends_within_a_step_at_its_lowest_voltage(model):
    protocol = language.protocol([("Discharge at 1C for 10 minutes", "Rest for 1 minute")] * 20, until="3.7 V")
    solution = simulate(model, protocol)
    assert solution.succeeded
    assert float(solution.V[-1]) == pytest.approx(3.7, abs=1e-9)
    assert solution.stop_reason.startswith("lower cut-off voltage 3.7 V reached")
    assert np.min(solution.V) >= 3.7 - 1e-9
    assert len(solution.step_ends) < 40


def test_a_protocol_ends_after_the_step_that_passes_its_duration(model):
    solution = simulate(model, language.protocol([CYCLE] * 6, until="0.2 h"))
    assert float(solution.t_stop) == 900.0  # 5 + 4 + 1 + 5 minutes
    assert [end.cycle for end in solution.step_ends] == [1, 1, 1, 2]


# ---- cycles


def test_every_cycle_is_told_as_it_ends(model, six):
    heard = []
    simulate(model, [CYCLE] * 6, on_cycle=lambda number, part: heard.append((number, part)))
    assert [number for number, _ in heard] == [1, 2, 3, 4, 5, 6]
    assert [end for _, part in heard for end in part.step_ends] == six.step_ends
    assert [cycle for _, part in heard for cycle in part.cycles] == six.cycles
    for number, part in heard:
        assert (float(part.t[0]), float(part.t[-1])) == (600.0 * (number - 1), 600.0 * number)
        assert float(part.capacity) == pytest.approx(2.5 / 60, rel=1e-10)
    np.testing.assert_array_equal(np.concatenate([part.V for _, part in heard]), six.V)


def test_a_solution_of_cycles_adds_up(six):
    assert len(six.legs) == 18
    assert float(six.capacity) == pytest.approx(6 * 2.5 / 60, rel=1e-10)
    assert float(six.energy) == pytest.approx(sum(end.energy for end in six.step_ends), rel=1e-10)
    assert int(six.steps) == sum(int(leg.steps) for leg in six.legs)
    assert max(abs(x) for x in six.balance) < 1e-10


def held(solution):
    """Bytes of memory behind the arrays of a solution, each counted once."""
    owners = {}
    for x in jax.tree.leaves(solution):
        array = np.asarray(x)
        while isinstance(array.base, np.ndarray):
            array = array.base
        owners[array.__array_interface__["data"][0]] = array.nbytes
    return sum(owners.values())


def test_memory_grows_by_the_curves_alone_where_few_cycles_are_kept(model):
    cycle = ("Discharge at C/2 for 20 s", "Charge at C/2 for 20 s")
    few, many, all_kept = (
        held(simulate(model, [cycle] * n, keep_cycles=keep)) for n, keep in ((5, 2), (25, 2), (25, 25))
    )
    curves = 101 * 6 * 8  # of a step: t, V, I, T, Q and E
    state = 8 * (model.layout.size + 2)
    assert (many - few) / 40 < 2 * curves + 5 * state  # curves and two states, in the leg and in the whole
    assert many < 0.35 * all_kept


@pytest.mark.parametrize(
    ("keep", "cycles", "kept"),
    [(3, 10, [1, 5, 10]), (10, 10, list(range(1, 11))), (1, 10, [1, 10]), (2, 100, [1, 100]), (5, 3, [1, 2, 3])],
)
def test_of_many_cycles_the_first_the_last_and_some_between_are_kept(keep, cycles, kept):
    assert [k for k in range(1, cycles + 1) if is_kept(k, cycles, keep, cycles)] == kept
    assert is_kept(7, 7, keep, 10)  # the one that has just ended, whatever comes


# ---- times


def test_a_solution_is_seen_at_any_times_across_its_steps(six):
    times = np.array([0.0, 100.0, 299.0, 300.0, 540.0, 550.0, 600.0, 3000.0, 3600.0, 1e9])
    seen = six.at(times)
    np.testing.assert_array_equal(seen.t, np.minimum(times, 3600.0))
    # where two steps meet the later one is seen
    np.testing.assert_allclose(seen.I, [2.5, 2.5, 2.5, -2.5, 0, 0, 2.5, 2.5, 0, 0], atol=1e-12)
    for time, V in zip(times, np.asarray(seen.V), strict=True):
        of = [leg for leg in six.legs if float(leg.t_start) <= time < float(leg.t_stop)] or [six.legs[-1]]
        assert float(of[0].at([time]).V[0]) == pytest.approx(float(V), abs=1e-14)
    np.testing.assert_allclose(np.interp(times[1:3], six.t, six.V), seen.V[1:3], atol=1e-4)
    assert seen.profile("electrolyte concentration").shape[0] == len(times)


def test_times_are_asked_for_beforehand_too(model, six):
    times = [10.0, 400.0, 900.0]
    np.testing.assert_array_equal(simulate(model, [CYCLE] * 6, times=times).V, six.at(times).V)


def test_a_cycle_that_keeps_no_fields_says_so_when_it_is_looked_at(model):
    thin = simulate(model, [CYCLE] * 4, keep_cycles=1)
    assert len(thin.at([100.0, 2000.0]).V) == 2
    with pytest.raises(ValueError, match=r"step [45] keeps no dense output.*keep_cycles"):
        thin.at([100.0, 700.0])


def test_tags_of_a_cycle_and_of_its_steps_are_in_the_table_of_cycles(model):
    slow = {"steps": ["Rest for 10 s [first]", "Rest for 20 s"], "tags": ["check"]}
    plan = [slow, {"repeat": 2, "steps": ["Rest for 30 s"], "tags": "quick"}, "Rest for 5 s"]
    found = simulate(model, plan)
    assert [each.tags for each in found.cycles] == [("first", "check"), ("quick",), ("quick",), ()]
    assert [end.tags for end in found.step_ends][:2] == [("first", "check"), ("check",)]


# ---- jumps

STEPPED = cs.current(cs.Profile([0.0, 10.0, 10.0, 20.0], [1.0, 5.0, -2.0, -2.0]), None)  # s, A


def seen(kind, L, step, **more):
    """Time and voltage at the end of a step, of a thickness [m] of the positive electrode."""
    cell = cs.replace(cs.load_cell("Chen2020"), "positive.L", L)
    run = cs.simulate(kind(cell, cs.Mesh(4, 3, 4, 4)), [step], max_steps=80, **more)
    return jax.numpy.stack([run.t[-1], run.V[-1]])


def moved(of, L):
    """What is seen, and its derivative."""
    return jax.jit(lambda L: jax.jvp(of, (L,), (1.0,)))(L)


def test_a_jump_that_takes_the_voltage_past_a_cut_off_ends_the_step_there():
    """A model without double layers, so that the voltage jumps with the current."""
    ended = cs.simulate(cs.SPM(cs.load_cell("Chen2020"), cs.Mesh(4, 3, 4, 4)), [STEPPED, "Rest for 10 s"])
    assert [end.reason.split(" at")[0] for end in ended.step_ends] == [
        "upper cut-off voltage 4.2 V reached",
        "duration completed",
    ]
    assert np.isclose(ended.legs[0].t_stop, 10.0, rtol=1e-12)
    until_then = cs.current(cs.Profile([0.0, 10.0], [1.0, 5.0]), None)
    jumped, plain = (moved(lambda L, step=step: seen(cs.SPM, L, step), 75.6e-6) for step in (STEPPED, until_then))
    np.testing.assert_allclose(jumped[0], plain[0], rtol=1e-9)  # what was before the jump
    np.testing.assert_allclose(jumped[1], plain[1], rtol=1e-6)  # which stays where it is


@pytest.mark.parametrize("kind", [cs.SPM, cs.DFN])
def test_derivatives_go_through_a_jump_of_what_is_held(kind):
    of = jax.jit(lambda L: seen(kind, L, STEPPED, soc=0.5)[1])
    L, h = 75.6e-6, 1e-8
    difference = (of(L + h) - of(L - h)) / (2 * h)
    assert np.isclose(moved(of, L)[1], difference, rtol=1e-6)
    if kind is cs.DFN:
        assert np.isclose(jax.jit(jax.grad(of))(L), difference, rtol=1e-6)


# ---- one program


def test_one_program_serves_whatever_is_held_and_whatever_ends_it(model, six):
    steps = [
        "Discharge at 1C until 3.6 V",
        "Rest for 5 minutes",
        "Charge at 3 A for 5 minutes or until 4.15 V",
        "Hold at 4 V until 1 A",
        "Discharge at 5 W for 1 minute",
        "Discharge at 2 Ohm until 0.02 A.h",
        "Hold at 0.1 A for 10 s at 20 degC",
    ]
    with compiled() as heard:
        assert len(simulate(model, steps).step_ends) == 7
        assert not [name for name in heard if "leg" in name]
        jax.jit(leg_of_a_table)(1.0)
        assert [name for name in heard if "leg" in name] == ["jit(leg_of_a_table)"]  # it would have been heard


def leg_of_a_table(x):
    return x + 1


# ---- after an earlier run


class Interrupted(Exception):
    pass


def interrupted_after(model, cycles, **more):
    """The cycles of a run that is interrupted when `cycles` of them have ended."""
    from cellsim.protocols.several import together

    legs = []

    def hear(number, part):
        legs.extend(part.legs)
        if number == cycles:
            raise Interrupted

    with pytest.raises(Interrupted):
        simulate(model, [CYCLE] * 6, on_cycle=hear, **more)
    return together(legs)


def test_a_run_goes_on_after_an_earlier_one_to_the_last_bit(model, six):
    part = interrupted_after(model, 2)
    heard = []
    found = simulate(model, [CYCLE] * 6, after=part, on_cycle=lambda number, part: heard.append(number))
    assert is_the_same(found, six)
    assert heard == [3, 4, 5, 6]


def test_a_cycle_that_was_not_complete_is_run_again(model, six):
    steps = int(six.legs[0].steps) + int(six.legs[1].steps) + int(six.legs[2].steps) + int(six.legs[3].steps)
    failed = simulate(model, [CYCLE] * 6, max_steps=steps)
    assert not failed.succeeded and failed.step_ends[-1].cycle == 2
    assert is_the_same(simulate(model, [CYCLE] * 6, after=failed), six)


def test_after_the_last_cycle_there_is_nothing_to_do(model, six):
    assert is_the_same(simulate(model, [CYCLE] * 6, after=six), six)


def test_more_cycles_can_follow(model, six):
    two = simulate(model, [CYCLE] * 2)
    assert is_the_same(simulate(model, [CYCLE] * 6, after=two), six)


def test_what_ends_a_protocol_sees_the_earlier_cycles(model):
    cycles = [("Discharge at C/2 until 3.9 V", f"Charge at C/2 until {V} V") for V in (4.15, 4.1, 4.02, 4.1)]
    whole = simulate(model, cycles, soc=1.0)
    of = [cycle.discharge_capacity_Ah for cycle in whole.cycles]
    protocol = Protocol(language.protocol(cycles).cycles, Until(retention=0.5 * (of[1] + of[2]) / of[0]))
    ended = simulate(model, protocol, soc=1.0)
    assert len(ended.cycles) == 3
    for earlier in (simulate(model, cycles[:1], soc=1.0), ended):
        assert is_the_same(simulate(model, protocol, soc=1.0, after=earlier), ended)


def test_a_solution_of_another_protocol_is_refused(model, six):
    with pytest.raises(ValueError, match="its step 3 is 'Rest for 1 minute' of cycle 1, that of the protocol is 'Rest"):
        simulate(model, [(*CYCLE[:2], "Rest for 2 minutes")] * 6, after=six)
    with pytest.raises(ValueError, match="`after` has 18 steps, the protocol 15"):
        simulate(model, [CYCLE] * 5, after=six)


def test_a_solution_on_another_mesh_is_refused(model, six):
    other = cs.DFN(model.cell, cs.Mesh(4, 2, 3, 4))
    with pytest.raises(ValueError, match="has its mesh changed"):
        simulate(other, [CYCLE] * 7, after=six)


def test_under_a_transformation_no_run_goes_on_after_another(model, six):
    with pytest.raises(ValueError, match="give its last state as `initial`"):
        jax.jit(lambda soc: simulate(model, [CYCLE] * 6, soc, after=six).V)(1.0)


# ---- periods


def test_a_step_with_a_period_has_its_points_and_both_ends(model, six):
    solution = simulate(model, [(f"{CYCLE[0]} (7 second period)", *CYCLE[1:])])
    leg = solution.legs[0]
    np.testing.assert_allclose(leg.t, [*np.arange(0.0, 300.0, 7.0), 300.0], atol=1e-12)
    np.testing.assert_allclose(leg.V[1:-1], six.at(leg.t[1:-1]).V, atol=1e-13)
    assert leg.profile("electrolyte concentration").shape[0] == len(leg.t)
    assert len(solution.legs[1].t) == 101
    # what follows is the same to the last bit
    np.testing.assert_array_equal(solution.legs[1].V, six.legs[1].V)
    assert [end._replace(text="") for end in solution.step_ends] == [end._replace(text="") for end in six.step_ends[:3]]


def test_a_period_that_divides_the_step_ends_with_its_last_point_once(model):
    for text, count in (("for 60 seconds (20 second period)", 4), ("for 60 seconds (1 hour period)", 2)):
        solution = simulate(model, f"Discharge at C/2 {text}")
        assert len(solution.t) == count
        assert float(solution.t[-1]) == 60.0
        assert float(solution.energy) == pytest.approx(float(simulate(model, ["Discharge at C/2 for 60 s"]).energy))


def test_of_very_many_points_the_fields_are_kept_at_some(model):
    solution = simulate(model, "Rest for 2000 s (1 second period)")
    leg = solution.legs[0]
    np.testing.assert_allclose(leg.t, np.arange(2001.0), atol=1e-9)
    assert len(leg.rows_of_fields) == len(jax.tree.leaves(leg.states)[0]) == 101
    assert (leg.rows_of_fields[0], leg.rows_of_fields[-1]) == (0, 2000)
    assert len(solution.dataset(["electrolyte concentration"]).time) == 101


def test_rows_of_the_time_series_follow_the_period(model, tmp_path):
    from cellsim.output import write_timeseries

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        solution = simulate(model, language.protocol(["Discharge at C/2 for 1 minute", "Rest for 25 s"], period=10.0))
    write_timeseries(solution, tmp_path / "timeseries.csv")
    rows = np.genfromtxt(tmp_path / "timeseries.csv", delimiter=",", names=True)
    assert rows["time_s"].tolist() == [0, 10, 20, 30, 40, 50, 60, 60, 70, 80, 85]
    assert rows["step"].tolist() == [1] * 7 + [2] * 4
