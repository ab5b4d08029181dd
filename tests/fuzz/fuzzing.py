"""Changes that a fuzzer makes to what people write: to texts, and to trees of tables and lists."""

import copy
import os
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

TIMES = int(os.environ.get("CELLSIM_FUZZ", "1"))  # how many times as many examples, for who looks for more


def examples(count: int) -> Callable[[Any], Any]:
    """How many examples a test has."""
    return settings(max_examples=TIMES * count)


ODD_TEXTS = ("", " ", "\x00", "é", "ﬁ", "\u2028", "💥", "nan", "-inf", "1e999", "../../etc/passwd")
ODD_TEXTS = (*ODD_TEXTS, "/dev/null", "9" * 400)
ODD_NUMBERS = (0, -1, 1, 2**62, -(2**62), 0.0, -0.0, 1e-320, 1e308, -1e308, float("nan"), float("inf"), -float("inf"))
ODD_VALUES = (*ODD_NUMBERS, *ODD_TEXTS, True, False, [], [[]], {}, {"": 0}, [1, "a"], {"a": {"b": []}})

odd = st.sampled_from(ODD_VALUES).map(copy.deepcopy)
anything = st.recursive(
    st.one_of(odd, st.text(max_size=12), st.floats(), st.integers(-(2**62), 2**62)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=6,
)


def places(tree: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every part of a tree."""
    parts = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, part in parts:
        yield (*here, key)
        yield from places(part, (*here, key))


def at(tree: Any, place: tuple[Any, ...]) -> Any:
    """The part at a place."""
    for key in place:
        tree = tree[key]
    return tree


@st.composite
def changed(draw: st.DrawFn, tree: Any, most: int = 3) -> Any:
    """A tree with up to `most` of its parts taken out, put elsewhere, or replaced by anything."""
    tree = copy.deepcopy(tree)
    for _ in range(draw(st.integers(1, most))):
        known = list(places(tree))
        if not known:
            break
        *above, key = draw(st.sampled_from(known))
        holder = at(tree, tuple(above))
        match draw(st.sampled_from(("remove", "replace", "scale", "rename", "wrap", "elsewhere"))):
            case "remove":
                del holder[key]
            case "replace":
                holder[key] = draw(anything)
            case "scale" if isinstance(holder[key], (int, float)):
                holder[key] = holder[key] * draw(st.sampled_from((-1, 0.0, 1e-3, 1e3, 1e6, 1e-12, 1e300)))
            case "rename" if isinstance(holder, dict):
                holder[draw(st.text(max_size=8)) or key] = holder.pop(key)
            case "wrap":
                holder[key] = [holder[key]] if draw(st.booleans()) else {"x": holder[key]}
            case _:
                holder[key] = copy.deepcopy(at(tree, draw(st.sampled_from(known))))
    return tree


@st.composite
def edited(draw: st.DrawFn, text: str, words: tuple[str, ...] = ODD_TEXTS) -> str:
    """A text with some of its stretches taken out, doubled, replaced or moved."""
    for _ in range(draw(st.integers(1, 4))):
        i = draw(st.integers(0, len(text)))
        j = draw(st.integers(i, min(i + 12, len(text))))
        piece = draw(st.one_of(st.sampled_from(words), st.text(max_size=4), st.just(text[i:j] * 2), st.just("")))
        text = text[:i] + piece + text[j:]
    return text
