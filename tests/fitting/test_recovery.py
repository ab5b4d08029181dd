"""Properties of an electrolyte from what cells with it do, on a few seeds; `make studies STUDY="symmetric_recovery
electrolyte_recovery"` counts over many."""

import importlib.util
import logging
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import cellsim as cs
from cellsim.fitting.estimates import estimate

STUDIES = Path(__file__).parents[1] / "studies"


def loaded(name):
    """A study as a module."""
    sys.path.insert(0, str(STUDIES))
    try:
        spec = importlib.util.spec_from_file_location(f"study_{name}", STUDIES / f"study_{name}.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(STUDIES))
    return module


pytestmark = pytest.mark.filterwarnings("ignore::cellsim.OutsideMeasuredRange")

# ---- a symmetric cell


@pytest.fixture(scope="module")
def symmetric():
    return loaded("symmetric_recovery")


@pytest.fixture(scope="module")
def polarisation(symmetric):
    return symmetric.polarised(symmetric.cell(), 0)


@pytest.fixture(scope="module")
def by_small_currents(symmetric, polarisation):
    return symmetric.fitted([polarisation], 0)


def test_small_currents_tell_kappa_D_and_one_combination_of_t_plus_and_chi(symmetric, by_small_currents):
    assert by_small_currents.converged
    found = symmetric.seen(by_small_currents)
    for name in ("electrolyte.kappa.scale", "electrolyte.D.scale", symmetric.COMBINATION):
        off, half = found[name]
        assert off < 0.02, name
        assert off < 1.6 * half < 0.04, name  # three standard errors, and they are worth something


def test_small_currents_do_not_tell_t_plus_from_chi_and_this_is_said(by_small_currents):
    said = by_small_currents.identifiability.said
    assert said == ("only the product of electrolyte.chi.scale and (1 - electrolyte.t_plus)^2 is seen.",)
    assert by_small_currents.identifiability.fix[0] in ("electrolyte.chi.scale", "1 - electrolyte.t_plus")


def test_concentration_cells_and_a_run_beyond_the_limiting_current_tell_all_four(symmetric, polarisation):
    cell = symmetric.cell()
    found = symmetric.fitted([polarisation, symmetric.with_cells(symmetric.exhausted(cell, 1000), cell, 0)], 0)
    assert found.converged and found.identifiability.is_complete
    for name, (off, half) in symmetric.seen(found).items():
        assert off < 0.02, name
        assert off < 1.6 * half, name


# ---- discharges of a whole cell


@pytest.fixture(scope="module")
def lgm50():
    return loaded("electrolyte_recovery")


@pytest.fixture(scope="module")
def discharges(lgm50):
    """Of a single-particle model with electrolyte, and without the rests: programs that are compiled soon."""
    return lgm50.known(cs.load_cell("Chen2020"), cs.Build(cs.SPMe, cs.Mesh(6, 3, 6, 6)), rest=0.0)


@pytest.fixture(scope="module")
def by_discharges(lgm50, discharges):
    return lgm50.scales_fitted(discharges, 0)


def test_discharges_tell_all_four_properties_at_once(lgm50, by_discharges):
    assert by_discharges.converged
    for each in lgm50.SCALES:
        value, error = by_discharges.values[each.path], by_discharges.std_errors[each.path]
        assert abs(value - 1) < 4 * error, each.path
        assert error < 0.1, each.path


def test_another_record_of_the_same_runs_needs_no_new_program(lgm50, discharges, by_discharges, caplog):
    with caplog.at_level(logging.WARNING), jax.log_compiles():
        other = lgm50.scales_fitted(discharges, 1)
        jax.jit(lambda x: x + np.pi)(1.0)
    compiled = [each.getMessage() for each in caplog.records if "ompil" in each.getMessage()]
    assert compiled  # they are heard
    assert not [each for each in compiled if "_linearised" in each]
    assert other.values != by_discharges.values


def test_what_follows_from_a_number_has_the_error_that_follows(fitted):
    """The relative error of a power is that of the number times its exponent, of a ratio that of both with what they
    have in common."""

    def square_and_ratio(cell):
        return jnp.stack([cell.positive.L**2, cell.positive.L / cell.negative.particle.D_s.value])

    found = estimate(fitted, square_and_ratio)
    L, D_s = (fitted.names.index(name) for name in ("positive.L", "negative.particle.D_s"))
    values = np.array([fitted.values[name] for name in fitted.names])
    relative = fitted.covariance / np.outer(values, values)
    of_ratio = np.sqrt(relative[L, L] + relative[D_s, D_s] - 2 * relative[L, D_s])
    expected = [2 * np.sqrt(relative[L, L]), of_ratio]
    np.testing.assert_allclose(found.standard_error / found.value, expected, rtol=1e-6)
    assert float(found.value[0]) == pytest.approx(values[L] ** 2, rel=1e-12)
    assert found.dof == 180 - len(values)
