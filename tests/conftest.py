"""Runs that several tests look at, each made once a process."""

import gc
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

# LLVM optimises nothing of what the tests compile (but for those marked `optimised`): most programs run a few times
# for milliseconds, and compile two to four times faster. `JAX_DISABLE_MOST_OPTIMIZATIONS=0` has them as users do.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")

import jax
import pytest

import cellsim as cs
from cellsim import programs

# ---- which tests run where, and when

TESTS = Path(__file__).parent
SHARED_RUNS = "lgm50_coarse"  # the fixtures below begin with it
# Groups of a minute and more come first, so that no worker is left with one of them when all else is done.
LONGEST_FIRST = (
    "lgm50_coarse",
    "gradients of a protocol",
    "test_docs.py",
    "notebooks/test_notebooks.py",
    "verification/test_invariants.py",
    "ensemble",
    "levels in a cell",
    "verification/test_gradients.py",
    "Chen2020 default",
    "Marquis2019 default",
    "slab",
    "fitting/test_methods.py",
    "fitting/test_uncertainty.py",
    "fitting/test_fit_files.py",
    "fitting/test_experiment.py",
    "fitting/test_fit.py",
    "verification/test_single_particle.py",
    "symmetric",
    "protocols",
    "electrolytes",
    "pure",
    "design",
    "trajectory",
    "ageing",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of workers that share the tests (`-n 2 --dist loadgroup --no-loadscope-reorder`), one has all those of a file,
    whose fixtures are then made once, and one all files that look at the runs below; others are grouped by hand, where
    files share their compiled programs."""
    file = {item: str(item.path.relative_to(TESTS)) for item in items}
    sharing = {file[item] for item in items if any(f.startswith(SHARED_RUNS) for f in item.fixturenames)}
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(SHARED_RUNS if file[item] in sharing else file[item]))
    place = {name: k for k, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: place.get(item.get_closest_marker("xdist_group").args[0], len(place)))


# ---- runs that several tests look at


@pytest.fixture(scope="session")
def lgm50_coarse() -> cs.DFN:
    """The LG M50 on the coarse mesh."""
    return cs.DFN(cs.load_cell("Chen2020"), mesh=cs.Mesh.coarse())


@pytest.fixture(scope="session")
def lgm50_coarse_1C(lgm50_coarse: cs.DFN) -> cs.Solution:
    """A full discharge of it at 1C."""
    return cs.simulate(lgm50_coarse, "Discharge at 1C until 2.5 V")


@pytest.fixture(scope="session")
def lgm50_coarse_charge(lgm50_coarse: cs.DFN) -> cs.Solution:
    """A charge of it at C/2."""
    return cs.simulate(lgm50_coarse, "Charge at C/2 until 4.2 V", soc=0.0)


@pytest.fixture(scope="session")
def lgm50_coarse_failed(lgm50_coarse: cs.DFN) -> cs.Solution:
    """A discharge of it that gives up after twenty time steps."""
    return cs.simulate(lgm50_coarse, "Discharge at 1C until 2.5 V", max_steps=20)


@pytest.fixture(scope="session")
def lgm50_coarse_cycles(lgm50_coarse: cs.DFN) -> cs.Solution:
    """Three cycles of it between 3.4 and 4.1 V, held there, from full."""
    cycle = ("Discharge at C/2 until 3.4 V", "Charge at C/2 until 4.1 V", "Hold at 4.1 V until C/5")
    return cs.simulate(lgm50_coarse, [cycle] * 3)


@pytest.fixture(scope="session")
def slabs() -> Any:
    """The module of slabs that tests of the model and its verification share."""
    spec = importlib.util.spec_from_file_location("slabs", Path(__file__).parent / "models" / "slabs.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["slabs"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def cellsim_command(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Runs the command line in this process; its exit code and what it wrote to stdout and stderr."""
    from cellsim.cli import main

    def command(*words: str) -> tuple[int, str, str]:
        try:
            code = main(list(words))
        except SystemExit as left:
            code = int(left.code or 0)
        return (code, *capsys.readouterr())

    return command


@pytest.fixture(scope="module", autouse=True)
def machine_code(request: pytest.FixtureRequest) -> Iterator[None]:
    """Modules that are marked `optimised` compile as a user's process does."""
    usual = jax.config.read("jax_disable_most_optimizations")
    is_optimised = request.node.get_closest_marker("optimised") is not None
    if is_optimised:
        jax.config.update("jax_disable_most_optimizations", False)
        programs.forget()
    yield
    jax.config.update("jax_disable_most_optimizations", usual)
    if is_optimised:
        programs.forget()


MOST_MEMORY = 4 * 2**30  # bytes of a worker, above which its compiled programs are given back


@pytest.fixture(scope="module", autouse=True)
def memory_is_given_back() -> Iterator[None]:
    """Compiled programs stay in memory until they are cleared: a worker that runs a thousand tests would hold them all.
    Those that are asked for again come from the cache on disk."""
    yield
    statm = Path("/proc/self/statm")
    if statm.exists() and int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") > MOST_MEMORY:
        jax.clear_caches()
        programs.forget()
        gc.collect()
