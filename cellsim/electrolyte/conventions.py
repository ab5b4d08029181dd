"""What others call the thermodynamic factor, and how it becomes this package's.

Here chi = 1 + dln f/dln c, with f the mean molar activity coefficient and c the salt's concentration, so that a salt's
chemical potential changes by nu R T chi dln c. The published number may be, with the function that converts it:

- f of "1 + dln f/dln c" (most cell models' "thermodynamic factor" or "TDF"): chi itself;
- dln f/dln c alone, often "gamma": `from_excess`;
- dmu/(R T dln c) of the whole salt, nu chi, "2" in an ideal 1:1 salt: `from_salt`;
- 1 + dln f_i/dln c of each ion: `from_ions`;
- (1 - t_plus) chi, which concentration cells measure, often "nu": `from_product`; a conductivity times it and
  nu R T/(z+ nu+ F) is the "diffusional conductivity": `from_diffusional_conductivity`;
- 1 + dln gamma/dln m on the scale of molality (Newman): `from_molal`;
- 1 + dln f_x/dln x on the scale of mole fractions (Darken): `from_darken`.

Molality m = c/(c0 M0), with c0 the solvent's concentration and M0 its molar mass; dln m/dln c = 1 - dln c0/dln c.

Sources: Newman & Balsara, Electrochemical Systems, 4th ed. (Wiley 2021), chapters 2 and 12; Robinson & Stokes,
Electrolyte Solutions, 2nd ed. (Butterworths 1959), chapter 2.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.electrolyte.activity import by_log_concentration, per_unit_of_potential
from cellsim.electrolyte.electrolyte import Points, Salt
from cellsim.laws import Law, law
from cellsim.limits import positive
from cellsim.parameters import quantity

Values = Float[Array, "*point"]


def from_excess(excess: Points) -> Values:
    """chi from dln f/dln c alone."""
    return 1 + jnp.asarray(excess)


def to_excess(chi: Points) -> Values:
    """dln f/dln c from chi."""
    return jnp.asarray(chi) - 1


def from_salt(of_salt: Points, salt: Salt) -> Values:
    """chi from dmu/(R T dln c) of the whole salt."""
    return jnp.asarray(of_salt) / salt.nu


def to_salt(chi: Points, salt: Salt) -> Values:
    """dmu/(R T dln c) of the whole salt, nu chi."""
    return jnp.asarray(chi) * salt.nu


def from_ions(chi_plus: Points, chi_minus: Points, salt: Salt) -> Values:
    """chi from 1 + dln f_i/dln c of each ion, (nu+ chi_plus + nu- chi_minus)/nu. No measurement parts the two."""
    return (salt.nu_plus * jnp.asarray(chi_plus) + salt.nu_minus * jnp.asarray(chi_minus)) / salt.nu


def from_product(product: Points, t_plus: Points) -> Values:
    """chi from (1 - t_plus) chi."""
    return jnp.asarray(product) / (1 - jnp.asarray(t_plus))


def to_product(chi: Points, t_plus: Points) -> Values:
    """(1 - t_plus) chi."""
    return jnp.asarray(chi) * (1 - jnp.asarray(t_plus))


def from_diffusional_conductivity(kappa_D: Points, kappa: Points, t_plus: Points, T: Points, salt: Salt) -> Values:
    """chi from kappa nu R T/(z+ nu+ F) (1 - t_plus) chi [A/m], the current that a gradient of ln c drives."""
    return from_product(jnp.asarray(kappa_D) / (kappa * per_unit_of_potential(T, salt)), t_plus)


def to_diffusional_conductivity(chi: Points, kappa: Points, t_plus: Points, T: Points, salt: Salt) -> Values:
    """kappa nu R T/(z+ nu+ F) (1 - t_plus) chi [A/m]."""
    return jnp.asarray(kappa) * per_unit_of_potential(T, salt) * to_product(chi, t_plus)


# ---- other scales of concentration


def molality(c: Points, c0: Points, M_solvent: Points) -> Values:
    """m = c/(c0 M0) [mol/kg of solvent] from molar concentrations of salt and solvent [mol/m3] and its molar mass."""
    return jnp.asarray(c) / (jnp.asarray(c0) * M_solvent)


def molality_slope(solvent: Law, c: Points, T: Points) -> Values:
    """dln m/dln c = 1 - dln c0/dln c [-], from the law of the solvent's concentration, at c above zero."""
    return 1 - by_log_concentration(lambda c, T: jnp.log(solvent(c, T)), c, T)


def from_molal(chi_molal: Points, slope: Points) -> Values:
    """chi from 1 + dln gamma/dln m, with `slope` = dln m/dln c."""
    return jnp.asarray(chi_molal) * slope


def to_molal(chi: Points, slope: Points) -> Values:
    """1 + dln gamma/dln m from chi, with `slope` = dln m/dln c."""
    return jnp.asarray(chi) / slope


def gamma_from_molal(gamma_molal: Points, c0: Points, c0_pure: Points) -> Values:
    """The molar activity coefficient from the molal one: c f/c0_pure = c gamma/c0, equal where the salt is dilute."""
    return jnp.asarray(gamma_molal) * c0_pure / c0


def gamma_to_molal(gamma: Points, c0: Points, c0_pure: Points) -> Values:
    """The molal activity coefficient from the molar one."""
    return jnp.asarray(gamma) * c0 / c0_pure


def salt_fraction(c: Points, c0: Points, particles: int) -> Values:
    """Mole fraction of the salt: `particles` is nu where ions are counted one by one, one where formula units are."""
    return particles * jnp.asarray(c) / (particles * jnp.asarray(c) + c0)


def from_darken(darken: Points, x: Points, slope: Points) -> Values:
    """chi from 1 + dln f_x/dln x at mole fraction `x`, with `slope` = dln m/dln c; dln x/dln m = 1 - x."""
    return from_molal(jnp.asarray(darken) * (1 - jnp.asarray(x)), slope)


def to_darken(chi: Points, x: Points, slope: Points) -> Values:
    """1 + dln f_x/dln x from chi."""
    return to_molal(chi, slope) / (1 - jnp.asarray(x))


def salt_diffusivity_newman(D: Points, slope: Points) -> Values:
    """Newman's D [m2/s], whose flux relative to the solvent is -D (1 - dln c0/dln c) grad c, from the one without that
    factor, with `slope` = dln m/dln c. Where partial molar volumes are constant it is the volume-fixed one."""
    return jnp.asarray(D) / slope


class FromMolal(eqx.Module):
    """chi as a law of (c, T) from 1 + dln gamma/dln m as a law of molality [mol/kg] and temperature."""

    molal: Law = law("-", 0.01, 50.0, "1 + dln gamma/dln m")
    solvent: Law = law("mol/m3", 100.0, 1e5, "solvent concentration")
    M_solvent: Float[Array, ""] = quantity("kg/mol", 1e-3, 1e4, "molar mass of the solvent (mean of a mixture)")

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        c = positive(x)
        m = molality(c, self.solvent(c, T), self.M_solvent)
        return from_molal(self.molal(m, T), molality_slope(self.solvent, c, T))
