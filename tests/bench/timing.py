"""Fair timing of two programs in one process: one core, repetitions taken in turn, medians.

Import this module before jax, numpy or PyBaMM: they size their thread pools when they are loaded.
"""

import gc
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

DISTURBED = 1.1  # wall over processor time from which another process must have used the core


def pinned_to_one_core() -> int | None:
    """Binds this process and its children to the last core that it may use; None where that is impossible."""
    for pool in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[pool] = "1"
    if not hasattr(os, "sched_setaffinity"):
        return None
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return core


def busy_cores(seconds: float = 2.0) -> float | None:
    """How many cores other processes keep busy at the moment; None where the system does not say."""

    def counts() -> tuple[float, float]:
        ticks = [float(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
        return sum(ticks), ticks[3] + ticks[4]  # all, idle

    if not Path("/proc/stat").exists():
        return None
    before = counts()
    time.sleep(seconds)
    after = counts()
    elapsed, idle = after[0] - before[0], after[1] - before[1]
    return (os.cpu_count() or 1) * (elapsed - idle) / max(elapsed, 1.0)


class Timing(NamedTuple):
    """Repetitions of one job."""

    median: float  # s, on the wall
    least: float  # s
    disturbance: float  # wall over processor time of the median repetition; 1 on a quiet core
    repeats: int


def interleaved(jobs: dict[str, Callable[[], Any]], repeats: int, warm: int = 1) -> dict[str, Timing]:
    """Times of every job. Each round runs all of them, every other round backwards, so that noise hits all alike.

    Every timed call follows an untimed one of the same job, so that the processor's caches hold what it needs, as they
    do when a fit calls it again and again: after another program, or after the garbage collector, they do not. Garbage
    is collected between the rounds.
    """
    for _ in range(warm):
        for job in jobs.values():
            job()
    wall: dict[str, list[float]] = {name: [] for name in jobs}
    processor: dict[str, list[float]] = {name: [] for name in jobs}
    for round_ in range(repeats):
        gc.collect()
        gc.disable()
        for name in list(jobs) if round_ % 2 == 0 else reversed(jobs):
            jobs[name]()
            start, start_processor = time.perf_counter(), time.process_time()
            jobs[name]()
            wall[name].append(time.perf_counter() - start)
            processor[name].append(time.process_time() - start_processor)
        gc.enable()
    return {
        name: Timing(
            statistics.median(wall[name]),
            min(wall[name]),
            statistics.median(w / max(p, 1e-9) for w, p in zip(wall[name], processor[name], strict=True)),
            repeats,
        )
        for name in jobs
    }


def seconds(job: Callable[[], Any]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    job()
    return time.perf_counter() - start
