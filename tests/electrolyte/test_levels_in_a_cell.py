"""Electrolytes from every level carry a cell: a run at 1C, its gradient in every number, and limits that agree."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import cellsim
from cellsim.cells.balance import at_soc
from cellsim.discretisation.layout import State
from cellsim.electrolyte import AbstractElectrolyte, Electrolyte, activity, conventions, frames
from cellsim.electrolyte.levels import (
    AssociatedElectrolyte,
    IdealElectrolyte,
    LearnedElectrolyte,
    OnsagerElectrolyte,
    StefanMaxwellElectrolyte,
)
from cellsim.electrolyte.speciation import Cluster
from cellsim.laws import Polynomial
from cellsim.parameters import leaves, replace

CELL = cellsim.load_cell("Chen2020")
MESH = cellsim.Mesh(6, 3, 6, 5)
TIMES = np.array([1.0, 30.0, 300.0, 1000.0, 2000.0, 2800.0])
LEVELS: dict[str, AbstractElectrolyte] = {
    "ideal": IdealElectrolyte(2e-10, 3e-10, 1.4),
    "Onsager": OnsagerElectrolyte(2e-10, 3e-10, 0.0, 1.4),
    "learned": LearnedElectrolyte(0.6, 1.1, Polynomial([0.1, 0.4], unit=1000.0), 0.5),
    "Stefan-Maxwell": StefanMaxwellElectrolyte(1.5e-10, 2.5e-10, 5e-12, 1e4, 1.4),
    "associated": AssociatedElectrolyte(2e-10, 3e-10, (Cluster(1e-4, 1e-10), Cluster(1e-7, 8e-11, 1, 2))),
}
every_level = pytest.mark.parametrize("level", list(LEVELS))
# the derivative of a whole run takes half a minute to compile; the other levels are made of the same parts
DIFFERENTIATED = ("Onsager", "associated")
differentiated = pytest.mark.parametrize("level", DIFFERENTIATED)
the_others = pytest.mark.parametrize("level", [level for level in LEVELS if level not in DIFFERENTIATED])


def voltages(electrolyte):
    """The mean of the voltages of a discharge at 1C, and the voltages."""
    model = cellsim.DFN(replace(CELL, "electrolyte", electrolyte), MESH)
    solution = cellsim.simulate(model, "Discharge at 1C", times=jnp.asarray(TIMES), rtol=1e-8, max_steps=512)
    return jnp.mean(solution.V), (solution.V, solution.t_stop)


@pytest.fixture(scope="module")
def forward():
    """The voltages of a level, and the time reached."""
    kept = {}

    def run(level):
        if level not in kept:
            kept[level] = jax.tree.map(np.asarray, jax.jit(voltages)(LEVELS[level])[1])
        return kept[level]

    return run


@pytest.fixture(scope="module")
def reverse():
    """The program for the mean voltage of a level, its voltages, and the gradient."""
    kept = {}

    def program(level):
        if level not in kept:
            kept[level] = jax.jit(jax.value_and_grad(voltages, has_aux=True))
        return kept[level]

    return program


@the_others
def test_a_discharge_at_1C_completes(forward, level):
    V, t = forward(level)
    assert t == TIMES[-1] and np.all(np.diff(V) < 0) and 2.5 < V[-1] < V[0] < 4.2


@differentiated
def test_the_gradient_of_a_run_is_finite_in_every_number_and_right(reverse, level):
    """Against the change of the mean voltage when all numbers move at once."""
    program = reverse(level)
    (_, (V, t)), gradient = program(LEVELS[level])
    assert t == TIMES[-1] and np.all(np.diff(V) < 0) and 2.5 < V[-1] < V[0] < 4.2
    assert len(leaves(gradient)) == len(leaves(LEVELS[level]))
    for leaf in leaves(gradient):
        assert np.all(np.isfinite(leaf.value)) and np.all(np.asarray(leaf.value) != 0), leaf.path
    numbers, structure = jax.tree_util.tree_flatten(LEVELS[level])
    moves = [x * (1 + 0.3 * k) if np.all(x != 0) else x + 0.1 for k, x in enumerate(numbers)]
    moved = lambda h: structure.unflatten([x + h * move for x, move in zip(numbers, moves, strict=True)])
    slope = sum(float(np.vdot(g, move)) for g, move in zip(jax.tree.leaves(gradient), moves, strict=True))
    difference = (program(moved(1e-3))[0][0] - program(moved(-1e-3))[0][0]) / 2e-3
    assert slope == pytest.approx(float(difference), rel=1e-4)


def test_ideal_ions_and_onsager_ions_without_correlation_are_the_same_cell(forward, reverse):
    np.testing.assert_allclose(reverse("Onsager")(LEVELS["Onsager"])[0][1][0], forward("ideal")[0], rtol=0, atol=1e-9)


def test_attraction_of_the_ions_costs_voltage(forward, reverse):
    correlated = replace(LEVELS["Onsager"], "correlation.value", jnp.asarray(0.5))
    V = np.asarray(reverse("Onsager")(correlated)[0][1][0])
    assert np.all(forward("ideal")[0] - V > 1e-3)


def tilted():
    """A state whose salt concentration falls towards the positive electrode."""
    y = cellsim.DFN(CELL, MESH).discretised(298.15).at_rest(at_soc(CELL, jnp.asarray(0.7), jnp.asarray(298.15)))
    return State(y.line * jnp.ones_like(y.line).at[0].set(jnp.linspace(1.3, 0.7, y.line.shape[1])), y.fibre)


def rate(electrolyte, y):
    """The rate of change of salt and double layers at 1C."""
    system = cellsim.DFN(replace(CELL, "electrolyte", electrolyte), MESH).discretised(298.15)
    return system.rate(y, jnp.asarray(5.0)).line


@every_level
def test_the_rate_and_its_slopes_in_the_state_are_differentiable_in_every_number(level):
    """What the derivative of a run is made of."""
    y = tilted()

    def size(electrolyte):
        value, slope = jax.jvp(lambda y: rate(electrolyte, y), (y,), (y,))
        return jnp.sum(value**2) + jnp.sum(slope**2)

    found, gradient = jax.jit(jax.value_and_grad(size))(LEVELS[level])
    assert np.isfinite(found)
    for leaf in leaves(gradient):
        assert np.all(np.isfinite(leaf.value)) and np.all(np.asarray(leaf.value) != 0), leaf.path


def test_numbers_in_other_frames_and_scales_are_used_as_they_are():
    """The rate of a cell whose transference number was reported in the mass frame and whose activity is molal."""
    solvent = frames.SolventByMass(Polynomial([1220.0, 0.09]), M_salt=0.1519, M_solvent=0.0986)
    electrolyte = Electrolyte(
        kappa=0.9,
        D=3e-10,
        t_plus=frames.InSolventFrame(0.38, frames.mass_fixed([0.0986, 0.00694, 0.14497]), solvent),
        chi=conventions.FromMolal(
            activity.ThermodynamicFactor(activity.HalfPowers([0.0, -0.7, 1.2], unit=1.0)),
            frames.SolventByMass(Polynomial([1220.0, 0.09]), M_salt=0.1519, M_solvent=0.0986),
            M_solvent=0.0986,
        ),
    )

    value, gradient = jax.jit(jax.value_and_grad(lambda e: jnp.sum(rate(e, tilted()) ** 2)))(electrolyte)
    assert np.isfinite(value)
    for leaf in leaves(gradient):
        assert np.all(np.isfinite(leaf.value)) and np.any(np.asarray(leaf.value) != 0), leaf.path
