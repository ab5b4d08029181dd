"""Garbled texts are refused with a place in them, and never otherwise."""

import numpy as np
import pytest

from cellsim.cli.steps import STEPS
from cellsim.protocols.language import UnreadableStep, ending, step
from cellsim.protocols.steps import Step

LETTERS = list("abcoCVAWhms%°µΩ 0123456789.,-+/|<>≤()[]{}'\"\t\n")
TEXTS = [text for text, _ in STEPS]


def garbled(text, random):
    """`text` with a few letters, or words, put in, taken away or changed."""
    letters = list(text)
    for _ in range(random.integers(1, 4)):
        k = int(random.integers(len(letters) + 1))
        match random.integers(4):
            case 0:
                letters.insert(k, random.choice(LETTERS))
            case 1:
                del letters[k : k + 1]
            case 2:
                letters[k : k + 1] = [random.choice(LETTERS)]
            case _:
                words = "".join(letters).split(" ")
                j = int(random.integers(len(words)))
                words[j] = random.choice(["", "until", "or", "for", "5", f"{words[j]} {words[j]}"])
                letters = list(" ".join(words))
    return "".join(letters)


@pytest.mark.parametrize("seed", range(8))
def test_a_garbled_step_is_a_step_or_refused_with_a_place_in_the_text(seed):
    random = np.random.default_rng(seed)
    for _ in range(250):
        text = garbled(random.choice(TEXTS), random)
        try:
            assert isinstance(step(text), Step)
        except UnreadableStep as error:
            assert 0 <= error.start <= error.stop <= len(text)
            message, *_, mark = str(error).split("\n")
            assert set(mark) <= {" ", "^"}
            assert error.said


def test_a_garbled_end_of_a_protocol_is_an_end_or_refused_with_a_place_in_the_text():
    random = np.random.default_rng(0)
    for _ in range(500):
        text = garbled(random.choice(["80% capacity", "4 A.h capacity", "2.5 V or 10 hours"]), random)
        try:
            assert ending(text)
        except UnreadableStep as error:
            assert 0 <= error.start <= error.stop <= len(text)
