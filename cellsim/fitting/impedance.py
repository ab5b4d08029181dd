"""A measured impedance spectrum, and the spectrum of a model that answers it."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from cellsim.fitting.costs import AbstractCost
from cellsim.fitting.experiment import Build, compared
from cellsim.fitting.observables import AbstractResidual
from cellsim.fitting.targets import Conditions
from cellsim.simulation.impedance import impedance
from cellsim.simulation.spectrum import Spectrum

SHARE = 0.01  # of the modulus: the noise of either part, where nobody says it


class ImpedanceExperiment(NamedTuple):
    """A spectrum measured at rest. It stands beside `Experiment`s in a fit, and shares with them what moves.

    - `spectrum`: what was measured; as of `load_spectrum`.
    - `model`: a function that makes the model of a cell, as for an `Experiment`.
    - `soc`, `T`: state of charge [-] and temperature [K], of which a fit may find a better one, as it may of the
      `inductance` [H] of the leads. `T` is by default that of the cell.
    - `share`: the standard deviation of the real and of the imaginary part, over the modulus [-].
    """

    spectrum: Spectrum
    model: Callable[[Any], Any] = Build()
    soc: Any = 0.5
    T: Any = None
    name: str = ""
    share: float = SHARE

    @property
    def called(self) -> str:
        """Its name, or that of its spectrum."""
        return self.name or self.spectrum.name or "spectrum"

    @property
    def said(self) -> tuple[str, ...]:
        """What reading its data found, a sentence each."""
        return self.spectrum.said

    @property
    def observe(self) -> tuple[AbstractResidual, ...]:
        """Of a run it compares nothing."""
        return ()

    @property
    def length(self) -> int:
        """It has no rows along a record."""
        return 0

    def prepared(self, cell: Any, rows: int = 0) -> "PreparedImpedance":
        """Its numbers on a cell like `cell`. Raises `ValueError`, saying what is missing."""
        del rows
        f, Z = np.asarray(self.spectrum.frequencies), np.asarray(self.spectrum.Z)
        is_sound = len(f) > 0 and Z.shape == f.shape and np.all(np.isfinite(f)) and np.all(f > 0)
        if not is_sound or not np.all(np.isfinite(Z)) or not np.all(Z != 0):
            raise ValueError(
                f"{self.called}: needed is one spectrum of finite numbers that are not zero, at frequencies above "
                f"zero; found {Z.size} numbers at {len(f)} frequencies."
            )
        if not self.share > 0:
            raise ValueError(f"{self.called}: the noise is a share of the modulus above zero, found {self.share:g}.")
        T = self.model(cell).T_usual if self.T is None else self.T
        return PreparedImpedance(
            model=self.model,
            frequencies=f,
            measured=(np.concatenate([Z.real, Z.imag]),),
            sigma=(np.tile(self.share * np.abs(Z), 2),),
            weight=(np.ones(2 * len(f)),),
            rows=np.asarray(2.0 * len(f)),
            conditions=Conditions(soc=self.soc, T=T),
        )


class PreparedImpedance(eqx.Module):
    """A spectrum as numbers of fixed shape, so that one compiled program serves all that are alike: all real parts,
    then all imaginary parts."""

    model: Callable[[Any], Any] = eqx.field(static=True)
    frequencies: Float[np.ndarray, " frequencies"]
    measured: tuple[Float[np.ndarray, " _"], ...]
    sigma: tuple[Float[np.ndarray, " _"], ...]
    weight: tuple[Float[np.ndarray, " _"], ...]
    rows: Float[np.ndarray, ""]
    conditions: Conditions

    @property
    def labels(self) -> tuple[str, ...]:
        """What is compared, with its unit."""
        return ("Impedance [Ohm]",)

    def residuals(self, cell: Any, conditions: Conditions, cost: AbstractCost) -> tuple[Array, Array, Any]:
        """Residuals of both parts and a last one of nothing that is missing, their weights, and what the model had in
        their places."""
        there = impedance(self.model(cell), self.frequencies, soc=conditions.soc, T=conditions.T)
        leads = 2j * jnp.pi * jnp.asarray(self.frequencies) * conditions.inductance
        Z = conditions.I_scale * there.Z + leads
        return compared(self, [jnp.concatenate([Z.real, Z.imag])], jnp.zeros(()), cost)
