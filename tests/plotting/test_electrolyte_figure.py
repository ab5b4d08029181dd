"""The picture of an electrolyte's four functions."""

import re

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import cellsim as cs
from cellsim import registry
from cellsim.constants import T_ROOM
from cellsim.electrolyte import library
from cellsim.electrolyte.ranges import concentrations, temperatures
from cellsim.plotting import electrolyte_figure

NAMES = registry.names(library)
every_electrolyte = pytest.mark.parametrize("name", NAMES)


def drawn(figure):
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return canvas.get_renderer()


@every_electrolyte
def test_the_curves_are_the_four_functions_inside_the_measured_range(name):
    electrolyte = cs.load_electrolyte(name)
    figure = electrolyte_figure(electrolyte)
    T = temperatures(electrolyte, 5)
    assert np.all((T >= electrolyte.T_range[0]) & (T <= electrolyte.T_range[1]))
    for panel, which in zip(figure.axes, ("kappa", "D", "t_plus", "chi"), strict=True):
        power = re.search(r"10\^\{(-?\d+)\}", panel.get_ylabel())
        scale = 10.0 ** int(power[1]) if power else 1.0
        assert re.search(r"\[.+\]$", panel.get_ylabel())
        curves = [line for line in panel.lines if len(line.get_xdata()) > 2]
        assert len(curves) in (1, len(T))
        for line, at in zip(curves, T, strict=False):
            c = 1000.0 * np.asarray(line.get_xdata())
            assert c[0] == pytest.approx(electrolyte.c_range[0]) and c[-1] == pytest.approx(electrolyte.c_range[1])
            expected = np.asarray(getattr(electrolyte, which)(c, np.full_like(c, at)))
            np.testing.assert_allclose(scale * np.asarray(line.get_ydata()), expected, rtol=1e-9)
        low, high = panel.get_ylim()
        shown = np.concatenate([line.get_ydata() for line in curves])
        assert low <= shown.min() and shown.max() <= high


@pytest.mark.parametrize(
    "name", ["landesfeind2019_emc_fec", "calisol2024_lipf6_ec_pc", "ecker2015", "sloop1999_pemo_litfsi"]
)
def test_no_text_is_cut_off_at_the_rim_and_what_was_assumed_is_said(name):
    about = registry.module(library, name).ABOUT
    figure = electrolyte_figure(cs.load_electrolyte(name), notes=about.origin)
    renderer = drawn(figure)
    inside = figure.bbox.padded(1.0)
    boxes = [legend.get_window_extent(renderer) for legend in figure.legends]
    boxes += [axes.get_tightbbox(renderer) for axes in figure.axes]
    for box in boxes:
        assert inside.x0 <= box.x0 and box.x1 <= inside.x1 and inside.y0 <= box.y0 and box.y1 <= inside.y1
    assert [panel.get_title(loc="right") for panel in figure.axes] == [
        about.origin.get(which, "") for which in ("kappa", "D", "t_plus", "chi")
    ]


def test_an_electrolyte_of_your_own_is_drawn_at_25_degrees_up_to_3_molar():
    mine = cs.Electrolyte(kappa=1.0, D=cs.Polynomial([3e-10, -1e-10], unit=1000.0), t_plus=-0.1)
    figure = electrolyte_figure(mine, title="")
    assert figure.get_suptitle() == ""
    assert len(figure.axes[1].lines) == 1 and figure.axes[1].lines[0].get_xdata()[-1] == 3.0
    assert figure.axes[2].lines[1].get_ydata()[0] == 0.0  # a negative transference number is shown against zero
    assert concentrations(mine, 4).tolist() == [0.0, 1000.0, 2000.0, 3000.0]


@every_electrolyte
def test_temperatures_to_look_at_are_few_even_and_hold_25_degrees_where_it_was_measured(name):
    electrolyte = cs.load_electrolyte(name)
    low, high = electrolyte.T_range
    for count in (1, 3, 5):
        T = temperatures(electrolyte, count)
        assert 1 <= len(T) <= count and np.all((T >= low) & (T <= high))
        assert T_ROOM in T or not low <= T_ROOM <= high
        np.testing.assert_allclose(np.diff(T), np.diff(T)[:1].repeat(len(T) - 1))
