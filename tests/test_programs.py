"""Compiled programs that a later process finds: they are found when they should be, and never when they should not."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cellsim import programs
from cellsim.programs import Stored


class Line(eqx.Module):
    """Something with numbers and with what is static."""

    slope: Any
    is_raised: bool = eqx.field(static=True, default=False)

    def __call__(self, x: Any) -> Any:
        """The line."""
        return self.slope * x + (1.0 if self.is_raised else 0.0)


def along(line: Line, x: Any, unused: Any, *, times: int = 1) -> dict[str, Any]:
    """Values of a line, as a structure."""
    del unused
    return {"values": times * line(x), "line": line}


@pytest.fixture
def on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for programs, which the classes of this file are allowed in."""
    monkeypatch.setattr(programs, "directory", lambda: tmp_path)
    monkeypatch.setattr(programs, "is_patched", lambda: False)
    monkeypatch.setattr(programs, "PACKAGES", (*programs.PACKAGES, __name__.partition(".")[0]))
    return tmp_path


def how(function: Stored[Any, Any]) -> list[bool | None]:
    """Of every program of a function whether it was read from disk; None for one that is traced as ever."""
    loaded = [getattr(program, "made", None) for program in function.programs.values()]
    return [None if made is None else made.is_read for made in loaded]


ARGUMENTS = (Line(np.asarray(2.0)), np.arange(3.0), np.zeros(2))


def test_a_second_function_finds_it(on_disk: Path) -> None:
    """Another function object, as in another process, reads what the first one made; both give what JAX gives."""
    first, second = Stored(along, ("times",)), Stored(along, ("times",))
    made, read = first(*ARGUMENTS, times=3), second(*ARGUMENTS, times=3)
    assert (how(first), how(second)) == ([False], [True])
    plain = along(*ARGUMENTS, times=3)
    assert jax.tree.structure(made) == jax.tree.structure(read) == jax.tree.structure(plain)
    for a, b, c in zip(*map(jax.tree.leaves, (made, read, plain)), strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c)


def test_whatever_differs_is_another_program(on_disk: Path) -> None:
    """Static parts, static arguments, shapes (of unused arguments, too) and types of numbers tell programs apart."""
    Stored(along, ("times",))(*ARGUMENTS, times=1)
    line, x, unused = ARGUMENTS
    others = (
        ((Line(line.slope, is_raised=True), x, unused), 1),
        (ARGUMENTS, 2),
        ((line, x[:2], unused), 1),
        ((line, x, np.zeros(7)), 1),
        ((line, x.astype(np.float32), unused), 1),
        ((line, x, 1.0), 1),
    )
    for arguments, times in others:
        other = Stored(along, ("times",))
        found = other(*arguments, times=times)
        assert how(other) == [False]
        np.testing.assert_allclose(found["values"], along(*arguments, times=times)["values"], rtol=1e-6)


def test_constants_are_part_of_it(on_disk: Path) -> None:
    """Functions of one name that hold different numbers have different executables."""

    def holding(numbers: np.ndarray) -> Stored[Any, Any]:
        def function(x: Any) -> Any:
            return x * jnp.asarray(numbers)

        return Stored(function)

    a, b = np.arange(200.0), np.arange(200.0) + 1
    x = np.ones(200)
    np.testing.assert_array_equal(holding(a)(x), a)
    for file in on_disk.rglob("*"):
        if file.parent.name == programs.FILES:
            file.unlink()  # as of another version of the package, which has changed the numbers
    np.testing.assert_array_equal(holding(b)(x), b)


def test_what_has_no_name_is_traced(on_disk: Path) -> None:
    """A function of the user's own within the arguments: nothing is stored, and it works."""

    class Law(eqx.Module):
        of: Any = eqx.field(static=True)

    function = Stored(lambda law, x: law.of(x))
    assert float(function(Law(lambda x: x + 1), np.asarray(1.0))) == 2.0
    assert float(function(Law(lambda x: x + 2), np.asarray(1.0))) == 3.0
    assert how(function) == [None, None]
    assert not list(on_disk.rglob("*"))


def test_under_transformations(on_disk: Path) -> None:
    """Derivatives, batches and programs around it go through JAX, and nothing is stored for them."""
    function = Stored(lambda x: x**2)
    assert float(jax.grad(function)(3.0)) == 6.0
    np.testing.assert_array_equal(jax.vmap(function)(jnp.arange(3.0)), [0, 1, 4])
    assert float(jax.jit(function)(3.0)) == 9.0
    assert not function.programs
    with jax.disable_jit():
        assert float(function(np.asarray(3.0))) == 9.0
    assert not function.programs


@pytest.mark.parametrize("content", [b"", b"no program", b"\x80\x04N."])
def test_damaged_files(on_disk: Path, content: bytes) -> None:
    """Files that are no programs are replaced."""
    Stored(along)(*ARGUMENTS)
    files = [file for file in on_disk.rglob("*") if file.is_file()]
    assert len(files) == 2
    for file in files:
        file.write_bytes(content)
    again, after = Stored(along), Stored(along)
    np.testing.assert_array_equal(again(*ARGUMENTS)["values"], [0, 2, 4])
    np.testing.assert_array_equal(after(*ARGUMENTS)["values"], [0, 2, 4])
    assert (how(again), how(after)) == ([False], [True])


def test_folder_that_cannot_be_written(on_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program is made, and that is all."""
    (on_disk / "file").touch()
    monkeypatch.setattr(programs, "directory", lambda: on_disk / "file")
    function = Stored(along)
    np.testing.assert_array_equal(function(*ARGUMENTS)["values"], [0, 2, 4])
    assert how(function) == [False]


def test_what_only_this_process_has_is_not_stored(on_disk: Path) -> None:
    """A program that calls back into Python is traced, and works."""
    function = Stored(lambda x: jax.pure_callback(lambda x: x + 1, jax.ShapeDtypeStruct((), float), x))
    assert float(function(np.asarray(1.0))) == 2.0
    assert how(function) == [None]


def test_errors_of_the_function_itself(on_disk: Path) -> None:
    """They come as they are."""

    def fails(x: Any) -> Any:
        raise ArithmeticError("not today")

    with pytest.raises(ArithmeticError, match="not today"):
        Stored(fails)(np.zeros(2))


def test_forgotten(on_disk: Path) -> None:
    """What a process has let go of is read again."""
    function = Stored(along)
    function(*ARGUMENTS)
    programs.forget()
    assert not function.programs
    function(*ARGUMENTS)
    assert how(function) == [True]


def test_a_replaced_function_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function or a method of the package that somebody put in its place."""
    from cellsim import DFN, laws
    from cellsim.models import dfn

    assert not programs.is_patched()
    for owner, name in ((laws, "positive"), (dfn, "DFN"), (DFN, "discretised")):
        with monkeypatch.context() as replaced:
            replaced.setattr(owner, name, lambda *_: None, raising=False)
            assert programs.is_patched()
    assert not programs.is_patched()


SPECTRUM = """
import numpy as np
import cellsim as cs
from cellsim.simulation import impedance
found = cs.impedance(cs.SPMe(cs.load_cell("Chen2020"), cs.Mesh(4, 3, 4, 4)), np.array([1.0, 10.0]))
print([p.made.is_read for p in impedance._spectrum.programs.values()])
print(np.asarray(found.Z).tobytes().hex())
"""


def test_programs_with_linear_algebra(tmp_path: Path) -> None:
    """A spectrum calls LAPACK, which a process that has lowered nothing must look up first."""
    environment = {**os.environ, "CELLSIM_CACHE_DIR": str(tmp_path)}
    ask = [sys.executable, "-c", SPECTRUM]
    runs = [subprocess.run(ask, env=environment, check=True, capture_output=True, text=True).stdout for _ in range(2)]
    assert [run.split("\n")[0] for run in runs] == ["[False]", "[True]"]
    assert runs[0].split("\n")[1] == runs[1].split("\n")[1]


RUN = """
import numpy as np
import cellsim as cs
from cellsim.simulation import simulate
{before}
run = cs.simulate(cs.DFN(cs.load_cell("Chen2020"), cs.Mesh(4, 3, 4, 4)), "Discharge at 1C for 10 s")
programs = list(simulate._opened.programs.values())
print([getattr(p, "made", None) and p.made.is_read for p in programs], simulate._opened.jitted._cache_size())
print(np.asarray(run.V).tobytes().hex())
"""
PATCH = """
from cellsim.models import dfn
plain = dfn.DFN.discretised
def other(self, T): return plain(self, T + 10)
dfn.DFN.discretised = other
"""


def in_a_process(folder: Path, before: str = "") -> tuple[str, str]:
    """How a process came to its program, and its voltages."""
    environment = {**os.environ, "CELLSIM_CACHE_DIR": str(folder)}
    told = subprocess.run(
        [sys.executable, "-c", RUN.format(before=before)], env=environment, check=True, capture_output=True, text=True
    ).stdout
    how, voltages = told.split("\n")[:2]
    return how, voltages


def test_processes(tmp_path: Path) -> None:
    """The second process traces nothing and finds the same voltages to the last bit; one that has replaced a method of
    the package does not take the program that was made without."""
    first, second, patched, third = (in_a_process(tmp_path, before) for before in ("", "", PATCH, ""))
    assert [each[0] for each in (first, second, patched, third)] == ["[False] 0", "[True] 0", "[None] 1", "[True] 0"]
    assert first[1] == second[1] == third[1] != patched[1]
