"""What a value is, as a word that another process finds too: also what a function of the user's own computes."""

import dataclasses
import dis
import enum
import functools
import hashlib
import re
from collections.abc import Iterator
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import jax
import numpy as np

from cellsim.programs import has_lasting_name

PLAIN = (type(None), bool, int, float, complex, str, bytes, type(...))
GENERATED = (  # methods of a dataclass that follow from its fields
    *("__init__", "__repr__", "__eq__", "__hash__", "__lt__", "__le__", "__gt__", "__ge__", "__replace__"),
    *("__setattr__", "__delattr__", "__getstate__", "__setstate__"),
)
ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def identity(*values: Any) -> str:
    """A word that is the same for the same values and no others, in another process too.

    Arrays count by their content, what is static in a tree as well. A function, a class or a module of an installed
    package counts by its name; any other function by what it computes: its code and constants, its defaults, what it
    closes over, and the globals that it names, those of its own module or of others. The code is that of one version of
    Python: another may give another word.
    """
    return _Reader().read(values).hex()[:24]


class _Reader:
    """Reads values, each object once."""

    def __init__(self) -> None:
        self.found: dict[int, tuple[Any, bytes]] = {}  # by the address; the value is kept, so that this stays its own
        self.open: dict[int, int] = {}  # what is being read, and at which depth: a value may hold itself

    def read(self, value: Any) -> bytes:
        """The digest of a value."""
        if type(value) in PLAIN:
            return _digest(type(value).__name__, repr(value))
        key = id(value)
        if key in self.found:
            return self.found[key][1]
        if key in self.open:
            return _digest("above", str(self.open[key]))
        self.open[key] = len(self.open)
        try:
            digest = _digest(*self._parts(value))
        finally:
            del self.open[key]
        self.found[key] = value, digest
        return digest

    def _parts(self, value: Any) -> Iterator[Any]:
        """What makes a value what it is."""
        kind = type(value)
        if isinstance(value, (np.ndarray, np.generic, jax.Array)) and _is_of_numbers(value):
            array = np.asarray(value)
            yield from ("array", str(array.dtype), str(array.shape), np.ascontiguousarray(array).tobytes())
        elif isinstance(value, (tuple, list)) or (isinstance(value, np.ndarray) and value.dtype == object):
            yield from ("row", self.read(kind), *map(self.read, value))
        elif isinstance(value, dict):
            pairs = ((self.read(name), self.read(x)) for name, x in value.items())
            yield from ("pairs", self.read(kind), *(part for pair in sorted(pairs) for part in pair))
        elif isinstance(value, (set, frozenset)):
            yield from ("set", self.read(kind), *sorted(map(self.read, value)))
        elif isinstance(value, CodeType):
            yield from self._code(value)
        elif isinstance(value, ModuleType):
            yield from ("module", value.__name__)
        elif isinstance(value, functools.partial):
            yield from ("partial", self.read(value.func), self.read(value.args), self.read(value.keywords))
        elif isinstance(value, MethodType):
            yield from ("method", self.read(value.__self__), self.read(value.__func__))
        elif has_lasting_name(value):
            yield from ("name", value.__module__, value.__qualname__)
        elif isinstance(value, FunctionType):
            yield from self._function(value)
        elif isinstance(value, type):
            yield from self._class(value)
        elif hasattr(value, "__wrapped__"):  # as by jax.jit
            yield from ("wrapped", kind.__name__, self.read(value.__wrapped__))
        elif isinstance(value, enum.Enum):
            yield from ("member", self.read(kind), value.name)
        elif dataclasses.is_dataclass(value):
            held = {field.name: getattr(value, field.name, None) for field in dataclasses.fields(value)}
            yield from ("fields", self.read(kind), self.read(held))
        else:
            yield from self._object(value)

    def _object(self, value: Any) -> Iterator[Any]:
        """An object as it would be pickled, or where it cannot be, as it is printed."""
        try:
            reduced = value.__reduce_ex__(4)
        except Exception:  # whatever it may raise that is not made for this
            yield from ("other", self.read(type(value)), ADDRESS.sub("", repr(value)))
            return
        if isinstance(reduced, str):
            reduced = (type(value), reduced)
        items = [list(part) if isinstance(part, Iterator) else part for part in reduced]
        yield from ("object", *map(self.read, items))

    def _code(self, code: CodeType) -> Iterator[Any]:
        yield from ("code", code.co_code, code.co_exceptiontable, self.read(code.co_consts), self.read(code.co_names))
        yield str((code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags))

    def _function(self, function: FunctionType) -> Iterator[Any]:
        closure = [_held(cell) for cell in function.__closure__ or ()]
        yield from ("function", *map(self.read, (function.__code__, closure, function.__defaults__)))
        yield self.read(function.__kwdefaults__)
        codes = list(_codes(function.__code__))
        names = sorted({name for code in codes for name in code.co_names})
        for name in sorted(_globals_of(codes)):
            if name in function.__globals__:
                value = function.__globals__[name]
                yield from (name, self.read(value))
                if isinstance(value, ModuleType) and not has_lasting_name(value):
                    for part in names:
                        if part in vars(value):
                            yield from (part, self.read(vars(value)[part]))

    def _class(self, kind: type) -> Iterator[Any]:
        yield from ("class", kind.__qualname__, *map(self.read, kind.__bases__))
        for name, value in sorted(vars(kind).items()):
            if name in GENERATED and dataclasses.is_dataclass(kind):
                continue
            for way in ("fget", "__func__", "method"):  # of a property, a static method, and what equinox makes of one
                value = getattr(value, way, value)
            if isinstance(value, FunctionType) or (type(value) in PLAIN and not name.startswith("__")):
                yield from (name, self.read(value))


def _digest(*parts: bytes | str) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode(errors="surrogatepass") if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8, "little") + content)
    return digest.digest()


def _is_of_numbers(array: Any) -> bool:
    """Whether the content of an array is its bytes: not of objects, nor of JAX's keys for random numbers."""
    return isinstance(array.dtype, np.dtype) and array.dtype != object


def _held(cell: Any) -> Any:
    """What is in a cell of a closure; a recursive function may be read before it is there."""
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _codes(code: CodeType) -> Iterator[CodeType]:
    """A code, and all within it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _globals_of(codes: list[CodeType]) -> set[str]:
    """The names of globals that codes read."""
    read = ("LOAD_GLOBAL", "LOAD_NAME")
    return {each.argval for code in codes for each in dis.get_instructions(code) if each.opname in read}
