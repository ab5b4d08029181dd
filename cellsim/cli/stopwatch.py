"""Where the time of a command goes: setting up, compiling, solving, writing."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax

# What JAX reports of its compilation: tracing, lowering, and compiling or reading from the cache.
COMPILE_EVENTS = "/jax/core/compile/"


class Stopwatch:
    """Wall seconds of named phases, those that JAX spent on compiling taken out of them and counted apart."""

    def __init__(self) -> None:
        self._phases: list[tuple[str, float, float]] = []
        self._open: tuple[str, float] | None = None
        self._compiling: list[tuple[float, float]] = []

    @contextmanager
    def running(self) -> Iterator["Stopwatch"]:
        """Listens to JAX meanwhile."""

        def listen(event: str, duration_secs: float, **_: Any) -> None:
            if event.startswith(COMPILE_EVENTS):
                now = time.perf_counter()
                self._compiling.append((now - duration_secs, now))

        jax.monitoring.register_event_duration_secs_listener(listen)
        try:
            yield self
        finally:
            jax.monitoring.unregister_event_duration_listener(listen)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Counts what happens within as `name`."""
        self._open = (name, time.perf_counter())
        try:
            yield
        finally:
            self._phases.append((*self._open, time.perf_counter()))
            self._open = None

    def seconds(self) -> dict[str, float]:
        """Seconds of each phase until now, of compiling in all of them, and their total."""
        phases = [*self._phases, *([(*self._open, time.perf_counter())] if self._open else [])]
        found: dict[str, float] = {}
        compiled = 0.0
        for name, start, end in phases:
            within = covered(self._compiling, start, end)
            found[name] = found.get(name, 0.0) + end - start - within
            compiled += within
        found["compile"] = compiled
        return {**found, "total": sum(found.values())}


def covered(intervals: list[tuple[float, float]], start: float, end: float) -> float:
    """How much of the time from `start` to `end` the intervals cover; they may overlap, as nested traces do."""
    total, reached = 0.0, start
    for left, right in sorted(intervals):
        left, right = max(left, reached), min(right, end)
        if right > left:
            total += right - left
            reached = right
    return total
