"""LG M50 21700, 5 A.h, of `okane2022`, as it ages: a film that grows on the negative electrode, and lithium plating.

Values from
    S. E. J. O'Kane, W. Ai, G. Madabattula, D. Alonso-Alvarez, R. Timms, V. Sulzer, J. S. Edge, B. Wu, G. J. Offer and
    M. Marinescu, Lithium-ion battery degradation: how to model it, Phys. Chem. Chem. Phys. 24 (2022) 7909-7922,
    doi:10.1039/D2CP00417H,
of the film (SEI) as fast as solvent diffuses through it, and of plating that is reversible in part. Plated lithium
loses its contact the more slowly the thicker the film is. The film stands in series with all that happens beneath it.
Cracks, loss of active material and clogging of pores are left out.
"""

import dataclasses

from cellsim.cells.design import Cell
from cellsim.cells.library import okane2022
from cellsim.electrode.side_reactions import ReversiblePlating, SEIFilm, SolventLimitedSEI
from cellsim.parameters import replace

SOURCE = okane2022.SOURCE
L0 = 5e-9  # m, of the film


def sei() -> SolventLimitedSEI:
    """Growth of the film."""
    film = SEIFilm(L0=L0, V_bar=9.585e-5, lithium=1.0, resistivity=2e5, U=0.4)
    return SolventLimitedSEI(film, D_sol=2.5e-22, c_sol=2636.0, E=38000.0)


def plating() -> ReversiblePlating:
    """Plating and stripping of lithium, of which some dies."""
    return ReversiblePlating(k=1e-9, alpha_c=0.65, decay=1e-6, L_ref=L0)


def cell() -> Cell:
    """The LG M50 of O'Kane et al. 2022, with side reactions at its negative electrode."""
    aged = replace(okane2022.cell(), "negative.side_reactions", (sei(), plating()))
    return dataclasses.replace(aged, name="OKane2022_ageing", source=SOURCE)
