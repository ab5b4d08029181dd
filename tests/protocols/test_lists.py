"""Lists of steps, their cycles and what ends them."""

import pytest

import cellsim as cs
from cellsim.protocols.language import UnreadableProtocol, UnreadableStep, ending, protocol, step

DISCHARGE, REST, CHARGE, HOLD = CYCLE = (
    "Discharge at 1C until 2.5 V",
    "Rest for 1 hour",
    "Charge at C/2 until 4.2 V",
    "Hold at 4.2 V until C/50",
)


def texts(read):
    return [[each.text for each in cycle.steps] for cycle in read.cycles]


@pytest.mark.parametrize(
    ("items", "cycles", "meant"),
    [
        (REST, None, [[REST]]),
        (step(REST), None, [[REST]]),
        ([DISCHARGE, REST], None, [[DISCHARGE], [REST]]),
        ([DISCHARGE, REST], 1, [[DISCHARGE, REST]]),
        ([DISCHARGE, REST], 2, [[DISCHARGE, REST]] * 2),
        ([CYCLE], None, [list(CYCLE)]),
        ([CYCLE] * 3, None, [list(CYCLE)] * 3),
        ([CYCLE], 3, [list(CYCLE)] * 3),
        ([REST, list(CYCLE)], None, [[REST], list(CYCLE)]),
        ([REST, list(CYCLE)], 2, [[REST], list(CYCLE)] * 2),
        ([REST, (step(DISCHARGE), CHARGE), cs.Cycle((step(REST),))], None, [[REST], [DISCHARGE, CHARGE], [REST]]),
        ([[[DISCHARGE, CHARGE], [REST]], [HOLD]], None, [[DISCHARGE, CHARGE], [REST], [HOLD]]),
        ({"repeat": 2, "steps": [DISCHARGE, CHARGE]}, None, [[DISCHARGE, CHARGE]] * 2),
        (
            [{"repeat": 2, "steps": [DISCHARGE, CHARGE]}, [REST]],
            None,
            [[DISCHARGE, CHARGE], [DISCHARGE, CHARGE], [REST]],
        ),
        (
            [{"repeat": 2, "steps": [{"repeat": 2, "steps": [DISCHARGE, CHARGE]}, [REST]]}],
            None,
            [[DISCHARGE, CHARGE], [DISCHARGE, CHARGE], [REST]] * 2,
        ),
        ({"repeat": 2, "steps": REST}, None, [[REST]] * 2),
    ],
)
def test_a_list_is_read_to_its_cycles(items, cycles, meant):
    assert texts(protocol(items, cycles)) == meant


def test_the_steps_of_every_round_are_the_same_objects_so_that_a_hundred_cost_as_one():
    read = protocol([CYCLE], 100)
    assert len(read.steps) == 400
    assert len({id(each) for each in read.steps}) == 4


def test_a_group_marks_each_of_its_cycles():
    items = [{"repeat": 2, "steps": [DISCHARGE, CHARGE], "tags": "ageing"}, {"steps": [REST], "tags": ["RPT", "slow"]}]
    assert [cycle.tags for cycle in protocol(items).cycles] == [("ageing",), ("ageing",), ("RPT", "slow")]


def test_a_temperature_a_period_and_the_skipping_of_a_list_hold_for_steps_that_say_none():
    read = protocol(
        [("Rest for 1 hour at 10 degC", "Rest for 1 hour (5 s period)")], T=298.15, period=60.0, skip_ok=False
    )
    cold, usual = read.steps
    assert (float(cold.T), cold.period, cold.skip_ok) == (283.15, 60.0, False)
    assert (float(usual.T), usual.period, usual.skip_ok) == (298.15, 5.0, False)
    assert protocol([REST]).steps[0] is step(REST)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (None, cs.Until()),
        ("80% capacity", cs.Until(retention=0.8)),
        ("80.7 % capacity", cs.Until(retention=0.807)),
        ("80% of the initial capacity", cs.Until(retention=0.8)),
        ("4 Ah capacity", cs.Until(capacity=4.0)),
        ("4.1Ah capacity", cs.Until(capacity=4.1)),
        ("4.1 A.h capacity", cs.Until(capacity=4.1)),
        ("4A.h capacity", cs.Until(capacity=4.0)),
        ("4500 mAh capacity", cs.Until(capacity=4.5)),
        ("2.5 V", cs.Until(V=2.5)),
        ("< 2500 mV", cs.Until(V=2.5)),
        ("10 hours", cs.Until(duration=36000.0)),
        ("30 min", cs.Until(duration=1800.0)),
        (["80% capacity", "2.5V"], cs.Until(retention=0.8, V=2.5)),
        ("80% capacity or 100 days or 2.5 V", cs.Until(retention=0.8, V=2.5, duration=8.64e6)),
        (cs.Until(V=3.0), cs.Until(V=3.0)),
    ],
)
def test_what_ends_a_protocol_is_read_from_words(said, meant):
    assert protocol([REST], until=said).until == meant


@pytest.mark.parametrize(
    ("said", "part", "why"),
    [
        ("80%", "80%", "80% of what? Did you mean '80% capacity'?"),
        ("4 Ah", "4 Ah", "Did you mean '4 Ah capacity'?"),
        ("4 A.h something else", "4 A.h", "Did you mean '4 A.h capacity'?"),
        ("1 capacity", "capacity", "'capacity' is not a known unit; it may be % capacity, A.h capacity, V or a time"),
        ("120% capacity", "120%", "120% must be above zero and 100% at most."),
        ("0 hours", "0 hours", "0 hours must be above zero."),
        ("2.5 V capacity", "2.5 V", "which does not end a protocol; expected '80% capacity', '4 A.h capacity'"),
        ("5 A", "5 A", "5 A is a current, which does not end a protocol"),
        (">2.5 V", "2.5 V", "passed from above; leave out the sign"),
        ("bla bla capacity bla", "bla", "found 'bla', expected '80% capacity'"),
        ("2.5 V and 3 V", "and", "'and' was not understood; expected 'or'"),
        ("2.5 V or 3 V", "3 V", "this condition is said twice"),
    ],
)
def test_an_end_of_a_protocol_that_is_not_understood_is_refused_with_its_place(said, part, why):
    with pytest.raises(UnreadableStep) as caught:
        ending(said)
    message, line, mark = str(caught.value).split("\n")
    assert message.startswith(f"condition '{said}': ")
    assert why in message
    assert line[mark.index("^") : mark.rindex("^") + 1].strip() == part


def test_all_that_is_wrong_with_a_list_is_said_at_once_with_its_place():
    items = [
        "Dischage at 1C",
        DISCHARGE,
        ["Rest for 1 hour", 5],
        {"repeat": 0, "steps": ["Charge at 5"]},
        {"repeat": 2, "step": [REST]},
        [],
        {"steps": [REST], "tags": 3},
    ]
    with pytest.raises(UnreadableProtocol) as caught:
        protocol(items, cycles=0, until=["80%"])
    heads = [problem.split("\n")[0] for problem in caught.value.problems]
    assert heads == [
        "cycles must be a whole number above zero, found 0.",
        "1: step 'Dischage at 1C': begins with 'Dischage'; a step begins with Discharge, Charge, Rest, Hold or Run. "
        "Did you mean 'Discharge'?",
        "3.2: a step is a text in quotes, or a list of them is a cycle; found 5.",
        "4.1: step 'Charge at 5': 5 what? Write C, A, mA, W, Ohm or V behind the number.",
        "4: repeat must be a whole number above zero, found 0.",
        "5: a table of steps has no 'step'; it has repeat, steps, tags.",
        "5: it needs steps = [...], a list of at least one step; found None.",
        "6: a cycle needs at least one step, found an empty list.",
        "7: tags must be a text or a list of them, found 3.",
        "condition '80%': 80% of what? Did you mean '80% capacity'?",
    ]
    assert str(caught.value).startswith("10 problems in the protocol:\n")


def test_a_list_without_a_step_is_refused():
    with pytest.raises(UnreadableProtocol, match=r"it holds no step; write one, as 'Discharge at 1C until 2.5 V'"):
        protocol([])
