"""What `cellsim describe` says of a half cell or a symmetric cell at rest."""

import jax.numpy as jnp

from cellsim.cells.design import lithium_capacity
from cellsim.cells.metal import HalfCellDesign, Metal, SymmetricDesign, lithiation_at_soc
from cellsim.electrolyte.measurements import limiting_current_of


def at_rest(cell: HalfCellDesign | SymmetricDesign) -> list[tuple[str, str]]:
    """Rows of a name and a text."""
    return _half_cell(cell) if isinstance(cell, HalfCellDesign) else _symmetric(cell)


def _exchange(name: str, metal: Metal, cell: HalfCellDesign | SymmetricDesign) -> tuple[str, str]:
    j0 = float(metal.kinetics.j0(cell.c0, cell.T_ref))
    return f"exchange current density, {name}", f"{j0:.4g} A/m2" if j0 else "none: blocking"


def _half_cell(cell: HalfCellDesign) -> list[tuple[str, str]]:
    particle, T = cell.working.materials[0], jnp.asarray(cell.T_ref)
    j0 = float(particle.kinetics.j0(cell.c0, particle.theta0, particle.c_max, T))
    rows = [
        ("lithium capacity, working electrode", f"{float(lithium_capacity(cell.working, cell.area)):.4g} A.h"),
        ("exchange current density, working electrode", f"{j0:.4g} A/m2 in the published state"),
        _exchange("lithium", cell.lithium, cell),
    ]
    for soc in (0.0, 0.5, 1.0):
        theta = lithiation_at_soc(cell, jnp.asarray(soc), T)
        V = float(particle.equilibrium(theta, T))
        rows.append((f"at state of charge {soc:g}", f"{V:.4f} V against lithium, lithiation {float(theta):.4f}"))
    return rows


def _symmetric(cell: SymmetricDesign) -> list[tuple[str, str]]:
    path = sum(layer.L / layer.kappa_factor for layer in cell.layers)  # as long in free solution
    R = float(path / cell.electrolyte.kappa(cell.c0, cell.T_ref) / cell.area)
    rows = [_exchange(name, metal, cell) for name, metal in (("left", cell.left), ("right", cell.right))]
    rows.append(("resistance of the electrolyte", f"{R:.4g} Ohm"))
    if len(cell.layers) == 1:
        i = limiting_current_of(cell.electrolyte, cell.c0, cell.T_ref, path)
        rows.append(("limiting current", f"{float(i * cell.area):.4g} A"))
    return rows
