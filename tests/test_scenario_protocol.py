"""The table [protocol] of a scenario."""

import tomllib
from pathlib import Path

import pytest

from cellsim.scenario_parts import protocol_from
from cellsim.settings import Given, Reading


@pytest.fixture
def read(tmp_path):
    """The protocol of a table in TOML, and what is wrong with it."""

    def protocol(text, folder=tmp_path):
        settings = {("protocol", key): Given(value, f"[protocol] {key}") for key, value in tomllib.loads(text).items()}
        reading = Reading(settings, [])
        return protocol_from(reading, Path(folder)), reading.problems

    return protocol


def test_lists_are_cycles_and_tables_repeat_theirs(read):
    protocol, problems = read(
        """
        steps = [
            "Charge at C/3 until 4.2 V",
            {repeat = 2, tags = "ageing", steps = ["Discharge at 1C until 2.5 V", "Charge at C/2 until 4.2 V"]},
            ["Discharge at C/20 until 2.5 V [capacity check]", "Rest for 2 h"],
        ]
        cycles = 2
        until = ["80% capacity", "1000 h"]
        temperature = 10
        period = "1 minute"
        skip = false
        """
    )
    assert problems == []
    assert [len(cycle.steps) for cycle in protocol.cycles] == [1, 2, 2, 2] * 2
    assert [cycle.tags for cycle in protocol.cycles] == [(), ("ageing",), ("ageing",), ()] * 2
    assert protocol.cycle_of_step == (1, 2, 2, 3, 3, 4, 4, 5, 6, 6, 7, 7, 8, 8)
    assert (protocol.until.retention, protocol.until.duration) == (0.8, 3.6e6)
    assert {(float(each.T), each.period, each.skip_ok) for each in protocol.steps} == {(283.15, 60.0, False)}
    assert protocol.steps[3].text == "Discharge at 1C until 2.5 V"
    assert protocol.steps[5].tags == ("capacity check",)


def test_steps_alone_are_one_cycle_where_cycles_are_counted(read):
    flat = 'steps = ["Discharge at 1C", "Rest for 1 h", "Charge at 1C"]\n'
    assert [len(cycle.steps) for cycle in read(flat)[0].cycles] == [1, 1, 1]
    assert [len(cycle.steps) for cycle in read(flat + "cycles = 3")[0].cycles] == [3, 3, 3]


@pytest.mark.parametrize(("said", "T"), [("25", 298.15), ('"25 degC"', 298.15), ('"298 K"', 298.0), ("-10.5", 262.65)])
def test_a_temperature_is_a_number_in_degrees_celsius_or_a_text_with_its_unit(read, said, T):
    protocol, problems = read(f"temperature = {said}")
    assert problems == []
    assert float(protocol.steps[0].T) == pytest.approx(T, rel=1e-15)


def test_without_anything_it_is_a_discharge_to_the_cut_off(read):
    protocol, problems = read("")
    assert problems == []
    assert [each.text for each in protocol.steps] == ["Discharge at 1C"]


def test_files_are_looked_for_in_the_folder_of_the_scenario(read, tmp_path):
    (tmp_path / "drive.csv").write_text("time_s,power_W\n0,1\n10,2\n")
    assert read('steps = ["Run drive.csv until 2.5 V"]')[0].steps[0].control.value.t.shape == (2,)
    (problem,) = read('steps = ["Run drive.csv"]', tmp_path / "elsewhere")[1]
    assert "there is no folder" in problem


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("steps = 'Rest'", "[protocol] steps must be a list of texts, such as"),
        ("steps = []", "[protocol] steps: it holds no step; write one"),
        ("steps = [[]]", "[protocol] steps: 1: a cycle needs at least one step"),
        ("steps = [5]", "[protocol] steps: 1: a step is a text in quotes, or a list of them is a cycle; found 5."),
        (
            "steps = ['Rest', ['Dischage at 1C']]",
            "[protocol] steps: 2.1: step 'Dischage at 1C': begins",
        ),
        ("steps = [{repeat = 2}]", "[protocol] steps: 1: it needs steps = [...]"),
        ("steps = [{repeat = 1.5, steps = ['Rest']}]", "1: repeat must be a whole number above zero, found 1.5."),
        ("cycles = 0", "[protocol] cycles must be a whole number above zero, found 0."),
        ("until = '80%'", "[protocol] until: condition '80%': 80% of what? Did you mean '80% capacity'?"),
        ("until = 80", "[protocol] until must be a text or a list of texts, such as '80% capacity', found 80."),
        (
            "until = [80]",
            "[protocol] until: condition '80': a condition is a text, as '80% capacity'",
        ),
        ("temperature = 298.15", "Given in K? 298.15 K are 25 degC."),
        ("temperature = '25'", "[protocol] temperature: temperature '25': 25 what? Write degC or K"),
        ("temperature = '25 V'", "it is a voltage, expected a temperature."),
        ("temperature = '25 degC!'", "'!' was not understood; expected the end."),
        ("temperature = '2500 degC'", "a temperature of 2773.15 K; expected 200 to 400 K."),
        ("period = 0", "[protocol] period = 0 s; expected 1e-06 to 1e+07 s."),
        ("period = '0 s'", "[protocol] period: time '0 s': it must be above zero."),
        ("period = '10 V'", "it is a voltage, expected a time."),
        ("skip = 'no'", "[protocol] skip must be true or false, found the text 'no'."),
    ],
)
def test_what_is_wrong_is_said_at_its_place(read, text, said):
    protocol, problems = read(text)
    assert protocol is None
    assert len(problems) == 1
    assert said in problems[0]


def test_all_that_is_wrong_is_said_at_once(read):
    _, problems = read("steps = ['Dischage at 1C', 'Rest for']\ncycles = 0\nuntil = '80%'\ntemperature = 298\nskip = 1")
    assert len(problems) == 6
