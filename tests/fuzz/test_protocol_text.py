"""Protocols in words: whatever is written is a step, or is refused with the place and what was found."""

import string
from pathlib import Path

import fuzzing
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cellsim.protocols import language

SENTENCES = (
    "Discharge at 1C until 2.5 V",
    "Charge at C/2 until 4.2 V or for 2 hours",
    "Hold at 4.2 V until C/50",
    "Rest for 1 hour (10 second period)",
    "Discharge at 5 W for 30 minutes or until 2.5 V",
    "Charge at 200 mA until 80% SOC",
    "Discharge at 2 Ohm for 10 s at 25 degC",
    "Run current of drive.csv",
)
WORDS = (*fuzzing.ODD_TEXTS, *" ".join(SENTENCES).split(), "(", ")", "%", "/", "°C", "\u22121", "1e400", "1e-400", "٣")
items = st.recursive(
    st.one_of(st.sampled_from(SENTENCES), fuzzing.odd, st.builds(str, fuzzing.odd)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.fixed_dictionaries({}, optional={"repeat": fuzzing.odd, "steps": inner, "tags": inner, "x": inner}),
    ),
    max_leaves=8,
)


def read(text: str, folder: Path) -> None:
    try:
        language.step(text, folder)
    except language.UnreadableStep as error:
        assert str(error).startswith("step '") and "\n" in str(error)


@fuzzing.examples(400)
@given(text=st.one_of(*(fuzzing.edited(sentence, WORDS) for sentence in SENTENCES)))
def test_a_changed_sentence_is_a_step_or_is_refused(text, tmp_path):
    read(text, tmp_path)


@fuzzing.examples(200)
@given(text=st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join))
@example(text="Discharge at " + "9" * 5000 + " A for 1 s")
@example(text="Rest for 1 hour " * 2000)
def test_a_heap_of_words_is_a_step_or_is_refused(text, tmp_path):
    read(text, tmp_path)


@fuzzing.examples(200)
@given(text=st.text(alphabet=st.one_of(st.characters(), st.sampled_from(string.printable)), max_size=40))
def test_any_text_is_a_step_or_is_refused(text, tmp_path):
    read(text, tmp_path)


@fuzzing.examples(200)
@given(made=items, cycles=st.sampled_from((None, -1, 0, 3)), until=st.none() | st.builds(str, fuzzing.odd))
@example(made=["Rest for 1 s"], cycles=10**12, until=None)
@example(made=[{"repeat": 10**12, "steps": ["Rest for 1 s"]}], cycles=None, until=None)
def test_any_list_is_a_protocol_or_is_refused_with_all_that_is_wrong(made, cycles, until, tmp_path):
    try:
        found = language.protocol(made, cycles, until, folder=tmp_path)
    except language.UnreadableProtocol as error:
        assert error.problems and all(error.problems)
    else:
        assert found.steps


@pytest.mark.parametrize("reader", [language.temperature, language.time, language.ending])
@fuzzing.examples(100)
@given(text=st.one_of(st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join), fuzzing.edited("25 degC 10 hours")))
def test_a_number_with_its_unit_is_read_or_refused(reader, text):
    try:
        reader(text)
    except language.UnreadableStep as error:
        assert str(error)
