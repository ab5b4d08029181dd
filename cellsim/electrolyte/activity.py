"""Activity coefficients and the thermodynamic factor, chi = 1 + dln gamma/dln c.

Laws of salt concentration [mol/m3] and temperature [K]: models of ln gamma (the mean molar activity coefficient), and
two ways to chi, from ln gamma and from concentration cells. A constant, a polynomial, a table or any other law of chi
needs nothing from here. Other scales and conventions are in `cellsim.electrolyte.conventions`.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from cellsim.constants import EPS_0, N_A, F, R
from cellsim.electrolyte.electrolyte import Points, Salt
from cellsim.laws import Law, Polynomial, law
from cellsim.limits import positive
from cellsim.parameters import as_float_array, quantity

PER_LITRE = 1000.0  # mol/m3
NODES, WEIGHTS = (np.asarray(x) for x in np.polynomial.legendre.leggauss(48))  # on -1 to 1
FRACTIONS, SHARES = 0.5 * (NODES + 1.0), 0.5 * WEIGHTS  # on 0 to 1


def by_log_concentration(law: Law, c: Points, T: Points) -> Float[Array, "*point"]:
    """c times the derivative of `law` in c, at concentrations above zero."""
    c, T = jnp.broadcast_arrays(jnp.asarray(c, float), jnp.asarray(T, float))
    slope: Array = jax.jvp(lambda c: law(c, T), (c,), (c,))[1]
    return slope


# ---- models of ln gamma


def ionic_strength(c: Points, salt: Salt) -> Float[Array, "*point"]:
    """I = sum_i z_i^2 c_i / 2 [mol/m3] of a dissociated salt."""
    return jnp.asarray(c) * (0.5 * salt.z**2 @ salt.stoichiometry)


def inverse_debye_length(I: Points, eps_r: Points, T: Points) -> Float[Array, "*point"]:
    """sqrt(2 F^2 I/(eps_0 eps_r R T)) [1/m] at ionic strength `I` [mol/m3] in a solvent of permittivity `eps_r` [-]."""
    return jnp.sqrt(2 * F**2 * jnp.asarray(I) / (EPS_0 * eps_r * R * T))


def _attraction(eps_r: Points, T: Points, salt: Salt) -> Array:
    """|z+ z-| times half the Bjerrum length [m]: how -ln gamma grows with the inverse Debye length."""
    return jnp.asarray(abs(salt.z_plus * salt.z_minus) * F**2 / (8 * jnp.pi * EPS_0 * eps_r * N_A * R * T))


class DebyeHueckel(eqx.Module):
    """ln gamma = -|z+ z-| l_B k/(2 (1 + k a)) + b c, with the Bjerrum length l_B and the inverse Debye length k.

    `a = 0` is the limiting law, `a > 0` the extended one; `b` is Hueckel's (Guggenheim's) linear term.

    Sources: Debye & Hueckel, Phys. Z. 24 (1923) 185; Hueckel, Phys. Z. 26 (1925) 93.
    """

    eps_r: Law = law("-", 1.0, 300.0, "relative permittivity of the solvent")
    a: Float[Array, ""] = quantity("m", 0.0, 5e-9, "distance of closest approach of the ions", default=0.0)
    b: Float[Array, ""] = quantity("m3/mol", -0.1, 0.1, "coefficient of the linear term", default=0.0)
    salt: Salt = eqx.field(static=True, default=Salt())

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        c = positive(x)
        eps_r = self.eps_r(c, T)
        k = inverse_debye_length(ionic_strength(c, self.salt), eps_r, T)
        return -_attraction(eps_r, T, self.salt) * k / (1 + k * self.a) + self.b * c


class Davies(eqx.Module):
    """ln gamma = -A |z+ z-| (sqrt(I)/(1 + sqrt(I)) - b I), I in mol/L, with A of the limiting law and b = 0.3; good to
    about 0.5 mol/L in water.

    Source: Davies, Ion Association (Butterworths 1962).
    """

    eps_r: Law = law("-", 1.0, 300.0, "relative permittivity of the solvent")
    b: Float[Array, ""] = quantity("-", 0.0, 1.0, "coefficient of the linear term, per mol/L", default=0.3)
    salt: Salt = eqx.field(static=True, default=Salt())

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        c = positive(x)
        eps_r = self.eps_r(c, T)
        at_one = inverse_debye_length(PER_LITRE, eps_r, T) * _attraction(eps_r, T, self.salt)
        I = ionic_strength(c, self.salt) / PER_LITRE
        return -at_one * (jnp.sqrt(I) / (1 + jnp.sqrt(I)) - self.b * I)


class HalfPowers(eqx.Module):
    """sum_k coefficients[k] (c/unit)^(k/2), lowest power first: what ln gamma and chi are mostly fitted with."""

    coefficients: Float[Array, " powers"] = eqx.field(converter=as_float_array)
    unit: float = eqx.field(static=True, default=PER_LITRE)

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        return Polynomial(self.coefficients)(jnp.sqrt(positive(x) / self.unit), T)


# ---- from ln gamma to chi and back


class ThermodynamicFactor(eqx.Module):
    """chi = 1 + dln gamma/dln c of a law of ln gamma."""

    ln_gamma: Law = law("-", -50.0, 50.0, "logarithm of the mean molar activity coefficient")

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        return 1 + by_log_concentration(self.ln_gamma, positive(x), T)


class LnGamma(eqx.Module):
    """ln gamma(c) - ln gamma(c_ref), the integral of (chi - 1) dln c, of a law of chi.

    From infinite dilution to a small `c_ref` it is `DebyeHueckel(...)(c_ref, T)`; fits of chi seldom go there.
    Gaussian quadrature in sqrt(c), in which dilute solutions are smooth; where chi has kinks (a table) it is as good as
    48 points across the interval make it.
    """

    chi: Law = law("-", 0.01, 50.0, "thermodynamic factor")
    c_ref: Float[Array, ""] = quantity("mol/m3", 1e-3, 2e4, "where ln gamma is counted from", default=1.0)

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        c, T = jnp.broadcast_arrays(positive(x), jnp.asarray(T, float))
        start = jnp.sqrt(self.c_ref)
        reach = jnp.sqrt(c) - start
        root = start + reach[..., None] * FRACTIONS
        return reach * ((self.chi(root**2, T[..., None]) - 1) * 2 / root @ SHARES)


# ---- concentration cells


def per_unit_of_potential(T: Points, salt: Salt) -> Float[Array, "*point"]:
    """nu R T/(z+ nu+ F) [V]: what (1 - t_plus) chi dln c is multiplied by."""
    return jnp.asarray(salt.nu * R * T / (salt.equivalents * F))


def cell_potential(t_plus: Law, chi: Law, c: Points, c_ref: Points, T: Points, salt: Salt) -> Array:
    """Potential [V], shape (*point), of an electrode of the cation's metal at `c` against one at `c_ref` [mol/m3] in a
    concentration cell with transference: nu R T/(z+ nu+ F) times the integral of (1 - t_plus) chi dln c. It is higher
    where there is more salt."""
    c, c_ref, T = jnp.broadcast_arrays(*(jnp.asarray(x, float) for x in (c, c_ref, T)))
    reach = jnp.log(c / c_ref)
    between, T_there = c_ref[..., None] * jnp.exp(reach[..., None] * FRACTIONS), T[..., None]
    integrand = (1 - t_plus(between, T_there)) * chi(between, T_there)
    return per_unit_of_potential(T, salt) * reach * (integrand @ SHARES)


class ConcentrationCell(eqx.Module):
    """chi from the potential of concentration cells, (dU/dln c)/((1 - t_plus) nu R T/(z+ nu+ F)).

    `potential` is a law of c against whatever fixed concentration. `t_plus` is the transference number that divides the
    measured slope: a law of its own, not the electrolyte's, for the cells measure only (1 - t_plus) chi.
    """

    potential: Law = law("V", -2.0, 2.0, "potential of the concentration cell")
    t_plus: Law = law("-", -2.0, 1.0, "cation transference number that divides the measured slope")
    salt: Salt = eqx.field(static=True, default=Salt())

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        c = positive(x)
        slope = by_log_concentration(self.potential, c, T)
        return slope / (per_unit_of_potential(T, self.salt) * (1 - self.t_plus(c, T)))
