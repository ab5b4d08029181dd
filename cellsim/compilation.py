"""How JAX is set up: float64, and compiled programs kept on disk.

A compiled program is stored in the user's cache directory and read back by the next process. `CELLSIM_CACHE_DIR` moves
the directory; `CELLSIM_CACHE_DIR=off` turns the cache off.
"""

import os
import sys
from pathlib import Path


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


def prepare() -> None:
    """Sets up JAX for this process. A cache directory that the user gave to JAX is respected."""
    # A run-time check inside a compiled program is a host callback, and JAX stores no program that holds one. Failures
    # are read from the solver's result code instead. equinox reads this once, at its import.
    os.environ.setdefault("EQX_ON_ERROR", "nan")

    import jax

    jax.config.update("jax_enable_x64", True)
    if jax.config.jax_compilation_cache_dir is None and (directory := cache_directory()) is not None:
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError:
            return  # a read-only home: compile every time
        jax.config.update("jax_compilation_cache_dir", str(directory))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
