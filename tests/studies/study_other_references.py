"""Protocols, warmth, other models and other cells against converged curves of independent codes.

Discharges of full cells are in the study of references. Here: a CCCV cycle, GITT pulses and the US06 drive cycle; the
lumped temperature; SPM and SPMe; the half cell; double layers; lithium against lithium. All on the default mesh.
"""

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rows import Row

import cellsim as cs
from cellsim.cells.design import Separator
from cellsim.constants import F

SHARED = Path(__file__).resolve().parents[3] / "shared" / "reference"
ASKED_V, ASKED_T = 0.5e-3, 0.3  # V, K
LITHIUM = cs.Metal(cs.Deposition(3.5e-8 * F * (1 / 1.3e-5) ** 0.7 * 1000**0.3, order=0.3))  # as in the reference
ELECTROLYTES = {"nyman": "nyman2008", "landesfeind": "landesfeind2019_ec_emc"}


def table(*path: str) -> Any:
    """The table in a file."""
    return np.genfromtxt(SHARED.joinpath(*path), delimiter=",", names=True)


def rms(x: Any) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.mean(np.square(x))))


def of_voltage(what: str, off: Any, more: str = "") -> Row:
    """A line of the table."""
    found = f"{1e3 * rms(off):.3f} mV{more}"
    return Row(what, found, f"at most {1e3 * ASKED_V:g} mV", rms(off) <= ASKED_V)


def within(t: np.ndarray) -> np.ndarray:
    """What is compared of a run: from 10 s to 98 % of its time."""
    return (t >= t[0] + 10) & (t <= t[0] + 0.98 * (t[-1] - t[0]))


def protocols() -> Iterator[Row]:
    """A CCCV cycle with rests, 18 pulses, a drive cycle."""
    model = cs.DFN(cs.load_cell("Chen2020"))
    rows = table("dfn_cccv_Chen2020", "cccv_ref.csv")
    charge = ("Charge at C/2 until 4.2 V", "Hold at 4.2 V until C/50", "Rest for 1 hour")
    solution = cs.simulate(model, [("Discharge at 1C until 2.5 V", "Rest for 1 hour", *charge)])
    off, off_I = [], []
    for k, leg in enumerate(solution.legs):
        of_step = rows[rows["step"] == k]
        t = of_step["time_s"]
        seen = leg.at(float(leg.t_start) + (t - t[0])[within(t)])
        off.append(np.asarray(seen.V) - of_step["voltage_V"][within(t)])
        off_I.append(np.asarray(seen.I) - of_step["current_A"][within(t)])
    more = f", current {1e3 * rms(np.concatenate(off_I)):.2f} mA"
    yield of_voltage("Chen2020 CCCV: discharge, rest, charge, hold, rest", np.concatenate(off), more)

    rows = table("dfn_gitt_Chen2020", "gitt_ref.csv")
    pulse = ("Discharge at C/2 for 6 minutes", "Rest for 1 hour")
    solution = cs.simulate(model, [pulse] * len(np.unique(rows["pulse"])))
    off = []
    for k, leg in enumerate(solution.legs):
        of_step = rows[(rows["pulse"] == k // 2) & (rows["step"] == k % 2)]
        late = of_step["time_s"] >= of_step["time_s"][0] + 1.0
        off.append(np.asarray(leg.at(of_step["time_s"][late]).V) - of_step["voltage_V"][late])
    yield of_voltage(f"Chen2020 GITT, {len(solution.legs) // 2} pulses", np.concatenate(off))

    current, rows = (table("dfn_drive_Chen2020", f"US06_{name}.csv") for name in ("current", "ref"))
    drive = cs.current(cs.Profile(current["time_s"], current["current_A"]), None)
    solution = cs.simulate(model, drive, soc=0.8)
    t = rows["time_s"][rows["time_s"] >= 1.0]
    off_all = np.asarray(solution.at(t).V) - rows["voltage_V"][rows["time_s"] >= 1.0]
    yield of_voltage("Chen2020 US06 drive cycle from 80 %", off_all)


def warmth() -> Iterator[Row]:
    """Lumped temperature at 1C and 2C."""
    for name in ("Chen2020", "Marquis2019", "ORegan2022"):
        for rate in (1, 2):
            what = f"{name} lumped thermal {rate}C"
            solution = cs.simulate(cs.Lumped(cs.DFN(cs.load_cell(name))), cs.discharge(float(rate)))
            file = SHARED / "dfn_lumped_thermal" / f"{name}_{rate}C_ref.csv"
            if not file.exists():
                found = f"{float(solution.T[-1]):.2f} K at the end; balances {max(map(abs, solution.balance)):.0e}"
                yield Row(f"{what}: no curve to compare with", found, "ends at its cut-off", solution.succeeded)
                continue
            rows = table("dfn_lumped_thermal", file.name)
            t = rows["time_s"][within(rows["time_s"])]
            seen = solution.at(t)
            off = np.max(np.abs(np.asarray(seen.T) - rows["temperature_K"][within(rows["time_s"])]))
            row = of_voltage(
                what, np.asarray(seen.V) - rows["voltage_V"][within(rows["time_s"])], f", {off:.3f} K at most"
            )
            yield row._replace(asked=f"{row.asked}, {ASKED_T:g} K", is_met=row.is_met and bool(off <= ASKED_T))


def other_models() -> Iterator[Row]:
    """SPM and SPMe, the half cell, and the voltage of double layers."""
    for name in ("Chen2020", "Marquis2019"):
        for kind, model in (("SPM", cs.SPM), ("SPMe", cs.SPMe)):
            rows = table("spm_spme_iso", f"{name}_{kind}_1C_ref.csv")
            solution = cs.simulate(model(cs.load_cell(name)), cs.discharge(I=float(rows["current_A"][0])))
            late = within(rows["time_s"])
            off = np.asarray(solution.at(rows["time_s"][late]).V) - rows["voltage_V"][late]
            yield of_voltage(f"{name} {kind} 1C", off)
        rows = table("dfn_surface_form", f"{name}_1C_differential_ref.csv")
        solution = cs.simulate(cs.DFN(cs.load_cell(name)), cs.discharge(I=float(rows["current_A"][0])))
        late = within(rows["time_s"])
        off = np.asarray(solution.at(rows["time_s"][late]).V) - rows["voltage_V"][late]
        yield of_voltage(f"{name} with double layers, 1C", off)
    for kind, rate in (("dis", "0.1"), ("dis", "0.2"), ("dis", "1"), ("dis", "2"), ("dis", "3"), ("chg", "1")):
        rows = table("dfn_iso_Xu2019", f"{kind}_{rate}C_ref.csv")
        I = float(rows["current_A"][0])
        step, soc = (cs.discharge(I=I), 1.0) if I > 0 else (cs.charge(I=-I), 0.1)
        solution = cs.simulate(cs.HalfCell(cs.load_cell("Xu2019")), step, soc=soc)
        late = within(rows["time_s"])
        off = np.asarray(solution.at(rows["time_s"][late]).V) - rows["voltage_V"][late]
        yield of_voltage(f"Xu2019 half cell, {'discharge' if I > 0 else 'charge'} {rate}C", off)


def lithium_against_lithium() -> Iterator[Row]:
    """Another solver's symmetric cells, until the salt at a metal is down to 50 mol/m3."""
    cases = json.loads((SHARED / "li_li_symmetric" / "info.json").read_text())
    for name, about in cases.items():
        file = SHARED / "li_li_symmetric" / f"{name}.csv"
        if not file.exists() or "case" not in about:
            continue
        case, rows = about["case"], table("li_li_symmetric", file.name)
        constant = cs.Electrolyte(kappa=0.95, D=1.77e-10, t_plus=0.2594, chi=1.0)
        chosen = ELECTROLYTES.get(case["electrolyte"])
        electrolyte = constant if chosen is None else cs.load_electrolyte(chosen)
        layers = (Separator(case["L_m"], case["eps"]),)
        model = cs.SymmetricCell(cs.SymmetricDesign(LITHIUM, layers, LITHIUM, electrolyte, c0=case["c0_mol_m3"]))
        step = cs.discharge(I=case["i_A_m2"], duration=case["t_end_s"])
        solution = cs.simulate(model, step, T=case["T_K"], rtol=1e-7)
        t = rows["time_s"]
        seen = (t >= 1e-3 * t[-1]) & (rows["c_xL_mol_m3"] > 50.0)
        off = np.asarray(solution.at(t).V)[seen] + rows["V_V"][seen]
        yield of_voltage(f"Li | electrolyte | Li, {name}", off)


def study() -> list[Row]:
    """All of them."""
    if not SHARED.exists():
        raise SystemExit(f"the reference solutions are not here: {SHARED}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cs.OutsideMeasuredRange)
        return [row for part in (protocols, warmth, other_models, lithium_against_lithium) for row in part()]
