"""Fits to the measured conductivities of the collection CALiSol-23, from which the library's calisol2024_* come

Prints every fit with its standard errors beside what the library holds. The collection (CC BY 4.0,
doi:10.1038/s41597-024-03575-8) is read from the folder of shared data beside the checkout and is no part of the
package.

The law is that of `cellsim.electrolyte.library._calisol`, a conductivity per mole that slows down towards a glass. It
is fitted to ln kappa, because readings err by a share of themselves over three decades of conductivity. Some readings
were assigned to a wrong temperature when the figures were digitised: what lies more than five robust standard
deviations from a first fit is left out, and counted.
"""

import csv
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rows import Row
from scipy.optimize import least_squares

from cellsim import registry
from cellsim.electrolyte import library

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "electrolytes" / "calisol23_all.csv"
DENSITY = {"PC": 1.200, "EC": 1.338, "DEC": 0.969, "EMC": 1.007, "DME": 0.861}  # kg/L at 25 degC, EC supercooled
VOLUME = {"LiPF6": 0.060, "LiBF4": 0.040, "LiBOB": 0.090, "LiAsF6": 0.060}  # L/mol of salt in solution, within 0.01
GUESS = np.array([4.0, -0.5, -0.1, 500.0, 140.0, 20.0])
OUTLIER = 5.0  # robust standard deviations
NOISE = 0.01  # of ln kappa: nothing was measured more exactly


class System(NamedTuple):
    """A salt in a solvent (mass fractions; volume fractions where concentrations are in mol/L), and who measured."""

    salt: str
    solvent: dict[str, float]
    unit: str
    papers: tuple[str, ...]


SYSTEMS = {
    "calisol2024_liasf6_dme_pc": System(
        "LiAsF6", {"DME": 0.68, "PC": 0.32}, "mol/kg", ("10.1016/S0378-7753(01)00697-8",)
    ),
    "calisol2024_liasf6_sulfolane": System("LiAsF6", {"Sulfolane": 1.0}, "mol/l", ("10.1016/0378-7753(91)80004-H",)),
    "calisol2024_libf4_pc": System("LiBF4", {"PC": 1.0}, "mol/kg", ("10.1149/1.1630593",)),
    "calisol2024_libf4_pc_dec": System(
        "LiBF4",
        {"PC": 0.5, "DEC": 0.5},
        "mol/kg",
        ("10.1149/1.1630593", "10.1021/je0498863", "10.1016/S0378-7753(03)00153-8"),
    ),
    "calisol2024_libob_ec_pc": System("LiBOB", {"EC": 0.5, "PC": 0.5}, "mol/kg", ("10.1149/1.1833611",)),
    "calisol2024_libob_pc_dec": System("LiBOB", {"PC": 0.6, "DEC": 0.4}, "mol/kg", ("10.1149/1.1833611",)),
    "calisol2024_lipf6_ec_pc": System("LiPF6", {"EC": 0.3, "PC": 0.7}, "mol/kg", ("10.1149/1.1566019",)),
    "calisol2024_lipf6_ec_pc_emc": System(
        "LiPF6", {"EC": 0.3, "PC": 0.3, "EMC": 0.4}, "mol/kg", ("10.1149/1.1513556",)
    ),
    "calisol2024_lipf6_pc": System("LiPF6", {"PC": 1.0}, "mol/kg", ("10.1149/1.1566019",)),
    "calisol2024_lipf6_pc_dec": System("LiPF6", {"PC": 0.5, "DEC": 0.5}, "mol/kg", ("10.1149/1.1566019",)),
}


class Points(NamedTuple):
    """Readings: salt concentration at 25 degC [mol/L], temperature [K], conductivity [S/m]."""

    m: np.ndarray
    T: np.ndarray
    kappa: np.ndarray


class Found(NamedTuple):
    """A fit: coefficients and their standard errors, the points it rests on, and how far they lie from it."""

    coefficients: np.ndarray
    standard_errors: np.ndarray
    points: Points
    left_out: int
    deviation: float  # root mean square of ln kappa, corrected for the number of coefficients
    rmse: float  # S/m


def readings(system: System) -> Points:
    """The readings of `system` in the collection, in mol/L of solution."""
    m, T, kappa = [], [], []
    with DATA.open(newline="") as file:
        for row in csv.DictReader(file):
            is_of_it = row["salt"] == system.salt and row["conc_unit"] == system.unit and row["doi"] in system.papers
            if is_of_it and _fractions(row["solvents"]) == system.solvent and float(row["kappa_mS_per_cm"] or 0.0) > 0:
                m.append(float(row["salt_conc"]))
                T.append(float(row["T_K"]))
                kappa.append(0.1 * float(row["kappa_mS_per_cm"]))
    amount = np.array(m)
    if system.unit == "mol/kg":
        volume = sum(share / DENSITY[solvent] for solvent, share in system.solvent.items())  # L per kg of solvent
        amount = amount / (volume + amount * VOLUME[system.salt])
    return Points(amount, np.array(T), np.array(kappa))


def fitted(points: Points) -> Found:
    """The least-squares fit to ln kappa, what was misread left out."""
    first = least_squares(_misses, GUESS, args=(points,), x_scale=np.abs(GUESS))
    spread = 1.4826 * np.median(np.abs(first.fun - np.median(first.fun)))
    kept = np.abs(first.fun) < OUTLIER * max(spread, NOISE)
    points = Points(*(each[kept] for each in points))
    fit = least_squares(_misses, first.x, args=(points,), x_scale=np.abs(GUESS), xtol=1e-12, ftol=1e-14)
    variance = float(fit.fun @ fit.fun) / (len(fit.fun) - len(fit.x))
    errors = np.sqrt(np.diag(np.linalg.inv(fit.jac.T @ fit.jac)) * variance)
    rmse = float(np.sqrt(np.mean((points.kappa * np.expm1(fit.fun)) ** 2)))
    return Found(fit.x, errors, points, int(np.sum(~kept)), float(np.sqrt(variance)), rmse)


def _misses(p: np.ndarray, points: Points) -> np.ndarray:
    m, T, kappa = points
    return np.log(m) + p[0] + p[1] * np.sqrt(m) + p[2] * m - p[3] / (T - p[4] - p[5] * m) - np.log(kappa)


def _fractions(text: str) -> dict[str, float]:
    return {name: float(share) for name, share in (part.split("=") for part in text.split(";"))}


def study() -> list[Row]:
    """Fits every system again, prints the coefficients, and compares them with those that the library holds."""
    if not DATA.exists():
        return [Row("measured conductivities", "absent", f"{DATA.name} beside this checkout", False)]
    rows = []
    for name, system in SYSTEMS.items():
        found = fitted(readings(system))
        m, T, _ = found.points
        print(
            f"{name}: {len(m)} points ({found.left_out} left out), {m.min():.3f} to {m.max():.3f} mol/L, "
            f"{T.min():.2f} to {T.max():.2f} K, deviation {100 * found.deviation:.2f} %, RMSE {found.rmse:.4f} S/m"
        )
        print("   fitted  ", ", ".join(f"{x:.8g}" for x in found.coefficients))
        print("   errors  ", ", ".join(f"{x:.2g}" for x in found.standard_errors))
        if name in registry.names(library):
            held = np.asarray(registry.module(library, name).FIT.coefficients)
            off = float(np.max(np.abs(held - found.coefficients) / found.standard_errors))
            rows.append(Row(name, f"{off:.3f}", "within a tenth of a standard error of the fit", off < 0.1))
    return rows
