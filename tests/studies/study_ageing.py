"""Side reactions against PyBaMM: a cycle of OKane2022 with a film that grows and lithium that plates.

PyBaMM runs the same laws (solvent-diffusion limited SEI, partially reversible plating, a film that resists as it
grows) on a refined mesh, cellsim a mesh of half that width. Voltages are compared from 5 s after the beginning to 98 %
of every step. Needs PyBaMM, which `make bench` installs.
"""

import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from rows import Row

import cellsim as cs

CYCLE = (
    "Charge at 1C until 4.2 V",
    "Hold at 4.2 V until C/20",
    "Rest for 30 minutes",
    "Discharge at 1C until 2.5 V",
    "Rest for 30 minutes",
)
SOC = 0.2
ASKED_V, ASKED_LOST = 1e-3, 2e-3  # V, relative
MESH = cs.Mesh(32, 8, 40, 20)
SEI, PLATING = "Loss of lithium to negative SEI [mol]", "Loss of lithium to negative lithium plating [mol]"


def of_pybamm() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Times at which the steps end [s], and what is compared at all times."""
    import pybamm

    pybamm.set_logging_level("ERROR")
    model = pybamm.lithium_ion.DFN({"SEI": "solvent-diffusion limited", "lithium plating": "partially reversible"})
    simulation = pybamm.Simulation(
        model,
        parameter_values=pybamm.ParameterValues("OKane2022"),
        experiment=pybamm.Experiment([CYCLE]),
        var_pts=dict(x_n=60, x_s=30, x_p=60, r_n=60, r_p=60),
        solver=pybamm.IDAKLUSolver(rtol=1e-7, atol=1e-9),
    )
    solution = simulation.solve(initial_soc=SOC)
    ends = np.array([float(step.t[-1]) for step in solution.cycles[0].steps])
    return ends, {name: solution[name].entries for name in ("Time [s]", "Voltage [V]", SEI, PLATING)}


PATHS = ("0.D_sol", "0.film.resistivity", "0.film.L0", "1.k", "1.alpha_c")  # of the side reactions


def derivatives() -> list[Row]:
    """Of the lithium in the film and of that plated after a part of a fast charge, in the constants of both reactions:
    forward against central differences, and reverse against forward."""
    published = cs.load_cell("OKane2022_ageing")
    usual = [cs.parameters.get(published, f"negative.side_reactions.{path}") for path in PATHS]

    def lost(factors: Any) -> tuple[Any, Any]:
        cell = published
        for path, value, factor in zip(PATHS, usual, factors, strict=True):
            cell = cs.replace(cell, f"negative.side_reactions.{path}", value * factor)
        model, times = cs.DFN(cell, cs.Mesh(3, 2, 3, 4)), jnp.array([0.0, 400.0])
        run = cs.simulate(model, cs.charge(1.5, until=5.0), soc=0.6, times=times, rtol=1e-9, max_steps=600)
        taken = jnp.stack([run.ageing[f"lithium_in_negative_{name}_mol"] for name in ("SEI", "plated")])
        return 1e6 * taken, 1e6 * taken

    here, both = jnp.ones(len(PATHS)), jax.jit(jax.jacfwd(lost, has_aux=True))
    forward = np.asarray(both(here)[0])
    differences = []
    for e in np.eye(len(PATHS)):
        near, far = ((both(here + h * e)[1] - both(here - h * e)[1]) / (2 * h) for h in (1e-3, 2e-3))
        differences.append((4 * near - far) / 3)
    expected = np.stack(differences, axis=1)
    reverse = np.asarray(jax.jit(jax.jacrev(lambda x: lost(x)[0]))(here))
    size = np.max(np.abs(expected), axis=1, keepdims=True)
    off, apart = np.max(np.abs(forward - expected) / size), np.max(np.abs(reverse - forward) / size)
    return [
        Row("derivatives of what is lost, forward from differences", f"{off:.0e}", "at most 1e-05", bool(off <= 1e-5)),
        Row("the same, reverse from forward", f"{apart:.0e}", "at most 1e-09", bool(apart <= 1e-9)),
    ]


def study() -> list[Row]:
    """Voltage of every step, the lithium that the film and the plating took, and derivatives of it."""
    return against_pybamm() + derivatives()


def against_pybamm() -> list[Row]:
    """Voltage of every step, and the lithium that the film and the plating took."""
    ends, there = of_pybamm()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cs.OutsideMeasuredRange)
        solution = cs.simulate(cs.DFN(cs.load_cell("OKane2022_ageing"), MESH), [CYCLE], soc=SOC)
    rows: list[Row] = []
    t, off_all = there["Time [s]"], []
    for text, leg, start, end in zip(CYCLE, solution.legs, np.append(0.0, ends[:-1]), ends, strict=True):
        seen = (t > start + 5) & (t < end - 0.02 * (end - start))
        off = np.asarray(leg.at(t[seen] - start + float(leg.t_start)).V) - there["Voltage [V]"][seen]
        off_all.append(off)
        rows.append(Row(text, f"{1e3 * rms(off):.3f} mV", "", True))
    total = rms(np.concatenate(off_all))
    rows.append(Row("the whole cycle", f"{1e3 * total:.3f} mV", f"at most {1e3 * ASKED_V:g} mV", total <= ASKED_V))
    taken = {name: float(x) for name, x in solution.ageing.items()}
    plated = taken["lithium_in_negative_plated_mol"] + taken["lithium_in_negative_dead_mol"]
    for what, found, name in (
        ("lithium in the film", taken["lithium_in_negative_SEI_mol"], SEI),
        ("lithium plated and dead", plated, PLATING),
    ):
        away = found / float(there[name][-1] - there[name][0]) - 1
        rows.append(Row(what, f"{1e2 * away:+.3f} %", f"within {1e2 * ASKED_LOST:g} %", abs(away) <= ASKED_LOST))
    return rows


def rms(x: Any) -> float:
    """Root of the mean square."""
    return float(np.sqrt(np.mean(np.square(x))))
