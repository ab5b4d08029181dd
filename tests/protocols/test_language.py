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


REJECTED = [
    ("", "begins with ''"),
    ("Dischage at 1C", "begins with 'Dischage'"),
    ("Discharge", "says no current"),
    ("Discharge until 2.5 V", "says no current"),
    ("Discharge at 5", "is not a current"),
    ("Discharge at 5 W for 1 hour", "is not a current"),
    ("Discharge at -1C", "must be above zero"),
    ("Charge at -200 mA", "must be above zero"),
    ("Discharge at 0 A", "must be above zero"),
    ("Discharge at C/0", "must be above zero"),
    ("Discharge at 1C for 5 parsecs", "'parsecs' is not a unit of time"),
    ("Discharge at 1C for 0 s", "duration must be above zero"),
    ("Discharge at 1C until 2.5", "'until 2.5' was not understood"),
    ("Discharge at 1C until 2.5 V and dance", "'and dance' was not understood"),
    ("Rest until 3 V", "a rest ends after a time"),
    ("Rest for", "was not understood"),
]


@pytest.mark.parametrize(("text", "said"), REJECTED)
def test_a_step_that_is_not_understood_is_refused_with_the_part_that_is_not(text, said):
    with pytest.raises(UnreadableStep) as caught:
        step(text)
    assert said in str(caught.value)
    assert f"step '{text}'" in str(caught.value)


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
