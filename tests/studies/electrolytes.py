"""Every lithium electrolyte of the library in a cell at 1C and 2C, and the gradient of the voltage in all its numbers.

    python tests/studies/electrolytes.py [NAME ...]

prints a table. Each electrolyte is put into the LG M50 on the coarse mesh, at the temperature of its measured range
next to 25 degC and at a salt concentration within it. Each compiles a cell of its own, which takes a minute or two on
one core.
"""

import sys
import time
import warnings
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import cellsim as cs
from cellsim import registry
from cellsim.constants import T_ROOM
from cellsim.electrolyte import library

CELL = "Chen2020"
NOT_FOR_THIS_CELL = {
    "chayambuka2022": "sodium",
    "edman2000_peo_litfsi": "polymer",
    "paxton1997_koh": "alkaline",
    "sloop1999_pemo_litfsi": "polymer",
}
DIFFERENCED = ("landesfeind2019_emc_fec", "colclasure2020", "calisol2024_libf4_pc")
TIMES = np.array([10.0, 60.0, 300.0])  # s, at which the voltage is looked at
STEP = 1e-3  # relative, of the differences
RTOL = 1e-9


class Gradient(NamedTuple):
    """The mean voltage at `TIMES` under 1C [V], and its derivative in the electrolyte, a tree of its own shape."""

    voltage: float
    derivative: Any


def names() -> list[str]:
    """The electrolytes that suit a lithium-ion cell."""
    return [name for name in registry.names(library) if name not in NOT_FOR_THIS_CELL]


def conditions(electrolyte: cs.Electrolyte) -> tuple[float, float]:
    """Salt concentration at rest [mol/m3] and temperature [K]: 1 mol/L and 25 degC, or what was measured next to it."""
    low, high = electrolyte.c_range
    c0 = 1000.0 if 1.1 * low < 1000.0 < 0.9 * high else 0.5 * (low + high)
    return c0, float(np.clip(T_ROOM, *electrolyte.T_range))


def cell_with(electrolyte: cs.Electrolyte, c0: Any) -> Any:
    """The cell, filled with an electrolyte."""
    return cs.replace(cs.replace(cs.load_cell(CELL, check=False), "electrolyte", electrolyte), "c0", c0)


def discharged(electrolyte: cs.Electrolyte, rate: str, mesh: cs.Mesh | None = None) -> cs.Solution:
    """A discharge at `rate`, such as "2C", to the cell's lower cut-off."""
    c0, T = conditions(electrolyte)
    model = cs.DFN(cell_with(electrolyte, c0), mesh or cs.Mesh.coarse())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cs.OutsideMeasuredRange)
        return cs.simulate(model, f"Discharge at {rate} until 2.5 V", T=T)


@jax.jit
def _voltage_and_slopes(electrolyte: cs.Electrolyte, c0: Any, T: Any) -> tuple[Any, Any]:
    def voltage(electrolyte: cs.Electrolyte) -> Any:
        model = cs.DFN(cell_with(electrolyte, c0), cs.Mesh(6, 3, 6, 6))
        run = cs.simulate(model, cs.discharge(I=5.0), T=T, times=jnp.asarray(TIMES), rtol=RTOL, max_steps=400)
        return jnp.mean(run.V)

    return jax.value_and_grad(voltage)(electrolyte)


def gradient(electrolyte: cs.Electrolyte) -> Gradient:
    """The voltage early in a discharge at 1C, and its reverse derivative in every number of the electrolyte."""
    voltage, derivative = _voltage_and_slopes(electrolyte, *(jnp.asarray(x) for x in conditions(electrolyte)))
    return Gradient(float(voltage), derivative)


def is_finite(derivative: Any) -> bool:
    """Whether all of a derivative is a number."""
    return all(bool(np.all(np.isfinite(leaf))) for leaf in jax.tree.leaves(derivative))


def worst_difference(electrolyte: cs.Electrolyte, found: Gradient) -> float:
    """The greatest distance of a derivative from its central difference, relative to the greatest of its own property.

    Each number x is moved by 0.1 % of itself, and derivatives are per share of x, so that they can be compared.
    """
    leaves, shape = jax.tree.flatten(electrolyte)
    slopes = jax.tree.leaves(found.derivative)
    exact, differences = [], []
    for k, leaf in enumerate(leaves):
        for index in np.ndindex(np.shape(leaf)):
            moved = []
            for sign in (1, -1, 2, -2):
                other = [*leaves[:k], leaf.at[index].multiply(1 + sign * STEP), *leaves[k + 1 :]]
                moved.append(gradient(jax.tree.unflatten(shape, other)).voltage)
            differences.append((8 * (moved[0] - moved[1]) - (moved[2] - moved[3])) / (12 * STEP))
            exact.append(float(slopes[k][index] * leaf[index]))
    return float(np.max(np.abs(np.array(exact) - np.array(differences))) / np.max(np.abs(exact)))


def main(chosen: list[str]) -> None:
    """Prints one line for each electrolyte and rate."""
    for name in chosen or names():
        begun = time.perf_counter()
        electrolyte = cs.load_electrolyte(name)
        c0, T = conditions(electrolyte)
        print(f"{name}: {c0:.0f} mol/m3, {T - 273.15:.1f} degC")
        for rate in ("1C", "2C"):
            run = discharged(electrolyte, rate)
            said = run.outside_measured_range or "inside the measured range"
            print(f"  {rate}: {float(run.capacity):.3f} A.h; {run.stop_reason}; {said.split(': ')[-1]}")
            print(f"      succeeded: {run.succeeded}; balances {max(map(abs, run.balance)):.0e}")
        found = gradient(electrolyte)
        line = f"  gradient: {'finite' if is_finite(found.derivative) else 'NOT FINITE'} in all numbers"
        if name in DIFFERENCED:
            line += f", within {worst_difference(electrolyte, found):.1e} of differences"
        print(line + f"; {time.perf_counter() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
