"""Simulated ions with known coefficients: correlated Langevin motion, to try estimators and to see what pairing does.

Particles of mass m in a bath feel friction and noise, in matrix form M dv = -G v dt + sqrt(2 k_B T) G^(1/2) dW: an
Ornstein-Uhlenbeck process. The friction matrix G couples a cation and an anion that form a pair: each drags the other
along. All coefficients follow exactly, as the diffusion matrix of the particles is k_B T G^-1.

Sources: Uhlenbeck & Ornstein, Phys. Rev. 36 (1930) 823, doi:10.1103/PhysRev.36.823; Gillespie, Phys. Rev. E 54 (1996)
2084, doi:10.1103/PhysRevE.54.2084 (exact time steps).
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Float, PRNGKeyArray

from cellsim.constants import K_B, N_A, T_ROOM
from cellsim.electrolyte.molecular import Sample
from cellsim.parameters import as_float_array


class LangevinIons(eqx.Module):
    """Ions that move by the Langevin equation; `friction` [kg/s] is symmetric and positive definite."""

    sample: Sample
    mass: Float[Array, " particles"] = eqx.field(converter=as_float_array)
    friction: Float[Array, "particles particles"] = eqx.field(converter=as_float_array)

    def __check_init__(self) -> None:
        if isinstance(self.friction, jax.core.Tracer):
            return
        friction = np.asarray(self.friction)
        smallest = np.linalg.eigvalsh(friction)[0]
        if not np.array_equal(friction, friction.T) or smallest <= 0:
            raise ValueError(
                f"a friction matrix is symmetric and positive definite; the smallest eigenvalue found is {smallest:g} "
                "kg/s. A coupling between two ions must be smaller than the geometric mean of their frictions."
            )

    @property
    def mobility(self) -> Float[Array, "particles particles"]:
        """Velocity of each particle per force on each [s/kg]."""
        return jnp.linalg.inv(self.friction)

    @property
    def L(self) -> Float[Array, "ions ions"]:
        """The exact Onsager coefficients [mol2/(J m s)]."""
        S = self.sample.membership
        return S.T @ self.mobility @ S / (self.sample.V * N_A**2)

    @property
    def D_self(self) -> Float[Array, " ions"]:
        """The exact self diffusivity of each species [m2/s], the mean over its particles."""
        S = self.sample.membership
        return K_B * self.sample.T * (jnp.diagonal(self.mobility) @ S) / S.sum(axis=0)

    def relaxation_times(self) -> Float[Array, " particles"]:
        """Times [s] in which the velocities forget, shortest first."""
        return 1 / jnp.linalg.eigh(self._scaled_friction)[0][::-1]

    def trajectory(
        self, key: PRNGKeyArray, steps: int, dt: ArrayLike
    ) -> tuple[Float[Array, "times particles 3"], Float[Array, "times particles 3"]]:
        """Positions [m], from 0, and velocities [m/s] at `steps` times `dt` [s] apart, in equilibrium. The time step is
        exact: any `dt` shows the same motion."""
        rate, modes = jnp.linalg.eigh(self._scaled_friction)
        rate = rate[:, None]  # [1/s]; axes: mode, direction
        kT = K_B * self.sample.T
        # a step makes decay q + noise of a mode q, and of its integral (1 - decay)/rate q + noise; the noises correlate
        decay = jnp.exp(-rate * dt)
        spread = jnp.sqrt(kT * (1 - decay**2))
        shared = kT * (1 - decay) ** 2 / rate / spread
        own = jnp.sqrt(kT / rate**2 * (2 * rate * dt - 3 + 4 * decay - decay**2) - shared**2)

        def step(q: Array, noise: Array) -> tuple[Array, tuple[Array, Array]]:
            moved = (1 - decay) / rate * q + shared * noise[0] + own * noise[1]
            return decay * q + spread * noise[0], (q, moved)

        start, path = jax.random.split(key)
        q0 = jnp.sqrt(kT) * jax.random.normal(start, (len(self.mass), 3))
        noise = jax.random.normal(path, (steps, 2, len(self.mass), 3))
        _, (q, moved) = jax.lax.scan(step, q0, noise)
        s = jnp.concatenate([jnp.zeros_like(q0)[None], jnp.cumsum(moved, axis=0)[:-1]])
        to_particles = modes / jnp.sqrt(self.mass)[:, None]
        return jnp.einsum("pm,tmx->tpx", to_particles, s), jnp.einsum("pm,tmx->tpx", to_particles, q)

    @property
    def _scaled_friction(self) -> Float[Array, "particles particles"]:
        """M^-1/2 G M^-1/2 [1/s]."""
        root = jnp.sqrt(self.mass)
        return self.friction / jnp.outer(root, root)


def ion_pairs(
    count: int,
    *,
    friction: tuple[float, float],
    relaxation_time: float,
    coupling: float = 0.0,
    z: tuple[int, int] = (1, -1),
    c: float = 1000.0,
    T: float = T_ROOM,
) -> LangevinIons:
    """`count` cations, each paired with an anion by a friction -coupling sqrt(g+ g-), at `c` [mol/m3] of pairs.

    `friction` [kg/s] is that of cation and anion; `relaxation_time` [s] is mass over friction of both; `coupling` from
    -1 to 1 is the correlation of their motion, 0 for independent ions. In closed form

        D+ = k_B T/(g+ (1 - coupling^2)),  D- alike,  L++ = c D+/(RT),  L+- = c coupling sqrt(D+ D-)/(RT)
        kappa/kappa_NE = 1 - 2 coupling sqrt(D+ D-)/(D+ + D-)  for z+ = -z-

    Raises `ValueError` for a coupling beyond 1.
    """
    between = -coupling * np.sqrt(friction[0] * friction[1])
    pair = np.array([[friction[0], between], [between, friction[1]]])
    sample = Sample(species=(0, 1) * count, z=z, V=count / (N_A * c), T=T)  # type: ignore[arg-type]
    mass = relaxation_time * np.tile(np.asarray(friction), count)
    return LangevinIons(sample, jnp.asarray(mass), jnp.asarray(np.kron(np.eye(count), pair)))
