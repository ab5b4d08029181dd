"""Conductivity of crystals: symmetric tensors, their form by symmetry, and what a tilted crystal conducts.

A tensor kappa [S/m] says i = kappa E. Neumann's principle: a property has every symmetry of the crystal. So the average
over the operations of the point group, each applied to the tensor, keeps what the symmetry allows and nothing else.
Axes are Cartesian, set as crystal physics sets them: the main axis (4-, 3- or 6-fold) along z, a two-fold axis along x
beside it; in the monoclinic system the two-fold axis along y.

Source: Nye, Physical Properties of Crystals (Oxford 1985), chapters I to III and XI, appendix B.
"""

import functools
import itertools
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from cellsim.laws import Law, Points, Product, law
from cellsim.parameters import quantity

Tensor = Float[ArrayLike, "*#point 3 3"]
Vector = Float[ArrayLike, "*#point 3"]
Rotations = tuple[tuple[tuple[float, float, float], int], ...]  # axis and fold of each
X, Y, Z = np.eye(3)
SYMMETRY_TOLERANCE = 1e-8  # two operations of a crystal's group differ by far more


# ---- rotations


def rotation(axis: Float[ArrayLike, "3"], angle: ArrayLike) -> Float[Array, "3 3"]:
    """The matrix that turns vectors by `angle` [rad] about `axis` (of any length but zero), counterclockwise as seen
    against the axis."""
    n = jnp.asarray(axis, dtype=float)
    n = n / jnp.sqrt(jnp.sum(n**2))
    x, y, z = n
    cross = jnp.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return jnp.eye(3) + jnp.sin(angle) * cross + (1 - jnp.cos(angle)) * cross @ cross


def euler(phi_1: ArrayLike, Phi: ArrayLike, phi_2: ArrayLike) -> Float[Array, "3 3"]:
    """The matrix that turns a crystal from the axes of the sample into its orientation of Euler angles [rad], by Bunge:
    `phi_2` about z, then `Phi` about x, then `phi_1` about z. The columns are the crystal's axes in the sample."""
    return rotation(Z, phi_1) @ rotation(X, Phi) @ rotation(Z, phi_2)


def rotated(kappa: Tensor, Q: Float[ArrayLike, "3 3"]) -> Float[Array, "*point 3 3"]:
    """The tensor of the crystal turned by `Q`: Q kappa Q^T."""
    Q = jnp.asarray(Q)
    return Q @ kappa @ Q.T


# ---- symmetry


class CrystalSystem(NamedTuple):
    """A crystal system: rotations that generate its rotation group, as (axis, fold). Inversion changes no tensor of
    second rank, so the rotations say it all; for a symmetric one all classes of a system are alike."""

    name: str
    generators: Rotations

    @property
    def operations(self) -> Float[np.ndarray, "operations 3 3"]:
        """The rotations of the group."""
        return _group(self.generators)


TRICLINIC = CrystalSystem("triclinic", ())
MONOCLINIC = CrystalSystem("monoclinic", (((0.0, 1.0, 0.0), 2),))
ORTHORHOMBIC = CrystalSystem("orthorhombic", (((0.0, 0.0, 1.0), 2), ((1.0, 0.0, 0.0), 2)))
TETRAGONAL = CrystalSystem("tetragonal", (((0.0, 0.0, 1.0), 4), ((1.0, 0.0, 0.0), 2)))
TRIGONAL = CrystalSystem("trigonal", (((0.0, 0.0, 1.0), 3), ((1.0, 0.0, 0.0), 2)))
HEXAGONAL = CrystalSystem("hexagonal", (((0.0, 0.0, 1.0), 6), ((1.0, 0.0, 0.0), 2)))
CUBIC = CrystalSystem("cubic", (((0.0, 0.0, 1.0), 4), ((1.0, 1.0, 1.0), 3)))
CRYSTAL_SYSTEMS = (CUBIC, TETRAGONAL, TRIGONAL, HEXAGONAL, ORTHORHOMBIC, MONOCLINIC, TRICLINIC)


@functools.cache
def _group(generators: Rotations) -> np.ndarray:
    """All products of the generators."""
    with jax.ensure_compile_time_eval():
        steps = [np.asarray(rotation(np.asarray(axis), 2 * np.pi / fold)) for axis, fold in generators]
    found = [np.eye(3)]
    for known in found:  # grows while it is walked through
        for step in steps:
            product = step @ known
            if not any(np.abs(product - other).max() < SYMMETRY_TOLERANCE for other in found):
                found.append(product)
    return np.stack(found)


def projected(kappa: Tensor, system: CrystalSystem) -> Float[Array, "*point 3 3"]:
    """The part of a tensor, given in the crystal's axes, that the symmetry of `system` allows: the mean over its
    group. A measured tensor is cleaned by it; one of the system stays as it is."""
    g = system.operations
    return jnp.einsum("gij,...jk,glk->...il", g, jnp.asarray(kappa), g) / len(g)


def independent_components(system: CrystalSystem) -> int:
    """How many numbers make a conductivity tensor of this system: the rank of the averaging as a map of symmetric
    tensors into themselves."""
    basis = [np.outer(a, b) + np.outer(b, a) for a, b in itertools.combinations_with_replacement(np.eye(3), 2)]
    g = system.operations
    images = [np.einsum("gij,jk,glk->il", g, tensor, g) / len(g) for tensor in basis]
    return int(np.linalg.matrix_rank(np.stack(images).reshape(len(basis), -1), tol=SYMMETRY_TOLERANCE))


def principal(kappa: Tensor) -> tuple[Float[Array, "*point 3"], Float[Array, "*point 3 3"]]:
    """Principal conductivities, smallest first, and the principal axes as the columns of a matrix. Differentiable where
    the values are distinct (the values alone also where not)."""
    kappa = jnp.asarray(kappa)
    values, axes = jnp.linalg.eigh(0.5 * (kappa + jnp.swapaxes(kappa, -1, -2)))
    return values, axes


# ---- along a direction


def at_given_field(kappa: Tensor, n: Vector) -> Float[Array, "*point"]:
    """n . kappa n [S/m]: current along the unit vector `n` over the field, where no field across `n` can stand: faces
    shorted, as between plates much wider than apart, and in a cell between flat collectors."""
    return jnp.einsum("...i,...ij,...j->...", n, kappa, n)


def at_given_current(kappa: Tensor, n: Vector) -> Float[Array, "*point"]:
    """1/(n . kappa^-1 n) [S/m]: current along `n` over the field along it, where no current across `n` can flow, as in
    a long thin bar. At most `at_given_field`, and equal along a principal axis."""
    return 1.0 / jnp.einsum("...i,...ij,...j->...", n, jnp.linalg.inv(jnp.asarray(kappa)), n)


def laminate(
    kappa: Float[ArrayLike, "layers 3 3"], L: Float[ArrayLike, " layers"], n: Float[ArrayLike, "3"]
) -> Float[Array, "3 3"]:
    """The tensor [S/m] of a stack of layers of thickness `L` [m], each with its tensor in the sample's axes, piled
    along the unit vector `n`: the current along `n` and the field across it are the same in all layers.

    Its `at_given_field` is that of the layers in series, L / sum(L_k / n . kappa_k n); its `at_given_current` is higher
    than that of the layers one by one, in series, as current that goes sideways in one comes back in another.

    Source: Milton, The Theory of Composites (Cambridge 2002), section 9.2.
    """
    kappa, L, n = jnp.asarray(kappa), jnp.asarray(L), jnp.asarray(n)
    share = L / jnp.sum(L)
    mean = lambda x: jnp.tensordot(share, x, axes=1)
    nn = jnp.einsum("i,kij,j->k", n, kappa, n)
    through = kappa @ n  # current of a field along n
    series = 1.0 / mean(1.0 / nn)
    tilt = mean(through / nn[:, None])
    sideways = mean(kappa - through[:, :, None] * through[:, None, :] / nn[:, None, None])
    return sideways + series * jnp.outer(tilt, tilt)


# ---- a tilted crystal as a law


def direction(tilt: ArrayLike, azimuth: ArrayLike) -> Float[Array, "3"]:
    """The unit vector at `tilt` [rad] from the third axis and `azimuth` [rad] about it from the first."""
    across = jnp.sin(tilt)
    return jnp.stack([across * jnp.cos(azimuth), across * jnp.sin(azimuth), jnp.cos(tilt)])


def angles(n: Float[ArrayLike, "3"]) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Tilt and azimuth [rad] of the direction of `n`."""
    n = jnp.asarray(n, dtype=float)
    return jnp.arctan2(jnp.hypot(n[0], n[1]), n[2]), jnp.arctan2(n[1], n[0])


class TiltedCrystal(eqx.Module):
    """The through-plane conductivity [S/m] of a crystal between wide plates, `at_given_field`, as a law of (c, T).

    The three laws are its principal conductivities; the plates' normal lies at `tilt` from the third principal axis
    and at `azimuth` about it from the first. This is the kappa of a cell run, where currents sideways are free.
    """

    kappa_1: Law = law("S/m", 0.0, 1e4, "conductivity along the first principal axis")
    kappa_2: Law = law("S/m", 0.0, 1e4, "conductivity along the second principal axis")
    kappa_3: Law = law("S/m", 0.0, 1e4, "conductivity along the third principal axis")
    tilt: Float[Array, ""] = quantity("rad", -np.pi, np.pi, "angle from the third principal axis", default=0.0)
    azimuth: Float[Array, ""] = quantity("rad", -np.pi, np.pi, "angle about it, from the first axis", default=0.0)

    def principal_values(self, x: Points, T: Points) -> Float[Array, "*point 3"]:
        """The three principal conductivities [S/m]."""
        return jnp.stack([law(x, T) for law in (self.kappa_1, self.kappa_2, self.kappa_3)], axis=-1)

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        return jnp.sum(self.principal_values(x, T) * direction(self.tilt, self.azimuth) ** 2, axis=-1)


class TiltedBar(eqx.Module):
    """The conductivity [S/m] along a thin bar cut from a crystal, `at_given_current`, as a law of (c, T): the bar's
    axis lies in the crystal as the normal does in `crystal`."""

    crystal: TiltedCrystal

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        n = direction(self.crystal.tilt, self.crystal.azimuth)
        return 1.0 / jnp.sum(n**2 / self.crystal.principal_values(x, T), axis=-1)


def tilted_crystal(
    kappa: Float[ArrayLike, "3 3"], Q: Float[ArrayLike, "3 3"], n: Float[ArrayLike, "3"], factor: Any = 1.0
) -> TiltedCrystal:
    """The law of a crystal of tensor `kappa` [S/m] in its own axes, turned by `Q` (see `euler`), between plates normal
    to `n`; `factor`, a law of (c, T), multiplies all of it: `Arrhenius(1.0, E)`, say.

    Raises `ValueError` for a tensor that is not symmetric or not positive definite, outside of a trace.
    """
    kappa = jnp.asarray(kappa, dtype=float)
    _check_conductivity(kappa)
    values, axes = principal(kappa)
    tilt, azimuth = angles(axes.T @ jnp.asarray(Q).T @ jnp.asarray(n))
    kappa_1, kappa_2, kappa_3 = (Product(value, factor) for value in values)
    return TiltedCrystal(kappa_1, kappa_2, kappa_3, tilt, azimuth)


def _check_conductivity(kappa: Array) -> None:
    if isinstance(kappa, jax.core.Tracer):
        return
    tensor = np.asarray(kappa)
    if not np.allclose(tensor, tensor.T, rtol=1e-6, atol=1e-6 * np.abs(tensor).max()):
        raise ValueError(
            f"a conductivity tensor is symmetric (Onsager), found {tensor.tolist()}. If it is measured, take the mean "
            "of it and its transpose."
        )
    smallest = float(np.linalg.eigvalsh(tensor)[0])
    if smallest <= 0:
        raise ValueError(
            f"a conductivity tensor has positive principal values (second law), found {smallest:g} S/m: a wrong sign "
            "off the diagonal, or components in the wrong order?"
        )
