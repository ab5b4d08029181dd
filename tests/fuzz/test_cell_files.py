"""BPX files and the expressions in them: whatever stands there it is a cell of numbers, or is refused."""

import functools
import json
from typing import Any

import fuzzing
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import cellsim as cs
from cellsim.cells import bpx
from cellsim.cells.functions import UnreadableExpression, expression
from cellsim.parameters import ImplausibleValue, leaves

PARTS = ("x", "1", "-1", "2.5", "1e300", "1e400", "9", "0", "(", ")", "+", "-", "*", "/", "**", "exp(", "tanh(")
PARTS = (*PARTS, "cosh(", "nan", "inf", "y", "x.real", "__import__('os')", "lambda: 1", "[1]", "'a'", "True", "1j")
PARTS = (*PARTS, ",", "\n", "é")
OCP = "0.1 + 1.9793 * exp(-39.3631 * x) - 0.0909 * tanh(29.8538 * (x - 0.1234)) ** 2"


@functools.cache
def written() -> str:
    """A cell as its file has it."""
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "cell.json")
        bpx.write(cs.load_cell("Marquis2019"), file)
        return file.read_text(encoding="utf-8")


def read(text: str, file: Any) -> None:
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        cell = cs.load_cell(file)
    except bpx.UnreadableBPX as error:
        assert str(file) in str(error) and error.lines and all(error.lines)
    except ImplausibleValue as error:
        assert "implausible" in str(error)
    else:
        assert all(np.all(np.isfinite(np.asarray(leaf.value))) for leaf in leaves(cell))


@fuzzing.examples(80)
@given(tree=st.deferred(lambda: fuzzing.changed(json.loads(written()))))
def test_a_changed_file_is_a_cell_of_numbers_or_is_refused(tree, tmp_path):
    read(json.dumps(tree), tmp_path / "cell.json")


@fuzzing.examples(80)
@given(text=st.deferred(lambda: fuzzing.edited(written(), (*fuzzing.ODD_TEXTS, "{", "}", "[", '"', "NaN", "null"))))
def test_a_changed_text_is_a_cell_of_numbers_or_is_refused(text, tmp_path):
    read(text, tmp_path / "cell.json")


@fuzzing.examples(25)
@given(text=st.deferred(lambda: fuzzing.edited(written(), (*fuzzing.ODD_TEXTS, "&a ", "*a", "- ", "!!python/object"))))
def test_yaml_is_a_cell_of_numbers_or_is_refused(text, tmp_path):
    read(text, tmp_path / "cell.yaml")


@fuzzing.examples(40)
@given(text=st.lists(st.sampled_from(PARTS), max_size=8).map(" ".join))
@example(text="9**9**9**9")
@example(text="(2.0 * x) ** (9 ** 8)")
@example(text="1 / (x - x)")
def test_any_expression_in_a_file_is_read_or_refused(text, tmp_path):
    tree = json.loads(written())
    tree["Parameterisation"]["Negative electrode"]["OCP [V]"] = text
    read(json.dumps(tree), tmp_path / "cell.json")


@fuzzing.examples(500)
@given(text=st.one_of(st.lists(st.sampled_from(PARTS), max_size=12).map("".join), fuzzing.edited(OCP, PARTS)))
@example(text="x" + "+x" * 5000)
@example(text="(" * 500 + "x" + ")" * 500)
@example(text="-" * 3000 + "x")
@example(text="x" * 10**6)
def test_any_text_is_an_expression_or_is_refused(text):
    try:
        found = expression(text)
    except UnreadableExpression as error:
        assert str(error)
    else:
        assert expression(found.text).tree == found.tree


@pytest.mark.parametrize("suffix", [".json", ".yaml"])
def test_the_file_that_is_changed_is_a_cell(suffix, tmp_path):
    (tmp_path / f"cell{suffix}").write_text(written(), encoding="utf-8")
    assert cs.load_cell(tmp_path / f"cell{suffix}").name == "cell"
