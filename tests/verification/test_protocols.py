"""Protocols against converged solutions of an independent code (PyBaMM on meshes refined until they agree)."""

import numpy as np
import pytest

import cellsim as cs
from cellsim.protocols.protocol import Protocol

pytestmark = [pytest.mark.xdist_group("protocols"), pytest.mark.optimised]


HEATS = {"ohmic heat": "Q_ohm_W_m3", "reaction heat": "Q_irrev_W_m3", "reversible heat": "Q_rev_W_m3"}


def rms_mV(x):
    return 1e3 * float(np.sqrt(np.mean(np.square(x))))


@pytest.fixture(scope="module")
def model():
    return cs.DFN(cs.load_cell("Chen2020"))


def test_a_CCCV_cycle_is_that_of_the_reference_step_by_step(model, reference):
    rows = reference.table("dfn_cccv_Chen2020", "cccv_ref.csv")
    steps = ("Discharge at 1C until 2.5 V", "Rest for 1 hour", "Charge at C/2 until 4.2 V", "Hold at 4.2 V until C/50")
    solution = cs.simulate(model, [(*steps, "Rest for 1 hour")])
    assert len(solution.legs) == 5
    for k, leg in enumerate(solution.legs):
        of_step = rows[rows["step"] == k]
        t = of_step["time_s"] - of_step["time_s"][0]  # each step counted from its own beginning
        assert float(leg.t_stop) - float(leg.t_start) == pytest.approx(t[-1], rel=5e-4)
        late = (t >= 10) & (t <= 0.98 * t[-1])
        seen = leg.at(leg.t_start + t[late])
        assert rms_mV(np.asarray(seen.V) - of_step["voltage_V"][late]) <= 0.5
        assert rms_mV(np.asarray(seen.I) - of_step["current_A"][late]) <= 1.0  # mA of 5 A


def test_pulses_and_rests_of_a_GITT_are_those_of_the_reference(model, reference):
    rows = reference.table("dfn_gitt_Chen2020", "gitt_ref.csv")
    pulses = len(np.unique(rows["pulse"]))
    pulse = ("Discharge at 0.5C for 6 minutes", "Rest for 1 hour")
    solution = cs.simulate(model, [pulse] * pulses)
    off = []
    for k, leg in enumerate(solution.legs):
        of_step = rows[(rows["pulse"] == k // 2) & (rows["step"] == k % 2)]
        t = of_step["time_s"]
        late = t >= t[0] + 1.0
        off.append(np.asarray(leg.at(t[late]).V) - of_step["voltage_V"][late])
    assert rms_mV(np.concatenate(off)) <= 0.5


def test_a_drive_cycle_is_that_of_the_reference(model, reference):
    current = reference.table("dfn_drive_Chen2020", "US06_current.csv")
    rows = reference.table("dfn_drive_Chen2020", "US06_ref.csv")
    step = cs.current(cs.Profile(current["time_s"], current["current_A"]), None)
    solution = cs.simulate(model, step, soc=0.8)
    assert float(solution.t_stop) == current["time_s"][-1] and solution.succeeded
    late = rows["time_s"] >= 1.0
    assert rms_mV(np.asarray(solution.at(rows["time_s"][late]).V) - rows["voltage_V"][late]) <= 0.5
    assert float(solution.capacity) == pytest.approx(
        np.trapezoid(current["current_A"], current["time_s"]) / 3600, rel=1e-6
    )


@pytest.mark.parametrize("name", ["Chen2020", "Marquis2019"])
@pytest.mark.parametrize("rate", [1, 2])
def test_a_cell_warms_as_in_the_reference(reference, name, rate):
    rows = reference.table("dfn_lumped_thermal", f"{name}_{rate}C_ref.csv")
    model = cs.Lumped(cs.DFN(cs.load_cell(name)))
    solution = cs.simulate(model, cs.discharge(float(rate)))
    t = rows["time_s"]
    late = (t >= 10) & (t <= 0.98 * t[-1])
    seen = solution.at(t[late])
    assert rms_mV(np.asarray(seen.V) - rows["voltage_V"][late]) <= 0.5
    assert np.max(np.abs(np.asarray(seen.T) - rows["temperature_K"][late])) <= 0.05  # of 45 K; the bar is 0.3 K
    volume = float(model.cell.heat.volume)
    for ours, theirs in (
        ("ohmic heat", "Q_ohm_W_m3"),
        ("reaction heat", "Q_irrev_W_m3"),
        ("reversible heat", "Q_rev_W_m3"),
    ):
        found, expected = np.asarray(seen.profile(ours)), volume * rows[theirs][late]
        assert np.max(np.abs(found - expected)) <= 0.01 * volume * np.max(rows["Q_total_W_m3"][late])


def test_without_cooling_all_heat_stays_and_with_much_of_it_none():
    cell = cs.load_cell("Marquis2019")
    run = lambda h: cs.simulate(
        cs.Lumped(cs.DFN(cs.replace(cell, "heat.h", h), mesh=cs.Mesh.coarse())), cs.discharge(2.0)
    )
    adiabatic, cold = run(0.0), run(1e5)
    t = np.asarray(adiabatic.t)
    seen = adiabatic.at(np.sort(np.concatenate([t, 0.5 * (t[1:] + t[:-1])])))
    made = np.trapezoid(sum(np.asarray(seen.profile(name)) for name in HEATS), np.asarray(seen.t))
    kept = float(cell.heat.capacity(298.15)) * float(adiabatic.T[-1] - adiabatic.T[0])
    assert kept == pytest.approx(made, rel=1e-4)  # the integral by the points of the run and those between
    isothermal = cs.simulate(cs.DFN(cell, mesh=cs.Mesh.coarse()), "Discharge at 2C")
    assert float(np.max(np.abs(cold.T - cold.T[0]))) < 1e-2
    assert float(cold.t_stop) == pytest.approx(float(isothermal.t_stop), rel=1e-4)


def test_the_ambient_temperature_of_a_step_is_that_of_the_step_alone():
    model = cs.DFN(cs.load_cell("Chen2020"), mesh=cs.Mesh.coarse())
    plain = Protocol([cs.discharge(1.0, duration=600.0), cs.rest(600.0)])
    warm = Protocol([cs.discharge(1.0, duration=600.0, T=318.15), cs.rest(600.0)])
    usual, other = cs.simulate(model, plain), cs.simulate(model, warm)
    assert set(np.asarray(other.legs[0].T)) == {318.15} and set(np.asarray(other.legs[1].T)) == {298.15}
    assert float(other.legs[0].V[-1]) > float(usual.legs[0].V[-1])  # kinetics are faster when warm
