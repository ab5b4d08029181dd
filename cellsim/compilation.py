"""How JAX is set up: float64, and compiled programs kept on disk.

A compiled program is stored in the user's cache directory and read back by the next process. `CELLSIM_CACHE_DIR` moves
the directory; `CELLSIM_CACHE_DIR=off` turns the cache off.
"""

import importlib.metadata
import os
import sys
from pathlib import Path

# How XLA compiles for the CPU. Its older emitter of fused loops takes half the time of the newer one for the small
# kernels that a cell model is made of, and the code is as fast. Loops over nodes are made one kernel each, not one
# dispatch a pass, which makes a run a quarter faster. LLVM would write out loops of up to some forty passes before it
# looks for vectors, and then find none: an exponential at twenty nodes took three times as long, and compiling half as
# long again. `CELLSIM_XLA_FLAGS=off` leaves XLA as it is.
CPU_FLAGS = (
    "--xla_cpu_use_fusion_emitters=false",
    "--xla_llvm_disable_expensive_passes=true",
    "--xla_cpu_prefer_vector_width=512",
    "--xla_backend_extra_options="
    "xla_cpu_small_while_loop_byte_threshold=4000000,--unroll-full-max-count=4,--vectorizer-min-trip-count=4",
)
FLAGS_KNOWN_TO = ((0, 10), (0, 11))  # versions of jaxlib, from and below: XLA aborts on a flag that it does not know


def cache_directory() -> Path | None:
    """Where compiled programs are kept, or None when the cache is turned off."""
    said = os.environ.get("CELLSIM_CACHE_DIR", "")
    if said.lower() in ("off", "0", "none"):
        return None
    if said:
        return Path(said).expanduser()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home()))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return base / "cellsim" / "xla"


def _add_cpu_flags() -> None:
    version = tuple(int(part) for part in importlib.metadata.version("jaxlib").split(".")[:2])
    if os.environ.get("CELLSIM_XLA_FLAGS", "").lower() == "off" or not FLAGS_KNOWN_TO[0] <= version < FLAGS_KNOWN_TO[1]:
        return
    said = os.environ.get("XLA_FLAGS", "")
    new = [flag for flag in CPU_FLAGS if flag.split("=")[0] not in said]
    os.environ["XLA_FLAGS"] = " ".join([said, *new]).strip()


def prepare() -> None:
    """Sets up JAX for this process. A cache directory that the user gave to JAX is respected."""
    _add_cpu_flags()
    # A run-time check inside a compiled program is a host callback, and JAX stores no program that holds one. Failures
    # are read from the solver's result code instead. equinox reads this once, at its import.
    os.environ.setdefault("EQX_ON_ERROR", "nan")

    import jax

    jax.config.update("jax_enable_x64", True)
    given = jax.config.jax_compilation_cache_dir  # type: ignore[attr-defined]
    if given is None and (directory := cache_directory()) is not None:
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError:
            return  # a read-only home: compile every time
        jax.config.update("jax_compilation_cache_dir", str(directory))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
