"""Trees of parameters: listed, read, changed and judged by path."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cellsim.laws import Constant, Polynomial, law
from cellsim.parameters import ImplausibleValue, UnknownPath, check, get, leaves, problems, quantity, replace


class Particle(eqx.Module):
    R_p: Any = quantity("m", 1e-8, 1e-3, "particle radius")
    D_s: Any = law("m2/s", 1e-20, 1e-6, "solid diffusivity")
    name: str = eqx.field(static=True, default="a sphere")


class Electrode(eqx.Module):
    L: Any = quantity("m", 1e-7, 1e-2, "thickness")
    particle: Particle
    shares: Any = quantity("-", 0.0, 1.0, "shares", default=(0.25, 0.75))


class Cell(eqx.Module):
    negative: Electrode
    layers: tuple
    extra: dict


@pytest.fixture
def cell():
    return Cell(
        negative=Electrode(8.5e-5, Particle(5.9e-6, Polynomial([1e-14, 2e-14])), shares=np.array([0.25, 0.75])),
        layers=(Particle(1e-6, 1e-15), Particle(2e-6, 2e-15)),
        extra={"cooling": jnp.asarray(10.0)},
    )


PARTICLE = Particle(5.9e-6, 1e-14)


def test_every_number_is_listed_once_with_its_path_in_the_order_of_the_fields(cell):
    assert [leaf.path for leaf in leaves(cell)] == [
        "negative.L",
        "negative.particle.R_p",
        "negative.particle.D_s.coefficients",
        "negative.shares",
        "layers.0.R_p",
        "layers.0.D_s.value",
        "layers.1.R_p",
        "layers.1.D_s.value",
        "extra.cooling",
    ]
    assert len(leaves(cell)) == len(jax.tree_util.tree_leaves(cell))


def test_a_listed_number_carries_its_unit_its_range_and_its_meaning(cell):
    thickness = leaves(cell)[0]
    assert thickness.quantity == ("m", 1e-7, 1e-2, "thickness")
    assert float(thickness.value) == 8.5e-5


def test_numbers_are_arrays_of_float64_so_that_they_get_gradients_and_do_not_recompile():
    for given in (1, 1.0, np.float32(1.0), True):
        assert isinstance(Particle(given, 1e-14).R_p, jax.Array)
        assert Particle(given, 1e-14).R_p.dtype == np.float64
    assert len(jax.tree_util.tree_leaves(Particle(5e-6, 1e-14))) == 2


def test_a_part_is_read_by_its_path(cell):
    assert float(get(cell, "negative.particle.R_p")) == 5.9e-6
    assert get(cell, "negative") is cell.negative
    assert float(get(cell, "layers.1.D_s.value")) == 2e-15
    assert float(get(cell, "extra.cooling")) == 10.0
    for leaf in leaves(cell):
        assert get(cell, leaf.path) is leaf.value


def test_an_unknown_path_is_answered_with_a_suggestion_and_with_what_there_is(cell):
    with pytest.raises(UnknownPath) as caught:
        get(cell, "negativ.L")
    assert isinstance(caught.value, KeyError)
    assert str(caught.value) == (
        "unknown parameter 'negativ.L': the cell has no 'negativ'. Did you mean 'negative'? "
        "It has negative, layers, extra."
    )
    with pytest.raises(UnknownPath) as caught:
        replace(cell, "negative.particle.R_q", 1.0)
    assert "negative.particle has no 'R_q'. Did you mean 'R_p'? It has R_p, D_s." in str(caught.value)


def test_a_path_into_a_number_or_to_a_static_field_leads_nowhere(cell):
    with pytest.raises(UnknownPath, match=r"negative.L has no 'x'. It has nothing: it is a number"):
        get(cell, "negative.L.x")
    with pytest.raises(UnknownPath, match="has no 'name'"):
        get(cell, "negative.particle.name")
    with pytest.raises(UnknownPath):
        get(cell, "layers.2.R_p")


def test_replacing_a_number_changes_that_number_in_a_copy_and_nothing_else(cell):
    changed = replace(cell, "negative.L", 1e-4)
    assert float(cell.negative.L) == 8.5e-5
    assert float(changed.negative.L) == 1e-4
    before = {leaf.path: leaf.value for leaf in leaves(cell)}
    after = {leaf.path: leaf.value for leaf in leaves(changed)}
    assert [path for path in before if np.any(np.asarray(before[path]) != np.asarray(after[path]))] == ["negative.L"]


def test_numbers_inside_tuples_and_dictionaries_can_be_replaced(cell):
    changed = replace(replace(cell, "layers.1.R_p", 3e-6), "extra.cooling", 20.0)
    assert [float(layer.R_p) for layer in changed.layers] == [1e-6, 3e-6]
    assert isinstance(changed.layers, tuple)
    assert (changed.extra["cooling"], float(cell.extra["cooling"])) == (20.0, 10.0)


def test_a_number_in_the_place_of_a_law_becomes_a_constant_law(cell):
    changed = replace(cell, "negative.particle.D_s", 3.3e-14)
    assert isinstance(changed.negative.particle.D_s, Constant)
    assert float(changed.negative.particle.D_s(0.3, 300.0)) == 3.3e-14
    assert isinstance(cell.negative.particle.D_s, Polynomial)


def test_a_law_in_the_place_of_a_law_is_taken_as_it_is(cell):
    wanted = Polynomial([1.0, 2.0])
    assert replace(cell, "negative.particle.D_s", wanted).negative.particle.D_s is wanted


def test_a_gradient_passes_through_a_replacement(cell):
    def volume(R_p):
        return 4 / 3 * jnp.pi * replace(cell, "negative.particle.R_p", R_p).negative.particle.R_p ** 3

    assert float(jax.grad(volume)(2e-6)) == pytest.approx(4 * np.pi * 4e-12, rel=1e-13)


def test_plausible_numbers_pass(cell):
    assert problems(cell) == []
    check(cell)


def test_a_radius_of_five_metres_is_called_implausible_with_its_path_unit_and_range(cell):
    with pytest.raises(ImplausibleValue) as caught:
        check({"Particle": Particle(5, 1e-14)})
    assert isinstance(caught.value, ValueError)
    assert str(caught.value) == (
        "1 parameter looks implausible (wrong unit?):\n"
        "  Particle.R_p = 5 m; expected 1e-08 to 0.001 m.\n"
        "Pass `check=False` to the loader if the value is meant."
    )


def test_all_implausible_numbers_are_listed_at_once(cell):
    wrong = replace(replace(cell, "negative.L", 85.0), "layers.0.R_p", 1.0)
    with pytest.raises(ImplausibleValue) as caught:
        check(wrong)
    lines = str(caught.value).splitlines()
    assert lines[0] == "2 parameters look implausible (wrong unit?):"
    assert lines[1:3] == [
        "  negative.L = 85 m; expected 1e-07 to 0.01 m.",
        "  layers.0.R_p = 1 m; expected 1e-08 to 0.001 m.",
    ]


def test_the_limits_themselves_are_plausible():
    check(Particle(1e-8, 1e-14))
    check(Particle(1e-3, 1e-14))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1e-6, 0.0])
def test_not_a_number_infinity_and_wrong_signs_are_caught(value):
    assert len(problems(Particle(value, 1e-14))) == 1
    assert f"R_p = {value:g} m" in problems(Particle(value, 1e-14))[0]


def test_one_wrong_entry_of_an_array_is_enough_and_is_the_one_shown(cell):
    wrong = replace(cell, "negative.shares", np.array([0.5, -0.5]))
    assert problems(wrong) == ["negative.shares = -0.5 -; expected 0 to 1 -."]


def test_traced_values_are_not_judged():
    @jax.jit
    def radius(value):
        particle = eqx.tree_at(lambda particle: particle.R_p, PARTICLE, value)
        check(particle)
        return particle.R_p

    assert float(radius(5.0)) == 5.0
    with pytest.raises(ImplausibleValue):
        check(eqx.tree_at(lambda particle: particle.R_p, PARTICLE, jnp.asarray(5.0)))
