"""How a porous medium slows transport: the factor from a bulk to an effective property."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from cellsim.electrolyte.anisotropy import direction
from cellsim.parameters import quantity


class Bruggeman(eqx.Module):
    """Effective = bulk x fraction^b.

    Source: Bruggeman, Ann. Phys. 416 (1935) 636, doi:10.1002/andp.19354160705.
    """

    b: Float[Array, ""] = quantity("-", 0.0, 8.0, "Bruggeman exponent", default=1.5)

    def __call__(self, fraction: Float[Array, ""]) -> Float[Array, ""]:
        """Effective over bulk property [-] of a phase of volume `fraction` [-]."""
        return fraction**self.b


class Tortuosity(eqx.Module):
    """Effective = bulk x fraction / tau."""

    tau: Float[Array, ""] = quantity("-", 1.0, 100.0, "tortuosity factor")

    def __call__(self, fraction: Float[Array, ""]) -> Float[Array, ""]:
        """Effective over bulk property [-] of a phase of volume `fraction` [-]."""
        return fraction / self.tau


class TortuosityTensor(eqx.Module):
    """Effective = bulk x fraction x (n . tau^-1 n) through the plane of normal n, of a medium whose pores run further
    in some directions than in others: flakes that lie flat, aligned fibres, stretched separators.

    `tau` are the principal tortuosity factors. The layer's normal lies at `tilt` from the third principal axis and at
    `azimuth` about it from the first. Salt and current are free to move sideways, as in a layer much wider than thick.
    """

    tau: Float[Array, "3"] = quantity("-", 1.0, 100.0, "principal tortuosity factors")
    tilt: Float[Array, ""] = quantity("rad", -np.pi, np.pi, "angle from the third principal axis", default=0.0)
    azimuth: Float[Array, ""] = quantity("rad", -np.pi, np.pi, "angle about it, from the first axis", default=0.0)

    def __call__(self, fraction: Float[Array, ""]) -> Float[Array, ""]:
        """Effective over bulk property [-] of a phase of volume `fraction` [-]."""
        return fraction * jnp.sum(direction(self.tilt, self.azimuth) ** 2 / self.tau)


class MacMullin(eqx.Module):
    """Effective = bulk / N_M, as measured by impedance of a blocking cell."""

    N_M: Float[Array, ""] = quantity("-", 1.0, 1000.0, "MacMullin number")

    def __call__(self, fraction: Float[Array, ""]) -> Float[Array, ""]:
        """Effective over bulk property [-]; the volume `fraction` is within the number."""
        del fraction
        return 1.0 / self.N_M
