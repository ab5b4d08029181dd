"""What every published electrolyte must do, because it is in the library."""

import re

import jax
import numpy as np
import pytest

from cellsim import registry
from cellsim.constants import F, R
from cellsim.electrolyte import Electrolyte, library
from cellsim.electrolyte.about import About
from cellsim.laws import AtLeast
from cellsim.parameters import get, leaves, replace

NAMES = registry.names(library)
PROPERTIES = ("kappa", "D", "t_plus", "chi")
# Combinations (name, property) that the source itself makes not positive inside its own measured range. None so far:
# the fits of kappa, D and chi in the library are all positive there; t_plus may be negative and is not asked.
NOT_POSITIVE_IN_THE_SOURCE: set[tuple[str, str]] = set()

# Published without a paper: an unpublished measurement that lives on in a program.
WITHOUT_DOI = {"sloop1999_pemo_litfsi"}

every_electrolyte = pytest.mark.parametrize("name", NAMES)


def electrolyte_called(name: str) -> Electrolyte:
    return registry.module(library, name).electrolyte()


def measured_grid(electrolyte: Electrolyte) -> tuple[np.ndarray, np.ndarray]:
    c, T = np.meshgrid(np.linspace(*electrolyte.c_range, 61), np.linspace(*electrolyte.T_range, 13))
    return c.ravel(), T.ravel()


def values(law, c: np.ndarray, T: np.ndarray) -> np.ndarray:
    return np.asarray(_evaluated(law, c, T))


def values_and_slopes(law, c: list[float], T: list[float]) -> tuple:
    """The values of a law and its derivatives with respect to its leaves, c and T, at some points."""
    count = len(c)
    # the points are repeated to one number, so that one compiled program serves all tests of a law
    value, slopes = _differentiated(law, np.resize(np.asarray(c, float), 30), np.resize(np.asarray(T, float), 30))
    return jax.tree_util.tree_map(lambda array: np.asarray(array)[:count], (value, *slopes))


@jax.jit
def _evaluated(law, c, T):
    return law(c, T)


@jax.jit
def _differentiated(law, c, T):
    at_point = jax.value_and_grad(lambda law, c, T: law(c, T), argnums=(0, 1, 2))
    return jax.vmap(at_point, in_axes=(None, 0, 0))(law, c, T)


def test_the_library_holds_the_published_electrolytes():
    assert {
        "bernardi2011",
        "capiglia1999",
        "chayambuka2022",
        "colclasure2020",
        "doyle1996_ec_dmc_12",
        "doyle1996_ec_dmc_21",
        "ecker2015",
        "edman2000_peo_litfsi",
        "fuller1994_liclo4_pc",
        "kim2011",
        "landesfeind2019_ec_dmc",
        "landesfeind2019_ec_emc",
        "landesfeind2019_emc_fec",
        "nyman2008",
        "paxton1997_koh",
        "sloop1999_pemo_litfsi",
        "valoen2005",
    } <= set(NAMES)


def test_no_two_electrolytes_share_a_name_apart_from_case_and_underscores():
    plain = [name.lower().replace("_", "") for name in NAMES]
    assert len(set(plain)) == len(plain)


@every_electrolyte
def test_an_electrolyte_says_who_measured_it_where_and_over_which_range(name):
    electrolyte = electrolyte_called(name)
    assert isinstance(electrolyte, Electrolyte)
    assert bool(re.search(r"doi:10\.\d{4,}/\S+", electrolyte.source)) == (name not in WITHOUT_DOI), "a DOI is needed"
    assert re.search(r"\((19|20)\d\d\)", electrolyte.source), "the source needs a year"
    assert re.search(r"\d{4}", name)[0] in electrolyte.source, "the year in the name is the year of the paper"
    assert name in WITHOUT_DOI or registry.module(library, name).__doc__.count("doi:10.") >= 1
    (c_low, c_high), (T_low, T_high) = electrolyte.c_range, electrolyte.T_range
    assert 0 <= c_low < c_high <= 2e4, "mol/m3"
    assert 200 < T_low < T_high < 500, "K"
    middle = (0.5 * (c_low + c_high), 0.5 * (T_low + T_high))
    assert electrolyte.outside_measured_range(*middle) is None
    assert "measured" in electrolyte.outside_measured_range(2 * c_high, middle[1])


@every_electrolyte
def test_an_electrolyte_says_of_what_it_is_made_and_how_each_property_was_come_by(name):
    about = registry.module(library, name).ABOUT
    assert isinstance(about, About)
    assert about.salt in electrolyte_called(name).name and about.solvent
    assert set(about.origin) <= set(PROPERTIES)
    for which, origin in about.origin.items():
        assert re.match(r"(assumed|computed|fitted): \S", origin), (which, origin)
    assert set(about.measured) | set(about.origin) == set(PROPERTIES)
    assert about.of("kappa") == "measured" or name == "colclasure2020"


@every_electrolyte
def test_a_property_that_is_assumed_to_be_one_number_says_that_number(name):
    about, electrolyte = registry.module(library, name).ABOUT, electrolyte_called(name)
    c, T = measured_grid(electrolyte)
    for which in ("t_plus", "chi"):
        said = re.match(r"assumed: (\d[\d.]*)", about.of(which))
        if said:
            np.testing.assert_array_equal(values(getattr(electrolyte, which), c, T), float(said[1].rstrip(".")))


@every_electrolyte
def test_a_running_cell_finds_positive_values_and_finite_slopes_up_to_twice_the_measured_concentration(name):
    electrolyte = electrolyte_called(name)
    high = electrolyte.c_range[1]
    c = np.array([-1.0, -1e-3, 0.0, 1e-9, 1e-3, 0.3, 0.01 * high, 0.3 * high, 0.7 * high, high, 1.5 * high, 2 * high])
    c, T = (x.ravel() for x in np.meshgrid(c, [electrolyte.T_range[0], electrolyte.T_range[1]]))
    for which in PROPERTIES:
        found = values_and_slopes(getattr(electrolyte, which), c, T)
        assert which == "t_plus" or np.all(found[0] > 0), (which, c[np.argmin(found[0])], found[0].min())
        for path, array in jax.tree_util.tree_leaves_with_path(found):
            assert np.all(np.isfinite(array)), f"{which}{jax.tree_util.keystr(path)}"
    c, T = (x.ravel() for x in np.meshgrid(np.linspace(-1.0, 2 * high, 801), np.linspace(*electrolyte.T_range, 7)))
    for which in ("kappa", "D", "chi"):
        assert values(getattr(electrolyte, which), c, T).min() > 0, which


@every_electrolyte
def test_conductivity_diffusivity_and_thermodynamic_factor_are_positive_where_measured(name):
    electrolyte = electrolyte_called(name)
    c, T = measured_grid(electrolyte)
    for which in ("kappa", "D", "chi"):
        found = values(getattr(electrolyte, which), c, T)
        worst = found.argmin()
        if (name, which) in NOT_POSITIVE_IN_THE_SOURCE:
            assert found[worst] <= 0, f"{which} of {name} is positive after all: take it off the list"
        else:
            assert found[worst] > 0, f"{which} = {found[worst]:g} at {c[worst]:g} mol/m3, {T[worst]:g} K"


@every_electrolyte
def test_properties_are_plausible_where_measured(name):
    electrolyte = electrolyte_called(name)
    c, T = measured_grid(electrolyte)
    for which in PROPERTIES:
        about = Electrolyte.__dataclass_fields__[which].metadata["law"]
        found = values(getattr(electrolyte, which), c[c > 0], T[c > 0])
        assert about.low <= found.min() and found.max() <= about.high, f"{which} in {about.unit}: a wrong unit?"


@every_electrolyte
def test_values_and_all_derivatives_are_finite_from_no_salt_to_saturation(name):
    electrolyte = electrolyte_called(name)
    c, T = np.meshgrid([-1e-3, 0.0, 1.0, 1000.0, 3000.0, 10000.0], [250.0, 263.0, 298.15, 333.0, 350.0])
    for which in PROPERTIES:
        found = values_and_slopes(getattr(electrolyte, which), c.ravel(), T.ravel())
        for path, array in jax.tree_util.tree_leaves_with_path(found):
            assert len(array) == c.size
            assert np.all(np.isfinite(array)), f"{which}{jax.tree_util.keystr(path)}"


@every_electrolyte
def test_the_conductivity_stays_positive_where_the_salt_is_gone(name):
    electrolyte = electrolyte_called(name)
    assert np.all(values(electrolyte.kappa, np.array([-1e-3, -1e-6, 0.0, 1e-6]), np.mean(electrolyte.T_range)) > 0)


@every_electrolyte
def test_every_published_coefficient_is_a_leaf_that_moves_its_property(name):
    electrolyte = electrolyte_called(name)
    # off the middle, where a reference temperature may lie and its activation energy does nothing
    c, T = (low + 0.6 * (high - low) for low, high in (electrolyte.c_range, electrolyte.T_range))
    for which in PROPERTIES:
        law = getattr(electrolyte, which)
        value, law_slopes, _, _ = values_and_slopes(law, [c], [T])
        slopes = jax.tree_util.tree_leaves(law_slopes)
        assert len(slopes) > 0
        for leaf, slope in zip(jax.tree_util.tree_leaves(law), slopes, strict=True):
            assert isinstance(leaf, jax.Array) and leaf.dtype == np.float64
            assert np.all(np.abs(slope[0] * np.asarray(leaf) / value[0]) > 1e-6), (
                f"{which}: part of {leaf} does nothing"
            )


@every_electrolyte
def test_slopes_in_concentration_and_temperature_agree_with_differences(name):
    electrolyte = electrolyte_called(name)
    c, T = np.array([0.5, 150.0, 1000.0, 2500.0]), np.array([280.0, 298.15, 310.0, 320.0])
    dc, dT = 1e-4 * c, np.full(4, 1e-3)
    for which in PROPERTIES:
        law = getattr(electrolyte, which)
        value, _, slope_c, slope_T = values_and_slopes(law, c, T)
        scale = np.abs(value)
        difference_c = (values(law, c + dc, T) - values(law, c - dc, T)) / (2 * dc)
        difference_T = (values(law, c, T + dT) - values(law, c, T - dT)) / (2 * dT)
        np.testing.assert_allclose(slope_c * c / scale, difference_c * c / scale, rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(slope_T * T / scale, difference_T * T / scale, rtol=1e-6, atol=1e-5)


@every_electrolyte
def test_a_table_of_concentrations_and_temperatures_gives_the_values_of_its_points(name):
    electrolyte = electrolyte_called(name)
    c, T = np.array([[200.0], [800.0], [1600.0]]), np.array([[285.0, 298.15, 310.0, 320.0]])
    for which in PROPERTIES:
        law = getattr(electrolyte, which)
        assert jax.eval_shape(law, c[:, 0], 298.15).shape == (3,)
        assert jax.eval_shape(law, 1000.0, T[0]).shape == (4,)
        assert jax.eval_shape(law, 1000.0, 298.15).shape == ()
        table = values(law, c, T)
        assert table.shape == (3, 4)
        for i, j in ((0, 0), (1, 3), (2, 1)):
            assert table[i, j] == pytest.approx(float(values(law, c[i, 0], T[0, j])), rel=1e-13)


@every_electrolyte
def test_a_property_can_be_replaced_by_a_number_and_its_coefficients_by_path(name):
    electrolyte = electrolyte_called(name)
    assert float(values(replace(electrolyte, "D", 2e-10).D, 1000.0, 298.15)) == 2e-10
    path = leaves(electrolyte)[0].path
    assert path.startswith("kappa.")
    doubled = replace(electrolyte, path, 2 * get(electrolyte, path))
    assert float(values(doubled.kappa, 1000.0, 298.15)) != float(values(electrolyte.kappa, 1000.0, 298.15))
    assert doubled.D is electrolyte.D


def test_the_measured_product_of_valoen_does_not_move_with_the_transference_number_unless_asked():
    electrolyte = electrolyte_called("valoen2005")
    c, T = 1300.0, 305.0

    def product(electrolyte):
        return float((1 - values(electrolyte.t_plus, c, T)) * values(electrolyte.chi, c, T))

    other = replace(electrolyte, "t_plus", 0.30)
    assert values(other.chi, c, T) == values(electrolyte.chi, c, T)
    assert product(other) == pytest.approx(product(electrolyte) * 0.70 / 0.62, rel=1e-14)
    consistent = replace(other, "chi.t_minus", 0.70)
    assert product(consistent) == pytest.approx(product(electrolyte), rel=1e-14)


def test_the_diffusivity_of_valoen_falls_towards_the_glass_and_does_not_come_back_beyond_it():
    D = values(electrolyte_called("valoen2005").D, np.linspace(0.0, 10000.0, 401), 250.0)
    assert np.all(np.diff(D) < 0)
    assert 0 < D[-1] < D[168] < 1e-14  # the pole of the published form is at 4200 mol/m3


def test_the_floors_of_extrapolated_fits_do_not_touch_what_was_measured():
    for name in NAMES:
        electrolyte = electrolyte_called(name)
        c, T = measured_grid(electrolyte)
        c, T = c[c > 0.01 * electrolyte.c_range[1]], T[c > 0.01 * electrolyte.c_range[1]]
        for which in PROPERTIES:
            law = getattr(electrolyte, which)
            if isinstance(law, AtLeast):
                np.testing.assert_allclose(values(law, c, T), values(law.law, c, T), rtol=1e-14, err_msg=name)


def test_the_polymer_is_a_thousandth_as_quick_as_a_liquid_and_its_conductivity_is_in_siemens_per_metre():
    polymer = electrolyte_called("edman2000_peo_litfsi")
    assert values(polymer.kappa, 1000.0, 358.15) == pytest.approx(0.07348, rel=1e-4)  # 7e-4 S/cm, as the literature has
    assert values(polymer.t_plus, 742.0, 358.15) == pytest.approx(0.169, abs=1e-3)  # both from the paper's abstract
    assert values(polymer.t_plus, 2982.0, 358.15) == pytest.approx(0.592, abs=1e-3)
    assert "measured" in polymer.outside_measured_range(1000.0, 298.15)


def test_the_diffusivity_of_a_fit_is_that_of_ions_which_move_on_their_own():
    electrolyte, c, T = electrolyte_called("calisol2024_lipf6_pc"), 800.0, 300.0
    kappa, t_plus = values(electrolyte.kappa, c, T), values(electrolyte.t_plus, c, T)
    both = R * T * kappa / (F**2 * c)  # D_+ + D_-
    D_plus, D_minus = t_plus * both, (1 - t_plus) * both
    hartley = 2 * D_plus * D_minus / (D_plus + D_minus)
    assert values(electrolyte.D, c, T) == pytest.approx(hartley * values(electrolyte.chi, c, T), rel=1e-10)


@pytest.mark.parametrize("name", ["valoen2005", "landesfeind2019_ec_emc", "landesfeind2019_ec_dmc"])
def test_what_is_assumed_beside_fitted_conductivities_holds_roughly_for_measured_sets(name):
    electrolyte, c, T = electrolyte_called(name), 1000.0, 298.15
    kappa, D, t_plus, chi = (values(getattr(electrolyte, which), c, T) for which in PROPERTIES)
    assert values(electrolyte_called("calisol2024_lipf6_pc").chi, c, T) == pytest.approx(chi, rel=0.05)
    own = 2 * t_plus * (1 - t_plus) * chi * R * T * kappa / (F**2 * c)
    assert 0.95 < D / own < 1.65


def test_the_transference_number_of_the_fluorinated_electrolyte_changes_sign_with_concentration():
    t_plus = electrolyte_called("landesfeind2019_emc_fec").t_plus
    assert values(t_plus, 1500.0, 298.15) > 0 > values(t_plus, 2000.0, 298.15)
