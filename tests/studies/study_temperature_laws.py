"""Regression of temperature laws from data with 2 % noise: intervals and choice by AICc over 2000 seeds

The share of data sets in which the interval holds the true parameter (95 % nominal), and in which the true law is
chosen among Arrhenius, VFT, and VFT with the T^-1/2 prefactor (data of 0.03 % noise tell the last two apart).
"""

import jax
import jax.numpy as jnp
import numpy as np
from rows import Row, within

from cellsim.electrolyte.temperature import VFT, WLF
from cellsim.electrolyte.temperature_fit import fit_arrhenius, fit_vft, fit_wlf
from cellsim.laws import Arrhenius
from cellsim.statistics import student_t

SEEDS = 2000
T = jnp.linspace(300.0, 370.0, 30)
ARRHENIUS, CURVED, PREFACTOR = Arrhenius(1.1, 3e4), VFT(30.0, 1200.0, 200.0), VFT(600.0, 1200.0, 200.0, -0.5)
FITS = {
    "Arrhenius": (fit_arrhenius, ARRHENIUS, (np.log(1.1), 3e4)),
    "VFT": (fit_vft, CURVED, (np.log(30.0), 1200.0, 200.0)),
    "VFT with T^-1/2": (lambda T, y: fit_vft(T, y, power=-0.5), PREFACTOR, (np.log(600.0), 1200.0, 200.0)),
    "WLF": (lambda T, y: fit_wlf(T, y, T_ref=320.0), WLF(2e-3, 4.4, 120.0, 320.0), (np.log(2e-3), 4.4, 120.0)),
}


def data_sets(law, noise: float) -> jax.Array:
    return law(0.0, T) * jnp.exp(noise * jax.random.normal(jax.random.key(1), (SEEDS, len(T))))


def study() -> list[Row]:
    rows = []
    for name, (fit, law, true) in FITS.items():
        fits = jax.jit(jax.vmap(lambda y, fit=fit: fit(T, y)))(data_sets(law, 0.02))
        reach = student_t(0.95, len(T) - len(true)) * np.asarray(jax.vmap(lambda fit: fit.standard_errors)(fits))
        held = np.mean(np.abs(np.asarray(fits.values) - np.asarray(true)) < reach, axis=0)
        rows += [
            within(f"{name}, {parameter} coverage", share, 0.93, 0.97)
            for parameter, share in zip(fits.names, held, strict=True)
        ]
    candidates = [fit for name, (fit, _, _) in FITS.items() if name != "WLF"]  # the same curve as VFT
    criteria = jax.jit(jax.vmap(lambda y: jnp.stack([fit(T, y).aicc for fit in candidates])))
    chosen = lambda law, noise, which: float(
        np.mean(np.isin(np.argmin(criteria(data_sets(law, noise)), axis=1), which))
    )
    rows.append(within("a VFT law is taken for a curved one, 2 % noise", chosen(CURVED, 0.02, (1, 2)), 1.0, 1.0))
    rows.append(within("an Arrhenius law is chosen, 2 % noise", chosen(ARRHENIUS, 0.02, (0,)), 0.85, 1.0))
    rows.append(within("VFT is chosen, 0.03 % noise", chosen(CURVED, 3e-4, (1,)), 0.99, 1.0))
    rows.append(within("VFT with T^-1/2 is chosen, 0.03 % noise", chosen(PREFACTOR, 3e-4, (2,)), 0.99, 1.0))
    return rows
