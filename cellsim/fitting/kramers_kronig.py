"""Whether a measured spectrum is that of a linear, causal system that stood still while it was measured.

Such a system obeys the Kramers-Kronig relations, as every series of resistors, capacitors and RC elements does: a
spectrum that no such series comes near was measured on something that drifted, or that was driven too hard.

Source: Boukamp, J. Electrochem. Soc. 142 (1995) 1885, doi:10.1149/1.2044210; Schönleber, Klotz & Ivers-Tiffée,
Electrochim. Acta 131 (2014) 20, doi:10.1016/j.electacta.2014.01.034.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Complex

from cellsim.simulation.spectrum import Spectrum

MOST_ELEMENTS = 60
OVERFITTING = 0.85  # of `mu`, below which more elements would follow the noise
CONSISTENT = 0.01  # of the modulus: the residual that good instruments leave on a cell at rest
NEEDS = "the Kramers-Kronig test needs the package impedance; install it by: pip install 'cellsim[impedance]'"


class MissingPackage(ImportError):
    """An optional package is not there."""


class KramersKronig(NamedTuple):
    """How far a spectrum is from its nearest that obeys the Kramers-Kronig relations."""

    residuals: Complex[np.ndarray, " frequencies"]  # relative to the modulus, in the order of the frequencies
    elements: int  # RC elements in the series
    mu: float  # of the resistances, how few are negative; 1 is none

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


def kramers_kronig(spectrum: Spectrum, most_elements: int = MOST_ELEMENTS) -> KramersKronig:
    """The linear Kramers-Kronig test of a measured spectrum, a capacitor in the series. Raises `MissingPackage`."""
    try:
        from impedance.validation import linKK
    except ImportError:
        raise MissingPackage(NEEDS) from None
    f, Z = np.asarray(spectrum.frequencies), np.asarray(spectrum.Z)
    elements, mu, _, real, imaginary = linKK(
        f, Z, c=OVERFITTING, max_M=min(most_elements, len(f)), fit_type="complex", add_cap=True
    )
    return KramersKronig(np.asarray(real) + 1j * np.asarray(imaginary), int(elements), float(mu))
