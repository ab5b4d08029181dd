"""A protocol seen at given times of the whole run, under JAX's transformations as without them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import cellsim as cs
from cellsim.parameters import get, replace

STEPS = (
    "Discharge at 1C for 10 minutes",
    "Charge at C/2 until 3.9 V",
    "Hold at 3.9 V until C/20",
    "Rest for 5 minutes",
)
TIMES = np.linspace(0.0, 5000.0, 101)
PATHS = ("negative.particle.D_s.value", "electrolyte.t_plus.value", "positive.L")


@pytest.fixture(scope="module")
def runs(lgm50_coarse):
    """The same run without transformations and as one program, and its derivative, forward and by differences."""
    model = lgm50_coarse

    def voltages(x):
        cell = model.cell
        for path, factor in zip(PATHS, x, strict=True):
            cell = replace(cell, path, get(cell, path) * factor)
        solution = cs.simulate(cs.DFN(cell, mesh=model.mesh), [STEPS], soc=0.5, times=TIMES, rtol=1e-9)
        return solution.V, (solution.t, solution.I, solution.Q, solution.states, solution.chain.legs)

    here = jnp.ones(len(PATHS))
    run = jax.jit(voltages)
    V, rest = run(here)
    h = 1e-4
    moved = [(run(here.at[k].add(h))[0] - run(here.at[k].add(-h))[0]) / (2 * h) for k in range(len(PATHS))]
    plain = cs.simulate(model, [STEPS], soc=0.5, rtol=1e-9)
    return dict(
        plain=plain,
        V=V,
        rest=rest,
        forward=jax.jit(jax.jacfwd(lambda x: voltages(x)[0]))(here),
        differences=np.stack(moved, axis=1),
    )


def test_one_program_sees_what_the_steps_in_turn_see(runs):
    seen = runs["plain"].at(TIMES)
    t, I, Q, states, legs = runs["rest"]
    np.testing.assert_allclose(legs.t, [leg.t_stop for leg in runs["plain"].legs], rtol=1e-9)
    np.testing.assert_allclose(t, seen.t, rtol=1e-9)
    np.testing.assert_allclose(runs["V"], seen.V, atol=1e-8)
    np.testing.assert_allclose(I, seen.I, atol=1e-7)
    np.testing.assert_allclose(Q, seen.Q, atol=1e-8)
    np.testing.assert_allclose(states.line, seen.states.line, atol=1e-8)


def test_beyond_the_stop_the_final_state_is_repeated(runs):
    t, *_ = runs["rest"]
    stop = float(runs["plain"].t_stop)
    assert TIMES[-1] > stop
    np.testing.assert_allclose(t[-1], stop, rtol=1e-9)
    np.testing.assert_allclose(runs["V"][TIMES > stop], runs["plain"].V[-1], atol=1e-8)


def test_derivatives_at_given_times_go_through_the_ends_of_steps(runs):
    np.testing.assert_allclose(runs["forward"], runs["differences"], rtol=1e-5, atol=2e-6)


def test_the_last_time_ends_a_profile(lgm50_coarse):
    drive = cs.current(cs.Profile(np.array([0.0, 60.0, 60.0, 120.0]), np.array([0.0, 5.0, -2.0, 3.0])), None)
    times = np.linspace(0.0, 90.0, 31)
    plain = cs.simulate(lgm50_coarse, drive, soc=0.6, times=times)
    traced = jax.jit(lambda soc: cs.simulate(lgm50_coarse, drive, soc=soc, times=times))(0.6)
    np.testing.assert_allclose(traced.V, plain.V, atol=1e-6)
    np.testing.assert_allclose(traced.I, plain.I, atol=1e-9)
    assert float(traced.t[-1]) == 90.0


def test_times_since_a_step_began_are_seen_in_that_step_however_long_it_took(lgm50_coarse):
    steps = ["Discharge at 1C until 3.9 V", "Rest for 2 minutes"]
    times = cs.StepTimes(np.array([1, 1, 1, 2, 2, 2]), np.array([0.0, 30.0, 1e5, 0.0, 60.0, 120.0]))
    plain = cs.simulate(lgm50_coarse, steps, soc=0.9, times=times)
    ends = [leg.t_stop for leg in plain.legs]
    assert 60.0 < float(ends[0]) < 3600.0
    expected = np.array([0.0, 30.0, ends[0], ends[0], ends[0] + 60.0, ends[1]])
    np.testing.assert_allclose(plain.t, expected, rtol=1e-12)
    assert np.all(np.asarray(plain.I)[:3] == plain.I[0]) and np.all(np.asarray(plain.I)[3:] == 0.0)
    np.testing.assert_allclose(plain.V[2], 3.9, atol=1e-6)  # the last of the discharge, under current
    assert float(plain.V[3]) > 3.91  # the first of the rest, at the same time
    traced = jax.jit(lambda soc: cs.simulate(lgm50_coarse, steps, soc=soc, times=times))(0.9)
    np.testing.assert_allclose(traced.t, plain.t, rtol=1e-9)
    np.testing.assert_allclose(traced.V, plain.V, atol=1e-8)
    with pytest.raises(ValueError, match="in the order of the steps"):
        plain.at(cs.StepTimes(np.array([2, 1]), np.array([0.0, 0.0])))
