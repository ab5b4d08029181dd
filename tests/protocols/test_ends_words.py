"""How the level of an end is told."""

import pytest

from cellsim.protocols.ends import AtVoltageRate


@pytest.mark.parametrize(
    ("dVdt", "words"),
    [(2.0, "2 V/s"), (5e-3, "5 mV/s"), (1e-6, "1 uV/s"), (1e-3 / 3600, "1 mV/h"), (1e-8, "1e-08 V/s")],
)
def test_a_rate_of_the_voltage_has_the_unit_that_people_use(dVdt, words):
    assert AtVoltageRate(dVdt).words == words
