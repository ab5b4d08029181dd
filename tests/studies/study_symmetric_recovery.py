"""Electrolyte properties from a symmetric lithium cell: what small currents tell, and what it takes to tell the rest.

Lithium, a separator with a known MacMullin number, lithium with known kinetics; LiPF6 in PC:EC:DMC (Valoen, Reimers).
The record of polarisation has three levels of up to a per cent of the limiting current, each until it is steady, and
the relaxation after each. It tells kappa, D and (1 - t_plus)^2 chi, and that no more is told is said in
words. With potentials of concentration cells and a run beyond the limiting current, until the salt runs out (Sand's
time), all four are told. Factors on kappa, D and chi and the number t_plus are fitted, from 30 % wrong in all of them.
"""

import numpy as np
from rows import Row, at_most

import cellsim as cs
from cellsim.cells.design import Separator
from cellsim.electrolyte.measurements import concentration_cell
from cellsim.fitting.concentration_cells import ConcentrationCells
from cellsim.fitting.estimates import estimate
from cellsim.fitting.fit import Fit
from cellsim.fitting.observables import Voltage
from cellsim.statistics import CONFIDENCE

BUILD = cs.Build(cs.SymmetricCell, cs.LayerMesh((12,)))
NOISE, NOISE_BEYOND, NOISE_CELLS = 1e-5, 1e-3, 1e-4  # V, each for its range of voltage
LEVELS = (0.005, -0.0075, 0.01)  # of the limiting current
STEADY = 900.0  # s, eight times the relaxation time
BEYOND = 1.3  # times the limiting current
V_END = 1.0  # V, at which the run beyond it ends
C_1, C_2 = (1000.0,) * 6, (200.0, 400.0, 700.0, 1300.0, 1600.0, 2000.0)  # mol/m3, of the concentration cells
WRONG = 0.3
TRUTH = {
    "electrolyte.kappa.scale": 1.0,
    "electrolyte.D.scale": 1.0,
    "1 - electrolyte.t_plus": 0.62,
    "electrolyte.chi.scale": 1.0,
}
FREE = tuple(cs.Free(name, 0.1, 5.0 if name.endswith("scale") else 1.5) for name in TRUTH)
COMBINATION = "(1 - t_plus)^2 chi"


def cell() -> cs.SymmetricDesign:
    """Lithium, separator, lithium."""
    lithium = cs.Metal(cs.Deposition(j0_ref=20.0))
    return cs.SymmetricDesign(lithium, (Separator(5e-4, 0.5),), lithium, cs.load_electrolyte("valoen2005"), area=1e-4)


def limiting_current(cell: cs.SymmetricDesign) -> float:
    """That of constant properties [A]: a measure of currents."""
    from cellsim.electrolyte.measurements import limiting_current as of

    D = float(cell.electrolyte.D(cell.c0, cell.T_ref)) * float(cell.layers[0].kappa_factor)
    return float(of(D, cell.electrolyte.t_plus(cell.c0, cell.T_ref), cell.c0, cell.layers[0].L) * cell.area)


def _after(step: float, until: float, rows: int) -> np.ndarray:
    """Times that are dense after a step, until the next."""
    return np.append(step + np.geomspace(1.0, until - step, rows)[:-1], until)


def polarised(cell: cs.SymmetricDesign, seed: int) -> cs.Experiment:
    """Small currents until steady, and relaxation after each."""
    I = limiting_current(cell)
    steps = [step for level in LEVELS for step in (cs.current(level * I, STEADY), cs.rest(STEADY))]
    times = np.concatenate([[0.0], *(_after(k * STEADY, (k + 1) * STEADY, 40) for k in range(len(steps)))])
    return _recorded(cell, steps, times, NOISE, seed, "polarisation")


def exhausted(cell: cs.SymmetricDesign, seed: int) -> cs.Experiment:
    """A current that the salt cannot carry for long."""
    step = cs.discharge(I=BEYOND * limiting_current(cell), until=-V_END, duration=10 * STEADY)
    end = float(cs.simulate(BUILD(cell), step).t_stop)
    return _recorded(cell, [step], end * np.linspace(0.0, 1.0, 100), NOISE_BEYOND, seed, "Sand")


def _recorded(
    cell: cs.SymmetricDesign, steps: list[cs.Step], times: np.ndarray, noise: float, seed: int, name: str
) -> cs.Experiment:
    run = cs.simulate(BUILD(cell), steps)
    record = cs.measured(run, seed, noise_V=noise, every=times, name=name)
    return cs.Experiment(record, BUILD, steps, is_timed=True, observe=(Voltage(noise),))


def with_cells(experiment: cs.Experiment, cell: cs.SymmetricDesign, seed: int) -> cs.Experiment:
    """The same with potentials of concentration cells beside it."""
    U = np.asarray(concentration_cell(cell.electrolyte, np.array(C_1), np.array(C_2), cell.T_ref))
    U = U + NOISE_CELLS * np.random.default_rng([seed, 1]).standard_normal(len(U))
    cells = ConcentrationCells(C_1, C_2, U, float(cell.T_ref), NOISE_CELLS)
    return experiment._replace(observe=(*experiment.observe, cells))


def fitted(experiments: list[cs.Experiment], seed: int) -> Fit:
    """The four numbers, from wrong ones."""
    draw = np.random.default_rng([seed, 2])
    start = {name: value * (1 + WRONG * draw.uniform(-1, 1)) for name, value in TRUTH.items()}
    return cs.fit(cell(), experiments, FREE, start=start, is_noise_known=True)


def combination(cell: cs.SymmetricDesign) -> object:
    """(1 - t_plus)^2 chi at rest."""
    electrolyte, at = cell.electrolyte, (cell.c0, cell.T_ref)
    return (1 - electrolyte.t_plus(*at)) ** 2 * electrolyte.chi(*at)


def seen(fit: Fit) -> dict[str, tuple[float, float]]:
    """Relative error and relative half width of the 95 % interval, of each number and of the combination."""
    found = {name: (fit.values[name], fit.std_errors[name], true) for name, true in TRUTH.items()}
    of = estimate(fit, combination)
    found[COMBINATION] = (float(of.value), float(of.standard_error), float(combination(cell())))
    half = (of.interval(CONFIDENCE)[1] - of.value) / of.standard_error
    return {name: (abs(x / true - 1), float(half) * error / true) for name, (x, error, true) in found.items()}


def study(seeds: int = 20) -> list[Row]:
    """Both sets of data, over seeds."""
    made, rows = cell(), []
    small, whole = [], []
    for seed in range(seeds):
        polarisation = polarised(made, seed)
        small.append(fitted([polarisation], seed))
        both = [polarisation, with_cells(exhausted(made, 1000 + seed), made, seed)]
        whole.append(fitted(both, seed))
    told = sum(is_told(each) for each in small)
    print("    " + small[0].identifiability.report().replace("\n", "\n    "))
    rows.append(
        Row("small currents: t_plus against chi told to be degenerate", f"{told} of {seeds}", "all", told == seeds)
    )
    for what, fits, names in (
        ("small currents", small, ("electrolyte.kappa.scale", "electrolyte.D.scale", COMBINATION)),
        ("all data", whole, (*TRUTH, COMBINATION)),
    ):
        errors = [seen(each) for each in fits]
        for name in names:
            rows.append(at_most(f"{what}: worst error of {name}", max(e[name][0] for e in errors), 0.02))
            inside = np.mean([e[name][0] < e[name][1] for e in errors])
            width = float(np.median([e[name][1] for e in errors]))
            said = f"{100 * width:.2f} %, {100 * inside:.0f} %"
            rows.append(Row(f"{what}: half interval of {name}, and how often it holds the truth", said, "stated", True))
        calls = [each.problem.calls["jacobians"] for each in fits]
        rows.append(Row(f"{what}: Jacobians a fit, median", f"{np.median(calls):.0f}", "stated", True))
        ended = sum(each.converged for each in fits)
        rows.append(Row(f"{what}: fits that converged", f"{ended} of {seeds}", "all", ended == seeds))
    return rows


def is_told(fit: Fit) -> bool:
    """Whether the report says that t_plus and chi cannot be told apart."""
    return any("t_plus" in said and "chi" in said for said in fit.identifiability.said)
