"""What must hold in every model of a cell through a protocol: rest is rest, nothing is lost, and the tallies are the
integrals of what passes the terminals."""

import numpy as np
import pytest

import cellsim as cs

COARSE = cs.Mesh(6, 3, 6, 6)
MODELS = {
    "DFN": lambda: cs.DFN(cs.load_cell("Chen2020"), mesh=COARSE),
    "SPMe": lambda: cs.SPMe(cs.load_cell("Chen2020"), mesh=COARSE),
    "SPM": lambda: cs.SPM(cs.load_cell("Chen2020"), mesh=COARSE),
    "lumped DFN": lambda: cs.Lumped(cs.DFN(cs.load_cell("Marquis2019"), mesh=COARSE)),
    "lumped SPMe": lambda: cs.Lumped(cs.SPMe(cs.load_cell("Marquis2019"), mesh=COARSE)),
    "half cell": lambda: cs.HalfCell(cs.load_cell("Xu2019"), mesh=COARSE),
    "blend": lambda: cs.DFN(cs.load_cell("Chen2020_composite"), mesh=COARSE),
    "sodium": lambda: cs.DFN(cs.load_cell("Chayambuka2022"), mesh=COARSE),
}
STEPS = (
    "Rest for 10 minutes",
    "Discharge at 1C for 10 minutes",
    "Rest for 10 minutes",
    "Charge at C/2 for 10 minutes",
    "Hold at {V:.6g} V for 5 minutes",
)


@pytest.fixture(scope="module", params=MODELS)
def solution(request):
    model = MODELS[request.param]()
    V = 0.5 * float(model.limits.V_min + model.limits.V_max)
    return cs.simulate(model, [tuple(step.format(V=V) for step in STEPS)], soc=0.5)


def test_every_step_takes_its_time(solution):
    assert solution.succeeded
    assert [round(end.t_end) for end in solution.step_ends] == [600, 1200, 1800, 2400, 2700]


def test_without_current_nothing_changes_from_rest(solution):
    rest = solution.legs[0]
    for values in (rest.V, rest.T, rest.Q, rest.E, rest.states.line, rest.states.fibre):
        values = np.asarray(values)
        assert np.max(np.abs(values - values[0])) < 1e-9


def test_lithium_salt_and_charge_are_kept(solution):
    assert max(map(abs, solution.balance)) < 1e-11


def test_charge_and_energy_are_the_integrals_of_what_passes_the_terminals(solution):
    for leg in solution.legs[:-1]:
        t, V, I = (np.asarray(x) for x in (leg.t, leg.V, leg.I))
        assert float(leg.capacity) == pytest.approx(np.trapezoid(I, t) / 3600, rel=1e-10, abs=1e-15)
        assert float(leg.energy) == pytest.approx(np.trapezoid(V * I, t) / 3600, rel=1e-4, abs=1e-15)


def test_the_voltage_that_is_held_is_held(solution):
    leg = solution.legs[-1]
    expected = float(
        STEPS[-1].format(V=0.5 * float(solution.model.limits.V_min + solution.model.limits.V_max)).split()[2]
    )
    assert np.max(np.abs(np.asarray(leg.V) - expected)) < 1e-11
