"""A batch of cells on two cores, both programs with two threads; prints one JSON object."""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

if hasattr(os, "sched_setaffinity"):  # it was started by a process that keeps to one core, as would all threads to come
    os.sched_setaffinity(0, range(os.cpu_count() or 1))

import jax
import ours
import peer

THREADS = 2


def median(job: Callable[[], Any], repeats: int = 5) -> float:
    """Wall time of a call [s], the first left out."""
    job()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    """Prints what `run.py` reads."""
    cells = int(sys.argv[1])
    times = np.linspace(35.0, 3500.0, 100)
    spread = ours.spread(cells)
    run = jax.jit(lambda many: jax.lax.map(ours.voltages_at(times), many))
    halves = np.array_split(spread, THREADS)
    with ThreadPoolExecutor(THREADS) as pool:
        mine = median(lambda: list(pool.map(lambda half: jax.block_until_ready(run(half)), halves)))
    sim = peer.simulation(inputs=peer.SENSITIVITIES, voltage_only=True, threads=THREADS)
    inputs = peer.inputs_of(spread)
    theirs = median(lambda: peer.batch(sim, inputs))
    print(
        json.dumps(
            {
                "two_cores_cells": cells,
                "ours_two_cores_per_cell_s": mine / cells,
                "pybamm_two_cores_per_cell_s": theirs / cells,
                "ratio_two_cores_batch": mine / theirs,
            }
        )
    )


if __name__ == "__main__":
    main()
