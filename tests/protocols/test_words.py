"""Steps told in words, and read back."""

import dataclasses

import equinox as eqx
import jax
import numpy as np
import pytest

import cellsim as cs
from cellsim.protocols.controls import CRate, Current, Power, Resistance, Voltage
from cellsim.protocols.language import step, words


def some_number(random):
    """A round number as people write, or one with all of its digits."""
    value = 10.0 ** random.uniform(-4, 3)
    return float(f"{value:.{random.integers(1, 4)}g}") if random.random() < 0.5 else value


def some_end(random, direction, control):
    """An end that the step can reach."""
    side = int(random.choice([-1, 1] if direction == 0 else [-1, 0, 1]))
    ends = [
        cs.AfterCharge(some_number(random)),
        cs.AfterEnergy(some_number(random)),
        cs.AtSOC(random.choice([0.8, 0.1, random.random()]), side),
        cs.AtTemperature(random.choice([298.15, 318.0, random.uniform(200, 400)]), side or -1),
    ]
    if not isinstance(control, Voltage):
        ends += [cs.AtVoltage(random.choice([2.5, 4.2, random.uniform(-1, 6)]), side)]
        ends += [cs.AtVoltageRate(random.choice([1e-3 / 3600, 1e-6, some_number(random)]))]
    if not isinstance(control, (Current, CRate)):
        ends += [cs.AtCurrent(some_number(random), side or 1), cs.AtCRate(1 / some_number(random), side or 1)]
    return ends[random.integers(len(ends))]


def some_step(random):
    """A step of any kind with any ends."""
    kind = random.choice([CRate, Current, Power, Resistance, Voltage])
    direction = 0 if kind is Voltage else int(random.choice([-1, 0, 1]))
    value = some_number(random) if kind is not CRate or random.random() < 0.5 else 1 / random.integers(1, 60)
    control = kind((direction or int(random.choice([-1, 1]))) * value)
    return cs.Step(
        control,
        tuple(some_end(random, direction, control) for _ in range(random.integers(0, 4))),
        random.choice([None, 1.0, 3600.0, 5400.0, 172800.0, some_number(random)]),
        direction,
        T=random.choice([None, 298.15, 298.0, random.uniform(250, 350)]),
        period=random.choice([None, 10.0, some_number(random)]),
        skip_ok=bool(random.integers(2)),
        tags=[(), ("RPT",), ("slow check", "2")][random.integers(3)],
    )


@pytest.mark.parametrize("seed", range(20))
def test_the_words_of_any_step_are_read_back_to_it_to_the_last_digit(seed):
    random = np.random.default_rng(seed)
    for _ in range(25):
        made = some_step(random)
        read = step(words(made))
        assert eqx.tree_equal(dataclasses.replace(read, text=""), made), words(made)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (cs.discharge(C_rate=0.5, until=2.5), "Discharge at C/2 until 2.5 V"),
        (cs.discharge(C_rate=1.0), "Discharge at 1C"),
        (cs.charge(I=2.0, duration=5400.0), "Charge at 2 A for 90 minutes"),
        (cs.rest(), "Rest"),
        (cs.rest(3600.0), "Rest for 1 hour"),
        (cs.hold(4.2, until=cs.AtCRate(1 / 50)), "Hold at 4.2 V until C/50"),
        (cs.hold(4.2, 7200, until=cs.AtCurrent(0.05)), "Hold at 4.2 V for 2 hours or until 0.05 A"),
        (cs.power(-5.0, 10), "Charge at 5 W for 10 s"),
        (cs.resistance(2.0, 172800), "Discharge at 2 Ohm for 2 days"),
        (cs.current(-3.0, 10), "Hold at -3 A for 10 s"),
        (cs.current(0.0, 60), "Rest for 1 minute"),
        (cs.rest(ends=(cs.AtVoltageRate(1e-3 / 3600),)), "Rest until dV/dt < 1 mV/h"),
        (cs.charge(C_rate=1.0, T=298.15, tags=("RPT",)), "Charge at 1C at 25 degC [RPT]"),
        (cs.charge(C_rate=1.0, ends=(cs.AtSOC(0.8),)), "Charge at 1C until 80% SOC"),
        (cs.charge(C_rate=1.0, ends=(cs.AtTemperature(318.15),)), "Charge at 1C until >45 degC"),
    ],
)
def test_a_step_made_as_an_object_is_told_as_one_would_write_it(made, said):
    assert words(made) == str(made) == said
    assert eqx.tree_equal(dataclasses.replace(step(said), text=made.text), made)


def test_what_no_words_can_hold_is_told_all_the_same():
    profile = cs.Profile([0.0, 300.0, 600.0], [0.0, 1.0, -1.0])
    assert words(cs.current(profile, 300)) == "Run a current profile of 3 points over 10 minutes for 5 minutes"
    assert words(cs.Step(Voltage(profile))) == "Run a voltage profile of 3 points over 10 minutes"
    wireless = cs.Step(cs.Relation(constant_sum), (cs.When(constant_sum, "the sum is 5"),))
    assert words(wireless) == "Keep constant_sum of time, voltage and current at zero until the sum is 5"


def test_a_step_whose_number_is_traced_keeps_its_own_text():
    said = []
    jax.grad(lambda V: said.append(words(cs.hold(V, text="hold"))) or V)(4.2)
    assert said == ["hold"]


def test_a_step_is_printed_in_words_and_as_its_parts_where_there_are_none():
    assert str(step("discharge @ 1C until 2.5V")) == "discharge @ 1C until 2.5V", "its own words"
    assert "control=" in repr(cs.rest(60)) and str(cs.rest(60)) == "Rest for 1 minute"
    many = cs.Step(Current(np.array([1.0, 2.0])), duration=60.0)
    assert str(many) == repr(many)
    said = []
    jax.grad(lambda I: said.append(str(cs.current(I, 60.0))) or I)(4.2)
    assert said[0].startswith("Step(")


def constant_sum(t, V, I):
    return V + I - 5.0
