"""What experiments on a solution measure, in terms of its transport properties, and back.

Cells are symmetric, two flat electrodes of the cation's metal a distance L apart that dissolve and plate it, with the
solution between them at `c` [mol/m3]; salts have any charges (`Salt`). With the equivalents z+ nu+ of a salt

    N = -D dc/dx + t_plus i/(z+ nu+ F),   dphi/dx = -i/kappa + nu R T/(z+ nu+ F) (1 - t_plus) chi dln(c)/dx

and phi is the potential that a reference electrode of the same metal would show. Closed forms hold for constant
properties; functions that take an electrolyte integrate over its laws. In a porous medium put effective conductivity
and diffusivity, and D over porosity where time plays a role.

Sources: Newman & Balsara, Electrochemical Systems, 4th ed. (Wiley 2021), chapters 11 and 12; Balsara & Newman,
J. Electrochem. Soc. 162 (2015) A2720, doi:10.1149/2.0651514jes.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from cellsim.constants import F, R
from cellsim.electrolyte.electrolyte import AbstractElectrolyte, Salt

Points = Float[ArrayLike, "*#point"]
Result = Float[Array, "*point"]
ONE_TO_ONE = Salt()
EARLY = 0.01  # D t/L^2 below which the ends do not yet know of each other, to 1e-12
TERMS = 12  # of the series after that; the first left out is 1e-27
GAUSS = 40  # points of quadrature in ln c or c: laws are smooth, so 1e-12 is reached


def _charge(salt: Salt) -> float:
    """Charge of the cations of a mole of salt, z+ nu+ F [C/mol]."""
    return salt.equivalents * F


def _diffusion_voltage(T: Points, salt: Salt) -> Array:
    """nu R T/(z+ nu+ F) [V]: 2 R T/F for a 1:1 salt."""
    return salt.nu * R * jnp.asarray(T) / (_charge(salt))


# ---- steady current through a symmetric cell


def newman_number(
    kappa: Points, D: Points, t_plus: Points, chi: Points, c: Points, T: Points, salt: Salt = ONE_TO_ONE
) -> Result:
    """Ne [-]: by how much the voltage of a solution at steady state exceeds its ohmic drop, for small currents,
    nu kappa R T (1 - t_plus)^2 chi/((z+ nu+)^2 F^2 D c).

    Source: Balsara & Newman, J. Electrochem. Soc. 162 (2015) A2720, doi:10.1149/2.0651514jes.
    """
    return _diffusion_voltage(T, salt) / (_charge(salt)) * kappa * (1 - t_plus) ** 2 * chi / (D * c)


def newman_number_of(electrolyte: AbstractElectrolyte, c: Points, T: Points) -> Result:
    """Ne [-] of an electrolyte at `c` [mol/m3] and `T` [K]."""
    e = electrolyte
    return newman_number(e.kappa(c, T), e.D(c, T), e.t_plus(c, T), e.chi(c, T), c, T, e.salt)


def steady_current_fraction(Ne: Points) -> Result:
    """I_ss/I_0 = 1/(1 + Ne) [-] of a cell held at a small voltage, without resistances of interfaces."""
    return 1 / (1 + jnp.asarray(Ne))


def newman_number_from(current_fraction: Points) -> Result:
    """Ne [-] from the steady over the initial current."""
    return 1 / jnp.asarray(current_fraction) - 1


def bruce_vincent(V: Points, I_0: Points, I_ss: Points, R_0: Points = 0.0, R_ss: Points = 0.0) -> Result:
    """The current fraction of the solution [-] from a cell held at `V` [V]: initial and steady current [A], and the
    resistances of the interfaces [Ohm] at both times, I_ss (V - I_0 R_0)/(I_0 (V - I_ss R_ss)).

    In an ideal solution it is the transference number of the cation; else see `t_plus_from_current_fraction`.
    Source: Evans, Vincent & Bruce, Polymer 28 (1987) 2324, doi:10.1016/0032-3861(87)90394-6.
    """
    V, I_0, I_ss = jnp.asarray(V), jnp.asarray(I_0), jnp.asarray(I_ss)
    return I_ss * (V - I_0 * R_0) / (I_0 * (V - I_ss * R_ss))


def bruce_vincent_currents(
    V: Points, R_solution: Points, current_fraction: Points, R_0: Points = 0.0, R_ss: Points = 0.0
) -> tuple[Result, Result]:
    """Initial and steady current [A] of a cell at a small voltage `V` [V]: ohmic resistance of the solution over its
    current fraction, and the interfaces, in series. The inverse of `bruce_vincent`."""
    V, R_solution = jnp.asarray(V), jnp.asarray(R_solution)
    return V / (R_solution + jnp.asarray(R_0)), V / (R_solution / jnp.asarray(current_fraction) + R_ss)


def t_plus_from_current_fraction(
    current_fraction: Points, kappa: Points, D: Points, chi: Points, c: Points, T: Points, salt: Salt = ONE_TO_ONE
) -> Result:
    """The transference number [-] of a concentrated solution from its current fraction and the other properties: the
    correction of the method of Bruce and Vincent.

    Of the two roots it is the one with t_plus <= 1, as is found for all salts but those whose anion moves against its
    own current. Source: Balsara & Newman, J. Electrochem. Soc. 162 (2015) A2720, doi:10.1149/2.0651514jes.
    """
    per_square = newman_number(kappa, D, jnp.asarray(0.0), chi, c, T, salt)
    return 1 - jnp.sqrt(newman_number_from(current_fraction) / per_square)


def steady_concentrations(
    i: Points, D: Points, t_plus: Points, c0: Points, L: Points, salt: Salt = ONE_TO_ONE
) -> tuple[Result, Result]:
    """Salt concentrations [mol/m3] at the dissolving and at the plating electrode at a steady current density `i`
    [A/m2] from the first to the second: the profile between them is straight."""
    half = (1 - jnp.asarray(t_plus)) * i * L / (2 * _charge(salt) * jnp.asarray(D))
    return jnp.asarray(c0) + half, jnp.asarray(c0) - half


def steady_voltage(
    i: Points, kappa: Points, D: Points, t_plus: Points, chi: Points, c0: Points, T: Points, L: Points,
    salt: Salt = ONE_TO_ONE,
) -> Result:  # fmt: skip
    """Voltage [V] between the solution's ends that drives a steady current density `i` [A/m2]: ohmic drop, and the
    concentration cell that it has made. For small `i` it is i L (1 + Ne)/kappa."""
    c_left, c_right = steady_concentrations(i, D, t_plus, c0, L, salt)
    concentration = _diffusion_voltage(T, salt) * (1 - jnp.asarray(t_plus)) * chi * jnp.log(c_left / c_right)
    return jnp.asarray(i) * L / kappa + concentration


def limiting_current(D: Points, t_plus: Points, c0: Points, L: Points, salt: Salt = ONE_TO_ONE) -> Result:
    """Current density [A/m2] at which the salt is used up at the plating electrode at steady state,
    2 z+ nu+ F D c0/((1 - t_plus) L), between electrodes that dissolve and plate."""
    return 2 * _charge(salt) * jnp.asarray(D) * c0 / ((1 - jnp.asarray(t_plus)) * L)


def limiting_current_of(
    electrolyte: AbstractElectrolyte, c0: Float[ArrayLike, ""], T: Points, L: Points
) -> Float[Array, ""]:
    """The same for properties that vary with concentration: D/(1 - t_plus) dc/dx is the same everywhere, and the salt
    is conserved, which says how high the concentration rises at the dissolving electrode.

    It is looked for up to 30 times `c0`, and the result is not a number if it lies beyond.
    """
    x, w = _gauss()

    def moments(c_top: Array) -> tuple[Array, Array]:
        """Integrals of g and c g from 0 to c_top, g = D/(1 - t_plus)."""
        c = c_top * x
        g = electrolyte.D(c, T) / (1 - electrolyte.t_plus(c, T))
        return c_top * jnp.sum(w * g), c_top * jnp.sum(w * c * g)

    def surplus(c_top: Array) -> Array:
        """Of the mean concentration, over c0."""
        total, first = moments(c_top)
        return first / (total * c0) - 1

    def halve(ends: tuple[Array, Array], _: None) -> tuple[tuple[Array, Array], None]:
        low, high = ends
        middle = 0.5 * (low + high)
        is_low = surplus(middle) < 0
        return (jnp.where(is_low, middle, low), jnp.where(is_low, high, middle)), None

    tried = jnp.asarray(c0, dtype=float) * np.linspace(1.0, 30.0, 117)
    is_enough = jax.vmap(surplus)(tried) > 0
    first = jnp.argmax(is_enough)  # beyond it a law may lose its sense
    (low, high), _ = jax.lax.scan(halve, (tried[first - 1], tried[first]), length=60)
    c_top = jax.lax.stop_gradient(0.5 * (low + high))
    c_top = c_top - surplus(c_top) / jax.lax.stop_gradient(jax.grad(surplus)(c_top))  # Newton's step has the derivative
    return jnp.where(jnp.any(is_enough), _charge(electrolyte.salt) * moments(c_top)[0] / L, jnp.nan)


# ---- Hittorf


def hittorf(salt_gained: Points, Q: Points, salt: Salt = ONE_TO_ONE) -> Result:
    """The transference number of the cation [-] from the amount of salt [mol] that the compartment of the dissolving
    electrode gains, per the solvent in it, while `Q` [C] pass; the other compartment loses as much."""
    return 1 - _charge(salt) * jnp.asarray(salt_gained) / Q


def hittorf_gain(t_plus: Points, Q: Points, salt: Salt = ONE_TO_ONE) -> Result:
    """The amount of salt [mol] that the compartment of the dissolving electrode gains: the inverse of `hittorf`."""
    return (1 - jnp.asarray(t_plus)) * Q / _charge(salt)


# ---- concentration cells


def concentration_cell(electrolyte: AbstractElectrolyte, c_1: Points, c_2: Points, T: Points) -> Result:
    """Potential [V] of an electrode of the cation's metal in solution of `c_2` against one in `c_1` [mol/m3], the
    solutions in contact: the integral of nu R T/(z+ nu+ F) (1 - t_plus) chi dln(c). With transference."""
    return _cell_integral(electrolyte, c_1, c_2, T, lambda c: (1 - electrolyte.t_plus(c, T)) * electrolyte.chi(c, T))


def concentration_cell_without_transference(
    electrolyte: AbstractElectrolyte, c_1: Points, c_2: Points, T: Points
) -> Result:
    """The same of two cells back to back with an electrode for the anion in each, so that no ions cross between them:
    the activity alone shows, integral of nu R T/(z+ nu+ F) chi dln(c) [V]."""
    return _cell_integral(electrolyte, c_1, c_2, T, lambda c: electrolyte.chi(c, T))


def t_plus_from_cells(slope_with: Points, slope_without: Points) -> Result:
    """The transference number [-] from the slopes dU/dln(c) [V] of cells with and without transference."""
    return 1 - jnp.asarray(slope_with) / slope_without


def t_plus_from_cell(slope: Points, chi: Points, T: Points, salt: Salt = ONE_TO_ONE) -> Result:
    """The transference number [-] from the slope dU/dln(c) [V] of a cell with transference, if chi is known."""
    return 1 - jnp.asarray(slope) / (_diffusion_voltage(T, salt) * chi)


def chi_from_cell(slope: Points, t_plus: Points, T: Points, salt: Salt = ONE_TO_ONE) -> Result:
    """The thermodynamic factor [-] from the slope dU/dln(c) [V] of a cell with transference, if t_plus is known."""
    return jnp.asarray(slope) / (_diffusion_voltage(T, salt) * (1 - jnp.asarray(t_plus)))


def cell_slope(t_plus: Points, chi: Points, T: Points, salt: Salt = ONE_TO_ONE) -> Result:
    """dU/dln(c) [V] of a concentration cell with transference."""
    return _diffusion_voltage(T, salt) * (1 - jnp.asarray(t_plus)) * chi


def _cell_integral(
    electrolyte: AbstractElectrolyte, c_1: Points, c_2: Points, T: Points, factor: Callable[[Array], Array]
) -> Array:
    x, w = _gauss()
    c_1, c_2 = jnp.asarray(c_1, dtype=float), jnp.asarray(c_2, dtype=float)
    span = jnp.log(c_2 / c_1)
    at = lambda x: factor(c_1 * jnp.exp(x * span))
    mean = sum(weight * at(point) for point, weight in zip(x, w, strict=True))
    return _diffusion_voltage(T, electrolyte.salt) * span * mean


def _gauss() -> tuple[np.ndarray, np.ndarray]:
    """Points and weights of Gauss and Legendre on 0 to 1."""
    x, w = np.polynomial.legendre.leggauss(GAUSS)
    return 0.5 * (x + 1), 0.5 * w


# ---- relaxation and depletion in time


def relaxation_time(D: Points, L: Points) -> Result:
    """L^2/(pi^2 D) [s]: in this time a difference of concentration between blocked ends falls by e."""
    return jnp.asarray(L) ** 2 / (np.pi**2 * jnp.asarray(D))


def diffusivity_from_relaxation(
    t: Float[ArrayLike, " times"], U: Float[ArrayLike, " times"], L: ArrayLike
) -> Float[Array, ""]:
    """D [m2/s] from the potential `U` [V] (less its final value) between two electrodes a distance `L` [m] apart, at
    times `t` [s] of restricted diffusion so late that ln U falls on a straight line, L^2/(pi^2 D) e-fold.

    Source: Newman & Chapman, AIChE J. 19 (1973) 343, doi:10.1002/aic.690190220.
    """
    t, ln_U = jnp.asarray(t, dtype=float), jnp.log(jnp.abs(jnp.asarray(U)))
    t = t - jnp.mean(t)
    slope = jnp.sum(t * ln_U) / jnp.sum(t**2)
    return -slope * jnp.asarray(L) ** 2 / np.pi**2


def relaxing_difference(t: Points, D: Points, L: Points) -> Result:
    """Difference of concentration between the ends at `t` [s] over that at first [-], from the straight profile that a
    steady current leaves behind: 8/pi^2 sum over odd k of exp(-k^2 pi^2 D t/L^2)/k^2."""
    x = jnp.asarray(D) * t / jnp.asarray(L) ** 2
    is_early = x < EARLY
    k = 2 * np.arange(TERMS) + 1
    late = jnp.sum(
        8 / (np.pi * k) ** 2 * jnp.exp(-((np.pi * k) ** 2) * jnp.where(is_early, 1.0, x)[..., None]), axis=-1
    )
    return jnp.where(is_early, 1 - 4 * jnp.sqrt(jnp.where(is_early, x, 1.0) / np.pi), late)


def relaxing_profile(
    c: Float[ArrayLike, " cells"], t: Float[ArrayLike, "*times"], D: ArrayLike, L: ArrayLike
) -> Float[Array, "*times cells"]:
    """Concentrations [mol/m3] at the centres of equal cells over `L` [m] a time `t` [s] after they were `c`, between
    blocked ends: the full cosine series that these values have."""
    c = jnp.asarray(c, dtype=float)
    n = c.shape[-1]
    k, x = np.arange(n), (np.arange(n) + 0.5) / n
    modes = np.sqrt(np.where(k == 0, 1.0, 2.0) / n)[:, None] * np.cos(np.pi * k[:, None] * x)  # orthonormal rows
    decay = jnp.exp(-(k**2) * jnp.asarray(t)[..., None] / relaxation_time(D, L))
    return (decay * (modes @ c)) @ modes


def depleting_concentration(
    x: Points, t: Points, i: Points, D: Points, t_plus: Points, c0: Points, salt: Salt = ONE_TO_ONE
) -> Result:
    """Concentration [mol/m3] at `x` [m] from a plating electrode, `t` [s] after a current density `i` [A/m2] was
    switched on, the other electrode far away: c0 - (1 - t_plus) i/(z+ nu+ F D) sqrt(4 D t) ierfc(x/sqrt(4 D t))."""
    reach = jnp.sqrt(4 * jnp.asarray(D) * t)
    xi = jnp.asarray(x) / reach
    ierfc = jnp.exp(-(xi**2)) / np.sqrt(np.pi) - xi * jax.scipy.special.erfc(xi)
    return c0 - (1 - jnp.asarray(t_plus)) * i / (_charge(salt) * jnp.asarray(D)) * reach * ierfc


def sand_time(i: Points, D: Points, t_plus: Points, c0: Points, salt: Salt = ONE_TO_ONE) -> Result:
    """Time [s] after which a current density `i` [A/m2] has used up the salt at the plating electrode,
    pi D (z+ nu+ F c0/(2 i (1 - t_plus)))^2, with the other electrode far away.

    Source: Sand, Philos. Mag. 1 (1901) 45, doi:10.1080/14786440109462590.
    """
    per_root = _charge(salt) * jnp.asarray(c0) / (2 * jnp.asarray(i) * (1 - jnp.asarray(t_plus)))
    return np.pi * jnp.asarray(D) * per_root**2


def sand_current(tau: Points, D: Points, t_plus: Points, c0: Points, salt: Salt = ONE_TO_ONE) -> Result:
    """Current density [A/m2] whose Sand's time is `tau` [s]."""
    return _charge(salt) * jnp.asarray(c0) / (2 * (1 - jnp.asarray(t_plus))) * jnp.sqrt(np.pi * jnp.asarray(D) / tau)


def diffusivity_from_sand(tau: Points, i: Points, t_plus: Points, c0: Points, salt: Salt = ONE_TO_ONE) -> Result:
    """D [m2/s] from Sand's time `tau` [s] at a current density `i` [A/m2]."""
    return jnp.asarray(tau) / np.pi * (2 * jnp.asarray(i) * (1 - jnp.asarray(t_plus)) / (_charge(salt) * c0)) ** 2
