"""Lithium, salt and charge are conserved to rounding, double layers counted, also where t_plus depends on the salt."""

import equinox as eqx
import numpy as np
import pytest

import cellsim

pytestmark = pytest.mark.optimised
OWN = [("Chen2020", None), ("Marquis2019", None)]
REPLACED = [("Chen2020", "landesfeind2019_ec_emc"), ("Marquis2019", "landesfeind2019_ec_emc")]
STEPS = {
    "1C discharge": (cellsim.discharge(C_rate=1.0), 1.0),
    "1C charge": (cellsim.charge(C_rate=1.0), 0.1),
    "3C discharge": (cellsim.discharge(C_rate=3.0), 1.0),
}


def group(name, electrolyte):
    return f"{name} coarse, replaced" if electrolyte else f"{name} default"


CASES = [
    pytest.param(
        name,
        electrolyte,
        step,
        marks=pytest.mark.xdist_group(group(name, electrolyte)),
        id=f"{name}-{electrolyte}-{step}",
    )
    for name, electrolyte in OWN + REPLACED
    for step in STEPS
]


@pytest.fixture(scope="module")
def outcome():
    kept = {}

    def of(name, electrolyte, step):
        key = name, electrolyte, step
        if key not in kept:
            cell = cellsim.load_cell(name)
            if electrolyte:
                cell = cellsim.replace(cell, "electrolyte", cellsim.load_electrolyte(electrolyte))
            mesh = cellsim.Mesh.coarse() if electrolyte else cellsim.Mesh.default()
            drive, soc = STEPS[step]
            kept[key] = cellsim.simulate(cellsim.DFN(cell, mesh), drive, soc=soc)
        return kept[key]

    return of


@pytest.mark.parametrize(("name", "electrolyte", "step"), CASES)
def test_lithium_salt_and_charge_are_conserved(name, electrolyte, step, outcome):
    solution = outcome(name, electrolyte, step)
    assert solution.succeeded
    balance = solution.balance
    assert balance.lithium_relative_drift <= 1e-10
    assert balance.salt_relative_drift <= 1e-10
    assert balance.charge_balance_relative_error <= 1e-9


@pytest.mark.parametrize(("name", "electrolyte", "step"), CASES)
def test_the_balance_notices_a_thousandth_of_the_salt_and_a_double_layer_left_out(name, electrolyte, step, outcome):
    """A balance that could not fail would prove nothing."""
    solution = outcome(name, electrolyte, step)
    _, _, held = solution._seen
    charge = np.concatenate([[0.0], np.cumsum(np.diff(solution.t) * np.asarray(solution.I)[1:])])
    layers = [np.asarray(held.layer_negative), np.asarray(held.layer_positive)]
    assert max(np.max(np.abs(layer)) for layer in layers) > 1e-6 * np.max(np.abs(charge))
    growing = 1 + 1e-3 * np.linspace(0, 1, len(charge))
    parts = lambda h: (h.salt, h.layer_negative, h.layer_positive)
    bent = eqx.tree_at(parts, held, (held.salt * growing, 0 * held.layer_negative, 0 * held.layer_positive))
    wrong = cellsim.models.observables.balance(bent, charge)
    assert wrong.salt_relative_drift > 0.99e-3
    assert wrong.lithium_relative_drift > 1e-9
    assert wrong.charge_balance_relative_error > 1e-7


@pytest.mark.xdist_group("Chen2020 default")
def test_a_discharge_that_depletes_the_salt_says_so(outcome):
    solution = outcome("Chen2020", None, "3C discharge")
    assert float(np.min(solution.profile("electrolyte concentration"))) < 1.0
    assert "depleted in the positive electrode" in solution.stop_reason
