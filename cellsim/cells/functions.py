"""Functions of one variable as files of the Battery Parameter eXchange standard write them: expressions and tables.

Source: Battery Parameter eXchange (BPX), Faraday Institution, https://bpxstandard.com, version 1.1.
"""

import ast
import math
import re
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from cellsim.laws import Points
from cellsim.parameters import as_float_array
from cellsim.splines import Knots, _as_knots

CALLS: dict[str, Callable[[Any], Any]] = {"exp": jnp.exp, "tanh": jnp.tanh, "cosh": jnp.cosh}
OPERATORS: dict[type, tuple[str, int, Callable[[Any, Any], Any]]] = {  # as written, how tightly it binds, what it does
    ast.Add: ("+", 1, lambda a, b: a + b),
    ast.Sub: ("-", 1, lambda a, b: a - b),
    ast.Mult: ("*", 2, lambda a, b: a * b),
    ast.Div: ("/", 2, lambda a, b: a / b),
}
BY_SIGN = {sign: (binding, what) for sign, binding, what in OPERATORS.values()}
NEGATION, POWER, ATOM = 3, 4, 5  # how tightly these bind
LONGEST = 20_000  # characters; published ones have some hundred
DEEPEST = 150  # operations in each other, which leaves room on Python's stack
LARGEST = 1e100  # of a number in an expression
MOST_WHOLE = 100  # of an exponent that is worked out by multiplication
GRAMMAR = "numbers, x, + - * / **, brackets, exp( ), tanh( ) and cosh( )"

# An expression as nested tuples: ("x",), ("number", index), ("-", a), ("+", a, b), ("**", a, whole number or a tree)
Tree = tuple[Any, ...]


class UnreadableExpression(ValueError):
    """Text that is no expression of the standard."""


class Expression(eqx.Module):
    """An expression in x; its numbers are differentiable leaves, whole exponents part of the form."""

    numbers: Float[Array, " numbers"] = eqx.field(converter=as_float_array)
    tree: Tree = eqx.field(static=True)

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        x = jnp.broadcast_to(jnp.asarray(x, float), jnp.broadcast_shapes(jnp.shape(x), jnp.shape(T)))
        return jnp.broadcast_to(_value(self.tree, x, self.numbers), jnp.shape(x))

    @property
    def text(self) -> str:
        """The expression as it is written, every number to the last digit."""
        return _written(self.tree, np.asarray(self.numbers))[0]


class LinearTable(eqx.Module):
    """Straight lines between points, as the standard has it; beyond them the outermost lines go on."""

    knots: Knots = eqx.field(static=True, converter=_as_knots)
    values: Float[Array, " knots"] = eqx.field(converter=as_float_array)

    def __check_init__(self) -> None:
        if hasattr(self.values, "shape") and self.values.shape != (len(self.knots),):
            raise ValueError(f"the table has {len(self.knots)} points and values of shape {self.values.shape}.")

    def __call__(self, x: Points, T: Points) -> Float[Array, "*point"]:
        x = jnp.broadcast_to(jnp.asarray(x, float), jnp.broadcast_shapes(jnp.shape(x), jnp.shape(T)))
        knots, values = jnp.asarray(self.knots), jnp.asarray(self.values)
        k = jnp.clip(jnp.searchsorted(knots, x, side="right") - 1, 0, len(self.knots) - 2)
        share = (x - knots[k]) / (knots[k + 1] - knots[k])
        return (1 - share) * values[k] + share * values[k + 1]


def linear_table(x: Iterable[float], y: Iterable[float]) -> LinearTable:
    """The table through points in any order. Raises `ValueError` where a point is given twice or is alone."""
    points = sorted(zip(x, y, strict=True))
    return LinearTable([float(a) for a, _ in points], [float(b) for _, b in points])


def expression(text: str) -> Expression:
    """The expression that `text` writes. Raises `UnreadableExpression` with the place and what may stand there.

    The text is taken apart by Python's grammar and nothing of it is ever executed.
    """
    source = " ".join(text.split())
    if len(source) > LONGEST:
        raise UnreadableExpression(f"it has {len(source)} characters; an expression may have {LONGEST}.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what Python thinks of it
            parsed = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        at = getattr(error, "offset", None) or 1
        raise UnreadableExpression(f"cannot be read at '{_near(source, at - 1)}'; {_may_hold()}") from None
    if _depth(parsed) > DEEPEST:
        raise UnreadableExpression(f"it has more than {DEEPEST} operations in each other; write it in fewer.")
    numbers: list[float] = []
    tree = _tree(parsed, numbers, source)
    return Expression(np.array(numbers), tree)


def _depth(parsed: ast.expr) -> int:
    """How many operations are in each other."""
    level: list[ast.AST] = [parsed]
    for depth in range(DEEPEST + 2):
        level = [part for each in level for part in ast.iter_child_nodes(each) if isinstance(part, ast.expr)]
        if not level:
            return depth
    return DEEPEST + 1


def _may_hold() -> str:
    return f"an expression may hold {GRAMMAR}."


def _near(source: str, at: int) -> str:
    return source[max(at, 0) : max(at, 0) + 24] or "its end"


def _tree(node: ast.expr, numbers: list[float], source: str) -> Tree:
    """A parsed expression as a tree, its numbers put into `numbers`."""
    deeper = lambda node: _tree(node, numbers, source)
    match node:
        case ast.Constant(value=float() | int() as value) if not isinstance(value, bool):
            if not abs(value) < LARGEST:
                raise UnreadableExpression(f"'{_near(source, node.col_offset)}' is too large a number.")
            numbers.append(float(value))
            return ("number", len(numbers) - 1)
        case ast.Name(id="x"):
            return ("x",)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return ("-", deeper(operand))
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return deeper(operand)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            whole = _whole(right)
            if not _has_x(node) and not _is_small(node):
                raise UnreadableExpression(f"'{_near(source, node.col_offset)}' is too large a number.")
            return ("**", deeper(left), deeper(right) if whole is None else whole)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return (OPERATORS[type(op)][0], deeper(left), deeper(right))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in CALLS:
            return (name, deeper(argument))
        case ast.Name(id=name):
            raise UnreadableExpression(f"'{name}' is not known; the variable is x, and {_may_hold()}")
        case ast.Call(func=ast.Name(id=name)):
            how = f"takes one argument; {_may_hold()}" if name in CALLS else f"is no function here; {_may_hold()}"
            raise UnreadableExpression(f"'{name}(...)' {how}")
    raise UnreadableExpression(f"'{_near(source, node.col_offset)}' cannot stand there; {_may_hold()}")


def _whole(node: ast.expr) -> int | None:
    """The whole number that a node writes, if it writes one: powers of it exist for any x, with all derivatives."""
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool) and abs(value) <= MOST_WHOLE:
            return int(value) if float(value).is_integer() else None
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            whole = _whole(operand)
            return None if whole is None else -whole
    return None


def _has_x(node: ast.AST) -> bool:
    return any(isinstance(each, ast.Name) for each in ast.walk(node))


def _is_small(node: ast.expr) -> bool:
    """Whether an expression without x is a number that can be written down: whole powers have no bound in Python, in
    which the `bpx` package evaluates them."""
    try:
        return abs(_worth(node)) < LARGEST
    except (ArithmeticError, ValueError):
        return False


def _worth(node: ast.expr) -> float:
    match node:
        case ast.Constant(value=float() | int() as value):
            return float(value)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_worth(operand)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return float(abs(_worth(left)) ** _worth(right))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return float(OPERATORS[type(op)][2](_worth(left), _worth(right)))
        case ast.Call(func=ast.Name(id=name), args=[argument]) if name in CALLS:
            return float(getattr(math, name)(_worth(argument)))
    return 0.0  # what cannot stand there is said where it is read


def _value(tree: Tree, x: Any, numbers: Any) -> Any:
    deeper = lambda tree: _value(tree, x, numbers)
    match tree:
        case ("x",):
            return x
        case ("number", index):
            return numbers[index]
        case ("-", a):
            return -deeper(a)
        case ("**", a, int() as whole):
            return jax.lax.integer_pow(deeper(a), whole)
        case ("**", a, b):
            return deeper(a) ** deeper(b)
        case (name, a):
            return CALLS[name](deeper(a))
    sign, a, b = tree
    return BY_SIGN[sign][1](deeper(a), deeper(b))


def _written(tree: Tree, numbers: np.ndarray) -> tuple[str, int]:
    """A tree as text, and how tightly its outermost operation binds."""

    def within(tree: Tree, least: int) -> str:
        text, binding = _written(tree, numbers)
        return text if binding >= least else f"({text})"

    match tree:
        case ("x",):
            return "x", ATOM
        case ("number", index):
            value = float(numbers[index])
            text = re.sub(r"\.0$", "", repr(abs(value)))
            return (f"-{text}", NEGATION) if value < 0 else (text, ATOM)
        case ("-", a):
            return f"-{within(a, NEGATION + 1)}", NEGATION
        case ("**", a, int() as whole):
            return f"{within(a, ATOM)} ** {whole if whole >= 0 else f'({whole})'}", POWER
        case ("**", a, b):
            return f"{within(a, ATOM)} ** {within(b, ATOM)}", POWER
        case (name, a):
            return f"{name}({_written(a, numbers)[0]})", ATOM
    sign, a, b = tree
    binding = BY_SIGN[sign][0]
    return f"{within(a, binding)} {sign} {within(b, binding + 1)}", binding
