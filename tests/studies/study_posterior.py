"""The posterior of four numbers of a Doyle-Fuller-Newman cell, by the No-U-Turn sampler and by Laplace's approximation.

A discharge of an LG M50 at 1C with a millivolt of noise; diffusivities of both electrodes, a factor on the
conductivity, and the state of charge at the beginning. Four chains one after the other, each begun at a draw of
Laplace's approximation, in coordinates in which that is a sphere; the gradient goes through the solver, in forward
mode. What is asked: the chains agree (R-hat below 1.01), and where the posterior is nearly normal its means lie within
0.2 and its widths within 15 % of the standard errors. The effective samples a second are stated, as measured in this
run.
"""

import time

from rows import Row

import cellsim as cs
from cellsim.fitting.posterior import laplace, nuts

BUILD = cs.Build(cs.DFN, cs.Mesh(4, 3, 4, 5))
NOISE, SOC = 1e-3, 0.95
PROTOCOL = "Discharge at 1C until 2.9 V"
FREE = (
    cs.Free("negative.particle.D_s", 5e-15, 3e-13),
    cs.Free("positive.particle.D_s", 5e-16, 5e-14),
    cs.Free("electrolyte.kappa.scale", 0.3, 3.0),
    cs.Free("soc", 0.8, 1.0),
)
CHAINS, DRAWS, WARM_UP = 4, 500, 100
RTOL = 1e-5  # of the time steps: their error in the voltage is a hundredth of the noise


def fitted() -> cs.Fit:
    """The fit about which the posterior is asked."""
    cell = cs.load_cell("Chen2020")
    solution = cs.simulate(BUILD(cell), PROTOCOL, soc=SOC)
    record = cs.measured(solution, 0, noise_V=NOISE, every=30.0, name="1C")
    made = cs.Experiment(record, BUILD, soc=SOC, rtol=RTOL)
    return cs.fit(cell, made, FREE, is_noise_known=True)


def study() -> list[Row]:
    """Both, and how they compare."""
    fit = fitted()
    problem = fit.problem
    begun = time.perf_counter()
    for _ in range(5):
        problem.linearised(fit.here.z)
    one = (time.perf_counter() - begun) / 5
    told = lambda done, wanted: print(f"    {done} of {wanted} draws", flush=True) if done % 100 == 0 else None
    sampled = nuts(fit, DRAWS, warm_up=WARM_UP, chains=CHAINS, seed=0, progress=told)
    approximate = laplace(fit, 20000)
    rows = [Row("draws that diverged", str(sampled.diverged), "0", sampled.diverged == 0)]
    for k, name in enumerate(fit.names):
        sd, mean = float(approximate.z[..., k].std()), float(fit.here.z[k])
        off = abs(float(sampled.z[..., k].mean()) - mean) / sd
        wide = float(sampled.z[..., k].std(ddof=1)) / sd
        R, n = sampled.r_hat[name], sampled.effective[name]
        error = 100 * sampled.sd[name] / sampled.mean[name]
        print(f"    {name}: {sampled.mean[name]:.4g} +- {error:.2g} %, R-hat {R:.4f}, {n:.0f} effective")
        rows.append(Row(f"{name}: R-hat", f"{R:.4f}", "below 1.01", R < 1.01))
        rows.append(Row(f"{name}: mean from Laplace's, standard errors", f"{off:.2f}", "0.2", off < 0.2))
        rows.append(Row(f"{name}: width over Laplace's", f"{wide:.2f}", "0.85 to 1.15", 0.85 < wide < 1.15))
    least = min(sampled.effective.values())
    rows.append(Row(f"effective samples of {CHAINS * DRAWS}, least", f"{least:.0f}", "stated", True))
    rows.append(Row("effective samples a second, least", f"{least / sampled.wall_s:.2f}", "stated", True))
    rows.append(
        Row(
            "Jacobians' time a draw, warm-up included",
            f"{sampled.wall_s / one / (CHAINS * (DRAWS + WARM_UP)):.1f}",
            "stated",
            True,
        )
    )
    return rows
