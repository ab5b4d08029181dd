"""The conductivities fitted for this library, against the measurements that they were fitted to."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from cellsim import registry
from cellsim.electrolyte import library

STUDY = Path(__file__).parents[1] / "studies" / "study_conductivity_fits.py"
FITS = [name for name in registry.names(library) if name.startswith("calisol2024_")]
every_fit = pytest.mark.parametrize("name", FITS)


@pytest.fixture(scope="module")
def study():
    spec = importlib.util.spec_from_file_location("conductivity_fits", STUDY)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(STUDY.parent)  # where the module that its rows are made of lies
        spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def refitted(study):
    """Fits a system again, each once."""
    if not study.DATA.exists():
        pytest.skip(f"the measured conductivities are not beside this checkout: {study.DATA.name}")
    kept = {}

    def fit(name):
        if name not in kept:
            kept[name] = study.fitted(study.readings(study.SYSTEMS[name]))
        return kept[name]

    return fit


def test_every_fit_of_the_library_is_one_of_the_study(study):
    assert FITS == sorted(study.SYSTEMS)


@every_fit
def test_fitting_again_gives_the_coefficients_within_their_standard_errors(refitted, name):
    found, fit = refitted(name), registry.module(library, name).FIT
    assert np.all(np.abs(found.coefficients - np.array(fit.coefficients)) < 0.1 * np.array(fit.standard_errors))
    np.testing.assert_allclose(found.standard_errors, fit.standard_errors, rtol=0.05)
    assert (len(found.points.m), found.left_out) == (fit.points, fit.left_out)
    assert found.deviation == pytest.approx(fit.deviation, rel=0.01)
    assert found.rmse == pytest.approx(fit.rmse, rel=0.01)


@every_fit
def test_the_library_conducts_as_was_measured_to_the_deviation_it_states(refitted, name):
    (m, T, kappa), fit = refitted(name).points, registry.module(library, name).FIT
    law = registry.module(library, name).electrolyte().kappa
    misses = np.log(np.asarray(law(1000 * m, T)) / kappa)
    assert np.sqrt(np.sum(misses**2) / (len(m) - 6)) == pytest.approx(fit.deviation, rel=0.01)


@every_fit
def test_the_stated_range_is_that_of_the_measurements(refitted, name):
    m, T, _ = refitted(name).points
    electrolyte = registry.module(library, name).electrolyte()
    assert 1000 * m.min() <= electrolyte.c_range[0] <= 1000 * m.min() + 1
    assert electrolyte.c_range[1] <= 1000 * m.max()
    assert T.min() <= electrolyte.T_range[0] and electrolyte.T_range[1] == pytest.approx(T.max(), abs=0.01)
    coldest = np.abs(T - electrolyte.T_range[0]) < 1.0  # most of the range of concentrations was measured there too
    assert m[coldest].max() >= 0.85 * electrolyte.c_range[1] / 1000


def test_every_coefficient_is_known_to_be_there_or_small():
    for name in FITS:
        fit = registry.module(library, name).FIT
        assert fit.points > 20 and 0 < fit.deviation < 0.06
        activation, glass, salt = fit.coefficients[3:]
        for value, error in zip((activation, glass, salt), fit.standard_errors[3:], strict=True):
            assert value > 3 * error > 0  # slows down towards a glass, and the more so the more salt there is


def test_a_fit_finds_known_coefficients_again_in_spite_of_misread_points(study):
    true = np.array([3.5, -0.6, -0.5, 450.0, 135.0, 22.0])
    random = np.random.default_rng(3)
    m, T = (x.ravel() for x in np.meshgrid(np.linspace(0.2, 2.0, 12), np.linspace(240.0, 330.0, 10)))
    exact = np.exp(study._misses(true, study.Points(m, T, np.ones_like(m))))
    kappa = exact * np.exp(0.01 * random.standard_normal(len(m)))
    kappa[[5, 50, 90]] *= [4.0, 0.2, 3.0]
    found = study.fitted(study.Points(m, T, kappa))
    assert found.left_out == 3
    assert np.all(np.abs(found.coefficients - true) < 3.5 * found.standard_errors)
    assert found.deviation == pytest.approx(0.01, rel=0.2)
