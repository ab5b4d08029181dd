"""Laws of side reactions against their limits and closed forms, and what happens beneath a film."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

import cellsim as cs
from cellsim.constants import F, R
from cellsim.electrode.film import beneath_film, guess_beneath_film, through_film
from cellsim.electrode.kinetics import ButlerVolmer
from cellsim.electrode.side_reactions import (
    InterstitialLimitedSEI,
    IrreversiblePlating,
    ReversiblePlating,
    SEIFilm,
    SolventLimitedSEI,
    SolventReductionSEI,
    Wall,
)

T = 298.15
FILM = SEIFilm(L0=5e-9, V_bar=9.585e-5, lithium=2.0, resistivity=2e5)
SOLVENT = dict(D_sol=2.5e-22, c_sol=2636.0)
LAWS = {
    "solvent": SolventLimitedSEI(FILM, **SOLVENT),
    "reduction": SolventReductionSEI(FILM, k=1e-12, **SOLVENT),
    "interstitial": InterstitialLimitedSEI(FILM, D_Li=1e-20, c_Li=15.0),
    "reversible": ReversiblePlating(k=1e-9, alpha_c=0.65, decay=1e-4, L_ref=5e-9),
    "irreversible": IrreversiblePlating(k=1e-9, alpha_c=0.65),
}


def wall(w, c=1000.0, film=6e-9, T=T):
    return Wall(jnp.asarray(c), jnp.asarray(w), jnp.asarray(film), 3.8e5, T)


def amounts_of(law):
    """As many amounts as it has unknowns, none of them zero."""
    return tuple(jnp.asarray(x * unknown.size) for x, unknown in zip((6.0, 0.4), law.unknowns, strict=False))


@pytest.mark.parametrize("name", LAWS)
def test_what_a_reaction_holds_grows_by_what_it_takes(name):
    law, w = LAWS[name], wall(-0.03)
    amounts = amounts_of(law)
    j = law.j(w, amounts)
    assert float(j) < 0  # lithium is taken
    held = lambda amounts: sum(law.lithium(w.a, amounts).values())
    _, gained = jax.jvp(held, (amounts,), (law.rates(w, j, amounts),))
    assert float(gained) == pytest.approx(float(-w.a * j / F), rel=1e-12)


@pytest.mark.parametrize("name", LAWS)
def test_the_current_does_not_fall_with_the_potential_and_has_smooth_slopes(name):
    law = LAWS[name]
    of = lambda w: law.j(wall(w), amounts_of(law))
    w = jnp.linspace(-0.2, 1.5, 40)
    assert np.all(np.diff(np.asarray(of(w))) >= 0)
    check_grads(lambda w: of(w) / of(0.0), (jnp.asarray(0.05),), order=2, modes=("fwd", "rev"), rtol=1e-5, eps=1e-5)


def test_solvent_that_diffuses_makes_half_the_current_through_a_film_of_twice_the_thickness():
    law = LAWS["solvent"]
    once, twice = (float(law.j(wall(0.1), (jnp.asarray(L),))) for L in (5e-9, 1e-8))
    assert once == pytest.approx(-F * 2.5e-22 * 2636.0 / 5e-9, rel=1e-12) and once == pytest.approx(
        2 * twice, rel=1e-12
    )
    assert float(law.rates(wall(0.1), once, (5e-9,))[0]) == pytest.approx(
        9.585e-5 / 2 * 2.5e-22 * 2636 / 5e-9, rel=1e-12
    )


def test_the_reduction_of_solvent_has_diffusion_and_kinetics_as_limits():
    amounts = (jnp.asarray(7e-9),)
    fast = SolventReductionSEI(FILM, k=1e-3, **SOLVENT)
    assert float(fast.j(wall(0.1), amounts)) == pytest.approx(float(LAWS["solvent"].j(wall(0.1), amounts)), rel=1e-6)
    free = SolventReductionSEI(FILM, k=1e-17, D_sol=1e-9, c_sol=2636.0, alpha=0.4)
    at_U, below = (float(free.j(wall(w), amounts)) for w in (0.4, 0.3))
    assert at_U == pytest.approx(-F * 2636.0 * 1e-17, rel=1e-6)
    assert np.log(below / at_U) == pytest.approx(0.4 * F * 0.1 / (R * T), rel=1e-6)


def test_interstitial_lithium_follows_the_potential_of_the_electrode():
    law, amounts = LAWS["interstitial"], (jnp.asarray(5e-9),)
    at_lithium, above = (float(law.j(wall(w), amounts)) for w in (0.0, 0.1))
    assert at_lithium == pytest.approx(-F * 1e-20 * 15.0 / 5e-9, rel=1e-12)
    assert np.log(at_lithium / above) == pytest.approx(F * 0.1 / (R * T), rel=1e-12)


def test_plating_rests_at_the_potential_of_nernst_and_is_that_without_stripping_where_nothing_is_plated():
    law, irreversible = LAWS["reversible"], LAWS["irreversible"]
    c_Li = jnp.asarray(40.0)
    nernst = R * T / F * np.log(1200.0 / 40.0)
    size = float(-irreversible.j(wall(nernst, c=1200.0), ()))
    assert abs(float(law.j(wall(nernst, c=1200.0), (c_Li, 0.0)))) < 1e-12 * size
    for w in (-0.1, 0.0, 0.3):
        assert float(law.j(wall(w), (0.0, 0.0))) == pytest.approx(float(irreversible.j(wall(w), (0.0,))), rel=1e-12)


def test_lithium_dies_the_more_slowly_the_thicker_the_film_and_not_at_all_without_a_decay():
    amounts = (jnp.asarray(40.0), jnp.asarray(1.0))
    law = LAWS["reversible"]
    dying = [float(law.rates(wall(0.1, film=L), 0.0, amounts)[1]) for L in (5e-9, 1e-8)]
    assert dying == pytest.approx([1e-4 * 40.0, 0.5e-4 * 40.0], rel=1e-12)
    assert float(dataclasses.replace(law, L_ref=None).rates(wall(0.1), 0.0, amounts)[1]) == pytest.approx(
        4e-3, rel=1e-12
    )
    assert float(ReversiblePlating(k=1e-9).rates(wall(0.1), 0.0, amounts)[1]) == 0.0


@pytest.mark.parametrize("name", LAWS)
def test_warmth_speeds_a_reaction_by_its_activation_energy(name):
    law = dataclasses.replace(LAWS[name], E=38000.0)
    amounts, warm = amounts_of(law), 318.15
    zero = lambda T: wall(0.4, T=T) if name == "reduction" else wall(0.0, T=T)  # where T acts by the energy alone
    ratio = float(law.j(zero(warm), amounts) / law.j(zero(T), amounts))
    assert np.log(ratio) == pytest.approx(38000.0 / R * (1 / T - 1 / warm), rel=1e-9)


def test_the_potential_beneath_a_film_obeys_its_equation_for_any_resistance_and_moves_as_it_should():
    kinetics, U = ButlerVolmer(k=1e-6), 0.12
    plating, amounts = LAWS["reversible"], (jnp.asarray(40.0), jnp.asarray(0.0))
    j0 = jnp.asarray(0.8)

    def beneath(w, R_film):
        current = lambda x: kinetics.j(j0, x - U, T) + plating.j(wall(x), amounts) + LAWS["solvent"].j(wall(x), (6e-9,))
        x = beneath_film(current, w, U, R_film, guess_beneath_film(j0, w, U, R_film, T))
        return x, x + R_film * current(x) - w

    w, R_film = jnp.meshgrid(jnp.linspace(-0.4, 1.0, 29), jnp.asarray([0.0, 1e-6, 1e-3, 0.1, 10.0]))
    x, missing = jax.jit(beneath)(w, R_film)
    assert np.max(np.abs(np.asarray(missing) / (1 + np.abs(np.asarray(w))))) < 1e-12
    np.testing.assert_allclose(np.asarray(x)[0], np.asarray(w)[0], atol=1e-14)
    of = lambda w, log_R: beneath(w, jnp.exp(log_R))[0]
    check_grads(of, (jnp.asarray(0.05), jnp.log(2e-3)), order=2, modes=("fwd", "rev"), rtol=1e-5, eps=1e-5)


def test_without_side_reactions_the_current_is_that_through_a_film():
    kinetics, j0 = ButlerVolmer(k=1e-6), jnp.asarray(0.8)
    for eta in (-0.3, 0.02, 0.4):
        x = beneath_film(lambda x: kinetics.j(j0, x - 0.1, T), eta + 0.1, 0.1, 0.01, 0.1)
        expected = through_film(kinetics, j0, eta, 0.01, T)
        assert float(kinetics.j(j0, x - 0.1, T)) == pytest.approx(float(expected), rel=1e-10)


def test_two_laws_for_one_film_are_refused():
    electrode = cs.load_cell("Chen2020").negative
    with pytest.raises(ValueError, match="SolventLimitedSEI, InterstitialLimitedSEI all leave SEI thickness"):
        dataclasses.replace(electrode, side_reactions=(LAWS["solvent"], LAWS["interstitial"]))


def test_their_numbers_have_paths():
    cell = cs.load_cell("OKane2022_ageing")
    changed = cs.replace(cell, "negative.side_reactions.0.film.L0", 7e-9)
    assert float(changed.negative.side_reactions[0].start()[0]) == 7e-9
    assert float(cs.parameters.get(cell, "negative.side_reactions.1.k")) == 1e-9
