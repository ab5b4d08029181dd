"""An impedance spectrum, computed or measured."""

from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float

from cellsim.discretisation.layout import State
from cellsim.parameters import as_float_array

COLUMNS = ("frequency_Hz", "z_real_Ohm", "z_imag_Ohm")


def _as_complex_array(value: Any) -> Any:
    """`value` as an array of complex numbers; what JAX traces is left as it is."""
    return jax.device_put(np.asarray(value, dtype=complex)) if isinstance(value, (list, tuple, np.ndarray)) else value


class Spectrum(eqx.Module):
    """Impedance `Z` [Ohm] over `frequencies` [Hz], by the engineers' sign: a capacity has a negative imaginary part.

    Spectra at several states are stacked in front.
    """

    frequencies: Float[Array, " frequencies"] = eqx.field(converter=as_float_array)
    Z: Complex[Array, "*states frequencies"] = eqx.field(converter=_as_complex_array)
    state: State | None = None  # at which it was computed
    t: Float[Array, "*states"] | None = None  # of the states, since a run began [s]
    name: str = eqx.field(static=True, default="")
    said: tuple[str, ...] = eqx.field(static=True, default=())  # what reading it found and changed, a sentence each

    @property
    def modulus(self) -> Float[Array, "*states frequencies"]:
        """|Z| [Ohm]."""
        return jnp.abs(self.Z)

    @property
    def phase(self) -> Float[Array, "*states frequencies"]:
        """Phase of Z [degrees], negative where the current is ahead."""
        return jnp.rad2deg(jnp.angle(self.Z))

    def to_csv(self, path: str | Path) -> None:
        """Writes `COLUMNS` to ten significant digits, rising frequencies. Raises `ValueError` for several states."""
        if self.Z.ndim != 1:
            raise ValueError(f"a table holds one spectrum, and here are {self.Z.shape[:-1]}; write them one by one.")
        f, Z = np.asarray(self.frequencies), np.asarray(self.Z)
        rows = [f"{f[k]:.10g},{Z[k].real:.10g},{Z[k].imag:.10g}\n" for k in np.argsort(f)]
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            file.write(",".join(COLUMNS) + "\n")
            file.writelines(rows)

    def plot(self, title: str = "", *others: "Spectrum") -> Any:
        """Nyquist and Bode plots side by side, with `others` in them; see `cellsim.plotting.spectra_figure`."""
        from cellsim import plotting

        return plotting.spectra_figure([self, *others], title)
