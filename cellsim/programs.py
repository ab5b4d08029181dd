"""Compiled programs that the next process finds as they are: nothing is traced, lowered or compiled again.

JAX's own cache on disk spares the compiler; here the tracing is spared as well, most of what is left of a cold start.
A program is found by the structure of its arguments (with all that is static in it), their shapes and types, the files
of the package, the versions below it, JAX's settings, and the machine. Whatever is not wholly described by names within
installed packages, as a law in a function of the user's, is traced as ever. The files are trusted as the machine code
in JAX's cache beside them is.
"""

import contextlib
import hashlib
import io
import os
import pickle
import platform
import re
import shutil
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from functools import cache, partial, update_wrapper
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Generic, NamedTuple, ParamSpec, TypeVar

import jax
import numpy as np
from jax.experimental import serialize_executable

from cellsim.compilation import cache_directory
from cellsim.files import moved_into_place

PACKAGES = ("cellsim", "jax", "jaxlib", "numpy", "ml_dtypes", "equinox", "diffrax", "optimistix", "lineax", "jaxtyping")
VERSIONED = ("jax", "jaxlib", "numpy", "equinox", "diffrax", "optimistix", "lineax")
PACKAGE = Path(__file__).parent
CALLS = re.compile(r"custom_call\s*@([\w.$]+)|call_target_name\s*=\s*\"([\w.$]+)\"")
KEPT_FOR = 30 * 86400.0  # s; programs of another version that were not used for so long are removed

P = ParamSpec("P")
R = TypeVar("R")
Arrays = list[Any]


class Stored(Generic[P, R]):
    """A function of arrays that is compiled once for every structure of its arguments, in this process or in an earlier
    one. Arguments by keyword are static. Under JAX's transformations it is what `jax.jit` makes of it."""

    def __init__(self, function: Callable[P, R], static: tuple[str, ...] = ()) -> None:
        self.function = function
        self.jitted: Callable[..., R] = jax.jit(function, static_argnames=static)
        self.programs: dict[Any, Callable[[Arrays], R]] = {}
        update_wrapper(self, function)
        _ALL.append(self)

    def __call__(self, *args: P.args, **static: P.kwargs) -> R:
        """What the function returns."""
        leaves, tree = jax.tree.flatten(args)
        try:
            kinds = tuple([_kind(leaf) for leaf in leaves])
        except TypeError:
            return self.jitted(*args, **static)
        if jax.config.jax_disable_jit or jax.config.jax_debug_nans:  # type: ignore[attr-defined]
            return self.jitted(*args, **static)
        key = (tree, kinds, tuple(static.items()))
        program = self.programs.get(key)
        if program is None:
            program = self.programs[key] = self._program(leaves, tree, kinds, static)
        return program(leaves)

    def _program(self, leaves: Arrays, tree: Any, kinds: Any, static: dict[str, Any]) -> Callable[[Arrays], R]:
        """That of an earlier process, or else a new one."""
        traced = lambda leaves: self.jitted(*jax.tree.unflatten(tree, leaves), **static)
        about = (self.function.__module__, self.function.__qualname__, kinds, tuple(sorted(static.items())), tree)
        place = None if is_patched() else _place(about)
        if place is None:
            return traced
        # whatever is wrong with a file or its folder: the program is made anew; what the function itself raises comes
        # again where it is traced
        with contextlib.suppress(Exception):
            return _Loaded(_read(place), traced)
        with contextlib.suppress(Exception):
            return _Loaded(_made(partial(self.function, **static), leaves, tree, place), traced)
        return traced


_ALL: list[Stored[Any, Any]] = []


def forget() -> None:
    """Lets go of the programs of this process, as `jax.clear_caches` does of JAX's; those on disk stay."""
    for each in _ALL:
        each.programs.clear()


def stored(function: Callable[P, R] | None = None, *, static: tuple[str, ...] = ()) -> Any:
    """`Stored`, as a decorator; `static`: names of the arguments by keyword."""
    return partial(Stored, static=static) if function is None else Stored(function, static)


class Made(NamedTuple):
    """A compiled program of a list of arrays, and the structure of what it returns."""

    compiled: Any
    tree: Any
    is_read: bool  # from disk, and not made here


class _Loaded:
    """A program that is called with the leaves of its arguments."""

    def __init__(self, made: Made, otherwise: Callable[[Arrays], Any]) -> None:
        self.made, self.otherwise, self.is_proven = made, otherwise, False

    def __call__(self, leaves: Arrays) -> Any:
        try:
            found = self.made.compiled(*leaves)
            if not self.is_proven:
                jax.block_until_ready(found)
                self.is_proven = True
        except (TypeError, ValueError, jax.errors.JaxRuntimeError):  # arrays on another device, a file of no use
            return self.otherwise(leaves)
        return jax.tree.unflatten(self.made.tree, found)


def _kind(leaf: Any) -> Any:
    """What a program must know of an argument. Raises `TypeError` for one that is traced, or no array."""
    if isinstance(leaf, np.ndarray):
        return leaf.shape, leaf.dtype, False
    if isinstance(leaf, (bool, int, float, complex)):
        return type(leaf)
    if isinstance(leaf, jax.core.Tracer) or not isinstance(leaf, jax.Array):
        raise TypeError
    return leaf.shape, leaf.dtype, leaf.weak_type


# ---- on disk


class Place(NamedTuple):
    """Where a program is looked for: by what it depends on there is a file that says which executable it is, and what
    structure its result has."""

    folder: Path
    key: str

    @property
    def pointer(self) -> Path:
        """The file of the program, as the package is."""
        return self.folder / FILES / self.key

    def executable(self, name: str) -> Path:
        """An executable, whose name is made from its code: another version of the package may have it as well."""
        return self.folder / "executables" / name


def _place(about: Any) -> Place | None:
    """Where a program is kept, if all that it depends on has a name."""
    folder = directory()
    if folder is None:
        return None
    try:
        return Place(folder, _hash(_described(about)))
    except (pickle.PickleError, TypeError, AttributeError):
        return None


def _read(place: Place) -> Made:
    """A program of an earlier process. Raises `FileNotFoundError`, and whatever a damaged file leads to."""
    name, described = pickle.loads(place.pointer.read_bytes())
    return Made(_executable(place, name), pickle.loads(described), True)


def _executable(place: Place, name: str) -> Any:
    """An executable that is there. Raises `FileNotFoundError`, and whatever a damaged file leads to."""
    file = place.executable(name)
    uses_lapack, content = pickle.loads(file.read_bytes())
    if uses_lapack:
        _prepare_lapack()
    found = serialize_executable.deserialize_and_load(*content)
    os.utime(file)
    return found


@cache
def _prepare_lapack() -> None:
    """JAX looks LAPACK up when it lowers a program that calls it; without that, one that is read ends the process."""
    jax.jit(jax.lax.linalg.lu).lower(np.eye(2))


def _uses_lapack(code: str) -> bool:
    """Whether a lowered program calls LAPACK. Raises `ValueError` where it calls what only this process has."""
    called = {a or b for a, b in CALLS.findall(code)}
    if others := {name for name in called if not name.startswith("lapack_")}:
        raise ValueError(f"a program that calls {', '.join(sorted(others))} is not stored")
    return bool(called)


def _made(function: Callable[..., Any], leaves: Arrays, tree: Any, place: Place) -> Made:
    """A program from the function itself, stored for later processes."""
    seen = []

    def flat(*leaves: Any) -> Arrays:
        found, structure = jax.tree.flatten(function(*jax.tree.unflatten(tree, leaves)))
        seen.append(structure)
        return found

    lowered = jax.jit(flat).lower(*leaves)
    code = lowered.as_text()
    uses_lapack = _uses_lapack(code)
    name = _hash(f"{list(map(_kind, leaves))} {code}".encode())  # also of arguments that are not used
    structure = seen[-1]
    try:
        compiled = _executable(place, name)
    except Exception:  # there is none, or none that can be used
        with _not_cached_by_jax():
            compiled = lowered.compile()
        with contextlib.suppress(OSError):
            content = serialize_executable.serialize(compiled)
            _write(place.executable(name), pickle.dumps((uses_lapack, content)))
    with contextlib.suppress(OSError, pickle.PickleError, TypeError, AttributeError):
        described = _described(structure)
        if pickle.loads(described) == structure:  # what does not come back as it was is of no use
            _write(place.pointer, pickle.dumps((name, described)))
            _tidy(place.folder)
    return Made(compiled, structure, False)


@contextlib.contextmanager
def _not_cached_by_jax() -> Iterator[None]:
    """An executable that JAX has read from its cache on disk cannot be stored again: it has lost its code."""
    name = "jax_persistent_cache_min_compile_time_secs"
    usual = getattr(jax.config, name)
    jax.config.update(name, 1e9)
    try:
        yield
    finally:
        jax.config.update(name, usual)


def _write(file: Path, content: bytes) -> None:
    """Writes a file whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with moved_into_place(file, keeps_earlier=False) as temporary:
        temporary.write_bytes(content)


def _tidy(folder: Path) -> None:
    """Removes what was not used for long."""
    old = time.time() - KEPT_FOR
    for other in folder.iterdir():
        if other.name == "executables":
            for file in other.iterdir():
                if file.stat().st_mtime < old:
                    file.unlink(missing_ok=True)
        elif other.name != FILES and other.stat().st_mtime < old:
            shutil.rmtree(other, ignore_errors=True)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class _Names(pickle.Pickler):
    """Writes values down, functions and classes by name; only those of installed packages have one that lasts."""

    def reducer_override(self, value: Any) -> Any:
        """By its name, as usual, or not at all."""
        if (isinstance(value, type) or hasattr(value, "__qualname__")) and not _is_of_known_package(value.__module__):
            raise pickle.PicklingError(f"{value} is not of an installed package")
        if type(value).__name__ == "_Missing":  # equinox's mark of what is not there, of which there is one alone
            return "MISSING"
        return NotImplemented


def has_lasting_name(value: Any) -> bool:
    """Whether a module, a function or a class is of an installed package, and found there by its name: not a lambda,
    nor what a function has made."""
    is_module = isinstance(value, ModuleType)
    module = value.__name__ if is_module else getattr(value, "__module__", None)
    name = "" if is_module else getattr(value, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str) or "<" in name or module == "__main__":
        return False
    return _is_of_known_package(module) or _is_installed(module)


def _is_of_known_package(module: Any) -> bool:
    root = str(module).partition(".")[0]
    return root in PACKAGES or root in sys.stdlib_module_names


def _described(value: Any) -> bytes:
    """A value by names and numbers. Raises `pickle.PicklingError` where that is not possible."""
    buffer = io.BytesIO()
    names = _Names(buffer)
    names.fast = True  # what is equal is written alike, whether or not it is the same object
    names.dump(value)
    return buffer.getvalue()


def directory() -> Path | None:
    """Where programs for these versions, settings and machine are kept; None where nothing is."""
    base = cache_directory()
    if base is None or jax.config.jax_compilation_cache_dir != str(base) or jax.default_backend() != "cpu":  # type: ignore[attr-defined]
        return None
    settings = {name: value for name, value in jax.config.values.items() if "cache" not in name}
    flags = {name: value for name, value in os.environ.items() if name.startswith(("XLA_", "JAX_", "EQX_"))}
    versions = [sys.version, *(sys.modules[name].__version__ for name in VERSIONED)]
    about = repr((versions, processor(), jax.device_count(), sorted(settings.items()), sorted(flags.items())))
    return base / "programs" / _hash(about.encode())[:32]


def _files() -> str:
    """The package as it is when it is imported: names, sizes and times of its files, as a word."""
    found = []
    for folder, _, names in os.walk(PACKAGE):
        for file in (os.path.join(folder, name) for name in names if name.endswith(".py")):
            about = os.stat(file)
            found.append((file, about.st_size, about.st_mtime_ns))
    return _hash(repr(sorted(found)).encode())[:32]


FILES = _files()


@cache
def processor() -> str:
    """What the machine can do."""
    about = Path("/proc/cpuinfo")
    if not about.exists():
        return f"{platform.machine()} {platform.processor()}"
    lines = about.read_text(errors="replace").split("\n\n")[0].splitlines()
    return "\n".join(line for line in lines if line.startswith(("model name", "flags", "Features", "CPU part")))


def is_patched() -> bool:
    """Whether a function or a method of the package was replaced by one that is not of an installed package."""
    modules = [module for name, module in list(sys.modules.items()) if name.partition(".")[0] == "cellsim"]
    values = [value for module in modules for value in vars(module).values()]
    classes = [value for value in values if isinstance(value, type) and value.__module__.startswith("cellsim")]
    values += [value for each in set(classes) for value in vars(each).values()]
    roots = {value.__module__.partition(".")[0] for value in values if isinstance(value, (type, FunctionType))}
    return not all(map(_is_installed, roots))


@cache
def _is_installed(module: str) -> bool:
    """Whether a module is of the language, of this package, or installed beside them."""
    if module in ("cellsim", *sys.builtin_module_names):
        return True
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    return file.startswith(tuple(sysconfig.get_paths().values()))
