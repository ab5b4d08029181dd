"""What cellsim does in the benchmark."""

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import cellsim as cs
from cellsim.parameters import get, leaves
from cellsim.solvers.rodas5p import STAGES

warnings.simplefilter("ignore", cs.OutsideMeasuredRange)  # 1C leaves the range of the cell's conductivity

STEP = "Discharge at 1C until 2.5 V"
CELL = cs.load_cell("Chen2020")
MARQUIS = cs.load_cell("Marquis2019")
MARQUIS_STEP = "Discharge at 1C until 3.105 V"

# in the order of `peer.SENSITIVITIES`; the gradient is in factors on these values
PARAMETERS = (
    "negative.particle.D_s.value",
    "positive.particle.D_s.value",
    "negative.particle.eps_s",
    "positive.particle.eps_s",
    "electrolyte.t_plus.value",
    "negative.eps",
    "separator.eps",
    "positive.eps",
)
ONES = jnp.ones(len(PARAMETERS))


def _scalars() -> list[str]:
    """Paths of single numbers of the cell, without temperatures and what acts only away from that of the data."""
    held = ("theta0", "T_ref", ".E", "V_min", "V_max", "capacity")
    return [leaf.path for leaf in leaves(CELL) if np.ndim(leaf.value) == 0 and not leaf.path.endswith(held)]


BY_NUMBER = {n: (*PARAMETERS, *(p for p in _scalars() if p not in PARAMETERS))[:n] for n in (1, 8, 32)}


class Setting(NamedTuple):
    """A mesh and tolerances."""

    mesh: cs.Mesh
    rtol: float
    atol: float

    def __str__(self) -> str:
        m = self.mesh
        grading = f", graded {m.grading:g}" if m.grading else ""
        cells = f"{m.negative}/{m.separator}/{m.positive} cells, {m.radial} radial nodes"
        return f"{cells}{grading}, rtol {self.rtol:g}, atol {self.atol:g}"


DEFAULT = Setting(cs.Mesh.default(), 1e-6, 1e-6)

# what the work-precision diagram shows, and where the cheapest run within a given error is looked for
TINY = (cs.Mesh(6, 3, 6, 6), cs.Mesh(8, 3, 8, 7), cs.Mesh(8, 3, 8, 8))
CANDIDATES = tuple(
    Setting(mesh, rtol, rtol)
    for mesh in (*TINY, cs.Mesh.coarse(), cs.Mesh.default(), cs.Mesh.fine())
    for rtol in (1e-3, 5e-4, 3e-4, 1e-4, 1e-5, 1e-6)
)

# cells and radial nodes once, twice, four and eight times as many
MESHES = (cs.Mesh(8, 4, 8, 6), cs.Mesh(16, 8, 16, 12), cs.Mesh(32, 16, 32, 24), cs.Mesh(64, 32, 64, 48))


def discharge(setting: Setting = DEFAULT, cell: Any = CELL, step: str = STEP) -> cs.Solution:
    """The whole run, with its voltage there to be read."""
    solution = cs.simulate(cs.DFN(cell, setting.mesh), step, rtol=setting.rtol, atol=setting.atol)
    jax.block_until_ready(solution.V)
    return solution


CCCV = ("Discharge at 1C until 2.5 V", "Rest for 1 hour", "Charge at C/2 until 4.2 V", "Hold at 4.2 V until C/50")
PULSE = ("Discharge at C/2 for 6 minutes", "Rest for 1 hour")


def protocol(steps: Any, soc: float = 1.0) -> cs.Solution:
    """A protocol on the default mesh, with its voltage there to be read."""
    solution = cs.simulate(cs.DFN(CELL), steps, soc=soc, rtol=DEFAULT.rtol, atol=DEFAULT.atol)
    jax.block_until_ready(solution.V)
    return solution


def of_model(kind: Any, cell: Any = CELL, step: str = STEP) -> cs.Solution:
    """A 1C discharge by a model on the default mesh."""
    solution = cs.simulate(kind(cell), step, rtol=DEFAULT.rtol, atol=DEFAULT.atol)
    jax.block_until_ready(solution.V)
    return solution


def work(solution: cs.Solution) -> dict[str, int]:
    """What a solution took: accepted steps, evaluations of the rates, and matrices that were factorised: a step that
    is tried takes one, rejected or not."""
    tried = int(solution.steps)
    return {"steps": tried - int(solution.rejected), "right_hand_sides": STAGES * tried, "factorisations": tried}


def unknowns(mesh: cs.Mesh) -> int:
    """Size of the state."""
    return cs.DFN(CELL, mesh).layout.size


def changed(factors: Any, paths: tuple[str, ...] = PARAMETERS) -> cs.DFN:
    """The cell with the number at each of `paths` multiplied by its factor, on the default mesh."""
    cell = CELL
    for path, factor in zip(paths, factors, strict=True):
        cell = cs.replace(cell, path, get(CELL, path) * factor)
    return cs.DFN(cell)


def voltages_at(times: np.ndarray, paths: tuple[str, ...] = PARAMETERS) -> Callable[[Any], Any]:
    """Voltages at `times` as a function of the factors.

    The lithium in each electrode does not follow the factors, as in PyBaMM's sensitivities, so that both differentiate
    the same function.
    """
    start = cs.simulate(cs.DFN(CELL), STEP).rest
    wanted = jnp.asarray(times)

    def voltages(factors: Any) -> Any:
        model = changed(factors, paths)
        return cs.simulate(model, STEP, initial=start, times=wanted, rtol=DEFAULT.rtol, atol=DEFAULT.atol).V

    return voltages


def cost(voltages: Callable[[Any], Any], target: np.ndarray) -> Callable[[Any], Any]:
    """Mean squared distance of the voltages from `target`."""
    return lambda factors: jnp.mean((voltages(factors) - jnp.asarray(target)) ** 2)


def spread(cells: int) -> np.ndarray:
    """Factors on `PARAMETERS` for some different cells, each of which lasts as long as the times asked for."""
    factors = np.random.default_rng(0).uniform(0.9, 1.1, (cells, len(PARAMETERS)))
    factors[:, 2:] = 1.0  # solid diffusivities only
    return factors
