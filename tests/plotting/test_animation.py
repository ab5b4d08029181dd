"""Profiles as a film."""

import itertools

import numpy as np
import pytest
from matplotlib import animation
from PIL import Image

from cellsim import plotting


def test_a_film_has_the_frames_that_were_asked_for_and_they_move(lgm50_coarse_1C, tmp_path):
    shares = []
    path = lgm50_coarse_1C.animate(tmp_path / "run.gif", "A title", frames=4, rate=8.0, progress=shares.append)
    assert shares == [0.25, 0.5, 0.75, 1.0]
    assert [file.name for file in tmp_path.iterdir()] == ["run.gif"]
    with Image.open(path) as film:
        assert film.n_frames == 4
        assert film.info["duration"] == pytest.approx(125, abs=5)  # ms
        frames = []
        for k in range(4):
            film.seek(k)
            frames.append(np.asarray(film.convert("L"), dtype=float))
    for before, after in itertools.pairwise(frames):
        assert np.mean(np.abs(after - before) > 50) > 1e-3


@pytest.mark.skipif(not animation.writers.is_available("ffmpeg"), reason="ffmpeg is not here")
def test_a_film_for_the_web(lgm50_coarse_1C, tmp_path):
    path = plotting.animated(lgm50_coarse_1C, tmp_path / "run.mp4", frames=3)
    assert path.read_bytes()[4:8] == b"ftyp"


@pytest.mark.parametrize(
    ("name", "how", "words"),
    [
        ("run.avi", {}, "written as .gif or .mp4"),
        ("run.gif", {"frames": 1}, "two frames at least"),
        ("run.gif", {"rate": 0.0}, "rate above zero"),
    ],
)
def test_what_cannot_be_written_is_refused_in_words(lgm50_coarse_1C, tmp_path, name, how, words):
    with pytest.raises(ValueError, match=words):
        plotting.animated(lgm50_coarse_1C, tmp_path / name, **how)
    assert not list(tmp_path.iterdir())


def test_without_the_program_that_an_mp4_needs_a_gif_is_proposed(lgm50_coarse_1C, tmp_path, monkeypatch):
    monkeypatch.setattr(animation.writers, "is_available", lambda name: False)
    with pytest.raises(ValueError, match=r"ffmpeg.*ask for a \.gif"):
        plotting.animated(lgm50_coarse_1C, tmp_path / "run.mp4")


def test_the_command_line_writes_one(cellsim_command, tmp_path, monkeypatch):
    monkeypatch.setattr("cellsim.output._figures", lambda solution, title: iter(()))
    monkeypatch.setattr("cellsim.plotting.animation.FRAMES", 2)
    run = ("run", "--cell", "Chen2020", "--model", "SPM", "--mesh", "coarse", "--protocol", "Rest for 10 s")
    code, said, wrong = cellsim_command(*run, "--out", str(tmp_path), "--animate", "gif")
    assert (code, wrong) == (0, "")
    assert "profiles.gif" in said.replace("\n", " ")
    assert (tmp_path / "profiles.gif").stat().st_size > 1000
