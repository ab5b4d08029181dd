"""Profiles from files."""

from pathlib import Path

import numpy as np
import pytest

from cellsim.protocols.controls import CRate, Current, Power, Profile, Voltage
from cellsim.protocols.files import UnreadableProfile, profile_in, repeated
from cellsim.protocols.language import UnreadableStep, step
from cellsim.protocols.units import Kind

DRIVE_CYCLES = Path(__file__).resolve().parents[3] / "shared" / "data" / "drive_cycles"
ROWS = "0,1\n10,2.5\n20,-1\n"


@pytest.fixture
def write(tmp_path):
    """Writes a file and gives what is read from it."""

    def written(text, which=None, name="drive.csv"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return profile_in(tmp_path, name, which)

    return written


@pytest.mark.parametrize(
    ("header", "kind", "t_last", "values"),
    [
        ("time_s,current_A", Kind.CURRENT, 20.0, [1.0, 2.5, -1.0]),
        ("Time [s],Current [A]", Kind.CURRENT, 20.0, [1.0, 2.5, -1.0]),
        ("time / min, I / mA", Kind.CURRENT, 1200.0, [1e-3, 2.5e-3, -1e-3]),
        ("Time(h),Power(kW)", Kind.POWER, 72000.0, [1000.0, 2500.0, -1000.0]),
        ("t_s,P_W", Kind.POWER, 20.0, [1.0, 2.5, -1.0]),
        ("test_time_s,U_mV", Kind.VOLTAGE, 20.0, [1e-3, 2.5e-3, -1e-3]),
        ('"time_s","voltage_V"', Kind.VOLTAGE, 20.0, [1.0, 2.5, -1.0]),
        ("\ufefftime_s,c_rate", Kind.RATE, 20.0, [1.0, 2.5, -1.0]),
        ("time_s,C-rate", Kind.RATE, 20.0, [1.0, 2.5, -1.0]),
        ("# made by hand\n# time [s], current [A]", Kind.CURRENT, 20.0, [1.0, 2.5, -1.0]),
        ("# time [s], current [A]\n# of a van", Kind.CURRENT, 20.0, [1.0, 2.5, -1.0]),
        ("\ntime_s,current_A,", Kind.CURRENT, 20.0, [1.0, 2.5, -1.0]),
    ],
)
def test_the_header_tells_what_is_held_and_in_which_units(write, header, kind, t_last, values):
    read = write(f"{header}\n{ROWS}")
    assert read.kind is kind
    np.testing.assert_allclose(read.profile.t, np.array([0.0, 0.5, 1.0]) * t_last, rtol=1e-15)
    np.testing.assert_allclose(read.profile.values, values, rtol=1e-15)


@pytest.mark.parametrize("separator", [",", ";", "\t", " ", ", "])
def test_columns_may_be_parted_by_comma_semicolon_tab_or_blank(write, separator):
    lines = (["time_s", "current_A"], ["0", "1"], ["5", "2"])
    read = write("\n".join(separator.join(line) for line in lines))
    assert np.array_equal(read.profile.t, [0.0, 5.0])
    assert np.array_equal(read.profile.values, [1.0, 2.0])


def test_columns_of_other_kinds_are_left_alone_and_may_hold_anything(write):
    read = write("step,test_time_s,temperature_degC,current_A,note\ncharge,0,25,1,a\ncharge,5,n/a,2,\n")
    assert read.kind is Kind.CURRENT
    assert np.array_equal(read.profile.values, [1.0, 2.0])


def test_a_file_of_several_quantities_is_run_by_the_one_that_is_named(write, tmp_path):
    text = "time_s,current_A,voltage_V\n0,1,4\n5,2,3.9\n"
    with pytest.raises(UnreadableProfile, match=r"could each be held. Say which: 'Run current of drive.csv'"):
        write(text)
    assert np.array_equal(write(text, "voltage").profile.values, [4.0, 3.9])
    read = step("Run voltage of drive.csv for 2 s", tmp_path)
    assert isinstance(read.control, Voltage)
    assert float(read.duration) == 2.0
    assert isinstance(step("Run current from drive.csv", tmp_path).control, Current)


def test_of_two_columns_of_one_kind_the_one_with_the_common_name_counts(write):
    read = write("time_s,step_time_s,current_A,limit_A\n0,0,1,9\n10,0,2,9\n")
    assert np.array_equal(read.profile.t, [0.0, 10.0])
    assert np.array_equal(read.profile.values, [1.0, 2.0])


def test_times_are_counted_from_the_first_row(write):
    read = write("time_s,current_A\n3600,1\n3610,2\n3630,3\n")
    assert np.array_equal(read.profile.t, [0.0, 10.0, 30.0])
    assert read.begins == 3600.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "drive.csv holds no rows."),
        ("# time_s,current_A\n", "drive.csv holds no rows."),
        (ROWS, "row 1: '0,1' stands where the header is expected. Begin the file with the names and units of its"),
        ("time_s,current_A\n", "drive.csv holds no row of numbers; a profile needs two at least."),
        ("time_s,current_A\n0,1\n", "drive.csv holds 1 row of numbers"),
        ("time,current_A\n" + ROWS, "row 1: column 'time' has no unit. Did you mean 'time_s'?"),
        ("time_s,current\n" + ROWS, "row 1: column 'current' has no unit. Did you mean 'current_A'?"),
        ("current_A,voltage_V\n" + ROWS, "row 1: the header has no time with its unit, 'time_s' among 'current_A', 'v"),
        (
            "time_s,flow_L\n" + ROWS,
            "no current with its unit, 'current_A', or voltage_V, power_W or c_rate, among 'time_s'",
        ),
        (
            "run_time_s,step_time_s,current_A\n0,0,1\n1,1,2\n",
            "'run_time_s' and 'step_time_s' are both a time",
        ),
        ("time_s,current_A\n0,1\n\n5,x\n9,1\n", "row 4: current_A is 'x', not a number."),
        ("time_s,current_A\n0,1\n5\n9,1\n", "row 3: current_A is empty."),
        ("time_s,current_A\n0,1\n5,\n9,1\n", "row 3: current_A is empty."),
        ("time_s;current_A\n0;1,5\n5;2,5\n", "row 2: current_A is '1,5', not a number."),
        ("time_s,current_A\n0,1\n# a pause\n5,nan\n9,1\n", "row 4: current_A is nan, not a number."),
        ("time_s,current_A\n0,1\ninf,2\n", "row 3: time_s is inf, not a number."),
        (
            "time_s,current_A\n0,1\n5,2\n5,3\n9,1\n",
            "row 4: time_s is 5 as in row 3; a time stands once.",
        ),
        ("# a\ntime_s,current_A\n0,1\n5,2\n4,3\n", "row 5: time_s falls from 5 to 4; the rows must be in the order of"),
    ],
)
def test_a_file_that_holds_no_profile_is_refused_with_the_row_that_is_wrong(write, text, said):
    with pytest.raises(UnreadableProfile) as caught:
        write(text)
    assert str(caught.value).startswith("drive.csv")
    assert said in str(caught.value)


def test_a_file_that_is_not_there_or_is_no_text_is_refused_with_the_one_that_may_be_meant(tmp_path):
    (tmp_path / "US06.csv").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(UnreadableStep, match=r"there is no file 'US60.csv' in the folder .* mean 'US06.csv'"):
        step("Run US60.csv", tmp_path)
    with pytest.raises(UnreadableStep, match=r"there is no folder '.*nowhere' to look for US06.csv in"):
        step("Run US06.csv", tmp_path / "nowhere")
    with pytest.raises(UnreadableStep, match=r"US06.csv cannot be read"):
        step("Run US06.csv", tmp_path)


def test_what_is_wrong_with_a_file_is_said_under_its_name(tmp_path):
    (tmp_path / "a.csv").write_text("time_s,current_A\n0,1\n0,2\n")
    with pytest.raises(UnreadableStep) as caught:
        step("Run a.csv for 300 s", tmp_path)
    message, line, mark = str(caught.value).split("\n")
    assert "a.csv, row 3: time_s is 0 as in row 2" in message
    assert line[mark.index("^") : mark.rindex("^") + 1] == "a.csv"


@pytest.mark.parametrize(
    ("header", "control"),
    [("current_A", Current), ("c_rate", CRate), ("power_W", Power), ("voltage_V", Voltage)],
)
def test_a_file_becomes_a_step_without_a_direction(tmp_path, header, control):
    (tmp_path / "a b.csv").write_text(f"time_s,{header}\n0,1\n10,2\n")
    read = step('Run "a b.csv" for 5 s at 25 degC [drive] (1 second period)', tmp_path)
    assert isinstance(read.control, control)
    assert (read.direction, float(read.duration), float(read.T), read.tags, read.period) == (
        0,
        5.0,
        298.15,
        ("drive",),
        1,
    )


@pytest.mark.parametrize(("sign", "side"), [(1, 1), (-1, -1)])
def test_a_voltage_without_a_sign_is_reached_in_the_sense_of_the_charge_that_a_profile_passes(tmp_path, sign, side):
    (tmp_path / "a.csv").write_text(f"time_s,current_A\n0,{sign}\n5,{-sign / 2}\n10,{sign}\n")
    (end,) = step("Run a.csv until 3.5 V", tmp_path).ends
    assert end.side == side
    (end,) = step("Run a.csv until >3.5 V", tmp_path).ends
    assert end.side == -1


def test_a_profile_that_is_run_for_longer_than_it_lasts_begins_anew(tmp_path):
    (tmp_path / "a.csv").write_text("time_s,current_A\n0,1\n4,2\n10,1\n")
    (tmp_path / "b.csv").write_text("time_s,current_A\n0,1\n10,2\n")
    smooth = step("Run a.csv for 25 s", tmp_path).control.value
    assert np.array_equal(smooth.t, [0.0, 4.0, 10.0, 14.0, 20.0, 24.0, 30.0])
    assert np.array_equal(smooth.values, [1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0])
    jumping = step("Run b.csv 2 times", tmp_path).control.value
    assert np.array_equal(jumping.t, [0.0, 10.0, 10.0, 20.0])
    assert np.array_equal(jumping.values, [1.0, 2.0, 1.0, 2.0])


def test_a_repeated_profile_has_the_value_of_the_first_round_at_every_time():
    random = np.random.default_rng(3)
    t = np.concatenate([[0.0], np.cumsum(random.uniform(0.1, 2.0, 20))])
    once = Profile(t, random.normal(size=21))
    many = repeated(once, 5.5 * t[-1])
    assert float(many.t[-1]) == pytest.approx(6 * t[-1], rel=1e-15)
    asked = random.uniform(0.0, 5.5 * t[-1], 200)
    in_first = np.interp(asked % t[-1], t, once.values)
    np.testing.assert_allclose(np.interp(asked, many.t, many.values), in_first, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("Run a.csv 0 times", "a whole number of times, once at least"),
        ("Run a.csv 1.5 times", "a whole number of times"),
        ("Run a.csv for 1e9 days", "more than can be kept"),
    ],
)
def test_a_profile_cannot_be_repeated_without_end(tmp_path, said, why):
    (tmp_path / "a.csv").write_text("time_s,current_A\n0,1\n10,2\n")
    with pytest.raises(UnreadableStep, match=why):
        step(said, tmp_path)


def test_a_file_is_read_again_once_it_has_changed(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("time_s,current_A\n0,1\n10,2\n")
    assert float(step("Run a.csv", tmp_path).control.value.values[1]) == 2.0
    file.write_text("time_s,current_A\n0,1\n10,37\n")
    assert float(step("Run a.csv", tmp_path).control.value.values[1]) == 37.0


@pytest.mark.skipif(not DRIVE_CYCLES.is_dir(), reason="the published drive cycles are not here (../shared/data)")
@pytest.mark.parametrize(
    ("name", "control", "points", "t_last", "first"),
    [
        ("US06", Current, 601, 600.0, 0.012859),
        ("UDDS", Current, 1370, 1369.0, 0.030392),
        ("WLTC", Power, 18001, 1800.0, 0.511),
        ("car_current", Current, 14, 3600.0, 1.0),
    ],
)
def test_published_drive_cycles_are_read_as_they_are(name, control, points, t_last, first):
    read = step(f"Run {name}.csv", DRIVE_CYCLES)
    assert isinstance(read.control, control)
    profile = read.control.value
    assert profile.t.shape == (points,)
    assert float(profile.t[-1]) == t_last
    assert float(profile.values[0]) == pytest.approx(first, rel=1e-14)
    raw = np.loadtxt(DRIVE_CYCLES / f"{name}.csv", delimiter=",")
    np.testing.assert_allclose(profile.values, raw[:, 1] * (1000.0 if control is Power else 1.0), rtol=1e-15)
