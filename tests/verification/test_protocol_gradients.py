"""Derivatives through a whole protocol: cut-offs, the switch from current to voltage, the taper, and the rests."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import cellsim as cs
from cellsim.parameters import get, replace

pytestmark = pytest.mark.xdist_group("gradients of a protocol")
# an independent choice of every kind: lengths, radii, transport in solid and solution, kinetics, the initial state
PATHS = (
    "negative.L",
    "separator.L",
    "positive.particle.R_p",
    "positive.eps",
    "negative.particle.D_s.value",
    "negative.particle.kinetics.k",
    "positive.particle.theta0",
    "electrolyte.t_plus.value",
    "c0",
    "area",
)
CCCV = (
    "Charge at 1C until 4.2 V",
    "Hold at 4.2 V until C/50",
    "Rest for 10 minutes",
    "Discharge at C/2 until 2.5 V",
    "Rest for 10 minutes",
)
RESULTS = ("total time", "time of the charge at constant current", "capacity", "energy", "voltage after the rest")
STEP = 1e-3  # relative, of the central differences of fourth order: wide, for what the error control lets through
MESH = cs.Mesh(6, 3, 6, 6)
# The state at the end of a step is read off the dense output, of order 4: at 1e-9 the derivative of the voltage after
# the rest, of all these the most sensitive to it, would be known to 3e-4 only.
RTOL = 1e-11


@pytest.fixture(scope="module")
def found():
    """Derivatives of `RESULTS` in the logarithms of the parameters: forward, reverse, and by central differences."""
    cell = cs.load_cell("Chen2020")
    usual = [get(cell, path) for path in PATHS]

    def results(factors):
        changed = cell
        for path, value, factor in zip(PATHS, usual, factors, strict=True):
            changed = replace(changed, path, value * factor)
        solution = cs.simulate(cs.DFN(changed, mesh=MESH), [CCCV], soc=0.3, rtol=RTOL, max_steps=2000)
        legs = solution.chain.legs
        found = jnp.stack([solution.t[-1], legs.t[0], legs.Q[4] - legs.Q[3], legs.E[4] - legs.E[3], solution.V[-1]])
        return found, legs.result

    values = lambda factors: results(factors)[0]
    here = jnp.ones(len(PATHS))
    _, ends = jax.jit(results)(here)
    run = jax.jit(values)
    differences = []
    for k in range(len(PATHS)):
        near, far = (run(here.at[k].add(n * STEP)) - run(here.at[k].add(-n * STEP)) for n in (1, 2))
        differences.append((8 * near - far) / (12 * STEP))
    return dict(
        ends=np.asarray(ends._value),
        forward=np.asarray(jax.jit(jax.jacfwd(values))(here)),
        reverse=np.asarray(jax.jit(jax.jacrev(values))(here)),
        differences=np.stack(differences, axis=1),
    )


def test_every_step_ends_as_it_should(found):
    import diffrax

    met, lasted = diffrax.RESULTS.event_occurred._value, diffrax.RESULTS.successful._value
    assert list(found["ends"]) == [met, met, lasted, met, lasted]


@pytest.mark.parametrize("result", range(len(RESULTS)), ids=RESULTS)
def test_the_derivative_of_a_CCCV_protocol_is_that_of_central_differences(found, result):
    expected = found["differences"][result]
    size = np.max(np.abs(expected))
    np.testing.assert_allclose(found["forward"][result], expected, rtol=1e-4, atol=3e-5 * size)


def test_reverse_mode_agrees_with_forward_mode(found):
    size = np.max(np.abs(found["forward"]), axis=1, keepdims=True)
    assert np.max(np.abs(found["reverse"] - found["forward"]) / size) < 1e-8
