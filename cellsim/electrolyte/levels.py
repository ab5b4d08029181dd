"""Electrolytes from what lies beneath the four functions: ions, Onsager coefficients, friction, or clusters.

Each is used in a cell as any other electrolyte is, and each of its numbers is one leaf, set by its path, such as
`electrolyte.D_plus=2e-10`.
"""

import abc

import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.electrolyte import ions, onsager, speciation, stefan_maxwell
from cellsim.electrolyte.electrolyte import AbstractElectrolyte, Points, property_law
from cellsim.electrolyte.speciation import Cluster
from cellsim.laws import Law, law
from cellsim.limits import positive

D_LOW, D_HIGH = 1e-16, 1e-7  # m2/s
D_UNIT = 1e-10  # m2/s; of a learned diffusivity, so that a law that says zero is a liquid


def _stacked(*values: Array) -> Array:
    """One value a species, on a last axis."""
    return jnp.stack(jnp.broadcast_arrays(*values), axis=-1)


class AbstractOnsagerElectrolyte(AbstractElectrolyte):
    """An electrolyte whose conductivity, transference number and diffusivity follow from Onsager coefficients.

    All coefficients are of a concentration smoothly kept above zero, where they vanish together.
    """

    @abc.abstractmethod
    def L(self, c: Points, T: Points) -> Float[Array, "*point 2 2"]:
        """Onsager coefficients of cation and anion, relative to the solvent [mol2/(J m s)]."""

    def kappa(self, c: Points, T: Points) -> Float[Array, "*point"]:
        """Ionic conductivity [S/m]."""
        return onsager.conductivity(self.L(c, T), self.salt.z)

    def t_plus(self, c: Points, T: Points) -> Float[Array, "*point"]:
        """Cation transference number in the solvent-fixed frame [-]."""
        return onsager.transference(self.L(c, T), self.salt.z)[..., 0]

    def D(self, c: Points, T: Points) -> Float[Array, "*point"]:
        """Salt diffusivity [m2/s]."""
        return onsager.salt_diffusivity(self.L(c, T), positive(c), self.chi(c, T), T, self.salt)


class IdealElectrolyte(AbstractOnsagerElectrolyte):
    """Ions that move on their own (Nernst, Einstein and Hartley), with an activity: a law of chi, such as
    `activity.ThermodynamicFactor(activity.Davies(...))`."""

    D_plus: Law = law("m2/s", D_LOW, D_HIGH, "diffusivity of the cation")
    D_minus: Law = law("m2/s", D_LOW, D_HIGH, "diffusivity of the anion")
    chi: Law = property_law("chi", default=1.0)

    def L(self, c: Points, T: Points) -> Float[Array, "*point 2 2"]:
        """Onsager coefficients of cation and anion, relative to the solvent [mol2/(J m s)]."""
        D = _stacked(self.D_plus(c, T), self.D_minus(c, T))
        return onsager.ideal(self.salt.ions(positive(c)), D, T)


class OnsagerElectrolyte(AbstractOnsagerElectrolyte):
    """Ions that drag each other along, by Onsager coefficients in the form of diffusivities: L_ij = sqrt(c_i c_j) times
    D_plus, D_minus, or correlation sqrt(D_plus D_minus), over R T.

    It obeys the second law where both diffusivities are positive and the correlation is between -1 and 1.
    """

    D_plus: Law = law("m2/s", D_LOW, D_HIGH, "R T L++/c+, the cation's Onsager coefficient as a diffusivity")
    D_minus: Law = law("m2/s", D_LOW, D_HIGH, "R T L--/c-, the anion's Onsager coefficient as a diffusivity")
    correlation: Law = law("-", -1.0, 1.0, "L+-/sqrt(L++ L--), positive where pairs move together")
    chi: Law = property_law("chi", default=1.0)

    def L(self, c: Points, T: Points) -> Float[Array, "*point 2 2"]:
        """Onsager coefficients of cation and anion, relative to the solvent [mol2/(J m s)]."""
        own = onsager.ideal(self.salt.ions(positive(c)), _stacked(self.D_plus(c, T), self.D_minus(c, T)), T)
        shared = self.correlation(c, T) * jnp.sqrt(own[..., 0, 0] * own[..., 1, 1])
        return own + shared[..., None, None] * (1 - jnp.eye(2))


class LearnedElectrolyte(AbstractOnsagerElectrolyte):
    """Four laws without any bounds that make an electrolyte which obeys the second law, whatever they say: for networks
    and splines.

    Where `ln_D_plus`, `ln_D_minus`, `coupling` and `ln_chi` are zero, the ions move on their own at 1e-10 m2/s in an
    ideal solution; see `onsager.positive_definite`. The salt is stable, chi = exp(ln_chi) > 0.
    """

    ln_D_plus: Law = law("-", -15.0, 7.0, "ln(R T L++/c+) over 1e-10 m2/s")
    ln_D_minus: Law = law("-", -15.0, 7.0, "ln(R T L--/c-) over 1e-10 m2/s")
    coupling: Law = law("-", -1e3, 1e3, "r/sqrt(1 - r^2) of the correlation r = L+-/sqrt(L++ L--)")
    ln_chi: Law = law("-", -5.0, 4.0, "logarithm of the thermodynamic factor", default=0.0)

    def L(self, c: Points, T: Points) -> Float[Array, "*point 2 2"]:
        """Onsager coefficients of cation and anion, relative to the solvent [mol2/(J m s)]."""
        ln_D = _stacked(self.ln_D_plus(c, T), self.ln_D_minus(c, T)) + jnp.log(D_UNIT)
        return onsager.positive_definite(ln_D, self.coupling(c, T)[..., None], self.salt.ions(positive(c)), T)

    def chi(self, c: Points, T: Points) -> Float[Array, "*point"]:
        """Thermodynamic factor [-]."""
        return jnp.exp(self.ln_chi(c, T))


class StefanMaxwellElectrolyte(AbstractOnsagerElectrolyte):
    """Ions and solvent that rub on each other. `D_plusminus` may be infinite: no friction between the ions."""

    D_0plus: Law = law("m2/s", -D_HIGH, D_HIGH, "Stefan-Maxwell diffusivity of cation and solvent")
    D_0minus: Law = law("m2/s", D_LOW, D_HIGH, "Stefan-Maxwell diffusivity of anion and solvent")
    D_plusminus: Law = law("m2/s", -float("inf"), float("inf"), "Stefan-Maxwell diffusivity of cation and anion")
    solvent: Law = law("mol/m3", 100.0, 1e5, "solvent concentration")
    chi: Law = property_law("chi", default=1.0)

    def L(self, c: Points, T: Points) -> Float[Array, "*point 2 2"]:
        """Onsager coefficients of cation and anion, relative to the solvent [mol2/(J m s)]."""
        D = stefan_maxwell.Binary(self.D_0plus(c, T), self.D_0minus(c, T), self.D_plusminus(c, T))
        species = stefan_maxwell.species(positive(c), self.solvent(c, T), self.salt)
        friction = stefan_maxwell.friction(stefan_maxwell.pairs(D), species, T)
        return stefan_maxwell.onsager_coefficients(friction, species)


class AssociatedElectrolyte(AbstractOnsagerElectrolyte):
    """Free ions in equilibrium with pairs and larger clusters: an ideal mixture in which each moves on its own.

    The thermodynamic factor follows from the equilibrium. Onsager coefficients are positive definite by construction.
    """

    D_plus: Law = law("m2/s", D_LOW, D_HIGH, "diffusivity of the free cation")
    D_minus: Law = law("m2/s", D_LOW, D_HIGH, "diffusivity of the free anion")
    clusters: tuple[Cluster, ...] = ()

    @property
    def makeup(self) -> speciation.Makeup:
        """Cations and anions in each species: free cation, free anion, clusters."""
        return speciation.makeup([(cluster.cations, cluster.anions) for cluster in self.clusters], 2)

    def concentrations(self, c: Points, T: Points) -> Float[Array, "*point species"]:
        """Concentrations [mol/m3] of free cation, free anion, and the clusters."""
        total = self.salt.ions(jnp.broadcast_arrays(positive(c), T)[0])
        if not self.clusters:
            return total
        ln_K = jnp.log(_stacked(*(cluster.K(c, T) for cluster in self.clusters)))
        return speciation.equilibrium(total, ln_K, self.makeup)

    def diffusivities(self, c: Points, T: Points) -> Float[Array, "*point species"]:
        """Diffusivities [m2/s] of free cation, free anion, and the clusters."""
        return _stacked(self.D_plus(c, T), self.D_minus(c, T), *(cluster.D(c, T) for cluster in self.clusters))

    def L(self, c: Points, T: Points) -> Float[Array, "*point 2 2"]:
        """Onsager coefficients of cation and anion, free and bound, relative to the solvent [mol2/(J m s)]."""
        present, D = self.concentrations(c, T), self.diffusivities(c, T)
        return speciation.onsager_coefficients(present, D, T, self.makeup)

    def chi(self, c: Points, T: Points) -> Float[Array, "*point"]:
        """Thermodynamic factor [-]."""
        return speciation.thermodynamic_factor(self.concentrations(c, T), positive(c), self.makeup, self.salt)

    def self_diffusivities(self, c: Points, T: Points) -> Float[Array, "*point 2"]:
        """Mean diffusivities [m2/s] of cation and anion over the species that hold them, as NMR sees them."""
        return speciation.self_diffusivities(self.concentrations(c, T), self.diffusivities(c, T), self.makeup)

    def haven_ratio(self, c: Points, T: Points) -> Float[Array, "*point"]:
        """kappa over the Nernst-Einstein conductivity of the self diffusivities [-]; see `ions.haven_ratio`."""
        D = self.self_diffusivities(c, T)
        kappa_NE = ions.conductivity_NE(self.salt.ions(positive(c)), self.salt.z, D, T)
        return ions.haven_ratio(self.kappa(c, T), kappa_NE)
