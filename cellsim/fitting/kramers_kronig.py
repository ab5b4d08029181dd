"""Whether a measured spectrum is that of a linear, causal system that stood still while it was measured.

Such a system obeys the Kramers-Kronig relations, as every series of resistors, a capacitor, an inductor and RC elements
does, and a spectrum that no such series comes near was measured on something that drifted, or that was driven too hard.
With the time constants of the RC elements given, evenly on a logarithmic axis over the measured range, the series is
linear in its parts and is found by least squares. Their number is the greatest with which few of the resistances are
negative: with more the series would follow the noise. With as many elements the residuals are those of the package
`impedance` (1.7.1), which takes the least number at which more are negative, and does not run with NumPy 2.

Source: Boukamp, J. Electrochem. Soc. 142 (1995) 1885, doi:10.1149/1.2044210; Schönleber, Klotz & Ivers-Tiffée,
Electrochim. Acta 131 (2014) 20, doi:10.1016/j.electacta.2014.01.034.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Complex

from cellsim.simulation.spectrum import Spectrum

MOST = 60  # RC elements
OVERFITTING = 0.85  # `mu` below which more elements would follow the noise
CONSISTENT = 0.01  # of the modulus: the residual that good instruments leave on a cell at rest


class KramersKronig(NamedTuple):
    """How far a spectrum is from its nearest that obeys the Kramers-Kronig relations."""

    residuals: Complex[np.ndarray, " frequencies"]  # measured less nearest, over the measured modulus
    elements: int  # RC elements in the series
    mu: float  # 1 less the share of negative resistances; 1 is none

    @property
    def worst(self) -> float:
        """The greatest residual of a real or imaginary part [-]."""
        return float(max(np.max(np.abs(self.residuals.real)), np.max(np.abs(self.residuals.imag))))

    @property
    def rms(self) -> float:
        """Root mean square of the residuals of both parts [-]."""
        return float(np.sqrt(np.mean(np.abs(self.residuals) ** 2) / 2))

    def is_consistent(self, tolerance: float = CONSISTENT) -> bool:
        """Whether no residual is above `tolerance` [-] of the modulus."""
        return self.worst <= tolerance


def kramers_kronig(spectrum: Spectrum, most: int = MOST) -> KramersKronig:
    """The linear Kramers-Kronig test of a measured spectrum, of at most `most` elements. Raises `ValueError` for fewer
    than ten frequencies, through which some series always passes, and for several spectra at once."""
    f, Z = np.asarray(spectrum.frequencies), np.asarray(spectrum.Z)
    if Z.ndim != 1 or len(f) < 10:
        raise ValueError(
            f"the Kramers-Kronig test takes one spectrum of ten frequencies at least; found {len(f)} frequencies and "
            f"impedances of shape {Z.shape}."
        )
    s = 2j * np.pi * f
    most = min(most, len(f) - 3)  # half as many numbers as were measured
    found = []
    for elements in range(1, most + 1):
        tau = np.geomspace(1 / np.abs(s).max(), 1 / np.abs(s).min(), elements)
        parts = np.column_stack([np.ones_like(s), s, 1 / s, 1 / (1 + s[:, None] * tau)]) / np.abs(Z)[:, None]
        sizes = np.linalg.norm(parts, axis=0)
        weighted = Z / np.abs(Z)
        scaled, *_ = np.linalg.lstsq(_real(parts / sizes), _real(weighted), rcond=1e-13)
        residuals = weighted - (parts / sizes) @ scaled
        R = (scaled / sizes)[3:]
        mu = float(1 - np.sum(-R[R < 0]) / max(np.sum(R[R >= 0]), 1e-300))
        found.append(KramersKronig(residuals, elements, mu))
    return next((each for each in reversed(found) if each.mu >= OVERFITTING), min(found, key=lambda each: each.rms))


def _real(x: np.ndarray) -> np.ndarray:
    return np.concatenate([x.real, x.imag])
