"""Tables as laws: through every value, monotone, smooth to the first derivative, with every value a leaf."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.interpolate
from jax.test_util import check_grads

from cellsim.constraints import Positive
from cellsim.electrolyte import Electrolyte
from cellsim.laws import Arrhenius
from cellsim.parameters import leaves, replace
from cellsim.splines import (
    GridTable,
    MonotoneTable,
    NaturalTable,
    Table,
    monotone_slopes,
    monotone_table,
    positive_grid_table,
    positive_natural_table,
    positive_table,
)

T = 298.15
KNOTS = np.array([0.0, 200.0, 450.0, 1000.0, 1200.0, 2000.0, 3000.0])
KAPPA = np.array([0.1, 0.45, 0.8, 0.95, 0.94, 0.7, 0.3])  # S/m, rises and falls
T_KNOTS = np.array([273.15, 298.15, 313.15, 343.15])
RANDOM = np.random.default_rng(3)
TABLES = {"risen and fallen": KAPPA, "flat in part": np.array([0.1, 0.1, 0.5, 0.5, 0.7, 0.6, 0.6])}
X = np.linspace(0.0, 3000.0, 601)


@jax.jit
def at(law, x, T):
    return law(x, T)


@jax.jit
def slopes_at(law, x, T):
    """Derivatives in x and T at each point."""
    return jax.vmap(jax.grad(lambda x, T: law(x, T), argnums=(0, 1)))(x, T)


def slope_of(law, x):
    return np.asarray(slopes_at(law, jnp.asarray(x), jnp.full(len(x), T))[0])


@pytest.mark.parametrize("values", TABLES.values(), ids=TABLES)
def test_a_table_is_the_monotone_cubic_spline_of_fritsch_and_butland(values):
    expected = scipy.interpolate.PchipInterpolator(KNOTS, values)
    table = Table(KNOTS, values)
    np.testing.assert_allclose(table(X, T), expected(X), rtol=1e-12)
    np.testing.assert_allclose(table(KNOTS, T), values, rtol=1e-15)
    between = 0.5 * (X[1:] + X[:-1])
    np.testing.assert_allclose(slope_of(table, between), expected(between, 1), atol=1e-15)


def test_a_natural_table_is_the_natural_cubic_spline_linear_in_its_values_and_straight_beyond_them():
    expected = scipy.interpolate.CubicSpline(KNOTS, KAPPA, bc_type="natural")
    table = NaturalTable(KNOTS, KAPPA)
    np.testing.assert_allclose(table(X, T), expected(X), rtol=1e-12)
    np.testing.assert_allclose(slope_of(table, X), expected(X, 1), rtol=1e-9, atol=1e-12)
    beyond = np.array([-500.0, 3500.0])
    ends = KNOTS[[0, -1]]
    np.testing.assert_allclose(table(beyond, T), expected(ends) + (beyond - ends) * expected(ends, 1), rtol=1e-12)
    other = RANDOM.normal(size=len(KNOTS))
    both = NaturalTable(KNOTS, KAPPA + 0.3 * other)(X, T)
    np.testing.assert_allclose(both, table(X, T) + 0.3 * NaturalTable(KNOTS, other)(X, T), atol=1e-13)
    np.testing.assert_allclose(positive_natural_table(KNOTS, KAPPA)(KNOTS, T), KAPPA, rtol=1e-14)
    np.testing.assert_allclose(NaturalTable([1.0, 3.0], [5.0, 9.0])(np.array([0.0, 2.0, 10.0]), T), [3, 7, 23])


def test_a_table_of_two_values_is_a_straight_line_to_all_sides():
    table = Table([1.0, 3.0], [5.0, 9.0])
    np.testing.assert_allclose(table(np.array([-1.0, 0.0, 1.0, 2.0, 3.0, 10.0]), T), [1, 3, 5, 7, 9, 23], rtol=1e-15)


def test_a_table_goes_on_along_its_tangents():
    table = Table(KNOTS, KAPPA)
    low, high = slope_of(table, [1e-9, 3000.0 - 1e-9])
    np.testing.assert_allclose(table(np.array([-50.0, -100.0]), T), 0.1 - low * np.array([50.0, 100.0]), rtol=1e-9)
    np.testing.assert_allclose(table(np.array([3500.0, 4000.0]), T), 0.3 + high * np.array([500.0, 1000.0]), rtol=1e-9)
    assert low > 0 > high


def test_the_slope_of_a_table_is_continuous_at_its_knots_ends_included():
    table = Table(KNOTS, KAPPA)
    before, at, after = (slope_of(table, KNOTS + shift) for shift in (-1e-7, 0.0, 1e-7))
    np.testing.assert_allclose(before, after, atol=1e-11)
    np.testing.assert_allclose(before, at, atol=1e-11)


def test_a_table_converges_with_the_third_power_of_its_spacing_where_monotone():
    errors = []
    for n in (10, 20, 40):
        knots = np.linspace(0.0, 1.0, n + 1)
        x = np.linspace(0.0, 1.0, 777)
        errors.append(np.max(np.abs(np.asarray(Table(knots, np.exp(2 * knots))(x, T)) - np.exp(2 * x))))
    assert np.log2(errors[0] / errors[1]) > 2.8 and np.log2(errors[1] / errors[2]) > 2.8


@pytest.mark.parametrize("x", [-30.0, 20.0, 450.0, 1111.0, 3300.0])
def test_every_value_of_a_table_is_a_leaf_with_a_derivative_in_both_modes(x):
    check_grads(
        lambda table, x: at(table, x, T), (Table(KNOTS, KAPPA), x + 0.1), order=1, modes=("fwd", "rev"), rtol=1e-6
    )
    assert [leaf.path for leaf in leaves(Table(KNOTS, KAPPA))] == ["values"]


def test_the_derivatives_stay_finite_in_a_table_with_flat_parts():
    gradient = jax.grad(lambda table: jnp.sum(table(X, T)))(Table(KNOTS, TABLES["flat in part"]))
    assert np.all(np.isfinite(gradient.values))
    gradient = jax.grad(lambda table: jnp.sum(table(X, T)))(Table(KNOTS, np.ones(7)))
    np.testing.assert_allclose(np.sum(gradient.values), len(X), rtol=1e-12)


def test_a_positive_table_is_positive_far_from_its_knots_and_after_any_step_of_a_fit():
    table = positive_table(KNOTS, KAPPA)
    np.testing.assert_allclose(table(KNOTS, T), KAPPA, rtol=1e-14)
    moved = jax.tree.map(lambda leaf: leaf - 5.0 * jnp.asarray(RANDOM.random(leaf.shape)), table)
    wide = np.linspace(-1000.0, 6000.0, 99)
    assert np.all(table(wide, T) > 0) and np.all(moved(wide, T) > 0)


@pytest.mark.parametrize("is_falling", [False, True])
def test_a_monotone_table_is_monotone_whatever_its_numbers(is_falling):
    x, sign = np.linspace(-500.0, 4000.0, 901), -1 if is_falling else 1
    for seed in range(20):
        table = MonotoneTable(KNOTS, -1.0, 3 * np.random.default_rng(seed).standard_normal(6), is_falling)
        steps = sign * np.diff(np.asarray(table(x, T)))
        assert np.all(steps[(x[:-1] >= KNOTS[0]) & (x[1:] <= KNOTS[-1])] > 0)
        assert np.all(steps >= 0)  # outside, along the tangent at the end, which may be level
    check_grads(lambda table: at(table, 700.0, T), (table,), order=1, modes=("fwd", "rev"), rtol=1e-6)


@pytest.mark.parametrize("values", [np.cumsum(KAPPA), -(np.cumsum(KAPPA) ** 2)], ids=["rising", "falling"])
def test_a_monotone_table_goes_through_monotone_values(values):
    np.testing.assert_allclose(monotone_table(KNOTS, values)(X, T), Table(KNOTS, values)(X, T), rtol=1e-13)


def test_two_values_of_opposite_trend_have_no_slope_between_them():
    slopes = monotone_slopes(tuple(KNOTS), jnp.asarray(KAPPA))
    assert float(slopes[3]) == 0.0 and np.all(np.asarray(slopes)[:3] > 0) and np.all(np.asarray(slopes)[4:] < 0)


@pytest.fixture(scope="module")
def surface():
    growth = np.exp(-1800.0 * (1 / T_KNOTS - 1 / 298.15))
    return KAPPA[:, None] * growth + 0.01 * RANDOM.random((7, 4))


def test_a_grid_table_goes_through_its_values_and_follows_the_spline_of_every_line(surface):
    table = GridTable(KNOTS, T_KNOTS, surface)
    np.testing.assert_allclose(at(table, KNOTS[:, None], T_KNOTS), surface, rtol=1e-14)
    for k, T_line in enumerate(T_KNOTS):
        np.testing.assert_allclose(at(table, X, T_line), at(Table(KNOTS, surface[:, k]), X, T), rtol=1e-12)
    across = np.linspace(273.15, 343.15, 50)
    for k, x_line in enumerate(KNOTS):
        np.testing.assert_allclose(at(table, x_line, across), at(Table(T_KNOTS, surface[k]), across, T), rtol=1e-12)


def test_a_grid_table_is_exact_for_a_product_of_straight_lines_and_goes_on_as_such():
    plane = lambda x, T: (2.0 + 0.01 * x) * (T - 250.0)
    table = GridTable(KNOTS, T_KNOTS, plane(KNOTS[:, None], T_KNOTS))
    x, T = np.meshgrid(np.linspace(-100.0, 3500.0, 17), np.linspace(260.0, 360.0, 13))
    np.testing.assert_allclose(at(table, x, T), plane(x, T), rtol=1e-12)


def test_a_grid_table_is_smooth_across_its_lines_in_both_directions(surface):
    table = GridTable(KNOTS, T_KNOTS, surface)
    gradient = lambda x, T: slopes_at(table, x, T)
    x, T = (jnp.asarray(a.ravel()) for a in np.meshgrid(KNOTS, T_KNOTS + 3.3))
    for a, b in zip(gradient(x - 1e-7, T), gradient(x + 1e-7, T), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-10)
    x, T = (jnp.asarray(a.ravel()) for a in np.meshgrid(KNOTS + 33.0, T_KNOTS))
    for a, b in zip(gradient(x, T - 1e-7), gradient(x, T + 1e-7), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-8)


def test_every_value_of_a_grid_table_is_a_leaf_with_a_derivative_in_both_modes(surface):
    table = GridTable(KNOTS, T_KNOTS, surface)
    for x, T in ((333.0, 301.0), (2500.0, 350.0), (-20.0, 280.0)):
        check_grads(lambda table, x, T: at(table, x, T), (table, x, T), order=1, modes=("fwd", "rev"), rtol=1e-6)


def test_a_positive_grid_table_is_positive_everywhere(surface):
    table = positive_grid_table(KNOTS, T_KNOTS, surface)
    np.testing.assert_allclose(table(KNOTS[:, None], T_KNOTS), surface, rtol=1e-13)
    assert np.all(table(np.linspace(-900.0, 9000.0, 50)[:, None], np.linspace(200.0, 500.0, 20)) > 0)


def test_tables_take_the_shape_of_state_and_temperature_together_and_stand_where_laws_do(surface):
    electrolyte = Electrolyte(
        kappa=Arrhenius(positive_table(KNOTS, KAPPA), 2e4),
        D=1e-10,
        t_plus=monotone_table(KNOTS, np.linspace(0.5, 0.2, 7)),
        chi=positive_grid_table(KNOTS, T_KNOTS, surface),
    )
    for law in (electrolyte.kappa, electrolyte.t_plus, electrolyte.chi):
        assert law(X[:5, None], T_KNOTS).shape == (5, 4) and law(500.0, T).shape == ()
        assert at(law, X, T).shape == (601,)
    assert [leaf.path for leaf in leaves(electrolyte)] == [
        "kappa.law.law.values",
        "kappa.E",
        "kappa.T_ref",
        "D.value",
        "t_plus.start",
        "t_plus.steps",
        "chi.law.values",
    ]


def test_constraints_and_tables_go_together():
    falling = Positive(monotone_table(KNOTS, np.log(np.linspace(3.0, 0.5, 7))))
    moved = replace(falling, "law.steps", 3 * RANDOM.standard_normal(6))
    for law in (falling, moved):
        values = np.asarray(at(law, X, T))
        assert np.all(values > 0) and np.all(np.diff(values) < 0)
    np.testing.assert_allclose(falling(KNOTS, T), np.linspace(3.0, 0.5, 7), rtol=1e-13)


def test_the_values_of_a_table_can_be_replaced_by_path():
    electrolyte = Electrolyte(kappa=Arrhenius(positive_table(KNOTS, KAPPA), 2e4), D=1e-10, t_plus=0.3)
    doubled = replace(electrolyte, "kappa.law.law.values", np.log(2 * KAPPA))
    np.testing.assert_allclose(doubled.kappa(KNOTS, T), 2 * KAPPA, rtol=1e-13)


def test_two_tables_with_the_same_knots_share_one_compiled_program():
    compiled = []

    @jax.jit
    def evaluate(table, x):
        compiled.append(1)
        return table(x, T)

    for values in (KAPPA, 2 * KAPPA):
        np.testing.assert_allclose(evaluate(Table(KNOTS, values), KNOTS), values)
    assert len(compiled) == 1


def test_tables_that_cannot_be_meant_are_refused():
    with pytest.raises(ValueError, match="increase, found"):
        Table([0.0, 2.0, 1.0], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"shape \(2,\) at knots that ask for \(3,\)"):
        Table([0.0, 1.0, 2.0], [1.0, 2.0])
    with pytest.raises(ValueError, match=r"positive values, found -0\.3"):
        positive_table([0.0, 1.0], [1.0, -0.3])
    with pytest.raises(ValueError, match="rise or fall from every knot"):
        monotone_table(KNOTS, KAPPA)
