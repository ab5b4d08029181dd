"""Every published cell at every rate against converged curves of an independent code, and the cases it failed on.

Voltages are compared from 1 % to 98 % of the time of each run, on the fine mesh, with those that PyBaMM found on meshes
refined until they agree; how far the last two of these lie apart, in the mean over the same time, stands beside. Where
the other code gave no curve, or none is at hand, the run must end at its cut-off and keep its lithium, salt and charge.

Two cells are compared with the potential of the other code in the place of their own: it interpolates all points of a
measured table, of which the cells of the library keep a spline of fewer. What that makes in the voltage is said too.
"""

import json
import warnings
from pathlib import Path
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from rows import Row
from scipy.interpolate import CubicSpline

import cellsim as cs

SHARED = Path(__file__).resolve().parents[3] / "shared" / "reference"
NAMES = ("Ai2020", "Chen2020", "Ecker2015", "Marquis2019", "Mohtat2020", "OKane2022", "ORegan2022", "Prada2013")
WITHOUT_REFERENCE = ("Chayambuka2022", "NCA_Kim2011")
RATES = (("dis", "0.1"), ("dis", "0.2"), ("dis", "1"), ("dis", "2"), ("dis", "3"), ("chg", "1"))
SOC = {"dis": 1.0, "chg": 0.1}
ASKED = 0.5e-3  # V
TABLES = {
    "Ai2020": {"negative": "graphite_ocp_Enertech_Ai2020.csv", "positive": "lico2_ocp_Ai2020.csv"},
    "OKane2022": {"negative": "graphite_LGM50_ocp_Chen2020.csv"},
}


class Interpolated(eqx.Module):
    """The cubic spline through all points of a table, with continuous curvature."""

    start: Float[Array, " pieces"]
    coefficients: Float[Array, "4 pieces"]

    def __call__(self, theta: Any, T: Any) -> Any:
        """Value at lithiation `theta`; beyond the table its last pieces go on."""
        theta = jnp.broadcast_to(theta, jnp.broadcast_shapes(jnp.shape(theta), jnp.shape(T)))
        k = jnp.clip(jnp.searchsorted(self.start, theta, side="right") - 1, 0, self.start.shape[0] - 1)
        x = theta - self.start[k]
        a, b, c, d = (row[k] for row in self.coefficients)
        return ((a * x + b) * x + c) * x + d


def interpolated(file: Path) -> Interpolated:
    """The spline through the points in a file."""
    points = np.genfromtxt(file, delimiter=",", comments="#")
    points = points[~np.isnan(points).any(axis=1)]
    spline = CubicSpline(points[:, 0], points[:, 1])
    return Interpolated(jnp.asarray(spline.x[:-1]), jnp.asarray(spline.c))


def with_tables(name: str) -> Any:
    """A published cell, with the tables of the other code in the place of its splines."""
    cell = cs.load_cell(name)
    for side, file in TABLES.get(name, {}).items():
        cell = cs.replace(cell, f"{side}.particle.U", interpolated(SHARED / "functions" / file))
    return cell


def run(cell: Any, mesh: cs.Mesh, kind: str, rate: str) -> cs.Solution:
    """The run of a cell that a reference shows."""
    step = (cs.discharge if kind == "dis" else cs.charge)(I=float(rate) * float(cell.capacity))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cs.OutsideMeasuredRange)
        return cs.simulate(cs.DFN(cell, mesh), step, soc=SOC[kind])


def reference(name: str, kind: str, rate: str) -> tuple[np.ndarray, np.ndarray, float] | None:
    """Times [s] and voltages [V], extrapolated to a mesh of no width where that was possible, and how far the last two
    meshes lie apart in the mean [V], which is more than the error of what is extrapolated; None without a curve."""
    folder = SHARED / f"dfn_iso_{name}"
    if not (folder / f"{kind}_{rate}C_ref.csv").exists():
        return None
    table = np.genfromtxt(folder / f"{kind}_{rate}C_ref.csv", delimiter=",", names=True)
    best = table["voltage_extrapolated_V"]
    about = json.loads((folder / f"{kind}_{rate}C_info.json").read_text())["max_and_rms_mV"]
    between = [value["1%-98%"][1] for key, value in about.items() if key.endswith(("2-R3", "2-X3"))]
    own = (between[0] if between else float("nan")) * 1e-3
    return table["time_s"], np.where(np.isnan(best), table["voltage_V"], best), own


def rms(solution: cs.Solution, t: np.ndarray, V: np.ndarray) -> float:
    """Root of the mean square distance [V] of a run from a curve, from 1 % to 98 % of its time."""
    late = (t >= 0.01 * t[-1]) & (t <= 0.98 * t[-1])
    return float(np.sqrt(np.mean((np.asarray(solution.at(t[late]).V) - V[late]) ** 2)))


def row(name: str, kind: str, rate: str) -> Row:
    """One line of the table."""
    cell = with_tables(name)
    fine = run(cell, cs.Mesh.fine(), kind, rate)
    what = f"{name} {'discharge' if kind == 'dis' else 'charge'} {rate}C{', with its table' if name in TABLES else ''}"
    expected = reference(name, kind, rate)
    if expected is None:
        worst = max(map(abs, fine.balance))
        found = f"{float(fine.capacity):.4g} A.h; balances {worst:.0e}"
        is_met = fine.succeeded and "cut-off" in fine.stop_reason and worst < 1e-6
        return Row(f"{what}: no curve to compare with", found, "ends at its cut-off", is_met)
    t, V, own = expected
    error = rms(fine, t, V)
    default = rms(run(cell, cs.Mesh.default(), kind, rate), t, V)
    shipped = ""
    if name in TABLES:
        shipped = f", as shipped {1e3 * rms(run(cs.load_cell(name), cs.Mesh.fine(), kind, rate), t, V):.2f}"
    found = f"{1e3 * error:.3f} mV (default mesh {1e3 * default:.2f}{shipped}; reference {1e3 * own:.3f})"
    return Row(what, found, f"at most {1e3 * ASKED:g} mV", error <= ASKED)


def study() -> list[Row]:
    """All cells at all rates."""
    if not SHARED.exists():
        raise SystemExit(f"the reference solutions are not here: {SHARED}")
    return [row(name, kind, rate) for name in (*NAMES, *WITHOUT_REFERENCE) for kind, rate in RATES]
