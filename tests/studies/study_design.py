"""Pulses for the transference number, and the fastest charge without plating, by gradient

The predicted standard error of the transference number of an LG M50 (SPMe) after 30 minutes, five numbers unknown: of
pulses that were optimised for it, and of a plain discharge; and the scatter of fits to 200 made-up records of each. The
gradient is that of second derivatives through the simulation. The charge is from 10 to 70 %, in five stages (DFN).
"""

import jax
import jax.numpy as jnp
import numpy as np
from rows import Row

import cellsim as cs
from cellsim.sensitivity.design import (
    DIFFERENCE,
    C,
    Experiment,
    _loss,
    _slopes,
    optimised,
    promised,
    refitted,
    synthetic,
)
from cellsim.sensitivity.fast_charge import fast_charge, plating_margin
from cellsim.sensitivity.pulses import Form, Pulses, followed

PATHS = (
    "electrolyte.t_plus",
    "electrolyte.D.scale",
    "electrolyte.kappa.scale",
    "negative.particle.D_s.scale",
    "positive.particle.D_s.scale",
)
SEEDS = 200


def study() -> list[Row]:
    cell = cs.load_cell("Chen2020")
    experiment = Experiment(cs.SPMe(cell, mesh=cs.Mesh.coarse()), PATHS)
    form, start = Form(6, 1800.0, -10.0, 10.0), np.array([1.5, -1.5] * 3 + [0.0] * 6)
    plain = Pulses(np.full(6, 4.5), np.full(6, 300.0))
    z = jnp.asarray(start)
    exact = np.asarray(_slopes(experiment, form, C(0), z))
    moves = DIFFERENCE * np.eye(len(start))
    near = lambda move: float(_loss(experiment, form, C(0), z + move))
    differences = np.array([(near(move) - near(-move)) / (2 * DIFFERENCE) for move in moves])
    off = float(np.max(np.abs(exact - differences)) / np.max(np.abs(exact)))
    rows = [Row("gradient of the criterion against differences", f"{off:.1e}", "at most 1e-3", off <= 1e-3)]

    best = optimised(experiment, form, C(0), start, steps=30)
    _, before = promised(experiment, plain)
    gain = float(before[0] / best.errors[0])
    rows.append(Row("predicted error of t_plus, discharge over pulses", f"{gain:.1f}", "at least 3", gain >= 3))
    inside = bool(2.5 - 0.01 < best.V.min() and best.V.max() < 4.2 + 0.01)
    rows.append(Row("voltage of the pulses", f"{best.V.min():.2f} to {best.V.max():.2f}", "2.5 to 4.2 V", inside))
    scatter = []
    for name, pulses, errors in (("pulses", best.pulses, best.errors), ("discharge", plain, before)):
        fits = [
            refitted(experiment, pulses, synthetic(experiment, pulses, s), experiment.numbers) for s in range(SEEDS)
        ]
        scatter.append(float(np.std(np.log(np.array(fits)[:, 0]), ddof=1)))
        share = scatter[-1] / float(errors[0])
        rows.append(
            Row(f"scatter of fits over prediction, {name}", f"{share:.2f}", "0.8 to 1.25", 0.8 <= share <= 1.25)
        )
    gain = scatter[1] / scatter[0]
    rows.append(Row("scatter of fits, discharge over pulses", f"{gain:.1f}", "at least 3", gain >= 3))

    model = cs.DFN(cell, mesh=cs.Mesh(6, 4, 6, 8))
    charge = 0.6 * float(cell.capacity)
    found = fast_charge(model, charge, 5, soc=0.1, I_low=0.5, I_high=10.0, V_high=4.2)
    least = 1e3 * float(found.watched.min())
    rows.append(Row("fastest charge: margin to plating", f"{least:.2f} mV", "at least -1 mV", least >= -1.0))
    low, high = 0.5, 10.0
    for _ in range(30):  # the best single current, for comparison, by bisection on the margin
        middle = 0.5 * (low + high)
        stages = Pulses(jnp.full(5, -middle), jnp.full(5, charge * 720.0 / middle))
        low, high = (middle, high) if _margin(model, stages) >= 1e-3 * least else (low, middle)
    one = charge * 3600.0 / low
    shorter = 1 - found.time / one
    rows.append(
        Row("shorter than at one current with this margin", f"{100 * shorter:.0f} %", "at least 5 %", shorter >= 0.05)
    )
    return rows


@jax.jit
def _margin(model: cs.DFN, stages: Pulses) -> jax.Array:
    return jnp.min(followed(model, stages, plating_margin, soc=jnp.asarray(0.1), T=None, rtol=1e-6, max_steps=100))
