"""Green-Kubo and Einstein estimators on simulated ions of known coefficients: 95 % intervals over 200 seeds

How often the interval of each coefficient holds the exact value, and how wide it is: the whole interval, from end to
end, over the exact value. (That of a coefficient whose exact value is zero is measured by sqrt(L++ L--).)
"""

import jax
import jax.numpy as jnp
import numpy as np
from rows import Row, at_most, within

from cellsim.constants import R
from cellsim.electrolyte.langevin import LangevinIons, ion_pairs
from cellsim.electrolyte.molecular import Coefficients, conductivity, einstein, green_kubo

SEEDS = 200
COVERAGE = (0.90, 0.98)
WIDTH = 0.10
FS = 1e-15  # s
DT = 4 * FS
STRIDE = 4  # positions are looked at less often
# (coupling, steps, t_cut, window): correlations of free ions last 10 fs, those of the pairs up to 25 fs
SYSTEMS = {
    "free ions": (0.0, 120_000, 64 * FS, (64 * FS, 112 * FS)),
    "paired ions": (0.6, 250_000, 160 * FS, (144 * FS, 224 * FS)),
}


def ions(coupling: float) -> LangevinIons:
    return ion_pairs(2, friction=(1.0e-11, 1.25e-11), relaxation_time=10 * FS, coupling=coupling)


def exact(system: LangevinIons) -> dict[str, float]:
    """The coefficients that are judged."""
    return numbers(system.L, system.D_self, conductivity(system.L, system.sample.z), *exact_ratios(system))


def exact_ratios(system: LangevinIons) -> tuple[np.ndarray, float]:
    z, L = np.asarray(system.sample.z), np.asarray(system.L)
    ideal = np.diag(np.asarray(system.sample.c * system.D_self / (R * system.sample.T)))
    return z * (L @ z) / (z @ L @ z), float(z @ L @ z / (z @ ideal @ z))


def numbers(L, D_self, kappa, t, H) -> dict:
    """By name, from arrays whose last axes are the ions."""
    return {
        "L++": L[..., 0, 0],
        "L--": L[..., 1, 1],
        "L+-": L[..., 0, 1],
        "D+": D_self[..., 0],
        "D-": D_self[..., 1],
        "kappa": kappa,
        "t_plus": t[..., 0],
        "H": H,
    }


def estimates(coefficients: Coefficients) -> dict:
    """Low end, value and high end of every interval, by name."""
    parts = [getattr(coefficients, name) for name in ("L", "D_self", "kappa", "t", "H")]
    ends = [numbers(*(pick(part) for part in parts)) for pick in (lambda e: e.low, lambda e: e.value, lambda e: e.high)]
    return {name: tuple(np.asarray(end[name]) for end in ends) for name in ends[0]}


def simulated(coupling: float, steps: int, t_cut: float, window: tuple[float, float], seeds: int) -> dict:
    """The estimates of both methods in `seeds` independent trajectories."""
    system = ions(coupling)

    def one(key):
        x, v = system.trajectory(key, steps, DT)
        return {
            "Green-Kubo": green_kubo(v, DT, system.sample, t_cut=t_cut),
            "Einstein": einstein(x[::STRIDE], DT * STRIDE, system.sample, window=window),
        }

    return jax.jit(lambda keys: jax.lax.map(one, keys))(jax.random.split(jax.random.key(2024), seeds))


def study() -> list[Row]:
    rows = []
    for name, (coupling, steps, t_cut, window) in SYSTEMS.items():
        system = ions(coupling)
        truth = exact(system)
        scale = {**truth, "L+-": truth["L+-"] or float(jnp.sqrt(truth["L++"] * truth["L--"]))}
        for method, coefficients in simulated(coupling, steps, t_cut, window, SEEDS).items():
            for quantity, (low, _, high) in estimates(coefficients).items():
                what = f"{name}, {method}, {quantity:6}"
                rows.append(
                    within(f"{what} coverage", np.mean((low < truth[quantity]) & (truth[quantity] < high)), *COVERAGE)
                )
                rows.append(at_most(f"{what} width", float(np.median(high - low)) / float(scale[quantity]), WIDTH))
            if coupling > 0:
                below = float(np.mean(np.asarray(coefficients.H.high) < 1))
                rows.append(within(f"{name}, {method}, H below 1, the whole interval", below, 1.0, 1.0))
    return rows
