"""Numbers with a unit, a plausible range and a path.

Units and ranges live on the dataclass field that holds the number, so a tree of parameters is its own register: it can
be listed, checked, read and changed by path without a second table anywhere.
"""

import dataclasses
import difflib
from collections.abc import Iterator
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np


class Quantity(NamedTuple):
    """What a field holds: its unit, the range in which a value is plausible, and its meaning in words."""

    unit: str
    low: float
    high: float
    doc: str


class Leaf(NamedTuple):
    """One number (or array of numbers) of a tree: where it is, what it is worth, what it means."""

    path: str
    value: Any
    quantity: Quantity | None


class ImplausibleValue(ValueError):
    """A number lies outside its plausible range, most often because of its unit."""


class UnknownPath(KeyError):
    """A path names nothing in the tree."""

    def __str__(self) -> str:
        return str(self.args[0])


def as_floats(values: Any) -> tuple[float, ...]:
    """Numbers that are part of a program, from a list or an array of them."""
    return tuple(map(float, values))


def as_float_array(value: Any) -> Any:
    """`value` as a float64 array; anything that is not a number (a tracer's placeholder, say) is left as it is.

    A Python float as a field would be a constant of the compiled program: every new value would recompile, and its
    gradient would be `None`.
    """
    if isinstance(value, (bool, int, float, list, tuple, np.ndarray, np.number)):
        return jax.device_put(np.asarray(value, dtype=float))  # jnp.asarray compiles a program for it
    return value


def quantity(unit: str, low: float, high: float, doc: str, **kwargs: Any) -> Any:
    """A field for one differentiable number in `unit`, plausible from `low` to `high`."""
    return eqx.field(converter=as_float_array, metadata={"quantity": Quantity(unit, low, high, doc)}, **kwargs)


def _children(node: Any) -> Iterator[tuple[str, Any, Quantity | None]]:
    """The named parts of a node with what their field says of them; static fields are no parameters."""
    if dataclasses.is_dataclass(node) and not isinstance(node, type):
        for field in dataclasses.fields(node):
            if not field.metadata.get("static", False):
                yield field.name, getattr(node, field.name), field.metadata.get("quantity")
    elif isinstance(node, dict):
        for key, value in node.items():
            yield str(key), value, None
    elif isinstance(node, (tuple, list)):
        for index, value in enumerate(node):
            yield str(index), value, None


def leaves(tree: Any, prefix: str = "") -> list[Leaf]:
    """Every number of `tree` with its path, in the order of the fields."""
    found = []
    for name, value, about in _children(tree):
        path = f"{prefix}.{name}" if prefix else name
        if eqx.is_array_like(value) and not isinstance(value, (bool, str)):
            found.append(Leaf(path, value, about))
        else:
            found.extend(leaves(value, path))
    return found


def _resolve(tree: Any, path: str) -> tuple[str, ...]:
    """The names along `path`, checked one by one; raises `UnknownPath` with a suggestion."""
    names = tuple(path.split("."))
    node = tree
    for depth, name in enumerate(names):
        children = {child: value for child, value, _ in _children(node)}
        if name not in children:
            where = ".".join(names[:depth]) or "the cell"
            by_plain_name = {child.lower(): child for child in children}
            near = difflib.get_close_matches(name.lower(), by_plain_name, n=1)
            hint = f" Did you mean '{by_plain_name[near[0]]}'?" if near else ""
            known = ", ".join(children) if children else "nothing: it is a number"
            raise UnknownPath(f"unknown parameter '{path}': {where} has no '{name}'.{hint} It has {known}.")
        node = children[name]
    return names


def _step(node: Any, name: str) -> Any:
    if isinstance(node, dict):
        return node[name]
    if isinstance(node, (tuple, list)):
        return node[int(name)]
    return getattr(node, name)


def get(tree: Any, path: str) -> Any:
    """The part of `tree` at `path`, such as `negative.L`. Raises `UnknownPath`."""
    node = tree
    for name in _resolve(tree, path):
        node = _step(node, name)
    return node


def replace(tree: Any, path: str, value: Any) -> Any:
    """A copy of `tree` with `value` at `path`. A number put in the place of a law becomes a constant law, as the
    field's own converter decides. Raises `UnknownPath`."""
    names = _resolve(tree, path)

    def rebuilt(node: Any, rest: tuple[str, ...]) -> Any:
        if not rest:
            return value
        name, tail = rest[0], rest[1:]
        new = rebuilt(_step(node, name), tail)
        if isinstance(node, dict):
            return {**node, name: new}
        if isinstance(node, (tuple, list)):
            parts = list(node)
            parts[int(name)] = new
            return type(node)(parts)
        return dataclasses.replace(node, **{name: new})

    return rebuilt(tree, names)


def described(tree: Any, path: str) -> Quantity | None:
    """What the field at `path` says of its number, or of the values of its law; for the number of a constant law, what
    is said of that law. None for a part of neither kind."""
    above, _, name = path.rpartition(".")
    node = get(tree, above) if above else tree
    if not dataclasses.is_dataclass(node):
        return None
    field = {field.name: field for field in dataclasses.fields(node)}.get(name)
    if field is None:  # a law that follows from others
        return None
    found = field.metadata.get("quantity") or field.metadata.get("law")
    return described(tree, above) if found is None and name == "value" and above else found


def problems(tree: Any) -> list[str]:
    """One line for every number of `tree` outside its plausible range; traced values are not judged."""
    found = []
    for path, value, about in leaves(tree):
        if about is None or isinstance(value, jax.core.Tracer):
            continue
        array = np.asarray(value)
        inside = (array >= about.low) & (array <= about.high)  # false for NaN as well
        if not inside.all():
            worst = array.flat[int(np.argmin(inside))]
            found.append(f"{path} = {worst:g} {about.unit}; expected {about.low:g} to {about.high:g} {about.unit}.")
    return found


def check(tree: Any) -> None:
    """Raises `ImplausibleValue`, listing every number of `tree` that cannot be meant."""
    found = problems(tree)
    if found:
        head = "1 parameter looks" if len(found) == 1 else f"{len(found)} parameters look"
        lines = "\n".join(f"  {line}" for line in found)
        raise ImplausibleValue(
            f"{head} implausible (wrong unit?):\n{lines}\nPass `check=False` to the loader if the value is meant."
        )
