"""A thousand cells on a Dask cluster of two workers, one of them killed half-way

Single-particle models of an LG M50 that differ in thickness, diffusivity and state of charge; the same on this process.
"""

import os
import signal
import tempfile
from pathlib import Path

import distributed
import numpy as np
from rows import Row

import cellsim as cs
from cellsim.ensemble.ensemble import ensemble

CELLS, CHUNK = 1000, 20


def study() -> list[Row]:
    model = cs.SPM(cs.load_cell("Chen2020"), mesh=cs.Mesh.coarse())
    rng = np.random.default_rng(0)
    changes = {
        "negative.L": 85.2e-6 * rng.uniform(0.9, 1.1, CELLS),
        "negative.particle.D_s.scale": rng.uniform(0.5, 2, CELLS),
    }
    arguments = dict(changes=changes, soc=rng.uniform(0.2, 1.0, CELLS), chunk=CHUNK)
    here = ensemble(model, "Discharge at 1C until 2.5 V", **arguments)
    killed, told = [], []

    def kill(progress):
        told.append(progress.done)
        if not killed and progress.done >= CELLS // 2:
            with distributed.Client(cluster) as client:
                killed.append(next(iter(client.run(os.getpid).values())))
            os.kill(killed[0], signal.SIGKILL)

    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        tempfile.TemporaryDirectory() as folder,
    ):
        there = ensemble(
            model,
            "Discharge at 1C until 2.5 V",
            **arguments,
            client=cluster.scheduler_address,
            folder=folder,
            progress=kill,
        )
        files = len(list(Path(folder).glob("*.parquet")))
    off = max(float(np.nanmax(np.abs(there[name] / here[name] - 1))) for name in here.values)
    once = told == list(range(CHUNK, CELLS + 1, CHUNK)) and files == CELLS // CHUNK
    return [
        Row("workers killed", f"{len(killed)}", "1", len(killed) == 1),
        Row(
            "cells done",
            f"{int(there.succeeded.sum())}",
            f"{int(here.succeeded.sum())}",
            bool((there.succeeded == here.succeeded).all()),
        ),
        Row("greatest relative difference", f"{off:.0e}", "at most 1e-12", off <= 1e-12),
        Row("pieces that came once", f"{files}", f"{CELLS // CHUNK}", once),
    ]
