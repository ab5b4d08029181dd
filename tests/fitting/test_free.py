"""What moves: numbers at paths, together, as factors, in arrays and laws; within bounds, and with what is known of
them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import cellsim as cs
from cellsim.fitting import priors
from cellsim.fitting.free import Free
from cellsim.fitting.targets import At, Conditions, Of, OneLess, Scale, Subject, Tied, Where, numbers_of
from cellsim.fitting.transforms import Above, Between, Unbounded, between
from cellsim.networks import network
from cellsim.parameters import UnknownPath
from cellsim.splines import positive_table


@pytest.fixture(scope="module")
def subject():
    return Subject(cs.load_cell("Chen2020"), Conditions())


def select_thickness(cell):
    return cell.negative.L


TRANSFORMS = (Unbounded(3.0), Above(2.0), Between(1.0, 4.0), Between(1e-12, 1e-8, True))


@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda each: type(each).__name__)
def test_a_transform_and_its_inverse_undo_each_other_and_it_rises(transform):
    z = np.linspace(-3.0, 3.0, 13)
    value = np.asarray(transform.value(z))
    np.testing.assert_allclose(transform.coordinate(value), z, atol=1e-9)
    assert np.all(np.diff(value) > 0)
    slopes = jax.vmap(jax.grad(transform.value))(jnp.asarray(z))
    h = 1e-6
    np.testing.assert_allclose(
        slopes, (np.asarray(transform.value(z + h)) - np.asarray(transform.value(z - h))) / (2 * h), rtol=1e-6
    )


@pytest.mark.parametrize("z", [-700.0, 0.0, 700.0])
def test_no_coordinate_leaves_the_bounds(z):
    for transform in TRANSFORMS[2:]:
        assert transform.low <= float(transform.value(z)) <= transform.high * (1 + 1e-15)


def test_bounds_say_which_transform_it_is():
    assert between(1.0, 4.0) == Between(1.0, 4.0)
    assert between(1.0, 40.0).is_logarithmic
    assert between(0.0, np.inf) == Above(0.0)
    assert between(-np.inf, np.inf) == Unbounded()
    for low, high in ((2.0, 2.0), (3.0, 1.0), (-np.inf, 1.0)):
        with pytest.raises(ValueError, match=r"leave no room|needs a lower one"):
            between(low, high)


def test_a_path_is_moved_and_nothing_else(subject):
    free = Free("negative.L", 50e-6, 120e-6)
    assert isinstance(free.target, At)
    moved = free.moved(subject, jnp.asarray(free.coordinate([60e-6])))
    assert float(moved.cell.negative.L) == pytest.approx(60e-6, rel=1e-12)
    assert moved.cell.positive is subject.cell.positive


def test_a_constant_law_is_moved_by_its_path(subject):
    free = Free("positive.particle.D_s", 1e-16, 1e-12)
    assert free.start(subject) == pytest.approx([4e-15])
    moved = free.moved(subject, jnp.asarray(free.coordinate([1e-14])))
    assert float(moved.cell.positive.particle.D_s.value) == pytest.approx(1e-14, rel=1e-10)
    assert free.target.quantity(subject).unit == "m2/s"


def test_a_scale_multiplies_a_law_or_a_number_of_any_kind(subject):
    for path in ("electrolyte.kappa", "electrolyte.t_plus"):
        target = Free(f"{path}.scale", 0.5, 2.0).target
        assert isinstance(target, Scale) and float(target.get(subject)) == 1.0
        law, scaled = (cs.parameters.get(s.cell, path) for s in (subject, target.put(subject, jnp.asarray(1.3))))
        assert float(scaled(800.0, 298.15)) == pytest.approx(1.3 * float(law(800.0, 298.15)), rel=1e-14)
    thick = Scale("negative.L").put(subject, jnp.asarray(1.1)).cell.negative.L
    assert float(thick) == pytest.approx(1.1 * 85.2e-6, rel=1e-14)


def test_one_less_a_number_moves_it_the_other_way_and_of_a_law_it_means_nothing(subject):
    free = Free("1 - electrolyte.t_plus", 0.1, 1.5)
    assert isinstance(free.target, OneLess) and free.path == "1 - electrolyte.t_plus"
    assert free.start(subject) == pytest.approx([1 - 0.2594])
    moved = free.moved(subject, jnp.asarray(free.coordinate([0.9]))).cell
    assert float(moved.electrolyte.t_plus.value) == pytest.approx(0.1, rel=1e-12)
    with pytest.raises(UnknownPath, match="is a law"):
        Free("1 - electrolyte.kappa", 0.1, 1.5).start(subject)


def test_tied_numbers_keep_their_ratios(subject):
    free = Free(Tied(("negative.particle.R_p", "positive.particle.R_p"), (1.0, 0.9)), 1e-6, 9e-6)
    moved = free.moved(subject, jnp.asarray(free.coordinate([4e-6]))).cell
    assert float(moved.negative.particle.R_p) == pytest.approx(4e-6, rel=1e-12)
    assert float(moved.positive.particle.R_p) == pytest.approx(3.6e-6, rel=1e-12)
    diffusivities = Free(("negative.particle.D_s", "positive.particle.D_s"), 1e-16, 1e-12)
    both = diffusivities.moved(subject, jnp.asarray(diffusivities.coordinate([2e-14]))).cell
    assert float(both.negative.particle.D_s.value) == float(both.positive.particle.D_s.value)


def test_a_selector_and_a_condition_are_places_too(subject):
    chosen = Free(Where(select_thickness, "thickness"), 50e-6, 120e-6)
    assert chosen.path == "thickness" and chosen.start(subject) == pytest.approx([85.2e-6])
    soc = Free("soc", 0.5, 1.0)
    assert isinstance(soc.target, Of)
    moved = soc.moved(subject, jnp.asarray(soc.coordinate([0.7])))
    assert float(moved.conditions.soc) == pytest.approx(0.7, rel=1e-12) and moved.cell is subject.cell


def test_a_spline_and_a_network_move_with_all_their_numbers(subject):
    table = positive_table([100.0, 800.0, 1500.0, 2500.0], [0.2, 0.9, 0.8, 0.4])
    for law, size in ((table, 4), (network(jax.random.key(0), x_scale=1000.0, hidden=(3,)), 13)):
        cell = cs.replace(subject.cell, "electrolyte.kappa", law)
        free = Free("electrolyte.kappa")
        start = free.start(Subject(cell, subject.conditions))
        assert start.shape == (size,)
        moved = free.moved(Subject(cell, subject.conditions), jnp.asarray(free.coordinate(start + 0.5))).cell
        row, _ = numbers_of(moved.electrolyte.kappa)
        np.testing.assert_allclose(row, start + 0.5, rtol=1e-12)


def test_an_unknown_path_is_told_with_a_suggestion(subject):
    with pytest.raises(KeyError, match="Did you mean 'negative'"):
        Free("negativ.L", 1e-6, 1e-3).start(subject)


def test_priors_are_sums_of_squares_of_their_densities():
    v = jnp.asarray([2.0])
    assert float(priors.Normal(1.0, 0.5).residuals(v)[0]) == pytest.approx(2.0)
    assert float(priors.LogNormal(1.0, 2.0).residuals(v)[0]) == pytest.approx(1.0)
    several = priors.Normal((1.0, 4.0), 0.5).residuals(jnp.asarray([2.0, 3.0]))
    np.testing.assert_allclose(several, [2.0, -2.0], rtol=1e-14)
    # d(value) of the log-normal density integrates to what the normal one of the logarithm does
    x = jnp.linspace(1e-3, 60.0, 200001)
    of = lambda prior: jax.vmap(lambda x: -0.5 * jnp.sum(prior.residuals(x[None]) ** 2) + prior.log_measure(x[None]))(x)
    mass = float(jnp.trapezoid(jnp.exp(of(priors.LogNormal(1.5, 1.8))), x))
    assert mass == pytest.approx(np.sqrt(2 * np.pi) * np.log(1.8), rel=1e-5)
    for wrong in (lambda: priors.Normal(0.0, 0.0), lambda: priors.LogNormal(-1.0, 2.0), lambda: priors.Smooth(0.0)):
        with pytest.raises(ValueError):
            wrong()


def test_a_smooth_array_is_one_without_bends_whatever_its_slope():
    knots = (0.0, 1.0, 3.0, 4.0)
    straight = jnp.asarray([1.0, 3.0, 7.0, 9.0])
    np.testing.assert_allclose(priors.Smooth(0.1, knots).residuals(straight), 0.0, atol=1e-12)
    bent = priors.Smooth(0.1).residuals(jnp.asarray([0.0, 1.0, 4.0]))
    assert float(bent[0]) == pytest.approx(2.0 / 0.1)
    both = priors.Both(priors.Normal(0.0, 1.0), priors.Smooth(0.1, knots))
    assert both.residuals(straight).shape == (6,)


def test_a_law_is_smooth_where_its_curve_is_whatever_its_numbers_are(subject):
    at = tuple(np.linspace(200.0, 2000.0, 10))
    knots = [100.0, 800.0, 1500.0, 2500.0]
    for law in (positive_table(knots, [0.2, 0.9, 0.8, 0.4]), network(jax.random.key(0), x_scale=1000.0, hidden=(3,))):
        prior = priors.SmoothLaw(law, at, 0.1, is_relative=False)
        numbers, back = numbers_of(law)
        curve = np.asarray(back(numbers + 0.2)(jnp.asarray(at), 298.15))
        bends = np.diff(curve, 2) / 0.1  # at even distances
        np.testing.assert_allclose(prior.residuals(numbers + 0.2), bends, rtol=1e-9, atol=1e-12)
        slopes = jax.jacfwd(prior.residuals)(numbers)
        assert slopes.shape == (8, len(numbers)) and np.all(np.isfinite(slopes))
    # exp(a + b c) has logarithms on a straight line
    power = positive_table(knots, list(np.exp(-1e-3 * np.array(knots))))
    assert np.max(np.abs(priors.SmoothLaw(power, at, 1.0).residuals(numbers_of(power)[0]))) < 0.02
    for wrong in (dict(at=(1.0, 2.0)), dict(at=(3.0, 2.0, 1.0)), dict(sd=0.0)):
        with pytest.raises(ValueError, match=r"three points or more that rise|above zero"):
            priors.SmoothLaw(power, **{"at": at, "sd": 0.1, **wrong})


def test_paths_with_an_and_between_them_are_tied(subject):
    free = Free("negative.particle.R_p & positive.particle.R_p", 1e-6, 9e-6)
    assert free.target == Tied(("negative.particle.R_p", "positive.particle.R_p"))
    assert Free(free.path, 1e-6, 9e-6).target == free.target  # what it is called says what it is
