"""What is the same has the same word, in another process too, and what computes something else has another."""

import functools
import logging
import os
import subprocess
import sys
import threading
import types

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import cellsim as cs
from cellsim.ensemble.ensemble import ensemble
from cellsim.ensemble.identity import identity
from cellsim.ensemble.outputs import OUTPUTS, Output
from cellsim.ensemble.store import OtherEnsemble

pytestmark = pytest.mark.xdist_group("ensemble")
SOURCE = """
import functools, jax, numpy as np, jax.numpy as jnp
FACTOR = 2.0
TABLE = {"b": np.arange(3.0), "a": [1, 2]}
def helper(x):
    return FACTOR * jnp.sum(x)
def made(power):
    def sag(solution, offset=1.0, *, sign=1):
        inner = lambda x: x**power + helper(x) if x is not None and 3 in {3, 4, 5} else TABLE["b"]
        return sign * inner(solution.V[0] - solution.V[-1]) + offset
    return sag
class Reading:
    weight = 3.0
    def __init__(self, at): self.at = at
    def __call__(self, solution): return self.weight * self.value(solution)
    def value(self, solution): return Reading.pick(solution.V, self.at)
    @staticmethod
    def pick(V, at): return V[at]
def down(n):
    return 0 if n == 0 else down(n - 1)
jitted = jax.jit(helper)
functions = (made(2), Reading(4), down, jitted, functools.partial(made(3), offset=2.0), Reading(1).value)
"""


def functions(source=SOURCE):
    module = types.ModuleType("script")
    exec(compile(source, "script.py", "exec"), vars(module))
    return module.functions


def test_the_same_source_read_again_gives_the_same_word():
    words = [identity(each) for each in functions()]
    assert words == [identity(each) for each in functions("# a line above\n\n" + SOURCE)]
    assert len(set(words)) == len(words)


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    (
        ("FACTOR = 2.0", "FACTOR = 2.5", (0, 3, 4)),  # a global, by way of a helper
        ("jnp.sum(x)", "jnp.max(x)", (0, 3, 4)),
        ("np.arange(3.0)", "np.arange(4.0)", (0, 4)),
        ("solution.V[0] - solution.V[-1]", "solution.V[0] - solution.V[-2]", (0, 4)),
        ("x**power", "x*power", (0, 4)),
        ("{3, 4, 5}", "{3, 4, 6}", (0, 4)),
        ("offset=1.0", "offset=1.5", (0, 4)),
        ("sign=1", "sign=-1", (0, 4)),
        ("made(2)", "made(4)", (0,)),  # what is closed over
        ("offset=2.0", "offset=3.0", (4,)),
        ("Reading(4)", "Reading(5)", (1,)),
        ("weight = 3.0", "weight = 4.0", (1, 5)),
        ("return V[at]", "return -V[at]", (1, 5)),
        ("return 0 if", "return 1 if", (2,)),
    ),
)
def test_whatever_another_function_computes_otherwise_it_has_another_word(old, new, changed):
    assert SOURCE.count(old) == 1
    before, after = map(identity, functions()), map(identity, functions(SOURCE.replace(old, new)))
    assert [k for k, (one, other) in enumerate(zip(before, after, strict=True)) if one != other] == list(changed)


def test_another_process_finds_the_same_word():
    code = SOURCE + "\nfrom cellsim.ensemble.identity import identity\nimport cellsim as cs\n"
    code += 'print(identity(functions, cs.SPM(cs.load_cell("Chen2020"))))'
    words = [
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            timeout=300,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert words[0] == words[1] and len(words[0].strip()) == 24


def test_a_module_of_the_users_counts_by_what_is_named_of_it():
    def of(value):
        tools = types.ModuleType("tools")
        tools.limit, tools.other = value, object()
        space = {"tools": tools}
        exec("def f(solution): return solution.V[0] - tools.limit", space)
        return identity(space["f"])

    assert of(3.0) == of(3.0) != of(4.0)


def test_values_count_by_their_content():
    class Law(eqx.Module):
        a: jax.Array
        power: int = eqx.field(static=True)

    law = lambda a, power: Law(jnp.asarray(a), power)
    assert identity(law(1.0, 2)) == identity(law(1.0, 2))
    assert len({identity(law(1.0, 2)), identity(law(1.5, 2)), identity(law(1.0, 3))}) == 3
    assert identity({"a": 1, "b": 2}) == identity({"b": 2, "a": 1}) != identity({"a": 2, "b": 1})
    assert identity(np.zeros(3)) != identity(np.zeros((3, 1))) and identity(1) != identity(1.0) != identity("1.0")
    assert identity(["ab", "c"]) != identity(["a", "bc"]) and identity((1, (2, 3))) != identity((1, 2, 3))
    assert identity(np.array([1, "a", None], object)) == identity(np.array([1, "a", None], object))
    own = cs.Custom(lambda x, T, p: 1e-14 * x + 2e-14), cs.Custom(lambda x, T, p: 1e-14 * x + 3e-14)
    assert identity(own[0]) != identity(own[1]), "laws of the user's are functions too"
    circle = [1.0]
    circle.append(circle)
    assert identity(circle) == identity(circle)
    assert identity(jnp.sum, np.add, len, functools.lru_cache) == identity(jnp.sum, np.add, len, functools.lru_cache)


def test_objects_of_other_packages_count_by_what_they_hold():
    import pandas
    from scipy.interpolate import CubicSpline

    x = np.linspace(0.0, 1.0, 2000)
    table = lambda shift: pandas.DataFrame({"a": x, "b": x + shift * (x > 0.5)})
    assert identity(table(1.0)) == identity(table(1.0)) != identity(table(2.0)), "not as they are printed"
    spline = lambda shift: CubicSpline(x, x**2 + shift)
    assert identity(spline(1.0)) == identity(spline(1.0)) != identity(spline(2.0))
    space = lambda shift: types.SimpleNamespace(a=x + shift)
    assert identity(space(1.0)) == identity(space(1.0)) != identity(space(2.0))
    assert identity(threading.Lock()) == identity(threading.Lock())
    out = {"table": table(1.0), "CubicSpline": CubicSpline, "log": logging.getLogger("a")}
    exec("def f(solution): log.info(1); return CubicSpline([0, 1, 2], [1, 2, 3])(table['a'].mean())", out)
    assert len(identity(out["f"])) == 24


def test_another_output_of_the_same_name_does_not_get_the_values_of_the_first(small, tmp_path):
    def stored(source, **how):
        space = {}
        exec(source, space)
        wanted = (OUTPUTS["capacity"], Output("own", "V", "mine", space["own"]))
        changes = {"negative.L": np.linspace(8e-5, 9e-5, 6)}
        return ensemble(small, "Discharge at 1C until 2.5 V", changes, outputs=wanted, folder=tmp_path, **how)

    first = "def own(solution): return solution.V[0]"
    one = stored(first, chunk=4)
    with pytest.raises(OtherEnsemble, match="what a function of your own computes"):
        stored("def own(solution): return solution.V[1]", chunk=4)
    told = []
    again = stored(first, chunk=4, progress=told.append)
    assert [each.before for each in told] == [6], "the same function, defined anew, goes on"
    np.testing.assert_array_equal(again["own"], one["own"])
