"""Cells written to files of the Battery Parameter eXchange standard (BPX), version 1.x.

What the standard can say is written as it is: numbers, expressions and tables to the last digit, polynomials and sums
of steps and tails as expressions. Any other law becomes a table, with straight lines within 1e-5 of its value, at the
reference temperature, and the activation energy that it has there. What the standard has no words for stands in
the "User-defined" block under the names that `cellsim.cells.bpx` reads.

Source: Battery Parameter eXchange (BPX), Faraday Institution, https://bpxstandard.com, version 1.1.
"""

import copy
import json
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from cellsim.cells.balance import at_soc
from cellsim.cells.blends import lithiations
from cellsim.cells.bpx import (
    C_DL,
    CHI,
    DECAY,
    DELITHIATION,
    H0,
    HALF,
    HIGH,
    LITHIATION,
    LOW,
    R_CONTACT,
    T_PLUS,
    OfSalt,
    UnreadableBPX,
)
from cellsim.cells.design import Blend, Cell, Electrode, Particle, materials_by_path
from cellsim.cells.functions import Expression, LinearTable
from cellsim.cells.notes import Measured, Notes
from cellsim.constants import F, R
from cellsim.electrode.hysteresis import Branches
from cellsim.electrode.kinetics import ButlerVolmer
from cellsim.electrode.open_circuit import StepsAndTails, StepSlopes
from cellsim.electrode.power_law import PowerLawKinetics
from cellsim.electrolyte.electrolyte import Salt
from cellsim.electrolyte.library._vanishing import Vanishing
from cellsim.files import moved_into_place
from cellsim.laws import Arrhenius, AtLeast, Constant, Polynomial, arrhenius_factor
from cellsim.programs import stored

STRAIGHT = 1e-5  # of the value of a law: how far a straight line of its table may lie from it
SMALL = 1e-2  # of the greatest value: what is below is straight within STRAIGHT of this
COARSE, HALVINGS = 33, 12  # points of a table to begin with, and how often the space between two is halved
THETA = (1e-3, 1.0 - 1e-3)  # lithiations between which a law becomes a table
SALT = (10.0, 3500.0)  # mol/m3, where an electrolyte says no range of its own


class Written(NamedTuple):
    """A function as the standard has it, and its activation energy [J/mol]."""

    value: Any
    E: float


def write_file(cell: Cell, path: str | Path) -> None:
    """Writes `cell` to a file, checked by the `bpx` package.

    Raises `UnreadableBPX` with everything of the cell that the standard cannot say.
    """
    import bpx

    wrong = _unsayable(cell)
    if wrong:
        raise UnreadableBPX(cell.name, wrong)
    file = contents(cell)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of cut-offs, which bind nothing
        bpx.parse_bpx_obj(copy.deepcopy(file))
    path = Path(path)
    with moved_into_place(path, keeps_earlier=False) as partial:
        partial.write_text(json.dumps(file, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def contents(cell: Cell) -> dict[str, Any]:
    """What stands in the file of a cell."""
    import bpx

    notes = cell.notes or Notes(title=cell.name, references=cell.source)
    header = {"BPX": bpx.__version__, "Title": notes.title, "Description": notes.description}
    header |= {"References": notes.references, "Model": "DFN"}
    T, heat, ends = float(cell.T_ref), cell.heat, _ends(cell)
    file = {
        "Header": {key: value for key, value in header.items() if value},
        "Parameterisation": {
            "Cell": {
                "Electrode area [m2]": float(cell.area) / notes.pairs,
                "External surface area [m2]": float(heat.cooling_area),
                "Volume [m3]": float(heat.volume),
                "Number of electrode pairs connected in parallel to make a cell": notes.pairs,
                "Lower voltage cut-off [V]": float(cell.V_min),
                "Upper voltage cut-off [V]": float(cell.V_max),
                "Nominal cell capacity [A.h]": float(cell.capacity),
                "Reference temperature [K]": T,
                "Density [kg.m-3]": float(heat.rho),
                "Specific heat capacity [J.K-1.kg-1]": float(heat.cp(cell.T_ref, cell.T_ref)),
            },
            "Electrolyte": _electrolyte(cell),
            "Negative electrode": _electrode(cell, cell.negative, *ends[:2]),
            "Positive electrode": _electrode(cell, cell.positive, *ends[2:]),
            "Separator": {
                "Thickness [m]": float(cell.separator.L),
                "Porosity": float(cell.separator.eps),
                "Transport efficiency": float(cell.separator.kappa_factor),
            },
            "User-defined": _beyond(cell, notes),
        },
        "State": {
            "Initial conditions": {
                "Initial state-of-charge": float(cell.soc_initial),
                "Initial temperature [K]": float(cell.T_initial),
                "Initial electrolyte concentration [mol.m-3]": float(cell.c0),
                **_hysteresis("Negative electrode", cell.negative),
                **_hysteresis("Positive electrode", cell.positive),
            },
            "Thermal environment": {
                "Ambient temperature [K]": float(cell.T_ambient),
                "Heat transfer coefficient [W.m-2.K-1]": float(heat.h),
            },
        },
        "Validation": {run.name: _measured(run) for run in notes.measured},
    }
    if not file["Validation"]:
        del file["Validation"]
    return file


def _unsayable(cell: Cell) -> list[str]:
    """A line for everything of a cell that the standard cannot say."""
    wrong = []
    if cell.electrolyte.salt != Salt():
        wrong.append("the electrolyte is no 1:1 salt, and the standard has no other.")
    for path, particle in materials_by_path(cell).items():
        if _rate(cell, particle) is None:
            wrong.append(
                f"{path}.kinetics: the standard has symmetric Butler-Volmer kinetics with a constant rate and "
                "powers of one half alone."
            )
        if particle.R_film is not None and float(particle.R_film):
            wrong.append(f"{path}.R_film: the standard has no films.")
    for side in ("negative", "positive"):
        if getattr(cell, side).side_reactions:
            wrong.append(f"{side}.side_reactions: the standard has no side reactions.")
    if cell.V_salt is not None and float(cell.V_salt):
        wrong.append("V_salt: in the standard the salt does not move the solution.")
    return wrong


def _ends(cell: Cell) -> tuple[np.ndarray, ...]:
    """Least and greatest lithiation of every material, of the negative and of the positive electrode."""
    window = cell.window
    if window is None:
        ends = _at_cut_offs(cell)
    else:
        ends = [window.negative_empty, window.negative_full, window.positive_full, window.positive_empty]
    counts = [len(each.materials) for each in (cell.negative, cell.negative, cell.positive, cell.positive)]
    return tuple(np.broadcast_to(x, n) for x, n in zip(ends, counts, strict=True))


@stored
def _at_cut_offs(cell: Cell) -> list[Float[Array, " materials"]]:
    empty, full = (at_soc(cell, jnp.asarray(soc), cell.T_ref) for soc in (0.0, 1.0))
    negative = [lithiations(cell.negative, end.negative, cell.T_ref) for end in (empty, full)]
    return negative + [lithiations(cell.positive, end.positive, cell.T_ref) for end in (full, empty)]


def _hysteresis(side: str, electrode: Electrode) -> dict[str, Any]:
    """Where the hysteresis of the materials begins, if any has some."""
    if all(each.hysteresis is None for each in electrode.materials):
        return {}
    begins = {each.name: float(each.hysteresis.h0) if each.hysteresis else 0.0 for each in electrode.materials}
    return {H0.format(side): begins if isinstance(electrode.particle, Blend) else next(iter(begins.values()))}


def _measured(run: Measured) -> dict[str, list[float]]:
    file = {"Time [s]": list(run.t), "Current [A]": [-x for x in run.I], "Voltage [V]": list(run.V)}
    return file if run.T is None else {**file, "Temperature [K]": list(run.T)}


def _electrode(cell: Cell, electrode: Electrode, low: np.ndarray, high: np.ndarray) -> dict[str, Any]:
    materials = {
        each.name: _material(cell, each, float(least), float(greatest))
        for each, least, greatest in zip(electrode.materials, low, high, strict=True)
    }
    return {
        "Thickness [m]": float(electrode.L),
        "Conductivity [S.m-1]": float(electrode.sigma_eff),
        "Porosity": float(electrode.eps),
        "Transport efficiency": float(electrode.kappa_factor),
        **({"Particle": materials} if isinstance(electrode.particle, Blend) else next(iter(materials.values()))),
    }


def _material(cell: Cell, particle: Particle, low: float, high: float) -> dict[str, Any]:
    T, rate = float(cell.T_ref), _rate(cell, particle)
    assert rate is not None
    D = written(particle.D_s, T, THETA)
    block = {
        "Particle radius [m]": float(particle.R_p),
        "Diffusivity [m2.s-1]": D.value,
        "Diffusivity activation energy [J.mol-1]": D.E,
        "OCP [V]": _potential(particle, particle.U, T),
        "Entropic change coefficient [V.K-1]": written(particle.dUdT, T, THETA).value,
        "Surface area per unit volume [m-1]": float(particle.a),
        "Reaction rate constant [mol.m-2.s-1]": rate.value,
        "Reaction rate constant activation energy [J.mol-1]": rate.E,
        LOW: low,
        HIGH: high,
        "Maximum concentration [mol.m-3]": float(particle.c_max),
    }
    if particle.hysteresis is not None:
        assert isinstance(particle.U, Branches)
        block[LITHIATION] = _potential(particle, particle.U.lithiation, T)
        block[DELITHIATION] = _potential(particle, particle.U.delithiation, T)
        block[DECAY] = float(particle.hysteresis.decay) / HALF
    return {key: value for key, value in block.items() if value != 0.0 or "energy" not in key}


def _potential(particle: Particle, law: Any, T: float) -> Any:
    """An open-circuit potential of a material at `T` [K]."""
    if abs(float(particle.T_ref) - T) <= 1.0:  # K; a matter of how a room is counted
        return written(law, T, THETA).value
    at = lambda theta, T: law(theta, T) + (T - particle.T_ref) * particle.dUdT(theta, T)
    return written(at, T, THETA).value


def _rate(cell: Cell, particle: Particle) -> Written | None:
    """The normalised rate constant [mol/(m2 s)] of a material; None where it has none."""
    T, kinetics = float(cell.T_ref), particle.kinetics
    if isinstance(kinetics, ButlerVolmer):
        k = float(kinetics.k * arrhenius_factor(kinetics.E, kinetics.T_ref, T))
        return Written(k * float(particle.c_max) * float(cell.c0) ** 0.5 / F, float(kinetics.E))
    if isinstance(kinetics, PowerLawKinetics):
        powers = (kinetics.of_salt, kinetics.of_filled, kinetics.of_vacant)
        rate = written(kinetics.rate, T, THETA)
        if all(float(power) == 0.5 for power in powers) and isinstance(rate.value, float):
            return Written(rate.value * float(cell.c0 / kinetics.c_ref) ** 0.5 / F, rate.E)
    return None


def _electrolyte(cell: Cell) -> dict[str, Any]:
    electrolyte, T = cell.electrolyte, float(cell.T_ref)
    span = _span(cell)
    kappa, D = written(electrolyte.kappa, T, span), written(electrolyte.D, T, span)
    block = {
        "Cation transference number": float(electrolyte.t_plus(cell.c0, cell.T_ref)),
        "Conductivity [S.m-1]": kappa.value,
        "Conductivity activation energy [J.mol-1]": kappa.E,
        "Diffusivity [m2.s-1]": D.value,
        "Diffusivity activation energy [J.mol-1]": D.E,
    }
    return {key: value for key, value in block.items() if value != 0.0 or "energy" not in key}


def _span(cell: Cell) -> tuple[float, float]:
    """Salt concentrations [mol/m3] between which a law becomes a table."""
    low, high = cell.electrolyte.c_range
    return max(low, SALT[0]), high if np.isfinite(high) else max(SALT[1], 2 * float(cell.c0))


def _beyond(cell: Cell, notes: Notes) -> dict[str, Any]:
    """What the standard has no words for."""
    electrolyte, T = cell.electrolyte, float(cell.T_ref)
    block = dict(notes.user_defined)
    t_plus, chi = (written(law, T, _span(cell)).value for law in (electrolyte.t_plus, electrolyte.chi))
    if not isinstance(t_plus, float):
        block[T_PLUS] = t_plus
    if chi != 1.0:
        block[CHI] = chi
    if float(cell.R_contact):
        block[R_CONTACT] = float(cell.R_contact)
    block[C_DL.format("Negative electrode")] = float(cell.negative.C_dl)
    block[C_DL.format("Positive electrode")] = float(cell.positive.C_dl)
    return block


# ---- functions


def written(law: Any, T_ref: float, span: tuple[float, float]) -> Written:
    """A law as the standard has it at `T_ref` [K]; where it has no such form, a table over `span`."""
    match law:
        case Arrhenius():
            inner = written(law.law, T_ref, span)
            factor = float(arrhenius_factor(law.E, law.T_ref, T_ref))
            return Written(_times(inner.value, factor), inner.E + float(law.E))
        case OfSalt() | AtLeast() | Vanishing():  # which differ from the law within where nothing was measured
            return written(law.law, T_ref, span)
        case Constant():
            return Written(float(law.value), 0.0)
        case Expression():
            return Written(law.text, 0.0)
        case LinearTable():
            return Written({"x": list(law.knots), "y": [float(y) for y in law.values]}, 0.0)
        case Polynomial():
            return Written(_polynomial(law), 0.0)
        case StepsAndTails():
            return Written(_steps_and_tails(law), 0.0)
        case StepSlopes():
            return Written(_step_slopes(law), 0.0)
        case Branches(lithiation=LinearTable() as one, delithiation=LinearTable() as other):
            x = np.union1d(one.knots, other.knots)
            return Written({"x": x.tolist(), "y": np.asarray(law(x, T_ref)).tolist()}, 0.0)
    return _tabulated(law, T_ref, span)


def _times(value: Any, factor: float) -> Any:
    if factor == 1.0:
        return value
    if isinstance(value, dict):
        return {"x": value["x"], "y": [factor * y for y in value["y"]]}
    return f"{factor!r} * ({value})" if isinstance(value, str) else factor * value


def _sum(terms: list[str]) -> str:
    return " + ".join(terms) if terms else "0"


def _polynomial(law: Polynomial) -> str:
    x = "x" if law.unit == 1.0 else f"(x / {law.unit!r})"
    power = lambda k: "" if k == 0 else f" * {x}" if k == 1 else f" * {x} ** {k}"
    return _sum([f"({float(a)!r}){power(k)}" for k, a in enumerate(law.coefficients)])


def _steps_and_tails(law: StepsAndTails) -> str:
    steps = zip(law.height, law.steepness, law.centre, strict=True)
    terms = [f"({float(law.U0)!r})", f"({float(law.slope)!r}) * x"]
    terms += [f"({float(h)!r}) * tanh({float(s)!r} * (x - ({float(c)!r})))" for h, s, c in steps]
    return _sum(terms + _tails(law))


def _step_slopes(law: StepSlopes) -> str:
    steps = zip(law.height, law.steepness, law.centre, strict=True)
    terms = [f"({float(h)!r}) * (1 - tanh({float(s)!r} * (x - ({float(c)!r}))) ** 2)" for h, s, c in steps]
    return _sum(terms + _tails(law))


def _tails(law: StepsAndTails | StepSlopes) -> list[str]:
    return [f"({float(a)!r}) * exp(({float(b)!r}) * x)" for a, b in zip(law.tail, law.rate, strict=True)]


def _tabulated(law: Any, T_ref: float, span: tuple[float, float]) -> Written:
    """A table of any law, its points where it bends, and its activation energy in the middle."""
    of = eqx.filter_jit(law)
    at = lambda x: np.asarray(of(jnp.asarray(x), jnp.asarray(T_ref)))
    x = np.linspace(*span, COARSE)
    y = at(x)
    greatest = float(np.max(np.abs(y)))
    limit = lambda y: STRAIGHT * np.maximum(np.abs(y), SMALL * greatest)
    for _ in range(HALVINGS):
        middle = 0.5 * (x[1:] + x[:-1])
        value = at(middle)
        bent = np.abs(value - 0.5 * (y[1:] + y[:-1])) > limit(value)
        if not bent.any():
            break
        order = np.argsort(np.concatenate([x, middle[bent]]))
        x, y = np.concatenate([x, middle[bent]])[order], np.concatenate([y, value[bent]])[order]
    centre = jnp.asarray(0.5 * (span[0] + span[1]))
    there, slope = jax.value_and_grad(lambda T: jnp.sum(law(centre, T)))(jnp.asarray(T_ref))
    E = float(R * T_ref**2 * slope / there) if float(there) else 0.0
    if np.ptp(y) <= STRAIGHT * greatest:
        return Written(float(y[0]), E)
    return Written({"x": x.tolist(), "y": y.tolist()}, E)
