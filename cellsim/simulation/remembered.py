"""Results of a method that a module remembers without becoming another tree by it."""

import weakref
from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

import equinox as eqx

T = TypeVar("T")


class remembered(Generic[T]):
    """As `functools.cached_property`, for a method of an `equinox.Module`.

    What a cached property leaves among the attributes of a module is seen by JAX as a part of its structure: the module
    would no longer compare equal to one that was not asked yet, nor be served by the same compiled program. Here it
    lies beside the module, for as long as that lives.
    """

    def __init__(self, method: Callable[[Any], T]):
        self.method = method
        self.__doc__ = method.__doc__
        self.found: dict[int, tuple[weakref.ref, T]] = {}

    @overload
    def __get__(self, module: None, owner: type) -> "remembered[T]": ...
    @overload
    def __get__(self, module: eqx.Module, owner: type) -> T: ...
    def __get__(self, module: eqx.Module | None, owner: type) -> Any:
        if module is None:
            return self
        key = id(module)
        if key not in self.found:
            forget = weakref.ref(module, lambda _: self.found.pop(key, None))
            self.found[key] = forget, self.method(module)
        return self.found[key][1]
