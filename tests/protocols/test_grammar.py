"""What every form of a step means, in numbers."""

import dataclasses

import equinox as eqx
import pytest

from cellsim.protocols.controls import CRate, Current, Power, Resistance, Voltage
from cellsim.protocols.ends import (
    AfterCharge,
    AfterEnergy,
    AtCRate,
    AtCurrent,
    AtSOC,
    AtTemperature,
    AtVoltage,
    AtVoltageRate,
)
from cellsim.protocols.language import step
from cellsim.protocols.steps import Step

HOUR = 3600.0


def discharging(control, *ends, duration=None, **more):
    return Step(control, ends, duration, 1, **more)


def charging(control, *ends, duration=None, **more):
    return Step(control, ends, duration, -1, **more)


def neither(control, *ends, duration=None, **more):
    return Step(control, ends, duration, 0, **more)


REST = Current(0.0)
MEANT = {
    # ---- what PyBaMM accepts
    "Discharge at C/20 for 30 min": discharging(CRate(0.05), duration=1800.0),
    "Charge at 200mW for 1 h": charging(Power(-0.2), duration=HOUR),
    "Discharge at 2 Ohm for 1 hour": discharging(Resistance(2.0), duration=HOUR),
    "Hold at 4100 mV for 1 hour": neither(Voltage(4.1), duration=HOUR),
    "Charge at C/2.5 for 1 hr": charging(CRate(-0.4), duration=HOUR),
    "Discharge at 1 A for 1e3 seconds": discharging(Current(1.0), duration=1000.0),
    "Hold at 4.2 V for 2 hours or until C/20": neither(Voltage(4.2), AtCRate(0.05), duration=2 * HOUR),
    "Discharge at 1C until 2.5V (10 second period)": discharging(CRate(1.0), AtVoltage(2.5), period=10.0),
    "Charge at 1C until >4.2V": charging(CRate(-1.0), AtVoltage(4.2, -1)),
    "Discharge at 1C for 0.5 hours": discharging(CRate(1.0), duration=1800.0),
    "Discharge at C/20 for 1h (2 minute period)": discharging(CRate(0.05), duration=HOUR, period=120.0),
    "Charge at 0.5 C for 45 minutes": charging(CRate(-0.5), duration=2700.0),
    "Discharge at 1 A for 0.5 hours": discharging(Current(1.0), duration=1800.0),
    "Charge at 200 mA for 45 minutes": charging(Current(-0.2), duration=2700.0),
    "Discharge at 1W for 0.5 hours": discharging(Power(1.0), duration=1800.0),
    "Charge at 200mW for 45 minutes": charging(Power(-0.2), duration=2700.0),
    "Rest for 10 minutes": neither(REST, duration=600.0),
    "Hold at 1V for 20 seconds": neither(Voltage(1.0), duration=20.0),
    "Charge at 1 C until 4.1V": charging(CRate(-1.0), AtVoltage(4.1)),
    "Hold at 4.1 V until 50mA": neither(Voltage(4.1), AtCurrent(0.05)),
    "Hold at 3V until C/50": neither(Voltage(3.0), AtCRate(0.02)),
    "Discharge at C/3 for 2 hours or until 2.5 V": discharging(CRate(1 / 3), AtVoltage(2.5), duration=2 * HOUR),
    "Discharge at 1C until <2.5 V": discharging(CRate(1.0), AtVoltage(2.5, 1)),
    "Hold at 4.2 V until <1 A": neither(Voltage(4.2), AtCurrent(1.0)),
    "Hold at 4.2 V for 10 sec": neither(Voltage(4.2), duration=10.0),
    "Rest for 5 m": neither(REST, duration=300.0),
    "Rest for 1 minute": neither(REST, duration=60.0),
    "Rest for 1 second": neither(REST, duration=1.0),
    "Rest for 1 s": neither(REST, duration=1.0),
    # ---- what PyBaMM refuses
    "discharge at 1c until 2.5v": discharging(CRate(1.0), AtVoltage(2.5)),
    "Discharge at 2C/3 until 3 V": discharging(CRate(2 / 3), AtVoltage(3.0)),
    "Discharge at 1/3 C until 3 V": discharging(CRate(1 / 3), AtVoltage(3.0)),
    "Discharge at C until 3 V": discharging(CRate(1.0), AtVoltage(3.0)),
    "Discharge at 0.1 kOhm for 1 hour": discharging(Resistance(100.0), duration=HOUR),
    "Charge at 2 Ω for 1 hour": charging(Resistance(-2.0), duration=HOUR),
    "Discharge at 50 mohm for 1 s": discharging(Resistance(0.05), duration=1.0),
    "Charge at 1.5 kW for 1 minute": charging(Power(-1500.0), duration=60.0),
    "Discharge at 20 µA for 1 minute": discharging(Current(2e-5), duration=60.0),
    "Rest for 2 days": neither(REST, duration=48 * HOUR),
    "Rest for 1 week": neither(REST, duration=7 * 24 * HOUR),
    "Rest for 1 h 30 min": neither(REST, duration=1.5 * HOUR),
    "Rest for 1 hour and 30 minutes": neither(REST, duration=1.5 * HOUR),
    "Rest for 250 ms": neither(REST, duration=0.25),
    "Charge at 1C until 80% SOC": charging(CRate(-1.0), AtSOC(0.8)),
    "Charge at 1C until SOC 80 %": charging(CRate(-1.0), AtSOC(0.8)),
    "Charge at 1C until 80 % state of charge": charging(CRate(-1.0), AtSOC(0.8)),
    "Discharge at 1C until 0.2 soc": discharging(CRate(1.0), AtSOC(0.2)),
    "Discharge at 1C until SOC < 0.2": discharging(CRate(1.0), AtSOC(0.2, 1)),
    "Discharge at 1C until 2 Ah": discharging(CRate(1.0), AfterCharge(2.0)),
    "Discharge at 1C until 2 A.h": discharging(CRate(1.0), AfterCharge(2.0)),
    "Discharge at 1C until 2 A h": discharging(CRate(1.0), AfterCharge(2.0)),
    "Discharge at 1C until 500 mA·h": discharging(CRate(1.0), AfterCharge(0.5)),
    "Discharge at 1C until 5 Wh": discharging(CRate(1.0), AfterEnergy(5.0)),
    "Discharge at 1C until 18 kJ": discharging(CRate(1.0), AfterEnergy(5.0)),
    "Discharge at 1C until 3 V or for 30 min": discharging(CRate(1.0), AtVoltage(3.0), duration=1800.0),
    "Discharge at 1C until 3 V or 30 min": discharging(CRate(1.0), AtVoltage(3.0), duration=1800.0),
    "Discharge at 1C for 30 min, or until 3 V": discharging(CRate(1.0), AtVoltage(3.0), duration=1800.0),
    "Discharge at 1C for 30 min until 3 V": discharging(CRate(1.0), AtVoltage(3.0), duration=1800.0),
    "Discharge at 1C until 3 V or until 2 Ah or 20% SOC": discharging(
        CRate(1.0), AtVoltage(3.0), AfterCharge(2.0), AtSOC(0.2)
    ),
    "Discharge at 1C for 1 h at 25oC": discharging(CRate(1.0), duration=HOUR, T=298.15),
    "Discharge at 1C at 25 degC for 1 h": discharging(CRate(1.0), duration=HOUR, T=298.15),
    "Rest for 1 h at 298 K": neither(REST, duration=HOUR, T=298.0),
    "Rest at -5 °C for 1 h": neither(REST, duration=HOUR, T=268.15),
    "Rest for 1 h at 25 deg C": neither(REST, duration=HOUR, T=298.15),
    "Rest for 1 h at 25 celsius": neither(REST, duration=HOUR, T=298.15),
    "Discharge at C/20 until 2 V [slow check]": discharging(CRate(0.05), AtVoltage(2.0), tags=("slow check",)),
    "Rest for 1 h [RPT, relaxation]": neither(REST, duration=HOUR, tags=("RPT", "relaxation")),
    "Rest for 1 h (every 10 s)": neither(REST, duration=HOUR, period=10.0),
    "Charge at 1C until 4.2 V (no skip)": charging(CRate(-1.0), AtVoltage(4.2), skip_ok=False),
    "Rest until 1 mV/h": neither(REST, AtVoltageRate(1e-3 / 3600)),
    "Rest until dV/dt < 1 mV/h": neither(REST, AtVoltageRate(1e-3 / 3600)),
    "Rest until |dV/dt| < 60 uV/min or for 2 h": neither(REST, AtVoltageRate(1e-6), duration=2 * HOUR),
    "Rest until >3.5 V": neither(REST, AtVoltage(3.5, -1)),
    "Rest until <30 degC": neither(REST, AtTemperature(303.15, 1)),
    "Discharge at 3C until 45 degC": discharging(CRate(3.0), AtTemperature(318.15)),
    "Discharge at 3C until temperature > 318.15 K": discharging(CRate(3.0), AtTemperature(318.15)),
    "Discharge at 1C until voltage falls below 3 V": discharging(CRate(1.0), AtVoltage(3.0, 1)),
    "Discharge at 5 W until 2.5 V": discharging(Power(5.0), AtVoltage(2.5)),
    "Discharge at 5 W until 2.5 V or I > 2 A": discharging(Power(5.0), AtVoltage(2.5), AtCurrent(2.0, -1)),
    "Hold at 4.2 V until current < C/50": neither(Voltage(4.2), AtCRate(0.02)),
    # ---- what PyBaMM misreads: a charge at a voltage is one of -4.2 V there
    "Charge at 4.2 V until 50 mA": neither(Voltage(4.2), AtCurrent(0.05)),
    "Charge at 4.2 V until 80% SOC": neither(Voltage(4.2), AtSOC(0.8, -1)),
    "Discharge at 3 V until 20% SOC": neither(Voltage(3.0), AtSOC(0.2, 1)),
    # ---- a value with its sign, which no cut-off ends
    "Hold at -5 A for 10 s": neither(Current(-5.0), duration=10.0),
    "Hold at 1 A until 3 V": neither(Current(1.0), AtVoltage(3.0, 1)),
    "Hold at -1 W until 4 V": neither(Power(-1.0), AtVoltage(4.0, -1)),
    "Hold at 0C for 1 h": neither(CRate(0.0), duration=HOUR),
}


@pytest.mark.parametrize("text", MEANT)
def test_a_text_means_what_it_holds_what_ends_it_and_what_else_it_says(text):
    assert eqx.tree_equal(step(text), dataclasses.replace(MEANT[text], text=text), rtol=1e-15)


def test_the_order_in_which_things_are_said_does_not_matter():
    said = ["for 1 h", "until 2.5 V", "at 25 degC", "(10 s period)", "[check]"]
    steps = [step(" ".join(("Discharge at 1C", *said[k:], *said[:k]))) for k in range(len(said))]
    plain = [dataclasses.replace(each, text="") for each in steps]
    assert all(eqx.tree_equal(plain[0], each) for each in plain[1:])


def test_a_text_is_read_once_and_the_step_kept():
    assert step("Discharge at 1C until 2.5 V") is step("Discharge at 1C until 2.5 V")
