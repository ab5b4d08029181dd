"""Pictures: everything labelled with its unit, nothing cut off, nothing empty."""

import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import cellsim
from cellsim import plotting
from cellsim.plotting.particles import from_the_centre
from cellsim.plotting.style import dress, new_figure, time_unit

FIGURES = ["run_figure", "profiles_figure", "particles_figure", "losses_figure"]
WITH_UNIT = re.compile(r"\[.+\]$")
RUNS = ["lgm50_coarse_1C", "lgm50_coarse_charge", "lgm50_coarse_failed"]


@pytest.fixture(params=RUNS)
def solution(request):
    return request.getfixturevalue(request.param)


def drawn(figure):
    """The renderer, with everything laid out."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return canvas.get_renderer()


@pytest.mark.parametrize("name", FIGURES)
def test_every_axis_that_shows_numbers_has_a_label_with_a_unit(solution, name):
    figure = getattr(plotting, name)(solution, title="A title")
    drawn(figure)
    assert figure.axes
    labels = []
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            numbers = [tick for tick in axis.get_majorticklabels() if tick.get_visible() and tick.get_text()]
            shows_numbers = (
                bool(numbers) and axis.get_tick_params()["labelbottom" if axis is axes.xaxis else "labelleft"]
            )
            if shows_numbers:
                assert WITH_UNIT.search(axis.get_label_text()), (name, axis.get_label_text())
                labels.append(axis.get_label_text())
    assert len(labels) >= 3
    assert figure.get_suptitle() == "A title"


@pytest.mark.parametrize("name", FIGURES)
def test_every_panel_shows_finite_data(solution, name):
    figure = getattr(plotting, name)(solution)
    panels = [axes for axes in figure.axes if axes.get_subplotspec() is not None]
    assert len(panels) >= 2
    for axes in panels:
        assert axes.lines
        for line in axes.lines:
            assert len(line.get_xdata()) >= 2
            assert np.all(np.isfinite(line.get_xdata())) and np.all(np.isfinite(line.get_ydata()))


@pytest.mark.parametrize("name", FIGURES)
def test_no_text_and_no_legend_is_cut_off_at_the_rim(lgm50_coarse_1C, name):
    figure = getattr(plotting, name)(lgm50_coarse_1C, title="A title of ordinary length, as a scenario has")
    renderer = drawn(figure)
    inside = figure.bbox.padded(1.0)
    boxes = [legend.get_window_extent(renderer) for legend in figure.legends]
    boxes += [axes.get_tightbbox(renderer) for axes in figure.axes]
    for box in boxes:
        assert inside.x0 <= box.x0 and box.x1 <= inside.x1
        assert inside.y0 <= box.y0 and box.y1 <= inside.y1


def test_the_losses_are_stacked_from_the_open_circuit_to_the_terminal_voltage(solution):
    figure = plotting.losses_figure(solution)
    above = figure.axes[0]
    rest, terminal = (np.asarray(line.get_ydata()) for line in above.lines)
    np.testing.assert_allclose(rest, solution.losses["open circuit"], rtol=1e-14)
    np.testing.assert_allclose(terminal, solution.V, rtol=1e-14)
    total = sum(np.asarray(values) for values in solution.losses.values())
    np.testing.assert_allclose(total, terminal, atol=1e-12)
    assert len(above.collections) == len(solution.losses) - 1


def test_a_solution_draws_itself(lgm50_coarse_1C):
    figure = lgm50_coarse_1C.plot()
    V = figure.axes[0].lines[0].get_ydata()
    np.testing.assert_array_equal(V, np.asarray(lgm50_coarse_1C.V))


def test_a_notebook_shows_a_picture_without_pyplot():
    assert new_figure(2.0, 1.0, "small")._repr_png_().startswith(b"\x89PNG")


def test_pictures_leave_the_global_state_of_matplotlib_alone():
    for file in (Path(cellsim.__file__).parent / "plotting").glob("*.py"):
        assert "pyplot" not in file.read_text() and "rcParams" not in file.read_text()


def test_time_is_shown_in_a_unit_that_makes_readable_numbers():
    assert [time_unit(t).name for t in (10.0, 300.0, 3600.0, 7200.0, 40000.0)] == ["s", "s", "min", "min", "h"]
    assert time_unit(7200.0).label == "Time [min]"


def test_a_curve_in_a_sphere_is_carried_on_to_the_centre_by_its_own_parabola():
    r = np.array([0.2, 0.5, 1.0])
    x, values = from_the_centre(r, 3.0 + 2.0 * r**2)
    assert x[0] == 0.0
    np.testing.assert_allclose(values, 3.0 + 2.0 * x**2, rtol=1e-14)


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_axes_of_either_scale_are_dressed_and_hide_nothing_in_an_offset(scale):
    figure = new_figure(4.0, 3.0, "")
    axes = figure.subplots()
    axes.plot([1.0, 2.0], [1e5 + 1.0, 1e5 + 2.0])
    axes.set_xscale(scale)
    dress(axes, "Time [s]", "Pressure [Pa]")
    drawn(figure)
    assert axes.get_xlabel() == "Time [s]" and axes.yaxis.get_offset_text().get_text() == ""
