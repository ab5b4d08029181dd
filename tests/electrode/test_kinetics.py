"""Butler-Volmer kinetics: limits that are known."""

import equinox as eqx
import jax
import numpy as np
import pytest

from cellsim.constants import F, R
from cellsim.electrode.kinetics import ButlerVolmer

T = 298.15
THERMAL = F / (R * T)  # 1/V
kinetics = ButlerVolmer(k=2e-6, E=30000.0)
j = eqx.filter_jit(kinetics.j)
j0 = eqx.filter_jit(kinetics.j0)


def test_a_small_overpotential_meets_a_resistance():
    for eta in (1e-3, -1e-3):
        linear = 5.0 * THERMAL * eta
        curvature = (THERMAL * eta / 2) ** 2 / 6  # of sinh
        assert float(j(5.0, eta, T)) / linear == pytest.approx(1 + curvature, rel=1e-6)


def test_a_large_overpotential_multiplies_the_current_tenfold_every_118_millivolts():
    decade = 2 * np.log(10) / THERMAL
    assert decade == pytest.approx(0.1183, abs=1e-4)
    assert float(j(5.0, 0.5 + decade, T) / j(5.0, 0.5, T)) == pytest.approx(10.0, rel=1e-7)
    assert float(j(5.0, 0.5, T)) == pytest.approx(5.0 * np.exp(0.25 * THERMAL), rel=1e-7)


def test_lithium_leaves_the_solid_at_positive_overpotential_and_enters_it_alike():
    eta = np.linspace(0.01, 0.4, 9)
    out, back = np.asarray(j(3.0, eta, T)), np.asarray(j(3.0, -eta, T))
    assert np.all(out > 0) and np.all(np.diff(out) > 0)
    np.testing.assert_allclose(back, -out, rtol=1e-15)
    assert float(j(3.0, 0.0, T)) == 0.0


def test_the_exchange_current_is_greatest_at_half_filling_and_grows_with_the_root_of_the_salt():
    theta = np.linspace(0.01, 0.99, 99)
    found = np.asarray(j0(1000.0, theta, 3e4, T))
    assert theta[np.argmax(found)] == pytest.approx(0.5)
    assert float(j0(1000.0, 0.5, 3e4, T)) == pytest.approx(2e-6 * np.sqrt(1000.0) * 1.5e4, rel=1e-9)
    assert float(j0(1600.0, 0.3, 3e4, T) / j0(400.0, 0.3, 3e4, T)) == pytest.approx(2.0, rel=1e-8)


def test_the_exchange_current_follows_arrhenius():
    ratio = float(j0(1000.0, 0.4, 3e4, 318.15) / j0(1000.0, 0.4, 3e4, 298.15))
    assert ratio == pytest.approx(np.exp(30000.0 / R * (1 / 298.15 - 1 / 318.15)), rel=1e-12)


@pytest.mark.parametrize(("c", "theta"), [(0.0, 0.5), (-5.0, 0.5), (1000.0, -0.01), (1000.0, 1.01)])
def test_the_exchange_current_stays_positive_and_smooth_where_salt_or_vacancies_run_out(c, theta):
    value, slopes = jax.value_and_grad(lambda c, theta: kinetics.j0(c, theta, 3e4, T), (0, 1))(c, theta)
    assert 0 < float(value) < 0.02 * float(j0(1000.0, 0.5, 3e4, T))
    assert np.all(np.isfinite(slopes))
