"""COMSOL's solutions of the cell of Marquis et al. 2019, started from the first column of each file.

Source: S. G. Marquis et al., J. Electrochem. Soc. 166 (2019) A3693, doi:10.1149/2.0341915jes; files as kept by PyBaMM.
"""

import gzip
import json

import jax.numpy as jnp
import numpy as np
import pytest

import cellsim

pytestmark = pytest.mark.optimised
CURRENT_1C = 0.680616  # A
RATES = {"01C": 0.1, "05C": 0.5, "1C": 1.0, "2C": 2.0, "3C": 3.0}
CASES = [pytest.param(key, marks=pytest.mark.xdist_group("Marquis2019 default"), id=key) for key in RATES]


@pytest.fixture(scope="module")
def comsol(reference):
    def table(rate):
        file = reference.file("data", "comsol_marquis2019", f"comsol_{rate}.json.gz")
        with gzip.open(file) as unpacked:
            return {name: np.array(values, dtype=float) for name, values in json.load(unpacked).items()}

    return table


@pytest.fixture(scope="module")
def comsol_run(comsol, profiles_at):
    """The same current from the same first state; kept, since several tests look at it."""
    kept = {}

    def run(rate):
        if rate not in kept:
            there, cell = comsol(rate), cellsim.load_cell("Marquis2019")
            model = cellsim.DFN(cell)
            system = model.discretised(cell.T_ref)
            x = {key: np.asarray(v) for key, v in cellsim.models.observables.coordinates(system).items()}
            first = lambda places, where, field: np.interp(places, there[where], there[field][:, 0])
            phi_e = lambda places: first(places, "x", "phi_e")
            w = [first(x[f"x_{s}"], f"x_{s}", f"phi_{s}") - phi_e(x[f"x_{s}"]) for s in "np"]
            particles = zip("np", (cell.negative.particle, cell.positive.particle), strict=True)
            theta = [first(x[f"x_{s}"], f"x_{s}", f"c_{s}_surf") / float(p.c_max) for s, p in particles]
            columns = np.broadcast_to(np.concatenate(theta), (model.mesh.radial, len(theta[0]) + len(theta[1])))
            first_column = (first(x["x"], "x", "c_e"), np.concatenate(w), columns)
            state = system.scaled(*map(jnp.asarray, first_column))
            step = cellsim.discharge(I=RATES[rate] * CURRENT_1C, until=2.0)
            kept[rate] = there, cellsim.simulate(model, step, initial=state)
        return kept[rate]

    return run


@pytest.mark.parametrize("rate", CASES)
def test_the_voltage_is_that_of_comsol(rate, comsol_run, voltage_at):
    there, solution = comsol_run(rate)
    covered = there["time"] <= float(solution.t_stop)
    assert np.mean(covered) > 0.98
    error = (voltage_at(solution, there["time"]) - there["voltage"])[covered]
    assert np.sqrt(np.mean(error**2)) <= 0.8e-3


@pytest.mark.parametrize("rate", CASES)
def test_the_salt_is_where_comsol_has_it(rate, comsol_run, profiles_at):
    there, solution = comsol_run(rate)
    read, x = profiles_at(solution, there["time"])
    found = read("electrolyte concentration")
    within = there["time"] <= float(solution.t_stop)
    for k in np.flatnonzero(within)[::20]:
        expected = np.interp(x["x"], there["x"], there["c_e"][:, k])
        assert np.linalg.norm(found[k] - expected) <= 2e-3 * np.linalg.norm(expected)


@pytest.mark.parametrize("rate", CASES)
def test_the_electrolyte_has_the_potential_of_comsol(rate, comsol_run, profiles_at):
    there, solution = comsol_run(rate)
    read, x = profiles_at(solution, there["time"])
    found = read("electrolyte potential")
    within = there["time"] <= 0.98 * float(solution.t_stop)
    for k in np.flatnonzero(within)[1::20]:
        expected = np.interp(x["x"], there["x"], there["phi_e"][:, k])
        assert np.linalg.norm(found[k] - expected) <= 5e-3 * np.linalg.norm(expected)
