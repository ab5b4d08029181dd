"""Profiles with a slider over time, in a notebook that is played."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.figure import Figure

from cellsim.plotting import can_slide
from cellsim.plotting.slider import Moving


class Widget:
    """As much of a widget as is used here."""

    def __init__(self, *parts, **options):
        self.parts, self.heard = parts, []
        self.__dict__.update(options)

    def observe(self, hear, names):
        assert names == "value"
        self.heard.append(hear)

    def move_to(self, value):
        for hear in self.heard:
            hear({"new": value})


class Label(Widget):
    def __init__(self, value):
        super().__init__(value=value)


class Box(Widget):
    def __init__(self, children):
        super().__init__(children=children)


class ZMQInteractiveShell:
    """What IPython calls the shell behind a notebook."""


@pytest.fixture
def notebook(monkeypatch):
    """A notebook; returns a function that installs the widgets."""
    shell = SimpleNamespace(get_ipython=ZMQInteractiveShell, version_info=(9, 0))  # matplotlib asks for the version
    monkeypatch.setitem(sys.modules, "IPython", shell)
    monkeypatch.delitem(sys.modules, "ipywidgets", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    def install():
        kinds = {"IntSlider": Widget, "Layout": Widget, "Image": Widget, "Label": Label, "HBox": Box, "VBox": Box}
        monkeypatch.setitem(sys.modules, "ipywidgets", SimpleNamespace(**kinds))
        return shell

    return install


def test_outside_a_notebook_it_is_a_figure(lgm50_coarse_1C, monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert not can_slide(lgm50_coarse_1C)
    assert isinstance(lgm50_coarse_1C.plot(title="A title"), Figure)


def test_in_a_terminal_with_ipython_it_is_a_figure(lgm50_coarse_1C, notebook, monkeypatch):
    shell = notebook()
    for get_ipython in (lambda: None, SimpleNamespace):
        monkeypatch.setattr(shell, "get_ipython", get_ipython)
        assert isinstance(lgm50_coarse_1C.plot(), Figure)


def test_in_a_notebook_without_the_widgets_it_is_a_figure_unless_a_slider_is_asked_for(
    lgm50_coarse_1C, notebook, monkeypatch
):
    assert isinstance(lgm50_coarse_1C.plot(), Figure)
    monkeypatch.setitem(sys.modules, "ipywidgets", None)  # how Python says that an import fails
    with pytest.raises(ImportError, match=r"pip install 'cellsim\[notebook\]'"):
        lgm50_coarse_1C.plot(slider=True)


def test_in_a_notebook_the_slider_moves_the_profiles(lgm50_coarse_1C, notebook):
    notebook()
    (bar, image) = lgm50_coarse_1C.plot().children
    slider, label = bar.children
    assert (slider.min, slider.max) == (0, len(lgm50_coarse_1C.t) - 1)
    first = image.value
    assert first.startswith(b"\x89PNG")
    assert label.value == f"0 min, {float(lgm50_coarse_1C.V[0]):.4f} V"
    slider.move_to(slider.max)
    assert image.value.startswith(b"\x89PNG") and image.value != first
    assert label.value == f"{float(lgm50_coarse_1C.t[-1]) / 60:.4g} min, 2.5000 V"
    slider.move_to(0)
    assert image.value == first


def test_a_figure_can_be_asked_for_in_a_notebook(lgm50_coarse_1C, notebook):
    notebook()
    assert isinstance(lgm50_coarse_1C.plot(slider=False), Figure)


@pytest.mark.parametrize("run", ["lgm50_coarse_1C", "lgm50_coarse_cycles"])
def test_curves_are_those_of_the_solution_at_the_point(request, run):
    solution = request.getfixturevalue(run)
    moving = Moving(solution, "A title")
    names = [name for panel in solution.model.panels for name in panel.profiles]
    for k in (0, 57, len(solution.t) - 1):
        moving.show(k)
        for (line, _), name in zip(moving.curves, names, strict=True):
            np.testing.assert_array_equal(line.get_ydata(), np.asarray(solution.profile(name))[k])
        assert moving.place.get_ydata() == [float(solution.V[k])]
