"""Electrolytes from every level: one interface, the same limits, one leaf a number, the second law."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import cellsim
from cellsim import citations
from cellsim.cells.design import implausible_laws
from cellsim.cli.library import _cell_text, _electrolyte_text
from cellsim.electrolyte import AbstractElectrolyte, Electrolyte, Salt, activity, onsager
from cellsim.electrolyte.levels import (
    AssociatedElectrolyte,
    IdealElectrolyte,
    LearnedElectrolyte,
    OnsagerElectrolyte,
    StefanMaxwellElectrolyte,
    TradeOffElectrolyte,
)
from cellsim.electrolyte.speciation import Cluster
from cellsim.laws import Arrhenius, Constant, Custom, Polynomial
from cellsim.parameters import UnknownPath, get, leaves, replace
from cellsim.scenario import _unsettable

PROPERTIES = ("kappa", "D", "t_plus", "chi")
T = 298.15
c = np.array([100.0, 900.0, 2500.0])
CHI = activity.ThermodynamicFactor(activity.HalfPowers([0.0, -0.7, 1.2]))
D_PLUS, D_MINUS = Polynomial([2e-10, -2e-11], unit=1000.0), Arrhenius(Constant(3e-10), E=18e3)
LEVELS = {
    "laws": Electrolyte(kappa=1.0, D=3e-10, t_plus=0.3, chi=CHI),
    "ideal": IdealElectrolyte(D_PLUS, D_MINUS, CHI),
    "Onsager": OnsagerElectrolyte(D_PLUS, D_MINUS, 0.3, CHI),
    "trade-off": TradeOffElectrolyte(0.3, Polynomial([5e-10, -3e-11], unit=1000.0), 1.1, chi=CHI),
    "learned": LearnedElectrolyte(Polynomial([0.6, -0.2], unit=1000.0), 1.1, Polynomial([0.1, 0.4], unit=1000.0), 0.5),
    "Stefan-Maxwell": StefanMaxwellElectrolyte(1.5e-10, 2.5e-10, 5e-12, Polynomial([1.1e4, -0.7]), CHI),
    "associated": AssociatedElectrolyte(
        D_PLUS, D_MINUS, (Cluster(Arrhenius(Constant(1e-3), E=9e3), 1e-10), Cluster(1e-7, 8e-11, cations=1, anions=2))
    ),
}
NUMBERS = {"laws": 6, "ideal": 8, "Onsager": 9, "trade-off": 8, "learned": 6, "Stefan-Maxwell": 8, "associated": 11}
every_level = pytest.mark.parametrize("level", list(LEVELS))


@jax.jit
def four_functions(electrolyte, c, T):
    return {name: getattr(electrolyte, name)(c, T) for name in PROPERTIES}


@jax.jit
def slopes(electrolyte, c, T):
    at_point = jax.jacrev(four_functions, argnums=(0, 1, 2))
    return jax.vmap(at_point, in_axes=(None, 0, None))(electrolyte, c, T)


def assert_equal_functions(one, other, rtol, at=c):
    one, other = four_functions(one, at, T), four_functions(other, at, T)
    for name in PROPERTIES:
        np.testing.assert_allclose(one[name], other[name], rtol=rtol, err_msg=name)


# ---- one interface


@every_level
def test_the_four_functions_take_points_and_temperatures_and_have_their_shape(level):
    electrolyte = LEVELS[level]
    assert isinstance(electrolyte, AbstractElectrolyte)
    found = four_functions(electrolyte, c[:, None], np.array([280.0, 320.0]))
    for name in PROPERTIES:
        assert found[name].shape == (3, 2), name
        alone = float(four_functions(electrolyte, c[1], 320.0)[name])
        assert float(found[name][1, 1]) == pytest.approx(alone, rel=1e-12)


@every_level
def test_all_is_finite_and_differentiable_in_every_number_from_no_salt_to_saturation(level):
    points = np.array([-1e-3, 0.0, 1.0, 1000.0, 6000.0])
    for path, array in jax.tree_util.tree_leaves_with_path(four_functions(LEVELS[level], points, T)):
        assert np.all(np.isfinite(array)), jax.tree_util.keystr(path)
    for path, array in jax.tree_util.tree_leaves_with_path(slopes(LEVELS[level], points, 310.0)):
        assert np.all(np.isfinite(array)), jax.tree_util.keystr(path)


@every_level
def test_every_number_is_one_leaf_that_moves_one_of_the_functions(level):
    electrolyte = LEVELS[level]
    found = leaves(electrolyte)
    assert len(found) == len(jax.tree_util.tree_leaves(electrolyte))
    assert sum(np.size(leaf.value) for leaf in found) == NUMBERS[level]
    by_leaf = slopes(electrolyte, c[1:2], 310.0)
    moved = [
        any(np.any(np.abs(x) > 0) for x in each)
        for each in zip(*(jax.tree_util.tree_leaves(by_leaf[name][0]) for name in PROPERTIES), strict=True)
    ]
    assert all(moved), [leaf.path for leaf, acts in zip(found, moved, strict=True) if not acts]


@every_level
def test_every_number_can_be_set_by_its_path_and_every_law_replaced_by_a_number(level):
    electrolyte = LEVELS[level]
    for leaf in leaves(electrolyte):
        assert get(replace(electrolyte, leaf.path, 2 * leaf.value), leaf.path) is not leaf.value
    for field in dataclasses.fields(electrolyte):
        if "law" in field.metadata:
            assert float(getattr(replace(electrolyte, field.name, 0.5), field.name)(1000.0, T)) == 0.5


@every_level
def test_the_range_and_the_name_belong_to_every_level(level):
    electrolyte = dataclasses.replace(LEVELS[level], name="a salt", c_range=(0.0, 2000.0), T_range=(270.0, 330.0))
    assert electrolyte.outside_measured_range(c[:2], T) is None
    assert "a salt was used outside" in electrolyte.outside_measured_range(c, T)


def test_what_has_no_field_cannot_be_set_and_is_told_what_can():
    with pytest.raises(UnknownPath, match=r"has no 'kappa'.* It has D_plus, D_minus, chi"):
        replace(LEVELS["ideal"], "kappa", 1.0)


# ---- limits


@pytest.mark.parametrize("salt", [Salt(), Salt(2, 1, 2), Salt(1, 2, 1)], ids=str)
def test_independent_ions_are_the_same_electrolyte_at_every_level(salt):
    ideal = IdealElectrolyte(D_PLUS, D_MINUS, CHI, salt=salt)
    assert_equal_functions(OnsagerElectrolyte(D_PLUS, D_MINUS, 0.0, CHI, salt=salt), ideal, 1e-13)
    # without friction between the ions; the solvent's share of all particles belongs to the definition
    share = lambda D: Custom(lambda c, T, D: D(c, T) * 1e4 / (1e4 + salt.nu * c), D)
    rubbing = StefanMaxwellElectrolyte(share(D_PLUS), share(D_MINUS), np.inf, 1e4, CHI, salt=salt)
    assert_equal_functions(rubbing, ideal, 1e-9)
    assert_equal_functions(
        AssociatedElectrolyte(D_PLUS, D_MINUS, salt=salt), dataclasses.replace(ideal, chi=Constant(1.0)), 1e-13
    )


def test_a_learned_electrolyte_that_has_learned_nothing_is_ideal():
    assert_equal_functions(LearnedElectrolyte(0.0, 0.0, 0.0), IdealElectrolyte(1e-10, 1e-10), 1e-13)


def test_a_learned_electrolyte_is_the_positive_definite_matrix_written_out():
    salt = Salt(2, 1, 2)
    learned = LearnedElectrolyte(0.7, -0.3, -1.4, 0.2, salt=salt)
    ln_D = np.array([0.7, -0.3]) + np.log(1e-10)
    L = onsager.positive_definite(ln_D, np.array([-1.4]), salt.ions(c), T)
    np.testing.assert_allclose(learned.L(c, T).matrix, L, rtol=1e-9)
    np.testing.assert_allclose(learned.chi(c, T), np.exp(0.2), rtol=1e-15)


def test_a_measured_electrolyte_comes_back_from_its_onsager_coefficients():
    measured = cellsim.load_electrolyte("landesfeind2019_ec_emc")

    def coefficients(c, T, measured):
        values = (getattr(measured, name)(c, T) for name in ("kappa", "t_plus", "D", "chi"))
        return onsager.salt_coefficients(c, *values, T, Salt())

    as_diffusivity = lambda which: lambda c, T, e: getattr(coefficients(c, T, e), which) * 8.31446261815324 * T / c
    correlation = lambda c, T, e: (
        coefficients(c, T, e).cross / jnp.sqrt(coefficients(c, T, e).plus * coefficients(c, T, e).minus)
    )
    rebuilt = OnsagerElectrolyte(
        Custom(as_diffusivity("plus"), measured),
        Custom(as_diffusivity("minus"), measured),
        Custom(correlation, measured),
        measured.chi,
    )
    assert_equal_functions(rebuilt, measured, 1e-9)


# ---- the second law


@pytest.mark.parametrize("level", [level for level in LEVELS if level != "laws"])
def test_the_second_law_holds_over_the_whole_range(level):
    onsager.check_electrolyte(LEVELS[level], np.linspace(1.0, 3000.0, 30), T)


def test_whatever_is_learned_obeys_the_second_law():
    rng = np.random.default_rng(1)
    points = np.linspace(1.0, 3000.0, 40)
    for _ in range(20):
        laws = [Polynomial(rng.normal(0, 2.0, 3), unit=1000.0) for _ in range(4)]
        learned = LearnedElectrolyte(*laws)
        found = four_functions(learned, points, T)
        assert np.all(found["kappa"] > 0) and np.all(found["D"] > 0) and np.all(found["chi"] > 0)
        onsager.check_second_law(jax.jit(lambda e: e.L(points, T).matrix)(learned), Salt().ions(points))


def test_a_correlation_beyond_one_is_an_error_that_names_the_concentration():
    wrong = OnsagerElectrolyte(2e-10, 3e-10, Polynomial([0.0, 0.8], unit=1000.0))
    with pytest.raises(onsager.SecondLawViolated, match=r"index 2, c = \(2500, 2500\)"):
        onsager.check_electrolyte(wrong, c, T)


# ---- in a cell's tree


@every_level
def test_a_cell_holds_it_judges_it_and_describes_it(level):
    cell = replace(cellsim.load_cell("Chen2020"), "electrolyte", LEVELS[level])
    assert implausible_laws(cell) == []
    text = _cell_text(cell)
    for leaf in leaves(LEVELS[level]):
        assert f"electrolyte.{leaf.path} " in text
    for name in PROPERTIES:
        value = float(four_functions(LEVELS[level], cell.c0, cell.T_ref)[name])
        rows = [line.split() for line in text.splitlines() if line.endswith(" at c0")]
        shown = next(float(row[1]) for row in rows if row[0] == f"electrolyte.{name}")
        assert shown == pytest.approx(value, rel=1e-5)
    assert "kappa [S/m]" in _electrolyte_text(LEVELS[level])


def test_a_law_and_a_function_that_cannot_be_meant_are_both_named():
    cell = replace(cellsim.load_cell("Chen2020"), "electrolyte", IdealElectrolyte(2e-4, 3e-4))
    lines = implausible_laws(cell)
    assert lines[0] == "electrolyte.D_plus = 0.0002 m2/s at 1000 mol/m3; expected 1e-16 to 1e-07 m2/s."
    assert any(line.startswith("electrolyte.kappa = 1.87") for line in lines)
    assert any(line.startswith("electrolyte.D = 0.00024 m2/s at 1000 mol/m3") for line in lines)


def test_a_trade_off_is_ideal_ions_whose_diffusivities_fall_with_the_share_of_the_cation():
    share, decades = 0.7, 1.5
    total = 5e-10 * 10 ** (-decades * (share - 0.4))
    ideal = IdealElectrolyte(share * total, (1 - share) * total)
    assert_equal_functions(TradeOffElectrolyte(share, 5e-10, decades), ideal, 1e-13)
    shares = jnp.linspace(0.01, 0.99, 981)
    D_plus = jax.vmap(lambda share: TradeOffElectrolyte(share, 5e-10, decades).kappa(1e3, 300.0) * share)(shares)
    assert float(shares[jnp.argmax(D_plus)]) == pytest.approx(1 / (decades * np.log(10)), abs=1e-3)


@every_level
def test_every_path_can_be_set_as_a_scenario_sets_it(level):
    cell = replace(cellsim.load_cell("Chen2020"), "electrolyte", LEVELS[level])
    for leaf in leaves(LEVELS[level]):
        value = np.asarray(leaf.value)
        assert _unsettable(cell, f"electrolyte.{leaf.path}", value.tolist()) == ""
    for field in dataclasses.fields(LEVELS[level]):
        if "law" in field.metadata:
            assert _unsettable(cell, f"electrolyte.{field.name}", 1e-10) == ""
            assert "must be a number" in _unsettable(cell, f"electrolyte.{field.name}", "fast")


def test_a_clusters_constant_and_diffusivity_are_set_by_its_place_in_the_list():
    cell = replace(cellsim.load_cell("Chen2020"), "electrolyte", LEVELS["associated"])
    assert _unsettable(cell, "electrolyte.clusters.0.K", 1e-3) == ""
    assert "set one of them" in _unsettable(cell, "electrolyte.clusters.0", 1e-3)
    weaker = replace(cell, "electrolyte.clusters.0.K", 1e-6).electrolyte
    assert float(weaker.haven_ratio(1000.0, T)) > float(cell.electrolyte.haven_ratio(1000.0, T))


def test_each_level_cites_what_it_rests_on():
    for level, words in (("Onsager", "Fuoss, J. Phys. Chem. 36 (1932)"), ("associated", "Kraus"), ("ideal", "Newman")):
        cell = replace(cellsim.load_cell("Chen2020"), "electrolyte", LEVELS[level])
        assert any(words in citation.reference for citation in citations.of_cell(cell)), level
