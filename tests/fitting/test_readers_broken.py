"""Files that are broken, or odd: each gives the record with a sentence on what was repaired, or one clear refusal."""

import numpy as np
import pytest

import cellsim as cs


def rows(n=40):
    """A discharge between two rests: time [s], current [A, positive on charge], voltage [V]."""
    t = 10.0 * np.arange(n)
    I = np.where((t >= 50) & (t < 300), -2.0, 0.0)
    Q = np.concatenate([[0.0], np.cumsum(-I[1:] * np.diff(t))]) / 3600
    return t, I, 3.8 - 0.4 * Q + 0.03 * I


def text(t, I, V, header="time_s,current_A,voltage_V", mark=",", form="{:.6g}"):
    body = [mark.join(form.format(x) for x in row) for row in zip(t, I, V, strict=True)]
    return "\n".join([header.replace(",", mark), *body, ""])


GOOD = text(*rows())
LINES = GOOD.splitlines()


def edited(**lines):
    """The good file with other lines, by their number."""
    found = LINES.copy()
    for number, line in lines.items():
        found[int(number[1:]) - 1] = line
    return "\n".join(found) + "\n"


def with_column(name, cells, base=None):
    lines = (base or GOOD).strip().splitlines()
    return "\n".join([f"{lines[0]},{name}", *(f"{a},{b}" for a, b in zip(lines[1:], cells, strict=True))]) + "\n"


def timed(name, cells):
    """The good file with other cells for its times."""
    rest = [line.split(",", 1)[1] for line in LINES]
    return "\n".join(f"{a},{b}" for a, b in zip([name, *cells], rest, strict=True)) + "\n"


def hms(seconds):
    return f"{int(seconds) // 3600:02d}:{int(seconds) // 60 % 60:02d}:{int(seconds) % 60:02d}"


t, I, V = rows()
OUT = np.concatenate([[0.0], np.cumsum(-0.5 * (I[1:] + I[:-1]) * np.diff(t))]) / 3600  # A.h
STATES = np.where(I < 0, "discharge", "rest")
MIDDLE = len(LINES) // 2


# kind: (content, what is said, rows that are left)
REPAIRED = {
    "a byte-order mark": ("\ufeff" + GOOD, "", 40),
    "UTF-16": (GOOD.encode("utf-16"), "The text was read as UTF-16", 40),
    "UTF-16 without its mark": (GOOD.encode("utf-16-le"), "UTF-16, without its mark", 40),
    "Windows-1252": (
        with_column("Temp_°C", ["25.0"] * 40).encode("cp1252"),
        "The text was read as Windows-1252, for it is no UTF-8",
        40,
    ),
    "Windows line ends": (GOOD.replace("\n", "\r\n"), "", 40),
    "old Macintosh line ends": (GOOD.replace("\n", "\r"), "", 40),
    "semicolons and decimal commas": (text(*rows(), mark=";").replace(".", ","), "read with decimal commas", 40),
    "quoted cells with decimal commas": (
        "\n".join([LINES[0], *(",".join(f'"{c}"'.replace(".", ",") for c in line.split(",")) for line in LINES[1:])]),
        "read with decimal commas",
        40,
    ),
    "commas between thousands": (
        text(1000 + 100 * t, I, V, mark=";", form="{:,.4f}"),
        "'time_s' was read with commas between thousands",
        40,
    ),
    "points between thousands": (
        text(1000 + 100 * t, I, V, mark=";", form="{:,.4f}").translate(str.maketrans(",.", ".,")),
        "read with decimal commas, and points between thousands",
        40,
    ),
    "a heading": ("Cell: 12\nOperator: somebody, somewhere\n\nCapacity: 5 Ah\n" + GOOD, "", 40),
    "a header behind #": ("# a test\n# " + GOOD, "", 40),
    "comments among the rows": (edited(l9="# a remark"), "1 comment among the rows was left out", 39),
    "a row of units": (
        "time,current,voltage\n[s],[mA],[mV]\n" + "\n".join(text(t, 1e3 * I, 1e3 * V).splitlines()[1:]),
        "current from 'current' in mA, voltage from 'voltage' in mV",
        40,
    ),
    "millivolts without a unit": (text(t, I, 1e3 * V, header="t,I,U"), "no unit: taken to be mV", 40),
    "no units at all": (text(t, I, V, header="time,current,voltage"), "no unit: taken to be A", 40),
    "units in words": (text(t / 60, I, V, header="Time (minutes),Current (amps),Voltage (volts)"), "in minutes", 40),
    "time as a clock": (timed("time", map(hms, t)), "a clock (hours, minutes, seconds)", 40),
    "a time of day that passes midnight": (
        timed("time", (hms((86300 + x) % 86400) for x in t)),
        "a clock that passes midnight (1 time)",
        40,
    ),
    "time as dates": (
        timed("Date", (f"13/03/2024 {hms(x + 43200)}" for x in t)),
        "dates, counted from 2024-03-13 12:00:00",
        40,
    ),
    "minutes without a unit, beside dates": (
        with_column(
            "date",
            [f"2024-03-01 {hms(x)}" for x in t],
            text(t / 60, I, V, header="time,current_A,voltage_V"),
        ),
        "taken to be min, as the dates in 'date' have it",
        40,
    ),
    "hours without a unit, beside capacities": (
        with_column("Discharge capacity [Ah]", OUT, text(t / 3600, I, V, header="time,current_A,voltage_V")),
        "By the capacities of the file 3600 times more charge passed: column 'time' was taken to be in h",
        40,
    ),
    "no header": (
        "\n".join(LINES[1:]),
        "time from '1'",
        40,
        {"columns": {"time": 1, "current": 2, "voltage": 3}},
    ),
    "NaN in some rows": (
        edited(l9="70,nan,3.7", l12="100,-2,"),
        "2 rows of 40 without a number for current or voltage (lines 9 and 12)",
        38,
    ),
    "words in a row": (
        edited(l20="pause,,"),
        "1 row of 40 without a number for time or current or voltage (line 20)",
        39,
    ),
    "infinite numbers": (edited(l9="70,-2,inf"), "1 row of 40 without a number for voltage (line 9)", 39),
    "a repeated header": (edited(l20=LINES[0]), "The header stands again in line 20", 39),
    "a truncated last line": (GOOD.rstrip()[:-8].rsplit(",", 1)[0], "The last line (41) is cut short", 39),
    "a line with too few columns": (edited(l20="180,0"), "1 line without the 3 columns of the others (line 20)", 39),
    "mixed separators": (
        edited(l20=LINES[19].replace(",", ";")),
        "1 line of 40 had semicolons between the columns where the others have commas",
        40,
    ),
    "equal rows": (edited(l20=LINES[18]), "1 row like the row above in all (line 20) left out", 39),
    "a jump at one time": (
        edited(l7="40,-2,3.74"),
        "1 row stood at the time of the row above, with another current or voltage (a jump)",
        40,
    ),
    "a clock coarser than the rows": (text(10 * (t // 40), I, V), "the clock is coarser than the rows", 30),
    "one time that falls": (
        edited(l20="3,-2,3.7"),
        "1 row with a time before that of the row above (line 20) left out",
        39,
    ),
    "one time far ahead": (
        edited(l20="9999,-2,3.7"),
        "1 row with a time before that of the row above (line 20) left out",
        39,
    ),
    "pieces in a wrong order": (
        "\n".join([LINES[0], *LINES[MIDDLE:], *LINES[1:MIDDLE]]),
        "2 pieces of the file stood in a wrong order (line 23); they were put in that of time",
        40,
    ),
    "a clock that begins with every step": (
        with_column(
            "step",
            np.select([t < 50, t < 300], [1, 2], 3),
            text(np.select([t < 50, t < 300], [t, t - 50], t - 300), I, V),
        ),
        "Time begins anew 2 times, always with a new step",
        40,
    ),
    "a gap": (text(np.where(t > 200, t + 7200, t), I, V), "1 gap, the longest of 7210 s between lines 22 and 23", 40),
    "columns of one name with one content": (
        with_column("voltage_V", [line.rsplit(",", 1)[1] for line in LINES[1:]]),
        "2 columns 'voltage_V' with the same numbers",
        40,
    ),
    "an unsigned current beside states": (
        with_column("state", [*["discharge"] * 0, *STATES], text(t, -I, V)),
        "as the states of its rows have it",
        40,
    ),
    "two columns of current": (
        with_column(
            "Charge current [A]", np.maximum(I, 0), text(t, -I, V, header="time_s,Discharge current [A],voltage_V")
        ),
        "Current from two columns",
        40,
    ),
    "a current density": (
        text(t, I / 10, V, header="time_s,current (mA/cm2),voltage_V"),
        "a density: times the area of 1 m2",
        40,
        {"area": 1.0},
    ),
    "kelvins that are degrees Celsius": (
        with_column("temperature_K", ["24.8"] * 40),
        "says K, but numbers around 24.8 are degC",
        40,
    ),
    "degrees Fahrenheit": (
        with_column("temperature (°F)", ["77"] * 40),
        "temperature from 'temperature (°F)' in °F",
        40,
    ),
    "temperatures missing in some rows": (
        with_column("temp_C", ["25", "", *["25"] * 38]),
        "1 row without a temperature (line 3)",
        40,
    ),
    "no current in any row": (text(t, 0 * I, V), "No current passes in any row", 40),
    "two rows": ("time_s,current_A,voltage_V\n0,1,3.8\n10,1,3.7\n", "2 rows over 10 s", 2),
    "names in another language of case": (text(t, I, V, header="TIME_S,CURRENT_A,VOLTAGE_V"), "", 40),
    "blanks between the columns": (text(t, I, V, header="t I U", mark=" "), "", 40),
    "bars between the columns": (text(t, I, V, mark="|"), "", 40),
}

# kind: (content, what it is refused with, options)
REFUSED = {
    "an empty file": ("", r"the file is empty"),
    "nothing but zeros": (bytes(4096), r"the file is empty"),
    "binary junk": (bytes(range(256)) * 20, r"the file is binary and of no known kind"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(200)) * 30, r"binary and of no known kind"),
    "prose": ("It was a cell.\nIt was charged.\n", r"no columns were found; the text begins with 'It was a cell\.'"),
    "a header and no rows": (LINES[0] + "\n", r"no columns were found|there are no rows of numbers.*a header"),
    "a header and one row": ("\n".join(LINES[:2]), r"1 row left; a record needs two"),
    "a missing current": (
        "\n".join(",".join((a, c)) for a, _, c in (line.split(",") for line in LINES)),
        r"no current among the columns 'time_s', 'voltage_V'.*current=5\.0 \(in A, positive on discharge\)",
    ),
    "a missing voltage": (
        "\n".join(line.rsplit(",", 1)[0] for line in LINES),
        r"no voltage among the columns 'time_s', 'current_A'",
    ),
    "a missing time": (
        "\n".join(line.split(",", 1)[1] for line in LINES),
        r"no time among the columns 'current_A', 'voltage_V'",
    ),
    "no header": ("\n".join(LINES[1:]), r"no header; give the numbers of the columns, as columns=\{'time': 1"),
    "columns exchanged": (
        text(t, V, I),
        r"column 'voltage_V': .*are the two columns exchanged\? If so, say columns=\{'voltage': 'current_A'",
    ),
    "millivolts called volts": (
        text(t, I, 1e3 * V),
        r"column 'voltage_V': voltages from 3\d+\S* to 3800 V are not those of a cell.*units=\{'voltage': 'mV'\}",
    ),
    "volts called millivolts": (text(t, I, V, header="time_s,current_A,voltage_mV"), r"units=\{'voltage': 'V'\}"),
    "milliamperes called amperes": (
        text(t, 1e3 * I, V),
        r"column 'current_A': currents up to 2000 A are 400 C of a cell of 5 A\.h.*units=\{'current': 'mA'\}",
        {"capacity": 5.0},
    ),
    "hours called seconds, beside dates": (
        with_column("date", [f"2024-03-01 {hms(x)}" for x in t], text(t / 3600, I, V)),
        r"column 'time_s': its unit is 's', but by the dates in column 'date' it is in h",
    ),
    "minutes called seconds, beside capacities": (
        with_column("Discharge capacity [Ah]", OUT, text(t / 60, I, V)),
        r"column 'time_s': by the capacities of the file 60 times more charge passed.*units=\{'time': 'min'\}",
    ),
    "milliamperes called amperes, beside capacities": (
        with_column("Discharge capacity [mAh]", OUT * 1e3, text(t, 1e3 * I, V)),
        r"column 'current_A': by the capacities of the file 1000 times less charge passed.*units=\{'current': 'mA'\}",
    ),
    "an unknown unit": (
        text(t, I, V, header="time [furlong],current_A,voltage_V"),
        r"'furlong' is no unit of a time.*units=\{'time': 's'\}",
    ),
    "a time of words": (
        "\n".join([LINES[0], *(f"soon,{line.split(',', 1)[1]}" for line in LINES[1:])]),
        r"'soon' is no time",
    ),
    "decimal commas between commas": (
        "\n".join([LINES[0], *(line.replace(".", ",") for line in text(t + 0.5, I + 0.25, V).splitlines()[1:])]),
        r"line 2: 6 columns where the header has 3: decimal commas, with commas between the columns",
    ),
    "tables of two kinds": (
        "\n".join(LINES + ["frequency,re,im,phase,size"] + [f"{k},1,2,3,4" for k in range(30)]),
        r"line 42: 5 columns where the header has 3, and so in 31 lines",
    ),
    "more than half of the rows empty": (
        "\n".join(
            [
                LINES[0],
                *(line if k % 2 else line.split(",")[0] + ",,3.7" for k, line in enumerate(LINES[1:] + LINES[1:1])),
            ]
        ).replace("190,-2,", "190,,"),
        r"rows hold no number for current|it is empty, and so in 2\d of 40 rows",
    ),
    "two columns of one name that differ": (
        with_column("voltage_V", ["1.5"] * 40),
        r"columns 3 and 4 can both be the voltage.*columns=\{'voltage': 3\}",
    ),
    "several records, one after the other": (
        with_column("cell", ["A"] * 40 + ["B"] * 40, GOOD + "\n".join(LINES[1:])),
        r"line 42: time falls from 390 to 0 s, and 1 time in all.*apart by 'cell': read one with where=\{'cell': 'A'\}",
    ),
    "a clock that falls for no reason": (
        text(np.abs(t - 200), I, V),
        r"line \d+: time falls from \S+ to \S+ s, and 20 times in all\. Were several records put into one file",
    ),
    "a held voltage, and nothing that tells the sign": (
        text(t, -2 * np.exp(-t / 100), 0 * V + 4.2),
        r"the sign of the current cannot be found: the voltage is 4\.2 V in all rows.*current_sign=-1",
    ),
    "a current without its sign": (
        text(t, np.where((t % 200 >= 50), 2.0, 0.0), 3.7 + 0.3 * np.sin(t / 60)),
        r"the current never changes its sign, and yet the voltage rises and falls under it",
    ),
    "states that contradict the voltage": (
        with_column("state", np.where(I < 0, "charge", "rest")),
        r"the states of the rows and the voltage contradict each other.*current_sign=1",
    ),
    "a current density and no area": (
        text(t, I, V, header="time_s,current (mA/cm2),voltage_V"),
        r"a current density; give the area",
    ),
    "a column that is not there": (
        GOOD,
        r"there is no column 'curent_A'\. Did you mean 'current_A'\?",
        {"columns": {"current": "curent_A"}},
    ),
    "a role that is not there": (GOOD, r"there is no 'amperage' in a record", {"columns": {"amperage": "current_A"}}),
    "a column beyond the last": (GOOD, r"there is no column 7: the file has 3", {"columns": {"current": 7}}),
    "a sign that is none": (GOOD, r"current_sign is 2; it must be 1", {"current_sign": 2}),
    "a truncated Parquet file": (b"PAR1" + bytes(50), r"no Parquet file that can be read"),
    "a truncated spreadsheet": (b"PK\x03\x04" + bytes(50), r"no spreadsheet that can be read"),
    "a spreadsheet of the old kind": (b"\xd0\xcf\x11\xe0" + bytes(50), r"spreadsheet of the old kind"),
    "a truncated file of BioLogic's": (b"BIO-LOGIC MODULAR FILE\x1a" + bytes(50), r"no \.mpr file that can be read"),
    "a truncated file of Neware's": (b"NEWARE" + bytes(50), r"no Neware file that can be read"),
}
NEEDS = {"a truncated Parquet file": "pyarrow", "a truncated spreadsheet": "openpyxl"}
NEEDS |= {"a truncated file of BioLogic's": "galvani", "a truncated file of Neware's": "NewareNDA"}


def put(folder, content, name="broken.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("kind", REPAIRED)
def test_what_can_be_repaired_is_read_and_said(kind, tmp_path):
    content, said, left, *options = REPAIRED[kind]
    record = cs.read_record(put(tmp_path, content), **(options[0] if options else {}))
    assert len(record) == left
    assert any(said in line for line in record.said), record.said
    assert np.all(np.diff(record.t) > 0)
    assert all(np.isfinite(x).all() for x in (record.t, record.I, record.V))
    if kind not in ("two rows", "no current in any row"):  # positive on discharge, in amperes, whatever was in the file
        assert record.I.max() == pytest.approx(2.0) and record.I.min() >= 0
        assert record.V.max() == pytest.approx(3.8) and record.V.min() > 3.6
    if record.T is not None:
        np.testing.assert_allclose(record.T, 298.0, atol=0.2)


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_decided_is_refused_with_what_would_decide_it(kind, tmp_path):
    content, message, *options = REFUSED[kind]
    if kind in NEEDS:
        pytest.importorskip(NEEDS[kind])
    with pytest.raises(cs.UnreadableRecord, match=message) as refusal:
        cs.read_record(put(tmp_path, content), **(options[0] if options else {}))
    assert str(refusal.value).startswith("broken.csv")


@pytest.mark.parametrize("seed", range(120))
def test_whatever_befalls_a_file_it_is_read_or_refused_and_nothing_else(seed, tmp_path):
    random = np.random.default_rng(seed)
    content = bytearray(GOOD.encode())
    marks = np.frombuffer(b",;\t.\n-+eE\"'0123456789 naNif:/", dtype=np.uint8)
    for _ in range(random.integers(1, 8)):
        k, size = random.integers(len(content)), random.integers(1, 40)
        match random.integers(4):
            case 0:
                content[k] = random.integers(256)
            case 1:
                del content[k : k + size]
            case 2:
                content[k:k] = random.choice(marks, size=size % 8 + 1).tobytes()
            case _:
                content[k:k] = content[random.integers(len(content)) :][:size]
    try:
        record = cs.read_record(put(tmp_path, bytes(content)))
    except cs.UnreadableRecord as refusal:
        assert "broken.csv" in str(refusal)
    else:
        assert np.all(np.diff(record.t) > 0) and len(record) >= 2
        assert all(np.isfinite(x).all() for x in (record.t, record.I, record.V))
        assert sum(step.stop - step.first for step in record.steps) == len(record)


def test_a_file_that_is_not_there_is_named_with_the_one_beside_it(tmp_path):
    put(tmp_path, GOOD, "cell_12.csv")
    with pytest.raises(cs.UnreadableRecord, match=r"no such file\. Did you mean 'cell_12\.csv'\?"):
        cs.read_record(tmp_path / "cell12.csv")
    with pytest.raises(cs.UnreadableRecord, match="it cannot be read"):
        cs.read_record(tmp_path)


def test_an_error_tells_its_file_line_and_column(tmp_path):
    words = "\n".join([LINES[0], *(line.rsplit(",", 1)[0] + ",open" for line in LINES[1:])])
    with pytest.raises(cs.UnreadableRecord, match="'open' is no number, and so in 40 of 40 rows") as refusal:
        cs.read_record(put(tmp_path, words))
    assert (refusal.value.file, refusal.value.line, refusal.value.column) == ("broken.csv", 2, "voltage_V")


@pytest.mark.parametrize("sign", [1, -1])
def test_a_sign_that_is_told_wins(sign, tmp_path):
    record = cs.read_record(put(tmp_path, GOOD), current_sign=sign)
    np.testing.assert_allclose(record.I, sign * I)
    assert any("as told" in line for line in record.said)
    assert any("the voltage rises with it" in line for line in record.said) == (sign == 1)


def test_the_sign_is_found_from_the_voltage_whichever_way_the_file_counts(tmp_path):
    for sign in (1, -1):
        np.testing.assert_allclose(cs.read_record(put(tmp_path, text(t, sign * I, V))).I, -I)


def test_the_sign_of_a_discharge_without_a_rest_is_found_from_where_the_voltage_goes(tmp_path):
    inside = slice(6, 29)
    for sign in (1, -1):
        np.testing.assert_allclose(cs.read_record(put(tmp_path, text(t[inside], sign * I[inside], V[inside]))).I, 2.0)


def test_units_that_are_told_win_over_what_looks_implausible(tmp_path):
    record = cs.read_record(put(tmp_path, text(t, I, 100 * V)), units={"voltage": "V"})
    assert record.V.max() == pytest.approx(380.0)
    record = cs.read_record(put(tmp_path, text(t, I, V)), units={"time": "min", "current": "mA"})
    assert record.t[-1] == pytest.approx(60 * t[-1]) and record.I.max() == pytest.approx(2e-3)


def test_a_current_that_is_told_stands_for_the_one_that_is_missing(tmp_path):
    path = put(tmp_path, "time_s,voltage_V\n0,4.1\n60,4.0\n120,3.9\n")
    np.testing.assert_array_equal(cs.read_record(path, current=1.5).I, 1.5)


@pytest.mark.parametrize("way", [1, -1], ids=["discharge", "charge"])
@pytest.mark.parametrize("noise", [0.0, 3e-3])
@pytest.mark.parametrize("sign", [1, -1], ids=["counts discharge", "counts charge"])
def test_the_sign_is_found_through_noise_greater_than_the_way_from_row_to_row(way, noise, sign, tmp_path):
    t = np.arange(0.0, 36000.0, 5.0)
    V = 3.7 - way * 0.5 * (t / 36000.0 - 0.5) + noise * np.random.default_rng(2).standard_normal(len(t))
    record = cs.read_record(put(tmp_path, text(t, sign * way * 0.5 + 0 * t, V)))
    np.testing.assert_allclose(record.I, 0.5 * way)


def test_the_sign_is_found_of_a_charge_whose_current_falls_at_a_held_voltage(tmp_path):
    t = np.arange(0.0, 7200.0, 36.0)
    held = t > 3600
    I = np.where(held, 2.0 * np.exp(-(t - 3600) / 60), 2.0)
    V = np.where(held, 4.1, 3.6 + 0.5 * t / 3600 - 0.004)
    np.testing.assert_allclose(cs.read_record(put(tmp_path, text(t, I, V, form="{:.9g}"))).I, -I, atol=1e-8)
