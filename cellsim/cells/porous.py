"""How a porous medium slows transport: the factor from a bulk to an effective property."""

import equinox as eqx
from jaxtyping import Array, Float

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


class MacMullin(eqx.Module):
    """Effective = bulk / N_M, as measured by impedance of a blocking cell."""

    N_M: Float[Array, ""] = quantity("-", 1.0, 1000.0, "MacMullin number")

    def __call__(self, fraction: Float[Array, ""]) -> Float[Array, ""]:
        """Effective over bulk property [-]; the volume `fraction` is within the number."""
        del fraction
        return 1.0 / self.N_M
