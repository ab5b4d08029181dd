"""VFT and WLF laws, the map between them, and decoupling: closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from cellsim.constants import R
from cellsim.electrolyte import Electrolyte
from cellsim.electrolyte.temperature import (
    VFT,
    WLF,
    as_vft,
    as_wlf,
    conductivity_relaxation_time,
    decoupling_exponent,
    decoupling_index,
    vft_from_wlf,
    wlf_from_vft,
)
from cellsim.laws import Arrhenius, Polynomial
from cellsim.parameters import leaves

T = np.linspace(260.0, 400.0, 8)
c = np.linspace(100.0, 2000.0, 5)[:, None]


@pytest.mark.parametrize("power", [0.0, -0.5])
def test_vft_is_its_closed_form_with_and_without_prefactor(power):
    law = VFT(12.0, 1300.0, 195.0, power)
    np.testing.assert_allclose(law(0.0, T), 12.0 * T**power * np.exp(-1300.0 / (T - 195.0)), rtol=1e-14)


def test_wlf_is_its_closed_form_and_one_at_its_reference():
    law = WLF(0.02, 9.0, 110.0, 300.0)
    np.testing.assert_allclose(law(0.0, T), 0.02 * 10 ** (9.0 * (T - 300.0) / (110.0 + T - 300.0)), rtol=1e-13)
    assert float(law(0.0, 300.0)) == 0.02


def test_vft_with_mobility_down_to_absolute_zero_is_arrhenius():
    E, T_ref = 3.1e4, 298.15
    arrhenius = Arrhenius(2.0, E, T_ref)
    vft = VFT(2.0 * np.exp(E / (R * T_ref)), E / R, 0.0)
    np.testing.assert_allclose(vft(0.0, T), arrhenius(0.0, T), rtol=1e-13)


def test_the_map_between_wlf_and_vft_is_exact_both_ways():
    C1, C2, T_ref = 17.44, 51.6, 210.0  # the universal constants of Williams, Landel and Ferry
    B, T0 = vft_from_wlf(C1, C2, T_ref)
    assert float(B) == pytest.approx(np.log(10) * C1 * C2, rel=1e-15) and float(T0) == pytest.approx(T_ref - C2)
    np.testing.assert_allclose(wlf_from_vft(B, T0, T_ref), (C1, C2), rtol=1e-12)


def test_a_law_says_the_same_under_both_names():
    wlf = WLF(Polynomial([0.01, 0.02, -0.004], unit=1000.0), 8.0, 105.0, 310.0)
    vft = as_vft(wlf)
    np.testing.assert_allclose(vft(c, T), wlf(c, T), rtol=1e-12)
    again = as_wlf(vft, 350.0)
    np.testing.assert_allclose(again(c, T), wlf(c, T), rtol=1e-12)
    assert float(again.T_ref) == 350.0 and float(again.C2) == pytest.approx(145.0, rel=1e-14)
    back = as_wlf(vft, 310.0)
    np.testing.assert_allclose((back.C1, back.C2), (8.0, 105.0), rtol=1e-12)


def test_a_law_with_a_prefactor_or_anchored_where_nothing_moves_is_no_wlf_law():
    with pytest.raises(ValueError, match=r"prefactor T\^-0.5"):
        as_wlf(VFT(1.0, 1000.0, 200.0, -0.5), 300.0)
    with pytest.raises(ValueError, match=r"T_ref = 190.0 K is not above T0 = 200.0 K"):
        as_wlf(VFT(1.0, 1000.0, 200.0), 190.0)


@pytest.mark.parametrize("law", [VFT(12.0, 1300.0, 250.0), WLF(0.02, 9.0, 60.0, 310.0)], ids=["VFT", "WLF"])
def test_nothing_moves_below_the_vanishing_temperature_and_mobility_starts_smoothly(law):
    at = jnp.asarray([150.0, 249.9, 250.0, 250.0 + 1e-9, 265.0])
    value, slope = jax.vmap(jax.value_and_grad(lambda T: law(0.0, T)))(at)
    np.testing.assert_array_equal(value[:4], 0.0)
    np.testing.assert_array_equal(slope[:4], 0.0)
    assert 0 < float(value[4]) < 1e-20 and 0 < float(slope[4]) < 1e-20


@pytest.mark.parametrize(
    "law",
    [VFT(Arrhenius(Polynomial([0.1, 2.0]), 1e4), 1.3e3, 195.0, -0.5), WLF(Polynomial([0.1, 0.2]), 9.0, 110.0, 300.0)],
    ids=["VFT", "WLF"],
)
def test_every_number_of_a_temperature_law_is_a_differentiable_leaf(law):
    check_grads(lambda law, x, T: law(x, T), (law, 0.4, 320.0), order=1, modes=("fwd", "rev"), rtol=1e-6)
    assert all(np.all(np.asarray(leaf) != 0) for leaf in jax.tree.leaves(jax.grad(lambda law: law(0.4, 320.0))(law)))


def test_a_temperature_law_stands_wherever_a_law_does_and_names_its_numbers():
    kappa = VFT(Polynomial([0.0, 3.0]), 1200.0, 200.0)
    electrolyte = Electrolyte(kappa=kappa, D=WLF(1e-12, 7.0, 110.0, 333.0), t_plus=0.2)
    assert electrolyte.kappa(c, T).shape == electrolyte.D(c, T).shape == (5, 8)
    paths = [leaf.path for leaf in leaves(electrolyte)]
    assert paths[:3] == ["kappa.law.coefficients", "kappa.B", "kappa.T0"]
    assert {"D.law.value", "D.C1", "D.C2", "D.T_ref"} <= set(paths)


def test_charge_relaxes_in_permittivity_over_conductivity():
    assert float(conductivity_relaxation_time(0.1, 10.0)) == pytest.approx(8.8541878128e-10, rel=1e-14)


def test_angells_index_counts_decades_between_structure_and_charge():
    """At the glass transition, with 200 s and a permittivity of 10, it is 14.35 + log10 of the conductivity in S/cm."""
    kappa = np.array([1e-15, 1e-9, 1e-3])  # S/cm
    np.testing.assert_allclose(decoupling_index(100 * kappa, 200.0, 10.0), 14.354 + np.log10(kappa), atol=1e-3)
    tau = conductivity_relaxation_time(0.3, 7.0)
    assert float(decoupling_index(0.3, 100 * tau, 7.0)) == pytest.approx(2.0, abs=1e-12)


def test_ions_slaved_to_the_segments_have_no_decoupling_exponent_and_free_ones_have_one():
    tau = 1 / np.asarray(WLF(1e3, 12.0, 60.0, 250.0)(0.0, T))
    slaved = np.asarray(WLF(1e-4, 12.0, 60.0, 250.0)(0.0, T))
    partly = np.asarray(WLF(1e-4, 12.0 * 0.7, 60.0, 250.0)(0.0, T))
    assert float(decoupling_exponent(slaved, tau)) == pytest.approx(0.0, abs=1e-12)
    assert float(decoupling_exponent(partly, tau)) == pytest.approx(0.3, abs=1e-12)
    assert float(decoupling_exponent(np.full_like(T, 1e-3), tau)) == pytest.approx(1.0, abs=1e-12)
