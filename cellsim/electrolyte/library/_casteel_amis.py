"""The form in which Casteel and Amis wrote conductivities that pass through a maximum."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.laws import Points
from cellsim.limits import positive
from cellsim.parameters import as_float_array


class CasteelAmis(eqx.Module):
    """kappa = kappa_max (m/m_max)^a exp(b (m - m_max)^2 - (a/m_max) (m - m_max)), with m = c / unit.

    The coefficients are kappa_max [S/m], m_max, a and b; `unit` [mol/m3] is what m counts in.

    Source: Casteel & Amis, J. Chem. Eng. Data 17 (1972) 55-59, doi:10.1021/je60052a029.
    """

    coefficients: Float[Array, "4"] = eqx.field(converter=as_float_array)
    unit: float = eqx.field(static=True, default=1000.0)

    def __call__(self, c: Points, T: Points) -> Float[Array, "*point"]:
        kappa_max, m_max, a, b = self.coefficients
        m = jnp.broadcast_to(positive(c) / self.unit, jnp.broadcast_shapes(jnp.shape(c), jnp.shape(T)))
        return kappa_max * (m / m_max) ** a * jnp.exp(b * (m - m_max) ** 2 - a / m_max * (m - m_max))
