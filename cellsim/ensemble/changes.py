"""Which numbers of a cell are changed, by their paths, also where a law stands."""

from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax.numpy as jnp

from cellsim.laws import Constant, scaled
from cellsim.parameters import Quantity, described, get, replace

SCALE = ".scale"  # at the end of a path: a factor on what is there, a number or a law of any kind
CONDITIONS = {  # what is no number of the cell, but of its run
    "soc": Quantity("-", -0.5, 1.5, "state of charge at the beginning"),
    "T": Quantity("K", 200.0, 400.0, "temperature at the beginning, and around the cell"),
}


def with_changes(cell: Any, values: Mapping[str, Any]) -> Any:
    """`cell` with `values` at their paths; factors last, on what is there then. Raises `UnknownPath`."""
    for path in sorted(values, key=lambda path: path.endswith(SCALE)):
        if path.endswith(SCALE):
            at = path.removesuffix(SCALE)
            cell = replace(cell, at, scaled(get(cell, at), values[path]))
        else:
            cell = replace(cell, path, values[path])
    return cell


def value_of(cell: Any, path: str) -> Any:
    """The number that `cell` has at `path`; 1 for a factor. Raises `UnknownPath`, and `ValueError` where a law that is
    no constant stands, with what can be said instead, or for a factor on what is neither a number nor a law."""
    if path.endswith(SCALE):
        here = get(cell, at := path.removesuffix(SCALE))
        if not (eqx.is_array_like(here) or callable(here)):
            raise ValueError(f"'{at}' is no number and no law but {type(here).__name__}, so that no factor acts on it.")
        return jnp.ones(())
    here = get(cell, path)
    if isinstance(here, Constant):
        return here.value
    if not eqx.is_array_like(here):
        raise ValueError(f"'{path}' is no number but {type(here).__name__}; '{path}{SCALE}' is a factor on all of it.")
    return jnp.asarray(here)


def about(cell: Any, path: str) -> Quantity | None:
    """Unit, plausible range and meaning of what stands at `path`, where they are known."""
    if path in CONDITIONS:
        return CONDITIONS[path]
    if path.endswith(SCALE):
        return Quantity("-", 0.0, float("inf"), f"factor on {path.removesuffix(SCALE)}")
    return described(cell, path)
