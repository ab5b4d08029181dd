"""Pictures of impedance: Nyquist and Bode."""

import jax.numpy as jnp
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import cellsim as cs
from cellsim import plotting

F = np.geomspace(1e-2, 1e4, 31)
ONE = cs.Spectrum(jnp.asarray(F), jnp.asarray(0.02 + 0.03 / (1 + 1j * F / 3)), name="one")
OTHER = cs.Spectrum(jnp.asarray(F), 1.2 * ONE.Z, name="other")
MANY = cs.Spectrum(jnp.asarray(F), jnp.stack([ONE.Z * (1 + 0.1 * k) for k in range(9)]))


@pytest.fixture(params=["nyquist_figure", "bode_figure", "spectra_figure"])
def draw(request):
    return getattr(plotting, request.param)


@pytest.mark.parametrize("spectra", [[ONE], [ONE, OTHER], [MANY]], ids=["one", "two", "stacked"])
def test_every_spectrum_is_drawn_and_every_axis_labelled(draw, spectra):
    figure = draw(spectra, "A title")
    FigureCanvasAgg(figure).draw()
    assert figure.get_suptitle() == "A title"
    curves = sum(int(np.prod(each.Z.shape[:-1])) for each in spectra)
    for axes in figure.axes:
        assert sum(len(line.get_xdata()) == len(F) for line in axes.lines) == curves
        assert axes.get_ylabel().endswith("]")
    assert any(axes.get_xlabel().endswith("]") for axes in figure.axes)
    shown = {text.get_text() for axes in figure.axes if axes.get_legend() for text in axes.get_legend().get_texts()}
    assert shown == {each.name for each in spectra if each.name}


def test_spectra_of_a_run_are_told_apart_by_their_times(draw):
    during = cs.Spectrum(jnp.asarray(F), MANY.Z[:3], t=jnp.asarray([1.0, 600.0, 14400.0]))
    figure = draw([during])
    shown = {text.get_text() for axes in figure.axes if axes.get_legend() for text in axes.get_legend().get_texts()}
    assert shown == {"1 s", "10 min", "4 h"}


def test_in_the_complex_plane_both_axes_have_one_scale_and_decades_are_named():
    figure = plotting.nyquist_figure([ONE])
    FigureCanvasAgg(figure).draw()
    axes = figure.axes[0]
    box, (left, right), (low, high) = axes.get_window_extent(), axes.get_xlim(), axes.get_ylim()
    assert box.width / (right - left) == pytest.approx(box.height / (high - low), rel=1e-6)
    named = [text.get_text() for text in axes.texts]
    assert "1 Hz" in named and "10 Hz" in named
    assert len(named) < 7  # where points crowd, one is named
    np.testing.assert_allclose(axes.lines[0].get_xdata(), 1e3 * ONE.Z.real)
    np.testing.assert_allclose(axes.lines[0].get_ydata(), -1e3 * ONE.Z.imag)


def test_a_spectrum_draws_itself():
    assert len(ONE.plot("title", OTHER).axes) == 3
    assert len(plotting.residuals_figure(ONE, np.asarray(0.01 * ONE.Z)).axes[0].lines) == 3
