"""Derivatives of what a run tells agree with differences of runs, parameter by parameter, forward and reverse."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import cellsim
from cellsim.laws import Custom
from cellsim.parameters import get

SCALED = (  # each parameter is its published value times a factor
    "negative.L",
    "separator.L",
    "positive.L",
    "negative.eps",
    "separator.eps",
    "positive.eps",
    "negative.particle.R_p",
    "positive.particle.R_p",
    "negative.particle.eps_s",
    "positive.particle.eps_s",
    "electrolyte.kappa.parameters.scale",
    "electrolyte.D.parameters.scale",
    "electrolyte.t_plus.value",
    "electrolyte.chi.value",
    "negative.particle.kinetics.k",
    "positive.particle.kinetics.k",
    "negative.particle.D_s.value",
    "positive.particle.D_s.value",
)
NAMES = (*SCALED, "second coefficient of kappa", "soc")
OUTPUTS = ("mean squared voltage error", "stop time", "capacity")
AT = np.array([1.0] * (len(SCALED) + 1) + [0.95])
TIMES = np.array([5.0, 60.0, 400.0, 1000.0, 1700.0, 2300.0, 2900.0])  # s, all before the stop
MEASURED = 4.05 - 0.8 * TIMES / 3600  # V, a made-up measurement
NEVER = 1e5  # s
RTOL = 1e-9
MAX_STEPS = 1500
pytestmark = pytest.mark.optimised


def scaled(c, T, parameters):
    return parameters["scale"] * parameters["law"](c, T)


def scalable_cell():
    """The LG M50 with a factor before conductivity and diffusivity."""
    cell = cellsim.load_cell("Chen2020")
    for name in ("kappa", "D"):
        law = getattr(cell.electrolyte, name)
        cell = cellsim.replace(cell, f"electrolyte.{name}", Custom(scaled, {"law": law, "scale": jnp.asarray(1.0)}))
    return cell


CELL = scalable_cell()


def outputs(x):
    """The three outputs as a vector, from factors of the parameters and the initial state of charge."""
    cell = CELL
    for path, factor in zip(SCALED, x, strict=False):
        cell = cellsim.replace(cell, path, get(cell, path) * factor)
    path = "electrolyte.kappa.parameters.law.coefficients"
    coefficients = get(cell, path)
    cell = cellsim.replace(cell, path, coefficients.at[1].multiply(x[len(SCALED)]))
    model = cellsim.DFN(cell, cellsim.Mesh(6, 3, 5, 6))
    times = jnp.asarray(np.append(TIMES, NEVER))
    solution = cellsim.simulate(
        model, cellsim.discharge(I=5.0), soc=x[-1], times=times, rtol=RTOL, atol=RTOL / 10, max_steps=MAX_STEPS
    )
    error = jnp.mean((solution.V[:-1] - MEASURED) ** 2)
    return jnp.stack([error, solution.t_stop, solution.capacity])


@pytest.fixture(scope="module")
def differences():
    """Central differences, extrapolated from three step sizes to sixth order, and their distance to fourth order."""
    value = jax.jit(outputs)
    at = value(AT)
    assert np.all(np.isfinite(at)) and at[1] > TIMES[-1]
    derivatives, uncertainties = [], []
    for e in np.eye(len(AT)):
        h = 2e-3
        d = [np.asarray(value(AT + k * h * e) - value(AT - k * h * e)) / (2 * k * h) for k in (1, 2, 4)]
        fourth = [(4 * d[0] - d[1]) / 3, (4 * d[1] - d[2]) / 3]
        sixth = (16 * fourth[0] - fourth[1]) / 15
        derivatives.append(sixth)
        uncertainties.append(np.abs(sixth - fourth[0]))
    return np.array(derivatives).T, np.array(uncertainties).T


@pytest.fixture(scope="module")
def reverse():
    return np.asarray(jax.jit(jax.jacrev(outputs))(AT))


@pytest.fixture(scope="module")
def forward():
    """Of machine code that is not optimised, so that both kinds are compared below."""
    program = jax.jit(jax.jacfwd(outputs)).lower(AT)
    return np.asarray(program.compile(compiler_options={"xla_backend_optimization_level": 0})(AT))


@pytest.mark.parametrize("output", range(len(OUTPUTS)), ids=OUTPUTS)
def test_every_parameter_acts_and_the_differences_are_known_well_enough(differences, output):
    derivative, uncertainty = (each[output] for each in differences)
    for name, d, u in zip(NAMES, derivative, uncertainty, strict=True):
        assert abs(d) > 0 and u < 5e-5 * abs(d), (name, d, u)


@pytest.mark.parametrize("output", range(len(OUTPUTS)), ids=OUTPUTS)
def test_the_reverse_derivative_is_right_in_every_parameter(differences, reverse, output):
    for name, found, expected in zip(NAMES, reverse[output], differences[0][output], strict=True):
        assert found == pytest.approx(expected, rel=1e-4), name


@pytest.mark.parametrize("output", range(len(OUTPUTS)), ids=OUTPUTS)
def test_the_forward_derivative_is_right_in_every_parameter(differences, forward, output):
    for name, found, expected in zip(NAMES, forward[output], differences[0][output], strict=True):
        assert found == pytest.approx(expected, rel=1e-4), name


def test_both_modes_are_transposes_of_each_other(reverse, forward):
    np.testing.assert_allclose(reverse, forward, rtol=1e-8)
