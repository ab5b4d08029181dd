"""An electrolyte whose four functions are learned from data.

Physics is built in, so that no training can leave it: conductivity and diffusivity are positive, the conductivity
vanishes without salt, the transference number keeps within its bounds, and the thermodynamic factor is positive and
becomes 1 in a dilute solution.
"""

from typing import NamedTuple

import jax

from cellsim.constants import T_ROOM
from cellsim.constraints import Between, OneWhenDilute, Positive, ZeroWhenDilute
from cellsim.electrolyte.electrolyte import Electrolyte, Salt
from cellsim.networks import network


class Scales(NamedTuple):
    """The sizes of things: what makes the inputs of a network numbers of order one, and where its outputs start."""

    c: float = 1000.0  # mol/m3
    T_ref: float = T_ROOM  # K
    T: float = 30.0  # K
    kappa: float = 1.0  # S/m, at the concentration c
    D: float = 3e-10  # m2/s


def learned_electrolyte(
    seed: int,
    *,
    scales: Scales = Scales(),
    t_plus_range: tuple[float, float] = (-1.0, 1.0),
    hidden: tuple[int, ...] = (8, 8),
    salt: Salt = Salt(),
) -> Electrolyte:
    """An untrained electrolyte of small networks; its weights, drawn from `seed`, are differentiable leaves."""
    keys = jax.random.split(jax.random.key(seed), 4)
    kappa, D, t_plus, chi = (
        network(key, x_scale=scales.c, T_ref=scales.T_ref, T_scale=scales.T, hidden=hidden) for key in keys
    )
    return Electrolyte(
        kappa=ZeroWhenDilute(Positive(kappa, scales.kappa), scales.c),
        D=Positive(D, scales.D),
        t_plus=Between(t_plus, *t_plus_range),
        chi=OneWhenDilute(chi, scales.c),
        name=f"learned electrolyte (seed {seed})",
        salt=salt,
    )
