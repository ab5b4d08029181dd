"""Expressions and tables of the standard, against Python's own arithmetic and closed forms."""

import math

import bpx
import equinox as eqx
import jax
import jax.test_util
import numpy as np
import pytest

from cellsim.cells.functions import UnreadableExpression, expression, linear_table

X = np.linspace(0.03, 0.97, 11)
NAMES = {"exp": math.exp, "tanh": math.tanh, "cosh": math.cosh}
TEXTS = (
    "1.5",
    "x",
    "-x ** 2",
    "(-x) ** 2",
    "2 ** x ** 2",
    "x ** 1.5 * 3",
    "1 - 2 - x",
    "1 - (2 - x)",
    "8 / 4 / x",
    "8 / (4 / x)",
    "x ** -2",
    "+x * -3",
    "-(x + 1) * 2",
    "exp(-((x - 0.08309) ** 2) / 0.004616) / 1000",
    "9.47057878e-01 * exp(-1.59418743e+02  * x) - 3.5e+04 + tanh(-4.55 * (x - 3.24e-02 ))",
    "cosh(x) ** -1 + .5",
    "8.794e-11 * (x / 1000) ** 2 - 3.972e-10 * (x / 1000) + 4.862e-10",
)


@pytest.mark.parametrize("text", TEXTS)
def test_an_expression_has_the_value_that_python_gives_it_and_is_written_as_itself(text):
    law = expression(text)
    expected = np.array([eval(text, {"__builtins__": {}}, {**NAMES, "x": float(x)}) for x in X])
    np.testing.assert_allclose(eqx.filter_jit(law)(X, 300.0), expected, rtol=1e-13)
    again = expression(law.text)
    assert again.tree == law.tree or again.text == law.text
    np.testing.assert_allclose(eqx.filter_jit(again)(X, 300.0), expected, rtol=1e-13)
    assert bpx.Function.validate(law.text) == law.text


def test_a_number_that_a_fit_has_moved_below_zero_is_written_so_that_it_reads_back():
    law = expression("2 * x ** 2 - 3 + 4 * exp(5 * x)")
    moved = eqx.tree_at(lambda law: law.numbers, law, -law.numbers)
    np.testing.assert_allclose(expression(moved.text)(X, 300.0), moved(X, 300.0), rtol=1e-14)


def test_numbers_and_the_variable_have_the_derivatives_of_differences():
    law = expression("0.3 * exp(-5 * x) + 4.1 - 0.2 * tanh(7 * (x - 0.4)) + (x - 0.5) ** 2 / 3 + x ** 1.5")
    of = lambda numbers, x: eqx.tree_at(lambda law: law.numbers, law, numbers)(x, 300.0)
    jax.test_util.check_grads(of, (law.numbers, 0.3), order=2, modes=("fwd", "rev"), rtol=1e-5)


def test_a_square_of_something_negative_has_a_value_and_a_slope():
    value, slope = jax.value_and_grad(lambda x: expression("(x - 0.5) ** 2")(x, 300.0))(0.2)
    assert float(value) == pytest.approx(0.09) and float(slope) == pytest.approx(-0.6)


@pytest.mark.parametrize(
    ("text", "says"),
    (
        ("exit(1)", "'exit(...)' is no function here"),
        ("__import__('os')", "is no function here"),
        ("exp(x, 2)", "'exp(...)' takes one argument"),
        ("2 * y", "'y' is not known; the variable is x"),
        ("x.real", "'x.real' cannot stand there"),
        ("1 if x > 0 else 2", "cannot stand there"),
        ("3 * (x + 1", "cannot be read at"),
        ("2 x", "cannot be read at"),
        ("", "cannot be read"),
        ("x // 2", "cannot stand there"),
        ("True", "cannot stand there"),
        ("'text'", "cannot stand there"),
    ),
)
def test_what_is_no_expression_of_the_standard_is_refused_and_never_executed(text, says):
    with pytest.raises(UnreadableExpression) as caught:
        expression(text)
    assert says in str(caught.value)


def test_a_table_is_straight_between_its_points_and_beyond_them_whatever_their_order():
    table = linear_table([0.6, 0.0, 1.0], [2.0, 1.0, 4.0])
    np.testing.assert_allclose(
        table(np.array([-0.6, 0.0, 0.3, 0.6, 0.8, 1.4]), 300.0), [0, 1, 1.5, 2, 3, 6], atol=1e-14
    )
    with pytest.raises(ValueError, match="must be two or more and increase"):
        linear_table([0.0, 0.5, 0.5], [1.0, 2.0, 3.0])


def test_values_of_a_table_have_the_derivatives_of_differences():
    table = linear_table([0.0, 0.4, 1.0], [3.0, 2.0, 1.0])
    of = lambda values, x: eqx.tree_at(lambda table: table.values, table, values)(x, 300.0)
    jax.test_util.check_grads(of, (table.values, 0.55), order=1, modes=("fwd", "rev"), rtol=1e-6)
