"""The converged 1C discharge that both programs are held against: mesh-refined and independent of cellsim."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

HERE = Path(__file__).resolve()
DEFAULT = HERE.parents[3] / "shared" / "reference"  # beside the repository
FIRST, LAST = 10.0, 0.98  # errors are counted from 10 s to 98 % of the discharge


class Errors(NamedTuple):
    """Distance of a voltage curve from the reference."""

    rms_mV: float
    max_mV: float
    stop_s: float  # its stop less that of the reference


class Reference(NamedTuple):
    """Voltage [V] at times [s], and the time of the stop [s]."""

    t: np.ndarray
    V: np.ndarray
    stop: float

    def errors(self, voltage: Callable[[np.ndarray], Any], stop: float) -> Errors:
        """Errors of a curve given as a function of time."""
        miss = (np.asarray(voltage(self.t)) - self.V) * 1e3
        return Errors(float(np.sqrt(np.mean(miss**2))), float(np.max(np.abs(miss))), float(stop) - self.stop)


def loaded(cell: str = "Chen2020", model: str = "DFN") -> Reference | None:
    """The reference of a 1C discharge from `$CELLSIM_REFERENCE` or the folder beside the repository; None without."""
    if model == "DFN":
        return _read(f"dfn_iso_{cell}/dis_1C_ref.csv", "voltage_extrapolated_V")
    return _read(f"spm_spme_iso/{cell}_{model}_1C_ref.csv", "voltage_extrapolated_V")


def drive() -> Reference | None:
    """The reference of the US06 drive cycle, all of which counts."""
    return _read("dfn_drive_Chen2020/US06_ref.csv", "voltage_V", 0.0, 1.0)


def _read(name: str, column: str, first: float = FIRST, last: float = LAST) -> Reference | None:
    file = Path(os.environ.get("CELLSIM_REFERENCE", DEFAULT)) / name
    if not file.is_file():
        return None
    table = np.genfromtxt(file, delimiter=",", names=True)
    names = table.dtype.names or ()
    t, V = table["time_s"], table[column if column in names else "voltage_V"]
    stop = float(t[-1])
    window = (t >= first) & (t <= last * stop) & ~np.isnan(V)
    return Reference(t[window], V[window], stop)


def drive_cycle() -> tuple[np.ndarray, np.ndarray] | None:
    """Times [s] and currents [A] of the US06 drive cycle; None without the folder."""
    file = Path(os.environ.get("CELLSIM_REFERENCE", DEFAULT)) / "dfn_drive_Chen2020" / "US06_current.csv"
    if not file.is_file():
        return None
    table = np.genfromtxt(file, delimiter=",", names=True)
    return table["time_s"], table["current_A"]
