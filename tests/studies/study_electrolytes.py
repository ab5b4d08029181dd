"""Every electrolyte of the library in a cell that suits it, and the gradient of the voltage in all its numbers

Lithium electrolytes are put into the LG M50 on the coarse mesh at 1C and 2C, at the temperature of their measured range
next to 25 degC and at a salt concentration within it. Polymers run between two lithium metals, potassium hydroxide
between two potassium amalgams, at a quarter of the current that they can carry, and above it. The sodium salt is
that of a published sodium-ion cell, which is run at 1C and 2C.

One compiled program holds the laws of all lithium electrolytes and is told which to follow. For the gradient each form
of laws has its own, because what several alternatives hand to a reverse pass grows with the square of their number:
half a minute of compilation each.
"""

import warnings
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from rows import Row

import cellsim as cs
from cellsim import registry
from cellsim.cells.design import Separator
from cellsim.constants import T_ROOM
from cellsim.electrolyte import library as electrolyte_library
from cellsim.electrolyte.measurements import limiting_current_of

CELL = "Chen2020"
BETWEEN_METALS = {  # and the cell of the library, where there is one
    "edman2000_peo_litfsi": "li_peo_litfsi_li",
    "paxton1997_koh": None,
    "sloop1999_pemo_litfsi": "li_pemo_litfsi_li",
}
IN_ITS_OWN_CELL = {"chayambuka2022": "Chayambuka2022"}  # sodium
DIFFERENCED = ("landesfeind2019_emc_fec", "colclasure2020", "calisol2024_libf4_pc")
TIMES = np.array([10.0, 60.0, 300.0])  # s, at which the voltage is looked at
# Of a difference: a share of the number that is moved, and the volts that the voltage then moves by at most
STEP = 1e-4
RTOL = 1e-9


def names() -> list[str]:
    """The electrolytes that suit a lithium-ion cell."""
    return [name for name in registry.names(electrolyte_library) if name not in {**BETWEEN_METALS, **IN_ITS_OWN_CELL}]


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


# ---- in a cell of its own


def discharged_in(cell: str, rate: str) -> cs.Solution:
    """A discharge of a cell of the library, with its own electrolyte, at `rate`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cs.OutsideMeasuredRange)
        return cs.simulate(cs.DFN(cs.load_cell(cell), cs.Mesh.coarse()), f"Discharge at {rate}")


def gradient_in(cell: str) -> Gradient:
    """The voltage early in a discharge at 1C of a cell of the library, and its derivative in its electrolyte."""
    own = cs.load_cell(cell)

    def voltage(electrolyte: Any) -> Any:
        model = cs.DFN(cs.replace(own, "electrolyte", electrolyte), cs.Mesh(6, 3, 6, 6))
        run = cs.simulate(model, cs.discharge(C_rate=1.0), times=jnp.asarray(TIMES), rtol=RTOL, max_steps=400)
        return jnp.mean(run.V)

    found, derivative = jax.jit(jax.value_and_grad(voltage))(own.electrolyte)
    return Gradient(float(found), derivative)


# ---- between two metals


def between_metals(name: str) -> cs.SymmetricDesign:
    """An electrolyte between two metals of its cation: a cell of the library, or a column of a millimetre."""
    known = BETWEEN_METALS[name]
    if known is not None:
        return cs.load_cell(known)
    metal, electrolyte = cs.Metal(cs.Deposition(100.0)), cs.load_electrolyte(name)
    column = (Separator(1e-3, 1.0),)
    return cs.SymmetricDesign(metal, column, metal, electrolyte, area=1e-4, c0=4000.0, T_ref=T_ROOM, name=name)


def carried(cell: cs.SymmetricDesign) -> tuple[float, float]:
    """The current [A] that the electrolyte can carry for ever, and how long [s] it takes to settle."""
    L, D = cell.layers[0].L, cell.electrolyte.D(cell.c0, cell.T_ref)
    i = limiting_current_of(cell.electrolyte, cell.c0, cell.T_ref, L)
    return float(i * cell.area), float(L**2 / D)


def polarised(cell: cs.SymmetricDesign, share: float) -> cs.Solution:
    """A run at a share of the limiting current, until it has settled or nothing is left to carry it."""
    I, settling = carried(cell)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cs.OutsideMeasuredRange)
        return cs.simulate(cs.SymmetricCell(cell), cs.discharge(I=share * I, duration=3 * settling))


def gradient_between_metals(cell: cs.SymmetricDesign) -> Gradient:
    """The voltage on the way at a quarter of the limiting current, and its derivative in the electrolyte's numbers."""
    I, settling = carried(cell)

    def voltage(electrolyte: Any) -> Any:
        design = cs.replace(cell, "electrolyte", electrolyte)
        model, times = cs.SymmetricCell(design, cs.LayerMesh((10,))), settling * jnp.array([1e-3, 0.05, 1.0])
        return jnp.mean(cs.simulate(model, cs.current(0.25 * I, settling), times=times, rtol=RTOL).V)

    found, derivative = jax.jit(jax.value_and_grad(voltage))(cell.electrolyte)
    return Gradient(float(found), derivative)


# ---- the study


def study() -> list[Row]:
    """Rows of the table: runs at two currents, their sentences, and the gradient."""
    rows: list[Row] = []
    known = names()
    library = Library(tuple(cs.load_electrolyte(name) for name in known))
    for index, name in enumerate(known):
        electrolyte = library.electrolytes[index]
        conditions_here = conditions(electrolyte)
        for rate in ("1C", "2C"):
            rows.append(_row_of_run(f"{name}, {rate}", discharged(library, index, rate)))
        alone = Library((nameless(electrolyte),))
        rows.append(_row_of_gradient(name, gradient(alone, 0, conditions_here)))
        if name in DIFFERENCED:
            off = worst_difference(alone, 0, conditions_here)
            rows.append(Row(f"{name}, gradient against differences", f"{off:.0e}", "at most 1e-5", off < 1e-5))
    for name, cell_name in IN_ITS_OWN_CELL.items():
        for rate in ("1C", "2C"):
            rows.append(_row_of_run(f"{name}, {rate}", discharged_in(cell_name, rate)))
        rows.append(_row_of_gradient(name, gradient_in(cell_name)))
    for name in BETWEEN_METALS:
        cell = between_metals(name)
        for share in (0.25, 1.3):
            run = polarised(cell, share)
            row = _row_of_run(f"{name}, {share:g} of the limiting current", run)
            runs_dry = "depleted at the right metal" in run.stop_reason
            inside = cell.electrolyte.outside_measured_range(run.states.line[:, 0] * cell.c0, run.T) is None
            rows.append(row._replace(is_met=row.is_met and runs_dry == (share > 1) and (inside or share > 1)))
        rows.append(_row_of_gradient(name, gradient_between_metals(cell)))
    return rows


def _row_of_run(what: str, run: cs.Solution) -> Row:
    """Whether a run reached an end that it names, and kept what it must."""
    drift = max(map(abs, run.balance))
    ended = "dry" if "depleted" in run.stop_reason else "at its end" if run.succeeded else "failed"
    return Row(what, ended, "an end with its sentence; balances within 1e-10", run.succeeded and drift < 1e-10)


def _row_of_gradient(name: str, found: Gradient) -> Row:
    is_met = bool(np.isfinite(found.voltage)) and is_finite(found.derivative)
    return Row(f"{name}, gradient", "finite" if is_met else "NOT", "finite in all numbers", is_met)
