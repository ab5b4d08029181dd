"""A concentrated solution of one salt between two places: what carries the current, what diffuses, and the potential.

Potentials are those of a reference electrode of the cation's metal, so that

    d phi_e/dx = -i_e/kappa + nu R T/(nu_plus z_plus F) (1 - t_plus) chi d(ln c)/dx,
    N = -D dc/dx + t_plus i_e/(nu_plus z_plus F).

Source: Newman & Balsara, Electrochemical Systems, 4th ed. (Wiley 2021), chapter 12.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.constants import F, R
from cellsim.discretisation import operators as op
from cellsim.electrolyte.electrolyte import AbstractElectrolyte
from cellsim.limits import positive

Faces = Float[Array, " faces"]
LOG_FLOOR = 1e-2  # mol/m3; the logarithm of the concentration is that of the concentration down to here


class Between(NamedTuple):
    """The solution between two places, each at its own concentration."""

    t_plus: Faces
    kappa: Faces  # of the bulk [S/m]
    R_e: Faces  # ionic resistance [Ohm m2]
    diffusion_potential: Faces  # at the second place less at the first [V]


def between(
    electrolyte: AbstractElectrolyte,
    c_l: Faces,
    c_r: Faces,
    to_l: Faces,
    to_r: Faces,
    T: Float[Array, ""],
    c: Array | None = None,
) -> Between:
    """The solution on paths of `to_l` and `to_r` [m] from a face to concentrations `c_l` and `c_r` [mol/m3]; with the
    properties of one of concentration `c` where it is given, else of that at the face."""
    c = op.weighted_face_value(c_l, c_r, to_l, to_r) if c is None else c
    kappa, t_plus, chi = electrolyte.kappa(c, T), electrolyte.t_plus(c, T), electrolyte.chi(c, T)
    salt = electrolyte.salt
    d_ln_c = jnp.log(positive(c_r, LOG_FLOOR) / positive(c_l, LOG_FLOOR))
    diffusion_potential = salt.nu * R * T / (salt.equivalents * F) * (1 - t_plus) * chi * d_ln_c  # 2RT/F if 1:1
    return Between(t_plus, kappa, (to_l + to_r) / kappa, diffusion_potential)


def carried(c: Faces, t_plus: Faces, i_e: Any, V_salt: Any, electrolyte: AbstractElectrolyte) -> Faces:
    """Salt [mol/(m2 s)] at concentration `c` [mol/m3] that moves along with a solution in which it has the partial
    molar volume `V_salt` [m3/mol].

    Where the current `i_e` [A/m2] sets salt free, the salt makes room for itself by pushing the solution on. With a
    solid that does not move and partial molar volumes that do not change the solution moves at

        v = V_salt (1 - t_plus) i_e/(nu_plus z_plus F),

    beside what it does as salt diffuses, which is within the diffusivity: that is measured where no volume flows. The
    volumes of the ions by themselves cancel. The frame is that of the surface of the electrode.

    Source: Newman & Balsara, Electrochemical Systems, 4th ed. (Wiley 2021), chapter 12.
    """
    return c * V_salt * (1 - t_plus) * i_e / (electrolyte.salt.equivalents * F)


def diffusion(electrolyte: AbstractElectrolyte, c_l: Faces, c_r: Faces, path: Faces, T: Float[Array, ""]) -> Faces:
    """Salt that diffuses [mol/(m2 s)] along a `path` [m]: the integral of D dc, whatever layers lie between, by
    Simpson's rule."""
    D = electrolyte.D
    D_mean = (D(c_l, T) + 4 * D(0.5 * (c_l + c_r), T) + D(c_r, T)) / 6
    return -D_mean * (c_r - c_l) / path
