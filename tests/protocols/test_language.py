"""Steps written in words."""

import numpy as np
import pytest

import cellsim as cs
from cellsim.protocols.language import UnreadableStep, step


@pytest.fixture(scope="module")
def cell():
    return cs.load_cell("Chen2020")  # 5 A.h, 2.5 to 4.2 V


# text, current [A] (positive discharges), duration [s], voltage that ends it [V], side from which it is reached
ACCEPTED = [
    ("Discharge at 1C until 2.5 V", 5.0, 7200.0, 2.5, 1),
    ("Discharge at C/2 until 2.5V", 2.5, 14400.0, 2.5, 1),
    ("Discharge at 2C/3 until 3 V", 10 / 3, 10800.0, 3.0, 1),
    ("discharge AT 0.5 C until 2700 mV", 2.5, 14400.0, 2.7, 1),
    ("Discharge at 5 A until 2.5 V", 5.0, 7200.0, 2.5, 1),
    ("Discharge at 500 mA until 2.5 V", 0.5, 72000.0, 2.5, 1),
    ("Charge at 1C until 4.2 V", -5.0, 7200.0, 4.2, -1),
    ("Charge at C/10 until 4.1 V", -0.5, 72000.0, 4.1, -1),
    ("Charge at 200 mA until 4.1 V", -0.2, 180000.0, 4.1, -1),
    ("Discharge at 1C", 5.0, 7200.0, 2.5, 1),
    ("Charge at 1C", -5.0, 7200.0, 4.2, -1),
    ("Discharge at 1C for 30 minutes", 5.0, 1800.0, 2.5, 1),
    ("Discharge at 1C for 30 minutes or until 3 V", 5.0, 1800.0, 3.0, 1),
    ("Discharge at 1C until 3 V or for 30 min", 5.0, 1800.0, 3.0, 1),
    ("Discharge at 1e-1 A for 10 s", 0.1, 10.0, 2.5, 1),
    ("  Discharge   at  1 C   for 2 h ", 5.0, 7200.0, 2.5, 1),
    ("Rest for 1 hour", 0.0, 3600.0, None, 0),
    ("Rest for 2 days", 0.0, 172800.0, None, 0),
    ("Rest", 0.0, 86400.0, None, 0),
]


@pytest.mark.parametrize(("text", "current", "duration", "voltage", "side"), ACCEPTED)
def test_a_step_says_its_current_its_duration_and_its_end(cell, text, current, duration, voltage, side):
    demand = step(text).demand(cell)
    assert float(demand.I) == pytest.approx(current, rel=1e-14)
    assert float(demand.duration) == pytest.approx(duration, rel=1e-14)
    assert float(demand.side) == side
    if voltage is not None:
        assert float(demand.V_stop) == pytest.approx(voltage, rel=1e-14)


# text, the part that the message points at, what it says
REJECTED = [
    ("", "", "is empty; write a step, as 'Discharge at 1C until 2.5 V'"),
    (
        "Dischage at 1C",
        "Dischage",
        "begins with 'Dischage'; a step begins with Discharge, Charge, Rest, Hold or Run.",
    ),
    ("Dischage at 1C", "Dischage", "Did you mean 'Discharge'?"),
    ("Relax for 1 hour", "Relax", "Did you mean 'Rest'?"),
    ("Play at 1 A for 2 hours", "Play", "begins with 'Play'"),
    ("Cell Charge at 1 A for 2 hours", "Cell", "begins with 'Cell'"),
    ("Discharge", "", "says no current and no other value to hold. Write 'at 1C', 'at C/2', 'at 5 A' or 'at 5 W'."),
    ("Discharge until 2.5 V", "until", "says no current"),
    ("Discharge 5 A until 2.5 V", "5", "Did you mean 'Discharge at 5 A'?"),
    (
        "Discharge at",
        "",
        "the text ends, expected a current (1C, C/2, 5 A, 200 mA), a power (5 W)",
    ),
    ("Discharge at 5", "5", "5 what? Write C, A, mA, W, Ohm or V behind the number."),
    ("Discharge at C20", "C20", "Did you mean 'C/20'?"),
    ("Discharge at 1 B for 2 hours", "B", "'B' is not a known unit; it may be C, A, mA, W, Ohm or V."),
    ("Discharge at 5 MA", "MA", "Did you mean 'mA'?"),
    ("Discharge at five A", "five", "found 'five', expected a current"),
    ("Discharge at 1,5 A", "1,5", "write the decimals of 1,5 behind a point, not a comma."),
    ("Discharge at 1e400 A", "1e400", "1e400 is too large a number."),
    ("Discharge at 1e400C", "1e400", "1e400 is too large a number."),
    ("Discharge at 5 s", "5 s", "5 s is a time; 'at' takes a current"),
    ("Discharge at 5 s", "5 s", "Did you mean 'for 5 s'?"),
    ("Discharge at 25 degC", "25 degC", "Say the value first, and then the temperature."),
    ("Discharge at 2 Ah", "2 Ah", "Did you mean 'until 2 Ah'?"),
    ("Discharge at -1C", "-1C", "the current must be above zero; the verb gives its sign."),
    ("Charge at -200 mA", "-200 mA", "the current must be above zero"),
    ("Charge at -5 W", "-5 W", "the power must be above zero"),
    ("Discharge at 0 A", "0 A", "must be above zero"),
    ("Discharge at 0 Ohm", "0 Ohm", "the resistance must be above zero"),
    ("Hold at 0 Ohm", "0 Ohm", "the resistance must not be zero"),
    ("Discharge at C/0", "0", "the number after '/' must be above zero, found 0."),
    ("Discharge at 1C for 5 parsecs", "parsecs", "'parsecs' is not a unit of time; it may be s, min, h or days."),
    ("Discharge at 1 A for 2 years", "years", "'years' is not a unit of time"),
    ("Discharge at 1C for 2 Ah", "2 Ah", "2 Ah is a charge; 'for' takes a time. Did you mean 'until 2 Ah'?"),
    ("Discharge at 1C for 0 s", "0 s", "the duration must be above zero"),
    ("Discharge at 1C for 1 h or for 2 h", "for 2 h", "its duration is said twice"),
    (
        "Discharge at 1C until 2.5",
        "2.5",
        "2.5 what? Write V, A, C, A.h, W.h, % SOC, degC or mV/h",
    ),
    ("Discharge at 1C until 2.5", "2.5", "Did you mean '2.5 V'?"),
    ("Discharge at 1C until 2.5 V and dance", "and", "'and' was not understood; expected 'for', 'until', 'or'"),
    ("Discharge at 1C until 2.5 V and 3 V", "and", "joined by 'or': whichever comes first ends the step."),
    ("Charge at 1C until 4.2 V then hold", "then", "a step of its own"),
    ("Discharge at 1C to 2.5 V", "to", "Did you mean 'until'?"),
    ("Discharge at 1C unitl 2.5 V", "unitl", "Did you mean 'until'?"),
    ("Discharge at 1C or", "", "the text ends behind 'or'"),
    ("Discharge at 1C or 2.5 V", "2.5", "'2.5' was not understood; expected 'for', 'until'"),
    ("Discharge at 1C until 2.5 V, at 25 degC", "at", "'at' was not understood"),
    ("Discharge at 1C or dance", "dance", "'dance' was not understood"),
    ("Discharge at 1C until", "", "the text ends, expected a level such as 2.5 V, 50 mA, C/50"),
    ("Discharge at 1C until 5 W", "5 W", "5 W is a power; 'until' takes a level"),
    ("Discharge at 1C until voltage < 1 A", "1 A", "1 A is a current, not a voltage."),
    ("Discharge at 1C until 80%", "80%", "80% of what? Did you mean '80% SOC'?"),
    ("Discharge at 1C until 80 SOC", "80 SOC", "between 0 and 1, or 0% and 100%. Did you mean '80%'?"),
    ("Discharge at 1C until SOC", "", "expected a state of charge such as 80% or 0.8."),
    ("Discharge at 1C until 0 Ah", "0 Ah", "a charge that ends a step must be above zero"),
    ("Discharge at 1C until < 5 Ah", "< 5 Ah", "a charge ends a step as it rises to 5 Ah; leave out the sign."),
    ("Rest until dV/dt > 1 mV/h", "dV/dt > 1 mV/h", "ends a step as it falls to 1 mV/h; leave out the sign."),
    ("Discharge at 1C until 45 K", "45 K", "a temperature of 45 K; expected 200 to 400 K."),
    (
        "Discharge at 1 A at 2 hours",
        "2 hours",
        "2 hours is a time; a second 'at' gives the temperature.",
    ),
    ("Discharge at 1C at 3 V", "3 V", "Did you mean 'until 3 V'?"),
    (
        "Discharge at 1C at 25 C",
        "25 C",
        "a second 'at' gives the temperature. Did you mean '25 degC'?",
    ),
    ("Discharge at 1C at 25 K", "25 K", "a temperature of 25 K; expected 200 to 400 K. Did you mean '25 degC'?"),
    ("Discharge at 1C at 25", "25", "25 what? Write degC or K behind the number. Did you mean '25 degC'?"),
    ("Discharge at 1C at 25 oC at 30 oC", "at 30 oC", "its temperature is said twice"),
    ("Rest for 1 h (10 s)", ")", "expected 'period)', as in (10 second period)"),
    ("Rest for 1 h (10 V period)", "10 V", "a period is a time above zero"),
    ("Rest for 1 h (1 s period) (2 s period)", "(2 s period)", "its period is said twice"),
    ("Rest for 1 h []", "[]", "a tag needs a name"),
    ("Rest for", "", "the text ends, expected a time behind 'for', as 30 minutes."),
    ("Rest for one hour", "one", "Write numbers in digits."),
    ("Rest for 5", "5", "5 what? Write s, min, h or days behind the number. Did you mean '5 s'?"),
    ("Run", "", "Run takes a file of columns"),
    ("Run at 1 A for 2 hours", "at", "For a constant value write 'Discharge at ...'."),
    ("Run nowhere.csv", "nowhere.csv", "there is no file 'nowhere.csv' in the folder"),
    # what PyBaMM reads, and then leaves out or never reaches
    ("Rest until 3 V", "3 V", "a rest ends after a time, or at a voltage with a sign: did you mean '>3 V'"),
    ("Rest until 50 mA", "50 mA", "a rest never reaches 50 mA: no current passes."),
    ("Rest until 30 degC", "30 degC", "did you mean '>30 degC' (until it rises to that) or '<30 degC'"),
    ("Hold at 4.2 V until 4.1 V", "4.1 V", "the step holds 4.2 V, so its voltage does not change"),
    ("Charge at 4.2 V until 4.2 V", "4.2 V", "To reach a voltage, hold a current: 'Charge at 1C until 4.2 V'."),
    ("Hold at 4.2 V until 80% SOC", "80% SOC", "the step has no direction: did you mean '>80% SOC'"),
    ("Charge at 1C until C/20", "C/20", "To let the current fall, hold a voltage: 'Hold at 4.2 V until C/50'."),
]


@pytest.mark.parametrize(("text", "part", "said"), REJECTED)
def test_a_step_that_is_not_understood_is_refused_with_its_place_and_the_likely_meaning(text, part, said):
    with pytest.raises(UnreadableStep) as caught:
        step(text)
    message, line, mark = str(caught.value).split("\n")
    assert message.startswith(f"step '{text}': ")
    assert said in message
    assert line == f"  {text}"
    pointed = slice(mark.index("^"), mark.rindex("^") + 1)
    assert line[pointed] == part
    if not part:  # what is missing belongs behind the text
        assert pointed.start == len(line)


def test_the_verb_gives_the_sign_and_the_number_the_value_of_any_current(cell):
    random = np.random.default_rng(7)
    for value in 10.0 ** random.uniform(-4, 3, 50):
        for verb, sign in (("Discharge", 1.0), ("Charge", -1.0)):
            for form, amperes in (
                (f"{value:.9g} A", value),
                (f"{value:.9g} mA", 1e-3 * value),
                (f"{value:.9g}C", 5.0 * value),
                (f"C/{value:.9g}", 5.0 / value),
                (f"{value:.9g}C/3", 5.0 * value / 3.0),
            ):
                demand = step(f"{verb} at {form} for 1 s").demand(cell)
                assert float(demand.I) == pytest.approx(sign * amperes, rel=1e-8)
                assert float(demand.side) == sign
