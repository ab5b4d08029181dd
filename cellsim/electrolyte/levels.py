"""Electrolytes from what lies beneath the four functions: ions, Onsager coefficients, friction, or clusters.

Each is used in a cell as any other electrolyte is, and each of its numbers is one leaf, set by its path, such as
`electrolyte.D_plus=2e-10`.
"""

import abc

import jax.numpy as jnp
from jaxtyping import Array, Float

from cellsim.constants import R
from cellsim.electrolyte import ions, speciation, stefan_maxwell
from cellsim.electrolyte.electrolyte import AbstractElectrolyte, Points, property_law
from cellsim.electrolyte.onsager import OfSalt
from cellsim.electrolyte.speciation import Cluster
from cellsim.laws import Law, law
from cellsim.limits import positive
from cellsim.parameters import quantity

D_LOW, D_HIGH = 1e-16, 1e-7  # m2/s
D_UNIT = 1e-10  # m2/s; of a learned diffusivity, so that a law that says zero is a liquid


class AbstractOnsagerElectrolyte(AbstractElectrolyte):
    """An electrolyte whose conductivity, transference number and diffusivity follow from Onsager coefficients.

    All coefficients are of a concentration smoothly kept above zero, where they vanish together.
    """

    @abc.abstractmethod
    def L_and_chi(self, c: Points, T: Points) -> tuple[OfSalt, Array]:
        """Onsager coefficients L++, L+-, L-- relative to the solvent [mol2/(J m s)], and the thermodynamic factor."""

    def L(self, c: Points, T: Points) -> OfSalt:
        """Onsager coefficients L++, L+- and L--, relative to the solvent [mol2/(J m s)]."""
        return self.L_and_chi(c, T)[0]

    def kappa(self, c: Points, T: Points) -> Float[Array, "*point"]:
        """Ionic conductivity [S/m]."""
        return self.L(c, T).kappa(self.salt)

    def t_plus(self, c: Points, T: Points) -> Float[Array, "*point"]:
        """Cation transference number in the solvent-fixed frame [-]."""
        return self.L(c, T).t_plus(self.salt)

    def D(self, c: Points, T: Points) -> Float[Array, "*point"]:
        """Salt diffusivity [m2/s]."""
        L, chi = self.L_and_chi(c, T)
        return L.D(positive(c), chi, T, self.salt)

    def _own(self, D_plus: Array, D_minus: Array, c: Points, T: Points) -> tuple[Array, Array]:
        """c_i D_i/(R T) of cation and anion."""
        per_RT = positive(c) / (R * T)
        return self.salt.nu_plus * per_RT * D_plus, self.salt.nu_minus * per_RT * D_minus


class IdealElectrolyte(AbstractOnsagerElectrolyte):
    """Ions that move on their own (Nernst, Einstein and Hartley), with an activity: a law of chi, such as
    `activity.ThermodynamicFactor(activity.Davies(...))`.

    Source: Newman & Balsara, Electrochemical Systems, 4th ed. (Wiley 2021), chapter 11.
    """

    D_plus: Law = law("m2/s", D_LOW, D_HIGH, "diffusivity of the cation")
    D_minus: Law = law("m2/s", D_LOW, D_HIGH, "diffusivity of the anion")
    chi: Law = property_law("chi", default=1.0)

    def L_and_chi(self, c: Points, T: Points) -> tuple[OfSalt, Array]:
        """Onsager coefficients L++, L+-, L-- relative to the solvent [mol2/(J m s)], and the thermodynamic factor."""
        plus, minus = self._own(self.D_plus(c, T), self.D_minus(c, T), c, T)
        return OfSalt(plus, jnp.zeros_like(plus), minus), self.chi(c, T)


class TradeOffElectrolyte(AbstractOnsagerElectrolyte):
    """A family of electrolytes in which a larger transference number is paid for with conductivity, as when anions are
    tied to ever larger molecules: the ions move on their own, and the sum of their diffusivities falls by `decades`
    powers of ten as the transference number goes from zero to one.

    The limiting current, proportional to the cation's diffusivity, is greatest at a transference number of
    1/(decades ln 10).

    Source: the trade-off is that of Diederichsen, McShane & McCloskey, ACS Energy Lett. 2 (2017) 2563,
    doi:10.1021/acsenergylett.7b00792; its form here is the simplest that has it.
    """

    share: Float[Array, ""] = quantity("-", 0.0, 1.0, "transference number of the cation")
    D_sum: Law = law("m2/s", D_LOW, D_HIGH, "sum of the diffusivities of both ions at `share_ref`")
    decades: Float[Array, ""] = quantity("-", 0.0, 10.0, "powers of ten of diffusivity per transference number")
    share_ref: Float[Array, ""] = quantity("-", 0.0, 1.0, "transference number at which `D_sum` holds", default=0.4)
    chi: Law = property_law("chi", default=1.0)

    def L_and_chi(self, c: Points, T: Points) -> tuple[OfSalt, Array]:
        """Onsager coefficients L++, L+-, L-- relative to the solvent [mol2/(J m s)], and the thermodynamic factor."""
        total = self.D_sum(c, T) * 10.0 ** (-self.decades * (self.share - self.share_ref))
        plus, minus = self._own(self.share * total, (1 - self.share) * total, c, T)
        return OfSalt(plus, jnp.zeros_like(plus), minus), self.chi(c, T)


class OnsagerElectrolyte(AbstractOnsagerElectrolyte):
    """Ions that drag each other along, by Onsager coefficients in the form of diffusivities: L_ij = sqrt(c_i c_j) times
    D_plus, D_minus, or correlation sqrt(D_plus D_minus), over R T.

    It obeys the second law where both diffusivities are positive and the correlation is between -1 and 1.

    Source: Onsager & Fuoss, J. Phys. Chem. 36 (1932) 2689, doi:10.1021/j150341a001.
    """

    D_plus: Law = law("m2/s", D_LOW, D_HIGH, "R T L++/c+, the cation's Onsager coefficient as a diffusivity")
    D_minus: Law = law("m2/s", D_LOW, D_HIGH, "R T L--/c-, the anion's Onsager coefficient as a diffusivity")
    correlation: Law = law("-", -1.0, 1.0, "L+-/sqrt(L++ L--), positive where pairs move together")
    chi: Law = property_law("chi", default=1.0)

    def L_and_chi(self, c: Points, T: Points) -> tuple[OfSalt, Array]:
        """Onsager coefficients L++, L+-, L-- relative to the solvent [mol2/(J m s)], and the thermodynamic factor."""
        plus, minus = self._own(self.D_plus(c, T), self.D_minus(c, T), c, T)
        return OfSalt(plus, self.correlation(c, T) * jnp.sqrt(plus * minus), minus), self.chi(c, T)


class LearnedElectrolyte(AbstractOnsagerElectrolyte):
    """Four laws without any bounds that make an electrolyte which obeys the second law, whatever they say: for networks
    and splines.

    Where `ln_D_plus`, `ln_D_minus`, `coupling` and `ln_chi` are zero, the ions move on their own at 1e-10 m2/s in an
    ideal solution; this is `onsager.positive_definite` written out. The salt is stable, chi = exp(ln_chi) > 0.
    """

    ln_D_plus: Law = law("-", -15.0, 7.0, "ln(R T L++/c+) over 1e-10 m2/s")
    ln_D_minus: Law = law("-", -15.0, 7.0, "ln(R T L--/c-) over 1e-10 m2/s")
    coupling: Law = law("-", -1e3, 1e3, "r/sqrt(1 - r^2) of the correlation r = L+-/sqrt(L++ L--)")
    ln_chi: Law = law("-", -5.0, 4.0, "logarithm of the thermodynamic factor", default=0.0)

    def L_and_chi(self, c: Points, T: Points) -> tuple[OfSalt, Array]:
        """Onsager coefficients L++, L+-, L-- relative to the solvent [mol2/(J m s)], and the thermodynamic factor."""
        D_plus, D_minus = D_UNIT * jnp.exp(self.ln_D_plus(c, T)), D_UNIT * jnp.exp(self.ln_D_minus(c, T))
        plus, minus = self._own(D_plus, D_minus, c, T)
        coupling = self.coupling(c, T)
        cross = coupling / jnp.sqrt(1 + coupling**2) * jnp.sqrt(plus * minus)
        return OfSalt(plus, cross, minus), self.chi(c, T)

    def chi(self, c: Points, T: Points) -> Float[Array, "*point"]:
        """Thermodynamic factor [-]."""
        return jnp.exp(self.ln_chi(c, T))


class StefanMaxwellElectrolyte(AbstractOnsagerElectrolyte):
    """Ions and solvent that rub on each other. `D_plusminus` may be infinite: no friction between the ions.

    Source: Newman & Balsara, Electrochemical Systems, 4th ed. (Wiley 2021), chapter 12.
    """

    D_0plus: Law = law("m2/s", -D_HIGH, D_HIGH, "Stefan-Maxwell diffusivity of cation and solvent")
    D_0minus: Law = law("m2/s", D_LOW, D_HIGH, "Stefan-Maxwell diffusivity of anion and solvent")
    D_plusminus: Law = law("m2/s", -float("inf"), float("inf"), "Stefan-Maxwell diffusivity of cation and anion")
    solvent: Law = law("mol/m3", 100.0, 1e5, "solvent concentration")
    chi: Law = property_law("chi", default=1.0)

    def L_and_chi(self, c: Points, T: Points) -> tuple[OfSalt, Array]:
        """Onsager coefficients L++, L+-, L-- relative to the solvent [mol2/(J m s)], and the thermodynamic factor."""
        D = stefan_maxwell.Binary(self.D_0plus(c, T), self.D_0minus(c, T), self.D_plusminus(c, T))
        return stefan_maxwell.onsager_of_salt(D, positive(c), self.solvent(c, T), T, self.salt), self.chi(c, T)


class AssociatedElectrolyte(AbstractOnsagerElectrolyte):
    """Free ions in equilibrium with pairs and larger clusters: an ideal mixture in which each moves on its own.

    The thermodynamic factor follows from the equilibrium. Onsager coefficients are positive definite by construction.

    Source: Fuoss & Kraus, J. Am. Chem. Soc. 55 (1933) 2387, doi:10.1021/ja01333a026.
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
        return jnp.stack(self._species(c, T), axis=-1)

    def diffusivities(self, c: Points, T: Points) -> Float[Array, "*point species"]:
        """Diffusivities [m2/s] of free cation, free anion, and the clusters."""
        return jnp.stack(self._D(c, T), axis=-1)

    def L_and_chi(self, c: Points, T: Points) -> tuple[OfSalt, Array]:
        """Onsager coefficients L++, L+-, L-- of free and bound ions together, relative to the solvent
        [mol2/(J m s)], and the thermodynamic factor."""
        present = self._species(c, T)
        moving = tuple(c_k * D_k / (R * T) for c_k, D_k in zip(present, self._D(c, T), strict=True))
        (plus, cross), (_, minus) = speciation.buffering(moving, self.makeup)
        chi = speciation.thermodynamic_factor(present, positive(c), self.makeup, self.salt)
        return OfSalt(plus, cross, minus), chi

    def chi(self, c: Points, T: Points) -> Float[Array, "*point"]:
        """Thermodynamic factor [-]."""
        return self.L_and_chi(c, T)[1]

    def self_diffusivities(self, c: Points, T: Points) -> Float[Array, "*point 2"]:
        """Mean diffusivities [m2/s] of cation and anion over the species that hold them, as NMR sees them."""
        return speciation.self_diffusivities(self.concentrations(c, T), self.diffusivities(c, T), self.makeup)

    def haven_ratio(self, c: Points, T: Points) -> Float[Array, "*point"]:
        """kappa over the Nernst-Einstein conductivity of the self diffusivities [-]; see `ions.haven_ratio`."""
        D = self.self_diffusivities(c, T)
        kappa_NE = ions.conductivity_NE(self.salt.ions(positive(c)), self.salt.z, D, T)
        return ions.haven_ratio(self.kappa(c, T), kappa_NE)

    def _species(self, c: Points, T: Points) -> speciation.Each:
        ln_K = tuple(jnp.log(cluster.K(c, T)) for cluster in self.clusters)
        shared = jnp.broadcast_to(positive(c), jnp.broadcast_shapes(jnp.shape(c), jnp.shape(T)))
        return speciation.species((self.salt.nu_plus * shared, self.salt.nu_minus * shared), ln_K, self.makeup)

    def _D(self, c: Points, T: Points) -> speciation.Each:
        return self.D_plus(c, T), self.D_minus(c, T), *(cluster.D(c, T) for cluster in self.clusters)
