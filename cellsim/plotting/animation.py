"""Profiles that move through a run, as a film."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import animation
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from cellsim.files import moved_into_place
from cellsim.plotting.slider import DOTS, Moving
from cellsim.simulation.solution import Solution

FRAMES, RATE = 100, 15.0  # of a film, and a second
KINDS = ("gif", "mp4")


def why_not_animated(kind: str) -> str | None:
    """What is missing to write a film of a `kind`, else None."""
    if kind not in KINDS:
        return f"a film is written as .gif or .mp4, found '.{kind}'."
    if kind == "mp4" and not animation.writers.is_available("ffmpeg"):
        return "an .mp4 film needs the program ffmpeg, which is not here; install it, or ask for a .gif."
    return None


def animated(
    solution: Solution,
    path: str | Path,
    title: str = "",
    *,
    frames: int | None = None,
    rate: float = RATE,
    progress: Callable[[float], None] | None = None,
) -> Path:
    """Writes the profiles of a run along x, and their place in the voltage, as a film of `frames` (100) at even times;
    the file. `path` ends in .gif or in .mp4, which needs ffmpeg; `rate`: frames a second; `progress` is called with the
    share that is done. Raises `ValueError` where the film cannot be written, or the run has no duration."""
    path, frames = Path(path), FRAMES if frames is None else frames
    wrong = why_not_animated(path.suffix.removeprefix(".").lower())
    if wrong is None and not (frames >= 2 and rate > 0):
        wrong = f"a film needs two frames at least and a rate above zero, found {frames} and {rate:g}."
    begin, end = float(np.asarray(solution.t)[0]), float(np.asarray(solution.t)[-1])
    if wrong is None and not end > begin:
        wrong = "the run took no time, so nothing moves."
    if wrong is not None:
        raise ValueError(wrong)
    moving = Moving(_at_even_times(solution, np.linspace(begin, end, frames)), title)
    count = len(moving.t)
    with moved_into_place(path) as temporary:
        write = _gif if path.suffix.lower() == ".gif" else _mp4
        write(moving, temporary, count, rate, progress or (lambda share: None))
    return path


def _at_even_times(solution: Solution, times: np.ndarray) -> Solution:
    """The run at even times, or where its fields are kept if only some of a long protocol are."""
    try:
        return solution.at(times)
    except ValueError:
        return solution


def _gif(moving: Moving, path: Path, count: int, rate: float, progress: Callable[[float], None]) -> None:
    images = []
    for k in range(count):
        moving.show(k)
        with Image.open(io.BytesIO(moving.picture())) as picture:
            images.append(picture.convert("P", palette=Image.Palette.ADAPTIVE))
        progress((k + 1) / count)
    images[0].save(path, format="GIF", save_all=True, append_images=images[1:], duration=1000.0 / rate, loop=0)


def _mp4(moving: Moving, path: Path, count: int, rate: float, progress: Callable[[float], None]) -> None:
    FigureCanvasAgg(moving.figure)
    writer: Any = animation.FFMpegWriter(fps=max(round(rate), 1), extra_args=["-f", "mp4"])
    with writer.saving(moving.figure, str(path), DOTS):
        for k in range(count):
            moving.show(k)
            writer.grab_frame()
            progress((k + 1) / count)
