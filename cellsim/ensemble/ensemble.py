"""`ensemble`: many cells, and out comes a table."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from cellsim.ensemble.cases import Group, grouped
from cellsim.ensemble.cluster import on_cluster
from cellsim.ensemble.outputs import Output, outputs_of
from cellsim.ensemble.program import How, Setup, lanes_are_many
from cellsim.ensemble.results import Ensemble, Rows, gathered
from cellsim.ensemble.store import Store
from cellsim.ensemble.work import CHUNK, CHUNK_OF_LANES, Piece, fingerprint, pieces

MOST_STEPS = 400  # time steps of one step of a protocol
BAR = 30  # characters


class Progress(NamedTuple):
    """How far an ensemble is; as a text, a bar with rate and time left."""

    done: int
    cells: int
    failed: int
    before: int  # of those done, how many were found on disk
    elapsed: float  # s

    @property
    def rate(self) -> float:
        """Cells a second."""
        return (self.done - self.before) / self.elapsed if self.elapsed > 0 else 0.0

    @property
    def left(self) -> float:
        """Seconds until the end, as it goes now; infinite before anything is done."""
        return (self.cells - self.done) / self.rate if self.rate > 0 else float("inf")

    def __str__(self) -> str:
        full = round(BAR * self.done / max(self.cells, 1))
        failed = f", {self.failed} failed" if self.failed else ""
        left = f", {self.left:.0f} s left" if self.rate > 0 else ""
        bar = f"[{'#' * full}{'.' * (BAR - full)}]"
        return f"{bar} {self.done} of {self.cells} cells{failed}, {self.rate:.3g} a second{left}"


def ensemble(
    model: Any,
    protocol: Any = "Discharge at 1C",
    changes: Mapping[str, Any] | None = None,
    *,
    protocols: Sequence[Any] | None = None,
    soc: Any = 1.0,
    T: Any = None,
    initial: Any = None,
    outputs: Sequence[Output] | None = None,
    times: Any = None,
    rtol: float = 1e-6,
    atol: float | None = None,
    max_steps: int = MOST_STEPS,
    chunk: int | None = None,
    cores: int | None = None,
    devices: Sequence[Any] = (),
    client: Any = None,
    retries: int = 2,
    folder: str | Path | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Ensemble:
    """Runs `protocol` on many cells, each with its own numbers and stopped by its own events.

    - `changes`: by path, an array with a value for each cell, or one value for all; a path with `.scale` at its end is
      a factor on what the cell has there, a number or a law.
    - `protocols`: one for each cell, in the place of `protocol`.
    - `soc`, `T` [K], `initial`: as of `simulate`, one for all or one for each.
    - `outputs`: numbers that are read off every run, of `cellsim.ensemble.outputs`; by default all that the model has.
    - `times`: where curves of voltage, current and temperature are wanted [s]; beyond its stop a cell keeps its last.
    - `rtol`, `atol`, `max_steps`: as of `simulate` under transformations.
    - `chunk`: cells in one piece of work.
    - `cores`: how many to use, all by default; `devices`: of JAX, to share every piece among.
    - `client`: a Dask client, or the address of its scheduler, to work there; a piece that raises an error is tried
      `retries` times more.
    - `folder`: where rows are kept as they come (parquet); a cell that is found there already is not computed again,
      whatever the chunk. Functions of your own, as outputs and laws, count by what they compute.
    - `progress`: called with a `Progress` after every piece; `progress=print` shows a line for each.

    On a CPU cells are run one after the other in one compiled program, a thread a core; a device with many lanes runs
    them in step. A cell whose run fails is in the table with its reason. Raises `ValueError` for lengths that do not
    agree, `UnknownPath`, `OtherEnsemble` for a folder of another ensemble, and `ImportError` where the extra `ensemble`
    is needed and not there.
    """
    started = time.perf_counter()
    changes = {} if changes is None else dict(changes)
    outputs = outputs_of(model) if outputs is None else tuple(outputs)
    times = None if times is None else np.asarray(times, float)
    cells, groups = grouped(model, [protocol] if protocols is None else list(protocols), changes, soc, T, initial)
    how = How(tuple(changes), outputs, int(max_steps))
    setup = Setup(model, times, np.asarray(rtol), np.asarray(rtol if atol is None else atol))
    size = chunk or (CHUNK_OF_LANES if lanes_are_many() else CHUNK)
    if devices:
        size = -(-size // len(devices)) * len(devices)
    store: Store | None = None
    parts: list[Rows] = []
    if folder is not None or client is not None:
        name = fingerprint(setup, groups, how)
        if folder is not None:
            store = Store(folder, name, tuple(each.name for each in outputs))
            parts = store.done()
    todo = pieces(setup, groups, how, size, [cell for rows in parts for cell in rows.cells.tolist()])
    before = sum(len(rows.cells) for rows in parts)

    def tell() -> None:
        if progress is not None:
            done = sum(len(rows.cells) for rows in parts)
            failed = sum(int(np.sum(~rows.succeeded)) for rows in parts)
            progress(Progress(done, cells, failed, before, time.perf_counter() - started))

    if before:
        tell()
    if client is not None:
        results = on_cluster(todo, client, f"ensemble-{name}", retries)
    elif devices:
        results = ((piece, piece.done(devices)) for piece in todo)
    else:
        results = on_cores(todo, cores)
    for piece, rows in results:
        if store is not None:
            store.write(piece, rows)
        parts.append(rows)
        tell()
    inputs = _inputs(groups, changes, soc, T)
    return gathered(model, inputs, outputs, parts, times, time.perf_counter() - started)


def on_cores(work: Sequence[Piece], cores: int | None = None) -> Iterator[tuple[Piece, Rows]]:
    """What became of every piece, a thread a core: a compiled program lets the others run."""
    count = 1 if lanes_are_many() else max(1, min(cores or usable_cores(), len(work)))
    with ThreadPoolExecutor(count) as pool:
        waiting = list(work)
        running = {
            pool.submit(piece.done): piece for piece in (waiting.pop(0) for _ in range(min(count, len(waiting))))
        }
        while running:  # no more than can be worked on, so that an interruption is heard at once
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                piece = running.pop(future)
                if waiting:
                    following = waiting.pop(0)
                    running[pool.submit(following.done)] = following
                yield piece, future.result()


def usable_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _inputs(groups: Sequence[Group], changes: Mapping[str, Any], soc: Any, T: Any) -> dict[str, np.ndarray]:
    """What differs, a row a cell."""
    order = np.argsort(np.concatenate([group.cells for group in groups]))
    joined = lambda of: np.concatenate([np.asarray(of(group.rows)) for group in groups])[order]
    found = {path: joined(lambda case, k=k: case.values[k]) for k, path in enumerate(changes)}
    if np.ndim(soc):
        found["soc"] = joined(lambda case: case.soc)
    if T is not None and np.ndim(T):
        found["T"] = joined(lambda case: case.T)
    return found
