"""Ion pairs and clusters: the equilibrium, its limits and derivatives, and what it makes of a solution."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from cellsim.constants import F, R
from cellsim.electrolyte import Salt, ions, onsager
from cellsim.electrolyte.levels import AssociatedElectrolyte, IdealElectrolyte
from cellsim.electrolyte.speciation import Cluster, equilibrium, makeup
from cellsim.laws import Arrhenius, Constant

PAIR = makeup([(1, 1)], 2)
MANY = makeup([(1, 1), (1, 2), (2, 1), (3, 2), (2, 3)], 2)
T = 298.15
c = np.array([100.0, 300.0, 1500.0, 4000.0])  # where the floor under c is out of sight

solved = jax.jit(equilibrium, static_argnums=2)


def free_if_pairs_only(c, K):
    """The positive root of K x^2 + x = c."""
    return 2 * c / (1 + np.sqrt(1 + 4 * K * c))


def totals(concentrations, made_of):
    return np.asarray(concentrations) @ np.array(made_of)


# ---- the equilibrium


@pytest.mark.parametrize("K", [1e-12, 1e-6, 1e-3, 1.0, 1e3, 1e9])
def test_pairs_alone_follow_the_quadratic_from_no_pairing_to_full_pairing(K):
    points = np.logspace(-7, 4, 23)
    found = np.asarray(solved(np.stack([points, points], -1), np.log([K]), PAIR))
    free = free_if_pairs_only(points, K)
    np.testing.assert_allclose(found, np.stack([free, free, K * free**2], -1), rtol=1e-12)


def test_the_degree_of_dissociation_obeys_ostwald():
    K_dissociation = 5.0  # mol/m3
    alpha = np.asarray(solved(np.stack([c, c], -1), np.log([1 / K_dissociation]), PAIR))[:, 0] / c
    np.testing.assert_allclose(alpha**2 * c / (1 - alpha), K_dissociation, rtol=1e-11)


def test_the_dilute_limit_is_complete_dissociation_and_its_first_correction():
    K, dilute = 2e-3, 1e-4
    found = np.asarray(solved(np.array([dilute, dilute]), np.log([K]), PAIR))
    assert found[0] / dilute == pytest.approx(1 - K * dilute, abs=1e-12)
    assert found[2] == pytest.approx(K * dilute**2, rel=1e-6)


def test_full_pairing_leaves_the_excess_of_the_one_and_next_to_nothing_of_the_other():
    found = np.asarray(solved(np.array([1000.0, 1200.0]), np.log([1e6]), PAIR))
    np.testing.assert_allclose(found, [1000.0 / 200.0 * 1e-6, 200.0, 1000.0], rtol=1e-7)


def test_triplets_alone_follow_their_cubic():
    K = 1e-3
    found = np.asarray(solved(np.stack([c, 2 * c], -1), np.log([K]), makeup([(1, 2)], 2)))
    for point, at in zip(found, c, strict=True):
        roots = np.roots([4 * K, 0.0, 1.0, -at])  # x free cations, 2 x free anions, 4 K x^3 triplets
        free = float(roots[np.abs(roots.imag) < 1e-9 * np.abs(roots)].real.max())
        np.testing.assert_allclose(point, [free, 2 * free, 4 * K * free**3], rtol=1e-9)


def test_mass_action_and_the_totals_are_met_for_many_clusters_from_dilute_to_concentrated_and_weak_to_strong():
    rng = np.random.default_rng(0)
    total = 10 ** rng.uniform(-6, 4, (500, 2))
    ln_K = rng.uniform(-30, 60, (500, 5))
    found = np.asarray(solved(total, ln_K, MANY))
    assert np.all(found > 0)
    np.testing.assert_allclose(totals(found, MANY), total, rtol=1e-10)
    np.testing.assert_allclose(
        np.log(found[:, 2:]), ln_K + np.log(found[:, :2]) @ np.array(MANY[2:]).T, rtol=1e-10, atol=1e-10
    )


def test_any_number_of_components_can_share_clusters():
    """Lithium and sodium compete for one anion, which also pairs with itself and both."""
    made_of = makeup([(1, 0, 1), (0, 1, 1), (1, 1, 2)], 3)
    total = np.array([[800.0, 200.0, 1000.0], [1.0, 5.0, 6.0]])
    found = solved(total, np.log([1e-2, 1e-3, 1e-6]), made_of)
    np.testing.assert_allclose(totals(found, made_of), total, rtol=1e-12)
    lithium, sodium = np.asarray(found[:, :2]).T
    np.testing.assert_allclose(found[:, 3] / found[:, 4], 10 * lithium / sodium, rtol=1e-12)


def test_points_may_lie_in_a_table_and_under_vmap():
    table = np.stack(np.broadcast_arrays(c[:, None], c[None, :]), axis=-1)
    ln_K = np.log([1e-3])
    found = solved(table, ln_K, PAIR)
    assert found.shape == (4, 4, 3)
    one_by_one = jax.jit(jax.vmap(jax.vmap(lambda total: equilibrium(total, ln_K, PAIR))))(table)
    np.testing.assert_allclose(found, one_by_one, rtol=1e-13)


def test_a_cluster_of_one_ion_or_of_other_components_is_refused():
    for wrong in ((1, 0), (1, 1, 1), (-1, 3)):
        with pytest.raises(ValueError, match="a cluster of 2 components holds a whole number of each, two or more"):
            makeup([wrong], 2)


# ---- its derivatives


def test_the_equilibrium_is_differentiable_both_ways_in_totals_and_constants():
    @jax.jit
    def of(ln_total, ln_K):
        return jnp.log(equilibrium(jnp.exp(ln_total), ln_K, MANY[:4]))

    check_grads(of, (np.log([700.0, 900.0]), np.log([1e-2, 1e-5])), order=2, rtol=1e-5)


def test_the_slopes_of_pairs_are_those_of_the_quadratic_to_third_order():
    K, at = 3e-3, 700.0
    by_solver = lambda c: equilibrium(jnp.stack([c, c]), jnp.log(jnp.array([K])), PAIR)[0]
    by_root = lambda c: 2 * c / (1 + jnp.sqrt(1 + 4 * K * c))
    for _ in range(3):
        by_solver, by_root = jax.grad(by_solver), jax.grad(by_root)
        assert float(jax.jit(by_solver)(at)) == pytest.approx(float(jax.jit(by_root)(at)), rel=1e-10)


# ---- an electrolyte


def with_clusters(*clusters, salt=Salt()):
    return AssociatedElectrolyte(D_plus=2e-10, D_minus=3e-10, clusters=clusters, salt=salt)


def test_without_clusters_the_ions_are_ideal():
    free, ideal = with_clusters(), IdealElectrolyte(2e-10, 3e-10)
    for law in ("kappa", "D", "t_plus", "chi"):
        np.testing.assert_allclose(getattr(free, law)(c, T), getattr(ideal, law)(c, T), rtol=1e-13)
    np.testing.assert_allclose(free.haven_ratio(c, T), 1.0, rtol=1e-13)


def test_a_vanishing_constant_or_a_vanishing_concentration_is_no_pairing():
    ideal = IdealElectrolyte(2e-10, 3e-10)
    weak = with_clusters(Cluster(K=1e-20, D=1e-10))
    dilute = with_clusters(Cluster(K=1e-3, D=1e-10))
    for law in ("kappa", "D", "t_plus", "chi"):
        np.testing.assert_allclose(getattr(weak, law)(c, T), getattr(ideal, law)(c, T), rtol=1e-12)
        assert float(getattr(dilute, law)(1e-4, T)) == pytest.approx(float(getattr(ideal, law)(1e-4, T)), rel=1e-5)


def test_paired_ions_diffuse_but_do_not_conduct():
    K, D_pair, at = 1e-2, 1.5e-10, np.array([300.0, 1000.0])
    electrolyte = with_clusters(Cluster(K=K, D=D_pair))
    free = free_if_pairs_only(at, K)
    kappa = F**2 / (R * T) * free * 5e-10
    np.testing.assert_allclose(electrolyte.kappa(at, T), kappa, rtol=1e-10)
    kappa_NE = F**2 / (R * T) * (free * 5e-10 + (at - free) * 2 * D_pair)
    np.testing.assert_allclose(electrolyte.haven_ratio(at, T), kappa / kappa_NE, rtol=1e-10)
    assert np.all(np.asarray(electrolyte.haven_ratio(at, T)) < 1)
    np.testing.assert_allclose(electrolyte.t_plus(at, T), 0.4, rtol=1e-12)


def test_pairs_lower_the_thermodynamic_factor_from_one_to_a_half():
    K = 1e-2
    electrolyte = with_clusters(Cluster(K=K, D=1e-10))
    free = free_if_pairs_only(c, K)
    np.testing.assert_allclose(electrolyte.chi(c, T), (1 + K * free) / (1 + 2 * K * free), rtol=1e-10)
    strong = with_clusters(Cluster(K=1e6, D=1e-10))
    assert float(strong.chi(1000.0, T)) == pytest.approx(0.5, rel=1e-4)


def test_full_pairing_diffuses_as_the_pair_and_hardly_conducts():
    strong = with_clusters(Cluster(K=1e9, D=1.3e-10))
    assert float(strong.D(1000.0, T)) == pytest.approx(1.3e-10, rel=1e-5)
    assert float(strong.haven_ratio(1000.0, T)) < 1e-5


def test_the_salt_diffuses_as_the_species_do_by_ficks_law():
    """D grad c is what all species carry down their own gradients, with the field that stops the current."""
    electrolyte = with_clusters(Cluster(K=1e-3, D=1e-10), Cluster(K=1e-5, D=0.5e-10, cations=1, anions=2))
    made_of, z = np.array(electrolyte.makeup), np.array([1, -1])
    of = lambda c: electrolyte.concentrations(c, T)
    at = 900.0
    present, gradient = of(at), jax.jacfwd(of)(at)
    D_k, z_k = np.asarray(electrolyte.diffusivities(at, T)), made_of @ z
    field = np.sum(z_k * D_k * gradient) / np.sum(z_k**2 * D_k * present)  # F E/(R T) without current
    J = D_k * (np.asarray(gradient) - z_k * np.asarray(present) * field)
    for carried in J @ made_of:
        assert float(electrolyte.D(at, T)) == pytest.approx(float(carried), rel=1e-10)


def test_negative_clusters_turn_the_transference_number_negative():
    """Half of the lithium sits in triplets with two anions; the free cation is scarce."""
    electrolyte = AssociatedElectrolyte(
        D_plus=1e-11,
        D_minus=1e-11,
        clusters=(Cluster(K=1e-1, D=1e-11), Cluster(K=1e-2, D=8e-11, cations=1, anions=2)),
    )
    t_plus = np.asarray(electrolyte.t_plus(np.array([1e-4, 1.0, 1000.0]), T))
    assert t_plus[0] == pytest.approx(0.5, abs=1e-3) and t_plus[0] > t_plus[1] > t_plus[2]
    assert t_plus[2] < -0.1
    free_plus, free_minus, _, triplets = np.asarray(electrolyte.concentrations(1000.0, T))
    by_hand = (free_plus * 1e-11 - triplets * 8e-11) / ((free_plus + free_minus) * 1e-11 + triplets * 8e-11)
    assert t_plus[2] == pytest.approx(by_hand, rel=1e-12)
    # a negative transference number is lawful
    onsager.check_electrolyte(electrolyte, np.array([1.0, 1000.0]), T)


def test_positive_clusters_raise_the_transference_number_above_one():
    electrolyte = AssociatedElectrolyte(1e-11, 1e-11, (Cluster(K=1e-1, D=8e-11, cations=2, anions=1),))
    assert float(electrolyte.t_plus(1000.0, T)) > 1


def test_a_pair_of_unequal_charges_conducts():
    salt = Salt(2, 1, 2)  # the pair of CaCl2 is CaCl+
    electrolyte = with_clusters(Cluster(K=1e-2, D=1e-10), salt=salt)
    plus, minus, pair = np.asarray(electrolyte.concentrations(500.0, T))
    assert plus + pair == pytest.approx(500.0, rel=1e-11) and minus + pair == pytest.approx(1000.0, rel=1e-11)
    by_hand = F**2 / (R * T) * (4 * plus * 2e-10 + minus * 3e-10 + pair * 1e-10)
    assert float(electrolyte.kappa(500.0, T)) == pytest.approx(by_hand, rel=1e-12)


def test_constants_follow_the_temperature():
    electrolyte = with_clusters(Cluster(K=Arrhenius(Constant(1e-3), E=15e3), D=Arrhenius(Constant(1e-10), E=20e3)))
    paired = np.asarray(electrolyte.concentrations(1000.0, np.array([273.15, T, 333.15])))[:, 2]
    assert paired[0] < paired[1] < paired[2]
    assert paired[1] == pytest.approx(1000.0 - free_if_pairs_only(1000.0, 1e-3), rel=1e-12)


BOTH = with_clusters(Cluster(K=1e-3, D=1e-10), Cluster(K=1e-5, D=0.5e-10, cations=1, anions=2))


@jax.jit
def four_functions(electrolyte, c):
    return jnp.stack([getattr(electrolyte, law)(c, T) for law in ("kappa", "D", "t_plus", "chi")])


@jax.jit
def slopes(electrolyte, c):
    return jax.jacfwd(four_functions, argnums=(0, 1))(electrolyte, c)


def test_everything_is_finite_and_differentiable_where_a_solver_may_look():
    for at in (-1e-3, 0.0, 1e-3, 1.0, 1e4):
        assert np.all(np.isfinite(four_functions(BOTH, at)))
        for path, array in jax.tree_util.tree_leaves_with_path(slopes(BOTH, at)):
            assert np.all(np.isfinite(array)), f"{at} {jax.tree_util.keystr(path)}"


def test_every_number_moves_the_four_functions_as_differences_say():
    leaves, structure = jax.tree_util.tree_flatten(BOTH)
    by_leaf, by_c = slopes(BOTH, 800.0)
    value = np.asarray(four_functions(BOTH, 800.0))
    for k, slope in enumerate(jax.tree_util.tree_leaves(by_leaf)):
        moved = lambda factor, k=k: four_functions(
            structure.unflatten([x * factor if i == k else x for i, x in enumerate(leaves)]), 800.0
        )
        difference = np.asarray(moved(1 + 1e-4) - moved(1 - 1e-4)) / 2e-4
        np.testing.assert_allclose(slope * leaves[k] / value, difference / value, rtol=1e-6, atol=1e-9)
        assert np.any(np.abs(difference / value) > 1e-3)
    difference = (four_functions(BOTH, 800.0 * (1 + 1e-4)) - four_functions(BOTH, 800.0 * (1 - 1e-4))) / 2e-4
    np.testing.assert_allclose(by_c * 800.0 / value, difference / value, rtol=1e-6, atol=1e-9)


def test_forward_and_reverse_slopes_agree():
    reverse = jax.jit(jax.jacrev(four_functions))(BOTH, 800.0)
    for forward, backward in zip(*map(jax.tree_util.tree_leaves, (slopes(BOTH, 800.0)[0], reverse)), strict=True):
        np.testing.assert_allclose(forward, backward, rtol=1e-9, atol=1e-12 * np.abs(forward).max())


def test_self_diffusivities_are_means_over_the_species_that_hold_an_ion():
    electrolyte = BOTH
    plus, minus, pair, triplet = np.asarray(electrolyte.concentrations(900.0, T))
    found = electrolyte.self_diffusivities(900.0, T)
    assert float(found[0]) == pytest.approx((plus * 2e-10 + pair * 1e-10 + triplet * 0.5e-10) / 900.0, rel=1e-12)
    assert float(found[1]) == pytest.approx((minus * 3e-10 + pair * 1e-10 + 2 * triplet * 0.5e-10) / 900.0, rel=1e-12)
    kappa_NE = ions.conductivity_NE(Salt().ions(900.0), Salt().z, found, T)
    assert float(electrolyte.kappa(900.0, T) / kappa_NE) == pytest.approx(float(electrolyte.haven_ratio(900.0, T)))
