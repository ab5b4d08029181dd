"""Every lithium electrolyte of the library in a cell at 1C and 2C, and the gradient of the voltage in all its numbers.

    python tests/studies/electrolytes.py [NAME ...]

prints a table. Each electrolyte is put into the LG M50 on the coarse mesh, at the temperature of its measured range
next to 25 degC and at a salt concentration within it. One compiled program holds the laws of all of them and is told
which to follow. For the gradient each form of laws has its own, because what several alternatives hand to a reverse
pass grows with the square of their number: half a minute of compilation each.
"""

import sys
import time
import warnings
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import cellsim as cs
from cellsim import registry
from cellsim.constants import T_ROOM
from cellsim.electrolyte import library as electrolyte_library

CELL = "Chen2020"
NOT_FOR_THIS_CELL = {
    "chayambuka2022": "sodium",
    "edman2000_peo_litfsi": "polymer",
    "paxton1997_koh": "alkaline",
    "sloop1999_pemo_litfsi": "polymer",
}
DIFFERENCED = ("landesfeind2019_emc_fec", "colclasure2020", "calisol2024_libf4_pc")
TIMES = np.array([10.0, 60.0, 300.0])  # s, at which the voltage is looked at
# Of a difference: a share of the number that is moved, and the volts that the voltage then moves by at most
STEP = 1e-4
RTOL = 1e-9


def names() -> list[str]:
    """The electrolytes that suit a lithium-ion cell."""
    return [name for name in registry.names(electrolyte_library) if name not in NOT_FOR_THIS_CELL]


def conditions(electrolyte: cs.Electrolyte) -> tuple[float, float]:
    """Salt concentration at rest [mol/m3] and temperature [K]: 1 mol/L and 25 degC, or what was measured next to it."""
    low, high = electrolyte.c_range
    c0 = 1000.0 if 1.1 * low < 1000.0 < 0.9 * high else 0.5 * (low + high)
    return c0, float(np.clip(T_ROOM, *electrolyte.T_range))


class OneOf(eqx.Module):
    """The law at `index` among several, of which only that one is evaluated."""

    laws: tuple[Any, ...]
    index: Any  # a float, so that a derivative may pass over it

    def __call__(self, c: Any, T: Any) -> Any:
        branches = [lambda c, T, law=law: law(c, T) for law in self.laws]
        return jax.lax.switch(self.index.astype(int), branches, c, T)


class Library(eqx.Module):
    """Some electrolytes, any of which can be put into one and the same compiled cell."""

    electrolytes: tuple[cs.Electrolyte, ...]

    def chosen(self, index: Any) -> cs.Electrolyte:
        """The electrolyte at `index`."""
        of = lambda which: OneOf(tuple(getattr(each, which) for each in self.electrolytes), jnp.asarray(index, float))
        return cs.Electrolyte(kappa=of("kappa"), D=of("D"), t_plus=of("t_plus"), chi=of("chi"))


class Gradient(NamedTuple):
    """The mean voltage at `TIMES` under 1C [V], and its derivative in the numbers of one electrolyte."""

    voltage: float
    derivative: cs.Electrolyte


def filled(electrolyte: cs.Electrolyte, c0: Any) -> Any:
    """The cell with an electrolyte in it."""
    return cs.replace(cs.replace(cs.load_cell(CELL, check=False), "electrolyte", electrolyte), "c0", c0)


def nameless(electrolyte: cs.Electrolyte) -> cs.Electrolyte:
    """The laws of an electrolyte alone: electrolytes that differ in numbers only then share a compiled program."""
    return cs.Electrolyte(kappa=electrolyte.kappa, D=electrolyte.D, t_plus=electrolyte.t_plus, chi=electrolyte.chi)


def discharged(library: Library, index: int, rate: str) -> cs.Solution:
    """A discharge of the cell with an electrolyte at `rate`, such as "2C", to its lower cut-off."""
    electrolyte = library.electrolytes[index]
    c0, T = conditions(electrolyte)
    model = cs.DFN(filled(library.chosen(index), c0), cs.Mesh.coarse())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cs.OutsideMeasuredRange)
        return cs.simulate(model, f"Discharge at {rate} until 2.5 V", T=T)


def left_its_range(electrolyte: cs.Electrolyte, run: cs.Solution) -> str:
    """What the run says of the measured range of the electrolyte that it was made with."""
    own = eqx.tree_at(lambda run: run.model.cell.electrolyte, run, electrolyte)
    return (own.outside_measured_range or "inside the measured range").split(": ")[-1]


@jax.jit
def _voltage_and_slopes(library: Library, index: Any, c0: Any, T: Any) -> tuple[Any, Any]:
    def voltage(library: Library) -> Any:
        model = cs.DFN(filled(library.chosen(index), c0), cs.Mesh(6, 3, 6, 6))
        run = cs.simulate(model, cs.discharge(I=5.0), T=T, times=jnp.asarray(TIMES), rtol=RTOL, max_steps=400)
        return jnp.mean(run.V)

    return jax.value_and_grad(voltage)(library)


def gradient(library: Library, index: int, at: tuple[float, float]) -> Gradient:
    """The voltage early in a discharge at 1C, and its reverse derivative in every number of the electrolyte.

    `at` is the salt concentration at rest and the temperature.
    """
    voltage, derivative = _voltage_and_slopes(library, *(jnp.asarray(x, float) for x in (index, *at)))
    return Gradient(float(voltage), derivative.electrolytes[index])


def is_finite(derivative: Any) -> bool:
    """Whether all of a derivative is a number."""
    return all(bool(np.all(np.isfinite(leaf))) for leaf in jax.tree.leaves(derivative))


def worst_difference(library: Library, index: int, at: tuple[float, float]) -> float:
    """The greatest distance of a derivative from its central difference, relative to the greatest derivative.

    Each number x is moved by a share of itself, less where the terms of a fit cancel and the voltage would move far;
    derivatives are per share of x, so that they can be compared.
    """
    found = gradient(library, index, at)
    leaves, shape = jax.tree.flatten(library.electrolytes[index])
    slopes = jax.tree.leaves(found.derivative)
    exact, differences = [], []
    for k, leaf in enumerate(leaves):
        for place in np.ndindex(np.shape(leaf)):
            moved = []
            slope = float(slopes[k][place] * leaf[place])
            step = STEP / max(1.0, abs(slope))
            for sign in (1, -1, 2, -2):
                other = [*leaves[:k], leaf.at[place].multiply(1 + sign * step), *leaves[k + 1 :]]
                electrolyte = jax.tree.unflatten(shape, other)
                changed = eqx.tree_at(lambda held: held.electrolytes[index], library, electrolyte)
                moved.append(gradient(changed, index, at).voltage)
            differences.append((8 * (moved[0] - moved[1]) - (moved[2] - moved[3])) / (12 * step))
            exact.append(slope)
    return float(np.max(np.abs(np.array(exact) - np.array(differences))) / np.max(np.abs(exact)))


def main(chosen: list[str]) -> None:
    """Prints one line for each electrolyte and rate."""
    known = chosen or names()
    library = Library(tuple(cs.load_electrolyte(name) for name in known))
    for index, name in enumerate(known):
        begun = time.perf_counter()
        electrolyte = library.electrolytes[index]
        c0, T = conditions(electrolyte)
        print(f"{name}: {c0:.0f} mol/m3, {T - 273.15:.1f} degC")
        for rate in ("1C", "2C"):
            run = discharged(library, index, rate)
            print(f"  {rate}: {float(run.capacity):.3f} A.h; {run.stop_reason}; {left_its_range(electrolyte, run)}")
            print(f"      succeeded: {run.succeeded}; balances {max(map(abs, run.balance)):.0e}")
        alone = Library((nameless(electrolyte),))
        found = gradient(alone, 0, (c0, T))
        line = f"  gradient: {'finite' if is_finite(found.derivative) else 'NOT FINITE'} in all numbers"
        if name in DIFFERENCED:
            line += f", within {worst_difference(alone, 0, (c0, T)):.1e} of differences"
        print(line + f"; {time.perf_counter() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
